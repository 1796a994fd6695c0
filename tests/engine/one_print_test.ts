import { assertEquals, assertStringIncludes } from "../assert.ts";
import { AAPL, at, MINUTE_MS, SECOND_MS, STATE_DIR, STATE_PATH, World } from "./support.ts";

/** The data API's latest trade of a symbol, as long as it is told to say so. */
interface Print {
  readonly priceUsd: number;
  readonly atMs: number;
  readonly id: number;
  readonly symbol?: string;
}

function print(
  world: World,
  { priceUsd, atMs, id, symbol = "NVDA" }: Print,
  times = Infinity,
): void {
  const trade = {
    c: ["@"],
    i: id,
    p: priceUsd,
    s: 1,
    t: new Date(atMs).toISOString(),
    x: "V",
    z: "C",
  };
  world.setFaults([{
    path: "/v2/stocks/trades/latest",
    times,
    fault: { kind: "status", status: 200, body: JSON.stringify({ trades: { [symbol]: trade } }) },
  }]);
}

async function held(): Promise<World> {
  const world = new World();
  await world.buy();
  await world.cycles(1, MINUTE_MS);
  world.forget();
  return world;
}

Deno.test("a single print far above every level neither trims nor enters the high, over a restart too", async () => {
  const world = await held();
  print(world, { priceUsd: 140, atMs: world.nowMs, id: 7 });
  await world.cycles(3, MINUTE_MS);
  await world.restart();
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.sells(), world.position()?.highWaterUsd, world.position()?.stopUsd], [
    [],
    100,
    95,
  ]);
  assertEquals(world.position()?.doubtedTrade?.priceUsd, 140);
  assertEquals(world.said("one trade at 140").length, 1);
  world.setFaults([]);
  await world.cycle();
  assertEquals(world.position()?.doubtedTrade, undefined);
});

Deno.test("a single print far below the stop sells nothing", async () => {
  const world = await held();
  print(world, { priceUsd: 60, atMs: world.nowMs, id: 7 });
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.held(), world.sells()], [10, []]);
});

Deno.test("a jump is confirmed by the trade that is asked for 2 s later, in the same cycle", async () => {
  const world = await held();
  world.goTo(at("15:51"));
  await world.cycle();
  world.goTo(at("09:31", "2026-11-24"));
  world.exchange.setPrice("NVDA", 118);
  await world.cycle();
  assertEquals(world.sells(), ["5 filled"]);
  assertEquals(world.position()?.highWaterUsd, 118);
});

Deno.test("a jump counts at the price nearer to the last one: a high print, confirmed below the second level, trims once", async () => {
  const world = await held();
  world.exchange.setPrice("NVDA", 106);
  print(world, { priceUsd: 150, atMs: world.nowMs, id: 7 }, 1);
  await world.cycle();
  assertEquals(world.sells(), ["5 filled"]);
  assertEquals(world.position()?.highWaterUsd, 106);
});

Deno.test("another id at the same time is another trade", async () => {
  const world = await held();
  const atMs = world.nowMs;
  print(world, { priceUsd: 120, atMs, id: 7 });
  await world.cycle();
  assertEquals(world.sells(), []);
  print(world, { priceUsd: 120, atMs, id: 8 });
  await world.cycle();
  assertEquals(world.sells()[0], "5 filled");
});

Deno.test("what one print said before a restart is confirmed by the first other one after it", async () => {
  const world = await held();
  print(world, { priceUsd: 120, atMs: world.nowMs, id: 7 });
  await world.cycle();
  await world.restart();
  print(world, { priceUsd: 120, atMs: world.nowMs, id: 8 });
  await world.cycle();
  assertEquals(world.sells()[0], "5 filled");
});

Deno.test("at the open the previous close is what a first price is held against", async () => {
  const world = await held();
  world.goTo(at("15:51"));
  await world.cycle();
  world.goTo(at("09:31", "2026-11-24"));
  print(world, { priceUsd: 140, atMs: world.nowMs, id: 9 });
  await world.cycle();
  assertEquals([world.sells(), world.position()?.highWaterUsd], [[], 100]);
});

