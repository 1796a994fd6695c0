import type { SendResult } from "../../../src/domain/order/order_request.ts";
import type { BrokerOrder } from "../../../src/domain/order/orders.ts";
import { assertEquals, assertObjectMatch } from "../../assert.ts";
import { brokerOrder, ledgerEntry } from "../fixtures.ts";
import { heldPosition, managedPosition } from "../position_fixtures.ts";
import { accept, NOW_MS, PlanWorld } from "./plan_world.ts";

const { positionId } = managedPosition();

/** An entry that has bought three of ten shares and works for an hour. */
const PARTIAL: Partial<BrokerOrder> = {
  status: "partially_filled",
  filledQty: 3,
  filledAtMs: null,
};

/** A world with it, in which its first fill is two minutes ago. */
function partial(entry: Partial<BrokerOrder> = PARTIAL): PlanWorld {
  const held = heldPosition({ qty: 3, costBasisUsd: 300 });
  const entries = [ledgerEntry({ orderId: "bought", qty: 10, clientOrderId: positionId })];
  const world = new PlanWorld({ held, entries, entry });
  const [position] = world.records.positions;
  if (position === undefined) throw new Error("no position");
  const partialSinceMs = NOW_MS - 120_000;
  world.records = { ...world.records, positions: [{ ...position, partialSinceMs }] };
  return world;
}

/** How the broker shows the entry by its id. */
function showEntry(world: PlanWorld, facts: Partial<BrokerOrder>): void {
  const bought = {
    orderId: "bought",
    clientOrderId: positionId,
    submittedAtMs: NOW_MS - 3_600_000,
    updatedAtMs: NOW_MS,
    filledAvgPriceUsd: 100,
    ...facts,
  };
  const order = brokerOrder(bought);
  world.learn({ to: "order", orderId: "bought", outcome: { kind: "found", order } });
}

/** How the broker shows the position. */
function showHeld(world: PlanWorld, qty: number): void {
  const rows = [heldPosition({ qty, costBasisUsd: qty * 100 })];
  world.learn({ to: "positions", look: { kind: "ok", value: { rows, unreadable: [] } } });
  world.learn({ to: "open_orders", look: { kind: "ok", value: { rows: [], unreadable: [] } } });
}

const requested = (): SendResult => ({ kind: "requested" });

Deno.test("plan() has the stop for what an entry bought on record before the cancel of its rest leaves", () => {
  const world = partial();
  assertObjectMatch(world.step, {
    do: "send",
    request: { op: "cancel", orderId: "bought" },
    permit: { kind: "gate" },
    change: [
      { kind: "orders", entries: [{ reason: "stop", qty: 3, stopUsd: 95, status: "pending" }] },
      { kind: "unfinished", change: { isBare: true } },
    ],
  });
});

Deno.test("plan() has that stop on record though nobody can count the shares yet", () => {
  const world = partial();
  // The day's orders could not be read since the process began.
  world.seen = { ...world.seen, pasts: new Set() };
  assertObjectMatch(world.step, {
    do: "send",
    request: { op: "cancel", orderId: "bought" },
    change: [
      { kind: "orders", entries: [{ reason: "stop", qty: 3, stopUsd: 95, status: "pending" }] },
      { kind: "unfinished", change: { isBare: true } },
    ],
  });
});

Deno.test("plan() leaves the rest of an entry alone whose position is absent a minute after its first fill", () => {
  const world = partial();
  world.learn({ to: "positions", look: { kind: "ok", value: { rows: [], unreadable: [] } } });
  world.learn({ to: "open_orders", look: { kind: "ok", value: { rows: [], unreadable: [] } } });
  assertEquals(world.step.do, "rest");
});

Deno.test("plan() stops what an entry bought until its cancel was done, though only the operator lets it", () => {
  const world = partial();
  world.send(requested);
  assertObjectMatch(world.step, { do: "read", questions: [{ ask: "order", orderId: "bought" }] });
  // A share more, before the cancel was done.
  showEntry(world, { status: "canceled", filledQty: 4 });
  world.record();
  const [entry] = world.records.ledger?.entries ?? [];
  assertEquals([entry?.broker?.status, entry?.broker?.filledQty], ["canceled", 4]);
  assertObjectMatch(world.step, { do: "read", questions: [{ ask: "positions" }, {}] });
  showHeld(world, 4);
  const { step } = world;
  assertObjectMatch(step, {
    do: "send",
    permit: { kind: "exit_rest" },
    request: { op: "stop", request: { qty: 4, stopUsd: 95 } },
  });
  world.send(accept);
  assertEquals(world.records.unfinished[0]?.underWay.begun ?? null, null);
  assertEquals(world.records.ledger?.entries.map(({ qty, status }) => [qty, status]), [
    [10, "accepted"],
    [4, "accepted"],
  ]);
});

