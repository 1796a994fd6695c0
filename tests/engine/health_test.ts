import { Engine } from "../../src/engine/engine.ts";
import { beatHealth } from "../../src/engine/health.ts";
import { loadState } from "../../src/engine/taking_in.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";
import { MINUTE_MS, World } from "./support.ts";

/** A world with a bought position whose engine beats a switch, which counts. */
async function beating() {
  const world = new World();
  await world.buy();
  const health = { beats: 0, failures: 0, beat: () => void health.beats++ };
  const ports = { ...world.engine.ports, health };
  world.engine = new Engine(ports, new AbortController().signal);
  await loadState(world.engine);
  const cycle = async () => {
    const { market } = await world.cycle();
    const before = health.beats;
    await beatHealth(world.engine, market);
    return health.beats - before;
  };
  return { world, health, cycle };
}

Deno.test("the switch outside is told after a cycle that read all and found all covered", async () => {
  const { cycle } = await beating();
  assertEquals([await cycle(), await cycle()], [1, 1]);
});

Deno.test("the switch outside is not told while a share is bare, or the broker or its clock can't be read", async () => {
  const { world, cycle } = await beating();
  for (const path of ["/v2/clock", "/v2/positions"]) {
    world.setFaultPlan((request) => request.path === path ? { kind: "lost_before" } : null);
    assertEquals(await cycle(), 0, path);
  }
  world.setFaultPlan(() => null);
  assertEquals(await cycle(), 1);
  world.exchange.behaviour.isTradingBlocked = true;
  for (const order of world.orders((each) => each.parent !== null)) {
    if (order.status === "new") world.exchange.desk.cancel(order);
  }
  world.pass(MINUTE_MS);
  assertEquals([await cycle(), world.stops()], [0, []]);
});

Deno.test("a switch that does not answer ten times in a row is a warning, once a day and over restarts", async () => {
  const { world, health, cycle } = await beating();
  health.failures = 9;
  await cycle();
  assertEquals(world.alerted("Healthcheck unreachable"), []);
  health.failures = 10;
  await cycle();
  await cycle();
  const [warning, ...others] = world.alerted("Healthcheck unreachable");
  assertEquals([warning?.level, others], ["WARNING", []]);
  assertStringIncludes(warning?.text ?? "", "has not answered 10 times in a row");
});
