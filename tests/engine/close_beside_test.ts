import { assertEquals } from "../assert.ts";
import { MINUTE_MS, SECOND_MS, World } from "./support.ts";

Deno.test("what a half filled trim leaves bare is closed at the stop beside it, and sold once", async () => {
  const world = new World();
  await world.buy();
  world.exchange.behaviour.stopAboveMarket = "refuses";
  world.exchange.behaviour.partialFills = (order) =>
    order.clientOrderId.includes("r1_trim") ? [{ afterMs: 0, qty: 2 }] : null;
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(1, MINUTE_MS);
  for (const stop of world.orders((order) => order.type === "stop" && order.status === "new")) {
    world.exchange.desk.cancel(stop); // By hand.
  }
  world.pass(SECOND_MS);
  world.exchange.setPrice("NVDA", 90);
  world.forget();
  await world.cycles(3, 10 * SECOND_MS);
  assertEquals([world.held(), world.stops()], [3, []]);
  assertEquals(world.sells(), ["5 partially_filled", "5 filled"]);
  world.exchange.behaviour.partialFills = null;
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.held(), 3);
});
