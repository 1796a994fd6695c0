import { EMPTY_STATE } from "../../../src/domain/account/engine_state.ts";
import { ID_TAKEN, type LedgerEntry } from "../../../src/domain/order/ledger.ts";
import type { SellSideRequest } from "../../../src/domain/order/order_request.ts";
import type { BrokerOrder } from "../../../src/domain/order/orders.ts";
import { apply } from "../../../src/domain/plan/records.ts";
import { assertEquals, assertObjectMatch } from "../../assert.ts";
import { ledgerEntry, liveLedger } from "../fixtures.ts";
import { managedPosition } from "../position_fixtures.ts";
import { accept, NOW_MS, PlanWorld, sellOrder } from "./plan_world.ts";

const { positionId } = managedPosition();

/** A stop of ours for all ten shares, good till canceled. */
function restingStop(facts: Partial<BrokerOrder> = {}): BrokerOrder {
  const earlierMs = NOW_MS - 60_000;
  return sellOrder({
    orderId: "resting",
    clientOrderId: `${positionId}-stop-1`,
    type: "stop",
    timeInForce: "gtc",
    stopPriceUsd: 95,
    submittedAtMs: earlierMs,
    updatedAtMs: earlierMs,
    ...facts,
  });
}

Deno.test("plan() rests where a stop holds every share, and says the same to the same world", () => {
  const world = new PlanWorld({ orders: [restingStop()] });
  world.price(100);
  assertObjectMatch(world.step, { do: "rest", wakeAtMs: null });
  assertEquals(world.step, world.step);
});

Deno.test("plan() places a stop for bare shares, its record with it, under the gate", () => {
  const world = new PlanWorld();
  const { step } = world;
  assertObjectMatch(step, {
    do: "send",
    permit: { kind: "gate" },
    request: { op: "stop", request: { symbol: "SPY", qty: 10, stopUsd: 95 } },
  });
  world.send(accept);
  assertEquals(world.records.ledger?.entries.map(({ reason, status }) => [reason, status]), [
    ["stop", "accepted"],
  ]);
  // What left is looked at once more.
  assertObjectMatch(world.step, { do: "read" });
});

Deno.test("plan() stops every whole share that a hand's sells of fractions leave bare", () => {
  // As numbers their sum is a little more than six.
  const fractions = [0.2, 4.9, 0.9].map((qty, at) =>
    sellOrder({ orderId: `f-${at}`, clientOrderId: `hand-${at}`, type: "limit", qty })
  );
  const { step } = new PlanWorld({ orders: fractions });
  assertObjectMatch(step, { do: "send", request: { op: "stop", request: { qty: 4 } } });
});

Deno.test("plan() shrinks our own stop for a trim, and sells only what that has freed", () => {
  const world = new PlanWorld({ orders: [restingStop()] });
  world.price(106);
  // The high is a record before anything is decided from it.
  world.record();
  const shrunk = restingStop({
    orderId: "shrunk",
    clientOrderId: `${positionId}-stop-1001`,
    qty: 5,
    stopPriceUsd: 101,
    replaces: "resting",
  });
  const request = world.send(() => ({ kind: "accepted", order: shrunk, body: "" }));
  assertObjectMatch(request, { op: "replace", request: { orderId: "resting", qty: 5 } });
  assertEquals(world.records.unfinished[0]?.isBare, true);
  assertObjectMatch(world.step, { do: "read", questions: [{ ask: "order", orderId: "resting" }] });
  const old = restingStop({ status: "replaced", replacedBy: "shrunk" });
  world.learn({ to: "order", orderId: "resting", outcome: { kind: "found", order: old } });
  const sold = world.send(accept);
  assertObjectMatch(sold, { op: "sell", request: { qty: 5 } });
  assertEquals(world.records.positions[0]?.isTrimmedR1, true);
});

Deno.test("plan() sells what no stop holds for a trim, and cancels nothing that holds the rest", () => {
  // A cancel that takes longer than a cycle waits leaves half of it bare: the next cycle must not cancel the other half first.
  const world = new PlanWorld({ orders: [restingStop({ qty: 5 })] });
  world.price(106);
  world.record();
  while (world.step.do === "record") world.record();
  assertObjectMatch(world.send(accept), { op: "sell", request: { qty: 5 } });
  assertEquals(world.records.positions[0]?.isTrimmedR1, true);
  assertEquals(world.records.unfinished[0]?.isBare ?? false, false);
});

