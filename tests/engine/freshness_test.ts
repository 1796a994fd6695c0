import { assert, assertEquals } from "../assert.ts";
import { SAMPLE_DAY_NY } from "../simulator/scenario.ts";
import { nyMoment } from "../simulator/sessions.ts";
import { cutTimes, LIVE, prepareLive, withProgramDay } from "./program_day.ts";

const NEXT_DAY_NY = "2026-11-24";
const STOP_LINE = "SIGTERM received; stopping after the current step";

Deno.test("the program does not start, exit 1, without a watchlist", () =>
  withProgramDay({ startNy: "09:00" }, async (day) => {
    await Deno.remove(day.watchlist);
    const { status, lines } = await day.runToEnd(["run"]);
    assertEquals(status, 1);
    assertEquals(
      cutTimes(lines).at(-1),
      `ERROR Watchlist missing: ${day.watchlist} does not exist; run the scan, or set WATCHLIST_FILE`,
    );
    assertEquals(day.exchange.requestCount, 0);
  }));

const STALE: { when: string; modifiedMs: number; dateNy: string }[] = [
  {
    when: "is of the last minute of yesterday in New York, today in UTC",
    modifiedMs: nyMoment(SAMPLE_DAY_NY, "00:00") - 60_000,
    dateNy: "2026-11-22",
  },
  {
    when: "is of tomorrow",
    modifiedMs: nyMoment(NEXT_DAY_NY, "00:00"),
    dateNy: NEXT_DAY_NY,
  },
];

for (const { when, modifiedMs, dateNy } of STALE) {
  Deno.test(`the program does not start, exit 2, when the watchlist ${when}`, () =>
    withProgramDay({ startNy: "09:00" }, async (day) => {
      await day.writeWatchlist(modifiedMs);
      const { status, lines } = await day.runToEnd(["run", "--run-once"]);
      assertEquals(status, 2);
      assertEquals(
        cutTimes(lines).at(-1),
        `ERROR Watchlist stale: ${day.watchlist} is of ${dateNy}, ` +
          `today is ${SAMPLE_DAY_NY} in New York; run the scan`,
      );
      assertEquals(day.exchange.requestCount, 0);
    }));
}

Deno.test("the program starts with a watchlist of the first minute of the New York day", () =>
  withProgramDay({ startNy: "09:00" }, async (day) => {
    await day.writeWatchlist(nyMoment(SAMPLE_DAY_NY, "00:00"));
    const { status } = await day.runToEnd(["run", "--run-once"]);
    assertEquals(status, 0);
  }));

Deno.test("a refused watchlist starts, has no candidates, and is said in each cycle", () =>
  withProgramDay({ startNy: "10:05" }, async (day) => {
    await day.writeWatchlist(day.keeper.nowMs(), "Symbol,Price\nNVDA,1\n");
    const program = day.start(["run", "--poll-seconds", "60"], { DRY_RUN: "1" });
    const refused =
      /WARNING Watchlist refused: .* line 1: missing columns Entry_Level, .*; no entries/;
    await program.until(refused);
    await program.until(refused);
    assertEquals(await program.stop(), 0);
    assert(!program.lines.some((line) => line.includes("INTENT")));
  }));

Deno.test("the running loop turns stale overnight, and fresh again without a restart", () =>
  withProgramDay({ startNy: "15:50", strideMs: 1_000 }, async (day) => {
    const program = day.start(["run", "--poll-seconds", "60"], { DRY_RUN: "1" });
    await program.until(/Watchlist .*: 5 candidates, 1 row dropped/);
    await program.until(/Market closed; skipping cycle\./);
    day.keeper.jumpTo(nyMoment(NEXT_DAY_NY, "09:29"));
    const stale =
      `WARNING Watchlist stale: ${day.watchlist} is of ${SAMPLE_DAY_NY}, today is ${NEXT_DAY_NY} ` +
      "in New York; run the scan; no entries until it is fresh";
    const isStale = new RegExp(`^\\[${NEXT_DAY_NY} .*WARNING Watchlist stale: `);
    const line = await program.until(isStale);
    assertEquals(cutTimes([line]), [stale]);
    await program.until(isStale);
    const before = program.lines.length;
    // The old list, only touched, is yesterday's all the same.
    await day.writeWatchlist(nyMoment(NEXT_DAY_NY, "07:00"));
    assertEquals(cutTimes([await program.until(/watchlist is the one of/)]), [
      `WARNING Watchlist stale: ${day.watchlist} was written today, but watchlist is the one of ` +
      `${SAMPLE_DAY_NY}; run the scan; no entries until it is fresh`,
    ]);
    const list = await Deno.readTextFile(day.watchlist);
    const next = list.replaceAll("2026-11-22", SAMPLE_DAY_NY);
    await day.writeWatchlist(nyMoment(NEXT_DAY_NY, "08:00"), next);
    await program.until(new RegExp(`^\\[${NEXT_DAY_NY} .*Watchlist .*: 5 candidates`));
    assert(program.lines.length > before);
    assertEquals(await program.stop(), 0);
    assertEquals(cutTimes(program.lines).at(-1), STOP_LINE);
  }));

Deno.test("a watchlist that disappears stops entries, not exits", () =>
  withProgramDay({ startNy: "10:05" }, async (day) => {
    await prepareLive(day);
    const program = day.start(["run", "--poll-seconds", "60"], LIVE);
    await program.until(/\] Position NVDA: qty=7$/);
    await Deno.remove(day.watchlist);
    await program.until(/WARNING Watchlist missing: .*; no entries until it is fresh$/);
    day.keeper.jumpTo(nyMoment(SAMPLE_DAY_NY, "11:06"));
    await program.until(/\] EXIT NVDA: r1_trim qty=3 of 7 at 129\.\d+$/);
    await program.until(/\] STOP NVDA: qty=4 at 124\.2 order_id=/);
    // By now others have broken out; without a list nothing is scheduled.
    await program.untilMs(nyMoment(SAMPLE_DAY_NY, "11:25"));
    assertEquals(await program.stop(), 0);
    const intents = program.lines.filter((line) => /INTENT (?!NVDA)/.test(line));
    assertEquals(intents, []);
    assertEquals(day.exchange.position("NVDA")?.qty, 4);
  }));
