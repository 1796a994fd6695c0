import { listDoubts } from "../../../src/domain/account/doubts.ts";
import type { LedgerEntry } from "../../../src/domain/order/ledger.ts";
import {
  type Begun,
  NOTHING_UNDER_WAY,
  putUnfinished,
} from "../../../src/domain/account/unfinished.ts";
import { assertEquals } from "../../assert.ts";
import { ledgerEntry, liveLedger } from "../fixtures.ts";

const SELL = ledgerEntry({ side: "sell", clientOrderId: "sell", status: "unknown" });
const BEGUN: Begun = {
  processId: "1",
  cycleStartedAtMs: 1,
  sinceMs: 0,
  reason: "r1_trim",
  sellId: "sell",
  stopId: "stop",
  restUsd: 99,
  cancels: [],
  shrinks: null,
  isOfHand: false,
  refusal: null,
  wasBare: false,
  hasLeft: false,
};

function doubts(entries: readonly LedgerEntry[], begun: Begun | null = null): (string | null)[] {
  const underWay = { ...NOTHING_UNDER_WAY, begun };
  const unfinished = putUnfinished([], "position", { underWay });
  return listDoubts(
    { ledger: liveLedger(entries), unfinished },
    ({ processId }) => processId === "1",
  )
    .map(({ clientOrderId }) => clientOrderId);
}

Deno.test("listDoubts() names sells without an answer, and neither buys nor what was answered", () => {
  const entries = [
    SELL,
    { ...SELL, clientOrderId: "pending", status: "pending" } as const,
    { ...SELL, clientOrderId: "taken", status: "accepted" } as const,
    { ...SELL, clientOrderId: "refused", status: "rejected" } as const,
    { ...SELL, clientOrderId: "bought", side: "buy" } as const,
    { ...SELL, clientOrderId: null },
  ];
  assertEquals(doubts(entries), ["sell", "pending"]);
  assertEquals(listDoubts({ ledger: null, unfinished: [] }, () => true), []);
});

Deno.test("listDoubts() takes what is begun now for what has not left, and what another process began for what may have", () => {
  const planned = [{ ...SELL, status: "pending" } as const];
  assertEquals(doubts(planned, BEGUN), []);
  assertEquals(doubts(planned, { ...BEGUN, processId: "0" }), ["sell"]);
  // Its answer is out.
  assertEquals(doubts([SELL], BEGUN), ["sell"]);
});
