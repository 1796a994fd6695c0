import type { BrokerOrder } from "../../../src/domain/order/orders.ts";
import { assertEquals, assertObjectMatch } from "../../assert.ts";
import { managedPosition } from "../position_fixtures.ts";
import { NOW_MS, PlanWorld, sellOrder } from "./plan_world.ts";

const { positionId } = managedPosition();

/** Our own stop: for all ten shares at first, and for five in its place. */
function stop(facts: Partial<BrokerOrder>): BrokerOrder {
  return sellOrder({
    orderId: "resting",
    clientOrderId: `${positionId}-stop-1`,
    type: "stop",
    timeInForce: "gtc",
    stopPriceUsd: 95,
    submittedAtMs: NOW_MS - 60_000,
    updatedAtMs: NOW_MS - 60_000,
    ...facts,
  });
}

/** A world in which it gives up five shares for a trim, and the broker has taken that. */
function buildShrinking(): PlanWorld {
  const world = new PlanWorld({ orders: [stop({})] });
  world.price(106);
  world.record();
  world.send((request) => {
    const clientOrderId = request.op === "replace" ? request.request.clientOrderId : "";
    const order = stop({
      orderId: "shrunk",
      replaces: "resting",
      clientOrderId,
      qty: 5,
      stopPriceUsd: 101,
    });
    return { kind: "accepted", order, body: "" };
  });
  return world;
}

const ENDS = { kind: "unfinished", change: { underWay: { begun: null } } };

Deno.test("plan() ends a shrinking whose records are gone, or whose stop has not left, and sells nothing", () => {
  for (const keep of ["none", "pending"] as const) {
    const world = buildShrinking();
    const { ledger } = world.records;
    if (ledger === null) throw new Error("no ledger");
    const entries = keep === "none"
      ? []
      : ledger.entries.map((entry) =>
        entry.reason === "stop" ? { ...entry, status: "pending" as const } : entry
      );
    world.records = { ...world.records, ledger: { ...ledger, entries } };
    const { step } = world;
    assertEquals(step.do, "record");
    assertObjectMatch(step.do === "record" ? step.change.at(-1) ?? {} : {}, ENDS);
  }
});

Deno.test("plan() sells nothing for a trim where the old stop lives on, and tries it again", () => {
  const world = buildShrinking();
  const known = world.seen.book.get("shrunk")?.order;
  if (known === undefined) throw new Error("nothing has left");
  const refused = { ...known, status: "rejected", updatedAtMs: NOW_MS };
  world.learn({ to: "order", orderId: "shrunk", outcome: { kind: "found", order: refused } });
  world.learn({ to: "order", orderId: "resting", outcome: { kind: "found", order: stop({}) } });
  const { step } = world;
  assertObjectMatch(step, { do: "record", change: [{ kind: "not_sent" }, ENDS] });
  world.record();
  assertEquals(world.records.unfinished[0]?.underWay.tried ?? null, null);
});

Deno.test("plan() asks for the stop for the rest, too, where the book has lost it", () => {
  const world = buildShrinking();
  const old = stop({ status: "replaced", replacedBy: "shrunk", updatedAtMs: NOW_MS });
  world.learn({ to: "order", orderId: "resting", outcome: { kind: "found", order: old } });
  const book = new Map([...world.seen.book].filter(([orderId]) => orderId !== "shrunk"));
  world.seen = { ...world.seen, book };
  assertObjectMatch(world.step, {
    do: "read",
    questions: [{ orderId: "resting" }, { orderId: "shrunk" }],
  });
});
