import { buildCapUsage, NOT_SENT } from "../../src/domain/ledger.ts";
import { rebuildLedger } from "../../src/domain/rebuild_ledger.ts";
import {
  addRejections,
  listRejections,
  mergeRejections,
  type Rejection,
} from "../../src/domain/rejections.ts";
import { assert, assertEquals } from "../assert.ts";
import { brokerOrder, ledgerEntry, liveLedger, TODAY } from "./fixtures.ts";

const ID = `avwap-${TODAY}-SPY-1`;
const MINUTE_MS = 60_000;
const START_MS = Date.parse(`${TODAY}T15:00:00.000Z`);

function timeOf(minute: number): string {
  return new Date(START_MS + minute * MINUTE_MS).toISOString();
}

function rejected(number: number, facts: Partial<Rejection> = {}): Rejection {
  return {
    symbol: "SPY",
    clientOrderId: `avwap-${TODAY}-SPY-${number}`,
    timestamp: timeOf(number),
    reason: "insufficient buying power",
    dateNy: TODAY,
    ...facts,
  };
}

const REJECTED = ledgerEntry({
  clientOrderId: ID,
  status: "rejected",
  reason: "insufficient buying power",
  timestamp: timeOf(1),
});

Deno.test("the state remembers the entries that the broker rejected today, and nothing else", () => {
  const ledger = liveLedger([
    REJECTED,
    ledgerEntry({ clientOrderId: "avwap-2", status: "accepted" }),
    ledgerEntry({ clientOrderId: "avwap-3", status: "rejected", reason: NOT_SENT }),
    ledgerEntry({ clientOrderId: "avwap-4", status: "rejected", side: "sell" }),
    ledgerEntry({ clientOrderId: "avwap-flatten-5", status: "rejected" }),
    ledgerEntry({
      clientOrderId: "avwap-6",
      status: "rejected",
      timestamp: "2026-01-02T15:00:00.000Z",
    }),
  ]);
  assertEquals(listRejections(ledger), [rejected(1)]);
});

Deno.test("mergeRejections() keeps what a lost ledger lacks, and nothing of another day", () => {
  const yesterday = rejected(7, { dateNy: "2026-01-02" });
  const kept = [rejected(1), yesterday];
  assertEquals(mergeRejections(kept, liveLedger([])), [rejected(1)]);
  const same = [rejected(1)];
  assert(mergeRejections(same, liveLedger([REJECTED])) === same, "the same object");
});

Deno.test("mergeRejections() forgets a rejection that the broker's view has replaced", () => {
  const accepted = ledgerEntry({ clientOrderId: ID, status: "accepted" });
  assertEquals(mergeRejections([rejected(1)], liveLedger([accepted])), []);
});

Deno.test("addRejections() gives a ledger back what it lacks, in the order of time", () => {
  const between = ledgerEntry({
    clientOrderId: "avwap-b",
    status: "accepted",
    timestamp: timeOf(2),
  });
  const whole = addRejections(liveLedger([between]), [rejected(3), rejected(1)]);
  assertEquals(whole.entries.map((entry) => entry.clientOrderId), [
    rejected(1).clientOrderId,
    "avwap-b",
    rejected(3).clientOrderId,
  ]);
  const usage = buildCapUsage(whole, { dateNy: TODAY, symbol: "SPY", clientOrderId: null });
  assertEquals([usage.symbolRejections, usage.rejectionsInARow, usage.orders], [2, 1, 1]);
  assert(addRejections(whole, [rejected(1)]) === whole, "the same object");
});

Deno.test("addRejections() adds nothing of another day", () => {
  const ledger = liveLedger([]);
  assert(addRejections(ledger, [rejected(1, { dateNy: "2026-01-02" })]) === ledger);
});

Deno.test("rebuildLedger() has the state's rejections again, and the broker's view over them", () => {
  const shown = brokerOrder({
    clientOrderId: rejected(2).clientOrderId,
    status: "filled",
    submittedAtMs: START_MS + 2 * MINUTE_MS,
  });
  const { entries } = rebuildLedger({
    present: null,
    newest: null,
    orders: [shown],
    positions: [],
    rejections: [rejected(1), rejected(2)],
    todayNy: TODAY,
    account: { host: "paper", accountId: "a" },
    mismatches: 1,
  });
  assertEquals(entries.map((entry) => [entry.clientOrderId, entry.status]), [
    [rejected(1).clientOrderId, "rejected"],
    [rejected(2).clientOrderId, "accepted"],
  ]);
});
