import fc from "fast-check";
import {
  accountPosition,
  isUnchanged,
  isWithinLag,
  listFillHistories,
  listHoldings,
  type PositionChange,
  type PositionEvidence,
} from "../../../src/domain/account/position_account.ts";
import type { BrokerOrder, BrokerPosition } from "../../../src/domain/order/orders.ts";
import type { ManagedPosition } from "../../../src/domain/account/engine_state.ts";
import { assert, assertEquals, assertFalse } from "../../assert.ts";
import { brokerOrder } from "../fixtures.ts";
import { heldPosition, managedPosition } from "../position_fixtures.ts";

const BOUGHT = brokerOrder({ status: "filled", filledQty: 10 });

function sell(orderId: string, facts: Partial<BrokerOrder> = {}): BrokerOrder {
  return brokerOrder({
    orderId,
    clientOrderId: `x-${orderId}`,
    side: "sell",
    orderClass: "",
    status: "filled",
    qty: 5,
    filledQty: 5,
    ...facts,
  });
}

const NO_FILLS = { boughtQty: 0, soldQty: 0 };

function explain(
  change: Partial<ManagedPosition>,
  held: Partial<BrokerPosition> | null,
  orders: readonly BrokerOrder[],
  entry: PositionEvidence["entry"] = "over",
): PositionChange {
  return accountPosition(
    managedPosition(change),
    held === null ? undefined : heldPosition(held),
    {
      holdings: listHoldings(
        orders,
        { oursQty: change.adoptedQty ?? 0, handQty: 0 },
        ({ clientOrderId }) => !clientOrderId.startsWith("by-hand"),
      ),
      recent: NO_FILLS,
      entry,
    },
  );
}

Deno.test("listFillHistories() sums what the broker says of each order, by side", () => {
  const orders = [BOUGHT, sell("s-1"), sell("s-2", { filledQty: 2, status: "canceled" })];
  const both = { boughtQty: 10, soldQty: 7 };
  assertEquals(listFillHistories(orders), [both, both]);
});

Deno.test("listFillHistories() reads a replaced order's fills both ways", () => {
  const old = sell("s-1", { status: "replaced", filledQty: 2 });
  const carried = sell("s-2", { replaces: "s-1", filledQty: 5 });
  assertEquals(listFillHistories([BOUGHT, old, carried]), [
    { boughtQty: 10, soldQty: 5 },
    { boughtQty: 10, soldQty: 7 },
  ]);
});

const replacements: {
  readonly what: string;
  readonly next: Partial<BrokerOrder>;
  readonly denied: boolean[];
}[] = [
  { what: "for as many shares in all", next: { qty: 5, filledQty: 2 }, denied: [false, true] },
  { what: "for what was left", next: { qty: 3, filledQty: 3 }, denied: [true, false] },
  {
    what: "with less filled than the old one",
    next: { qty: 9, filledQty: 1 },
    denied: [true, false],
  },
  {
    what: "for another number, with more filled",
    next: { qty: 9, filledQty: 4 },
    denied: [false, false],
  },
  { what: "rejected", next: { qty: 5, filledQty: 0, status: "rejected" }, denied: [true, false] },
];
for (const { what, next, denied } of replacements) {
  Deno.test(`listHoldings() tells which reading is wrong by a replacement ${what}`, () => {
    const old = sell("s-1", { status: "replaced", filledQty: 2 });
    const holdings = listHoldings(
      [BOUGHT, old, sell("s-2", { replaces: "s-1", ...next })],
      { oursQty: 0, handQty: 0 },
      () => true,
    );
    assertEquals(holdings.map(({ isDenied }) => isDenied), denied);
  });
}

Deno.test("listFillHistories() makes nothing of no orders", () => {
  assertEquals(listFillHistories([]), [
    { boughtQty: 0, soldQty: 0 },
    { boughtQty: 0, soldQty: 0 },
  ]);
});

const changed: { readonly when: string; readonly change: Partial<ManagedPosition> }[] = [
  { when: "its quantity was never seen", change: { qty: null } },
  { when: "nothing was filled yet", change: { qty: 0 } },
  { when: "another quantity was seen", change: { qty: 9 } },
  { when: "the last look could not explain it", change: { unexplainedQty: 20 } },
];
for (const { when, change } of changed) {
  Deno.test(`isUnchanged() has the broker's orders asked when ${when}`, () => {
    assertFalse(isUnchanged(managedPosition(change), heldPosition()));
  });
}

