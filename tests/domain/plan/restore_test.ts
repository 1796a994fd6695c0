import type { BrokerOrder } from "../../../src/domain/order/orders.ts";
import { NOTHING_UNDER_WAY, type Unfinished } from "../../../src/domain/account/unfinished.ts";
import { buildSellRecord } from "../../../src/domain/plan/sell_record.ts";
import { assertEquals, assertObjectMatch } from "../../assert.ts";
import { heldPosition, managedPosition } from "../position_fixtures.ts";
import { NOW_MS, PlanWorld, sellOrder } from "./plan_world.ts";

// What an exit's cancel took away is put back whatever the gate says by now, the operator's word aside (pipeline 5).

const POSITION = managedPosition();
const REASON = { code: "positions_unavailable", failure: "timeout" } as const;

/** A sell of ours for so many of the ten shares. */
function resting(qty: number, facts: Partial<BrokerOrder> = {}): BrokerOrder {
  return sellOrder({
    orderId: "resting",
    clientOrderId: `${POSITION.positionId}-stop-1`,
    type: "stop",
    timeInForce: "gtc",
    stopPriceUsd: 95,
    qty,
    ...facts,
  });
}

/** A process whose gate a failing read shuts, and that has looked once since an exit laid its shares bare. */
function buildShut(
  facts: ConstructorParameters<typeof PlanWorld>[0] = {},
  unfinished: Partial<Unfinished> = {},
): PlanWorld {
  const world = new PlanWorld(facts);
  world.operator = { ...world.operator, gate: { mode: "DRY_RUN", reason: REASON } };
  world.turn = { ...world.turn, looks: 1 };
  const before = {
    positionId: POSITION.positionId,
    isBare: true,
    stopRefusedAtMs: null,
    spentHandStopUsd: null,
    besideBuyAtMs: null,
    sellRefusedAtMs: {},
    underWay: NOTHING_UNDER_WAY,
  };
  world.records = { ...world.records, unfinished: [{ ...before, ...unfinished }] };
  return world;
}

const AGAIN = { do: "rest", wakeAtMs: NOW_MS + 5_000 };

Deno.test("plan() stops what an exit laid bare though its gate is shut, once it has looked again", () => {
  const world = buildShut();
  world.turn = { ...world.turn, looks: 0 };
  assertObjectMatch(world.step, { do: "read", questions: [{ ask: "positions" }, {}] });
  world.turn = { ...world.turn, looks: 1 };
  assertObjectMatch(world.step, {
    do: "send",
    permit: { kind: "exit_rest" },
    request: { op: "stop", request: { qty: 10, stopUsd: 95 } },
  });
});

Deno.test("plan() puts nothing back where the operator objects, and has it on record that nothing is to be", () => {
  const world = buildShut();
  const objection = { code: "kill_switch_active", source: "file" } as const;
  world.operator = { ...world.operator, objection };
  assertObjectMatch(world.step, { do: "record", change: [{ change: { isBare: false } }] });
});

Deno.test("plan() puts nothing back with keys that are another account's", () => {
  const world = buildShut();
  world.operator = { ...world.operator, keys: "mismatch" };
  assertObjectMatch(world.step, { do: "rest", wakeAtMs: null });
});

Deno.test("plan() tries a rest that was refused beside a buy again after a minute", () => {
  const buy = sellOrder({ orderId: "buy", clientOrderId: "hand", side: "buy", type: "limit" });
  const world = buildShut({ orders: [buy] }, { besideBuyAtMs: NOW_MS - 20_000 });
  assertObjectMatch(world.step, { do: "rest", wakeAtMs: NOW_MS + 40_000 });
});

Deno.test("plan() looks again soon where it can't tell yet what an exit left bare", () => {
  const failed = { kind: "failed", failure: "timeout" } as const;
  const unread = buildShut();
  unread.learn({ to: "open_orders", look: failed });
  const uncounted = buildShut();
  uncounted.seen = { ...uncounted.seen, pasts: new Set() };
  const leaving = buildShut({ orders: [resting(4, { status: "pending_cancel" })] });
  const unexplained = buildShut({ held: heldPosition({ qty: 20 }) });
  const split = buildShut();
  split.learn({ to: "positions", look: failed });
  split.records = { ...split.records, positions: [{ ...POSITION, unexplainedQty: 20 }] };
  for (const world of [unread, uncounted, leaving, unexplained, split]) {
    assertObjectMatch(world.step, AGAIN);
  }
});

Deno.test("plan() tries the highest stop that may still be taken, and sells nothing in its place, while its gate is shut", () => {
  const belowStop = { stopUsd: 97, atMs: 0 };
  const world = buildShut({}, { underWay: { ...NOTHING_UNDER_WAY, belowStop } });
  world.price(94);
  assertObjectMatch(world.step, { do: "send", request: { op: "stop", request: { stopUsd: 95 } } });
});

Deno.test("plan() sends no stop at night for a symbol whose corporate actions nobody has asked for", () => {
  const world = new PlanWorld();
  const { clock } = world.seen;
  if (clock === null) throw new Error("no clock");
  world.seen = { ...world.seen, clock: { ...clock, isOpen: false } };
  assertEquals(world.step.do, "rest");
  const about = { action: { kind: "none" }, isAnswered: false } as const;
  world.seen = { ...world.seen, closed: new Map([["SPY", about]]) };
  assertObjectMatch(world.step, { do: "send", permit: { kind: "closed_stop" } });
});

Deno.test("plan() stops what orders say is left while positions can't be read", () => {
  const world = buildShut({ orders: [resting(4)] });
  world.learn({ to: "positions", look: { kind: "failed", failure: "timeout" } });
  assertObjectMatch(world.step, { do: "send", request: { op: "stop", request: { qty: 6 } } });
});

Deno.test("plan() puts back what an exit laid bare though a crash left the exit pending, and its ledger can't be read since", () => {
  const { positionId } = POSITION;
  const record = (reason: "stop" | "stop_exit", ageMs: number) =>
    buildSellRecord(
      {
        position: POSITION,
        reason,
        qty: 10,
        stopUsd: reason === "stop" ? 95 : null,
        replaces: null,
      },
      1,
      NOW_MS - ageMs,
    );
  // A stop that may have left is sent again under its id; a close that never left is none.
  for (const entry of [record("stop", 5_000), record("stop_exit", 60_000)]) {
    const world = buildShut({ entries: [entry] });
    const { clientOrderId } = entry;
    assertObjectMatch(world.step, { do: "read", questions: [{ ask: "look_up", clientOrderId }] });
    world.learn({ to: "look_up", clientOrderId, outcome: { kind: "not_found" } });
    while (world.step.do === "record") world.record();
    assertObjectMatch(world.step, {
      do: "send",
      permit: { kind: "exit_rest" },
      request: { op: "stop", request: { clientOrderId: `${positionId}-stop-1`, qty: 10 } },
    });
  }
});

Deno.test("plan() waits with what is doubtful still, and takes nothing for bare any more that is reserved", () => {
  const facts = { reason: "stop_exit", qty: 10, stopUsd: null, replaces: null } as const;
  const lost = buildSellRecord({ position: POSITION, ...facts }, 1, NOW_MS - 60_000);
  const doubtful = buildShut({ entries: [{ ...lost, status: "unknown" }] });
  // Positions say that they are there, and a sell of unknown fate may have sold them.
  assertEquals(doubtful.step.do, "rest");
  const reserved = buildShut({ orders: [resting(10)] });
  assertObjectMatch(reserved.step, { do: "record", change: [{ change: { isBare: false } }] });
});
