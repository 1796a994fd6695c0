import { EMPTY_STATE, type EngineState } from "../../../src/domain/account/engine_state.ts";
import type { LiveLedger } from "../../../src/domain/order/ledger.ts";
import type { Asks, RecordsLook, RecordsReads } from "../../../src/domain/plan/records_look.ts";
import type { Read, Shown } from "../../../src/domain/plan/shown.ts";
import { ledgerEntry, liveLedger, TODAY } from "../fixtures.ts";
import { OWNER } from "./records_plan_world.ts";

/** An entry that has a plan: a position can be made of it. */
export const ENTRY = ledgerEntry({ pivotUsd: 101, r1Usd: 105, r2Usd: 111, stopUsd: 95 });

/** An answer of the broker's. */
export function answered<T>(value: T): Read<T> {
  return { kind: "ok", value, atMonotonicMs: 0 };
}

/** A broker that shows nothing at all, and has answered everything. */
export const CALM: Shown = {
  dateNy: TODAY,
  account: answered({
    accountId: OWNER.accountId,
    status: "ACTIVE",
    equityUsd: 100_000,
    blockFlags: [],
  }),
  positions: answered([]),
  openOrders: answered([]),
  dayOrders: answered([]),
  unreadable: { positions: [], openOrders: [], dayOrders: [] },
};

/** Files of a state directory in which nothing is: each that was asked for was read. */
export const NO_FILES: Required<RecordsReads> = {
  document: { kind: "missing", message: "execution_state.json is missing" },
  file: { kind: "missing", message: "live_orders_today.json is missing" },
  archive: { kind: "ok", ledgers: [], unusable: [] },
  copy: { kind: "ok", state: null, unusable: [] },
  pastOrders: answered([]),
  isObjected: false,
  turnWait: null,
  asidePath: "archive/live_orders_today.aside.json",
};

/** A ledger of the keys' account. */
export function ownLedger(facts: Partial<LiveLedger> = {}): LiveLedger {
  return { ...liveLedger([ENTRY]), ...OWNER, ...facts };
}

/** Records of the keys' account, with such a ledger. */
export function ownRecords(facts: Partial<EngineState> = {}): EngineState {
  return { ...EMPTY_STATE, ...OWNER, ledger: ownLedger(), ...facts };
}

/** A look that knows these records. */
export function lookAt(facts: Partial<RecordsLook> = {}): RecordsLook {
  return {
    records: EMPTY_STATE,
    isLoaded: false,
    keys: OWNER,
    todayNy: TODAY,
    versions: [],
    reads: {},
    ...facts,
  };
}

/** Answers what is asked for, until something is decided. @returns That, and what was asked for. */
export function findOut<Verdict extends { readonly kind: "document" | "ledger" }>(
  decide: (look: RecordsLook) => Asks | Verdict,
  look: RecordsLook,
  answers: Required<RecordsReads>,
): { readonly asked: readonly string[]; readonly verdict: Verdict } {
  const asked: string[] = [];
  for (let reads = look.reads;;) {
    const decided = decide({ ...look, reads });
    if (decided.kind !== "asks") return { asked, verdict: decided };
    const { asks } = decided;
    if (reads[asks] !== undefined) throw new Error(`asked for ${asks} again`);
    asked.push(
      decided.asks === "pastOrders" ? `${asks} ${decided.symbols.join(",")}`.trim() : asks,
    );
    reads = { ...reads, [asks]: answers[asks] };
  }
}
