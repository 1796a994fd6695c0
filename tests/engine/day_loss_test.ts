import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { AAPL, MINUTE_MS, NVDA, SECOND_MS, World } from "./support.ts";

/** Ten NVDA at about 100, LIVE, under this limit of a day's loss. */
async function bought(limit: string): Promise<World> {
  const world = new World({ rows: [NVDA] });
  world.environment = { ...world.environment, MAX_LIVE_LOSS_PER_DAY: limit };
  await world.restart();
  await world.buy();
  world.forget();
  return world;
}

/** AAPL breaks out beside it, as fast as the bars allow. */
async function breakOut(world: World): Promise<void> {
  world.list([NVDA, AAPL]);
  await world.cycles(2, 5 * SECOND_MS);
}

Deno.test("once the day's loss reaches MAX_LIVE_LOSS_PER_DAY no further entry leaves, over a restart without the variable too", async () => {
  const world = await bought("30");
  world.exchange.setPrice("NVDA", 96.5);
  await world.cycle();
  assertEquals(world.state.dayLoss?.limitUsd, 30);
  await breakOut(world);
  assertEquals(world.buys("AAPL"), []);
  assertEquals(world.said("Gate FAIL AAPL: max daily loss reached").length, 1);
  await world.restart({ MAX_LIVE_LOSS_PER_DAY: "" });
  world.exchange.setPrice("NVDA", 101);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.buys("AAPL"), []);
});

Deno.test("a loss that stays within its limit denies nothing", async () => {
  const world = await bought("500");
  world.exchange.setPrice("NVDA", 96.5);
  await world.cycle();
  await breakOut(world);
  assertEquals(world.buys("AAPL").length, 1, world.log.lines.join("\n"));
});

Deno.test("a loss limit that is reached is told once, as a warning, and exits and stops go on", async () => {
  const world = await bought("30");
  world.exchange.setPrice("NVDA", 96.5);
  await world.cycles(3, MINUTE_MS);
  const told = world.alerts.filter(({ title }) => title === "Daily loss limit");
  assertEquals(told.map(({ level }) => level), ["WARNING"]);
  assertStringIncludes(told[0]?.text ?? "", "limit 30.00 USD (MAX_LIVE_LOSS_PER_DAY)");
  assertEquals(world.events.filter(({ type }) => type === "daily_loss").length, 1);
  assertEquals(world.stops().length, 1);
  world.exchange.setPrice("NVDA", 94.9);
  await world.cycles(4, 5 * SECOND_MS);
  assertEquals(world.exchange.position("NVDA")?.qty ?? 0, 0);
});

Deno.test("an entry that is not filled when the loss limit is reached is cancelled at once", async () => {
  const world = await bought("30");
  world.exchange.behaviour.fillLatencyMs = 60 * MINUTE_MS;
  await breakOut(world);
  assertEquals(world.buys("AAPL").map(({ status }) => status), ["new"]);
  world.exchange.setPrice("NVDA", 96.5);
  await world.cycles(2, SECOND_MS);
  assertEquals(world.buys("AAPL").map(({ status }) => status), ["canceled"]);
  assertEquals(world.said("the day's loss has reached its limit: cancelling").length, 1);
});

Deno.test("a trade that ended with a loss counts toward the limit", async () => {
  const world = await bought("30");
  world.exchange.setPrice("NVDA", 94);
  await world.cycles(4, 5 * SECOND_MS);
  assertEquals(world.state.positions, []);
  assert(world.state.dayLoss !== null, world.log.lines.join("\n"));
  await breakOut(world);
  assertEquals(world.buys("AAPL"), []);
});

Deno.test("what is lost between the cycle's look and an entry is held against the limit", async () => {
  const world = await bought("30");
  world.onEvent = ({ type }) => {
    if (type === "intent") world.exchange.setPrice("NVDA", 94);
  };
  await breakOut(world);
  assertEquals(world.buys("AAPL"), [], world.log.lines.join("\n"));
  assertEquals(world.said("Gate FAIL AAPL: max daily loss reached").length, 1);
});

Deno.test("a day result that can't be computed lets no entry leave, and says why", async () => {
  const world = await bought("500");
  world.disk.fault = ({ op, path }) =>
    path.includes("/events-") && op.startsWith("read") ? "permission denied" : null;
  await breakOut(world);
  assertEquals(world.buys("AAPL"), []);
  assertEquals(world.said("Gate FAIL AAPL: max daily loss unknown").length, 1);
});

Deno.test("a limit that is no number blocks LIVE under its name", async () => {
  const world = await bought("30");
  await world.restart({ MAX_LIVE_LOSS_PER_DAY: "30$" });
  await world.cycle();
  assertEquals(world.said("reason=invalid configuration (MAX_LIVE_LOSS_PER_DAY)").length, 1);
});
