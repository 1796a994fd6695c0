import { guessPreviousSession, rememberCurrent } from "../../src/domain/entry/watchlist_days.ts";
import { WRITING_MS } from "../../src/domain/entry/watchlist_step.ts";
import { assert, assertEquals, assertMatch } from "../assert.ts";
import { AAPL, at, LIST_PATH, MINUTE_MS, NVDA, SECOND_MS, World } from "./support.ts";

const NEXT_DAY_NY = "2026-11-24";

/** Changes the text of the list that is there, as of now. */
function rewrite(world: World, change: (text: string) => string): void {
  const text = change(world.disk.textOf(LIST_PATH) ?? "");
  world.disk.put(LIST_PATH, text, { modifiedAtMs: world.nowMs });
}

async function start(world: World): Promise<void> {
  await world.restart();
  await world.cycle();
  await world.cycles(3, 30 * SECOND_MS);
}

for (const cell of ["105%", "$105.00", '"1,050.00"', '"105,00"', "inf", "n/a", "0", "-105"]) {
  Deno.test(`a Target_R1 written as ${cell} is not taken for none: its row is not traded`, async () => {
    const world = new World();
    rewrite(world, (text) => text.replace(",105,", `,${cell},`));
    await start(world);
    assertEquals([world.held(), world.sells()], [0, []]);
    assertEquals(world.said("line 2: NVDA dropped: Target_R1").length, 1);
  });
}

Deno.test("a Target_R1 of NaN is none: the position is entered, and nothing sold at its pivot", async () => {
  const world = new World();
  rewrite(world, (text) => text.replace(",105,", ",NaN,"));
  await start(world);
  assertEquals(world.buys().length, 1);
});

Deno.test("a row that an unquoted thousands separator shifted is dropped, and no position adopted with it", async () => {
  const world = new World();
  const shifted = "1,2026-11-20,NVDA,Long,1,234.50,1230,0.4,1180,1270,1320,YTD,Technology";
  rewrite(world, (text) => [text.split("\r\n")[0], shifted, ""].join("\r\n"));
  world.exchange.setPrice("NVDA", 1234);
  world.exchange.setPosition("NVDA", 10, 1000);
  await start(world);
  assertEquals([world.held(), world.sells(), world.stops(), world.position()], [
    10,
    [],
    [],
    undefined,
  ]);
  assertEquals(world.said("line 2: NVDA dropped: more fields than the header has").length, 1);
});

Deno.test("a Short row decides nothing: the Long row of the symbol is traded", async () => {
  const world = new World();
  rewrite(world, (text) => {
    const [head, row = ""] = text.split("\r\n");
    return [head, row.replace("Long", "Short"), row, ""].join("\r\n");
  });
  await start(world);
  assertEquals(world.buys().length, 1);
});

Deno.test("a last line without an end is used once the file has stood unchanged for 2 s, and the loop wakes for it", async () => {
  const world = new World({ rows: [AAPL, NVDA] });
  rewrite(world, (text) => text.trimEnd());
  await world.restart();
  await world.cycle();
  assertEquals(world.said("its last line has no end").length, 1);
  const wakeMs = world.engine.wakeAtMs.find((ms) => ms <= world.nowMs + WRITING_MS);
  assert(wakeMs !== undefined);
  assertEquals(world.said("2 candidates"), []);
  await world.cycles(3, 30 * SECOND_MS);
  assertEquals([world.buys("AAPL").length, world.buys("NVDA").length], [1, 1]);
  assertEquals(world.said("2 candidates, 0 rows dropped").length, 1);
});

Deno.test("a last line that is cut within its stop is never traded as it stands", async () => {
  const world = new World({ rows: [AAPL, NVDA] });
  const whole = world.disk.textOf(LIST_PATH) ?? "";
  const cut = whole.slice(0, whole.lastIndexOf(",111") + 3);
  rewrite(world, () => cut);
  await world.restart();
  await world.cycle();
  for (let turn = 0; turn < 5; turn++) {
    // The writer goes on each second.
    rewrite(world, () => cut);
    await world.cycle();
  }
  assertEquals(world.buys("NVDA"), []);
  rewrite(world, () => whole);
  await world.cycles(3, 30 * SECOND_MS);
  assertEquals(world.position("NVDA")?.r2Usd, 111);
});

