import fc from "fast-check";
import type { LedgerEntry } from "../../../src/domain/order/ledger.ts";
import type { BrokerOrder } from "../../../src/domain/order/orders.ts";
import { readReason } from "../../../src/domain/order/client_order_id.ts";
import {
  buildEmptyLedger,
  buildEntryOfOrder,
  reconcile,
  startNewDay,
} from "../../../src/domain/order/reconcile.ts";
import { checkLedger } from "../../../src/state/ledger_rules.ts";
import { assert, assertEquals, assertObjectMatch } from "../../assert.ts";
import { brokerOrder, ledgerEntry, liveLedger, TODAY } from "../fixtures.ts";

const ENTRY_ID = `avwap-${TODAY}-SPY-mk0000`;
const STOP_ID = `${ENTRY_ID}-stop-1`;
const SUBMITTED_MS = Date.parse(`${TODAY}T17:00:00.000Z`);

Deno.test("reconcile() counts an order under the id of an entry that never left as another engine's", () => {
  const unsent = { status: "rejected", reason: "not sent" } as const;
  const never = reconcile(liveLedger([ledgerEntry(unsent)]), [brokerOrder()]);
  assertEquals([never.ledger.mismatches, never.ledger.entries.length], [1, 1]);
  assertEquals(never.mismatched.map((entry) => [entry.clientOrderId, entry.status]), [
    [ENTRY_ID, "accepted"],
  ]);
  // It could not be found after a lost answer, so it may have left: the broker was late.
  const late = ledgerEntry({ ...unsent, notFoundSinceMs: SUBMITTED_MS });
  const found = reconcile(liveLedger([late]), [brokerOrder()]);
  assertEquals([found.ledger.mismatches, found.mismatched.length], [0, 0]);
  assertEquals(found.ledger.entries[0]?.status, "accepted");
});

function stop(facts: Partial<BrokerOrder> = {}): BrokerOrder {
  return brokerOrder({
    orderId: "b-2",
    clientOrderId: STOP_ID,
    side: "sell",
    type: "stop",
    orderClass: "",
    timeInForce: "gtc",
    stopPriceUsd: 95,
    submittedAtMs: SUBMITTED_MS,
    ...facts,
  });
}

function stopEntry(facts: Partial<LedgerEntry> = {}): LedgerEntry {
  return ledgerEntry({
    clientOrderId: STOP_ID,
    orderId: "b-2",
    side: "sell",
    reason: "stop",
    positionId: ENTRY_ID,
    attempt: 1,
    stopUsd: 95,
    ...facts,
  });
}

function trimEntry(status: string): LedgerEntry {
  const broker = { status, filledQty: 0, filledAvgPriceUsd: null, updatedAtMs: 1 };
  return stopEntry({ reason: "r1_trim", stopUsd: null, broker });
}

const LEGS = [
  brokerOrder({
    orderId: "l-1",
    clientOrderId: "leg-1",
    side: "sell",
    type: "limit",
    limitPriceUsd: 111,
  }),
  brokerOrder({
    orderId: "l-2",
    clientOrderId: "leg-2",
    side: "sell",
    type: "stop",
    stopPriceUsd: 95,
  }),
];

Deno.test("reconcile() takes over what the broker says, and counts no mismatch", () => {
  const ledger = liveLedger([ledgerEntry({ status: "pending" })]);
  const order = brokerOrder({ status: "filled", filledQty: 10, filledAvgPriceUsd: 100.5 });
  const result = reconcile(ledger, [order]);
  assertObjectMatch(result, { isChanged: true, mismatched: [], missing: [] });
  assertObjectMatch(result.ledger.entries[0] ?? {}, {
    status: "accepted",
    orderId: "b-1",
    broker: { status: "filled", filledQty: 10, filledAvgPriceUsd: 100.5 },
  });
  assertEquals(result.ledger.mismatches, 0);
});

Deno.test("reconcile() changes nothing the second time", () => {
  const first = reconcile(liveLedger([ledgerEntry({ status: "unknown" })]), [
    brokerOrder({ legs: LEGS }),
  ]);
  const second = reconcile(first.ledger, [brokerOrder({ legs: LEGS })]);
  assertEquals(second.isChanged, false);
  assertEquals(second.ledger, first.ledger);
  assert(second.ledger.entries[0] === first.ledger.entries[0]);
});

