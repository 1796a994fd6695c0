import { assert, assertEquals, assertMatch } from "../assert.ts";
import { SAMPLE_DAY_NY } from "../simulator/scenario.ts";
import { nyMoment } from "../simulator/sessions.ts";
import { cutTimes, LIVE, prepareLive, type ProgramDay, withProgramDay } from "./program_day.ts";

/** Requests that changed something at the broker. */
function countChanges({ exchange }: ProgramDay): number {
  return exchange.requests.filter((request) => request.method !== "GET").length;
}

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`the running program ends with 0 at ${signal}, its state written`, () =>
    withProgramDay({ startNy: "10:05" }, async (day) => {
      const environment = { DRY_RUN: "1", ENTRY_DELAY_MIN_SECONDS: "200" };
      const program = day.start(["run"], environment);
      await program.until(/INTENT NVDA/);
      assertEquals(await program.stop(signal), 0);
      assertEquals(program.errors, []);
      assertEquals(
        cutTimes(program.lines).at(-1),
        `${signal} received; stopping after the current step`,
      );
      const state = await Deno.readTextFile(`${day.stateDir}/execution_state.json`);
      assert(state.includes('"NVDA"'), "the intent is not in the state");
      // The intent survives, and is due where it was.
      const again = day.start(["run"], environment);
      await again.until(/SUBMITTED NVDA: qty=7 order_id=dry-run/);
      assertEquals(await again.stop(), 0);
      assert(!again.lines.some((line) => line.includes("INTENT NVDA") && line.includes("10:05")));
    }));
}

Deno.test("a killed program leaves files that the next start goes on with", () =>
  withProgramDay({ startNy: "10:05" }, async (day) => {
    await prepareLive(day);
    const program = day.start(["run"], LIVE);
    await program.until(/SUBMITTED NVDA/);
    await program.stop("SIGKILL");
    const again = day.start(["run"], LIVE);
    await again.until(/\] Position NVDA: qty=7$/);
    await again.until(/\] SKIP NVDA: open order\/position exists$/);
    assertEquals(await again.stop(), 0);
    assertEquals(again.lines.filter((line) => line.includes("ERROR")), []);
    assertEquals(day.exchange.requests.filter((each) => each.method === "POST").length, 1);
  }));

Deno.test("a second program in the same state directory exits 75 and says who holds it", () =>
  withProgramDay({ startNy: "10:05" }, async (day) => {
    const first = day.start(["run"]);
    await first.until(/Gate caps/);
    const second = await day.runToEnd(["run"]);
    assertEquals([second.status, second.lines.length], [75, 1]);
    assertMatch(
      second.errors[0] ?? "",
      /^avwap-execution: process \d+ holds the state directory .*: stop it first, or set AVWAP_STATE_DIR$/,
    );
  }));

Deno.test("the KILL_SWITCH file ends LIVE within a second, and no request that changes an order follows", () =>
  // The file is seen by two eyes beside each other: sleeps must not outrun what is done meanwhile.
  withProgramDay({ startNy: "10:05", speed: 40 }, async (day) => {
    await prepareLive(day);
    const program = day.start(["run", "--poll-seconds", "3600"], {
      ...LIVE,
      ENTRY_DELAY_MIN_SECONDS: "100",
      ENTRY_DELAY_MAX_SECONDS: "100",
    });
    await program.until(/INTENT NVDA/);
    for (let second = 0; second < 5; second++) await program.untilMs(day.keeper.nowMs() + 1_000);
    await Deno.writeTextFile(`${day.stateDir}/KILL_SWITCH`, "");
    const thrownMs = day.keeper.nowMs();
    await program.until(/\] WARNING Kill switch active \(file\)$/);
    const tookMs = day.keeper.nowMs() - thrownMs;
    assert(tookMs <= 1_000, `seen after ${tookMs} ms`);
    await program.until(/\] Gate mode=DRY_RUN status=FAIL reason=kill switch active \(file\)$/);
    assert(day.keeper.nowMs() - thrownMs <= 5_000, "the gate waited for the next poll");
    await program.until(/\] SUBMITTED NVDA: qty=7 order_id=dry-run$/);
    assertEquals(countChanges(day), 0);
    // And back: removing the file is seen as soon.
    await Deno.remove(`${day.stateDir}/KILL_SWITCH`);
    const clearedMs = day.keeper.nowMs();
    await program.until(/\] Kill switch cleared$/);
    assert(day.keeper.nowMs() - clearedMs <= 1_000);
    await program.until(/\] Gate mode=LIVE status=PASS reason=live trading confirmed$/);
    assertEquals(await program.stop(), 0);
  }));

Deno.test("a kill switch while the market is closed is said, and the gate lines wait for the open", () =>
  withProgramDay({ startNy: "09:28" }, async (day) => {
    await prepareLive(day);
    const program = day.start(["run"], LIVE);
    await program.until(/Market closed; skipping cycle\./);
    await Deno.writeTextFile(`${day.stateDir}/KILL_SWITCH`, "");
    await program.until(/\] WARNING Kill switch active \(file\)$/);
    await program.untilMs(nyMoment(SAMPLE_DAY_NY, "09:29:50"));
    assert(!program.lines.some((line) => line.includes("Gate ")));
    await program.until(
      /\[2026-11-23 09:30:\d\d EST\] Gate mode=DRY_RUN .*kill switch active \(file\)$/,
    );
    assertEquals(await program.stop(), 0);
  }));
