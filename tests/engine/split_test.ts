import { assert, assertEquals } from "../assert.ts";
import { AAPL, at, MINUTE_MS, NVDA, SECOND_MS, World } from "./support.ts";

const TUESDAY = "2026-11-24";

const cases = [
  { what: "a stock dividend of 10 % on 9 shares", priceUsd: 222, ratio: 1.1, afterUsd: 90.91 },
  { what: "a split 3:2 of 1 share", priceUsd: 2000, ratio: 1.5, afterUsd: 66.67 },
  { what: "a reverse split 1:20 of 10 shares", priceUsd: 200, ratio: 0.05, afterUsd: 2000 },
];
for (const { what, priceUsd, ratio, afterUsd } of cases) {
  Deno.test(`${what} is a split: no exit, and nothing is sent in the symbol`, async () => {
    const world = new World({ rows: [{ ...NVDA, priceUsd }] });
    await world.buy();
    world.goTo(at("15:51"));
    await world.cycle();
    world.goTo(at("09:00", TUESDAY));
    for (const order of world.orders((each) => each.type === "stop" && each.status === "new")) {
      world.exchange.desk.cancel(order); // As the exchange does at a corporate action.
    }
    world.pass(SECOND_MS);
    world.exchange.split("NVDA", ratio);
    world.exchange.setPrice("NVDA", afterUsd);
    world.goTo(at("10:00:30", TUESDAY));
    world.list([AAPL]);
    world.exchange.setPrice("AAPL", 50);
    world.forget();
    await world.cycles(3, MINUTE_MS);
    const changes = world.changes.filter(({ body }) => body["symbol"] !== "AAPL");
    assertEquals([world.sells(), changes], [[], []]);
    assertEquals(world.alerted("no order behind it").length, 1);
  });
}

for (const ratio of [0.5, 0.25, 1 / 7, 2]) {
  for (const isNight of [false, true]) {
    const when = isNight ? "over a night without the engine" : "a quarter of a minute after it";
    Deno.test(`an entry that filled, and was split by ${ratio} before its first look ${when}, is split: nothing is sent`, async () => {
      const world = new World();
      await world.restart();
      await world.cycles(2, SECOND_MS);
      assertEquals(world.held(), 10);
      world.pass(15 * SECOND_MS);
      if (isNight) world.goTo(at("09:31", TUESDAY));
      world.exchange.split("NVDA", ratio);
      world.exchange.setPrice("NVDA", 100 / ratio);
      if (isNight) await world.restart();
      world.list([AAPL]);
      world.exchange.setPrice("AAPL", 50);
      world.forget();
      await world.cycles(3, MINUTE_MS);
      const changes = world.changes.filter(({ body }) => body["symbol"] !== "AAPL");
      assertEquals([world.sells(), changes], [[], []]);
      assertEquals(world.alerted("no order behind it").length, 1);
    });
  }
}

Deno.test("for a minute orders may explain a changed quantity: hands off from the first look, and no error", async () => {
  const world = new World();
  await world.buy();
  world.exchange.setPosition("NVDA", 13, 100);
  world.exchange.setPrice("NVDA", 106); // Past R1, and a high.
  await world.cycles(3, 15 * SECOND_MS);
  const said = world.said("error ").filter((line) => line.includes("no order behind it"));
  assertEquals([world.sells(), world.changes, said], [[], [], []]);
  assertEquals(world.said("with no order behind it yet").length, 3);
  assertEquals([world.position()?.highWaterUsd, world.position()?.stopUsd], [100, 95]);
  world.exchange.setPosition("NVDA", 10, 100);
  await world.cycles(2, 15 * SECOND_MS);
  assertEquals([world.sells(), world.stops()], [["5 filled"], ["5@99 gtc"]]);
  assertEquals(world.position()?.unexplainedSinceMs, null);
});

Deno.test("after a minute it is a split: its stops are named with price and quantity, and count as no protection", async () => {
  const world = new World();
  await world.buy();
  world.goTo(at("15:51"));
  await world.cycle();
  assertEquals(world.stops(), ["10@95 gtc"]);
  world.goTo(at("10:00:30", TUESDAY));
  world.list([AAPL]);
  world.exchange.setPrice("AAPL", 50);
  world.exchange.setPosition("NVDA", 10.03, 99.7); // By a fraction of a share, at the same cost.
  world.forget();
  await world.cycle();
  const wakes = world.engine.wakeAtMs;
  assert(wakes.some((ms) => ms <= world.nowMs + 15 * SECOND_MS));
  assertEquals(world.alerted("Position without stop"), []);
  await world.cycles(1, MINUTE_MS);
  const [error, ...others] = world.alerted(
    "changed from 10 to 10.03 shares with no order behind it",
  );
  assert(error?.text.includes("stop 10 at 95.00 gtc"), error?.text);
  assertEquals([error?.level, others], ["ERROR", []]);
  await world.cycles(3, 10 * MINUTE_MS);
  assert(world.alerted("Position without stop").length > 0);
  assertEquals([world.stops(), world.changes], [["10@95 gtc"], []]);
});

Deno.test("how long a quantity is unexplained outlives a restart", async () => {
  const world = new World();
  await world.buy();
  world.exchange.split("NVDA", 2);
  world.exchange.setPrice("NVDA", 100);
  await world.cycle();
  const sinceMs = world.state.positions[0]?.unexplainedSinceMs;
  await world.restart();
  await world.cycles(1, 50 * SECOND_MS);
  assertEquals(world.position()?.unexplainedSinceMs, sinceMs);
  assertEquals(world.alerted("(a split?)"), []);
  await world.cycles(1, 10 * SECOND_MS);
  assertEquals(world.alerted("(a split?)").length, 1);
});

