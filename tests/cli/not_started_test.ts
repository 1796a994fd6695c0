import type { Environment } from "../../src/runtime/environment.ts";
import { SAMPLE_SETTINGS, sampleOpenMs } from "../simulator/scenario.ts";
import { type SimulatedProgram, withSimulatedProgram } from "../support/simulated_program.ts";
import { SlackSink } from "../engine/slack_sink.ts";
import { assertEquals, assertFalse, assertMatch, assertStringIncludes } from "../assert.ts";

/** 40 minutes after the open NVDA, and NVDA alone, is confirmed. */
const START_MS = sampleOpenMs() + 40 * 60_000;
const AT_ONCE = ["--run-once", "--entry-delay-min=0", "--entry-delay-max=0"];
const TOKEN = "token-of-the-simulated-run";
const LIVE: Environment = { ...SAMPLE_SETTINGS, LIVE_TRADING: "1", LIVE_CONFIRM_TOKEN: TOKEN };
const TITLE = "Execution not running";

function waitForAbort(_ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal?.addEventListener("abort", () => resolve()));
}

/** A state directory with NVDA in it, and a webhook. */
function withHeld(
  act: (program: SimulatedProgram, slack: SlackSink) => Promise<void>,
): Promise<void> {
  return withSimulatedProgram({ startMs: START_MS, speed: 1 }, async (program) => {
    const slack = new SlackSink();
    try {
      await Deno.mkdir(program.stateDir, { recursive: true });
      await Deno.writeTextFile(`${program.stateDir}/live_confirm_token.txt`, `${TOKEN}\n`);
      for (let start = 0; start < 3; start++) {
        await program.run(AT_ONCE, LIVE);
        program.simulator.advanceTo(program.simulator.nowMs() + 2_000);
      }
      await act(program, slack);
    } finally {
      await slack.stop();
    }
  });
}

Deno.test("a start that the configuration refuses is told in Slack, with the reason, the remedy and what rests", () =>
  withHeld(async (program, slack) => {
    const environment = {
      ...LIVE,
      SLACK_WEBHOOK_URL: slack.url,
      EXECUTION_POLL_SECONDS: "soon",
      SLACK_ALERTS_MIN_LEVEL: "loud",
    };
    const { status } = await program.run(["run"], environment);
    assertEquals(status, 78);
    const [text = "", ...more] = slack.of(TITLE);
    assertEquals(more, []);
    for (
      const part of [
        "[AVWAP][EXECUTION][ERROR] Execution not running\navwap-execution: Configuration invalid: ",
        "EXECUTION_POLL_SECONDS",
        "Do: correct it, run avwap-execution check, then start the service",
        "Managed positions: 1\n  NVDA 7 shares: stop 117.10 for 7, DAY ORDER, ends at the close",
        "flatten --close-positions --symbol NVDA --yes",
      ]
    ) assertStringIncludes(text, part);
    assertFalse(text.includes(TOKEN));
    // Nobody tries again by itself: whoever does wants to know.
    await program.run(["run"], environment);
    assertEquals(slack.of(TITLE).length, 2);
  }));

Deno.test("a broker that can't be asked leaves what was last seen of the positions", () =>
  withHeld(async (program, slack) => {
    const { status } = await program.run(["run"], {
      ...LIVE,
      SLACK_WEBHOOK_URL: slack.url,
      APCA_API_KEY_ID: "",
    });
    assertEquals(status, 78);
    const [text = ""] = slack.of(TITLE);
    assertStringIncludes(text, "APCA_API_KEY_ID is not set");
    assertStringIncludes(text, "[ERROR] Execution not running");
    // Whether the last start has seen the shares is a matter of moments.
    assertMatch(
      text,
      /NVDA \((7 shares when last seen|shares unknown)\): protection can't be seen/,
    );
  }));

