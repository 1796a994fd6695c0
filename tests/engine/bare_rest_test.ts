import { assertEquals } from "../assert.ts";
import { SECOND_MS, World } from "./support.ts";

const DOWN = { kind: "status", status: 503 } as const;
const REFUSED = {
  kind: "status",
  status: 403,
  body: JSON.stringify({ code: 40310000, message: "account is not authorized to trade" }),
} as const;

/** Ten shares without a stop, which the broker refuses; at R1, in the middle of whose trim positions are empty. */
async function trimmedWithoutCancel(): Promise<World> {
  const world = new World();
  await world.buy();
  for (const leg of world.orders((order) => order.parent !== null && order.status === "new")) {
    world.exchange.desk.cancel(leg);
  }
  world.setFaults([{ method: "POST", fault: REFUSED }]);
  await world.cycles(2, SECOND_MS);
  world.exchange.setPrice("NVDA", 106);
  let isBegun = false;
  world.setFaultPlan((request) => {
    if (request.method === "POST") return REFUSED;
    const isTrim = world.said("EXIT NVDA: r1_trim").length > 0;
    if (request.path !== "/v2/positions" || !isTrim || isBegun) return null;
    isBegun = true;
    return { kind: "malformed", body: "[]" };
  });
  world.pass(60 * SECOND_MS);
  await world.cycle();
  assertEquals([isBegun, world.sells(), world.stops()], [true, [], []]);
  return world;
}

Deno.test("what an exit without a cancel left bare gets no stop while the gate says DRY_RUN", async () => {
  const world = await trimmedWithoutCancel();
  world.setFaults([{ path: "/v2/account", fault: DOWN }]);
  world.forget();
  world.pass(5 * SECOND_MS);
  await world.cycle();
  assertEquals(world.said("Gate mode=DRY_RUN").length, 1);
  assertEquals([world.changes, world.stops()], [[], []]);
  world.setFaults([]);
  world.pass(5 * SECOND_MS);
  await world.cycle();
  assertEquals([world.held(), world.sells(), world.stops()], [5, ["5 filled"], ["5@99 gtc"]]);
});
