import { listBare } from "../../src/engine/unfinished.ts";
import { assert, assertEquals } from "../assert.ts";
import { SIM_KEY_ID, SIM_SECRET_KEY } from "../simulator/exchange.ts";
import { AAPL, at, LEDGER_PATH, MINUTE_MS, SECOND_MS, STATE_PATH, World } from "./support.ts";

const TUESDAY = "2026-11-24";
const WEDNESDAY = "2026-11-25";
const DOWN = { kind: "status", status: 503 } as const;
/** The broker's answer where the market is at or below a stop. */
const BELOW_MARKET = {
  kind: "status",
  status: 422,
  body: '{"code":42210000,"message":"stop price must be less than current price"}',
} as const;

async function bought(): Promise<World> {
  const world = new World();
  await world.buy();
  return world;
}

async function trimmed(): Promise<World> {
  const world = await bought();
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  world.forget();
  return world;
}

/** A process that has seen its first day in DRY_RUN, and begins to trade. */
async function startLive(world: World): Promise<void> {
  await world.restart({ DRY_RUN: "1" });
  await world.cycle();
  await world.restart({ DRY_RUN: "0" });
  world.pass(5 * SECOND_MS);
}

for (const isStateLost of [false, true]) {
  const how = isStateLost ? ", the state rebuilt" : "";
  Deno.test(`a trim that was at work at the close and sold nothing is not done two days later${how}`, async () => {
    const world = await bought();
    world.goTo(at("15:51"));
    await world.cycle();
    world.exchange.behaviour.partialFills = (order) =>
      order.type === "market" && order.side === "sell" ? [{ afterMs: 86_400_000, qty: 1 }] : null;
    world.goTo(at("15:59:20"));
    world.exchange.setPrice("NVDA", 106);
    await world.cycle();
    assertEquals(world.entries("r1_trim").length, 1);
    for (const day of [TUESDAY, WEDNESDAY]) {
      world.goTo(at("10:00:30", day));
      world.exchange.setPrice("NVDA", 104);
      world.list([AAPL]);
      world.exchange.setPrice("AAPL", 50);
      if (isStateLost && day === WEDNESDAY) {
        world.disk.remove(STATE_PATH);
        await world.restart();
      }
      await world.cycles(2, MINUTE_MS);
    }
    assertEquals([world.held(), world.position()?.isTrimmedR1], [10, false]);
    world.exchange.behaviour.partialFills = null;
    world.exchange.setPrice("NVDA", 106);
    await world.cycles(2, MINUTE_MS);
    assertEquals([world.held(), world.stops()], [5, ["5@99 gtc"]]);
  });
}

Deno.test("a raised stop that the market is below already does not cost the one that rests, before the first trade", async () => {
  const world = await trimmed();
  const position = world.position();
  assert(position !== undefined);
  world.engine.putPosition({ ...position, stopUsd: 104 });
  world.setFaults([
    { path: "/v2/stocks/trades/latest", fault: DOWN },
    { method: "PATCH", fault: BELOW_MARKET },
    { method: "POST", contains: '"stop"', fault: BELOW_MARKET },
  ]);
  world.exchange.setPrice("NVDA", 103);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.held(), world.stops()], [5, ["5@99 gtc"]]);
});

Deno.test("an overnight stop that the market is below already does not cost the leg that rests, before the first trade", async () => {
  const world = await bought();
  const position = world.position();
  assert(position !== undefined);
  world.engine.putPosition({ ...position, stopUsd: 99 });
  world.setFaults([
    { path: "/v2/stocks/trades/latest", fault: DOWN },
    { contains: '"99.00"', fault: BELOW_MARKET },
  ]);
  world.exchange.setPrice("NVDA", 98);
  world.goTo(at("15:51"));
  await world.cycles(2, SECOND_MS);
  assertEquals([world.held(), world.stops()], [10, ["10@95 gtc"]]);
});

Deno.test("another account's position gets no stop from us, though the clock can't be read", async () => {
  const world = await bought();
  world.exchange.behaviour.cancelOutcome = () => "stuck";
  world.exchange.setPrice("NVDA", 106);
  world.onEvent = (event) => {
    if (event.type === "order_answer" && event.op === "cancel") throw new Error("crash");
  };
  await world.cycles(1, MINUTE_MS).catch(() => {});
  world.onEvent = () => {};
  world.exchange.behaviour.cancelOutcome = () => "canceled";
  world.exchange.desk.releaseCancels();
  world.pass(SECOND_MS);
  world.state = { ...world.state, accountId: "another" };
  world.ledger = { ...world.ledger, accountId: "another" };
  await world.restart();
  world.forget();
  await world.cycles(1, MINUTE_MS);
  world.setFaults([{ path: "/v2/clock", fault: DOWN }]);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.changes, []);
});

