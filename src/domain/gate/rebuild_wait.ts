import type { ReadFailure } from "../order/order_request.ts";
import type { LedgerProblem } from "../order/ledger.ts";

/** Names of the two records, as the gate and the log say them (pipeline 6). */
export const STATE_FILE = "execution_state.json";
/** The live ledger's. */
export const LEDGER_FILE = "live_orders_today.json";

/** A record that a rebuild makes anew (pipeline 6). */
export type LostRecord = typeof STATE_FILE | typeof LEDGER_FILE;

/** What the gate is told while a rebuild waits: at most one of the three (interface, Gate). */
export interface WaitObjection {
  readonly invalidConfiguration?: string;
  readonly ledgerProblem?: LedgerProblem;
  readonly positionsProblem?: ReadFailure;
}

const REBUILD = "with the service stopped: avwap-execution ledger rebuild --yes";
const MOVE_AWAY = "let it be read again (permissions, disk), or move it away by hand";
const MAKE_ROOM = "make room, or let it be written";
const AGAIN = "the next cycle asks again";
const LOOK = `look at it at the broker, and cancel or close it there; ${AGAIN}`;
const OTHER = "correct ALPACA_PAPER and the keys, set AVWAP_STATE_DIR to a directory of its own, " +
  "or move the file away if it is of an account that is no more";

/** What a rebuild may wait for: the gate's reason, which is that of the input, and what the operator can do. */
const KINDS = {
  "ledger unreadable": [{ ledgerProblem: "ledger unreadable" }, REBUILD],
  "ledger invalid": [{ ledgerProblem: "ledger invalid" }, REBUILD],
  "state unreadable": [{ ledgerProblem: "state unreadable" }, MOVE_AWAY],
  "archive unreadable": [{ ledgerProblem: "archive unreadable" }, MOVE_AWAY],
  // The state is of another format: it belongs to the release that wrote it.
  newer: [{ invalidConfiguration: STATE_FILE }, "LIVE is blocked until one of the two is done"],
  // Of another broker host or account than the one that the keys open.
  foreign: [{ invalidConfiguration: "ALPACA_PAPER" }, OTHER],
  http: [{ positionsProblem: "http" }, AGAIN],
  timeout: [{ positionsProblem: "timeout" }, AGAIN],
  network: [{ positionsProblem: "network" }, AGAIN],
  malformed: [{ positionsProblem: "malformed" }, AGAIN],
  // An answer that is needed; a row that may be of ours and can't be read.
  broker: [{ ledgerProblem: "broker unreachable" }, AGAIN],
  row: [{ ledgerProblem: "broker unreachable" }, LOOK],
  // The two clocks differ, and by one of them the ledger's day has ended.
  clock: [{ ledgerProblem: "ledger invalid" }, `correct the host's time; ${AGAIN}`],
  // The record was made, and is not durable.
  "state disk": [{ ledgerProblem: "state unreadable" }, MAKE_ROOM],
  "ledger disk": [{ ledgerProblem: "ledger unreadable" }, MAKE_ROOM],
} as const satisfies Readonly<Record<string, readonly [WaitObjection, string]>>;

/**
 * Why a lost record is not rebuilt yet: a record that exists, or an answer that is needed, can't be read, or does not belong
 * to this account. Nothing is written over meanwhile (pipeline 6, "Unreadable is not missing").
 */
export interface RebuildWait {
  readonly kind: keyof typeof KINDS;
  /** The file, the answer or the row, where the kind does not say it. */
  readonly what?: string;
  /** What is waited for, and why. */
  readonly message: string;
}

/** A record, or an answer, is waited for. */
export interface Waits {
  readonly kind: "waits";
  readonly wait: RebuildWait;
}

/** What stands against making a record anew. */
export function waitFor(wait: RebuildWait): Waits {
  return { kind: "waits", wait };
}

/** Waits until a record of another account is out of the way. */
export function waitForOwn(file: string): RebuildWait {
  return { kind: "foreign", what: file, message: `${file} is of another broker host or account` };
}

/** Waits until a row of the broker's can be read, or is gone. */
export function waitForRow(row: string): RebuildWait {
  return { kind: "row", what: row, message: row };
}

/** Waits for an answer of the broker's that failed. */
export function waitForAnswer(
  what: string,
  { failure, message }: { readonly failure: ReadFailure; readonly message: string },
): RebuildWait {
  return { kind: what === "positions" ? failure : "broker", what, message: `${what}: ${message}` };
}

/** The gate's reason while a rebuild waits: that of the input that it waits for. */
export function objectToWait(wait: RebuildWait | null): WaitObjection {
  return wait === null ? {} : KINDS[wait.kind][0];
}

/** Whether it is a failed read of the broker's, which is said as a trouble of its own. */
export function isOfBroker(wait: RebuildWait): boolean {
  const { positionsProblem, ledgerProblem } = objectToWait(wait);
  return positionsProblem !== undefined || ledgerProblem === "broker unreachable";
}

/** What the log says of a wait. `cause`: the same while the cause is, which "once per cause and day" is measured by. */
export function describeWait({ kind, what = kind }: RebuildWait) {
  return { cause: what, remedy: KINDS[kind][1] };
}
