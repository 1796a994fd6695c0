import type { LedgerEntry, LiveLedger } from "../../../src/domain/order/ledger.ts";
import type { BrokerOrder } from "../../../src/domain/order/orders.ts";
import {
  EMPTY_STATE,
  type EngineState,
  type ManagedPosition,
} from "../../../src/domain/account/engine_state.ts";
import { putRelease, RELEASE_ENDED, RELEASED } from "../../../src/domain/account/released.ts";
import {
  describeCopy,
  hasTraces,
  type LeftLedgers,
  rebuildLedger,
  rebuildState,
} from "../../../src/domain/account/rebuild_records.ts";
import { assertEquals, assertObjectMatch } from "../../assert.ts";
import { brokerOrder, ledgerEntry, liveLedger, TODAY } from "../fixtures.ts";
import { heldPosition, managedPosition } from "../position_fixtures.ts";

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

/** The position that is made of what is left, where SPY is held. */
function rebuilt(
  entries: readonly LedgerEntry[],
  orders: readonly BrokerOrder[] = [],
  copy: EngineState | null = null,
): ManagedPosition | undefined {
  const ledgers = [liveLedger(entries)];
  return rebuildState({ copy, ledgers, orders, held: [heldPosition()] }).positions[0];
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
    const ledgers = [liveLedger([]), liveLedger(entries)];
    assertEquals(hasTraces({ copy: null, ledgers, orders }), is);
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
  Deno.test(`rebuildState() makes no position of an entry when ${when}`, () => {
    assertEquals(rebuilt([{ ...ENTRY, ...change }]), undefined);
  });
}

Deno.test("rebuildState() has the entry's plan where nothing was sold", () => {
  assertObjectMatch(rebuilt([ENTRY]) ?? {}, {
    positionId: ENTRY_ID,
    pivotUsd: 101,
    r1Usd: 105,
    r2Usd: 111,
    stopUsd: 95,
    isTrimmedR1: false,
    isTrimmedR2: false,
    qty: null,
    openedAtMs: Date.parse(ENTRY.timestamp),
  });
});

Deno.test("rebuildState() makes no position of what is not held", () => {
  const left = { copy: null, ledgers: [liveLedger([ENTRY])], orders: [], held: [] };
  assertEquals(rebuildState(left).positions, []);
});

Deno.test("rebuildState() takes the newest entry, of the file and of the days", () => {
  const older = ledgerEntry({
    ...ENTRY,
    clientOrderId: "avwap-2026-01-16-SPY-a",
    timestamp: "2026-01-16T15:00:00.000Z",
  });
  const first = ledgerEntry({ ...ENTRY, clientOrderId: `avwap-${TODAY}-SPY-a` });
  const past = liveLedger([older], "2026-01-16");
  const find = (entries: readonly LedgerEntry[]) =>
    rebuildState({
      copy: null,
      ledgers: [liveLedger(entries), past],
      orders: [],
      held: [heldPosition()],
    }).positions.map((each) => each.positionId);
  assertEquals(find([first, ENTRY]), [ENTRY_ID]);
  assertEquals(find([]), ["avwap-2026-01-16-SPY-a"]);
});

Deno.test("rebuildState() goes by the broker's order where the record has no answer, and by the order alone without a record", () => {
  const shown = brokerOrder({ clientOrderId: ENTRY_ID, status: "filled", filledQty: 10 });
  const lost = rebuilt([{ ...ENTRY, status: "pending", orderId: null, broker: null }], [shown]);
  assertEquals([lost?.positionId, lost?.pivotUsd, lost?.r1Usd], [ENTRY_ID, 101, 105]);
  const bracket = { ...shown, legs: [stopOrder({ clientOrderId: "leg", stopPriceUsd: 95 })] };
  assertEquals([rebuilt([])?.positionId, rebuilt([], [bracket])?.positionId], [
    undefined,
    ENTRY_ID,
  ]);
});

