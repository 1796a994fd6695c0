import { assert, assertEquals } from "../assert.ts";
import { Prng } from "../simulation/prng.ts";
import { restartSlow } from "./slow_broker.ts";
import { at, MINUTE_MS, NVDA, SECOND_MS, World } from "./support.ts";

const NAMES = ["AAAA", "BBBB", "CCCC", "DDDD", "EEEE"] as const;
/** Friday after Thanksgiving: the market closes at 13:00. */
const HALF_DAY = "2026-11-27";

/** Positions of today's cost, each with a day stop of the operator's own, managed by now. */
async function hold(count: number, dateNy?: string): Promise<{ world: World; names: string[] }> {
  const names = NAMES.slice(0, count);
  const startMs = dateNy === undefined ? undefined : at("10:00:30", dateNy);
  const rows = names.map((symbol) => ({ ...NVDA, symbol }));
  const world = new World(startMs === undefined ? { rows } : { rows, startMs });
  for (const symbol of names) {
    world.exchange.setPosition(symbol, 10, 100);
    world.exchange.placeByHand({
      symbol,
      side: "sell",
      qty: "10",
      type: "stop",
      stop_price: "95",
      time_in_force: "day",
    });
  }
  world.pass(SECOND_MS);
  await world.restart({ DRY_RUN: "1" });
  await world.cycle();
  await world.restart({ DRY_RUN: "0" });
  await world.cycles(3, 5 * SECOND_MS);
  return { world, names };
}

/** The same, bought by the engine: the bracket's day legs protect them. */
async function buy(count: number): Promise<{ world: World; names: string[] }> {
  const names = NAMES.slice(0, count);
  const world = new World({ rows: names.map((symbol) => ({ ...NVDA, symbol })) });
  await world.buy();
  await world.cycles(3, 5 * SECOND_MS);
  assertEquals(names.filter((symbol) => world.held(symbol) !== 10), []);
  return { world, names };
}

/** A `--run-once` of its own. @returns What it took, ms. */
async function runOnce(
  world: World,
  latencyMs: number,
  extraMs: (count: number) => number = () => 0,
): Promise<number> {
  await restartSlow(world, { latencyMs, extraMs, isRunOnce: true });
  const startMs = world.nowMs;
  await world.cycle();
  // `cycle` lets a second pass after it.
  return world.nowMs - startMs - SECOND_MS;
}

const isGtc = (world: World, symbol: string) =>
  world.stops(symbol).some((stop) => stop.endsWith("gtc"));

/**
 * Runs of one cycle, one a minute from ten minutes before the close on: each gives a position at least its overnight stop, leaves
 * none bare, tells at once of those without, and ends in time.
 */
async function convertAll(
  { world, names }: { readonly world: World; readonly names: readonly string[] },
  closeMs: number,
  run: (minute: number) => Promise<number>,
): Promise<void> {
  let done = 0;
  for (let minute = 10; minute > 1 && done < names.length; minute--) {
    world.goTo(closeMs - minute * MINUTE_MS);
    world.forget();
    const tookMs = await run(minute);
    assert(tookMs <= 22_000, `the run took ${tookMs} ms, and Slack has 3 s more`);
    const bare = names.filter((symbol) => world.stops(symbol).length === 0);
    assertEquals(bare, [], "left without any stop by the run");
    const now = names.filter((symbol) => isGtc(world, symbol)).length;
    assert(now > done, `no position got its overnight stop ${minute} minutes before the close`);
    done = now;
    for (const symbol of names.filter((each) => !isGtc(world, each))) {
      assert(world.alerted(symbol).length > 0, `${symbol} was not told in this run`);
    }
  }
  assertEquals(done, names.length);
}

for (
  const [day, dateNy, closeNy] of [["a whole day", undefined, "16:00"], [
    "a half day",
    HALF_DAY,
    "13:00",
  ]] as const
) {
  for (const count of [2, 3, 4, 5]) {
    for (const latencyMs of [300, 700, 950, 1350, 2000]) {
      Deno.test(`runs of one cycle in the last ten minutes of ${day} give ${count} positions their overnight stops, at ${latencyMs} ms a request`, async () => {
        const held = await hold(count, dateNy);
        held.world.exchange.behaviour.cancelDelayMs = 80;
        await convertAll(held, at(closeNy, dateNy), () => runOnce(held.world, latencyMs));
      });
    }
  }
}