const updates: { readonly what: string; readonly change: Partial<BrokerOrder> }[] = [
  { what: "status", change: { status: "canceled" } },
  { what: "fill", change: { filledQty: 1 } },
  { what: "average price", change: { filledAvgPriceUsd: 100 } },
  { what: "time of change", change: { updatedAtMs: 3_000 } },
  { what: "order id", change: { orderId: "b-9" } },
  { what: "legs", change: { legs: LEGS } },
  { what: "rejection", change: { status: "rejected" } },
];
for (const { what, change } of updates) {
  Deno.test(`reconcile() sees a changed ${what}`, () => {
    const before = reconcile(liveLedger([ledgerEntry()]), [brokerOrder()]);
    const after = reconcile(before.ledger, [brokerOrder(change)]);
    assertEquals(after.isChanged, true);
    assertEquals(after.mismatched, []);
  });
}

Deno.test("reconcile() lets the broker's view replace a rejection, and ends a not-found count", () => {
  const past = ledgerEntry({ status: "rejected", reason: "not sent", notFoundSinceMs: 5 });
  const { ledger, isChanged } = reconcile(liveLedger([past]), [brokerOrder()]);
  assertEquals(isChanged, true);
  assertObjectMatch(ledger.entries[0] ?? {}, {
    status: "accepted",
    reason: null,
    notFoundSinceMs: null,
  });
});

Deno.test("reconcile() hands over what the broker does not list, untouched", () => {
  const entries = [
    ledgerEntry({ status: "pending" }),
    ledgerEntry({ clientOrderId: null, orderId: "old-1" }),
    ledgerEntry({ clientOrderId: null }),
  ];
  const result = reconcile(liveLedger(entries), []);
  assertEquals(result.missing, entries);
  assertEquals(result.ledger.entries, entries);
  assertEquals([result.isChanged, result.mismatched.length], [false, 0]);
});

Deno.test("reconcile() finds an entry of the old format by its order id", () => {
  const old = ledgerEntry({ clientOrderId: null, orderId: "b-1" });
  const order = brokerOrder({ clientOrderId: "made-up-by-the-old-one" });
  const result = reconcile(liveLedger([old]), [order]);
  assertEquals(result.missing, []);
  assertEquals(result.ledger.entries.length, 1);
  assertEquals(result.ledger.entries[0]?.broker?.status, "new");
});

Deno.test("reconcile() adds an order of ours that the ledger lacks, and counts one mismatch", () => {
  const orders = [brokerOrder({ legs: LEGS }), stop()];
  const result = reconcile(liveLedger([]), orders);
  assertEquals(result.isChanged, true);
  assertEquals(result.ledger.mismatches, 1);
  assertEquals(result.mismatched.map((entry) => entry.clientOrderId), [ENTRY_ID, STOP_ID]);
  assertEquals(result.ledger.entries, result.mismatched);
});

const foreign: { readonly what: string; readonly orders: readonly BrokerOrder[] }[] = [
  { what: "somebody else's order", orders: [brokerOrder({ clientOrderId: "by-hand" })] },
  {
    what: "what replaces somebody else's order",
    orders: [stop({ clientOrderId: "x", replaces: "z" })],
  },
  {
    what: "somebody else's chain of replacements",
    orders: [
      stop({ orderId: "r-1", clientOrderId: "x", replaces: "r-2" }),
      stop({ orderId: "r-2", clientOrderId: "y", replaces: "r-1" }),
    ],
  },
];
for (const { what, orders } of foreign) {
  Deno.test(`reconcile() records nothing of ${what}`, () => {
    const result = reconcile(liveLedger([]), orders);
    assertEquals([result.ledger.entries.length, result.ledger.mismatches], [0, 0]);
    assertEquals(result.isChanged, false);
  });
}

