import {
  applyBrokerOrder,
  buildCapUsage,
  buildLedgerEntry,
  countsTowardCaps,
  isOpenEntry,
  isUnsettled,
  type LedgerEntry,
  NOT_SENT,
} from "../../../src/domain/order/ledger.ts";
import { usdToMicros } from "../../../src/domain/order/money.ts";
import { assertEquals } from "../../assert.ts";
import { brokerOrder, ledgerEntry, liveLedger, NO_USAGE, TODAY } from "../fixtures.ts";

const INTENT = { dateNy: TODAY, symbol: "SPY", clientOrderId: null };
const YESTERDAY = "2026-01-19";
const YESTERDAYS = { timestamp: `${YESTERDAY}T20:00:00.000Z` };

Deno.test("buildLedgerEntry() knows nothing but what it was told", () => {
  const facts = { symbol: "F", notionalUsd: 12.5, timestamp: "2026-01-20T15:00:00Z" };
  const entry = buildLedgerEntry({ ...facts, side: "buy" });
  assertEquals([entry.symbol, entry.notionalUsd, entry.timestamp], Object.values(facts));
  assertEquals([entry.side, entry.status, entry.legs, entry.unknownFields], [
    "buy",
    "pending",
    [],
    {},
  ]);
  const { symbol: _symbol, notionalUsd: _usd, timestamp: _time, side: _side, ...rest } = entry;
  assertEquals(entry.unknownWithin, { broker: {}, legs: {} });
  const { status: _status, legs: _legs, unknownFields: _unknown, unknownWithin: _, ...optional } =
    rest;
  assertEquals([...new Set(Object.values(optional))], [null]);
});

Deno.test("buildLedgerEntry() lets what it was told stand over its defaults", () => {
  const entry = ledgerEntry({ status: "unknown", qty: 3, reason: "stop", orderId: "b-9" });
  assertEquals([entry.status, entry.qty, entry.reason, entry.orderId], [
    "unknown",
    3,
    "stop",
    "b-9",
  ]);
});

const kinds: readonly [
  side: "buy" | "sell",
  status: LedgerEntry["status"],
  unsettled: boolean,
  counts: boolean,
  open: boolean,
][] = [
  ["buy", "pending", true, true, true],
  ["buy", "unknown", true, true, true],
  ["buy", "accepted", false, true, true],
  ["buy", "rejected", false, false, false],
  ["sell", "pending", true, false, true],
  ["sell", "unknown", true, false, true],
  ["sell", "accepted", false, false, true],
  ["sell", "rejected", false, false, false],
];
for (const [side, status, unsettled, counts, open] of kinds) {
  Deno.test(`a ${status} ${side} is told apart`, () => {
    const entry = ledgerEntry({ side, status });
    assertEquals([isUnsettled(entry), countsTowardCaps(entry), isOpenEntry(entry)], [
      unsettled,
      counts,
      open,
    ]);
  });
}

const views: readonly [status: string, isOpen: boolean][] = [
  ["new", true],
  ["partially_filled", true],
  ["pending_cancel", true],
  ["held", true],
  ["quantum_entangled", true],
  ["filled", false],
  ["canceled", false],
  ["expired", false],
  ["replaced", false],
  ["rejected", false],
];
for (const [status, isOpen] of views) {
  Deno.test(`isOpenEntry() is ${isOpen} where the broker says ${status}`, () => {
    const broker = { status, filledQty: 0, filledAvgPriceUsd: null, updatedAtMs: 0 };
    assertEquals(isOpenEntry(ledgerEntry({ broker })), isOpen);
    // Nobody has settled it, so the broker's last word is not the last word.
    assertEquals(isOpenEntry(ledgerEntry({ broker, status: "unknown" })), true);
  });
}

interface UsageCase {
  readonly when: string;
  readonly entries: readonly LedgerEntry[];
  readonly usage: Partial<typeof NO_USAGE>;
}

const ONE = {
  orders: 1,
  grossMicros: usdToMicros(100),
  symbolMicros: usdToMicros(100),
  hasEntry: true,
};
const rejected = (facts: Partial<LedgerEntry> = {}) =>
  ledgerEntry({ status: "rejected", reason: "rejected by the broker", ...facts });

