import { takeRequests } from "../../src/engine/releasing.ts";
import { assert, assertEquals } from "../assert.ts";
import { AAPL, at, MINUTE_MS, NVDA, SECOND_MS, STATE_DIR, STATE_PATH, World } from "./support.ts";

const TUESDAY = "2026-11-24";

/** Ten NVDA bought on Monday at 100, LIVE, under this limit of a day's loss. */
async function bought(limit: string): Promise<World> {
  const world = new World({ rows: [NVDA] });
  world.environment = { ...world.environment, MAX_LIVE_LOSS_PER_DAY: limit };
  await world.restart();
  await world.buy();
  world.forget();
  return world;
}

/** The same over night, covered by a stop that lasts; the looks of the closed market are those of the loop. */
async function overNight(limit: string): Promise<World> {
  const world = await bought(limit);
  world.goTo(at("15:51"));
  await world.cycle();
  for (const [timeNy, dateNy] of [["15:58"], ["16:00:30"], ["09:00", TUESDAY]] as const) {
    world.goTo(at(timeNy, dateNy));
    await world.cycle();
  }
  assertEquals(world.stops(), ["10@95 gtc"]);
  world.forget();
  return world;
}

/** Cycles of Tuesday's session from here on, with a list of today's. */
async function trade(world: World, timeNy: string, count = 1): Promise<void> {
  world.goTo(at(timeNy, TUESDAY));
  world.list([NVDA, AAPL]);
  await world.cycle();
  await world.cycles(count - 1, 15 * SECOND_MS);
}

function verdict({ engine }: World): string {
  const { dayLoss } = engine;
  return dayLoss.kind === "unknown" ? `unknown: ${dayLoss.why}` : dayLoss.kind;
}

Deno.test("what was stopped out before the first look of the session counts toward the day's loss", async () => {
  const world = await overNight("30");
  world.exchange.setPrice("NVDA", 93);
  await trade(world, "09:31", 2);
  assertEquals([world.held(), verdict(world)], [0, "reached"]);
});

Deno.test("a day that begins as the last one ended is looked at all the same, before its first loss", async () => {
  const world = await overNight("30");
  await trade(world, "09:31");
  world.exchange.setPrice("NVDA", 93);
  await trade(world, "09:33", 3);
  assertEquals([world.held(), verdict(world)], [0, "reached"]);
});

Deno.test("a quantity that no order explained is in the day's loss again once orders do", async () => {
  const world = await bought("30");
  world.exchange.setPosition("NVDA", 13, 100);
  await world.cycles(2, 15 * SECOND_MS);
  assertEquals(verdict(world).slice(0, 7), "unknown");
  world.exchange.setPosition("NVDA", 10, 100);
  await world.cycles(2, 15 * SECOND_MS);
  assertEquals(verdict(world), "within");
  world.exchange.setPrice("NVDA", 96);
  await world.cycle();
  assertEquals(verdict(world), "reached");
});

Deno.test("a position that is absent, with no sells that account for it, makes the day's loss unknown", async () => {
  const world = await bought("30");
  world.exchange.merge("NVDA", null);
  await world.cycles(5, 30 * SECOND_MS);
  assertEquals(world.position()?.symbol, "NVDA");
  assertEquals(verdict(world).slice(0, 7), "unknown");
});

Deno.test("a trail that can't be written makes the day's loss unknown, and is whole again afterwards", async () => {
  const world = await bought("30");
  world.disk.fault = ({ op, path }) =>
    path.includes("/events-") && op !== "stat" && op !== "lstat" && !op.startsWith("read")
      ? "permission denied"
      : null;
  world.exchange.setPrice("NVDA", 94);
  await world.cycles(4, 5 * SECOND_MS);
  assertEquals([world.held(), verdict(world).slice(0, 7)], [0, "unknown"]);
  world.disk.fault = () => null;
  await world.cycle();
  assertEquals(verdict(world), "reached");
});

Deno.test("shares that a hand bought today count from what he paid, once they are adopted", async () => {
  const world = new World({ rows: [{ ...NVDA, pivotUsd: 101, r1Usd: 106 }] });
  world.environment = { ...world.environment, MAX_LIVE_LOSS_PER_DAY: "30" };
  await world.restart();
  await world.cycles(2, 5 * SECOND_MS);
  world.exchange.setPrice("AAPL", 120);
  world.pass(SECOND_MS);
  world.exchange.placeByHand({
    symbol: "AAPL",
    qty: "10",
    side: "buy",
    type: "market",
    time_in_force: "day",
  });
  await world.cycles(2, 30 * SECOND_MS);
  assertEquals(world.held("AAPL"), 10);
  const time = new Date(world.nowMs).toISOString();
  const plan = { stop: 90, r1: null, r2: null };
  world.disk.put(`${STATE_DIR}/adopt-AAPL.json`, JSON.stringify({ symbol: "AAPL", time, plan }));
  await takeRequests(world.engine);
  await world.cycles(2, 5 * SECOND_MS);
  assertEquals([world.position("AAPL")?.qty, verdict(world)], [10, "within"]);
  world.exchange.setPrice("AAPL", 116);
  await world.cycles(2, 30 * SECOND_MS);
  assertEquals(verdict(world), "reached");
});

Deno.test("a day's loss that was reached stays so where the records are lost and made again", async () => {
  const world = await bought("30");
  world.exchange.setPrice("NVDA", 96.5);
  await world.cycles(2, MINUTE_MS);
  assert(world.state.dayLoss !== null);
  world.exchange.setPrice("NVDA", 101);
  world.disk.put(STATE_PATH, "{");
  await world.restart();
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.state.dayLoss?.limitUsd, verdict(world)], [30, "reached"]);
});

Deno.test("an entry that works when the loss limit is reached is cancelled in the same cycle", async () => {
  const world = await bought("30");
  world.exchange.behaviour.fillLatencyMs = 60 * MINUTE_MS;
  world.list([NVDA, AAPL]);
  await world.cycles(2, 5 * SECOND_MS);
  assertEquals(world.buys("AAPL").map(({ status }) => status), ["new"]);
  world.exchange.setPrice("NVDA", 96.5);
  await world.cycle();
  assertEquals(world.buys("AAPL").map(({ status }) => status), ["canceled"]);
});

Deno.test("the days before are read once a day for the day's loss, however long a position is held", async () => {
  const world = await overNight("30");
  await trade(world, "09:31");
  const steps = world.disk.steps.length;
  world.exchange.setPrice("NVDA", 99);
  await world.cycles(3, MINUTE_MS);
  const reads = world.disk.steps.slice(steps).filter(({ op, path }) =>
    op.startsWith("read") && path.includes("/events-")
  );
  assert(reads.length > 0);
  assertEquals(reads.filter(({ path }) => !path.includes(TUESDAY)), []);
});
