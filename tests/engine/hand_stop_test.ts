import { assert, assertEquals } from "../assert.ts";
import { AAPL, at, MINUTE_MS, NVDA, SECOND_MS, STATE_PATH, World } from "./support.ts";

const TUESDAY = "2026-11-24";

/** Five shares after the first trim, with a stop of ours at 99. */
async function trimmed(): Promise<World> {
  const world = new World({ rows: [NVDA] });
  await world.buy();
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.stops(), ["5@99 gtc"]);
  world.forget();
  return world;
}

/** The operator drags the stop in the broker's dashboard. */
function drag(world: World, stopPriceUsd: number): void {
  const [stop] = world.orders((order) =>
    order.type === "stop" && order.status === "new" && order.parent === null
  );
  assert(stop !== undefined);
  world.exchange.desk.replace(stop, {
    clientOrderId: null,
    qty: null,
    limitPriceUsd: null,
    stopPriceUsd,
    timeInForce: null,
  });
  world.pass(SECOND_MS);
}

Deno.test("our trailing stop, once moved by hand, goes on following the high", async () => {
  const world = await trimmed();
  world.exchange.setPrice("NVDA", 111);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.stops(), ["3@105 gtc"]);
  drag(world, 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.position()?.stopUsd, world.stops()], [105, ["3@106 gtc"]]);
  world.exchange.setPrice("NVDA", 130);
  await world.cycles(3, MINUTE_MS);
  world.goTo(at("15:51"));
  await world.cycle();
  world.goTo(at("15:58"));
  await world.cycle();
  assertEquals([world.position()?.stopUsd, world.stops()], [124, ["3@124 gtc"]]);
});

Deno.test("our stop, raised by hand in its second week, does not fall at a trim or over night", async () => {
  const world = await trimmed();
  for (const day of [TUESDAY, "2026-11-25", "2026-11-27", "2026-11-30"]) {
    world.goTo(at("10:00:30", day));
    world.list([AAPL]);
    world.exchange.setPrice("NVDA", 106);
    world.exchange.setPrice("AAPL", 50);
    await world.cycles(3, MINUTE_MS);
  }
  world.exchange.setPrice("NVDA", 110.5);
  await world.cycles(1, MINUTE_MS);
  drag(world, 109);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.position()?.stopUsd, 99);
  world.exchange.setPrice("NVDA", 111);
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.position()?.stopUsd, world.stops()], [105, ["3@109 gtc"]]);
  await world.restart();
  world.goTo(at("10:00:30", "2026-12-01"));
  world.exchange.setPrice("NVDA", 111);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.position()?.stopUsd, world.stops()], [105, ["3@109 gtc"]]);
});

Deno.test("a leg that a hand raised keeps its price in the stop for the night", async () => {
  const world = new World({ rows: [NVDA] });
  await world.buy();
  const [leg] = world.orders((order) => order.type === "stop" && order.parent !== null);
  assert(leg !== undefined);
  world.exchange.desk.replace(leg, {
    clientOrderId: null,
    qty: null,
    limitPriceUsd: null,
    stopPriceUsd: 97,
    timeInForce: null,
  });
  world.pass(SECOND_MS);
  await world.cycles(2, MINUTE_MS);
  world.goTo(at("15:51"));
  await world.cycle();
  assertEquals([world.position()?.stopUsd, world.stops()], [95, ["10@97 gtc"]]);
});

Deno.test("our stop, lowered by hand, is put back and Slack says how to have one's own", async () => {
  const world = await trimmed();
  drag(world, 97);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.position()?.stopUsd, world.stops()], [99, ["5@99 gtc"]]);
  const [alert, ...others] = world.alerted("Stop put back");
  assertEquals(others, []);
  assert(alert?.text.includes("from 99 to 97"), alert?.text);
  assert(alert?.text.includes("avwap-execution release NVDA"));
});

Deno.test("our stop, lowered by hand after the last look of a session, is told at the close with its price, and put back at the open", async () => {
  const world = await trimmed();
  world.goTo(at("15:59:30"));
  drag(world, 97);
  world.goTo(at("16:00:02"));
  await world.cycle();
  const [alert] = world.alerted("5 of 5 shares without a good-till-canceled stop");
  assert(alert !== undefined);
  assert(alert.text.includes("its stop rests at 97.00, below the engine's 99.00"), alert.text);
  // What rests holds the shares: the broker would take no other stop for them.
  assert(alert.text.includes("Do: raise it in the broker's dashboard"), alert.text);
  assertEquals([world.changes, world.stops()], [[], ["5@97 gtc"]]);
  world.goTo(at("09:30:30", TUESDAY));
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.stops(), ["5@99 gtc"]);
});

Deno.test("where the market is below the hand's stop when it is put back, the engine's own is placed", async () => {
  const world = await trimmed();
  world.exchange.setPrice("NVDA", 110);
  world.pass(SECOND_MS);
  drag(world, 108);
  await world.cycles(1, MINUTE_MS);
  world.exchange.behaviour.stopAboveMarket = "refuses";
  world.onEvent = (event) => {
    // Between the exit's sell and its stop the market falls below the hand's price.
    if (event.type === "order_answer" && event.op === "sell") world.exchange.setPrice("NVDA", 106);
  };
  world.exchange.behaviour.refusesReplace = () => true;
  world.exchange.setPrice("NVDA", 111);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.held(), world.stops()], [3, ["3@105 gtc"]]);
  world.forget();
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.changes, world.said("error ")], [[], []]);
});

/** The next process finds no state, and makes it anew. */
async function rebuild(world: World): Promise<void> {
  world.disk.remove(STATE_PATH);
  await world.restart();
  await world.cycles(3, MINUTE_MS);
}

Deno.test("a hand's price does not enter a rebuilt stop, and rests", async () => {
  const world = await trimmed();
  world.exchange.setPrice("NVDA", 110.5);
  await world.cycles(1, MINUTE_MS);
  drag(world, 109);
  world.exchange.setPrice("NVDA", 111);
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.position()?.stopUsd, world.stops()], [105, ["3@109 gtc"]]);
  await rebuild(world);
  assertEquals([world.position()?.stopUsd, world.stops()], [105, ["3@109 gtc"]]);
});

Deno.test("a hand's price does not enter the rebuilt stop of an adopted position", async () => {
  const world = new World({ rows: [AAPL] });
  world.exchange.setPosition("AAPL", 10, 100);
  await world.restart();
  await world.cycles(3, 5 * SECOND_MS);
  assertEquals(world.stops("AAPL"), ["10@95 gtc"]);
  drag(world, 97);
  await world.cycles(1, MINUTE_MS);
  for (const stop of world.orders((order) => order.type === "stop" && order.status === "new")) {
    world.exchange.desk.cancel(stop);
  }
  world.pass(SECOND_MS);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.position("AAPL")?.stopUsd, world.stops("AAPL")], [95, ["10@97 gtc"]]);
  await rebuild(world);
  assertEquals([world.position("AAPL")?.stopUsd, world.stops("AAPL")], [95, ["10@97 gtc"]]);
});
