import { assert, assertEquals } from "../assert.ts";
import { MINUTE_MS, SECOND_MS, World } from "./support.ts";

/** Ten shares whose bracket a hand has cancelled: stop 95, last trade 100. */
async function bare(): Promise<World> {
  const world = new World();
  await world.buy();
  for (const leg of world.orders((order) => order.parent !== null && order.status === "new")) {
    world.exchange.desk.cancel(leg);
  }
  world.pass(SECOND_MS);
  return world;
}

const REFUSALS = [
  "stop price must be a multiple of 0.05",
  "stop price must be less than current price",
];
for (const message of REFUSALS) {
  Deno.test(`a refused stop never sells what trades above it: ${message}`, async () => {
    const world = await bare();
    const body = JSON.stringify({ code: 42210000, message });
    world.setFaults([{
      method: "POST",
      contains: '"stop"',
      times: 1,
      fault: { kind: "status", status: 422, body },
    }]);
    await world.cycles(2, MINUTE_MS);
    assertEquals([world.held(), world.sells(), world.stops()], [10, [], ["10@95 gtc"]]);
  });
}

Deno.test("a refused stop sells at a price that the stop in the broker's increments would sell at", async () => {
  const world = await bare();
  const [position] = world.engine.state.positions;
  assert(position !== undefined);
  world.engine.putPosition({ ...position, stopUsd: 95.006 }); // Rests at 95.01.
  world.exchange.behaviour.refuseOrder = ({ type }) => {
    if (type !== "stop") return null;
    world.exchange.setPrice("NVDA", 95.008);
    const body = '{"code":42210000,"message":"stop price must be less than current price"}';
    return { status: 422, headers: {}, body };
  };
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.held(), world.sells()], [0, ["10 filled"]]);
});

Deno.test("where neither the sell nor a stop at its level is taken, the shares get their stop back where it rested", async () => {
  const world = new World();
  await world.buy();
  const [position] = world.engine.state.positions;
  assert(position !== undefined);
  world.engine.putPosition({ ...position, stopUsd: 97 });
  world.exchange.setPrice("NVDA", 96);
  world.exchange.behaviour.stopAboveMarket = "refuses";
  const body = '{"code":40310000,"message":"account is not authorized"}';
  world.exchange.behaviour.refuseOrder = ({ type }) =>
    type === "market" ? { status: 403, headers: {}, body } : null;
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.held(), world.sells(), world.stops()], [10, [], ["10@95 gtc"]]);
  world.exchange.setPrice("NVDA", 98);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.held(), world.stops()], [10, ["10@97 gtc"]]);
});

Deno.test("a refused stop sells where the price has come to it by the next look", async () => {
  const world = await bare();
  world.exchange.behaviour.refuseOrder = ({ type }) => {
    if (type !== "stop") return null;
    world.exchange.setPrice("NVDA", 94.9);
    const body = '{"code":42210000,"message":"stop price must be less than current price"}';
    return { status: 422, headers: {}, body };
  };
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.held(), world.sells()], [0, ["10 filled"]]);
});
