import { assert, assertEquals } from "../assert.ts";
import type { SimOrder } from "../simulator/order.ts";
import { at, LIVE_PASS, MINUTE_MS, NVDA, SECOND_MS, World } from "./support.ts";

const MISMATCH = "Gate mode=DRY_RUN status=FAIL reason=ledger unavailable (broker mismatch)";
const TUESDAY = "2026-11-24";

function gates(world: World): string[] {
  return world.said("Gate mode=").map((line) => line.replace(/^info /, ""));
}

function restingStop(world: World): SimOrder {
  const stop = world.orders((order) =>
    order.side === "sell" && order.stopPriceUsd !== null &&
    ["new", "held"].includes(order.status)
  ).at(-1);
  assert(stop !== undefined);
  return stop;
}

/** A hand, or the broker at a fill, puts another order in the place of one. */
function replace(
  world: World,
  stopPriceUsd: number,
  clientOrderId: string | null = null,
): SimOrder {
  const replaced = world.exchange.desk.replace(restingStop(world), {
    clientOrderId,
    qty: null,
    limitPriceUsd: null,
    stopPriceUsd,
    timeInForce: null,
  });
  if (replaced.kind !== "ok") throw new Error("the simulated broker refused the replacement");
  return replaced.value;
}

/** A position whose stop is the bracket's leg, or the engine's own good-till-canceled one after a trim. */
async function stopped(by: "a leg" | "a stop"): Promise<World> {
  const world = new World({ rows: [NVDA] });
  await world.buy();
  if (by === "a stop") {
    world.exchange.setPrice("NVDA", 106);
    await world.cycles(2, MINUTE_MS);
  }
  world.forget();
  return world;
}

for (const by of ["a leg", "a stop"] as const) {
  for (const times of [1, 3]) {
    Deno.test(`what replaces ${by} ${times} times in a cycle is ours: LIVE goes on, no mismatch counts`, async () => {
      const world = await stopped(by);
      let last: SimOrder | null = null;
      for (let time = 1; time <= times; time++) last = replace(world, 99 + time / 4);
      await world.cycles(2, MINUTE_MS);
      assertEquals(new Set(gates(world)), new Set([LIVE_PASS]));
      assertEquals([world.ledger.mismatches, world.alerted("mismatch")], [0, []]);
      if (by === "a stop") {
        const entry = world.ledger.entries.find((each) => each.orderId === last?.id);
        assertEquals([entry?.reason, entry?.positionId], ["stop", world.position()?.positionId]);
      }
    });
  }
}

Deno.test("a stop that a hand moved twice over night is ours, though the order between is in no list", async () => {
  const world = await stopped("a stop");
  await world.cycles(1, MINUTE_MS);
  // After the close: the ledger of the day never sees the first of the two.
  world.goTo(at("17:00", "2026-11-23"));
  const between = replace(world, 99.5);
  world.goTo(at("08:00", TUESDAY));
  const last = replace(world, 99.75);
  assertEquals(last.replaces, between.id);
  world.goTo(at("10:00:30", TUESDAY));
  world.list([]);
  world.forget();
  await world.cycles(3, 30 * SECOND_MS);
  assertEquals([gates(world).at(-1), world.ledger.mismatches], [LIVE_PASS, 0]);
  const entry = world.ledger.entries.find((each) => each.orderId === last.id);
  assertEquals([entry?.reason, entry?.positionId], ["stop", world.position()?.positionId]);
  const reads = world.exchange.requests.filter((each) => each.path === `/v2/orders/${between.id}`);
  assertEquals(reads.length, 1);
});

Deno.test("a stop older than every ledger that is read is ours still when a hand moves it", async () => {
  const world = await stopped("a stop");
  await world.cycles(1, MINUTE_MS);
  world.goTo(at("08:00", TUESDAY));
  const old = restingStop(world);
  const moved = replace(world, 99.5);
  world.goTo(at("10:00:30", TUESDAY));
  world.list([]);
  // As days of archived ledgers without the symbol leave it.
  world.ledger = { ...world.ledger, dateNy: TUESDAY, entries: [] };
  world.forget();
  await world.cycles(3, 30 * SECOND_MS);
  assertEquals([gates(world).at(-1), world.ledger.mismatches], [LIVE_PASS, 0]);
  const entry = world.ledger.entries.find((each) => each.orderId === moved.id);
  assertEquals([entry?.reason, entry?.positionId, entry?.replaces], [
    "stop",
    world.position()?.positionId,
    old.id,
  ]);
});

Deno.test("a replacement under our prefix that no record has is another engine's, and a second one locks", async () => {
  const world = await stopped("a stop");
  replace(world, 99.25, "avwap-2026-11-23-NVDA-other-stop-1");
  await world.cycles(1, MINUTE_MS);
  assertEquals([gates(world).at(-1), world.ledger.mismatches], [MISMATCH, 1]);
  await world.cycles(1, MINUTE_MS);
  replace(world, 99.5, "avwap-2026-11-23-NVDA-other-stop-2");
  await world.cycles(3, MINUTE_MS);
  assertEquals([gates(world).at(-1), world.ledger.mismatches], [MISMATCH, 2]);
});
