import { assert, assertEquals } from "../assert.ts";
import { AAPL, at, MINUTE_MS, NVDA, World } from "./support.ts";

const TUESDAY = "2026-11-24";

/** Ten shares on the second day, with a good-till-canceled stop of ours at 95 that ends after so many days. */
async function overnight(gtcLifeDays: number): Promise<World> {
  const world = new World({ rows: [NVDA] });
  world.exchange.behaviour.gtcLifeDays = gtcLifeDays;
  await world.buy();
  world.goTo(at("15:51"));
  await world.cycle();
  world.goTo(at("16:30", TUESDAY));
  world.goTo(at("10:00:30", "2026-11-25"));
  world.list([AAPL]);
  world.exchange.setPrice("AAPL", 50);
  world.exchange.behaviour.gtcLifeDays = 90;
  assertEquals(world.stops(), ["10@95 gtc"]);
  world.forget();
  return world;
}

Deno.test("a good-till-canceled stop within a week of its end is renewed once", async () => {
  const world = await overnight(8);
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.changes.map((each) => each.method), ["DELETE", "POST"]);
  assertEquals(world.stops(), ["10@95 gtc"]);
});

Deno.test("a good-till-canceled stop with more than a week to go is left alone", async () => {
  const world = await overnight(30);
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.changes, []);
});

Deno.test("while not LIVE a stop that ends soon is an error once a day, and rests", async () => {
  const world = await overnight(8);
  await world.restart({ DRY_RUN: "1" });
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.changes, []);
  assertEquals(world.said("ends by itself within days").length, 1);
});

const NOT_TRADABLE = {
  kind: "status",
  status: 422,
  body: '{"code":42210000,"message":"asset is not tradable"}',
} as const;

Deno.test("no trim takes protection away while the last stop was refused for a reason that lasts", async () => {
  const world = new World({ rows: [NVDA] });
  await world.buy();
  world.exchange.setPrice("NVDA", 106);
  world.setFaults([{ method: "POST", contains: '"stop"', fault: NOT_TRADABLE }]);
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.sells(), world.stops()], [["5 filled"], []]);
  // A hand protects what the engine can't.
  world.exchange.placeByHand({
    symbol: "NVDA",
    qty: "5",
    side: "sell",
    type: "stop",
    stop_price: "99",
    time_in_force: "gtc",
  });
  world.pass(MINUTE_MS);
  await world.restart();
  world.exchange.setPrice("NVDA", 112);
  world.forget();
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.changes, world.stops()], [[], ["5@99 gtc"]]);
  assert(world.said("r2_trim waits: the broker refused the last stop").length > 0);
});

Deno.test("after the second trim the stop for the rest goes in where it belongs at once", async () => {
  const world = new World({ rows: [NVDA] });
  await world.buy();
  for (const priceUsd of [106, 112]) {
    world.exchange.setPrice("NVDA", priceUsd);
    await world.cycles(2, MINUTE_MS);
  }
  const levels = world.changes.flatMap(({ body }) => body["stop_price"] ?? []);
  assertEquals(levels, ["99.00", "106.00"]);
  assertEquals([world.position()?.stopUsd, world.stops()], [106, ["3@106 gtc"]]);
});
