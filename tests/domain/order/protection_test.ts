import fc from "fast-check";
import type { BrokerOrder } from "../../../src/domain/order/orders.ts";
import {
  countCovered,
  countGtcCovered,
  isStopOrder,
  listSellGroups,
} from "../../../src/domain/order/protection.ts";
import {
  decideProtection,
  type ProtectionDecision,
} from "../../../src/domain/plan/protection_step.ts";
import { assert, assertEquals } from "../../assert.ts";
import { brokerOrder, TODAY } from "../fixtures.ts";

const POSITION = { qty: 10, stopUsd: 95 };

/** A plain stop of ours for ten SPY at 95, good till canceled. */
function stop(facts: Partial<BrokerOrder> = {}): BrokerOrder {
  return brokerOrder({
    orderId: "s-1",
    clientOrderId: `avwap-${TODAY}-SPY-mk0000-stop-1`,
    side: "sell",
    type: "stop",
    orderClass: "",
    timeInForce: "gtc",
    stopPriceUsd: 95,
    ...facts,
  });
}

function leg(facts: Partial<BrokerOrder> = {}): BrokerOrder {
  return brokerOrder({
    orderId: "l-stop",
    clientOrderId: "leg-stop",
    side: "sell",
    type: "stop",
    status: "held",
    stopPriceUsd: 95,
    ...facts,
  });
}

const TAKE_PROFIT = leg({
  orderId: "l-take",
  clientOrderId: "leg-take",
  type: "limit",
  status: "new",
  limitPriceUsd: 111,
  stopPriceUsd: null,
});

/** A filled bracket whose two day legs stand for the same ten shares. */
function bracket(facts: Partial<BrokerOrder> = {}): BrokerOrder {
  return brokerOrder({ status: "filled", filledQty: 10, legs: [TAKE_PROFIT, leg()], ...facts });
}

/** Nothing is left to a hand, and nothing ends by itself. */
const UNTOUCHED = { isLeft: () => false, isRenewed: () => false };

function decide(
  orders: readonly BrokerOrder[],
  { qty = 10, stopUsd = 95, isGtcNeeded = false } = {},
): ProtectionDecision {
  return decideProtection(
    { qty, mostQty: qty, stopUsd, leastUsd: stopUsd },
    listSellGroups(orders, "SPY"),
    { isGtcNeeded, ...UNTOUCHED },
  );
}

const types: { readonly type: string; readonly side: "buy" | "sell"; readonly is: boolean }[] = [
  { type: "stop", side: "sell", is: true },
  { type: "stop_limit", side: "sell", is: true },
  { type: "trailing_stop", side: "sell", is: true },
  { type: "limit", side: "sell", is: false },
  { type: "market", side: "sell", is: false },
  { type: "stop", side: "buy", is: false },
];
for (const { type, side, is } of types) {
  Deno.test(`isStopOrder() is ${is} for a ${side} of type ${type}`, () => {
    assertEquals(isStopOrder({ type, side }), is);
  });
}

for (const status of ["filled", "calculated", "canceled", "pending_cancel"]) {
  Deno.test(`listSellGroups() counts the legs of an entry of which every share is filled and that is ${status}`, () => {
    const groups = listSellGroups([bracket({ status })], "SPY");
    assertEquals(groups.map(({ qty, standing }) => [qty, standing]), [[10, "works"]]);
    const partly = bracket({ status: status === "filled" ? "partially_filled" : status });
    assertEquals(listSellGroups([{ ...partly, filledQty: 9 }], "SPY"), []);
  });
}

Deno.test("listSellGroups() counts a bracket's legs once, held stop included", () => {
  const [group, ...others] = listSellGroups([bracket()], "SPY");
  assertEquals(others, []);
  assertEquals(group?.qty, 10);
  assertEquals(group?.orders.map((order) => order.orderId), ["l-take", "l-stop"]);
  assertEquals([group?.isPlainStop, group?.isGtcStop, group?.isLeaving], [false, false, false]);
});

Deno.test("listSellGroups() leaves out the legs of an entry that is not completely filled", () => {
  const statuses = ["new", "partially_filled", "pending_new", "accepted", "pending_cancel"];
  for (const status of statuses) {
    assertEquals(listSellGroups([bracket({ status, filledQty: 3 })], "SPY"), [], status);
  }
});

Deno.test("listSellGroups() counts a bracket's legs once where they are listed by themselves", () => {
  const groups = listSellGroups([TAKE_PROFIT, leg()], "SPY");
  assertEquals(groups.map((group) => group.qty), [10]);
});