Deno.test("plan() looks up a stop that a crash left pending before it places one, and takes no doubt for shares", () => {
  const pending = ledgerEntry({
    symbol: "SPY",
    side: "sell",
    reason: "stop",
    qty: 10,
    status: "pending",
    positionId,
    clientOrderId: `${positionId}-stop-1`,
    orderId: null,
    stopUsd: 95,
    attempt: 1,
  });
  const world = new PlanWorld({ entries: [pending] });
  assertObjectMatch(world.step, {
    do: "read",
    questions: [{ ask: "look_up", clientOrderId: `${positionId}-stop-1` }],
  });
  const name = pending.clientOrderId ?? "";
  world.learn({ to: "look_up", clientOrderId: name, outcome: { kind: "not_found" } });
  world.record();
  assertObjectMatch(world.send(accept), { op: "stop", request: { qty: 10 } });
});

Deno.test("plan() asks a stop's lost answer for, and sends it again once, under the same id", () => {
  const world = new PlanWorld();
  const lost = () => ({ kind: "unknown", why: "timeout", httpStatus: null, body: "" }) as const;
  const first = world.send(lost);
  if (first.op !== "stop") throw new Error(first.op);
  const { clientOrderId } = first.request;
  const answer = () =>
    world.learn({ to: "look_up", clientOrderId, outcome: { kind: "not_found" } });
  answer();
  assertEquals(world.send(lost), first);
  answer();
  // Twice without an answer: it stays unknown, and nothing else leaves beside it.
  world.record();
  assertObjectMatch(world.step, { do: "rest" });
  assertEquals(world.records.ledger?.entries[0]?.status, "unknown");
});

const LOST = { kind: "unknown", why: "timeout", httpStatus: null, body: "" } as const;
const DUPLICATE = { kind: "duplicate", body: "" } as const;

function nameOf(request: SellSideRequest): string {
  if (request.op === "cancel") throw new Error("a cancel has no name");
  return request.request.clientOrderId;
}

function recordAll(world: PlanWorld): void {
  while (world.step.do === "record") world.record();
}

/** Whatever it would record or send is done, and each look-up says that the broker has no such order. */
function goOnUnseen(world: PlanWorld): string[] {
  const sent: string[] = [];
  for (let steps = 0; steps < 20; steps++) {
    const { step } = world;
    if (step.do === "record") world.record();
    else if (step.do === "send") sent.push(world.send(() => DUPLICATE).op);
    else if (step.do === "read") {
      const [question] = step.questions;
      if (question?.ask !== "look_up") return sent;
      const { clientOrderId } = question;
      world.learn({ to: "look_up", clientOrderId, outcome: { kind: "not_found" } });
    } else return sent;
  }
  throw new Error("it comes to no end");
}

Deno.test('plan() takes no "not found" for the absence of a close whose id the broker has: no stop for its shares', () => {
  const world = new PlanWorld();
  world.price(94);
  recordAll(world);
  const first = world.send(() => LOST);
  assertObjectMatch(first, { op: "sell", request: { qty: 10 } });
  const clientOrderId = nameOf(first);
  world.learn({ to: "look_up", clientOrderId, outcome: { kind: "not_found" } });
  recordAll(world);
  assertEquals(nameOf(world.send(() => DUPLICATE)), clientOrderId);
  assertEquals(goOnUnseen(world), []);
  assertEquals(world.records.ledger?.entries.map(({ status, detail }) => [status, detail]), [
    ["unknown", ID_TAKEN],
  ]);
});

const REFUSED = {
  kind: "rejected",
  why: "other",
  httpStatus: 403,
  code: 40310000,
  message: "account not authorized",
  body: "",
} as const;

/** A close whose answer is lost, and whose repeat the broker refuses for another reason than its id. */
function closeInDoubt(): { readonly world: PlanWorld; readonly clientOrderId: string } {
  const world = new PlanWorld();
  world.price(94);
  recordAll(world);
  const clientOrderId = nameOf(world.send(() => LOST));
  world.learn({ to: "look_up", clientOrderId, outcome: { kind: "not_found" } });
  recordAll(world);
  assertEquals(nameOf(world.send(() => REFUSED)), clientOrderId);
  assertEquals(goOnUnseen(world), []);
  return { world, clientOrderId };
}

