import { assert, assertEquals } from "../assert.ts";
import type { SimOrder } from "../simulator/order.ts";
import { at, MINUTE_MS, SECOND_MS, World } from "./support.ts";

// Positions lag behind fills, and lists of orders behind answers by id, by up to seconds (broker.md). On an account that
// may short nothing but the engine keeps shares from being sold twice.

interface Lag {
  readonly positionsLagMs: number;
  readonly listsLagMs: number;
}

const LAGS_MS = [200, 700, 1000, 1500, 2000, 3000];
const LAGS: readonly Lag[] = LAGS_MS.flatMap((ms) => [
  { positionsLagMs: ms, listsLagMs: 0 },
  { positionsLagMs: 0, listsLagMs: ms },
  { positionsLagMs: ms, listsLagMs: ms },
]);

function name({ positionsLagMs, listsLagMs }: Lag): string {
  return `positions ${positionsLagMs} ms and lists ${listsLagMs} ms behind`;
}

/** What a message about a fill says of its position only where something is wrong. */
const TROUBLE = / 0 shares|NO STOP|WITHOUT STOP|can't be seen|unknown| since |NaN/;

/** Messages that call the operator, and those about fills that name a trouble; withdrawals have no title. */
function alarms(world: World): string[] {
  return world.alerts.filter(({ title, level }) => title !== "" && level !== "INFO")
    .map(({ level, title, text }) => ({ level, text: `${title}: ${text}` }))
    .filter(({ level, text }) => level !== "TRADE" || TROUBLE.test(text))
    .map(({ text }) => text);
}

/** Ten shares at 100 that the bracket's day legs protect, on an account that may short. */
async function bought(): Promise<World> {
  const world = new World();
  world.exchange.behaviour.isShortingAllowed = true;
  await world.buy();
  world.pass(15 * SECOND_MS);
  return world;
}

/** Five shares left after R1, with a good-till-canceled stop at 99. */
async function trimmed(): Promise<World> {
  const world = await bought();
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.stops(), ["5@99 gtc"]);
  world.forget();
  world.pass(15 * SECOND_MS);
  return world;
}

function findStop(world: World): SimOrder {
  const [stop] = world.orders((order) =>
    order.type === "stop" && order.status === "new" && order.parent === null
  );
  assert(stop !== undefined);
  return stop;
}

/** Cycles as the loop would make them: at each wake-up that the engine asks for. */
async function settle(world: World, forMs = 40 * SECOND_MS): Promise<void> {
  const endMs = world.nowMs + forMs;
  while (world.nowMs < endMs) {
    const wakes = world.engine.wakeAtMs.filter((ms) => ms > world.nowMs);
    world.goTo(Math.max(world.nowMs + 500, Math.min(endMs, ...wakes)));
    await world.cycle();
    assert(world.held() >= 0, `short: ${world.held()}`);
  }
}

for (const lag of LAGS) {
  Deno.test(`a resting stop that filled a moment ago is not sold again, ${name(lag)}`, async () => {
    for (const pauseMs of [5, 400, 1200]) {
      const world = await trimmed();
      Object.assign(world.exchange.behaviour, lag);
      world.exchange.setPrice("NVDA", 98.5);
      while (world.held() === 5) world.pass(5);
      world.pass(pauseMs);
      await world.cycle();
      assertEquals([world.held(), world.stops(), world.sells().length], [0, [], 1]);
      await settle(world);
      assertEquals([world.held(), world.stops(), world.position()], [0, [], undefined]);
      assertEquals(alarms(world), []);
    }
  });

  Deno.test(`no stop is placed for what a close has sold, ${name(lag)}`, async () => {
    const world = await trimmed();
    Object.assign(world.exchange.behaviour, lag);
    Object.assign(findStop(world), { stopPriceUsd: 98, text: null }); // Its trigger has not come yet.
    world.exchange.setPrice("NVDA", 98.5);
    await world.cycle();
    assertEquals([world.held(), world.stops()], [0, []]);
    await settle(world);
    assertEquals([world.held(), world.stops(), world.position()], [0, [], undefined]);
    assertEquals(alarms(world), []);
  });

  Deno.test(`a trim leaves its rest with one stop, and no stop is cancelled again, ${name(lag)}`, async () => {
    for (const isFast of [false, true]) {
      const world = await bought();
      Object.assign(world.exchange.behaviour, lag);
      world.exchange.behaviour.fillLatencyMs = isFast ? 0 : 600;
      world.exchange.setPrice("NVDA", 106);
      await world.cycle();
      assertEquals([world.held(), world.stops()], [5, ["5@99 gtc"]]);
      const count = world.changes.length;
      await settle(world);
      assertEquals([world.held(), world.stops(), world.sells()], [5, ["5@99 gtc"], ["5 filled"]]);
      assertEquals([world.changes.length, alarms(world)], [count, []]);
    }
  });

  Deno.test(`R1 and R2 in one jump sell half and half again, ${name(lag)}`, async () => {
    const world = await bought();
    Object.assign(world.exchange.behaviour, lag);
    world.exchange.setPrice("NVDA", 113);
    await world.cycle();
    await settle(world);
    assertEquals([world.held(), world.sells()], [3, ["5 filled", "2 filled"]]);
    assertEquals(world.stops(), ["3@107 gtc"]);
    assertEquals(alarms(world), []);
  });

  Deno.test(`the overnight stop is placed once and kept, ${name(lag)}`, async () => {
    const world = await bought();
    world.goTo(at("15:50:05"));
    Object.assign(world.exchange.behaviour, lag);
    world.pass(4 * SECOND_MS);
    await world.cycle();
    assertEquals(world.stops(), ["10@95 gtc"]);
    const count = world.changes.length;
    await settle(world);
    assertEquals([world.stops(), world.changes.length, alarms(world)], [["10@95 gtc"], count, []]);
  });

  Deno.test(`a take-profit that filled a moment ago leaves nothing to sell, ${name(lag)}`, async () => {
    const world = await bought();
    Object.assign(world.exchange.behaviour, lag);
    world.exchange.setPrice("NVDA", 112);
    while (world.held() === 10) world.pass(5);
    world.pass(50);
    await world.cycle();
    assertEquals([world.held(), world.stops(), world.sells()], [0, [], []]);
    await settle(world);
    assertEquals([world.held(), world.position(), alarms(world)], [0, undefined, []]);
    assertEquals(world.said("its position is gone"), []);
  });

  Deno.test(`an entry that fills is an ordinary fill, ${name(lag)}`, async () => {
    const world = new World();
    world.exchange.behaviour.isShortingAllowed = true;
    Object.assign(world.exchange.behaviour, lag, { fillLatencyMs: 2_500 });
    await world.restart();
    await world.cycle();
    world.pass(5 * SECOND_MS);
    await world.cycle();
    world.forget();
    await settle(world);
    assertEquals([world.held(), world.position()?.qty, world.changes], [10, 10, []]);
    assertEquals(alarms(world), []);
  });

  Deno.test(`a process that dies right after its trim's sell sells and stops nothing twice, ${name(lag)}`, async () => {
    const world = await trimmed();
    Object.assign(world.exchange.behaviour, lag);
    world.exchange.setPrice("NVDA", 111);
    world.onEvent = (event) => {
      if (event.type !== "order_answer" || event.op !== "sell") return;
      world.onEvent = () => {};
      throw new Error("the process is gone");
    };
    await world.cycle().catch(() => undefined);
    world.onEvent = () => {};
    world.pass(100);
    await world.restart();
    await settle(world);
    assertEquals([world.held(), world.sells()], [3, ["5 filled", "2 filled"]]);
    assertEquals(world.stops(), ["3@105 gtc"]);
  });
}