Deno.test("a split is one still after an answer that lacked the position: nothing is sent", async () => {
  const world = new World();
  await world.buy();
  world.exchange.split("NVDA", 2);
  world.exchange.setPrice("NVDA", 100);
  await world.cycles(3, MINUTE_MS);
  const sinceMs = world.state.positions[0]?.unexplainedSinceMs;
  world.exchange.hidePosition("NVDA", 100);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.alerted("NVDA is absent at the broker").length, 1);
  world.exchange.hidePosition("NVDA", 0);
  world.forget();
  await world.cycles(2, MINUTE_MS);
  const { unexplainedQty, unexplainedSinceMs } = world.position() ?? {};
  assertEquals([world.changes, unexplainedQty, unexplainedSinceMs], [[], 20, sinceMs]);
});

for (const shownQty of [10, 11]) {
  const isManaged = shownQty === 10;
  const what = isManaged ? "is managed again" : "is left alone";
  Deno.test(`a position of 10 that an issuer took, and of which ${shownQty} are shown at another cost later, ${what}`, async () => {
    const world = new World();
    await world.buy();
    await world.cycles(1, MINUTE_MS);
    world.exchange.merge("NVDA", null);
    await world.cycles(3, MINUTE_MS);
    assertEquals(world.alerted("NVDA is absent at the broker").length, 1);
    world.exchange.setPosition("NVDA", shownQty, 80);
    world.exchange.setPrice("NVDA", 106);
    world.forget();
    await world.cycles(3, MINUTE_MS);
    assertEquals(world.sells(), isManaged ? ["5 filled"] : []);
    assertEquals(world.changes.length > 0, isManaged);
    assertEquals(world.position()?.unexplainedQty, isManaged ? null : shownQty);
  });
}

Deno.test("an absent position's error names a foreign one with as many shares at the same cost", async () => {
  const world = new World();
  await world.buy();
  await world.cycles(1, MINUTE_MS);
  world.exchange.hidePosition("NVDA", 100);
  world.exchange.setPosition("NVDX", 10, 100);
  await world.cycles(2, MINUTE_MS);
  const [error] = world.alerted("NVDA is absent at the broker");
  assert(error?.text.includes("It may be NVDX now"), error?.text);
  assertEquals([world.changes, world.position()?.qty], [[], 10]);
});

Deno.test("an absent position's error names a foreign one of the same asset, whatever its quantity and cost", async () => {
  const world = new World();
  await world.buy();
  await world.cycles(1, MINUTE_MS);
  world.exchange.renamePosition("NVDA", "NVDX");
  world.exchange.setPosition("NVDA", 5, 21); // A merger, for instance.
  await world.cycles(2, MINUTE_MS);
  const [error] = world.alerted("NVDA is absent at the broker");
  assert(error?.text.includes("It is NVDX now, the same asset"), error?.text);
});

Deno.test("the name under which an absent position comes back is told also where it was absent before", async () => {
  const world = new World();
  await world.buy();
  await world.cycles(1, MINUTE_MS);
  world.exchange.hidePosition("NVDA", 100);
  await world.cycles(2, MINUTE_MS);
  world.exchange.hidePosition("NVDA", 0);
  world.exchange.renamePosition("NVDA", "NVDX");
  await world.cycles(2, MINUTE_MS);
  const alerts = world.alerted("NVDA is absent at the broker");
  assertEquals(alerts.map(({ text }) => text.includes("NVDX")), [false, true]);
});

Deno.test("what a split left beside a stop that filled outlives empty answers and a restart, until all of it is sold", async () => {
  const world = new World();
  await world.buy();
  world.exchange.split("NVDA", 2);
  world.exchange.setPrice("NVDA", 97); // Above the stop at the broker, which was not adjusted.
  await world.cycles(2, MINUTE_MS);
  world.exchange.setPrice("NVDA", 94);
  world.pass(20 * SECOND_MS);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.held(), world.position()?.unexplainedQty], [10, 10]);
  await world.restart();
  world.exchange.hidePosition("NVDA", 3);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.position()?.positionId, world.state.positions[0]?.positionId);
  assertEquals([world.position()?.unexplainedFromQty, world.said("closed")], [20, []]);
  world.exchange.hidePosition("NVDA", 0);
  sellByHand(world, "10");
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.held(), world.position()], [0, undefined]);
});

Deno.test("a sell that filled in part before a reverse split, and takes another status after it, ends nothing when positions are empty", async () => {
  const world = new World();
  await world.buy();
  const { behaviour } = world.exchange;
  behaviour.partialFills = ({ type }) => type === "market" ? [{ afterMs: 0, qty: 2 }] : null;
  world.exchange.setPrice("NVDA", 106); // Past R1.
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.held(), world.position()?.qty], [8, 8]);
  const [trim] = world.orders(({ side, type }) => side === "sell" && type === "market");
  world.exchange.split("NVDA", 0.1);
  world.exchange.setPrice("NVDA", 1060);
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.position()?.unexplainedQty, 0.8);
  if (trim === undefined) throw new Error("no trim");
  trim.status = "pending_review";
  trim.updatedMs = world.nowMs;
  trim.text = null;
  await world.cycles(1, MINUTE_MS);
  world.forget();
  world.exchange.hidePosition("NVDA", 3);
  await world.cycles(2, 30 * SECOND_MS);
  assertEquals([world.position()?.unexplainedQty, world.changes], [0.8, []]);
});

function sellByHand(world: World, qty: string): void {
  world.exchange.placeByHand({
    symbol: "NVDA",
    qty,
    side: "sell",
    type: "market",
    time_in_force: "day",
  });
  world.pass(SECOND_MS);
}