Deno.test("listSellGroups() does not count legs again that their parent shows too", () => {
  assertEquals(listSellGroups([TAKE_PROFIT, bracket(), leg()], "SPY").length, 1);
});

Deno.test("listSellGroups() counts both halves of an OCO once", () => {
  const oco = { ...TAKE_PROFIT, orderClass: "oco", legs: [leg({ orderClass: "oco" })] };
  const groups = listSellGroups([oco], "SPY");
  assertEquals(groups.map((group) => [group.qty, group.isPlainStop]), [[10, false]]);
});

const ignored: { readonly what: string; readonly order: BrokerOrder }[] = [
  { what: "another symbol's stop", order: stop({ symbol: "QQQ" }) },
  { what: "a buy", order: brokerOrder() },
  { what: "a stop that was canceled", order: stop({ status: "canceled" }) },
  { what: "a stop that was filled", order: stop({ status: "filled", filledQty: 10 }) },
  { what: "a stop that was replaced", order: stop({ status: "replaced" }) },
  { what: "a stop that was rejected", order: stop({ status: "rejected" }) },
  { what: "a stop that expired", order: stop({ status: "expired" }) },
];
for (const { what, order } of ignored) {
  Deno.test(`listSellGroups() has no group for ${what}`, () => {
    assertEquals(listSellGroups([order], "SPY"), []);
  });
}

const groups: {
  readonly what: string;
  readonly order: Partial<BrokerOrder>;
  readonly qty: number;
  readonly covered: number;
  readonly gtc: number;
  readonly isPlain: boolean;
}[] = [
  { what: "our plain stop", order: {}, qty: 10, covered: 10, gtc: 10, isPlain: true },
  {
    what: "our stop of the day",
    order: { timeInForce: "day" },
    qty: 10,
    covered: 10,
    gtc: 0,
    isPlain: true,
  },
  {
    what: "our partly filled stop",
    order: { filledQty: 4, status: "partially_filled" },
    qty: 6,
    covered: 6,
    gtc: 6,
    isPlain: true,
  },
  {
    what: "a stop of somebody else",
    order: { clientOrderId: "by-hand" },
    qty: 10,
    covered: 10,
    gtc: 10,
    isPlain: false,
  },
  {
    what: "a stop with a status that this program does not know",
    order: { status: "reviewing" },
    qty: 10,
    covered: 0,
    gtc: 0,
    isPlain: true,
  },
  {
    what: "a stop that is suspended",
    order: { status: "suspended" },
    qty: 10,
    covered: 0,
    gtc: 0,
    isPlain: true,
  },
  {
    what: "a stop that waits for an auction",
    order: { status: "accepted_for_bidding" },
    qty: 10,
    covered: 0,
    gtc: 0,
    isPlain: true,
  },
  {
    what: "a held stop that is no leg",
    order: { status: "held" },
    qty: 10,
    covered: 0,
    gtc: 0,
    isPlain: true,
  },
  {
    what: "a stop whose trade is guaranteed",
    order: { status: "stopped" },
    qty: 10,
    covered: 0,
    gtc: 0,
    isPlain: true,
  },
  {
    what: "a good-till-canceled stop that is done for the day",
    order: { status: "done_for_day" },
    qty: 10,
    covered: 0,
    gtc: 10,
    isPlain: true,
  },
  {
    what: "a stop of the day that is done for it",
    order: { status: "done_for_day", timeInForce: "day" },
    qty: 10,
    covered: 0,
    gtc: 0,
    isPlain: true,
  },
  {
    what: "a stop below the engine's",
    order: { stopPriceUsd: 94.99 },
    qty: 10,
    covered: 0,
    gtc: 0,
    isPlain: true,
  },
  {
    what: "a stop at the engine's, rounding aside",
    order: { stopPriceUsd: 94.9999999 },
    qty: 10,
    covered: 10,
    gtc: 10,
    isPlain: true,
  },
  {
    what: "a market sell at work",
    order: { type: "market", stopPriceUsd: null, timeInForce: "day" },
    qty: 10,
    covered: 10,
    gtc: 0,
    isPlain: false,
  },
  {
    what: "a suspended market sell",
    order: { type: "market", stopPriceUsd: null, status: "suspended" },
    qty: 10,
    covered: 0,
    gtc: 0,
    isPlain: false,
  },
  {
    what: "a stop of a notional, which sells nobody knows how many",
    order: { qty: null },
    qty: 0,
    covered: 0,
    gtc: 0,
    isPlain: true,
  },
  {
    what: "a good-till-canceled limit, which is no stop",
    order: { type: "limit", stopPriceUsd: null, limitPriceUsd: 120 },
    qty: 10,
    covered: 0,
    gtc: 0,
    isPlain: false,
  },
  {
    what: "a stop whose cancel is on its way",
    order: { status: "pending_cancel" },
    qty: 10,
    covered: 0,
    gtc: 0,
    isPlain: true,
  },
  {
    what: "a stop whose replacement is on its way",
    order: { status: "pending_replace" },
    qty: 10,
    covered: 10,
    gtc: 10,
    isPlain: true,
  },
];
for (const { what, order, qty, covered, gtc, isPlain } of groups) {
  Deno.test(`listSellGroups() sees what ${what} is worth`, () => {
    const found = listSellGroups([stop(order)], "SPY");
    assertEquals(found.map((each) => [each.qty, each.isPlainStop]), [[qty, isPlain]]);
    assertEquals([countCovered(found, 95), countGtcCovered(found, 95)], [covered, gtc]);
  });
}

