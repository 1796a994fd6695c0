import type { BrokerOrder } from "../../../src/domain/order/orders.ts";
import { buildRequest } from "../../../src/domain/plan/resolve.ts";
import { buildSellRecord, REQUEST_DEADLINE_MS } from "../../../src/domain/plan/sell_record.ts";
import { buildSight, buildView } from "../../../src/domain/plan/view.ts";
import { assert, assertEquals, assertObjectMatch } from "../../assert.ts";
import { managedPosition } from "../position_fixtures.ts";
import { accept, NOW_MS, PlanWorld, sellOrder } from "./plan_world.ts";

const POSITION = managedPosition();
const EARLIER_MS = NOW_MS - 60_000;

/** Our stop for all ten shares, as it rests and as its cancel leaves it. */
function resting(facts: Partial<BrokerOrder> = {}): BrokerOrder {
  return sellOrder({
    orderId: "resting",
    clientOrderId: `${POSITION.positionId}-stop-1`,
    type: "stop",
    timeInForce: "gtc",
    stopPriceUsd: 95,
    submittedAtMs: EARLIER_MS,
    updatedAtMs: EARLIER_MS,
    ...facts,
  });
}

/** A world whose price has come to the stop, which is on its way out to let the whole be sold. */
function buildClosing(): PlanWorld {
  const world = new PlanWorld({ orders: [resting()] });
  world.price(95);
  assertObjectMatch(world.send(accept), { op: "cancel", orderId: "resting" });
  return world;
}

/** The end of its cancel, so much later. */
function endCancel(world: PlanWorld, afterMs: number): void {
  world.pass(afterMs);
  const order = resting({ status: "canceled", updatedAtMs: NOW_MS + afterMs });
  world.learn({ to: "order", orderId: "resting", outcome: { kind: "found", order } });
}

const LISTS = { do: "read", questions: [{ ask: "positions" }, { ask: "open_orders" }] } as const;

Deno.test("plan() sells by the lists from before a cancel while they are young, and looks again where its end took longer", () => {
  const prompt = buildClosing();
  endCancel(prompt, 4_000);
  assertObjectMatch(prompt.step, { do: "send", request: { op: "sell" } });
  const slow = buildClosing();
  endCancel(slow, 6_000);
  assertObjectMatch(slow.step, LISTS);
});

Deno.test("plan() writes a deadline down anew that its request would not meet after a slow cancel", () => {
  for (const [afterMs, count] of [[4_000, 0], [8_000, 1]] as const) {
    const world = buildClosing();
    endCancel(world, afterMs);
    const { positions, openOrders } = world.seen;
    if (positions === null || openOrders === null) throw new Error("nothing was seen");
    world.learn({ to: "positions", look: positions.look });
    world.learn({ to: "open_orders", look: openOrders.look });
    const { step } = world;
    if (step.do !== "send") throw new Error(step.do);
    const entries = step.change.flatMap((part) => part.kind === "orders" ? part.entries : []);
    assertEquals(entries.length, count);
    world.send(accept);
    const [sell] = world.records.ledger?.entries ?? [];
    assert((sell?.deadlineAtMs ?? 0) >= NOW_MS + afterMs + REQUEST_DEADLINE_MS);
  }
});

Deno.test("plan() sells nothing that positions lack once its stop is cancelled, and puts a stop back for it", () => {
  const world = buildClosing();
  endCancel(world, 6_000);
  world.learn({ to: "positions", look: { kind: "failed", failure: "timeout" } });
  world.learn({ to: "open_orders", look: { kind: "ok", value: { rows: [], unreadable: [] } } });
  assertObjectMatch(world.step, { do: "record", change: [{ kind: "not_sent" }] });
  world.record();
  assertObjectMatch(world.step, { do: "send", request: { op: "stop", request: { qty: 10 } } });
});

Deno.test("plan() names a cancel that it can't see end, though the book has lost its order", () => {
  const world = buildClosing();
  world.seen = { ...world.seen, book: new Map() };
  world.pass(4_000);
  const outcome = { kind: "unknown", why: "timeout" } as const;
  world.learn({ to: "order", orderId: "resting", outcome });
  assertObjectMatch(world.step, { do: "record", change: [{}, {}] });
});

Deno.test("plan() looks a stop up that another cycle left pending before it places one for the other shares", () => {
  const pending = buildSellRecord(
    { position: POSITION, reason: "stop", qty: 4, stopUsd: 95, replaces: null },
    1,
    EARLIER_MS,
  );
  const world = new PlanWorld({ entries: [pending] });
  assertObjectMatch(world.step, { do: "read", questions: [{ ask: "look_up" }] });
});

Deno.test("plan() rests where positions were not asked for yet", () => {
  const world = new PlanWorld({ orders: [resting()] });
  world.seen = { ...world.seen, positions: null };
  assertEquals(world.step.do, "rest");
});

Deno.test("a replacement of an order that shows no quantity has its own", () => {
  const world = new PlanWorld({ orders: [resting({ qty: null })] });
  const view = buildView(
    world.world,
    world.records,
    buildSight(world.world, world.records),
    POSITION,
  );
  const facts = { position: POSITION, reason: "stop", qty: 10, stopUsd: 96 } as const;
  const entry = buildSellRecord({ ...facts, replaces: "resting" }, 2, NOW_MS);
  assertObjectMatch(buildRequest(view, entry), { op: "replace", request: { qty: 10 } });
});
