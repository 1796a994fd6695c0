import { assertEquals } from "../assert.ts";
import { AAPL, MINUTE_MS, NVDA, SECOND_MS, World } from "./support.ts";

/** A position that somebody else bought, seen once in DRY_RUN and taken over in LIVE. */
async function adopted(priceUsd: number): Promise<World> {
  const world = new World({ rows: [AAPL] });
  world.exchange.setPosition("AAPL", 10, priceUsd);
  world.pass(SECOND_MS);
  await world.restart({ DRY_RUN: "1" });
  await world.cycle();
  await world.restart({ DRY_RUN: "0" });
  world.pass(5 * SECOND_MS);
  await world.cycles(2, 5 * SECOND_MS);
  return world;
}

Deno.test("an adopted position that is under water keeps its rest at R2: its high is no price that was paid", async () => {
  const world = await adopted(150); // Worth 100.
  world.exchange.setPrice("AAPL", 106);
  await world.cycles(3, MINUTE_MS);
  world.exchange.setPrice("AAPL", 111.5);
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.sells("AAPL"), world.stops("AAPL")], [["5 filled", "2 filled"], [
    "3@105.5 gtc",
  ]]);
});

Deno.test("the high begins at the price of the first look at what is held, and rises from there", async () => {
  const world = await adopted(90);
  assertEquals(world.position("AAPL")?.highWaterUsd, 100);
  const entered = new World({ rows: [NVDA] });
  await entered.restart();
  await entered.cycle();
  await entered.cycles(1, 5 * SECOND_MS);
  assertEquals([entered.held(), entered.position()?.highWaterUsd], [10, 0]);
  entered.exchange.setPrice("NVDA", 97);
  await entered.cycles(1, 5 * SECOND_MS);
  assertEquals(entered.position()?.highWaterUsd, 97);
});
