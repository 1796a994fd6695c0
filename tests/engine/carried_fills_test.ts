import { assertEquals } from "../assert.ts";
import { MINUTE_MS, NVDA, SECOND_MS, World } from "./support.ts";

/** Of 8 shares one is left: its stop had filled one of two when it was raised, and the next one fills no more yet. */
async function raisedPartlyFilled(isFillCarriedOver: boolean): Promise<World> {
  const world = new World({ rows: [{ ...NVDA, priceUsd: 250 }] });
  await world.buy();
  const { behaviour } = world.exchange;
  behaviour.isFillCarriedOver = isFillCarriedOver;
  for (const priceUsd of [106, 112]) {
    world.exchange.setPrice("NVDA", priceUsd);
    await world.cycles(2, MINUTE_MS);
  }
  behaviour.partialFills = ({ type }) => type === "stop" ? [{ afterMs: 0, qty: 1 }] : null;
  world.exchange.setPrice("NVDA", 105.9);
  world.pass(SECOND_MS);
  behaviour.partialFills = ({ type }) => type === "stop" ? [] : null;
  world.exchange.setPrice("NVDA", 120);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.held(), 1);
  world.forget();
  return world;
}

for (const isCarried of [true, false]) {
  const how = isCarried ? "stand in the next one too" : "stand in the old one alone";
  Deno.test(`a raised stop whose fills ${how} accounts for its shares once: empty answers end nothing`, async () => {
    const world = await raisedPartlyFilled(isCarried);
    const [stop] = world.stops();
    assertEquals(stop?.endsWith("@114 gtc"), true);
    world.exchange.hidePosition("NVDA", 3);
    await world.cycles(2, MINUTE_MS);
    assertEquals([world.position()?.qty, world.stops()], [1, [stop]]);
    assertEquals(world.changes, []);
  });

  Deno.test(`a raised stop whose fills ${how} ends its position when the rest is filled`, async () => {
    const world = await raisedPartlyFilled(isCarried);
    world.exchange.behaviour.partialFills = null;
    world.exchange.setPrice("NVDA", 113.9);
    await world.cycles(2, MINUTE_MS);
    assertEquals([world.held(), world.position(), world.stops()], [0, undefined, []]);
  });
}
