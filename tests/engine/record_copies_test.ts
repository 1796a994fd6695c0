import { PIECES, RESERVE_FILE } from "../../src/state/state_disk.ts";
import { parseState } from "../../src/state/state_format.ts";
import { assert, assertEquals } from "../assert.ts";
import { AAPL, at, MINUTE_MS, NVDA, SECOND_MS, STATE_DIR, STATE_PATH, World } from "./support.ts";

const ARCHIVE = `${STATE_DIR}/archive`;
const RESERVE_PATH = `${STATE_DIR}/${RESERVE_FILE}`;
const MONDAY = "2026-11-23";
const TUESDAY = "2026-11-24";

function copyPath(dateNy: string): string {
  return `${ARCHIVE}/execution_state_${dateNy}.json`;
}

/** Symbols that a day's copy has as managed; `null` where there is none. */
function copied(world: World, dateNy: string): string[] | null {
  const text = world.disk.textOf(copyPath(dateNy));
  if (text === null) return null;
  const parsed = parseState(text);
  assert(parsed.kind === "ok");
  return parsed.state.positions.map(({ symbol }) => symbol);
}

/** The files of the archive that are written meanwhile. */
async function writes(world: World, act: () => Promise<void>): Promise<string[]> {
  const steps = world.disk.steps.length;
  await act();
  return world.disk.steps.slice(steps)
    .filter(({ op, path }) => op === "rename" && path.startsWith(ARCHIVE)).map(({ path }) => path);
}

Deno.test("the records are copied once a day, and again when what is managed has changed", async () => {
  const world = new World({ rows: [NVDA, AAPL] });
  await world.restart();
  await world.cycle();
  assertEquals(copied(world, MONDAY), []);
  await world.cycles(2, 5 * SECOND_MS);
  assertEquals(copied(world, MONDAY)?.toSorted(), ["AAPL", "NVDA"]);
  assertEquals(await writes(world, () => world.cycles(3, MINUTE_MS)), []);
  await world.restart();
  assertEquals(await writes(world, () => world.cycles(2, MINUTE_MS)), []);
  world.goTo(at("10:00:30", TUESDAY));
  world.list([]);
  const turned = await writes(world, () => world.cycles(2, MINUTE_MS));
  assertEquals(turned, [`${ARCHIVE}/live_orders_${MONDAY}.json`, copyPath(TUESDAY)]);
  world.exchange.setPrice("NVDA", 94);
  assertEquals(await writes(world, () => world.cycles(2, MINUTE_MS)), [copyPath(TUESDAY)]);
  assertEquals(copied(world, TUESDAY), ["AAPL"]);
});

Deno.test("a copy that can't be written is said once a day and holds nothing up", async () => {
  const world = new World();
  await world.restart();
  await world.cycle();
  world.disk.remove(copyPath(MONDAY));
  world.disk.putDir(copyPath(MONDAY));
  await world.cycles(3, 5 * SECOND_MS);
  assertEquals([world.held(), world.stops()], [10, ["10@95 day"]]);
  await world.restart();
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.said("Gate mode=LIVE").length, 5);
  assertEquals(world.said("No copy of the records in archive/").length, 1);
  world.goTo(at("10:00:30", TUESDAY));
  await world.cycles(1, MINUTE_MS);
  assertEquals(copied(world, TUESDAY), ["NVDA"]);
});

Deno.test("what is not in the document is in no copy of it", async () => {
  const world = new World();
  await world.buy();
  await world.cycle();
  world.disk.fault = ({ op, path }) =>
    op === "write" && path.startsWith(STATE_PATH) ? "input/output error" : null;
  world.exchange.setPrice("NVDA", 94);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.position(), copied(world, MONDAY)], [undefined, ["NVDA"]]);
});

Deno.test("a copy that finds no room leaves the reserve to the records of exits and protection", async () => {
  const world = new World();
  await world.buy();
  const readReserve = async () => (await world.disk.lstat(RESERVE_PATH))?.sizeBytes ?? 0;
  const wholeBytes = await readReserve();
  // Whoever fills the disk takes what is given up, piece by piece.
  world.disk.fault = ({ op, path }) =>
    op === "write" && path.startsWith(copyPath(TUESDAY)) ? "ENOSPC" : null;
  world.goTo(at("10:00:30", TUESDAY));
  await world.cycle();
  assertEquals(copied(world, TUESDAY), null);
  assert(await readReserve() >= wholeBytes * (1 - 1 / PIECES), `${await readReserve()} bytes`);
});