Deno.test("reconcile() records flatten's orders without calling them a mismatch", () => {
  const order = stop({ clientOrderId: "avwap-flatten-2026-SPY", type: "market" });
  const result = reconcile(liveLedger([]), [order]);
  assertEquals(result.isChanged, true);
  assertEquals(result.mismatched, []);
  assertEquals(result.ledger.mismatches, 0);
  assertEquals(result.ledger.entries[0]?.clientOrderId, "avwap-flatten-2026-SPY");
});

Deno.test("reconcile() adds no leg by itself, whoever named it", () => {
  const legs = LEGS.map((leg) => ({ ...leg, clientOrderId: `avwap-${leg.clientOrderId}` }));
  const entry = ledgerEntry();
  const result = reconcile(liveLedger([entry]), [brokerOrder({ legs }), ...legs]);
  assertEquals([result.ledger.entries.length, result.mismatched.length], [1, 0]);
});

Deno.test("reconcile() adds the replacement of a leg that the ledger lacks, though it stands under its parent", () => {
  const legs = LEGS.map((leg) => ({
    ...leg,
    clientOrderId: `${ENTRY_ID}-stop-1`,
    replaces: "l-0",
  })).slice(0, 1);
  const result = reconcile(liveLedger([ledgerEntry()]), [brokerOrder({ legs })]);
  assertEquals(result.mismatched.map((entry) => entry.clientOrderId), [`${ENTRY_ID}-stop-1`]);
});

Deno.test("reconcile() takes what replaced our order at the broker for ours", () => {
  const replaced = stop({ status: "replaced", replacedBy: "b-3" });
  const byHand = stop({
    orderId: "b-3",
    clientOrderId: "made-up-1",
    replaces: "b-2",
    stopPriceUsd: 98,
  });
  const again = stop({ orderId: "b-4", clientOrderId: "made-up-2", replaces: "b-3" });
  const result = reconcile(liveLedger([stopEntry()]), [again, byHand, replaced]);
  assertEquals([result.mismatched, result.ledger.mismatches], [[], 0]);
  assertEquals(result.replacements.map((entry) => entry.clientOrderId), ["made-up-2", "made-up-1"]);
  assertObjectMatch(result.replacements[1] ?? {}, {
    replaces: "b-2",
    stopUsd: 98,
    reason: "stop",
    positionId: ENTRY_ID,
    status: "accepted",
  });
  assertObjectMatch(result.replacements[0] ?? {}, { reason: "stop", attempt: 1 });
  const next = reconcile(result.ledger, [again, byHand, replaced]);
  assertEquals([next.isChanged, next.replacements.length], [false, 0]);
});

Deno.test("reconcile() takes what replaced a leg of ours for ours", () => {
  const entry = ledgerEntry({
    legs: [{ orderId: "l-2", clientOrderId: "leg-2", type: "stop" }],
  });
  const orders = [brokerOrder({ legs: LEGS }), stop({ clientOrderId: "made-up", replaces: "l-2" })];
  const result = reconcile(liveLedger([entry]), orders);
  assertEquals([result.mismatched, result.ledger.mismatches], [[], 0]);
  assertEquals(result.replacements.map((each) => each.clientOrderId), ["made-up"]);
  assertObjectMatch(result.replacements[0] ?? {}, {
    reason: "stop",
    positionId: ENTRY_ID,
    attempt: null,
    replaces: "l-2",
  });
});

/** A hand's or the broker's order, with an id of its own. */
function theirs(orderId: string, facts: Partial<BrokerOrder> = {}): BrokerOrder {
  return stop({ orderId, clientOrderId: `id-of-${orderId}`, ...facts });
}

const LEG_ENTRY = ledgerEntry({
  status: "accepted",
  legs: [
    { orderId: "l-1", clientOrderId: "leg-1", type: "limit" },
    { orderId: "l-2", clientOrderId: "leg-2", type: "stop" },
  ],
});