Deno.test("isUnchanged() holds for the same shares, and never for an absent symbol", () => {
  assert(isUnchanged(managedPosition(), heldPosition()));
  assertFalse(isUnchanged(managedPosition(), undefined));
  assertFalse(isUnchanged(managedPosition({ qty: 0 }), heldPosition({ qty: 0 })));
});

const cases: {
  readonly when: string;
  readonly change: Partial<ManagedPosition>;
  readonly held: Partial<BrokerPosition> | null;
  readonly orders: readonly BrokerOrder[];
  readonly entry?: PositionEvidence["entry"];
  readonly is: PositionChange;
}[] = [
  { when: "nothing changed", change: {}, held: {}, orders: [BOUGHT], is: { kind: "same" } },
  {
    when: "the entry filled",
    change: { qty: null },
    held: {},
    orders: [BOUGHT],
    is: { kind: "changed", qty: 10, costBasisUsd: 1000 },
  },
  {
    when: "the entry filled in part",
    change: { qty: null },
    held: { qty: 3, costBasisUsd: 300 },
    orders: [brokerOrder({ status: "partially_filled", filledQty: 3 })],
    entry: "working",
    is: { kind: "changed", qty: 3, costBasisUsd: 300 },
  },
  {
    when: "a trim filled",
    change: {},
    held: { qty: 5, costBasisUsd: 500 },
    orders: [BOUGHT, sell("s-1")],
    is: { kind: "changed", qty: 5, costBasisUsd: 500 },
  },
  {
    when: "a trim filled that a split came with",
    change: {},
    held: { qty: 10.5 },
    orders: [BOUGHT, sell("s-1")],
    is: { kind: "unexplained", qty: 10.5 },
  },
  {
    when: "somebody else bought more of an adopted position",
    change: { adoptedQty: 10 },
    held: { qty: 15, costBasisUsd: 1500 },
    orders: [brokerOrder({ clientOrderId: "by-hand", filledQty: 5 })],
    is: { kind: "changed", qty: 10, costBasisUsd: 1500 },
  },
  {
    when: "the shares doubled with no order behind it",
    change: {},
    held: { qty: 20 },
    orders: [BOUGHT],
    is: { kind: "unexplained", qty: 20 },
  },
  {
    when: "the shares halved with no order behind it",
    change: {},
    held: { qty: 5 },
    orders: [BOUGHT],
    is: { kind: "unexplained", qty: 5 },
  },
  {
    when: "the shares were halved and come back",
    change: { unexplainedQty: 5 },
    held: {},
    orders: [BOUGHT],
    is: { kind: "changed", qty: 10, costBasisUsd: 1000 },
  },
  {
    when: "it is short, even where the fills say so",
    change: {},
    held: { qty: -5 },
    orders: [BOUGHT, sell("s-1", { filledQty: 15 })],
    is: { kind: "unexplained", qty: -5 },
  },
  {
    when: "the broker shows it with 0 shares",
    change: {},
    held: { qty: 0 },
    orders: [BOUGHT, sell("s-1", { filledQty: 10 })],
    is: { kind: "unexplained", qty: 0 },
  },
  {
    when: "the sells account for all of it",
    change: {},
    held: null,
    orders: [BOUGHT, sell("s-1"), sell("s-2")],
    is: { kind: "gone" },
  },
  {
    when: "one of two readings of a replaced order accounts for all of it",
    change: {},
    held: null,
    orders: [
      BOUGHT,
      sell("s-1", { status: "replaced", qty: 10, filledQty: 4 }),
      sell("s-2", { replaces: "s-1", qty: 6, filledQty: 6 }),
    ],
    is: { kind: "gone" },
  },
  {
    when: "the sells account for all but one share",
    change: {},
    held: null,
    orders: [BOUGHT, sell("s-1", { filledQty: 9 })],
    is: { kind: "absent" },
  },
  {
    when: "no sell accounts for anything",
    change: {},
    held: null,
    orders: [BOUGHT],
    is: { kind: "absent" },
  },
  {
    when: "it is absent and its orders too",
    change: {},
    held: null,
    orders: [],
    is: { kind: "absent" },
  },
  {
    when: "an adopted position is absent without a sell",
    change: { adoptedQty: 10 },
    held: null,
    orders: [],
    is: { kind: "absent" },
  },
  {
    when: "an adopted position was sold",
    change: { adoptedQty: 10 },
    held: null,
    orders: [sell("s-1", { filledQty: 10 })],
    is: { kind: "gone" },
  },
  {
    when: "the fill is not in the positions yet",
    change: { qty: null },
    held: null,
    orders: [BOUGHT],
    is: { kind: "absent" },
  },
  {
    when: "it was bought and sold between two looks",
    change: { qty: null },
    held: null,
    orders: [BOUGHT, sell("s-1", { filledQty: 10 })],
    is: { kind: "gone" },
  },
  {
    when: "the entry works and nothing is filled",
    change: { qty: null },
    held: null,
    orders: [brokerOrder()],
    entry: "working",
    is: { kind: "waiting" },
  },
  {
    when: "what its entry, which still works, bought is sold",
    change: { qty: 3 },
    held: null,
    orders: [
      brokerOrder({ status: "partially_filled", filledQty: 3 }),
      sell("s-1", { filledQty: 3 }),
    ],
    entry: "working",
    is: { kind: "changed", qty: 0, costBasisUsd: 0 },
  },
  {
    when: "what its entry bought is sold, and the entry works on",
    change: { qty: 0 },
    held: null,
    orders: [
      brokerOrder({ status: "partially_filled", filledQty: 3 }),
      sell("s-1", { filledQty: 3 }),
    ],
    entry: "working",
    is: { kind: "waiting" },
  },
  {
    when: "the entry ended without a fill",
    change: { qty: null },
    held: null,
    orders: [brokerOrder({ status: "canceled" })],
    is: { kind: "never_filled" },
  },
  {
    when: "what was split is sold by the operator",
    change: { unexplainedQty: 20 },
    held: null,
    orders: [BOUGHT, sell("s-1", { filledQty: 20 })],
    is: { kind: "gone" },
  },
  {
    when: "what was split is sold in part",
    change: { unexplainedQty: 20 },
    held: null,
    orders: [BOUGHT, sell("s-1", { filledQty: 10 })],
    is: { kind: "absent" },
  },
  {
    when: "what was split before its first look is sold",
    change: { qty: null, unexplainedQty: 20 },
    held: null,
    orders: [BOUGHT, sell("s-1", { filledQty: 20 })],
    is: { kind: "gone" },
  },
  {
    when: "only sells from before a reverse split are there",
    change: { qty: 10, unexplainedQty: 5 },
    held: null,
    orders: [
      brokerOrder({ status: "filled", qty: 20, filledQty: 20 }),
      sell("s-1", { filledQty: 10 }),
    ],
    is: { kind: "absent" },
  },
  {
    when: "a quantity that no order explained was one from before its last sells",
    change: { qty: 0, unexplainedQty: 10, unexplainedSinceMs: 100_000 },
    held: null,
    orders: [BOUGHT, sell("s-1", { filledQty: 10, filledAtMs: 90_000 })],
    is: { kind: "gone" },
  },
  {
    when:
      "a hidden sell explains after all the fewer shares that were shown, and one answer is empty",
    change: { qty: 10, unexplainedQty: 5, unexplainedSinceMs: 100_000 },
    held: null,
    orders: [BOUGHT, sell("s-1", { filledQty: 5, filledAtMs: 99_600 })],
    is: { kind: "absent" },
  },
  {
    when: "a trim and a stop sold it while positions showed all of it",
    change: { qty: 5, unexplainedQty: 10, unexplainedSinceMs: 100_000 },
    held: null,
    orders: [
      BOUGHT,
      sell("s-1", { filledAtMs: 90_000 }),
      sell("s-2", { filledAtMs: 110_000 }),
    ],
    is: { kind: "gone" },
  },
  {
    when: "a split made up for an old trim, and as much as was left before it is sold",
    change: { qty: 5, unexplainedQty: 10, unexplainedSinceMs: 100_000 },
    held: null,
    orders: [
      BOUGHT,
      sell("s-1", { filledAtMs: 40_000 }),
      sell("s-2", { filledAtMs: 110_000 }),
    ],
    is: { kind: "absent" },
  },
  {
    when: "a trim from long before a reverse split is all that was sold, and one answer is empty",
    change: { qty: 10, unexplainedQty: 0.5, unexplainedSinceMs: 1_000_000 },
    held: null,
    orders: [BOUGHT, sell("s-1", { filledAtMs: 400_000 })],
    is: { kind: "absent" },
  },
  {
    when: "positions were stuck before a trim, and what it left was sold since",
    change: { qty: 10, unexplainedQty: 10, unexplainedSinceMs: 1_000_000 },
    held: null,
    orders: [
      BOUGHT,
      sell("s-1", { filledAtMs: 400_000 }),
      sell("s-2", { filledAtMs: 1_100_000 }),
    ],
    is: { kind: "gone" },
  },
  {
    when:
      "a sell from before a reverse split is dated anew by its order's status, and one answer is empty",
    change: { qty: 26, unexplainedQty: 2.6, unexplainedSinceMs: 1_000_000, adoptedQty: 30 },
    held: null,
    orders: [
      sell("s-1", {
        status: "pending_review",
        qty: 11,
        filledQty: 4,
        filledAtMs: null,
        updatedAtMs: 1_200_000,
      }),
    ],
    is: { kind: "absent" },
  },
  {
    when: "a sell that was partly filled before a reverse split sells one more after it",
    change: { qty: 5, unexplainedQty: 2.5, unexplainedSinceMs: 1_000_000 },
    held: null,
    orders: [BOUGHT, sell("s-1", { qty: 8, filledQty: 6, filledAtMs: 1_100_000 })],
    is: { kind: "absent" },
  },
  {
    when: "a sell that was partly filled before a reverse split sells what it left after it",
    change: { qty: 5, unexplainedQty: 2, unexplainedSinceMs: 1_000_000 },
    held: null,
    orders: [BOUGHT, sell("s-1", { qty: 8, filledQty: 7, filledAtMs: 1_100_000 })],
    is: { kind: "gone" },
  },
  {
    when:
      "the old stop sold half of what a split made, the other half is shown, and one answer is empty",
    change: {
      qty: 10,
      unexplainedQty: 10,
      unexplainedFromQty: 20,
      unexplainedSinceMs: 1_000_000,
    },
    held: null,
    orders: [BOUGHT, sell("s-1", { qty: 10, filledQty: 10, filledAtMs: 1_100_000 })],
    is: { kind: "absent" },
  },
  {
    when: "the old stop sold half of what a split made, and the operator the other half",
    change: {
      qty: 10,
      unexplainedQty: 10,
      unexplainedFromQty: 20,
      unexplainedSinceMs: 1_000_000,
    },
    held: null,
    orders: [
      BOUGHT,
      sell("s-1", { qty: 10, filledQty: 10, filledAtMs: 1_100_000 }),
      sell("s-2", { qty: 10, filledQty: 10, filledAtMs: 1_200_000 }),
    ],
    is: { kind: "gone" },
  },
  {
    when: "it never was and is shown without explanation",
    change: { qty: 0, unexplainedQty: 0 },
    held: null,
    orders: [],
    is: { kind: "never_filled" },
  },
];

