import type { LedgerEntry } from "../../src/domain/ledger.ts";
import type { BrokerOrder } from "../../src/domain/orders.ts";
import { findLostPosition, hasTraces } from "../../src/domain/rebuild_state.ts";
import { assertEquals, assertObjectMatch } from "../assert.ts";
import { brokerOrder, ledgerEntry, liveLedger, TODAY } from "./fixtures.ts";

const ENTRY_ID = `avwap-${TODAY}-SPY-mk0000`;
const ENTRY = ledgerEntry({ pivotUsd: 101, r1Usd: 105, r2Usd: 111, stopUsd: 95 });

function sold(reason: string, facts: Partial<LedgerEntry> = {}): LedgerEntry {
  return ledgerEntry({
    clientOrderId: `${ENTRY_ID}-${reason}-1`,
    side: "sell",
    reason,
    positionId: ENTRY_ID,
    attempt: 1,
    broker: { status: "filled", filledQty: 5, filledAvgPriceUsd: 106, updatedAtMs: 1 },
    ...facts,
  });
}

function stopOrder(facts: Partial<BrokerOrder> = {}): BrokerOrder {
  return brokerOrder({
    orderId: "s-1",
    clientOrderId: `${ENTRY_ID}-stop-1`,
    side: "sell",
    type: "stop",
    orderClass: "",
    stopPriceUsd: 103,
    ...facts,
  });
}

const ENDED = { status: "canceled", filledQty: 0, filledAvgPriceUsd: null, updatedAtMs: 1 };

const traces: {
  readonly what: string;
  readonly entries: readonly LedgerEntry[];
  readonly orders: readonly BrokerOrder[];
  readonly is: boolean;
}[] = [
  { what: "nothing", entries: [], orders: [], is: false },
  { what: "an entry of ours", entries: [ENTRY], orders: [], is: true },
  {
    what: "an entry that was rejected",
    entries: [ledgerEntry({ status: "rejected" })],
    orders: [],
    is: true,
  },
  {
    what: "an entry of the old pipeline",
    entries: [ledgerEntry({ clientOrderId: null })],
    orders: [],
    is: false,
  },
  { what: "an order of ours at the broker", entries: [], orders: [brokerOrder()], is: true },
  {
    what: "somebody else's order",
    entries: [],
    orders: [brokerOrder({ clientOrderId: "by-hand" })],
    is: false,
  },
  {
    what: "an order of the operator's flatten",
    entries: [],
    orders: [brokerOrder({ clientOrderId: "avwap-flatten-1" })],
    is: false,
  },
];
for (const { what, entries, orders, is } of traces) {
  Deno.test(`hasTraces() is ${is} for ${what}`, () => {
    assertEquals(hasTraces([liveLedger([]), liveLedger(entries)], orders), is);
  });
}

const nothing: { readonly when: string; readonly change: Partial<LedgerEntry> }[] = [
  { when: "it was rejected", change: { status: "rejected" } },
  { when: "nobody knows yet whether it was accepted", change: { status: "unknown" } },
  { when: "it is of another symbol", change: { symbol: "QQQ" } },
  { when: "it is a sell", change: { side: "sell" } },
  { when: "it has no id", change: { clientOrderId: null } },
  { when: "it is not ours", change: { clientOrderId: "by-hand" } },
  { when: "it has no stop", change: { stopUsd: null } },
];
for (const { when, change } of nothing) {
  Deno.test(`findLostPosition() makes no position of an entry when ${when}`, () => {
    assertEquals(findLostPosition("SPY", [liveLedger([{ ...ENTRY, ...change }])], []), null);
  });
}

Deno.test("findLostPosition() has the entry's plan where nothing was sold", () => {
  assertEquals(findLostPosition("SPY", [liveLedger([ENTRY])], []), {
    entry: ENTRY,
    stopUsd: 95,
    isTrimmedR1: false,
    isTrimmedR2: false,
    stops: [],
  });
});

Deno.test("findLostPosition() takes the newest entry, of the file and of the days", () => {
  const older = ledgerEntry({ ...ENTRY, clientOrderId: `avwap-2026-01-16-SPY-a`, stopUsd: 80 });
  const first = ledgerEntry({ ...ENTRY, clientOrderId: `avwap-${TODAY}-SPY-a`, stopUsd: 90 });
  const today = liveLedger([first, ENTRY]);
  const past = liveLedger([older], "2026-01-16");
  assertEquals(findLostPosition("SPY", [today, past], [])?.entry, ENTRY);
  assertEquals(findLostPosition("SPY", [liveLedger([]), past], [])?.entry, older);
});

Deno.test("findLostPosition() finds an entry in the archive whose sells are of today", () => {
  const today = liveLedger([sold("r1_trim"), sold("stop", { stopUsd: 102 })]);
  const past = liveLedger([ENTRY], "2026-01-16");
  assertObjectMatch(findLostPosition("SPY", [today, past], []) ?? {}, {
    stopUsd: 102,
    isTrimmedR1: true,
    isTrimmedR2: false,
  });
});

