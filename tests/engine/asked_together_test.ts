import { assertEquals } from "../assert.ts";
import { MINUTE_MS, World } from "./support.ts";

Deno.test("positions and open orders that the plan wants to know are asked for in the same moment", async () => {
  const world = new World();
  world.exchange.behaviour.partialFills = (order) =>
    order.side === "buy" ? [{ afterMs: 0, qty: 3 }] : null;
  await world.buy();
  await world.cycles(1, MINUTE_MS / 2);
  const asked: { path: string; atMs: number }[] = [];
  world.onEvent = (event) => {
    if (event.type === "order_answer" && event.op === "cancel") asked.length = 0;
  };
  world.setFaultPlan(({ method, path }) => {
    if (method === "GET") asked.push({ path, atMs: world.nowMs });
    return null;
  });
  world.pass(MINUTE_MS);
  await world.cycle();
  assertEquals(world.stops(), ["3@95 gtc"]);
  const positions = asked.find(({ path }) => path === "/v2/positions");
  const orders = asked.find(({ path }) => path === "/v2/orders");
  assertEquals(orders?.atMs, positions?.atMs);
});