const USAGES: readonly UsageCase[] = [
  { when: "the ledger is empty", entries: [], usage: {} },
  { when: "an entry was accepted", entries: [ledgerEntry()], usage: ONE },
  {
    when: "an entry's request has not left yet",
    entries: [ledgerEntry({ status: "pending" })],
    usage: ONE,
  },
  {
    when: "an entry's answer was lost",
    entries: [ledgerEntry({ status: "unknown" })],
    usage: ONE,
  },
  {
    when: "an accepted entry was canceled without a fill",
    entries: [
      ledgerEntry({
        broker: { status: "canceled", filledQty: 0, filledAvgPriceUsd: null, updatedAtMs: 0 },
      }),
    ],
    usage: ONE,
  },
  {
    when: "an entry of the old format is there",
    entries: [ledgerEntry({ clientOrderId: null })],
    usage: ONE,
  },
  {
    when: "the entry is in another symbol",
    entries: [ledgerEntry({ symbol: "QQQ" })],
    usage: { orders: 1, grossMicros: usdToMicros(100) },
  },
  {
    when: "a sell is recorded",
    entries: [ledgerEntry({ side: "sell", reason: "r1_trim" })],
    usage: {},
  },
  {
    when: "a sell was rejected",
    entries: [ledgerEntry({ side: "sell", status: "rejected", reason: "stop" })],
    usage: {},
  },
  {
    when: "the broker rejected one",
    entries: [rejected()],
    usage: { symbolRejections: 1, rejectionsInARow: 1 },
  },
  {
    when: "an entry never left",
    entries: [rejected({ reason: NOT_SENT })],
    usage: {},
  },
  {
    when: "rejections in two symbols surround one that never left",
    entries: [rejected(), rejected({ reason: NOT_SENT }), rejected({ symbol: "QQQ" })],
    usage: { symbolRejections: 1, rejectionsInARow: 2 },
  },
  {
    when: "an accepted one came between rejections, whose longest run counts",
    entries: [rejected(), rejected(), ledgerEntry({ symbol: "QQQ" }), rejected()],
    usage: {
      orders: 1,
      grossMicros: usdToMicros(100),
      symbolRejections: 3,
      rejectionsInARow: 2,
    },
  },
  {
    when: "an unsettled one came after rejections, which it does not answer",
    entries: [rejected(), ledgerEntry({ symbol: "QQQ", status: "unknown" })],
    usage: {
      orders: 1,
      grossMicros: usdToMicros(100),
      symbolRejections: 1,
      rejectionsInARow: 1,
    },
  },
  {
    when: "three entries add up with float dust",
    entries: [0.1, 0.2, 0.3].map((notionalUsd) => ledgerEntry({ notionalUsd })),
    usage: {
      orders: 3,
      grossMicros: usdToMicros(0.6),
      symbolMicros: usdToMicros(0.6),
      hasEntry: true,
    },
  },
  {
    when: "an entry carried over from yesterday is still not settled",
    entries: [ledgerEntry({ ...YESTERDAYS, status: "unknown" })],
    usage: ONE,
  },
  {
    when: "an entry carried over from yesterday was settled today",
    entries: [ledgerEntry(YESTERDAYS)],
    usage: {},
  },
  {
    when: "an entry carried over from yesterday turned out rejected",
    entries: [rejected(YESTERDAYS)],
    usage: {},
  },
  {
    when: "an entry of the old format is stamped yesterday",
    entries: [ledgerEntry({ ...YESTERDAYS, clientOrderId: null })],
    usage: ONE,
  },
  {
    when: "an entry's time can't be read",
    entries: [ledgerEntry({ timestamp: "yesterday" })],
    usage: ONE,
  },
  {
    when: "an entry is stamped tomorrow",
    entries: [ledgerEntry({ timestamp: "2026-01-21T17:00:00Z" })],
    usage: ONE,
  },
  {
    when: "an entry was made in the evening, tomorrow in UTC",
    entries: [ledgerEntry({ timestamp: "2026-01-21T01:00:00Z" })],
    usage: ONE,
  },
  {
    when: "an entry was made in yesterday's evening, today in UTC",
    entries: [ledgerEntry({ timestamp: "2026-01-20T04:59:59Z" })],
    usage: {},
  },
];
for (const { when, entries, usage } of USAGES) {
  Deno.test(`buildCapUsage() counts right when ${when}`, () => {
    assertEquals(buildCapUsage(liveLedger(entries), INTENT), { ...NO_USAGE, ...usage });
  });
}

Deno.test("buildCapUsage() leaves the intent's own record out, and only that", () => {
  const own = ledgerEntry({ clientOrderId: "avwap-own", status: "unknown" });
  const other = ledgerEntry({ clientOrderId: "avwap-other" });
  const old = ledgerEntry({ clientOrderId: null });
  const usage = buildCapUsage(liveLedger([own, other, old]), {
    ...INTENT,
    clientOrderId: "avwap-own",
  });
  assertEquals([usage.orders, usage.grossMicros, usage.hasEntry], [2, usdToMicros(200), true]);
  const alone = buildCapUsage(liveLedger([own]), { ...INTENT, clientOrderId: "avwap-own" });
  assertEquals(alone, NO_USAGE);
});

Deno.test("buildCapUsage() counts all old entries when the intent has no id either", () => {
  const usage = buildCapUsage(liveLedger([ledgerEntry({ clientOrderId: null })]), INTENT);
  assertEquals(usage.orders, 1);
});

Deno.test("buildCapUsage() counts of another day's ledger only what is not settled", () => {
  const entries = [
    ledgerEntry(),
    rejected(),
    ledgerEntry({ status: "pending" }),
    ledgerEntry({ status: "unknown", symbol: "QQQ" }),
    ledgerEntry({ clientOrderId: null }),
  ];
  for (const dateNy of [YESTERDAY, "2026-01-21"]) {
    const usage = buildCapUsage(liveLedger(entries, dateNy), INTENT);
    assertEquals(usage, {
      ...NO_USAGE,
      orders: 2,
      grossMicros: usdToMicros(200),
      symbolMicros: usdToMicros(100),
      hasEntry: true,
    });
  }
});