const stops: {
  readonly when: string;
  readonly sells: readonly LedgerEntry[];
  readonly orders: readonly BrokerOrder[];
  readonly stopUsd: number;
}[] = [
  {
    when: "stops were placed one above the other",
    sells: [sold("stop", { stopUsd: 104 }), sold("stop", { stopUsd: 102 })],
    orders: [],
    stopUsd: 104,
  },
  {
    when: "the last stop was rejected",
    sells: [sold("stop", { stopUsd: 104, status: "rejected" })],
    orders: [],
    stopUsd: 95,
  },
  {
    when: "a stop record has no price",
    sells: [sold("stop", { stopUsd: null })],
    orders: [],
    stopUsd: 95,
  },
  {
    when: "another position's stop is higher",
    sells: [sold("stop", { stopUsd: 104, positionId: "avwap-other" })],
    orders: [],
    stopUsd: 95,
  },
  { when: "a stop of ours works at the broker", sells: [], orders: [stopOrder()], stopUsd: 103 },
  {
    when: "a leg of ours was raised at the broker",
    sells: [],
    orders: [brokerOrder({ status: "filled", legs: [stopOrder()] })],
    stopUsd: 103,
  },
  {
    when: "the stop at the broker has ended",
    sells: [],
    orders: [stopOrder({ status: "canceled" })],
    stopUsd: 95,
  },
  {
    when: "the stop at the broker is somebody else's",
    sells: [],
    orders: [stopOrder({ clientOrderId: "by-hand" })],
    stopUsd: 95,
  },
  {
    when: "the stop at the broker is of another symbol",
    sells: [],
    orders: [stopOrder({ symbol: "QQQ" })],
    stopUsd: 95,
  },
  {
    when: "a sell of ours at the broker has no stop price",
    sells: [],
    orders: [stopOrder({ stopPriceUsd: null })],
    stopUsd: 95,
  },
  {
    when: "R1 was trimmed and the stop that follows never left",
    sells: [sold("r1_trim"), sold("stop", { stopUsd: 101, status: "rejected" })],
    orders: [],
    stopUsd: 101,
  },
];
for (const { when, sells, orders, stopUsd } of stops) {
  Deno.test(`findLostPosition() has the stop at ${stopUsd} when ${when}`, () => {
    const lost = findLostPosition("SPY", [liveLedger([ENTRY, ...sells])], orders);
    assertEquals(lost?.stopUsd, stopUsd);
  });
}

Deno.test("findLostPosition() leaves out what stands at a hand's price", () => {
  const sells = [sold("stop", { stopUsd: 97 }), sold("stop", { stopUsd: 103 })];
  const find = (...byHandUsd: number[]) =>
    findLostPosition("SPY", [liveLedger([ENTRY, ...sells])], [stopOrder()], new Set(byHandUsd))
      ?.stopUsd;
  assertEquals([find(), find(103), find(103, 97), find(103, 97, 95)], [103, 97, 95, 95]);
});

Deno.test("findLostPosition() keeps the stop where a trimmed entry has no pivot", () => {
  const entry = { ...ENTRY, pivotUsd: null };
  const lost = findLostPosition("SPY", [liveLedger([entry, sold("r1_trim")])], []);
  assertObjectMatch(lost ?? {}, { stopUsd: 95, isTrimmedR1: true });
});

const trims: {
  readonly when: string;
  readonly sell: LedgerEntry;
  readonly isR1: boolean;
  readonly isR2: boolean;
}[] = [
  { when: "R1 filled", sell: sold("r1_trim"), isR1: true, isR2: false },
  { when: "R2 filled", sell: sold("r2_trim"), isR1: false, isR2: true },
  {
    when: "the trim ended unfilled",
    sell: sold("r1_trim", { broker: ENDED }),
    isR1: false,
    isR2: false,
  },
  {
    when: "the trim was accepted and no more is known",
    sell: sold("r1_trim", { broker: null }),
    isR1: true,
    isR2: false,
  },
  {
    when: "the trim works still",
    sell: sold("r1_trim", { broker: { ...ENDED, status: "new" } }),
    isR1: true,
    isR2: false,
  },
  {
    when: "the trim was rejected",
    sell: sold("r1_trim", { status: "rejected" }),
    isR1: false,
    isR2: false,
  },
  { when: "a stop filled", sell: sold("stop_exit"), isR1: false, isR2: false },
];
for (const { when, sell, isR1, isR2 } of trims) {
  Deno.test(`findLostPosition() knows which trims are done when ${when}`, () => {
    const lost = findLostPosition("SPY", [liveLedger([ENTRY, sell])], []);
    assertObjectMatch(lost ?? {}, { isTrimmedR1: isR1, isTrimmedR2: isR2 });
  });
}