const replacements: {
  readonly what: string;
  readonly today: readonly LedgerEntry[];
  readonly past: readonly LedgerEntry[];
  readonly orders: readonly BrokerOrder[];
  readonly reason: string | null;
}[] = [
  {
    what: "a stop of another day",
    today: [],
    past: [stopEntry()],
    orders: [theirs("b-9", { replaces: "b-2" })],
    reason: "stop",
  },
  {
    what: "a leg of another day",
    today: [],
    past: [LEG_ENTRY],
    orders: [theirs("b-9", { replaces: "l-2" })],
    reason: "stop",
  },
  {
    what: "a take-profit leg",
    today: [],
    past: [LEG_ENTRY],
    orders: [theirs("b-9", { replaces: "l-1", type: "limit", stopPriceUsd: null })],
    reason: null,
  },
  {
    what: "a stop that alone says by what it was replaced",
    today: [stopEntry()],
    past: [],
    orders: [stop({ status: "replaced", replacedBy: "b-9" }), theirs("b-9")],
    reason: "stop",
  },
  {
    what: "a stop by a chain whose middle is not listed",
    today: [stopEntry()],
    past: [],
    orders: [
      stop({ status: "replaced", replacedBy: "b-8" }),
      theirs("b-9", { replaces: "b-8" }),
    ],
    reason: "stop",
  },
  {
    what: "a stop by a chain, newest first",
    today: [stopEntry()],
    past: [],
    orders: [
      theirs("b-9", { replaces: "b-8" }),
      theirs("b-8", { replaces: "b-7", status: "replaced" }),
      theirs("b-7", { replaces: "b-2", status: "replaced" }),
    ],
    reason: "stop",
  },
];
for (const { what, today, past, orders, reason } of replacements) {
  Deno.test(`reconcile() takes what replaced ${what} for ours, without a mismatch`, () => {
    const result = reconcile(liveLedger(today), orders, past);
    assertEquals([result.mismatched, result.ledger.mismatches], [[], 0]);
    const added = result.replacements.find((entry) => entry.orderId === "b-9");
    assertEquals([added?.reason, added?.positionId], [reason, ENTRY_ID]);
    assert(added !== undefined && added.replaces !== null);
    assertEquals(reconcile(result.ledger, orders, past).isChanged, false);
  });
}

for (const status of ["new", "filled", "canceled", "rejected", "unheard_of"]) {
  for (const side of ["buy", "sell"] as const) {
    Deno.test(`reconcile() calls a ${side} under our prefix that is ${status} and on no record a mismatch`, () => {
      const order = brokerOrder({ orderId: "b-7", clientOrderId: "avwap-x-1", side, status });
      const result = reconcile(liveLedger([]), [order]);
      assertEquals([result.mismatched.length, result.ledger.mismatches], [1, 1]);
      assertEquals(result.replacements, []);
    });
  }
}

Deno.test("reconcile() takes what came in the place of our order under its own name for ours, and counts it once", () => {
  const heir = stop({ orderId: "b-3", replaces: "b-2", stopPriceUsd: 97 });
  const orders = [stop({ status: "replaced", replacedBy: "b-3" }), heir];
  const first = reconcile(liveLedger([stopEntry()]), orders);
  assertEquals([first.ledger.mismatches, first.mismatched], [0, []]);
  assertEquals(first.replacements.map(({ orderId }) => orderId), ["b-3"]);
  const added = first.ledger.entries.at(-1);
  assertEquals([added?.clientOrderId, added?.positionId, added?.reason], [null, ENTRY_ID, "stop"]);
  const second = reconcile(first.ledger, orders);
  assertEquals([second.isChanged, second.ledger.entries.length], [false, 2]);
  // A name that comes again beside its order, in nobody's place, is another engine's.
  const beside = reconcile(liveLedger([stopEntry()]), [stop(), stop({ orderId: "b-3" })]);
  assertEquals(beside.ledger.mismatches, 1);
});

Deno.test("reconcile() counts what a hand put in the place of the old pipeline's order", () => {
  const old = ledgerEntry({ clientOrderId: null, orderId: "b-9", notionalUsd: 150 });
  const orders = [
    brokerOrder({ orderId: "b-9", clientOrderId: "theirs", status: "replaced" }),
    brokerOrder({
      orderId: "b-10",
      clientOrderId: "by-hand",
      replaces: "b-9",
      qty: 20,
      limitPriceUsd: 51,
      filledAvgPriceUsd: null,
      legs: [],
    }),
  ];
  const { ledger, mismatched } = reconcile(liveLedger([old]), orders);
  assertEquals(ledger.entries.map((entry) => entry.notionalUsd), [150, 1020]);
  assertEquals([mismatched, ledger.mismatches], [[], 0]);
});

