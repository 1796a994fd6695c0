import { assertEquals } from "../assert.ts";
import { AAPL, at, MINUTE_MS, NVDA, SECOND_MS, World } from "./support.ts";

const TUESDAY = "2026-11-24";

/** Ten shares on the second day, with one good-till-canceled stop of ours at 95. */
async function overnight(): Promise<World> {
  const world = new World({ rows: [NVDA] });
  await world.buy();
  world.goTo(at("15:51"));
  await world.cycle();
  world.goTo(at("10:00:30", TUESDAY));
  world.list([AAPL]);
  world.exchange.setPrice("AAPL", 50);
  assertEquals(world.stops(), ["10@95 gtc"]);
  world.forget();
  return world;
}

const REFUSALS = [
  { status: 422, body: '{"code":42210000,"message":"order chain not fully replaced"}' },
  { status: 403, body: '{"code":40310000,"message":"cannot replace order in accepted status"}' },
];
for (const refusal of REFUSALS) {
  Deno.test(`a trim whose stop is never replaced (${refusal.status}) is sent after a cancel`, async () => {
    const world = await overnight();
    world.setFaults([{ method: "PATCH", fault: { kind: "status", ...refusal } }]);
    for (const priceUsd of [106, 112]) {
      world.exchange.setPrice("NVDA", priceUsd);
      await world.cycles(2, MINUTE_MS);
    }
    assertEquals([world.sells(), world.stops()], [["5 filled", "2 filled"], ["3@106 gtc"]]);
    assertEquals(world.ledger.mismatches, 0);
  });
}

const PASSING = [
  { status: 401, body: '{"message":"unauthorized."}' },
  { status: 403, body: '{"message":"forbidden."}' },
  { status: 429, body: '{"message":"too many requests."}' },
  { status: 503, body: "<html></html>" },
];
for (const refusal of PASSING) {
  Deno.test(`a replacement that fails by ${refusal.status} costs no stop: nothing is cancelled`, async () => {
    const world = await overnight();
    world.setFaults([{ method: "PATCH", fault: { kind: "status", ...refusal } }]);
    world.exchange.setPrice("NVDA", 106);
    await world.cycles(3, MINUTE_MS);
    assertEquals(world.changes.filter(({ method }) => method === "DELETE"), []);
    assertEquals([world.held(), world.stops()], [10, ["10@95 gtc"]]);
  });
}

Deno.test("a stop's replacement that is done although it was refused is taken for done, at its own price", async () => {
  const world = await overnight();
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.stops(), ["5@99 gtc"]);
  world.exchange.setPrice("NVDA", 112);
  world.setFaults([{ method: "PATCH", times: 1, fault: { kind: "repeat", ms: 2_000 } }]);
  world.forget();
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.sells(), world.stops()], [["5 filled", "2 filled"], ["3@106 gtc"]]);
  const asked = world.changes.map(({ method, body }) => [method, body["stop_price"] ?? null]);
  assertEquals(asked.filter(([, priceUsd]) => priceUsd !== null && priceUsd !== "106.00"), []);
});

/** On an account that may short: replacements are taken, not shown under their new id, and then not made. */
async function takenBack(listsLagMs: number): Promise<World> {
  const world = await overnight();
  Object.assign(world.exchange.behaviour, {
    isShortingAllowed: true,
    replaceFault: () => "rejected_later",
    visibilityDelayMs: 50 * SECOND_MS,
    listsLagMs,
  });
  world.exchange.setPrice("NVDA", 106);
  await world.cycle();
  return world;
}

for (const listsLagMs of [0, 3_000]) {
  for (const isNewProcess of [false, true]) {
    const who = isNewProcess ? "another process" : "the process";
    Deno.test(`what was taken in a stop's place and is not shown leaves the old one its shares: ${who}, lists ${listsLagMs} ms behind`, async () => {
      const world = await takenBack(listsLagMs);
      if (isNewProcess) await world.restart();
      await world.cycles(4, 5 * SECOND_MS);
      // Nothing leaves beside it, and nobody replaces or cancels what he can't see the end of.
      assertEquals(world.changes.map(({ method }) => method), ["PATCH"]);
      assertEquals([world.held(), world.stops()], [10, ["10@95 gtc"]]);
      // Once it is seen rejected, the old one is cancelled after all.
      await world.cycles(3, 30 * SECOND_MS);
      const methods = world.changes.map(({ method }) => method);
      assertEquals(methods, ["PATCH", "DELETE", "POST", "POST"]);
      assertEquals([world.sells(), world.stops()], [["5 filled"], ["5@99 gtc"]]);
    });
  }
}
