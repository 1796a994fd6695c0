import { assert, assertEquals } from "../assert.ts";
import { AAPL, at, MINUTE_MS, SECOND_MS, STATE_DIR, STATE_PATH, World } from "./support.ts";

// A fraction of a share beside ours is a hand's, and takes nothing of what a whole share is to get.

type Sell = Readonly<Record<string, string>>;

const LIMIT: Sell = { type: "limit", limit_price: "150" };
const STOP: Sell = { type: "stop", stop_price: "96" };

/** Ten AAPL of somebody else with these sells, adopted, and half a share beside them, or none. */
async function adopted(sells: readonly Sell[], besideQty = 0.5): Promise<World> {
  const world = new World({ rows: [AAPL] });
  world.exchange.setPosition("AAPL", 10 + besideQty, 100);
  for (const sell of sells) {
    const answer = world.exchange.placeByHand({ symbol: "AAPL", side: "sell", ...sell });
    assertEquals(answer.status, 200);
  }
  world.pass(SECOND_MS);
  await world.restart({ DRY_RUN: "1" });
  await world.cycle();
  await world.restart({ DRY_RUN: "0" });
  await world.cycles(3, 5 * SECOND_MS);
  assertEquals(world.position("AAPL")?.qty, 10);
  return world;
}

Deno.test("a limit of a hand's over a part of 10.5 adopted shares gives way to a stop for all ten", async () => {
  const world = await adopted([{ ...LIMIT, qty: "4", time_in_force: "gtc" }]);
  await world.cycles(2, MINUTE_MS);
  const covered = world.stops("AAPL").reduce((sum, text) => sum + parseInt(text), 0);
  assertEquals(covered, 10);
  assertEquals(world.alerted("Position without stop"), []);
});

Deno.test("a day stop of a hand's over ten of 10.5 adopted shares gives way to the overnight stop", async () => {
  const world = await adopted([{ ...STOP, qty: "10", time_in_force: "day" }]);
  assertEquals(world.stops("AAPL"), ["10@96 day"]);
  world.goTo(at("15:50:30"));
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.stops("AAPL"), ["10@95 gtc"]);
});

Deno.test("a hand's good-till-canceled stop over ten of 10.5 adopted shares protects all ten", async () => {
  const world = await adopted([{ ...STOP, qty: "10", time_in_force: "gtc" }]);
  await world.cycles(5, MINUTE_MS);
  assertEquals(world.stops("AAPL"), ["10@96 gtc"]);
  assertEquals(world.alerted("Position without stop"), []);
});

for (const besideQty of [0, 0.5]) {
  Deno.test(`a part of a share on sale by hand, beside ${besideQty} of the hand's, gives way to a stop for the whole one`, async () => {
    const world = await adopted([], besideQty);
    assertEquals(world.stops("AAPL"), ["10@95 gtc"]);
    const [stop] = world.orders((each) => each.symbol === "AAPL" && each.type === "stop");
    assert(stop !== undefined);
    world.exchange.desk.cancel(stop);
    world.pass(SECOND_MS);
    const sell = { symbol: "AAPL", side: "sell", qty: "2", time_in_force: "gtc" };
    world.exchange.placeByHand({ ...sell, ...LIMIT });
    const [limit] = world.orders((each) => each.symbol === "AAPL" && each.type === "limit");
    assert(limit !== undefined);
    limit.qty = 1.25;
    await world.cycles(3, MINUTE_MS);
    const covered = world.stops("AAPL").reduce((sum, text) => sum + parseInt(text), 0);
    assertEquals(covered, 10);
  });
}

/** The process ends, and a hand takes the document and its copy of the day away. */
async function loseDocument(world: World): Promise<void> {
  await world.disk.remove(STATE_PATH);
  await world.disk.remove(`${STATE_DIR}/archive/execution_state_2026-11-23.json`);
  await world.restart();
  world.forget();
}

Deno.test("a part of a share that was beside an adopted position is beside it still when the document is lost", async () => {
  const world = await adopted([]);
  await loseDocument(world);
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.said("execution_state.json was missing: rebuilt").length, 1);
  assertEquals(world.position("AAPL")?.besideQty, 0.5);
  assertEquals(world.position("AAPL")?.unexplainedQty, null);
  world.exchange.setPrice("AAPL", 94);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.held("AAPL"), 0.5);
});

Deno.test("a part of a share that a split left is no part beside an adopted position when the document is lost: nothing is sent", async () => {
  const world = await adopted([], 0);
  for (const order of world.orders((each) => each.type === "stop" && each.status === "new")) {
    world.exchange.desk.cancel(order); // As the exchange does at a corporate action.
  }
  world.pass(SECOND_MS);
  world.exchange.split("AAPL", 1.05);
  world.exchange.setPrice("AAPL", 94); // At the stop, and it must not be sold for that.
  await loseDocument(world);
  await world.cycles(4, MINUTE_MS);
  assertEquals(world.said("execution_state.json was missing: rebuilt").length, 1);
  assertEquals([world.changes, world.held("AAPL")], [[], 10.5]);
  assertEquals(world.alerted("no order behind it").length, 1);
});
