import { createClock } from "../../src/runtime/clock.ts";
import type { Environment } from "../../src/runtime/environment.ts";
import { acquireLock } from "../../src/state/instance_lock.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { SAMPLE_SETTINGS, sampleOpenMs } from "../simulator/scenario.ts";
import { type SimulatedProgram, withSimulatedProgram } from "../support/simulated_program.ts";
import { inOperatorDir, runOperator } from "./operator_host.ts";

const TOKEN = "token-of-the-kill-switch";
const LIVE: Environment = { ...SAMPLE_SETTINGS, LIVE_TRADING: "1", LIVE_CONFIRM_TOKEN: TOKEN };
const START_MS = sampleOpenMs() + 40 * 60_000;

/** A loop that runs in `stateDir` and has ended a cycle; it is stopped after `act`. */
async function withLoop(
  program: SimulatedProgram,
  stateDir: string,
  act: () => Promise<void>,
): Promise<readonly string[]> {
  await Deno.mkdir(stateDir, { recursive: true });
  const cycled = Promise.withResolvers<void>();
  program.onLine("Gate caps(", cycled.resolve);
  const loop = program.run(["--poll-seconds=300"], { ...LIVE, AVWAP_STATE_DIR: stateDir });
  await cycled.promise;
  await act();
  program.raise("SIGTERM");
  const { status, lines } = await loop;
  assertEquals(status, 0);
  return lines;
}

Deno.test("kill exits 0 once the running loop has seen it, and 0 again for one that it saw before", () =>
  withSimulatedProgram({ startMs: START_MS, speed: 1 }, async (program) => {
    await withLoop(program, program.stateDir, async () => {
      for (const word of ["Kill switch is on", "was on already"]) {
        const { status, lines, error } = await program.run(["kill"], LIVE);
        assertEquals([status, error], [0, ""]);
        const text = lines.join("\n");
        assertStringIncludes(text, word);
        assertStringIncludes(text, `Process ${Deno.pid} saw it.`);
        assertStringIncludes(text, "LIVE is off");
      }
    });
  }));

Deno.test("kill exits 1 where what holds the directory has not said in three seconds that it saw it", () =>
  inOperatorDir(async (dir) => {
    const lock = await acquireLock({ path: `${dir}/execution.lock`, pid: 7, clock: createClock() });
    assert(lock.kind === "held");
    let sleptMs = 0;
    const { status, out } = await runOperator(["kill"], { AVWAP_STATE_DIR: dir }, {
      clock: {
        nowMs: () => START_MS,
        monotonicMs: () => sleptMs,
        sleep: (ms) => Promise.resolve(void (sleptMs += ms)),
      },
    });
    await lock.release();
    assertEquals([status, sleptMs], [1, 3_000]);
    assertStringIncludes(out, "NOT SEEN: process 7 has not said in 3 s that it saw it");
    assertStringIncludes(out, "systemctl stop execution.service");
    assertStringIncludes(out, "LIVE is NOT off for sure");
    assert((await Deno.lstat(`${dir}/KILL_SWITCH`)).isFile);
  }));

const STALE: { when: string; events: readonly Record<string, unknown>[] }[] = [
  {
    when: "a loop before this one saw it",
    events: [{ type: "kill_switch", is_active: true, by: "engine" }, { type: "engine_started" }],
  },
  {
    when: "it was cleared since",
    events: [
      { type: "kill_switch", is_active: true, by: "engine" },
      { type: "kill_switch", is_active: false, by: "engine" },
    ],
  },
  {
    when: "the switch was taken away since, and the loop has not looked",
    events: [{ type: "kill_switch", is_active: true, source: "file", by: "engine" }],
  },
  {
    when: "flatten alone has said it",
    events: [{ type: "kill_switch", is_active: true, by: "flatten" }],
  },
];
for (const { when, events } of STALE) {
  Deno.test(`kill takes no old word for the loop's where ${when}`, () =>
    inOperatorDir(async (dir) => {
      const path = `${dir}/execution.lock`;
      const lock = await acquireLock({ path, pid: 7, clock: createClock() });
      assert(lock.kind === "held");
      const lines = events.map((event) =>
        `${JSON.stringify({ v: 1, at: "2026-11-23T15:00:00.000Z", ...event })}\n`
      );
      await Deno.writeTextFile(`${dir}/events-2026-11-23.jsonl`, lines.join(""));
      const { status, out } = await runOperator(["kill"], { AVWAP_STATE_DIR: dir });
      await lock.release();
      assertEquals(status, 1);
      assertStringIncludes(out, "NOT SEEN");
    }));
}