Deno.test("a file whose time lies ahead of now is used, with a warning once, and its cut line waits by the looks", async () => {
  const world = new World({ rows: [AAPL, NVDA] });
  const text = (world.disk.textOf(LIST_PATH) ?? "").trimEnd();
  world.disk.put(LIST_PATH, text, { modifiedAtMs: world.nowMs + 60 * MINUTE_MS });
  await world.restart();
  await world.cycle();
  assertEquals(world.said("1 candidate"), []);
  await world.cycles(4, 30 * SECOND_MS);
  assertEquals([world.buys("AAPL").length, world.buys("NVDA").length], [1, 1]);
  assertEquals(world.said("lies ahead of now").length, 1);
  assertEquals(world.alerted("lies ahead of now").map(({ level }) => level), ["WARNING"]);
});

Deno.test("a ScanDate before the previous session is a warning by name, once per version, across restarts", async () => {
  const world = new World();
  rewrite(world, (text) => text.replace(/2026-11-2\d/, "2026-11-19"));
  await start(world);
  await world.restart();
  await world.cycle();
  const [line = ""] = world.said("ScanDate");
  assertMatch(line, /line 2: ScanDate is 2026-11-19, the previous session was 2026-11-20; .* used/);
  assertEquals([world.said("ScanDate").length, world.alerted("ScanDate").length], [1, 1]);
  assertEquals(world.buys().length, 1);
});

Deno.test("a dropped row is named once per version of the file, across restarts", async () => {
  const wrong = { ...AAPL, stopUsd: 500 };
  const world = new World({ rows: [NVDA, wrong] });
  for (let turn = 0; turn < 3; turn++) {
    await world.restart();
    await world.cycles(2, SECOND_MS);
  }
  assertEquals(world.said("line 3: AAPL dropped").length, 1);
  world.list([{ ...NVDA, stopUsd: 94 }, wrong]);
  await world.cycles(2, SECOND_MS);
  assertEquals(world.said("line 3: AAPL dropped").length, 2);
});

Deno.test("a ScanDate of the previous session is no news", async () => {
  const world = new World();
  rewrite(world, (text) => text.replace(/2026-11-2\d/, "2026-11-20"));
  await start(world);
  assertEquals([world.said("ScanDate"), world.alerted("ScanDate")], [[], []]);
});

Deno.test("yesterday's list that was touched today is stale, over a restart too", async () => {
  const world = new World();
  await start(world);
  assertEquals(world.buys().length, 1);
  world.goTo(at("10:00:30", NEXT_DAY_NY));
  rewrite(world, (text) => text);
  await world.restart();
  world.forget();
  await world.cycles(3, 30 * SECOND_MS);
  assert(world.said("watchlist is the one of 2026-11-23").length >= 3, "said in each cycle");
  assertEquals(world.buys().filter(({ status }) => status !== "filled"), []);
  assertEquals(world.buys().length, 1);
  // Saved again with other line ends it is the same list.
  rewrite(world, (text) => text.replaceAll("\r\n", "\n"));
  world.forget();
  await world.cycle();
  assertEquals(world.said("watchlist is the one of 2026-11-23").length, 1);
});

Deno.test("a list that was never current in an open session is not taken for an old one", async () => {
  const world = new World({ startMs: at("08:00") });
  await start(world);
  world.goTo(at("10:00:30", NEXT_DAY_NY));
  rewrite(world, (text) => text);
  await world.cycles(3, 30 * SECOND_MS);
  assertEquals(world.said("watchlist is the one of"), []);
});

Deno.test("rememberCurrent() keeps the first day, and the newest 200 lists", () => {
  let alerted: Readonly<Record<string, string>> = { gate: "LIVE" };
  for (let day = 0; day < 250; day++) {
    const dateNy = new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10);
    alerted = rememberCurrent(alerted, { version: `v${day}`.padEnd(64, "0"), dateNy });
  }
  assertEquals(Object.keys(alerted).length, 201);
  assertEquals(alerted["gate"], "LIVE");
  const last = { version: "v249".padEnd(64, "0"), dateNy: "2027-01-01" };
  assertEquals(rememberCurrent(alerted, last), alerted);
});

Deno.test("guessPreviousSession() takes the weekday before", () => {
  const guesses = ["2026-11-23", "2026-11-24", "2026-11-28", "2026-11-29", "2026-12-01"]
    .map((todayNy) => guessPreviousSession(todayNy).dateNy);
  assertEquals(guesses, ["2026-11-20", "2026-11-23", "2026-11-27", "2026-11-27", "2026-11-30"]);
});