for (const notionalUsd of [NaN, -1, -Infinity]) {
  Deno.test(`buildCapUsage() gives no usable sum for a notional of ${notionalUsd}`, () => {
    const entries = [ledgerEntry(), ledgerEntry({ notionalUsd }), ledgerEntry()];
    const usage = buildCapUsage(liveLedger(entries), INTENT);
    assertEquals([usage.orders, usage.grossMicros, usage.symbolMicros], [3, NaN, NaN]);
  });
}

const BEFORE = ledgerEntry({
  status: "unknown",
  notFoundSinceMs: 5,
  legs: [{ orderId: "leg", clientOrderId: "avwap-leg", type: "stop" }],
  unknownFields: { note: "kept" },
});

for (const status of ["pending", "accepted", "rejected", "unknown"] as const) {
  Deno.test(`applyBrokerOrder() makes a ${status} entry accepted when the broker shows the order`, () => {
    const before = ledgerEntry({ status, reason: status === "rejected" ? NOT_SENT : null });
    const after = applyBrokerOrder(before, brokerOrder());
    assertEquals([after.status, after.reason, after.orderId], ["accepted", null, "b-1"]);
  });

  Deno.test(`applyBrokerOrder() makes a ${status} entry rejected when the broker says so`, () => {
    const after = applyBrokerOrder(ledgerEntry({ status }), brokerOrder({ status: "rejected" }));
    assertEquals([after.status, after.reason], ["rejected", "rejected by the broker"]);
    assertEquals(buildCapUsage(liveLedger([after]), INTENT).symbolRejections, 1);
  });
}

for (const status of ["canceled", "expired", "filled", "replaced", "teleported"]) {
  Deno.test(`applyBrokerOrder() goes on counting an entry that is ${status}`, () => {
    const after = applyBrokerOrder(ledgerEntry(), brokerOrder({ status }));
    assertEquals([after.status, countsTowardCaps(after)], ["accepted", true]);
  });
}

for (const status of ["new", "rejected"]) {
  Deno.test(`applyBrokerOrder() leaves a sell its reason when it is ${status}`, () => {
    const sell = ledgerEntry({ side: "sell", reason: "stop_exit", detail: "why" });
    const after = applyBrokerOrder(sell, brokerOrder({ side: "sell", status }));
    assertEquals([after.reason, after.detail], ["stop_exit", "why"]);
  });
}

Deno.test("applyBrokerOrder() takes fills as the broker has them and never adds", () => {
  const first = applyBrokerOrder(
    BEFORE,
    brokerOrder({ status: "partially_filled", filledQty: 4, filledAvgPriceUsd: 10.5 }),
  );
  const second = applyBrokerOrder(
    first,
    brokerOrder({ status: "filled", filledQty: 10, filledAvgPriceUsd: 10.6, updatedAtMs: 9 }),
  );
  assertEquals(second.broker, {
    status: "filled",
    filledQty: 10,
    filledAvgPriceUsd: 10.6,
    updatedAtMs: 9,
  });
});

Deno.test("applyBrokerOrder() ends the wait for an absent order and keeps all else", () => {
  const after = applyBrokerOrder(BEFORE, brokerOrder());
  const { orderId: _id, status: _status, notFoundSinceMs, broker: _broker, ...kept } = after;
  const { orderId: _i, status: _s, notFoundSinceMs: _n, broker: _b, ...was } = BEFORE;
  assertEquals(notFoundSinceMs, null);
  assertEquals(kept, was);
});

Deno.test("applyBrokerOrder() stores legs from the answer, and keeps them where an answer has none", () => {
  const legs = [
    brokerOrder({ orderId: "tp", clientOrderId: "x-1", type: "limit" }),
    brokerOrder({ orderId: "sl", clientOrderId: "x-2", type: "stop" }),
  ];
  const stored = [
    { orderId: "tp", clientOrderId: "x-1", type: "limit" },
    { orderId: "sl", clientOrderId: "x-2", type: "stop" },
  ];
  const withLegs = applyBrokerOrder(BEFORE, brokerOrder({ legs }));
  assertEquals(withLegs.legs, stored);
  assertEquals(applyBrokerOrder(withLegs, brokerOrder()).legs, stored);
});

Deno.test("applyBrokerOrder() gives an old entry the broker's id, and never changes an id that is there", () => {
  const old = ledgerEntry({ clientOrderId: null });
  assertEquals(
    applyBrokerOrder(old, brokerOrder({ clientOrderId: "old-1" })).clientOrderId,
    "old-1",
  );
  const after = applyBrokerOrder(BEFORE, brokerOrder({ clientOrderId: "other" }));
  assertEquals(after.clientOrderId, BEFORE.clientOrderId);
});

Deno.test("applyBrokerOrder() changes nothing more when the same answer comes again", () => {
  const once = applyBrokerOrder(BEFORE, brokerOrder({ status: "filled", filledQty: 10 }));
  assertEquals(applyBrokerOrder(once, brokerOrder({ status: "filled", filledQty: 10 })), once);
});