const decisions: {
  readonly when: string;
  readonly orders: readonly BrokerOrder[];
  readonly options?: {
    readonly qty?: number;
    readonly stopUsd?: number;
    readonly isGtcNeeded?: boolean;
  };
  readonly is: object;
}[] = [
  { when: "nothing works", orders: [], is: { kind: "place", qty: 10 } },
  { when: "a stop covers it", orders: [stop()], is: { kind: "enough" } },
  { when: "day legs cover it in the morning", orders: [bracket()], is: { kind: "enough" } },
  {
    when: "day legs cover it and the close is near",
    orders: [bracket()],
    options: { isGtcNeeded: true },
    is: { kind: "convert", isBare: false },
  },
  {
    when: "a good-till-canceled stop covers it and the close is near",
    orders: [stop()],
    options: { isGtcNeeded: true },
    is: { kind: "enough" },
  },
  {
    when: "half has a good-till-canceled stop, the rest day legs, and the close is near",
    orders: [stop({ qty: 5 }), bracket({ legs: [leg({ qty: 5 })] })],
    options: { isGtcNeeded: true },
    is: { kind: "convert", isBare: false },
  },
  {
    when: "half has a good-till-canceled stop, the rest nothing, and the close is near",
    orders: [stop({ qty: 5 })],
    options: { isGtcNeeded: true },
    is: { kind: "place", qty: 5 },
  },
  { when: "a stop covers a part", orders: [stop({ qty: 4 })], is: { kind: "place", qty: 6 } },
  {
    when: "a take-profit alone reserves it",
    orders: [bracket({ legs: [TAKE_PROFIT] })],
    is: { kind: "convert", isBare: true },
  },
  {
    when: "our stop is suspended",
    orders: [stop({ status: "suspended" })],
    is: { kind: "convert", isBare: true },
  },
  {
    when: "our stop is done for the day",
    orders: [stop({ status: "done_for_day" })],
    is: { kind: "convert", isBare: true },
  },
  {
    when: "our good-till-canceled stop is done for the day, while the session has minutes left",
    orders: [stop({ status: "done_for_day" })],
    options: { isGtcNeeded: true },
    is: { kind: "convert", isBare: true },
  },
  {
    when: "our stop has a status that nobody knows",
    orders: [stop({ status: "reviewing" })],
    is: { kind: "ask" },
  },
  {
    when: "one stop has a status that nobody knows, and other shares have none",
    orders: [stop({ status: "reviewing", qty: 4 })],
    is: { kind: "place", qty: 6 },
  },
  {
    when: "one stop is being executed, and other shares have none",
    orders: [stop({ status: "stopped", qty: 4 })],
    is: { kind: "ask" },
  },
  {
    when: "our stop's replacement is on its way, and it is high enough",
    orders: [stop({ status: "pending_replace" })],
    is: { kind: "enough" },
  },
  {
    when: "our stop's replacement is on its way to the engine's",
    orders: [stop({ status: "pending_replace", stopPriceUsd: 90 })],
    is: { kind: "wait" },
  },
  {
    when: "a buy stop rests",
    orders: [stop({ side: "buy" })],
    is: { kind: "place", qty: 10 },
  },
  {
    when: "a cancel is on its way",
    orders: [stop({ status: "pending_cancel" })],
    is: { kind: "wait" },
  },
  {
    when: "a leg's cancel is on its way beside a stop that covers",
    orders: [stop(), bracket({ legs: [leg({ status: "pending_cancel" })] })],
    options: { isGtcNeeded: true },
    is: { kind: "wait" },
  },
  {
    when: "our stop is for more shares than are held",
    orders: [stop()],
    options: { qty: 6 },
    is: { kind: "replace", qty: 6, stopUsd: 95 },
  },
  {
    when: "our stop is for more shares and lower than the engine's",
    orders: [stop()],
    options: { qty: 6, stopUsd: 101 },
    is: { kind: "replace", qty: 6, stopUsd: 101 },
  },
  {
    when: "our stop is for more shares and higher than the engine's",
    orders: [stop({ stopPriceUsd: 99 })],
    options: { qty: 6 },
    is: { kind: "replace", qty: 6, stopUsd: 99 },
  },
  {
    when: "our stop for more shares has no price that anyone could read",
    orders: [stop({ stopPriceUsd: null })],
    options: { qty: 6 },
    is: { kind: "replace", qty: 6, stopUsd: 95 },
  },
  {
    when: "a second stop of ours is wholly too many",
    orders: [stop({ qty: 3 }), stop({ orderId: "s-2", qty: 10 })],
    is: { kind: "convert", isBare: false },
  },
  {
    when: "our stop for too many was filled in part",
    orders: [stop({ qty: 12, filledQty: 1, status: "partially_filled" })],
    is: { kind: "convert", isBare: false },
  },
  {
    when: "only somebody else's sells are too many",
    orders: [stop({ clientOrderId: "by-hand", qty: 12 })],
    is: { kind: "convert", isBare: false },
  },
  {
    when: "the engine's stop rose over our stop",
    orders: [stop()],
    options: { stopUsd: 101 },
    is: { kind: "replace", qty: 10, stopUsd: 101 },
  },
  {
    when: "the engine's stop rose over the bracket's leg",
    orders: [bracket()],
    options: { stopUsd: 101 },
    is: { kind: "replace", qty: 10, stopUsd: 101 },
  },
  {
    when: "our stop is above the engine's, which never falls",
    orders: [stop({ stopPriceUsd: 99 })],
    is: { kind: "enough" },
  },
  {
    when: "somebody else's stop is below the engine's",
    orders: [stop({ clientOrderId: "by-hand", stopPriceUsd: 90 })],
    is: { kind: "convert", isBare: true },
  },
  {
    when: "somebody else's bracket has its stop below the engine's",
    orders: [
      bracket({ clientOrderId: "by-hand", legs: [TAKE_PROFIT, leg({ stopPriceUsd: 90 })] }),
    ],
    is: { kind: "convert", isBare: true },
  },
  {
    when: "our stop has no price that anyone could read",
    orders: [stop({ stopPriceUsd: null })],
    is: { kind: "replace", qty: 10, stopUsd: 95 },
  },
  {
    when: "somebody else's stop has no price that anyone could read",
    orders: [stop({ clientOrderId: "by-hand", stopPriceUsd: null })],
    is: { kind: "convert", isBare: true },
  },
  {
    when: "somebody else's stop is above the engine's",
    orders: [stop({ clientOrderId: "by-hand", stopPriceUsd: 96, type: "trailing_stop" })],
    is: { kind: "enough" },
  },
];
for (const { when, orders, options, is } of decisions) {
  Deno.test(`decideProtection() finds the next step when ${when}`, () => {
    const decision = decide(orders, options);
    const { kind, ...rest } = decision;
    const facts = kind === "replace" && "order" in rest
      ? { kind, qty: rest.qty, stopUsd: rest.stopUsd }
      : kind === "convert" && "isBare" in rest
      ? { kind, isBare: rest.isBare }
      : kind === "ask"
      ? { kind }
      : decision;
    assertEquals<object>(facts, is);
  });
}

