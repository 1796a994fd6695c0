import { closedKey } from "../../../src/domain/account/managed_position.ts";
import type { BrokerOrder, BrokerPosition } from "../../../src/domain/order/orders.ts";
import { plan } from "../../../src/domain/plan/plan.ts";
import { assertEquals, assertObjectMatch } from "../../assert.ts";
import { heldPosition, managedPosition } from "../position_fixtures.ts";
import { NOW_MS, PlanWorld, sellOrder } from "./plan_world.ts";

const OTHER_ID = "avwap-2026-01-19-QQQ-0a1b2c3d-1";

/** Our stop for a position in QQQ that nobody manages. */
function orphan(facts: Partial<BrokerOrder> = {}): BrokerOrder {
  return sellOrder({
    orderId: "orphan",
    clientOrderId: `${OTHER_ID}-stop-1`,
    symbol: "QQQ",
    type: "stop",
    timeInForce: "gtc",
    stopPriceUsd: 95,
    ...facts,
  });
}

/** A world in which our managed position has its stop, and this order rests besides. */
function beside(order: BrokerOrder): PlanWorld {
  const resting = sellOrder({
    orderId: "resting",
    clientOrderId: `${managedPosition().positionId}-stop-1`,
    type: "stop",
    timeInForce: "gtc",
    stopPriceUsd: 95,
    submittedAtMs: NOW_MS - 60_000,
    updatedAtMs: NOW_MS - 60_000,
  });
  return new PlanWorld({ orders: [resting, order] });
}

/** How the broker shows positions once more. */
function lookAgain(world: PlanWorld, others: readonly BrokerPosition[] = []): void {
  const rows = [heldPosition(), ...others];
  world.learn({ to: "positions", look: { kind: "ok", value: { rows, unreadable: [] } } });
}

const CANCEL = {
  do: "send",
  request: { op: "cancel", symbol: "QQQ", orderId: "orphan" },
  permit: { kind: "gate" },
};

Deno.test("plan() cancels a stop of ours whose position two answers lack, once a cycle", () => {
  const world = beside(orphan());
  assertObjectMatch(world.step, { do: "read", questions: [{ ask: "positions" }, {}] });
  lookAgain(world);
  assertObjectMatch(world.step, CANCEL);
  // Refused, hanging or lost: the next cycle asks again.
  world.send(() => ({ kind: "unknown", why: "timeout", httpStatus: null, body: "" }));
  assertEquals(world.step.do, "rest");
});

Deno.test("plan() takes no single empty answer for a position that is gone", () => {
  const world = beside(orphan());
  lookAgain(world, [heldPosition({ symbol: "QQQ" })]);
  assertEquals(world.step.do, "rest");
  lookAgain(world);
  assertEquals(world.step.do, "read");
});

Deno.test("plan() cancels a leg only where its position was seen to end, whoever holds the symbol by now", () => {
  const bracket = orphan({
    orderId: "entry",
    clientOrderId: OTHER_ID,
    side: "buy",
    type: "market",
    orderClass: "bracket",
    status: "filled",
    filledQty: 10,
    stopPriceUsd: null,
    legs: [orphan({ clientOrderId: "the broker's own", orderClass: "bracket" })],
  });
  const world = beside(bracket);
  lookAgain(world);
  assertEquals(world.step.do, "rest");
  world.records = { ...world.records, alerted: { [closedKey(OTHER_ID)]: "2026-01-20" } };
  lookAgain(world, [heldPosition({ symbol: "QQQ" })]);
  assertObjectMatch(world.step, CANCEL);
});

for (
  const { when, order } of [
    { when: "is not ours", order: orphan({ clientOrderId: "by hand" }) },
    { when: "is the operator's own flatten", order: orphan({ clientOrderId: "avwap-flatten-1" }) },
    { when: "is being cancelled", order: orphan({ status: "pending_cancel" }) },
    { when: "is being executed", order: orphan({ status: "stopped" }) },
    { when: "is no stop", order: orphan({ type: "limit", limitPriceUsd: 120 }) },
  ]
) {
  Deno.test(`plan() leaves an order alone that has no position where it ${when}`, () => {
    const world = beside(order);
    lookAgain(world);
    assertEquals(world.step.do, "rest");
  });
}

Deno.test("plan() leaves a stop alone in a symbol that the operator released", () => {
  const world = beside(orphan());
  lookAgain(world);
  assertObjectMatch(world.step, CANCEL);
  const release = { symbol: "QQQ", positionId: "another", releasedAtMs: NOW_MS };
  world.records = { ...world.records, released: [release] };
  assertEquals(world.step.do, "rest");
});

Deno.test("plan() begins no cancel of an orphan that the time left can't end, and says so", () => {
  const world = beside(orphan());
  lookAgain(world);
  world.now = { ...world.now, untilCloseMs: 2_000 };
  const { step, say } = plan(world.world);
  assertEquals([step.do, say.map(({ symbol, value }) => [symbol, value.kind])], ["rest", [
    ["QQQ", "orphan"],
  ]]);
});