Deno.test("plan() takes an entry's cancel that loses to its fill for a fill: its legs protect, and no stop is sent", () => {
  const world = partial();
  world.send(requested);
  const leg = { symbol: "SPY", side: "sell", orderClass: "bracket", qty: 10 } as const;
  const legs = [
    brokerOrder({ ...leg, orderId: "take", clientOrderId: "t", type: "limit", limitPriceUsd: 111 }),
    brokerOrder({ ...leg, orderId: "stop", clientOrderId: "s", type: "stop", stopPriceUsd: 95 }),
  ];
  showEntry(world, { status: "filled", filledQty: 10, filledAtMs: NOW_MS, legs });
  world.record();
  showHeld(world, 10);
  world.record();
  assertEquals(world.records.ledger?.entries.map(({ status }) => status), ["accepted", "rejected"]);
  assertObjectMatch(world.step, { do: "record", change: [{ change: { isBare: false } }] });
});

Deno.test("plan() gives an entry's cancel that hangs its 4 s, asks for it once a cycle, and tries a stop beside it", () => {
  const world = partial();
  world.send(requested);
  const looks: number[] = [];
  for (let { step } = world; step.do === "read" && looks.length < 20; { step } = world) {
    const waitMs = Math.max(0, (step.notBeforeMs ?? 0) - world.now.monotonicMs);
    world.pass(waitMs);
    looks.push(world.now.monotonicMs);
    showEntry(world, { ...PARTIAL, status: "pending_cancel" });
  }
  assertEquals(looks, [0, 250, 750, 1750, 3750, 4000]);
  world.record();
  showHeld(world, 3);
  assertObjectMatch(world.step, {
    do: "send",
    permit: { kind: "gate" },
    request: { op: "stop", request: { qty: 3 } },
  });
  world.send(accept);
  showHeld(world, 3);
  assertEquals([world.records.unfinished[0]?.isBare, world.step.do], [true, "record"]);
});

Deno.test("settle() leaves nothing bare on record where an entry's cancel was not let through", () => {
  const world = partial();
  world.send(() => ({ kind: "stopped", reason: "kill switch active" }));
  assertEquals(world.records.unfinished.map(({ isBare }) => isBare), [false]);
  assertEquals(world.records.ledger?.entries.map(({ status }) => status), ["accepted", "rejected"]);
});

Deno.test("plan() ends an entry without a fill and records no stop for it", () => {
  const world = partial({ ...PARTIAL, status: "new", filledQty: 0 });
  const { step } = world;
  assertObjectMatch(step, { do: "send", request: { op: "cancel", orderId: "bought" } });
  assertEquals(step.do === "send" ? step.change[0] : null, { kind: "orders", entries: [] });
});

Deno.test("plan() goes on with an entry's end by what positions show where the book has lost its order", () => {
  const world = partial();
  world.send(requested);
  showEntry(world, { status: "canceled", filledQty: 3 });
  world.seen = { ...world.seen, book: new Map() };
  world.pass(4_000);
  const outcome = { kind: "unknown", why: "timeout" } as const;
  world.learn({ to: "order", orderId: "bought", outcome });
  // Nobody can say that its cancel has ended: what it was begun with is over.
  assertObjectMatch(world.step, { do: "record", change: [{}, {}] });
  const [begun] = world.records.unfinished.flatMap(({ underWay }) => underWay.begun ?? []);
  if (begun === undefined) throw new Error("nothing is begun");
  const unfinished = world.records.unfinished
    .map((each) => ({ ...each, underWay: { ...each.underWay, begun: { ...begun, cancels: [] } } }));
  world.records = { ...world.records, unfinished };
  assertObjectMatch(world.step, { do: "read", questions: [{ ask: "positions" }, {}] });
});

Deno.test("plan() leaves what protects an entry that hangs as it is: only what is bare is stopped beside it", () => {
  const world = partial();
  world.send(requested);
  const leg = { symbol: "SPY", side: "sell", orderClass: "", qty: 3 } as const;
  const order = brokerOrder({
    ...leg,
    orderId: "low",
    clientOrderId: `${positionId}-stop-9`,
    type: "stop",
    timeInForce: "gtc",
    stopPriceUsd: 90,
  });
  world.learn({
    to: "open_orders",
    look: { kind: "ok", value: { rows: [order], unreadable: [] } },
  });
  const { ledger } = world.records;
  if (ledger === null) throw new Error("no ledger");
  const entries = ledger.entries.filter(({ side }) => side === "buy");
  const unfinished = world.records.unfinished
    .map((each) => ({ ...each, underWay: { ...each.underWay, begun: null } }));
  world.records = { ...world.records, unfinished, ledger: { ...ledger, entries } };
  assertEquals(world.step.do, "rest");
});
