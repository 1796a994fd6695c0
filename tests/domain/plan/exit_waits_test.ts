import type { BrokerOrder } from "../../../src/domain/order/orders.ts";
import { plan } from "../../../src/domain/plan/plan.ts";
import { apply } from "../../../src/domain/plan/records.ts";
import { assertEquals, assertObjectMatch } from "../../assert.ts";
import { ledgerEntry } from "../fixtures.ts";
import { managedPosition } from "../position_fixtures.ts";
import { accept, NOW_MS, PlanWorld, sellOrder } from "./plan_world.ts";

// What keeps an exit that is due from being begun, where no search of the exploration has it.

const { positionId } = managedPosition();

/** A stop of ours for so many of the ten shares, good till canceled. */
function stop(orderId: string, qty: number, facts: Partial<BrokerOrder> = {}): BrokerOrder {
  return sellOrder({
    orderId,
    clientOrderId: `${positionId}-stop-${orderId}`,
    type: "stop",
    timeInForce: "gtc",
    stopPriceUsd: 95,
    qty,
    ...facts,
  });
}

/** What an exit is held up by, once all that comes before it is on record. */
function readHeld(world: PlanWorld): string | undefined {
  for (let steps = 0; steps < 9 && world.step.do === "record"; steps++) world.record();
  return world.records.unfinished[0]?.underWay.held?.why;
}

Deno.test("plan() begins no exit while one of its sells is being executed", () => {
  const world = new PlanWorld({ orders: [stop("1", 4, { status: "stopped" }), stop("2", 6)] });
  world.price(106);
  assertEquals(readHeld(world), "one of its sells is being executed, and its shares may be gone");
});

Deno.test("plan() begins no exit beside a buy that works in the symbol", () => {
  const buy = sellOrder({ orderId: "buy", clientOrderId: "hand", side: "buy", type: "limit" });
  const world = new PlanWorld({ orders: [stop("1", 10), buy] });
  world.price(106);
  assertEquals(
    readHeld(world),
    "a buy works in the symbol, beside which the broker takes no sell",
  );
});

Deno.test("plan() converts nothing beside a buy that works in the symbol", () => {
  const buy = sellOrder({ orderId: "buy", clientOrderId: "hand", side: "buy", type: "limit" });
  const world = new PlanWorld({ orders: [stop("1", 10, { timeInForce: "day" }), buy] });
  world.price(100);
  world.now = { ...world.now, untilCloseMs: 5 * 60_000 };
  const { say } = plan(world.world);
  assertObjectMatch(say[0]?.value ?? {}, {
    kind: "waits",
    what: "overnight stop",
    why: "a buy works in the symbol, beside which no stop is taken",
  });
});

/** A close at work for half of the shares, below whose stop the other half is bare. */
function buildHalfClosed(
  others: readonly BrokerOrder[] = [],
  submittedAtMs = NOW_MS,
): PlanWorld {
  const clientOrderId = `${positionId}-r1_trim-1`;
  const facts = { orderId: "sell", clientOrderId, qty: 5 };
  const selling = sellOrder({ ...facts, type: "market", submittedAtMs });
  const broker = { status: "new", filledQty: 0, filledAvgPriceUsd: null, updatedAtMs: NOW_MS };
  const entry = ledgerEntry({
    ...facts,
    side: "sell",
    reason: "r1_trim",
    status: "accepted",
    positionId,
    attempt: 1,
    broker,
  });
  const world = new PlanWorld({ orders: [selling, ...others], entries: [entry] });
  const [position] = world.records.positions;
  if (position === undefined) throw new Error("no position");
  world.records = { ...world.records, positions: [{ ...position, isTrimmedR1: true }] };
  world.price(94);
  return world;
}

Deno.test("plan() closes at the stop what is bare beside a sell at work", () => {
  const world = buildHalfClosed();
  readHeld(world);
  assertObjectMatch(world.send(accept), { op: "sell", request: { qty: 5 } });
});