Deno.test("reconcile() records a replacement and an old entry whose orders come without a name", () => {
  const heir = stop({ orderId: "b-3", clientOrderId: "", replaces: "b-2" });
  const old = ledgerEntry({ clientOrderId: null, orderId: "b-9" });
  const nameless = brokerOrder({ orderId: "b-9", clientOrderId: "" });
  const { ledger } = reconcile(liveLedger([stopEntry(), old]), [stop(), heir, nameless]);
  assertEquals(checkLedger(ledger), null);
  assertEquals(ledger.entries.map((entry) => [entry.orderId, entry.clientOrderId]), [
    ["b-2", STOP_ID],
    ["b-9", null],
    ["b-3", null],
  ]);
  assertEquals(ledger.mismatches, 0);
});

Deno.test("reconcile() calls a replacement under our prefix that no record has another engine's", () => {
  const orders = [
    stop({ status: "replaced", replacedBy: "b-3" }),
    stop({ orderId: "b-3", clientOrderId: `${ENTRY_ID}-stop-2`, replaces: "b-2" }),
  ];
  const result = reconcile(liveLedger([stopEntry()]), orders);
  assertEquals(result.mismatched.map((entry) => entry.clientOrderId), [`${ENTRY_ID}-stop-2`]);
  assertEquals(result.ledger.mismatches, 1);
});

Deno.test("reconcile() takes an order that an earlier day's records have for no mismatch, whenever the broker dates it", () => {
  const result = reconcile(liveLedger([]), [stop()], [stopEntry()]);
  assertEquals([result.mismatched, result.ledger.mismatches], [[], 0]);
  assertEquals(result.ledger.entries.map((entry) => entry.clientOrderId), [STOP_ID]);
  const never = stopEntry({ status: "rejected", reason: "not sent", orderId: null });
  assertEquals(reconcile(liveLedger([]), [stop()], [never]).ledger.mismatches, 1);
});

Deno.test("reconcile() counts one mismatch for a cycle, whatever the number of orders", () => {
  const ledger = { ...liveLedger([]), mismatches: 1 };
  assertEquals(reconcile(ledger, [brokerOrder(), stop()]).ledger.mismatches, 2);
});

Deno.test("reconcile() never loses an entry, and is at rest after one pass", () => {
  const ids = fc.uniqueArray(fc.integer({ min: 0, max: 12 }), { maxLength: 8 });
  const statuses = fc.constantFrom("new", "filled", "rejected", "canceled", "unheard_of");
  fc.assert(fc.property(ids, ids, statuses, (recorded, shown, status) => {
    const entries = recorded.map((id) => ledgerEntry({ clientOrderId: `avwap-${id}` }));
    const orders = shown.map((id) =>
      brokerOrder({ orderId: `b-${id}`, clientOrderId: `avwap-${id}`, status })
    );
    const result = reconcile(liveLedger(entries), orders);
    const names = result.ledger.entries.map((entry) => entry.clientOrderId);
    assertEquals(new Set(names), new Set([...recorded, ...shown].map((id) => `avwap-${id}`)));
    assertEquals(names.length, new Set(names).size);
    assertEquals(result.missing.length, recorded.filter((id) => !shown.includes(id)).length);
    assertEquals(result.mismatched.length, shown.filter((id) => !recorded.includes(id)).length);
    assertEquals(reconcile(result.ledger, orders).isChanged, false);
  }));
});

Deno.test("buildEntryOfOrder() reads a sell's position, reason and attempt from its id", () => {
  assertObjectMatch(buildEntryOfOrder(stop({ clientOrderId: `${ENTRY_ID}-stop-12` })), {
    side: "sell",
    reason: "stop",
    positionId: ENTRY_ID,
    attempt: 12,
    stopUsd: 95,
    timestamp: `${TODAY}T17:00:00.000Z`,
    replaces: null,
  });
});