/** A document as its copy has it: SPY managed, with a stop that was raised, and a high. */
const COPY: EngineState = {
  ...EMPTY_STATE,
  ledger: liveLedger([ENTRY]),
  positions: [
    managedPosition({ stopUsd: 99, highWaterUsd: 108, isTrimmedR1: true, adoptedQty: 3 }),
  ],
  alerted: { said: TODAY },
  lastCycleAtMs: 7,
};

Deno.test("rebuildState() has what the copy has, held or not, but no intent and nothing of the moment", () => {
  const left = { copy: COPY, ledgers: [liveLedger([ENTRY])], orders: [] };
  const { positions, alerted, lastCycleAtMs } = COPY;
  for (const held of [[], [heldPosition({ qty: 2 })]]) {
    assertEquals(rebuildState({ ...left, held }), {
      ...EMPTY_STATE,
      positions,
      alerted,
      lastCycleAtMs,
    });
  }
});

Deno.test("rebuildState() brings the copy up to what was sold, bought and released since", () => {
  const other = ledgerEntry({ ...ENTRY, symbol: "QQQ", clientOrderId: `avwap-${TODAY}-QQQ-a` });
  const held = [heldPosition(), heldPosition({ symbol: "QQQ" })];
  const today = liveLedger([sold("r2_trim"), other]);
  const find = (ledger: typeof today) =>
    rebuildState({ copy: COPY, ledgers: [ledger], orders: [], held });
  const since = find(today);
  assertEquals(since.positions.map((each) => [each.symbol, each.isTrimmedR2, each.stopUsd]), [
    ["SPY", true, 103],
    ["QQQ", false, 95],
  ]);
  const release = { symbol: "SPY", positionId: ENTRY_ID, releasedAtMs: 5 };
  const after = find(putRelease(today, release, RELEASED));
  assertEquals([after.positions.map((each) => each.symbol), after.released], [["QQQ"], [release]]);
  const ended = find(putRelease(today, release, RELEASE_ENDED));
  assertEquals([ended.positions.length, ended.released], [2, []]);
});

Deno.test("rebuildState() keeps what the copy has as released, until a ledger says that it has ended", () => {
  const releasedAtMs = Date.parse(ENTRY.timestamp) + 1_000;
  const release = { symbol: "SPY", positionId: ENTRY_ID, releasedAtMs };
  const copy = { ...COPY, positions: [], released: [release] };
  const find = (ledger: LiveLedger) => {
    const state = rebuildState({ copy, ledgers: [ledger], orders: [], held: [heldPosition()] });
    return [state.released, state.positions.length];
  };
  const ledger = liveLedger([ENTRY]);
  assertEquals(find(ledger), [[release], 0]);
  assertEquals(find(putRelease(ledger, release, RELEASE_ENDED)), [[], 1]);
  const later = { ...release, positionId: `${ENTRY_ID}-later` };
  assertEquals(find(putRelease(ledger, later, RELEASED)), [[later], 0]);
  // What was bought since says that the released shares were gone.
  const bought = { ...ENTRY, timestamp: `${TODAY}T19:00:00.000Z`, clientOrderId: later.positionId };
  assertEquals(find(liveLedger([ENTRY, bought])), [[], 1]);
});

Deno.test("rebuildState() takes in no entry whose position the copy has seen end", () => {
  const ended = { ...COPY, positions: [], alerted: { [`closed:${ENTRY_ID}`]: TODAY } };
  assertEquals([rebuilt([ENTRY], [], ended), rebuilt([ENTRY])?.symbol], [undefined, "SPY"]);
});

Deno.test("rebuildState() makes an adopted position of its first stop's record, for as many as that was for", () => {
  const positionId = `avwap-${TODAY}-SPY-adopted-${(9_000).toString(36)}`;
  const stop = (facts: Partial<LedgerEntry>) =>
    sold("stop", { positionId, pivotUsd: 101, r1Usd: 105, r2Usd: 111, stopUsd: 95, ...facts });
  const first = stop({ qty: 10, status: "rejected" });
  const found = rebuilt([first, stop({ clientOrderId: `${positionId}-stop-2`, qty: 5 })]);
  assertObjectMatch(found ?? {}, { positionId, adoptedQty: 10, openedAtMs: 9_000, stopUsd: 95 });
  assertEquals(rebuilt([{ ...first, pivotUsd: null }]), undefined);
});