Deno.test("decideProtection() cuts no protection that shares may still need", () => {
  const groups = listSellGroups([stop({ qty: 10 })], "SPY");
  const position = { qty: 3, stopUsd: 95, leastUsd: 95 };
  const options = { isGtcNeeded: false, ...UNTOUCHED };
  assertEquals(decideProtection({ ...position, mostQty: 10 }, groups, options).kind, "enough");
  assertEquals(decideProtection({ ...position, mostQty: 3 }, groups, options).kind, "replace");
});

Deno.test("decideProtection() converts only what dies with the day", () => {
  const decision = decide([stop({ qty: 5 }), bracket({ legs: [leg({ qty: 5 })] })], {
    isGtcNeeded: true,
  });
  assert(decision.kind === "convert");
  assertEquals(decision.groups.map((group) => group.orders.map((order) => order.orderId)), [
    ["l-stop"],
  ]);
});

Deno.test("decideProtection() replaces the stop that is wrong, and not its neighbour", () => {
  const orders = [stop({ qty: 4, stopPriceUsd: 101 }), stop({ orderId: "s-2", qty: 6 })];
  const decision = decide(orders, { stopUsd: 101 });
  assert(decision.kind === "replace");
  assertEquals([decision.order.orderId, decision.qty], ["s-2", 6]);
});