Deno.test("a bug that ends the run is told once a session day, and no start of one cycle a minute more often", () =>
  withSimulatedProgram({ startMs: START_MS, speed: 1 }, async (program) => {
    const slack = new SlackSink();
    try {
      const environment = { ...SAMPLE_SETTINGS, SLACK_WEBHOOK_URL: slack.url };
      const at = (minute: number, broken: boolean) => {
        const nowMs = sampleOpenMs() + minute * 60_000;
        const clock = { nowMs: () => nowMs, monotonicMs: () => 0, sleep: waitForAbort };
        const signals = {
          addSignalListener: () => {
            throw new TypeError("a bug");
          },
          removeSignalListener: () => {},
        };
        return program.run(
          broken ? ["run"] : AT_ONCE,
          broken ? environment : { ...environment, EXECUTION_POLL_SECONDS: "soon" },
          broken ? { clock, signals } : { clock },
        );
      };
      for (const minute of [28, 29, 32, 33, 45, 91]) {
        assertEquals((await at(minute, true)).status, 70);
      }
      assertEquals(slack.of(TITLE).length, 1);
      assertStringIncludes(slack.of(TITLE)[0] ?? "", "Internal error: TypeError: a bug");
      // What was told before for another reason hides nothing, and is not forgotten for it.
      for (const minute of [92, 93, 151]) assertEquals((await at(minute, false)).status, 78);
      assertEquals((await at(152, true)).status, 70);
      assertEquals(slack.of(TITLE).length, 2);
    } finally {
      await slack.stop();
    }
  }));

Deno.test("where no state directory can be had it is told around each full hour", () =>
  withSimulatedProgram({ startMs: START_MS, speed: 1 }, async (program) => {
    const slack = new SlackSink();
    try {
      await Deno.writeTextFile(program.stateDir, "a file in its place");
      const environment = { ...SAMPLE_SETTINGS, SLACK_WEBHOOK_URL: slack.url };
      // The sample day opens at 09:30: the hour is full 30 minutes later. It may be two minutes from start to start.
      for (const minute of [28, 29, 32, 33, 45]) {
        const nowMs = sampleOpenMs() + minute * 60_000;
        const clock = { nowMs: () => nowMs, monotonicMs: () => 0, sleep: waitForAbort };
        assertEquals((await program.run(AT_ONCE, environment, { clock })).status, 78);
      }
      assertEquals(slack.of(TITLE).length, 1);
    } finally {
      await slack.stop();
    }
  }));

Deno.test("a second process is not told, and a Slack that fails changes no status", () =>
  withHeld(async (program, slack) => {
    slack.answer = 500;
    const environment = { ...LIVE, SLACK_WEBHOOK_URL: slack.url, EXECUTION_POLL_SECONDS: "soon" };
    const { status, error } = await program.run(["run"], environment);
    assertEquals(status, 78);
    assertStringIncludes(error, "configuration invalid");
    slack.answer = 200;
    const before = slack.requests;
    let second = -1;
    program.onLine("Broker endpoint=", async () => {
      const busy = await program.run(["run"], { ...LIVE, SLACK_WEBHOOK_URL: slack.url });
      second = busy.status;
    });
    await program.run(AT_ONCE, LIVE);
    assertEquals(second, 75);
    assertEquals([slack.requests, slack.of(TITLE)], [before, []]);
  }));

Deno.test("a bug in the loop is told at its first end, whatever minute that is, and not at each start after it", () =>
  withSimulatedProgram({ startMs: START_MS, speed: 1 }, async (program) => {
    const slack = new SlackSink();
    try {
      const environment = { ...SAMPLE_SETTINGS, SLACK_WEBHOOK_URL: slack.url };
      const uniform = () => {
        throw new TypeError("a bug");
      };
      // What is asked again waits by chance.
      program.simulator.setFaults(({ path }) =>
        path.includes("/bars") ? { kind: "status", status: 503 } : null
      );
      for (const minute of [47, 48, 50, 80, 106, 108, 109]) {
        const nowMs = sampleOpenMs() + minute * 60_000;
        program.simulator.advanceTo(nowMs);
        const clock = { nowMs: () => nowMs, monotonicMs: () => 0, sleep: waitForAbort };
        const { status } = await program.run(["run"], environment, { chance: { uniform }, clock });
        assertEquals([status, minute], [70, minute]);
        assertEquals(slack.of(TITLE).length, 1, `${minute}`);
      }
      assertStringIncludes(slack.of(TITLE)[0] ?? "", "Internal error: TypeError: a bug");
    } finally {
      await slack.stop();
    }
  }));
