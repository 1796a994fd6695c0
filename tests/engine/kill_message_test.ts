import { assertEquals, assertStringIncludes } from "../assert.ts";
import { KILL_PATH, MINUTE_MS, World } from "./support.ts";

/** The bought position at R1, with the switch made as soon as its protection is cancelled. */
async function killInExit(): Promise<World> {
  const world = new World();
  await world.buy();
  world.exchange.setPrice("NVDA", 106);
  world.onEvent = (event) => {
    if (event.type === "order_answer" && event.op === "cancel") world.disk.put(KILL_PATH, "");
  };
  await world.cycle();
  world.onEvent = () => {};
  return world;
}

Deno.test("the kill switch in the middle of an exit is one message, and no error beside it", async () => {
  const world = await killInExit();
  assertEquals([world.stops(), world.held()], [[], 10]);
  await world.cycle();
  const said = world.alerts.filter(({ title }) => title !== "");
  assertEquals([...new Set(said.map(({ title }) => title))], ["Kill switch active"]);
});

Deno.test("the kill switch's message has the protection that its act left, not that of before", async () => {
  const world = await killInExit();
  const [first] = world.alerted("Kill switch active");
  assertStringIncludes(first?.text ?? "", "NVDA 10 shares: NO STOP at the broker");
  assertStringIncludes(
    first?.text ?? "",
    "10 of 10 shares without a good-till-canceled stop since",
  );
});

Deno.test("what the kill switch left bare is an alarm two minutes later", async () => {
  const world = await killInExit();
  assertEquals(world.alerted("Position without stop"), []);
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.alerted("Position without stop").length > 0, true);
});

Deno.test("what came to be bare after the kill switch's message is an alarm at once", async () => {
  const world = new World();
  await world.buy();
  world.disk.put(KILL_PATH, "");
  await world.cycle();
  assertEquals(world.alerted("Kill switch active").length, 1);
  for (const stop of world.orders(({ type, isActive }) => type === "stop" && isActive)) {
    world.exchange.desk.cancel(stop);
  }
  world.pass(5_000);
  await world.cycle();
  assertEquals(world.alerted("Position without stop").length, 1);
});

Deno.test("the kill switch while records can't be read says that positions are unknown", async () => {
  const world = new World();
  await world.buy();
  world.disk.put("/state/execution_state.json", "{");
  await world.restart();
  world.disk.put(KILL_PATH, "");
  world.setFaultPlan(({ path }) => path === "/v2/positions" ? { kind: "lost_before" } : null);
  await world.cycle();
  assertStringIncludes(world.alerted("Kill switch active")[0]?.text ?? "", "UNKNOWN");
});