Deno.test("kill believes a loop that saw the switch on an earlier day, where it has been on since", () =>
  inOperatorDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/KILL_SWITCH`, "");
    const lock = await acquireLock({ path: `${dir}/execution.lock`, pid: 7, clock: createClock() });
    assert(lock.kind === "held");
    await Deno.writeTextFile(
      `${dir}/events-2026-11-20.jsonl`,
      `${
        JSON.stringify({ v: 1, at: "2026-11-20T15:00:00Z", type: "kill_switch", is_active: true })
      }\n`,
    );
    const { status, out } = await runOperator(["kill"], { AVWAP_STATE_DIR: dir });
    await lock.release();
    assertEquals(status, 0, out);
  }));

Deno.test("kill believes a loop that has the switch in its environment, which no file takes away", () =>
  inOperatorDir(async (dir) => {
    const lock = await acquireLock({ path: `${dir}/execution.lock`, pid: 7, clock: createClock() });
    assert(lock.kind === "held");
    const event = { type: "kill_switch", is_active: true, source: "env", by: "engine" };
    await Deno.writeTextFile(
      `${dir}/events-2026-11-23.jsonl`,
      `${JSON.stringify({ v: 1, at: "2026-11-23T15:00:00.000Z", ...event })}\n`,
    );
    const { status, out } = await runOperator(["kill"], { AVWAP_STATE_DIR: dir });
    await lock.release();
    assertEquals(status, 0, out);
  }));

Deno.test("kill and resume make no state directory: 1, and nothing is there afterwards", () =>
  inOperatorDir(async (dir) => {
    for (const args of [["kill"], ["resume"], ["resume", "--paused"], ["flatten", "--yes"]]) {
      const ended = await runOperator(args, {
        AVWAP_STATE_DIR: `${dir}/none`,
        APCA_API_KEY_ID: "key-of-nobody",
        APCA_API_SECRET_KEY: "secret-of-nobody",
      });
      assertEquals([ended.status, ended.out], [args[0] === "flatten" ? 78 : 1, ""]);
      assertStringIncludes(ended.error, `${dir}/none`);
      assertEquals([...Deno.readDirSync(dir)], []);
    }
  }));

Deno.test("kill exits 1 where the loop runs in another directory, and names the line that reaches it", () =>
  withSimulatedProgram({ startMs: START_MS, speed: 1 }, async (program) => {
    const money = `${program.stateDir}/money`;
    await withLoop(program, money, async () => {
      const { status, lines } = await program.run(["kill"], LIVE);
      const text = lines.join("\n");
      // `state` of the base directory is a place that the loop looks at, so it saw this one all the same.
      assertEquals(status, 1, text);
      assertStringIncludes(text, `No process holds ${program.stateDir}`);
      assertStringIncludes(text, `which runs in ${money}, saw it.`);
      assertStringIncludes(text, `touch ${money}/KILL_SWITCH`);
      const shown = (await program.run(["status"], LIVE)).lines.join("\n");
      assertMatch(shown, new RegExp(`process ${Deno.pid} runs in\\s+${money}\\n`));
      const checked = (await program.run(["check"], LIVE)).lines.join("\n");
      assertStringIncludes(checked, `WARN lock            Process ${Deno.pid} runs in`);
    });
    const elsewhere = { ...LIVE, AVWAP_BASE_DIR: `${program.dir}/another` };
    await Deno.remove(`${program.stateDir}/KILL_SWITCH`);
    const lock = await acquireLock({
      path: `${money}/execution.lock`,
      pid: 7,
      clock: createClock(),
    });
    assert(lock.kind === "held");
    const { status, lines } = await program.run(["kill"], elsewhere);
    assertEquals(status, 1);
    assertStringIncludes(lines.join("\n"), "NOT SEEN");
    const flat = await program.run(["flatten", "--yes"], elsewhere);
    await lock.release();
    assertEquals(flat.status, 1);
    assertStringIncludes(flat.lines.join("\n"), "NOT DONE: Process 7 may buy again.");
  }));

Deno.test("the runbook's literal touch turns LIVE off within a second, whatever directory the loop uses", () =>
  withSimulatedProgram({ startMs: START_MS, speed: 1 }, async (program) => {
    const own = `${program.dir}/own`;
    // From a shell that knows nothing of the service: `state` of the base directory.
    await Deno.mkdir(program.stateDir);
    await withLoop(program, own, async () => {
      const seen = Promise.withResolvers<void>();
      const decided = Promise.withResolvers<void>();
      program.onLine("Kill switch active (file)", seen.resolve);
      program.onLine("reason=kill switch active (file)", decided.resolve);
      const madeMs = performance.now();
      await Deno.writeTextFile(`${program.stateDir}/KILL_SWITCH`, "");
      await seen.promise;
      assert(performance.now() - madeMs < 1_000);
      await decided.promise;
    });
    const env = { ...LIVE, AVWAP_STATE_DIR: own };
    const kept = await program.run(["resume"], env);
    assertEquals(kept.status, 1);
    assertStringIncludes(
      kept.lines.join("\n"),
      `Kill switch is STILL ON: ${program.stateDir}/KILL_SWITCH`,
    );
    assertStringIncludes(kept.lines.join("\n"), "LIVE stays off: kill switch active (file)");
    const all = await program.run(["resume", "--all"], env);
    assertEquals(all.status, 0, all.lines.join("\n"));
    assertStringIncludes(all.lines.join("\n"), `removed: ${program.stateDir}/KILL_SWITCH`);
  }));