Deno.test("buildEntryOfOrder() reads an entry's plan from its legs", () => {
  assertObjectMatch(buildEntryOfOrder(brokerOrder({ legs: LEGS })), {
    side: "buy",
    qty: 10,
    reason: null,
    positionId: null,
    attempt: null,
    stopUsd: 95,
    r2Usd: 111,
    status: "accepted",
  });
});

const notionals: {
  readonly when: string;
  readonly order: Partial<BrokerOrder>;
  readonly usd: number;
}[] = [
  { when: "it filled", order: { filledAvgPriceUsd: 100, legs: LEGS }, usd: 1000 },
  { when: "only its target names a price", order: { legs: LEGS }, usd: 1110 },
  { when: "it has a limit", order: { limitPriceUsd: 120, legs: LEGS }, usd: 1200 },
  { when: "it names no price", order: {}, usd: 0 },
  {
    when: "it was for an amount, and filled",
    order: { qty: null, filledQty: 2.5, filledAvgPriceUsd: 100 },
    usd: 250,
  },
];
for (const { when, order, usd } of notionals) {
  Deno.test(`buildEntryOfOrder() counts ${usd} USD when ${when}`, () => {
    assertEquals(buildEntryOfOrder(brokerOrder(order)).notionalUsd, usd);
  });
}

const reasons: { readonly id: string; readonly is: string | null }[] = [
  { id: `${ENTRY_ID}-r1_trim-1`, is: "r1_trim" },
  { id: `${ENTRY_ID}-r2_trim-2`, is: "r2_trim" },
  { id: `${ENTRY_ID}-stop_exit-3`, is: "stop_exit" },
  { id: `${ENTRY_ID}-stop-999999`, is: "stop" },
  { id: `avwap-${TODAY}-SPY-adopted-mk0000-stop-1`, is: "stop" },
  { id: `${ENTRY_ID}-stop-1234567`, is: null },
  { id: `${ENTRY_ID}-stop-x`, is: null },
  { id: `${ENTRY_ID}-take_profit-1`, is: null },
  { id: "avwap-flatten-2026-11-23-SPY", is: null },
  { id: ENTRY_ID, is: null },
];
for (const { id, is } of reasons) {
  Deno.test(`readReason() is ${is} for ${id}`, () => assertEquals(readReason(id), is));
}

Deno.test("buildEntryOfOrder() has no reason for a sell of ours with an id of another form", () => {
  const entry = buildEntryOfOrder(stop({ clientOrderId: "avwap-flatten-1" }));
  assertEquals([entry.reason, entry.positionId, entry.attempt], [null, null, null]);
});

const carried: { readonly what: string; readonly entry: LedgerEntry; readonly is: boolean }[] = [
  { what: "a pending entry", entry: ledgerEntry({ status: "pending" }), is: true },
  { what: "an unknown entry", entry: ledgerEntry({ status: "unknown" }), is: true },
  { what: "an unknown stop", entry: stopEntry({ status: "unknown" }), is: true },
  { what: "an accepted entry", entry: ledgerEntry(), is: false },
  { what: "a rejected entry", entry: ledgerEntry({ status: "rejected" }), is: false },
  { what: "a resting stop", entry: stopEntry(), is: false },
  { what: "a trim last seen at work", entry: trimEntry("new"), is: true },
  { what: "a trim that ended", entry: trimEntry("filled"), is: false },
  {
    what: "a trim that was rejected",
    entry: stopEntry({ reason: "r1_trim", status: "rejected" }),
    is: false,
  },
  {
    what: "an entry that nobody can look up",
    entry: ledgerEntry({ clientOrderId: null, status: "unknown" }),
    is: false,
  },
];
for (const { what, entry, is } of carried) {
  Deno.test(`startNewDay() ${is ? "carries" : "leaves behind"} ${what}`, () => {
    const past = { ...liveLedger([entry], "2026-01-16"), mismatches: 1, host: "h", accountId: "a" };
    const ledger = startNewDay(past, TODAY);
    assertEquals(ledger.entries, is ? [entry] : []);
    assertObjectMatch(ledger, { dateNy: TODAY, mismatches: 0, host: "h", accountId: "a" });
  });
}

Deno.test("buildEmptyLedger() is nobody's yet", () => {
  assertEquals(buildEmptyLedger(TODAY), liveLedger([]));
});