for (const count of [2, 3, 4, 5]) {
  for (const latencyMs of [300, 700, 950, 1350, 2000]) {
    Deno.test(`runs of one cycle give ${count} positions their overnight stops in place of their brackets' legs, each cancel taking 1.5 s, at ${latencyMs} ms a request`, async () => {
      const held = await buy(count);
      held.world.exchange.behaviour.cancelDelayMs = 1_500;
      await convertAll(held, at("16:00"), () => runOnce(held.world, latencyMs));
    });
  }

  Deno.test(`runs of one cycle give ${count} positions their overnight stops where requests take now 0.3 s, now 2 s`, async () => {
    for (let seed = 1; seed <= 4; seed++) {
      const held = await (seed % 2 === 0 ? buy(count) : hold(count));
      const chance = new Prng(seed);
      await convertAll(
        held,
        at("16:00"),
        () => runOnce(held.world, 300, () => chance.whole(0, 1_700)),
      );
    }
  });
}

Deno.test("a run near the close gives the overnight stop before it looks at prices", async () => {
  const { world, names: [symbol] } = await hold(1);
  assert(symbol !== undefined);
  world.goTo(at("15:51"));
  world.exchange.setPrice(symbol, 106);
  world.forget();
  await runOnce(world, 100);
  const [first, second] = world.changes;
  assertEquals([first?.method, second?.body["type"], second?.body["qty"]], [
    "DELETE",
    "stop",
    "10",
  ]);
});

Deno.test("the loop begins the overnight stops so early that slow answers leave none without", async () => {
  const { world, names } = await hold(5);
  // One after the other, each takes two and a half minutes: five need more than ten minutes.
  const { broker } = world.engine.ports;
  Object.defineProperty(broker, "slowestAnswerMs", { value: 20_000, configurable: true });
  world.goTo(at("15:47"));
  await world.cycle();
  assertEquals(names.filter((symbol) => isGtc(world, symbol)), names);
});

Deno.test("no cancel begins near the close that its stop could not follow, and it is told at once", async () => {
  const { world, names } = await hold(2);
  const { broker } = world.engine.ports;
  world.goTo(at("15:58:30"));
  // Six requests of 15 s and 2 s more would end after the close.
  Object.defineProperty(broker, "slowestAnswerMs", { value: 15_000, configurable: true });
  world.forget();
  await world.cycle();
  assertEquals(world.changes, []);
  for (const symbol of names) {
    assertEquals(world.stops(symbol), ["10@95 day"]);
    assertEquals(world.said(`${symbol}: overnight stop waits: it needs 92.0 s`).length, 1);
    assert(world.alerted(symbol).length > 0, `${symbol} was not told at once`);
  }
  Object.defineProperty(broker, "slowestAnswerMs", { value: 100, configurable: true });
  await world.cycle();
  assertEquals(names.filter((symbol) => isGtc(world, symbol)), names);
});

Deno.test("an exit is not begun where the time left could not end it: what rests stays", async () => {
  const { world, names: [symbol] } = await hold(1);
  assert(symbol !== undefined);
  const { broker } = world.engine.ports;
  world.goTo(at("15:30"));
  world.exchange.setPrice(symbol, 106);
  Object.defineProperty(broker, "slowestAnswerMs", { value: 300_000, configurable: true });
  world.forget();
  await world.cycle();
  assertEquals([world.changes, world.stops(symbol)], [[], ["10@95 day"]]);
  assert(world.said("r1_trim waits: it needs").length > 0);
  Object.defineProperty(broker, "slowestAnswerMs", { value: 100, configurable: true });
  await world.cycle();
  assertEquals([world.held(symbol), world.stops(symbol)], [5, ["5@99 gtc"]]);
});

Deno.test("the slowest of the last ten answers is measured where requests leave, and forgotten after ten more", async () => {
  const { world } = await hold(1);
  const { broker } = world.engine.ports;
  assertEquals(broker.slowestAnswerMs, 5);
  world.setFaults([{ path: "/v2/account", times: 1, fault: { kind: "delay", ms: 900 } }]);
  await broker.readAccount();
  assertEquals(broker.slowestAnswerMs, 905);
  for (let count = 0; count < 10; count++) await broker.readClock();
  assertEquals(broker.slowestAnswerMs, 5);
});