for (const positionsLagMs of [30 * SECOND_MS, 5 * MINUTE_MS]) {
  const late = `positions show it only after ${positionsLagMs / SECOND_MS} s`;

  /** Cycles over the whole lag; what is wrong meanwhile may be said, nothing of it may stay. */
  const end = async (world: World) => {
    await world.cycles((positionsLagMs + MINUTE_MS) / (5 * SECOND_MS), 5 * SECOND_MS);
    world.alerts.length = 0;
    world.exchange.setPrice("NVDA", 200); // Nothing that is left to look at may be acted on.
    await settle(world, 2 * MINUTE_MS);
    assertEquals([world.held(), world.stops(), world.position()], [0, [], undefined]);
    assertEquals(alarms(world), []);
  };

  Deno.test(`a position that its stop sold ends as gone, though ${late}`, async () => {
    const world = await trimmed();
    await settle(world, positionsLagMs); // What was bought is shown.
    world.exchange.behaviour.positionsLagMs = positionsLagMs;
    world.exchange.setPrice("NVDA", 98.5);
    await end(world);
  });

  Deno.test(`a position that a trim and then its stop sold ends as gone, though ${late}`, async () => {
    const world = await bought();
    await settle(world, positionsLagMs);
    world.exchange.behaviour.positionsLagMs = positionsLagMs;
    world.exchange.setPrice("NVDA", 106);
    await settle(world, 13 * SECOND_MS);
    assertEquals([world.held(), world.stops()], [5, ["5@99 gtc"]]);
    world.exchange.setPrice("NVDA", 98.5);
    await end(world);
  });
}

Deno.test("the book forgets the orders of a position that has ended", async () => {
  const world = await trimmed();
  world.exchange.setPrice("NVDA", 98.5);
  await settle(world);
  assertEquals(world.position(), undefined);
  await world.cycles(2, MINUTE_MS);
  // Those of the day come with its list, and go with the next look.
  const known = () => [...world.engine.book.values()].map(({ order }) => order.symbol);
  world.goTo(at("10:00:30", "2026-11-24"));
  await world.cycles(2, MINUTE_MS);
  assertEquals(known(), []);
});

Deno.test("a trim is not done because positions lag behind an entry that filled in parts", async () => {
  const world = new World();
  world.exchange.behaviour.positionsLagMs = 3_000;
  world.exchange.behaviour.partialFills = (order) =>
    order.side === "buy" ? [{ afterMs: 0, qty: 1 }, { afterMs: 30_000, qty: 9 }] : null;
  await world.restart();
  await world.cycle();
  await world.cycles(2, 5 * SECOND_MS);
  const [entry] = world.buys();
  assert(entry !== undefined);
  for (let turn = 0; entry.filledQty < 10; turn++) {
    assert(turn < 100);
    world.pass(SECOND_MS);
  }
  world.exchange.setPrice("NVDA", 106);
  await world.cycle();
  assertEquals([world.position()?.isTrimmedR1, world.sells()], [false, []]);
  await settle(world);
  assertEquals([world.sells(), world.held()], [["5 filled"], 5]);
});
