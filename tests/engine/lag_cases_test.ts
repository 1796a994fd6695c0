import { assert, assertEquals } from "../assert.ts";
import type { SimOrder } from "../simulator/order.ts";
import { formatLag, type Lag, LAGS, listAlarms, openLagging } from "./lagging_world.ts";
import { restartSlow } from "./slow_broker.ts";
import { AAPL, at, MINUTE_MS, NVDA, SECOND_MS, type World } from "./support.ts";

// What broke release 0.1.0 on its sell side, each crossed with answers that lag, on an account that may short: never short, no
// stop for what is sold, no fresh stop cancelled (`openLagging`). `lag_test.ts` has the everyday acts.

const TUESDAY = "2026-11-24";

async function bought(lag: Lag, row = NVDA): Promise<World> {
  const world = openLagging(lag, [row]);
  await world.buy();
  world.pass(15 * SECOND_MS);
  return world;
}

async function trimmed(lag: Lag): Promise<World> {
  const world = await bought(lag);
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

function replaceByHand(world: World, stopPriceUsd: number): void {
  const change = { clientOrderId: null, qty: null, limitPriceUsd: null, timeInForce: null };
  world.exchange.desk.replace(findStop(world), { ...change, stopPriceUsd });
  world.pass(SECOND_MS);
}

/** Tuesday with NVDA managed, and not on the list. */
function goToTuesday(world: World): void {
  world.goTo(at("10:00:30", TUESDAY));
  world.list([AAPL]);
  world.exchange.setPrice("AAPL", 50);
}

async function startLive(world: World): Promise<void> {
  await world.restart({ DRY_RUN: "1" });
  await world.cycle();
  await world.restart({ DRY_RUN: "0" });
  world.pass(5 * SECOND_MS);
}

interface Scenario {
  readonly what: string;
  readonly run: (lag: Lag) => Promise<void>;
}

const SALES: readonly Scenario[] = [
  {
    what: "a resting stop that filled a moment ago is not sold again",
    run: async (lag) => {
      const world = await trimmed(lag);
      world.exchange.setPrice("NVDA", 98.5);
      while (world.held() === 5) world.pass(5);
      await world.cycle();
      await world.cycles(2, 15 * SECOND_MS);
      assertEquals([world.held(), world.stops(), world.sells()], [0, [], ["5 filled"]]);
      assertEquals([world.position(), listAlarms(world)], [undefined, []]);
    },
  },
  {
    what: "what a close has sold gets no stop",
    run: async (lag) => {
      const world = await trimmed(lag);
      Object.assign(findStop(world), { stopPriceUsd: 98, text: null }); // Its trigger has not come yet.
      world.exchange.setPrice("NVDA", 98.5);
      await world.cycle();
      assertEquals([world.held(), world.stops()], [0, []]);
      await world.cycles(2, 15 * SECOND_MS);
      assertEquals([world.held(), world.position(), listAlarms(world)], [0, undefined, []]);
    },
  },
  {
    what: "a position adopted under water keeps its rest at R2",
    run: async (lag) => {
      const world = openLagging(lag, [AAPL]);
      world.exchange.setPosition("AAPL", 10, 150);
      world.pass(5 * SECOND_MS);
      await startLive(world);
      await world.cycles(2, 5 * SECOND_MS);
      world.exchange.setPrice("AAPL", 106);
      await world.cycles(3, MINUTE_MS);
      world.exchange.setPrice("AAPL", 111.5);
      await world.cycles(3, MINUTE_MS);
      assertEquals(world.sells("AAPL"), ["5 filled", "2 filled"]);
      assertEquals([world.stops("AAPL"), world.alerted("without stop")], [["3@105.5 gtc"], []]);
    },
  },
  {
    what: "a trim whose stop the broker won't have replaced is sent all the same",
    run: async (lag) => {
      const world = await bought(lag);
      world.goTo(at("15:51"));
      await world.cycle();
      goToTuesday(world);
      world.exchange.behaviour.refusesReplace = () => true;
      for (const priceUsd of [106, 112]) {
        world.exchange.setPrice("NVDA", priceUsd);
        await world.cycles(3, MINUTE_MS);
      }
      assertEquals([world.sells(), world.held()], [["5 filled", "2 filled"], 3]);
      assertEquals([world.stops(), world.alerted("without stop")], [["3@106 gtc"], []]);
    },
  },
  {
    what: "one refusal of a stop does not sell what trades far above it",
    run: async (lag) => {
      const world = await bought(lag);
      for (const leg of world.orders((o) => o.parent !== null && o.status === "new")) {
        world.exchange.desk.cancel(leg);
      }
      world.pass(SECOND_MS);
      const body = '{"code":42210000,"message":"stop price must be a multiple of 0.05"}';
      const fault = { kind: "status", status: 422, body } as const;
      world.setFaults([{ method: "POST", contains: '"stop"', times: 1, fault }]);
      await world.cycles(2, MINUTE_MS);
      assertEquals([world.held(), world.sells(), world.stops()], [10, [], ["10@95 gtc"]]);
    },
  },
];

const SPLITS: readonly Scenario[] = ([
  ["a stock dividend of 10 % on 9 shares", 222, 1.1, 90.91],
  ["a split of 3:2 of one share", 2000, 1.5, 66.67],
] as const).map(([what, priceUsd, ratio, afterUsd]) => ({
  what: `${what} is a split: no exit`,
  run: async (lag) => {
    const world = await bought(lag, { ...NVDA, priceUsd });
    world.goTo(at("15:51"));
    await world.cycle();
    world.goTo(at("09:00", TUESDAY));
    world.exchange.desk.cancel(findStop(world)); // As the exchange does at a corporate action.
    world.pass(SECOND_MS);
    world.exchange.split("NVDA", ratio);
    world.exchange.setPrice("NVDA", afterUsd);
    goToTuesday(world);
    world.forget();
    await world.cycles(3, MINUTE_MS);
    assertEquals([world.sells(), world.stops()], [[], []]);
    assert(world.alerted("which no order explains").length > 0);
  },
}));

const HANDS: readonly Scenario[] = [
  {
    what: "a trailing stop that a hand moved goes on following the high",
    run: async (lag) => {
      const world = await trimmed(lag);
      world.exchange.setPrice("NVDA", 111);
      await world.cycles(2, MINUTE_MS);
      assertEquals(world.stops(), ["3@105 gtc"]);
      replaceByHand(world, 106);
      await world.cycles(2, MINUTE_MS);
      world.exchange.setPrice("NVDA", 120);
      await world.cycles(3, MINUTE_MS);
      world.goTo(at("15:51"));
      await world.cycle();
      assertEquals([world.position()?.stopUsd, world.stops()], [114, ["3@114 gtc"]]);
    },
  },
  {
    what: "a stop that a hand raised in its second week does not fall at a trim",
    run: async (lag) => {
      const world = await trimmed(lag);
      for (const day of [TUESDAY, "2026-11-25", "2026-11-27", "2026-11-30"]) {
        world.goTo(at("10:00:30", day));
        world.list([AAPL]);
        world.exchange.setPrice("NVDA", 106);
        world.exchange.setPrice("AAPL", 50);
        await world.cycles(1, MINUTE_MS);
      }
      world.exchange.setPrice("NVDA", 110.5);
      await world.cycles(1, MINUTE_MS);
      replaceByHand(world, 109);
      await world.cycles(2, MINUTE_MS);
      world.exchange.setPrice("NVDA", 111);
      await world.cycles(3, MINUTE_MS);
      assertEquals([world.stops(), world.held()], [["3@109 gtc"], 3]);
    },
  },
  {
    what: "a resting buy of a hand's that keeps every exit away is an alarm",
    run: async (lag) => {
      const world = await bought(lag);
      world.exchange.behaviour.isWashTradeChecked = false;
      const order = { symbol: "NVDA", qty: "5", side: "buy", type: "limit", time_in_force: "gtc" };
      world.exchange.placeByHand({ ...order, limit_price: "80" });
      world.exchange.behaviour.isWashTradeChecked = true;
      world.forget();
      world.exchange.setPrice("NVDA", 110);
      await world.cycles(4, 10 * MINUTE_MS);
      assertEquals(world.sells(), []);
      assert(world.alerted("Exits wait").length > 0);
    },
  },
];

const DOWN = { kind: "status", status: 503 } as const;

const SILENCES: readonly Scenario[] = [
  {
    what: "a partly filled entry whose cancel hangs is an alarm, and over the close",
    run: async (lag) => {
      const world = openLagging(lag);
      world.exchange.behaviour.partialFills = ({ side }) =>
        side === "buy" ? [{ afterMs: 0, qty: 3 }] : null;
      world.exchange.behaviour.cancelOutcome = () => "stuck";
      await world.buy();
      await world.cycles(3, 2 * MINUTE_MS);
      assert(world.alerted("Position without stop").length > 0);
      world.forget();
      for (const time of ["15:45", "15:51", "15:58", "15:59:30"]) {
        world.goTo(at(time));
        await world.cycle();
      }
      assertEquals([world.held(), world.stops()], [3, []]);
      assert(world.alerted("Position without stop").length > 0);
    },
  },
  {
    what: "open orders that can't be read over the close are an alarm",
    run: async (lag) => {
      const world = await bought(lag);
      world.goTo(at("15:35"));
      world.setFaults([{ path: "/v2/orders", contains: "status=open", fault: DOWN }]);
      for (const time of ["15:35", "15:41", "15:51", "15:58", "15:59:30", "16:01"]) {
        world.goTo(at(time));
        await world.cycle();
      }
      assert(world.alerted("Position without stop").length > 0);
    },
  },
  {
    what: "an exit whose cancels are all refused is an alarm",
    run: async (lag) => {
      const world = await bought(lag);
      const body = '{"code":42210000,"message":"order is not cancelable"}';
      world.setFaults([{ method: "DELETE", fault: { kind: "status", status: 422, body } }]);
      world.exchange.setPrice("NVDA", 108);
      await world.cycles(4, 2 * MINUTE_MS);
      assertEquals(world.sells(), []);
      assert(world.alerted("Exits wait").length > 0);
    },
  },
  {
    what: "latest trades that can't be read are an alarm",
    run: async (lag) => {
      const world = await trimmed(lag);
      world.setFaults([{ path: "/v2/stocks/trades/latest", fault: DOWN }]);
      world.exchange.setPrice("NVDA", 112);
      await world.cycles(4, 2 * MINUTE_MS);
      assert(world.alerted("Exits wait").length > 0);
    },
  },
  {
    what: "an entry that fills between two reads of one cycle is no alarm",
    run: async (lag) => {
      const world = openLagging(lag);
      world.exchange.behaviour.fillLatencyMs = 4_000_000;
      await world.restart();
      await world.cycle();
      await world.cycles(1, 5 * SECOND_MS);
      world.forget();
      const { broker } = world.engine.ports;
      const { listPositions } = broker;
      let isFilled = false;
      Object.assign(broker, {
        listPositions: async (requestClass: "read" | "protect") => {
          const positions = await listPositions(requestClass);
          const [buy] = world.buys();
          const book = world.exchange.desk.active.get("NVDA");
          if (!isFilled && buy !== undefined) book?.forceFill(buy, 100, world.nowMs);
          isFilled = true;
          return positions;
        },
      });
      await world.cycles(3, 15 * SECOND_MS);
      assertEquals([world.held(), world.position()?.qty, world.changes], [10, 10, []]);
      assertEquals([listAlarms(world), world.alerted("no exit decided")], [[], []]);
    },
  },
  {
    what: "at night, hours ignored, a position without a stop is no error every few seconds",
    run: async (lag) => {
      const world = await bought(lag);
      await world.restart({ DRY_RUN: "1" });
      await world.cycle();
      world.goTo(at("20:00"));
      await world.restart({ DRY_RUN: "0", EXEC_V2_IGNORE_MARKET_HOURS: "1" });
      world.forget();
      const endMs = world.nowMs + 10 * MINUTE_MS;
      while (world.nowMs < endMs) {
        await world.cycle();
        const wakes = world.engine.wakeAtMs.filter((ms) => ms >= world.nowMs);
        world.goTo(Math.max(Math.min(...wakes, world.nowMs + 300_000), world.nowMs + 500));
      }
      assertEquals(world.stops(), ["10@95 gtc"]);
      assert(listAlarms(world).length <= 4, listAlarms(world).join("\n"));
    },
  },
];

const RUNS: readonly Scenario[] = ([
  ["trim", "10:30:00"],
  ["overnight stop", "15:50:05"],
] as const).map(([what, timeNy]): Scenario => ({
  what: `the cycle of a ${what} ends with a stop`,
  run: async (lag) => {
    const world = await bought(lag);
    world.goTo(at(timeNy));
    world.pass(4 * SECOND_MS);
    if (what === "trim") world.exchange.setPrice("NVDA", 106);
    world.forget();
    await world.cycle();
    assertEquals(world.stops(), [what === "trim" ? "5@99 gtc" : "10@95 gtc"]);
    assertEquals(listAlarms(world), []);
  },
})).concat(([[2, 1350], [3, 950]] as const).map(([count, latencyMs]) => ({
  what: `a run of one cycle at 15:51 leaves none of ${count} bare, at ${latencyMs} ms a request`,
  run: async (lag) => {
    const names = ["AAAA", "BBBB", "CCCC"].slice(0, count);
    const world = openLagging(lag, names.map((symbol) => ({ ...NVDA, symbol })));
    for (const symbol of names) {
      world.exchange.setPosition(symbol, 10, 100);
      const stop = { symbol, side: "sell", qty: "10", type: "stop", time_in_force: "day" };
      world.exchange.placeByHand({ ...stop, stop_price: "95" });
    }
    world.pass(5 * SECOND_MS);
    await startLive(world);
    await world.cycles(2, MINUTE_MS);
    world.goTo(at("15:51"));
    world.exchange.behaviour.cancelDelayMs = 80;
    await restartSlow(world, { latencyMs, isRunOnce: true });
    await world.cycle();
    assertEquals(names.filter((symbol) => world.stops(symbol).length === 0), []);
    assert(names.some((symbol) => world.stops(symbol).includes("10@95 gtc")));
  },
})));

for (const { what, run } of [...SALES, ...SPLITS, ...HANDS, ...SILENCES, ...RUNS]) {
  for (const lag of LAGS) Deno.test(`${what}, ${formatLag(lag)}`, () => run(lag));
}
