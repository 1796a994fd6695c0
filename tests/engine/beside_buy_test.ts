import { assert, assertEquals } from "../assert.ts";
import { MINUTE_MS, SECOND_MS, World } from "./support.ts";

/** Ten shares that a trim has left bare: a hand's buy came before the stop for the rest, which is refused beside it. */
async function refused(): Promise<World> {
  const world = new World();
  await world.buy();
  world.exchange.setPrice("NVDA", 105);
  world.exchange.behaviour.refuseOrder = ({ type }) => {
    if (type !== "stop") return null;
    const message = "potential wash trade detected. use complex orders";
    return { status: 403, headers: {}, body: JSON.stringify({ code: 40310000, message }) };
  };
  await world.cycle();
  world.exchange.behaviour.refuseOrder = null;
  assertEquals([world.sells(), world.stops()], [["5 filled"], []]);
  const order = { symbol: "NVDA", side: "buy", qty: "3", type: "limit", limit_price: "90" };
  assertEquals(world.exchange.placeByHand({ ...order, time_in_force: "gtc" }).status, 200);
  world.pass(SECOND_MS);
  world.forget();
  return world;
}

/** Cycles as the loop would make them, at each wake-up that the engine asks for. */
async function loop(world: World, ms: number): Promise<number> {
  const endMs = world.nowMs + ms;
  let count = 0;
  while (world.nowMs < endMs) {
    await world.cycle();
    count++;
    const wakes = world.engine.wakeAtMs.filter((each) => each > world.nowMs);
    world.goTo(Math.max(world.nowMs + SECOND_MS, Math.min(endMs, ...wakes)));
  }
  return count;
}

function countStops(world: World): number {
  return world.changes.filter((each) => each.method === "POST").length;
}

Deno.test("a stop that is refused beside a hand's buy is tried once a minute, and told", async () => {
  const world = await refused();
  const cycles = await loop(world, 10 * MINUTE_MS);
  const tries = countStops(world);
  assert(tries >= 9 && tries <= 11, `${tries} tries`);
  assert(cycles <= 40, `${cycles} cycles`);
  assertEquals(world.stops(), []);
  const [alert] = world.alerted("Position without stop");
  assert(alert?.text.includes("wash trade"), alert?.text);
});

Deno.test("a stop that was refused beside a hand's buy is placed as soon as the buy is seen to be gone", async () => {
  const world = await refused();
  await loop(world, 2 * MINUTE_MS + 5 * SECOND_MS);
  for (const buy of world.orders((order) => order.side === "buy" && order.status === "new")) {
    world.exchange.desk.cancel(buy);
  }
  world.pass(SECOND_MS);
  await world.cycle();
  assertEquals(world.stops(), ["5@99 gtc"]);
});

Deno.test("a restart does not hasten the next try beside a hand's buy", async () => {
  const world = await refused();
  await loop(world, 30 * SECOND_MS);
  await world.restart();
  world.forget();
  await world.cycle();
  assertEquals(countStops(world), 0);
});

Deno.test("while not LIVE for a failing record, the rest of an exit is tried beside a hand's buy once a minute too", async () => {
  const world = await refused();
  await world.cycle();
  world.forget();
  world.setFaults([{
    method: "GET",
    contains: "/v2/positions",
    times: 99,
    fault: { kind: "status", status: 500, body: "{}" },
  }]);
  await loop(world, 3 * MINUTE_MS);
  const tries = countStops(world);
  assert(tries >= 2 && tries <= 4, `${tries} tries`);
});

Deno.test("an exit that the broker refused beside a buy is sent once no buy is seen to work, not five minutes later", async () => {
  const world = new World();
  await world.buy();
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.stops(), ["5@99 gtc"]);
  world.exchange.setPrice("NVDA", 111);
  const message = "potential wash trade detected. use complex orders";
  const body = JSON.stringify({ code: 40310000, message });
  const fault = { kind: "status", status: 403, body } as const;
  // By the time that the stop for the rest is sent it has filled.
  world.setFaults([{ method: "POST", contains: "r2_trim", times: 1, fault }]);
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.sells(), world.stops()], [["5 filled"], ["3@105 gtc", "2@105 gtc"]]);
  await world.cycles(2, 20 * SECOND_MS);
  assertEquals([world.sells(), world.stops()], [["5 filled", "2 filled"], ["3@105 gtc"]]);
});