for (const { when, change, held, orders, entry = "over", is } of cases) {
  Deno.test(`accountPosition() is ${is.kind} when ${when}`, () => {
    assertEquals(explain(change, held, orders, entry), is);
  });
}

const lags = [
  { allowedQty: 10, shownQty: 4, boughtQty: 10, soldQty: 0, is: true },
  { allowedQty: 10, shownQty: 4.5, boughtQty: 10, soldQty: 0, is: false },
  { allowedQty: 5, shownQty: 10, boughtQty: 0, soldQty: 5, is: true },
  { allowedQty: 5, shownQty: 7.5, boughtQty: 0, soldQty: 5, is: false },
  { allowedQty: 5, shownQty: 11, boughtQty: 0, soldQty: 5, is: false },
  { allowedQty: 10.5, shownQty: 0.5, boughtQty: 10, soldQty: 0, is: true },
  { allowedQty: 10.5, shownQty: 10, boughtQty: 0.5, soldQty: 0, is: true },
];
for (const { allowedQty, shownQty, boughtQty, soldQty, is } of lags) {
  Deno.test(`isWithinLag() is ${is} of ${shownQty} shown where ${allowedQty} are allowed, ${boughtQty} bought and ${soldQty} sold just now`, () => {
    assertEquals(isWithinLag(allowedQty, shownQty, { boughtQty, soldQty }), is);
  });
}

Deno.test("accountPosition() says gone only of an absent position whose shares were all sold", () => {
  const fills = fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 4 });
  const heldQty = fc.option(fc.integer({ min: -5, max: 20 }), { nil: null });
  fc.assert(fc.property(fills, heldQty, fc.boolean(), (sold, qty, isOver) => {
    const sells = sold.map((filledQty, at) => sell(`s-${at}`, { filledQty }));
    const change = explain(
      {},
      qty === null ? null : { qty },
      [BOUGHT, ...sells],
      isOver ? "over" : "unknown",
    );
    const soldQty = sold.reduce((sum, each) => sum + each, 0);
    assertEquals(change.kind === "gone", qty === null && soldQty === 10);
    assertEquals(change.kind === "absent", qty === null && soldQty !== 10);
    if (change.kind === "changed") assertEquals(qty, 10 - soldQty);
  }));
});
