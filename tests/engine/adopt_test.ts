import { takeRequests } from "../../src/engine/releasing.ts";
import { StateError } from "../../src/engine/ports.ts";
import { assert, assertEquals } from "../assert.ts";
import { MINUTE_MS, NVDA, SECOND_MS, STATE_DIR, World } from "./support.ts";

const REQUEST = `${STATE_DIR}/adopt-AAPL.json`;

/** Ten shares of somebody else's, not on today's list. */
async function foreign(
  { rows = [{ ...NVDA, pivotUsd: 101, r1Usd: 106 }], qty = 10 } = {},
): Promise<World> {
  const world = new World({ rows });
  world.exchange.setPosition("AAPL", qty, 100);
  await world.restart({ DRY_RUN: "1" });
  await world.cycle();
  await world.restart({ DRY_RUN: "0", MAX_LIVE_NOTIONAL_PER_SYMBOL: "100" });
  world.pass(5 * SECOND_MS);
  await world.cycle();
  world.forget();
  return world;
}

function ask(
  world: World,
  plan: { stop: number; r1: number | null; r2: number | null } | null,
): void {
  const time = new Date(world.nowMs).toISOString();
  world.disk.put(REQUEST, JSON.stringify({ symbol: "AAPL", time, plan }));
}

Deno.test("what the operator has adopted is managed by his plan, whatever it is worth; the first cycle only protects", async () => {
  const world = await foreign();
  ask(world, { stop: 90, r1: 104, r2: 110 });
  await takeRequests(world.engine);
  assertEquals(world.engine.isCycleDue, true);
  world.exchange.setPrice("AAPL", 105);
  await world.cycle();
  assertEquals([world.sells("AAPL"), world.stops("AAPL")], [[], ["10@90 gtc"]]);
  assertEquals([world.disk.textOf(REQUEST), world.alerted("Position adopted").length], [null, 1]);
  await world.cycles(1, MINUTE_MS);
  // The pivot is the price at take-up.
  assertEquals([world.sells("AAPL"), world.position("AAPL")?.stopUsd], [["5 filled"], 105]);
});

Deno.test("without a target there is only protection and stop_exit", async () => {
  const world = await foreign();
  ask(world, { stop: 90, r1: null, r2: null });
  await world.cycles(1, SECOND_MS);
  world.exchange.setPrice("AAPL", 500);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.sells("AAPL"), world.stops("AAPL")], [[], ["10@90 gtc"]]);
  world.exchange.setPrice("AAPL", 89);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.held("AAPL"), world.position("AAPL")], [0, undefined]);
});

const refused = [
  {
    when: "its stop is not below the price",
    plan: { stop: 100, r1: null, r2: null },
    why: "not below the price",
  },
  { when: "its price is at r2", plan: { stop: 90, r1: 95, r2: 100 }, why: "not below r2" },
  { when: "no plan was given and it is not on the list", plan: null, why: "say --stop" },
];
for (const { when, plan, why } of refused) {
  Deno.test(`adopt is refused at take-up, and said, where ${when}`, async () => {
    const world = await foreign();
    ask(world, plan);
    await world.cycles(1, SECOND_MS);
    assertEquals([world.said(why).length, world.disk.textOf(REQUEST)], [1, null]);
    assertEquals([world.position("AAPL"), world.changes], [undefined, []]);
  });
}

Deno.test("what was released is managed again by adopt alone, with the plan of today's list", async () => {
  const world = new World();
  await world.buy();
  const positionId = world.position()?.positionId ?? "";
  const time = new Date(world.nowMs).toISOString();
  const request = { symbol: "NVDA", position_id: positionId, time };
  world.disk.put(`${STATE_DIR}/release-NVDA.json`, JSON.stringify(request));
  await takeRequests(world.engine);
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.position(), undefined);
  world.disk.put(
    `${STATE_DIR}/adopt-NVDA.json`,
    JSON.stringify({ symbol: "NVDA", time, plan: null }),
  );
  await world.cycles(3, MINUTE_MS);
  const { qty, stopUsd } = world.position() ?? {};
  assertEquals([qty, stopUsd, world.stops(), world.state.released], [10, 95, ["10@95 day"], []]);
  await world.restart();
  await world.cycles(2, MINUTE_MS);
  assert(world.position()?.positionId !== positionId);
  assertEquals([world.state.positions.length, world.held()], [1, 10]);
});

Deno.test("what was given back and released again keeps every order: none of an earlier adoption is cancelled", async () => {
  const world = await foreign();
  const release = async () => {
    const { positionId = "" } = world.position("AAPL") ?? {};
    const time = new Date(world.nowMs).toISOString();
    const request = { symbol: "AAPL", position_id: positionId, time };
    world.disk.put(`${STATE_DIR}/release-AAPL.json`, JSON.stringify(request));
    await world.cycles(2, 5 * SECOND_MS);
    assertEquals(world.position("AAPL"), undefined);
  };
  ask(world, { stop: 90, r1: null, r2: null });
  await world.cycles(2, 5 * SECOND_MS);
  await release();
  ask(world, { stop: 85, r1: null, r2: null });
  await world.cycles(2, 5 * SECOND_MS);
  assertEquals(world.position("AAPL")?.stopUsd, 85);
  await release();
  world.forget();
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.changes, world.stops("AAPL")], [[], ["10@90 gtc"]]);
});

Deno.test("nothing is adopted that nobody holds", async () => {
  const world = await foreign();
  world.exchange.setPosition("AAPL", 0, 100);
  ask(world, null);
  await world.cycles(1, 15 * SECOND_MS);
  assertEquals(world.said("no long position").length, 1);
  assertEquals(world.position("AAPL"), undefined);
});

Deno.test("a request whose file can't be removed costs the adopted position no stop, and is dropped later", async () => {
  const world = await foreign();
  ask(world, { stop: 90, r1: null, r2: null });
  const { operatorFiles } = world.engine.ports;
  const { removeRequest } = operatorFiles;
  Object.assign(operatorFiles, {
    removeRequest: () => Promise.reject(new StateError("read-only file system")),
  });
  await world.cycle();
  assertEquals(world.stops("AAPL"), ["10@90 gtc"]);
  assertEquals(world.said("adopt-AAPL.json can't be removed: read-only file system").length, 1);
  Object.assign(operatorFiles, { removeRequest });
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.disk.textOf(REQUEST), world.stops("AAPL")], [null, ["10@90 gtc"]]);
});