/** What the broker holds after a step that went well. */
function apply(
  orders: readonly BrokerOrder[],
  decision: ProtectionDecision,
  { qty, stopUsd, at }: { readonly qty: number; readonly stopUsd: number; readonly at: number },
): BrokerOrder[] {
  switch (decision.kind) {
    case "enough":
      return [...orders];
    case "wait":
      return orders.filter((order) => !order.status.startsWith("pending_"));
    case "ask":
      return orders.filter((order) => order.status !== "unheard_of" && order.status !== "stopped");
    case "place":
      return [...orders, stop({ orderId: `new-${at}`, qty: decision.qty, stopPriceUsd: stopUsd })];
    case "replace":
      return orders.map((order) =>
        order.orderId === decision.order.orderId
          ? { ...order, qty: decision.qty + order.filledQty, stopPriceUsd: decision.stopUsd }
          : order
      );
    case "convert": {
      const gone = new Set(decision.groups.flatMap((group) => group.orders.map((o) => o.orderId)));
      const left = orders.filter((order) => !gone.has(order.orderId));
      const missing = qty - countCovered(listSellGroups(left, "SPY"), 0);
      const added = stop({ orderId: `new-${at}`, qty: missing, stopPriceUsd: stopUsd });
      return missing > 0 ? [...left, added] : left;
    }
  }
}

const workingSells = fc.array(
  fc.record({
    qty: fc.integer({ min: 1, max: 20 }),
    filledQty: fc.constantFrom(0, 0, 0, 1),
    status: fc.constantFrom("new", "new", "suspended", "pending_cancel", "unheard_of", "stopped"),
    type: fc.constantFrom("stop", "stop", "limit"),
    timeInForce: fc.constantFrom("day", "gtc"),
    clientOrderId: fc.constantFrom(`avwap-${TODAY}-SPY-x-stop-1`, "by-hand"),
    stopPriceUsd: fc.constantFrom(80, 95, 101, 110),
  }),
  { maxLength: 4 },
).map((list) => list.map((facts, at) => stop({ orderId: `s-${at}`, ...facts })));

Deno.test("decideProtection() comes to rest with exactly the held shares covered", () => {
  const qtys = fc.integer({ min: 1, max: 20 });
  const stops = fc.constantFrom(90, 95, 101);
  fc.assert(
    fc.property(workingSells, qtys, stops, fc.boolean(), (start, qty, stopUsd, isGtc) => {
      let orders: BrokerOrder[] = [...start];
      for (let at = 0; at < 20; at++) {
        const decision = decide(orders, { qty, stopUsd, isGtcNeeded: isGtc });
        if (decision.kind === "enough") {
          const found = listSellGroups(orders, "SPY");
          assertEquals(countCovered(found, stopUsd), qty);
          if (isGtc) assertEquals(countGtcCovered(found, stopUsd), qty);
          return;
        }
        orders = apply(orders, decision, { qty, stopUsd, at });
      }
      throw new Error("no rest after 20 steps");
    }),
    { numRuns: 500 },
  );
});

Deno.test("decideProtection() moves no stop that is listed at work and wholly filled", () => {
  const spent = stop({ status: "new", qty: 1, filledQty: 1, stopPriceUsd: 80 });
  assertEquals(decide([spent, stop({ orderId: "s-2" })]).kind, "enough");
});

Deno.test("decideProtection() never lowers a stop and never asks for more than is uncovered", () => {
  const qtys = fc.integer({ min: 1, max: 20 });
  fc.assert(
    fc.property(workingSells, qtys, fc.boolean(), (orders, qty, isGtcNeeded) => {
      const groups = listSellGroups(orders, "SPY");
      // What is on its way out reserves its shares still.
      const reserved = groups.reduce((sum, group) => sum + group.qty, 0);
      const decision = decide(orders, { ...POSITION, qty, isGtcNeeded });
      if (decision.kind === "place") assertEquals(decision.qty, qty - reserved);
      if (decision.kind !== "replace") return;
      assert(decision.qty > 0 && decision.stopUsd >= (decision.order.stopPriceUsd ?? 0));
    }),
    { numRuns: 500 },
  );
});
