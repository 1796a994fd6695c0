import { assertEquals } from "../assert.ts";
import { CrashError } from "../state/memory_disk.ts";
import { MINUTE_MS, SECOND_MS, World } from "./support.ts";

/** 5 shares left after R1, their stop at the pivot; the price has come to R2, and the stop can't be replaced. */
async function atR2(latencyMs: number): Promise<World> {
  const world = new World({ latencyMs });
  await world.buy();
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.stops(), ["5@99 gtc"]);
  world.exchange.behaviour.refusesReplace = () => true;
  world.exchange.setPrice("NVDA", 112);
  world.forget();
  return world;
}

Deno.test("an R2 trim that the broker refuses raises no stop, however slow its answers are", async () => {
  for (const latencyMs of [5, 1_500]) {
    const world = await atR2(latencyMs);
    world.exchange.behaviour.cancelDelayMs = 3_000;
    world.exchange.behaviour.refuseOrder = ({ type }) =>
      type === "market"
        ? { status: 403, headers: {}, body: '{"code":40310000,"message":"not authorized"}' }
        : null;
    await world.cycles(1, MINUTE_MS);
    assertEquals([world.sells(), world.stops()], [["5 filled"], ["5@99 gtc"]]);
    assertEquals(world.position()?.stopUsd, 99);
  }
});

Deno.test("a stop that was written down and never left sells nothing after a crash, while nobody can look it up", async () => {
  const world = await atR2(5);
  world.onEvent = ({ type }) => {
    if (type === "order_request") throw new CrashError("event");
  };
  await world.cycle().catch(() => {});
  world.onEvent = () => {};
  world.exchange.setPrice("NVDA", 104);
  await world.restart();
  const down = { kind: "status", status: 503 } as const;
  world.setFaults([{ path: "/v2/orders:by_client_order_id", fault: down }]);
  await world.cycles(2, 5 * SECOND_MS);
  world.setFaults([]);
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.held(), world.stops()], [5, ["5@99 gtc"]]);
  assertEquals(world.position()?.stopUsd, 99);
});
