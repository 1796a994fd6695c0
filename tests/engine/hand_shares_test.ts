import { assert, assertEquals } from "../assert.ts";
import { at, MINUTE_MS, NVDA, SECOND_MS, World } from "./support.ts";

/** Ten shares of ours with their overnight stop, and a hand that may trade beside them. */
async function bought(): Promise<World> {
  const world = new World({ rows: [NVDA] });
  world.exchange.behaviour.isWashTradeChecked = false;
  await world.buy();
  world.goTo(at("15:51"));
  await world.cycle();
  assertEquals(world.stops(), ["10@95 gtc"]);
  world.goTo(at("10:00:30", "2026-11-24"));
  world.list([{ ...NVDA, symbol: "QQQ", pivotUsd: 101, r1Usd: 106 }]);
  world.forget();
  return world;
}

function byHand(world: World, side: "buy" | "sell", qty: number, more = {}): void {
  const order = { symbol: "NVDA", side, qty: `${qty}`, type: "market", time_in_force: "day" };
  assertEquals(world.exchange.placeByHand({ ...order, ...more }).status, 200);
  world.pass(SECOND_MS);
}

Deno.test("shares that a hand bought beside ours are named once, and neither sold nor stopped", async () => {
  const world = await bought();
  byHand(world, "buy", 5);
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.position()?.qty, world.stops()], [10, ["10@95 gtc"]]);
  assertEquals(world.alerted("a hand bought 5 shares: that is yours").length, 1);
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  // Half of ours, not half of all.
  assertEquals([world.sells(), world.stops()], [["5 filled"], ["5@99 gtc"]]);
  world.exchange.setPrice("NVDA", 98);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.held(), world.position(), world.stops()], [5, undefined, []]);
  assertEquals(world.said("Position NVDA: closed").length, 1);
});

Deno.test("a hand's sell takes the hand's shares first, ours only beyond them, and that is said", async () => {
  const world = await bought();
  byHand(world, "buy", 5);
  await world.cycles(2, MINUTE_MS);
  byHand(world, "sell", 3);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.position()?.qty, world.stops()], [10, ["10@95 gtc"]]);
  assertEquals(world.alerted(": a hand sold "), []);
  for (const order of world.orders((each) => each.type === "stop" && each.status === "new")) {
    world.exchange.desk.cancel(order);
  }
  world.pass(SECOND_MS);
  byHand(world, "sell", 6);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.held(), world.position()?.qty, world.stops()], [6, 6, ["6@95 gtc"]]);
  const told = "a hand sold 4 shares of the engine's: it goes on with the 6 left\nDo: nothing, ";
  assertEquals(world.alerted(told).length, 1);
});

Deno.test("a hand that sells all of ours is told that nothing is left", async () => {
  const world = await bought();
  for (const order of world.orders((each) => each.type === "stop" && each.status === "new")) {
    world.exchange.desk.cancel(order);
  }
  world.pass(SECOND_MS);
  byHand(world, "sell", 10);
  await world.cycles(2, MINUTE_MS);
  const told = "NVDA: a hand sold 10 shares of the engine's: nothing of its own is left\nDo: ";
  assertEquals(world.alerted(told).length, 1);
});

Deno.test("a hand's stop for the hand's own shares is no protection of ours, and takes none away", async () => {
  const world = await bought();
  byHand(world, "buy", 5);
  byHand(world, "sell", 5, { type: "stop", stop_price: "90", time_in_force: "gtc" });
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.position()?.qty, world.stops()], [10, ["10@95 gtc", "5@90 gtc"]]);
  assertEquals(world.changes, []);
});

Deno.test("a hand's buy and a restart leave ours what they were", async () => {
  const world = await bought();
  byHand(world, "buy", 5);
  await world.cycles(1, MINUTE_MS);
  await world.restart();
  world.forget();
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.position()?.qty, world.stops(), world.changes], [10, ["10@95 gtc"], []]);
  assertEquals(world.alerted("bought by hand"), []);
});

Deno.test("what a hand bought is not adopted when ours are sold, though its symbol is on today's list", async () => {
  const world = await bought();
  world.list([NVDA]);
  byHand(world, "buy", 5);
  await world.cycles(2, MINUTE_MS);
  world.exchange.setPrice("NVDA", 94);
  world.pass(20 * SECOND_MS);
  world.exchange.setPrice("NVDA", 100);
  await world.cycles(4, MINUTE_MS);
  await world.restart();
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.held(), world.position(), world.stops()], [5, undefined, []]);
  assertEquals(world.alerted("Adopted"), []);
});

Deno.test("what a split leaves of ours and a hand's beside a stop that filled is told as without a stop, hourly, until it is released", async () => {
  const world = await bought();
  byHand(world, "buy", 20);
  await world.cycles(2, MINUTE_MS);
  world.exchange.split("NVDA", 0.5);
  world.exchange.setPrice("NVDA", 94); // Its stop was not adjusted, and sells ten of fifteen.
  world.pass(20 * SECOND_MS);
  await world.cycles(6, 30 * SECOND_MS);
  assertEquals([world.held(), world.stops(), world.changes], [5, [], []]);
  assertEquals(world.alerted("from 10 to 5 shares with no order behind it (a split?)").length, 1);
  const told = () => world.alerted("Position without stop").length;
  assertEquals(told(), 1);
  await world.cycles(6, 10 * MINUTE_MS);
  assertEquals(told(), 2);
});

/** Only an order that was replaced says so; the one in its place does not name it. */
function hidePredecessors(world: World): void {
  const rewrite = (body: string) => body.replaceAll(/"replaces":"[^"]*"/g, '"replaces":null');
  world.setFaultPlan(({ method }) => method === "GET" ? { kind: "rewritten", rewrite } : null);
}

for (const handQty of [0, 12]) {
  Deno.test(`our stop that a hand moved is ours though only the old one names the new one, beside ${handQty} of a hand's`, async () => {
    const world = await bought();
    hidePredecessors(world);
    if (handQty > 0) byHand(world, "buy", handQty);
    const [stop] = world.orders((order) => order.type === "stop" && order.status === "new");
    assert(stop !== undefined);
    const nothing = { clientOrderId: null, qty: null, limitPriceUsd: null, timeInForce: null };
    world.exchange.desk.replace(stop, { ...nothing, stopPriceUsd: 97 });
    world.pass(SECOND_MS);
    await world.cycles(2, MINUTE_MS);
    assertEquals([world.stops(), world.changes], [["10@97 gtc"], []]);
    world.exchange.setPrice("NVDA", 96);
    await world.cycles(2, MINUTE_MS);
    assertEquals([world.held(), world.stops(), world.position()], [handQty, [], undefined]);
    assertEquals(world.alerted(": a hand sold "), []);
  });
}