Deno.test("a refused stop is no reason to sell at a single print either", async () => {
  const world = await held();
  for (const leg of world.orders((order) => order.parent !== null && order.status === "new")) {
    world.exchange.desk.cancel(leg);
  }
  world.pass(SECOND_MS);
  world.setFaults([
    {
      method: "POST",
      contains: '"stop"',
      fault: {
        kind: "status",
        status: 422,
        body: '{"code":42210000,"message":"stop price must be below the market price"}',
      },
    },
    {
      path: "/v2/stocks/trades/latest",
      fault: {
        kind: "status",
        status: 200,
        body: JSON.stringify({
          trades: { NVDA: { i: 7, p: 60, s: 1, t: new Date(world.nowMs).toISOString() } },
        }),
      },
    },
  ]);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.held(), world.sells()], [10, []]);
});

Deno.test("what is remembered of a price stands in the state file, and one of the release before has none", async () => {
  const world = await held();
  print(world, { priceUsd: 140, atMs: world.nowMs, id: 7 });
  await world.cycle();
  const text = world.disk.textOf(STATE_PATH) ?? "";
  assertEquals(JSON.parse(text).positions[0].doubted_trade.id, 7);
  const before = JSON.parse(text);
  delete before.positions[0].doubted_trade;
  delete before.positions[0].last_trade;
  world.disk.put(STATE_PATH, JSON.stringify(before));
  await world.restart();
  assertEquals(world.position()?.symbol, "NVDA");
});

/** Ten shares of a listed symbol that nobody of ours bought, as the close before and the price have it. */
async function foreign(priceUsd: number): Promise<World> {
  const world = new World({ rows: [AAPL] });
  world.exchange.setPosition("AAPL", 10, 100);
  world.exchange.setPrice("AAPL", priceUsd);
  await world.restart({ DRY_RUN: "1" });
  await world.cycle();
  await world.restart({ DRY_RUN: "0" });
  world.pass(5 * SECOND_MS);
  return world;
}

Deno.test("a position below its stop is not adopted for one print above it, and is for two", async () => {
  const world = await foreign(90);
  print(world, { symbol: "AAPL", priceUsd: 125, atMs: world.nowMs, id: 7 });
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.engine.state.positions, []);
  assertEquals(world.said("AAPL: one trade at 125").length, 1);
  print(world, { symbol: "AAPL", priceUsd: 120, atMs: world.nowMs, id: 8 });
  await world.cycles(1, MINUTE_MS);
  assertEquals(world.position("AAPL")?.qty, 10);
  // What confirmed it counts from then on, and is asked for no second time.
  assertEquals(world.position("AAPL")?.lastTrade?.priceUsd, 120);
});

Deno.test("a request to adopt is not refused at a price that one print alone says", async () => {
  const world = await foreign(94);
  world.list([]);
  const path = `${STATE_DIR}/adopt-AAPL.json`;
  const plan = { stop: 90, r1: null, r2: 120 };
  const time = new Date(world.nowMs).toISOString();
  world.disk.put(path, JSON.stringify({ symbol: "AAPL", time, plan }));
  print(world, { symbol: "AAPL", priceUsd: 140, atMs: world.nowMs, id: 7 });
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.engine.state.positions, world.disk.textOf(path) === null], [[], false]);
  world.setFaults([]);
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.position("AAPL")?.pivotUsd, world.disk.textOf(path)], [94, null]);
});

Deno.test("a single print that would make an exit due is told after two minutes, and its end is the end of it", async () => {
  const world = await held();
  print(world, { priceUsd: 60, atMs: world.nowMs, id: 7 });
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.alerted("Exits wait"), []);
  await world.cycles(2, MINUTE_MS);
  const [alert, ...others] = world.alerted("Exits wait");
  assertEquals(others, []);
  for (
    const part of [
      "stop_exit due since 2026-11-23 10:0",
      "one trade alone, at 60, says so",
      "look at the symbol yourself",
    ]
  ) assertStringIncludes(alert?.text ?? "", part);
  world.setFaults([]);
  await world.cycle();
  assertEquals(world.engine.state.standings.map(({ due }) => due), [null]);
  assertEquals(world.sells(), []);
});

Deno.test("a single print that no rule asks for is no alarm", async () => {
  const world = await held();
  world.engine.state = {
    ...world.engine.state,
    positions: world.engine.state.positions.map((each) => ({ ...each, r1Usd: 130, r2Usd: 150 })),
  };
  print(world, { priceUsd: 120, atMs: world.nowMs, id: 7 });
  await world.cycles(4, MINUTE_MS);
  assertEquals([world.position()?.doubtedTrade?.priceUsd, world.alerted("NVDA")], [120, []]);
});
