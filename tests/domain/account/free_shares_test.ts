import fc from "fast-check";
import { readClosable } from "../../../src/domain/account/free_shares.ts";
import { EMPTY_BOOK, LAG_MS, learnOrders } from "../../../src/domain/account/order_book.ts";
import type { Sight } from "../../../src/domain/account/sight.ts";
import { buildLedgerEntry, type LedgerEntry } from "../../../src/domain/order/ledger.ts";
import type { BrokerOrder } from "../../../src/domain/order/orders.ts";
import { assert, assertEquals } from "../../assert.ts";
import { brokerOrder } from "../fixtures.ts";
import { acts, playBroker, STEP_MS } from "./broker_past.ts";

/** What is known, with so many shares of SPY shown. */
function sight(
  orders: readonly BrokerOrder[],
  qty: number,
  nowMs: number,
  doubts: readonly LedgerEntry[] = [],
): Sight {
  const shown = { symbol: "SPY", qty, avgEntryPriceUsd: 1, costBasisUsd: qty };
  return {
    book: learnOrders(EMPTY_BOOK, orders, nowMs),
    positions: [{ ...shown, currentPriceUsd: 1 }],
    areOrdersRead: true,
    unreadable: new Set(),
    unreadableOrders: new Set(),
    pasts: new Set(),
    doubts,
    nowMs,
  };
}

const SELL = brokerOrder({
  orderId: "s",
  clientOrderId: "by-hand",
  side: "sell",
  type: "stop",
  orderClass: "simple",
  qty: 4,
  filledQty: 0,
  legs: [],
});
const NOW_MS = 1_800_000_000_000;

Deno.test("readClosable() leaves out what a sell may have sold that nobody has seen", () => {
  const cases: [string, BrokerOrder[], number][] = [
    ["nothing else", [], 10],
    ["at work", [SELL], 6],
    ["being executed", [{ ...SELL, status: "stopped" }], 6],
    ["replaced by one that no answer has shown", [
      { ...SELL, status: "replaced", replacedBy: "unseen" },
    ], 6],
    ["gone", [{ ...SELL, status: "canceled" }], 10],
  ];
  for (const [name, orders, qty] of cases) {
    assertEquals(readClosable(sight(orders, 10, NOW_MS), "SPY"), qty, name);
  }
});

Deno.test("readClosable() leaves out a sell of unknown fate, until the broker shows it", () => {
  const doubt = buildLedgerEntry({
    symbol: "SPY",
    notionalUsd: 0,
    timestamp: "2026-11-23T15:00:00.000Z",
    side: "sell",
    qty: 4,
    clientOrderId: "avwap-x",
    status: "unknown",
  });
  assertEquals(readClosable(sight([], 10, NOW_MS, [doubt]), "SPY"), 6);
  assertEquals(readClosable(sight([], 10, NOW_MS, [{ ...doubt, symbol: "QQQ" }]), "SPY"), 10);
  const shown = { ...SELL, clientOrderId: "avwap-x", status: "canceled" };
  assertEquals(readClosable(sight([shown], 10, NOW_MS, [doubt]), "SPY"), 10);
});

Deno.test("readClosable() is nothing of what positions don't show, or can't be read", () => {
  const known = sight([], 10, NOW_MS);
  assertEquals(readClosable(known, "QQQ"), 0);
  assertEquals(readClosable({ ...known, unreadable: new Set(["SPY"]) }, "SPY"), 0);
});

/** Positions lag by less than `LAG_MS`. */
const lag = fc.nat({ max: LAG_MS / STEP_MS - 1 });

Deno.test("readClosable() never exceeds what is free where positions lag and orders are known", () => {
  fc.assert(fc.property(acts, lag, (past, steps) => {
    const versions = playBroker(past);
    const now = versions.at(-1);
    const shown = versions[Math.max(0, versions.length - 1 - steps)];
    assert(now !== undefined && shown !== undefined);
    const nowMs = versions.length * STEP_MS;
    const qty = readClosable(sight(now.orders, shown.heldQty, nowMs), "SPY");
    assert(qty <= now.freeQty);
  }));
});

Deno.test("readClosable() is all that is free once the last fill is old", () => {
  fc.assert(fc.property(acts, (past) => {
    const versions = playBroker(past);
    const now = versions.at(-1);
    assert(now !== undefined);
    const nowMs = versions.length * STEP_MS + LAG_MS;
    const { orders, heldQty, freeQty } = now;
    assertEquals(readClosable(sight(orders, heldQty, nowMs), "SPY"), freeQty);
  }));
});
