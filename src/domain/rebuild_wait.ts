import { unreachable } from "./assert.ts";
import type { ReadFailure } from "./order_request.ts";
import type { LedgerProblem } from "./ledger.ts";

/** Names of the two records, as the gate and the log say them (pipeline 6). */
export const STATE_FILE = "execution_state.json";
/** The live ledger's. */
export const LEDGER_FILE = "live_orders_today.json";

/** A record that a rebuild makes anew (pipeline 6). */
export type LostRecord = typeof STATE_FILE | typeof LEDGER_FILE;

/**
 * Why a lost record is not rebuilt yet: a record that exists, or an answer that is needed, can't be read, or does not belong
 * to this account. Nothing is written over meanwhile (pipeline 6, "Unreadable is not missing").
 */
export type RebuildWait =
  | {
    readonly kind: "ledger";
    readonly problem: "ledger unreadable" | "ledger invalid";
    readonly message: string;
  }
  | { readonly kind: "state"; readonly message: string }
  /** The state is of another format: it belongs to the release that wrote it. */
  | { readonly kind: "newer"; readonly message: string }
  | { readonly kind: "archive"; readonly message: string }
  /** `file`: of another broker host or account than the one that the keys open. */
  | { readonly kind: "foreign"; readonly file: string }
  | { readonly kind: "positions"; readonly failure: ReadFailure; readonly message: string }
  /** `what`: the answer that is needed. */
  | { readonly kind: "broker"; readonly what: string; readonly message: string }
  /** A row of the broker's that may be of ours and can't be read. */
  | { readonly kind: "row"; readonly message: string }
  /** The two clocks differ, and by one of them the ledger's day has ended. */
  | { readonly kind: "clock"; readonly message: string }
  /** The record was made, and is not durable. */
  | { readonly kind: "disk"; readonly record: LostRecord; readonly message: string };

/** What the gate is told while a rebuild waits: at most one of the three (interface, Gate). */
export interface WaitObjection {
  readonly invalidConfiguration: string | null;
  readonly ledgerProblem: LedgerProblem | null;
  readonly positionsProblem: ReadFailure | null;
}

/** A wait in words. */
export interface WaitText {
  /** The same while the cause is: what "once per cause and day" is measured by. */
  readonly cause: string;
  /** What is waited for, and why. */
  readonly detail: string;
  /** What the operator can do. */
  readonly remedy: string;
}

const NO_OBJECTION: WaitObjection = {
  invalidConfiguration: null,
  ledgerProblem: null,
  positionsProblem: null,
};

const REBUILD = "with the service stopped: avwap-execution ledger rebuild --yes";
const MOVE_AWAY = "let it be read again (permissions, disk), or move it away by hand";
const AGAIN = "the next cycle asks again";
const UNREACHED = { ledgerProblem: "broker unreachable" } as const;

/** The gate's reason while a rebuild waits: that of the input that it waits for. */
export function objectToWait(wait: RebuildWait | null): WaitObjection {
  return wait === null ? NO_OBJECTION : { ...NO_OBJECTION, ...listFacts(wait)[0] };
}

/** What the log says of a wait. */
export function describeWait(wait: RebuildWait): WaitText {
  const [, cause, detail, remedy] = listFacts(wait);
  return { cause, detail, remedy };
}

/** The gate's reason, the cause, what is waited for, and what can be done. */
function listFacts(
  wait: RebuildWait,
): readonly [Partial<WaitObjection>, cause: string, detail: string, remedy: string] {
  const unreadable = (what: "state" | "archive" | "ledger") =>
    ({ ledgerProblem: `${what} unreadable` }) as const;
  switch (wait.kind) {
    case "foreign": {
      const detail = `${wait.file} is of another broker host or account`;
      const remedy = "correct ALPACA_PAPER and the keys, set AVWAP_STATE_DIR to a directory of " +
        "its own, or move the file away if it is of an account that is no more";
      return [{ invalidConfiguration: "ALPACA_PAPER" }, `foreign:${wait.file}`, detail, remedy];
    }
    case "ledger":
      return [{ ledgerProblem: wait.problem }, wait.problem, wait.message, REBUILD];
    case "state":
    case "archive":
      return [unreadable(wait.kind), wait.kind, wait.message, MOVE_AWAY];
    case "newer": {
      const remedy = "LIVE is blocked until one of the two is done";
      return [{ invalidConfiguration: STATE_FILE }, "newer", wait.message, remedy];
    }
    case "positions": {
      const detail = `positions: ${wait.message}`;
      return [{ positionsProblem: wait.failure }, "positions", detail, AGAIN];
    }
    case "broker":
      return [UNREACHED, `broker:${wait.what}`, `${wait.what}: ${wait.message}`, AGAIN];
    case "row": {
      const remedy = `look at it at the broker, and cancel or close it there; ${AGAIN}`;
      return [UNREACHED, `row:${wait.message}`, wait.message, remedy];
    }
    case "clock": {
      const remedy = `correct the host's time; ${AGAIN}`;
      return [{ ledgerProblem: "ledger invalid" }, "clock", wait.message, remedy];
    }
    case "disk": {
      const objection = unreadable(wait.record === STATE_FILE ? "state" : "ledger");
      return [objection, "disk", wait.message, "make room, or let it be written"];
    }
    default:
      return unreachable(wait);
  }
}