Deno.test("plan() closes nothing beside a sell at work where the broker or the time left would not have it", () => {
  const buy = sellOrder({ orderId: "buy", clientOrderId: "hand", side: "buy", type: "limit" });
  const late = buildHalfClosed();
  late.now = { ...late.now, untilCloseMs: 30_000 };
  const short = buildHalfClosed();
  short.now = { ...short.now, budgetMs: 1_000, isRunOnce: true };
  for (const world of [buildHalfClosed([buy]), late, short]) {
    const { step } = world;
    // The highest stop that the broker may still take is tried in its place.
    assertEquals(step.do === "send" ? step.request.op : "rest", "stop");
  }
});

Deno.test("plan() looks less often for a sell that has not filled for a minute", () => {
  for (const [ageMs, waitMs] of [[2_000, 5_000], [61_000, 30_000]] as const) {
    const world = buildHalfClosed([stop("1", 5)], NOW_MS - ageMs);
    world.price(100);
    assertObjectMatch(world.step, { do: "rest", wakeAtMs: NOW_MS + waitMs });
  }
});

Deno.test("plan() sells nothing in place of a refused stop while open orders can't be read, and tries a lower stop", () => {
  const halted = stop("1", 10, { status: "suspended" });
  const world = new PlanWorld({ orders: [halted] });
  world.price(96);
  world.learn({ to: "order", orderId: "1", outcome: { kind: "found", order: halted } });
  assertObjectMatch(world.send(accept), { op: "cancel", orderId: "1" });
  world.pass(6_000);
  const order = { ...halted, status: "canceled", updatedAtMs: NOW_MS + 6_000 };
  world.learn({ to: "order", orderId: "1", outcome: { kind: "found", order } });
  assertObjectMatch(world.step, { do: "read", questions: [{ ask: "positions" }, {}] });
  const { look } = world.seen.positions ?? { look: { kind: "failed", failure: "timeout" } };
  world.learn({ to: "positions", look });
  world.learn({ to: "open_orders", look: { kind: "failed", failure: "timeout" } });
  // The market was at 97 a moment ago, where a hand's stop had been, and is below the engine's by now.
  world.price(94);
  const belowStop = { stopUsd: 97, atMs: world.now.monotonicMs };
  world.records = {
    ...world.records,
    unfinished: world.records.unfinished
      .map((each) => ({ ...each, underWay: { ...each.underWay, belowStop } })),
  };
  assertObjectMatch(world.step, { do: "send", request: { op: "stop", request: { stopUsd: 95 } } });
});

Deno.test("plan() sends the next attempt of an exit whose id an order that ended unfilled has used up", () => {
  const world = new PlanWorld();
  world.price(94);
  readHeld(world);
  const first = world.send(() => ({ kind: "duplicate", body: "" }));
  if (first.op !== "sell") throw new Error(first.op);
  const { clientOrderId, qty } = first.request;
  const order = sellOrder({
    orderId: "used",
    clientOrderId,
    type: "market",
    status: "canceled",
    qty,
    submittedAtMs: NOW_MS - 60_000,
  });
  world.learn({ to: "look_up", clientOrderId, outcome: { kind: "found", order } });
  readHeld(world);
  const next = world.send(accept);
  assertObjectMatch(next, { op: "sell", request: { qty: 10 } });
  assertEquals(next.op === "sell" ? next.request.clientOrderId === clientOrderId : null, false);
});

Deno.test("plan() closes at the stop though a trim that is due before it has to wait", () => {
  const world = new PlanWorld({ orders: [stop("1", 10, { stopPriceUsd: 100 })] });
  const [position] = world.records.positions;
  if (position === undefined) throw new Error("no position");
  // The trim at R1 ended unsold, and the stop has trailed above R1 since R2.
  const trailed = { ...position, stopUsd: 107, highWaterUsd: 112, isTrimmedR2: true };
  world.records = apply(world.records, [
    { kind: "position", position: trailed },
    { kind: "unfinished", positionId, change: { sellRefusedAtMs: { r1_trim: NOW_MS - 1_000 } } },
  ]);
  world.price(106);
  readHeld(world);
  assertObjectMatch(world.step, { do: "send", request: { op: "cancel", orderId: "1" } });
});
