import { assert, assertEquals } from "../assert.ts";
import type { FaultRule } from "../simulator/faults.ts";
import { MINUTE_MS, SECOND_MS, World } from "./support.ts";

/**
 * Ten shares, a stop for five of them and another one for the five that a trim has not sold, whose answer was lost: the broker
 * has taken it, and no look-up shows it for a minute.
 */
async function lostBeside(): Promise<World> {
  const world = new World();
  await world.buy();
  world.pass(MINUTE_MS);
  const { behaviour } = world.exchange;
  behaviour.spellOf = ({ type }) =>
    type === "market" ? { status: "reviewing", ms: 20 * SECOND_MS, then: "ends" } : null;
  world.exchange.setPrice("NVDA", 106);
  await world.cycle();
  behaviour.spellOf = null;
  world.exchange.setPrice("NVDA", 103);
  world.pass(2 * MINUTE_MS);
  behaviour.visibilityDelayMs = MINUTE_MS;
  world.setFaults([{ method: "POST", contains: "stop", times: 1, fault: { kind: "lost_after" } }]);
  await world.cycle();
  assertEquals([world.stops(), world.sells()], [["5@99 gtc", "5@99 gtc"], ["5 canceled"]]);
  assertEquals(world.entries("stop").map(({ status }) => status), ["accepted", "unknown"]);
  world.forget();
  return world;
}

/** How the lost stop stands on record. */
function recordOfLost(world: World) {
  const lost = world.entries("stop").find(({ clientOrderId }) => clientOrderId?.endsWith("stop-2"));
  return [lost?.status, lost?.qty, lost?.stopUsd, lost?.replaces];
}

Deno.test("a stop whose answer was lost keeps its record and its shares while others are sold beside it", async () => {
  const world = await lostBeside();
  world.exchange.setPrice("NVDA", 106);
  for (let turn = 0; turn < 6; turn++) {
    await world.cycles(1, 5 * SECOND_MS);
    assertEquals(recordOfLost(world), ["unknown", 5, 99, null]);
  }
  // Half of the five that are held for sure, and nothing of those that the lost one may hold.
  assertEquals(world.sells(), ["5 canceled", "2 filled"]);
  assertEquals(world.changes.map(({ method, status }) => `${method} ${status}`), [
    "PATCH 200",
    "POST 200",
  ]);
  await world.cycles(4, 15 * SECOND_MS);
  assertEquals([world.held(), world.stops().sort()], [8, ["3@99 gtc", "5@99 gtc"]]);
  assertEquals(recordOfLost(world), ["accepted", 5, 99, null]);
});

Deno.test("a stop whose answer was lost keeps its record while another one follows the high", async () => {
  const world = await lostBeside();
  const position = world.position();
  assert(position !== undefined);
  world.engine.putPosition({ ...position, stopUsd: 101 });
  await world.cycles(2, 5 * SECOND_MS);
  assertEquals(recordOfLost(world), ["unknown", 5, 99, null]);
  assertEquals(world.stops().sort(), ["5@101 gtc", "5@99 gtc"]);
  await world.cycles(4, 20 * SECOND_MS);
  assertEquals(world.stops(), ["5@101 gtc", "5@101 gtc"]);
});

/** A list of open orders without the stop that rests, and no answer to any question by id. */
const MUTE: readonly FaultRule[] = [
  { method: "GET", path: "/v2/orders/", fault: { kind: "status", status: 503 } },
  { method: "GET", path: "/v2/orders:", fault: { kind: "status", status: 503 } },
  { method: "GET", path: "/v2/orders", fault: { kind: "status", status: 200, body: "[]" } },
];

for (const who of ["the process", "another process"]) {
  Deno.test(`a stop that no list has, and whose own question has no answer, gets no other one beside it, however long that lasts: ${who}`, async () => {
    const world = new World();
    await world.buy();
    world.pass(MINUTE_MS);
    world.exchange.setPrice("NVDA", 106);
    await world.cycle();
    world.exchange.setPrice("NVDA", 103);
    await world.cycles(2, MINUTE_MS);
    world.forget();
    world.setFaults(MUTE);
    if (who !== "the process") await world.restart();
    await world.cycles(6, 30 * SECOND_MS);
    assertEquals([world.changes, world.stops()], [[], ["5@99 gtc"]]);
    // It is cover that nobody has seen, and told as that.
    assertEquals(world.engine.state.standings.map(({ bareQty }) => bareQty), [5]);
    assertEquals(world.alerted("Position without stop").length, 1);
    // Once the broker says that there is none, one is placed.
    const [order] = world.orders((each) => each.type === "stop" && each.status === "new");
    assert(order !== undefined);
    world.exchange.desk.cancel(order);
    world.setFaults([]);
    await world.cycles(2, 30 * SECOND_MS);
    assertEquals(world.changes.map(({ method }) => method), ["POST"]);
    assertEquals(world.stops(), ["5@99 gtc"]);
  });
}