/** The next cycle looks, and finds nothing of it. */
function beginCycle(world: PlanWorld): void {
  world.pass(5_000);
  const { brokerMs, monotonicMs } = world.now;
  world.turn = {
    ...world.turn,
    cycleStartedAtMs: brokerMs,
    startedMs: monotonicMs,
    sendings: new Map(),
    actsBySymbol: new Map(),
  };
  const { positions, openOrders } = world.seen;
  if (positions === null || openOrders === null) throw new Error("nothing was seen");
  world.learn({ to: "positions", look: positions.look });
  world.learn({ to: "open_orders", look: openOrders.look });
}

Deno.test("plan() takes no refusal of a repeat for the absence of the sell before it: its shares stay doubtful, and are told", () => {
  const { world } = closeInDoubt();
  const [entry] = world.records.ledger?.entries ?? [];
  assertEquals([entry?.status, entry?.detail], ["unknown", null]);
  assertEquals(world.step.do, "read");
  const { held } = world.records.unfinished[0]?.underWay ?? {};
  assertEquals(
    held?.why,
    "its sell (stop_exit) may be at the broker, which did not answer and took no repeat: account not authorized",
  );
});

Deno.test("plan() repeats a sell in doubt in the next cycle where its exit is due still, and only there", () => {
  for (const [priceUsd, sent] of [[94, ["sell"]], [97, []]] as const) {
    const { world, clientOrderId } = closeInDoubt();
    beginCycle(world);
    world.price(priceUsd);
    const requests = goOnUnseen(world);
    assertEquals(requests, [...sent]);
    const [entry, ...others] = world.records.ledger?.entries ?? [];
    assertEquals([entry?.clientOrderId, entry?.status, others], [clientOrderId, "unknown", []]);
  }
});

/** What a process wrote down for a close right before it ended. */
function leftPending(afterMs: number): LedgerEntry {
  return ledgerEntry({
    symbol: "SPY",
    side: "sell",
    reason: "stop_exit",
    qty: 10,
    status: "pending",
    positionId,
    clientOrderId: `${positionId}-stop_exit-1`,
    orderId: null,
    attempt: 1,
    deadlineAtMs: NOW_MS + afterMs,
  });
}

Deno.test("plan() takes a repeat that the operator stops for no absence of a sell that may have left right before a crash", () => {
  const world = new PlanWorld({ entries: [leftPending(12_000)] });
  world.price(94);
  const clientOrderId = `${positionId}-stop_exit-1`;
  world.learn({ to: "look_up", clientOrderId, outcome: { kind: "not_found" } });
  recordAll(world);
  const reason = "kill switch active (file)";
  assertEquals(nameOf(world.send(() => ({ kind: "stopped", reason }))), clientOrderId);
  assertEquals(goOnUnseen(world), []);
  assertEquals(world.records.ledger?.entries.map(({ status }) => status), ["unknown"]);
});

Deno.test("plan() waits for the deadline of a sell that may have left right before a crash, and stops its shares then", () => {
  for (const [afterMs, sent] of [[12_000, []], [0, ["stop"]]] as const) {
    const world = new PlanWorld({ entries: [leftPending(afterMs)] });
    // Its exit is not due any more.
    world.price(101);
    assertEquals(goOnUnseen(world).slice(0, 1), [...sent]);
  }
});

Deno.test("plan() sends no close again that may have left right before a crash when the session is about to end", () => {
  const world = new PlanWorld({ entries: [leftPending(12_000)] });
  world.price(94);
  world.now = { ...world.now, untilCloseMs: 30_000 };
  assertEquals(goOnUnseen(world), []);
});

Deno.test("plan() takes no sell to have left right before a crash whose shares a stop holds still", () => {
  for (const [kind, status] of [["found", "rejected"], ["unknown", "pending"]] as const) {
    const world = new PlanWorld({ entries: [leftPending(12_000)], orders: [restingStop()] });
    world.price(101);
    assertEquals(goOnUnseen(world), []);
    // Lists lag: the stop itself is asked for.
    assertObjectMatch(world.step, {
      do: "read",
      questions: [{ ask: "order", orderId: "resting" }],
    });
    const outcome = kind === "found"
      ? { kind, order: restingStop() }
      : { kind, why: "timeout" } as const;
    world.learn({ to: "order", orderId: "resting", outcome });
    assertEquals(goOnUnseen(world), []);
    assertEquals(world.records.ledger?.entries.map((entry) => entry.status), [status]);
  }
  // Where no orders can be read nothing says that a stop holds them.
  const unread = new PlanWorld({ entries: [leftPending(12_000)], orders: [restingStop()] });
  unread.price(101);
  unread.learn({ to: "open_orders", look: { kind: "failed", failure: "timeout" } });
  assertEquals(goOnUnseen(unread), []);
  assertEquals(unread.records.ledger?.entries.map((entry) => entry.status), ["pending"]);
});

