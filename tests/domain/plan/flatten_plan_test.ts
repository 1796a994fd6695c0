import fc from "fast-check";
import { isFlatten } from "../../../src/domain/order/client_order_id.ts";
import { buildFlattenId } from "../../../src/domain/order/flatten_id.ts";
import {
  buildFlattenPlan,
  decideHow,
  listBarePositions,
  listGivingWay,
  listWorking,
} from "../../../src/domain/plan/flatten_plan.ts";
import {
  type BrokerOrder,
  type BrokerPosition,
  flattenOrders,
} from "../../../src/domain/order/orders.ts";
import { assert, assertEquals, assertNotEquals } from "../../assert.ts";
import { brokerOrder } from "../fixtures.ts";

function position(facts: Partial<BrokerPosition> = {}): BrokerPosition {
  return {
    symbol: "SPY",
    qty: 10,
    avgEntryPriceUsd: 100,
    costBasisUsd: 1000,
    currentPriceUsd: 101,
    ...facts,
  };
}

const STOP = brokerOrder({
  orderId: "stop",
  side: "sell",
  type: "stop",
  orderClass: "simple",
  stopPriceUsd: 95,
});
const ALL = { symbol: null, isClosing: true, closes: null };

Deno.test("buildFlattenPlan() marks what is neither ours by name, nor a leg of ours, nor known", () => {
  const leg = brokerOrder({
    orderId: "leg",
    clientOrderId: "theirs",
    side: "sell",
    limitPriceUsd: 110,
  });
  const bracket = brokerOrder({ status: "filled", legs: [leg] });
  const known = brokerOrder({ orderId: "known", clientOrderId: "x", side: "sell" });
  const foreign = brokerOrder({ orderId: "foreign", clientOrderId: "y", symbol: "QQQ" });
  const plan = buildFlattenPlan({
    orders: [bracket, known, foreign],
    positions: [position(), position({ symbol: "QQQ" })],
    managedSymbols: new Set(["SPY"]),
    knownOrderIds: new Set(["known"]),
    scope: ALL,
  });
  assertEquals(plan.cancels.map(({ order, isForeign }) => [order.orderId, isForeign]), [
    ["leg", false],
    ["known", false],
    ["foreign", true],
  ]);
  assertEquals(plan.closes.map(({ position: { symbol }, isForeign }) => [symbol, isForeign]), [
    ["SPY", false],
    ["QQQ", true],
  ]);
});

Deno.test("buildFlattenPlan() names positions that lose what covers them, where none is closed", () => {
  const inputs = {
    orders: [STOP],
    positions: [position(), position({ symbol: "QQQ" })],
    managedSymbols: new Set<string>(),
    knownOrderIds: new Set<string>(),
  };
  const open = buildFlattenPlan({ ...inputs, scope: { ...ALL, isClosing: false } });
  assertEquals(open.uncovered.map(({ symbol }) => symbol), ["SPY"]);
  assertEquals(open.closes, []);
  assertEquals(buildFlattenPlan({ ...inputs, scope: ALL }).uncovered, []);
  const other = buildFlattenPlan({ ...inputs, scope: { ...ALL, symbol: "QQQ", isClosing: false } });
  assertEquals([other.cancels, other.uncovered], [[], []]);
});

Deno.test("decideHow() leaves to the broker what is short or a fraction", () => {
  const cases: [number, string][] = [[10, "sell"], [-10, "delete"], [0.5, "delete"], [
    1.5,
    "delete",
  ]];
  for (const [qty, how] of cases) assertEquals(decideHow({ qty }), how);
});

Deno.test("listBarePositions() counts what still covers, and what flatten is closing", () => {
  const closing = brokerOrder({
    orderId: "c",
    clientOrderId: "avwap-flatten-SPY-x-1",
    side: "sell",
    orderClass: "",
  });
  assertEquals(listBarePositions([position()], [STOP]), []);
  assertEquals(listBarePositions([position({ qty: 12 })], [STOP]), [
    { symbol: "SPY", qty: 12, coveredQty: 10, closingQty: 0 },
  ]);
  assertEquals(listBarePositions([position()], [closing]), [
    { symbol: "SPY", qty: 10, coveredQty: 0, closingQty: 10 },
  ]);
  assertEquals(listBarePositions([position({ qty: -1 })], [STOP])[0]?.qty, -1);
});

const status = fc.constantFrom(
  "new",
  "held",
  "filled",
  "canceled",
  "pending_cancel",
  "accepted",
  "odd",
);
const symbol = fc.constantFrom("SPY", "QQQ");

/** Orders with legs, ids all different. */
const orders = fc.array(
  fc.record({
    status,
    symbol,
    side: fc.constantFrom("buy" as const, "sell" as const),
    legs: fc.array(status, { maxLength: 2 }),
  }),
  { maxLength: 6 },
).map((list): BrokerOrder[] =>
  list.map((each, at) =>
    brokerOrder({
      orderId: `o${at}`,
      status: each.status,
      symbol: each.symbol,
      side: each.side,
      orderClass: "bracket",
      legs: each.legs.map((legStatus, leg) =>
        brokerOrder({
          orderId: `o${at}l${leg}`,
          status: legStatus,
          symbol: each.symbol,
          side: "sell",
          type: leg === 0 ? "stop" : "limit",
        })
      ),
    })
  )
);

Deno.test("listGivingWay() cancels each group in scope by one order at work, and leaves what is leaving", () => {
  fc.assert(fc.property(orders, fc.constantFrom(null, "SPY"), (list, only) => {
    const scope = { symbol: only };
    const cancels = listGivingWay(list, scope, new Set());
    const working = listWorking(list, scope).map(({ orderId }) => orderId);
    const members = cancels.flatMap((each) => each.members.map(({ orderId }) => orderId));
    assertEquals(members.sort(), working.sort());
    for (const { orderId, isAsked, ...cancel } of cancels) {
      const group = flattenOrders(list).filter((order) =>
        cancel.members.some((each) => each.orderId === order.orderId)
      );
      assertEquals(group[0]?.orderId, orderId);
      if (isAsked) assert(group.some((order) => order.status === "pending_cancel"));
      else assert(group[0]?.status !== "pending_cancel");
    }
    // A lone leg may be of another bracket than the next: then each has its cancel.
    const roots = list.filter((root) => root.legs.length > 0);
    for (const root of roots) {
      const ids = [root, ...root.legs].map(({ orderId }) => orderId);
      assert(cancels.filter(({ orderId }) => ids.includes(orderId)).length <= 1);
    }
    const all = new Set(flattenOrders(list).map(({ orderId }) => orderId));
    assertEquals(listGivingWay(list, scope, all), []);
  }));
});

Deno.test("buildFlattenId() tells calls, symbols and attempts apart, and is flatten's", () => {
  const base = { symbol: "SPY", startedAtMs: 1_700_000_000_000, attempt: 1 };
  const id = buildFlattenId(base);
  assert(isFlatten(id) && id.length <= 128);
  assertEquals(id, buildFlattenId(base));
  for (const change of [{ symbol: "QQQ" }, { startedAtMs: 1_700_000_000_001 }, { attempt: 2 }]) {
    assertNotEquals(id, buildFlattenId({ ...base, ...change }));
  }
});
