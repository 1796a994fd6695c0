import { takeRequests } from "../../src/engine/releasing.ts";
import { assert, assertEquals } from "../assert.ts";
import {
  LEDGER_PATH,
  LIVE_PASS,
  MINUTE_MS,
  SECOND_MS,
  STATE_DIR,
  STATE_PATH,
  World,
} from "./support.ts";

/** Puts files back as they were before something was done, today's document where nothing is said, and starts anew. */
async function putBackBefore(
  world: World,
  act: () => Promise<void>,
  paths: readonly string[] = [STATE_PATH],
): Promise<void> {
  const older = paths.map((path) => ({ path, text: world.disk.textOf(path) ?? "" }));
  await act();
  for (const { path, text } of older) world.disk.put(path, text);
  world.forget();
  await world.restart();
}

Deno.test("a document of this morning put back beside a later ledger manages no position that was released since", async () => {
  const world = new World();
  await world.buy();
  await putBackBefore(world, async () => {
    const time = new Date(world.nowMs).toISOString();
    const positionId = world.position()?.positionId ?? "";
    const request = JSON.stringify({ symbol: "NVDA", position_id: positionId, time });
    world.disk.put(`${STATE_DIR}/release-NVDA.json`, request);
    await takeRequests(world.engine);
    await world.cycle();
    assertEquals(world.position(), undefined);
  });
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(3, 30 * SECOND_MS);
  assertEquals([world.position(), world.changes], [undefined, []]);
});

const puttingBack = [
  { what: "a document", paths: [STATE_PATH], reason: "ledger invalid" },
  // A snapshot of the whole host, for one: only the broker knows better.
  {
    what: "a document with its ledger",
    paths: [STATE_PATH, LEDGER_PATH],
    reason: "broker mismatch",
  },
] as const;
for (const { what, paths, reason } of puttingBack) {
  Deno.test(`${what} put back from before a trim trims no second time`, async () => {
    const world = new World();
    await world.buy();
    await putBackBefore(world, async () => {
      world.exchange.setPrice("NVDA", 106);
      await world.cycles(3, 15 * SECOND_MS);
      assertEquals([world.sells(), world.stops()], [["5 filled"], ["5@99 gtc"]]);
    }, paths);
    await world.cycles(4, 30 * SECOND_MS);
    assertEquals([world.sells(), world.stops()], [["5 filled"], ["5@99 gtc"]]);
  });

  Deno.test(`${what} put back from before an entry sends no second one, and manages the first`, async () => {
    const world = new World();
    await world.restart();
    await world.cycle();
    await putBackBefore(world, async () => {
      await world.cycles(3, 5 * SECOND_MS);
      assertEquals(world.held(), 10);
    }, paths);
    await world.cycles(4, 30 * SECOND_MS);
    assertEquals([world.buys().length, world.position()?.qty], [1, 10]);
    assert(world.said(reason).length > 0, world.log.lines.join("\n"));
  });
}

Deno.test("what a rebuild of the ledger has unlocked stays so where the document is damaged and its copy knows the lock", async () => {
  const world = new World();
  await world.buy();
  const { ledger } = world;
  world.engine.updateState({ ledger: { ...ledger, mismatches: 2 } });
  await world.cycle();
  assertEquals(world.said("LIVE is locked").length, 1);
  world.disk.put(STATE_PATH, "{");
  // As `ledger rebuild --yes` leaves it: without a document there is no more to write.
  world.putLedgerFile({ ...ledger, mismatches: 0 });
  world.forget();
  await world.restart();
  await world.cycles(3, 5 * SECOND_MS);
  assertEquals([world.said("LIVE is locked"), world.said("Gate mode=").at(-1)], [
    [],
    `info ${LIVE_PASS}`,
  ]);
  assertEquals(world.position()?.qty, 10);
});

Deno.test("a document put back from before a close finds the position gone", async () => {
  const world = new World();
  await world.buy();
  await putBackBefore(world, async () => {
    world.exchange.setPrice("NVDA", 94);
    await world.cycles(4, 15 * SECOND_MS);
    assertEquals(world.held(), 0);
  });
  await world.cycles(4, MINUTE_MS);
  assertEquals([world.position(), world.changes], [undefined, []]);
});

Deno.test("a document put back from before an adoption leaves the adopted shares their stop", async () => {
  const world = new World({ rows: [] });
  world.exchange.setPosition("NVDA", 10, 100);
  await world.restart();
  await world.cycles(2, 15 * SECOND_MS);
  await putBackBefore(world, async () => {
    const time = new Date(world.nowMs).toISOString();
    const plan = { stop: 90, r1: null, r2: null };
    world.disk.put(`${STATE_DIR}/adopt-NVDA.json`, JSON.stringify({ symbol: "NVDA", time, plan }));
    await takeRequests(world.engine);
    await world.cycles(2, 15 * SECOND_MS);
    assertEquals(world.stops(), ["10@90 gtc"]);
  });
  await world.cycles(6, MINUTE_MS);
  assertEquals(world.stops(), ["10@90 gtc"]);
});