Deno.test("a position whose buy is still filling is adopted once that has ended", async () => {
  const world = new World({ rows: [AAPL] });
  world.exchange.behaviour.partialFills = (order) =>
    order.side === "buy" ? [{ afterMs: 0, qty: 3 }, { afterMs: 90_000, qty: 7 }] : null;
  world.exchange.placeByHand({
    symbol: "AAPL",
    qty: "10",
    side: "buy",
    type: "market",
    time_in_force: "day",
  });
  world.pass(5 * SECOND_MS);
  assertEquals(world.held("AAPL"), 3);
  await startLive(world);
  await world.cycles(4, MINUTE_MS);
  assertEquals(world.held("AAPL"), 10);
  assertEquals([world.position("AAPL")?.unexplainedQty, world.stops("AAPL")], [null, [
    "10@95 gtc",
  ]]);
});

Deno.test("shares sold by hand between the look at positions and their adoption make no split", async () => {
  const world = new World({ rows: [AAPL] });
  world.exchange.setPosition("AAPL", 10, 100);
  await startLive(world);
  let isSold = false;
  world.onEvent = (event) => {
    if (event.type !== "gate" || event.mode !== "LIVE" || isSold) return;
    isSold = true;
    world.exchange.placeByHand({
      symbol: "AAPL",
      qty: "4",
      side: "sell",
      type: "market",
      time_in_force: "day",
    });
    world.pass(SECOND_MS);
  };
  await world.cycles(3, MINUTE_MS);
  assert(isSold);
  const { qty, unexplainedQty } = world.position("AAPL") ?? {};
  assertEquals([qty, unexplainedQty, world.stops("AAPL")], [6, null, ["6@95 gtc"]]);
});

Deno.test("a trim that the broker keeps refusing neither fills the ledger nor moves the stop again and again", async () => {
  const world = await bought();
  world.exchange.setPrice("NVDA", 106);
  world.setFaults([{
    method: "POST",
    contains: "r1_trim",
    fault: { kind: "status", status: 403, body: '{"code":40310000,"message":"not authorized"}' },
  }]);
  const endMs = world.nowMs + 30 * MINUTE_MS;
  while (world.nowMs < endMs) {
    await world.cycle();
    const wakes = world.engine.wakeAtMs.filter((ms) => ms >= world.nowMs);
    world.goTo(Math.max(Math.min(...wakes, world.nowMs + 300_000), world.nowMs + 500));
  }
  assertEquals(world.held(), 10);
  assert(world.entries("stop").length < 30, `${world.entries("stop").length} stops on record`);
});

Deno.test("what an exit left bare gets its stop though the ledger can't be read or written any more", async () => {
  const world = await bought();
  world.exchange.behaviour.cancelOutcome = () => "stuck";
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(1, MINUTE_MS);
  assertEquals(listBare(world.engine).length, 1);
  world.exchange.desk.releaseCancels();
  world.disk.fault = ({ path }) => path.startsWith(LEDGER_PATH) ? "input/output error" : null;
  await world.cycles(3, 5 * SECOND_MS);
  assertEquals([world.held(), world.stops()], [10, ["10@99 gtc"]]);
});

Deno.test("the stop leg that the operator raised by hand does not fall with the overnight stop", async () => {
  const world = await bought();
  const [leg] = world.orders((order) => order.parent !== null && order.stopPriceUsd !== null);
  assert(leg !== undefined);
  world.exchange.handle({
    method: "PATCH",
    path: `/v2/orders/${leg.id}`,
    query: new URLSearchParams(),
    body: JSON.stringify({ stop_price: "98" }),
    headers: { "apca-api-key-id": SIM_KEY_ID, "apca-api-secret-key": SIM_SECRET_KEY },
  });
  world.pass(SECOND_MS);
  world.goTo(at("15:51"));
  await world.cycles(2, SECOND_MS);
  assertEquals(world.stops(), ["10@98 gtc"]);
});