Deno.test("rebuildState() leaves beside an adopted position the part of a share that its records name, whatever is held by now", () => {
  const positionId = `avwap-${TODAY}-SPY-adopted-${(9_000).toString(36)}`;
  const besideOf = (besideQty: number | null) => {
    const facts = { positionId, pivotUsd: 101, r1Usd: 105, r2Usd: 111, stopUsd: 95, qty: 10 };
    return rebuilt([sold("stop", { ...facts, besideQty })])?.besideQty;
  };
  assertEquals([besideOf(0.5), besideOf(0), besideOf(null)], [0.5, 0, 0]);
});

const stops: {
  readonly when: string;
  readonly sells: readonly LedgerEntry[];
  readonly orders: readonly BrokerOrder[];
  readonly stopUsd: number;
}[] = [
  { when: "a stop of ours works at the broker", sells: [], orders: [stopOrder()], stopUsd: 103 },
  {
    when: "a leg of ours was raised at the broker",
    sells: [],
    orders: [brokerOrder({ status: "filled", legs: [stopOrder({ replaces: "s-0" })] })],
    stopUsd: 103,
  },
  {
    when: "the stop at the broker has ended, for a stop never falls",
    sells: [],
    orders: [stopOrder({ status: "canceled" })],
    stopUsd: 103,
  },
  {
    when: "the broker rejected the stop",
    sells: [],
    orders: [stopOrder({ status: "rejected" })],
    stopUsd: 95,
  },
  {
    when: "a hand had set the price, and the engine put it there again",
    sells: [],
    orders: [stopOrder(), stopOrder({ orderId: "s-2", clientOrderId: "by-hand", replaces: "s-0" })],
    stopUsd: 95,
  },
  {
    when: "the stop at the broker is somebody else's",
    sells: [],
    orders: [stopOrder({ clientOrderId: "by-hand" })],
    stopUsd: 95,
  },
  {
    when: "the stop at the broker is another position's",
    sells: [],
    orders: [stopOrder({ clientOrderId: "avwap-other-stop-1" })],
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
  Deno.test(`rebuildState() has the stop at ${stopUsd} when ${when}`, () => {
    assertEquals(rebuilt([ENTRY, ...sells], orders)?.stopUsd, stopUsd);
  });
}

Deno.test("rebuildState() makes no stop of what was paid, where a trimmed entry has no pivot", () => {
  const position = rebuilt([{ ...ENTRY, pivotUsd: null }, sold("r1_trim")]);
  assertObjectMatch(position ?? {}, { stopUsd: 95, isTrimmedR1: true });
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
    sell: sold("r1_trim", { status: "rejected", broker: null }),
    isR1: false,
    isR2: false,
  },
  { when: "a stop filled", sell: sold("stop_exit"), isR1: false, isR2: false },
];
for (const { when, sell, isR1, isR2 } of trims) {
  Deno.test(`rebuildState() knows which trims are done when ${when}`, () => {
    const position = rebuilt([ENTRY, sell]);
    assertObjectMatch(position ?? {}, { isTrimmedR1: isR1, isTrimmedR2: isR2 });
  });
}

/** The ledger that is made of what is left. */
function rebuiltLedger(left: Partial<LeftLedgers>) {
  return rebuildLedger({
    ledgers: [],
    orders: [],
    todayNy: TODAY,
    account: { host: "paper", accountId: "a" },
    mismatches: null,
    ...left,
  });
}

Deno.test("rebuildLedger() keeps, adds, and begins the count of mismatches anew", () => {
  const kept = { ...ENTRY, clientOrderId: `${ENTRY_ID}-older`, orderId: "gone" };
  const order = brokerOrder({ clientOrderId: ENTRY_ID });
  const present = { ...liveLedger([kept]), mismatches: 2 };
  const ledger = rebuiltLedger({ ledgers: [present], orders: [order] });
  assertEquals(ledger.mismatches, 0);
  const ids = ledger.entries.map((each) => each.clientOrderId);
  assertEquals(ids.toSorted(), [ENTRY_ID, kept.clientOrderId]);
  assertEquals([ledger.host, ledger.accountId], ["paper", "a"]);
  assertEquals(rebuiltLedger({ ledgers: [present], mismatches: 1 }).mismatches, 2);
});

Deno.test("rebuildLedger() carries over only what an earlier day left unsettled, and uses no day still to come", () => {
  const pending = { ...ENTRY, status: "pending", clientOrderId: `${ENTRY_ID}p` } as const;
  const past = liveLedger([pending, ENTRY], "2026-01-16");
  const ahead = liveLedger([ENTRY], "2099-01-04");
  for (const ledgers of [[past], [ahead, past]]) {
    const ledger = rebuiltLedger({ ledgers });
    assertEquals([ledger.dateNy, ledger.entries.map((each) => each.clientOrderId)], [TODAY, [
      `${ENTRY_ID}p`,
    ]]);
  }
  assertEquals(rebuiltLedger({ ledgers: [ahead] }).entries, []);
});

Deno.test("rebuildState() raises no stop by one of which nobody knows that it left", () => {
  const unsent = { stopUsd: 106, orderId: null, broker: null } as const;
  for (const status of ["pending", "unknown", "rejected"] as const) {
    assertEquals(rebuilt([ENTRY, sold("stop", { ...unsent, status })])?.stopUsd, 95);
    const positionId = `avwap-${TODAY}-SPY-adopted-${(9_000).toString(36)}`;
    const plan = { positionId, pivotUsd: 101, r1Usd: 105, r2Usd: 111 };
    const first = sold("stop", { ...plan, stopUsd: 95 });
    const clientOrderId = `${positionId}-stop-2`;
    const next = sold("stop", { ...plan, ...unsent, clientOrderId, status });
    assertEquals(rebuilt([first, next])?.stopUsd, 95);
  }
});

const COPIED: EngineState = {
  ...EMPTY_STATE,
  ledger: liveLedger([ENTRY]),
  positions: [managedPosition()],
};
const RELEASED_SPY = { symbol: "SPY", positionId: ENTRY_ID, releasedAtMs: 1 };
const copies: {
  readonly what: string;
  readonly change: Partial<EngineState>;
  readonly isNew: boolean;
}[] = [
  { what: "a new day", change: { ledger: liveLedger([ENTRY], "2026-01-21") }, isNew: true },
  {
    what: "a mismatch",
    change: { ledger: { ...liveLedger([ENTRY]), mismatches: 1 } },
    isNew: true,
  },
  { what: "an owner", change: { host: "h", accountId: "a" }, isNew: true },
  {
    what: "a position more",
    change: { positions: [...COPIED.positions, managedPosition({ positionId: "p-2" })] },
    isNew: true,
  },
  { what: "a position released", change: { positions: [], released: [RELEASED_SPY] }, isNew: true },
  { what: "a position ended", change: { positions: [] }, isNew: true },
  {
    what: "the day's loss at its limit",
    change: { dayLoss: { dateNy: TODAY, reachedAtMs: 1, resultUsd: -2, limitUsd: 1 } },
    isNew: true,
  },
  { what: "an order more", change: { ledger: liveLedger([ENTRY, sold("trim_r1")]) }, isNew: false },
  {
    what: "another high",
    change: { positions: [managedPosition({ highWaterUsd: 120 })] },
    isNew: false,
  },
];
for (const { what, change, isNew } of copies) {
  Deno.test(`describeCopy() of a document with ${what} asks for ${isNew ? "a new copy" : "none"}`, () => {
    assertEquals(describeCopy({ ...COPIED, ...change }) !== describeCopy(COPIED), isNew);
  });
}