Deno.test("plan() sells no share again of a sell that may have left right before a crash, though a list that lags shows the stop from before it", () => {
  const trim = { ...leftPending(12_000), reason: "r1_trim", qty: 5 };
  const clientOrderId = `${positionId}-r1_trim-1`;
  const world = new PlanWorld({
    entries: [{ ...trim, clientOrderId }],
    orders: [restingStop()],
  });
  world.price(94);
  const order = restingStop({ status: "canceled", updatedAtMs: NOW_MS });
  const sold: number[] = [];
  for (let steps = 0; steps < 20 && sold.length === 0; steps++) {
    const { step } = world;
    if (step.do === "record") world.record();
    else if (step.do === "send") {
      const request = world.send(accept);
      if (request.op === "sell") sold.push(request.request.qty);
    } else if (step.do === "read") {
      const [question] = step.questions;
      if (question?.ask === "look_up") {
        world.learn({ to: "look_up", clientOrderId, outcome: { kind: "not_found" } });
      } else world.learn({ to: "order", orderId: "resting", outcome: { kind: "found", order } });
    }
  }
  assertEquals(sold, [5]);
});

Deno.test("plan() trims half of all shares though the stop for their rest was about to leave when a process ended", () => {
  const stop = { ...leftPending(12_000), reason: "stop", qty: 5, stopUsd: 95 };
  const clientOrderId = `${positionId}-stop-2`;
  const world = new PlanWorld({
    entries: [{ ...stop, clientOrderId, attempt: 2 }],
    orders: [restingStop()],
  });
  world.price(106);
  world.learn({ to: "look_up", clientOrderId, outcome: { kind: "not_found" } });
  const outcome = { kind: "found", order: restingStop() } as const;
  world.learn({ to: "order", orderId: "resting", outcome });
  recordAll(world);
  assertObjectMatch(world.step, { do: "send", request: { op: "replace", request: { qty: 5 } } });
});

for (const reason of ["stop", "stop_exit"] as const) {
  Deno.test(`plan() has it on record that the broker has a ${reason}'s id: a later process believes no "not found" either`, () => {
    const taken = ledgerEntry({
      symbol: "SPY",
      side: "sell",
      reason,
      qty: 10,
      status: "unknown",
      detail: ID_TAKEN,
      positionId,
      clientOrderId: `${positionId}-${reason}-1`,
      orderId: null,
      stopUsd: reason === "stop" ? 95 : null,
      attempt: 1,
    });
    const world = new PlanWorld({ entries: [taken] });
    assertEquals(goOnUnseen(world), []);
    assertEquals(world.records.ledger?.entries[0]?.status, "unknown");
    const order = restingStop({ clientOrderId: taken.clientOrderId ?? "" });
    world.records = apply(world.records, [
      { kind: "shown", clientOrderId: order.clientOrderId, order },
    ]);
    const { status, detail } = world.records.ledger?.entries[0] ?? {};
    assertEquals([status, detail], ["accepted", null]);
  });
}

Deno.test("a record whose id the broker has is never rejected, whoever asks, nor forgotten by its repeat", () => {
  const repeat = ledgerEntry({
    side: "sell",
    status: "pending",
    clientOrderId: "sell",
    detail: null,
  });
  const records = { ...EMPTY_STATE, ledger: liveLedger([repeat]) };
  const after = apply(records, [
    { kind: "unknown", clientOrderId: "sell", isIdTaken: true, endedAtMs: NOW_MS },
    { kind: "unknown", clientOrderId: "sell", isIdTaken: false, endedAtMs: NOW_MS },
    { kind: "orders", entries: [repeat] },
    { kind: "not_sent", clientOrderId: "sell" },
    { kind: "refused", clientOrderId: "sell", detail: "insufficient qty" },
  ]);
  const [entry] = after.ledger?.entries ?? [];
  assertEquals([entry?.status, entry?.detail], ["unknown", ID_TAKEN]);
});
