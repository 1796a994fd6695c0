import type { Environment } from "../../src/runtime/environment.ts";
import { SAMPLE_SETTINGS, sampleOpenMs } from "../simulator/scenario.ts";
import { type SimulatedProgram, withSimulatedProgram } from "../support/simulated_program.ts";
import { assert, assertEquals, assertFalse, assertStringIncludes } from "../assert.ts";

/** 40 minutes after the open NVDA, and NVDA alone, is confirmed. */
const START_MS = sampleOpenMs() + 40 * 60_000;
const AT_ONCE = ["--run-once", "--entry-delay-min=0", "--entry-delay-max=0"];
const LOOP = ["--poll-seconds=20", "--entry-delay-min=0", "--entry-delay-max=0"];
const TOKEN = "token-of-the-simulated-run";
const LIVE: Environment = {
  ...SAMPLE_SETTINGS,
  LIVE_TRADING: "1",
  LIVE_CONFIRM_TOKEN: TOKEN,
};

async function writeToken({ stateDir }: SimulatedProgram): Promise<void> {
  await Deno.mkdir(stateDir, { recursive: true });
  await Deno.writeTextFile(`${stateDir}/live_confirm_token.txt`, `${TOKEN}\n`);
}

/** The lines without their times. */
function cutTimes(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(/^\[[^\]]+\] /, ""));
}

function countOrders({ simulator }: SimulatedProgram): number {
  return simulator.exchange.requests.filter(({ method }) => method !== "GET").length;
}

Deno.test("run prints the gate lines exactly, simulates the order in DRY_RUN, and sends none", () =>
  withSimulatedProgram({ startMs: START_MS, speed: 1 }, async (program) => {
    const { status, lines, error } = await program.run(AT_ONCE, SAMPLE_SETTINGS);
    assertEquals([status, error], [0, ""]);
    assert(
      lines.every((line) => /^\[2026-11-23 10:1\d:\d\d EST\] \S/.test(line)),
      lines.join("\n"),
    );
    const said = cutTimes(lines);
    assertStringIncludes(said[1] ?? "", "Broker endpoint=custom host=127.0.0.1:");
    const first = said.indexOf("Gate mode=DRY_RUN status=FAIL reason=LIVE_TRADING disabled");
    assertEquals(said.slice(first + 1, first + 3), [
      "Gate allowlist=AAPL,BRK.B,META,MSFT,NVDA",
      "Gate caps(orders/day=5, positions=5, gross_notional=1500.0, per_symbol=1000.0)",
    ]);
    const dry = said.indexOf("DRY_RUN: would submit NVDA qty=7 SL=117.1 TP=136.6");
    assertEquals(said[dry + 1], "SUBMITTED NVDA: qty=7 order_id=dry-run");
    assertEquals(countOrders(program), 0);
  }));

Deno.test("run --run-once waits until a last line without an end has stood for 2 s, and uses it", () =>
  withSimulatedProgram({ startMs: START_MS, speed: 10 }, async (program) => {
    const list = `${program.dir}/daily_candidates.csv`;
    await Deno.writeTextFile(list, (await Deno.readTextFile(list)).trimEnd());
    // Ahead of now, so that only what the program has seen itself counts.
    await Deno.utime(list, START_MS / 1000 + 600, START_MS / 1000 + 600);
    const { status, lines } = await program.run(AT_ONCE, SAMPLE_SETTINGS);
    assertEquals(status, 0);
    const said = cutTimes(lines).filter((line) => line.includes("Watchlist"));
    assertStringIncludes(said.join("\n"), ": 5 candidates, 1 row dropped");
    assertFalse(said.some((line) => line.includes("has no end")));
  }));

Deno.test("run sends one bracket order with both keys, and none again after a restart", () =>
  withSimulatedProgram({ startMs: START_MS, speed: 1 }, async (program) => {
    await writeToken(program);
    const first = await program.run(AT_ONCE, LIVE);
    assertEquals([first.status, first.error], [0, ""]);
    const said = cutTimes(first.lines);
    // The first start finds no ledger: it is rebuilt, and LIVE begins with it.
    assert(said.some((line) => line.includes("Live ledger was missing")));
    for (let start = 0; start < 2; start++) {
      assertEquals((await program.run(AT_ONCE, LIVE)).status, 0);
    }
    assertEquals(countOrders(program), 1);
    const { body } = program.simulator.exchange.requests.find(({ method }) => method === "POST") ??
      {};
    assertStringIncludes(body ?? "", '"order_class":"bracket"');
    const ledger = await Deno.readTextFile(`${program.stateDir}/live_orders_today.json`);
    assertStringIncludes(ledger, '"status": "accepted"');
    const events = await Deno.readTextFile(`${program.stateDir}/events-2026-11-23.jsonl`);
    assertEquals(events.match(/"type":"exchange"/g)?.length, 1);
    assertFalse(`${ledger}${events}${first.lines}`.includes(TOKEN));
    assertFalse(`${ledger}${events}${first.lines}`.includes("sim-secret-key"));
  }));

const BLOCKED: { when: string; environment: Environment; args?: string[]; reason: string }[] = [
  { when: "DRY_RUN is set", environment: { DRY_RUN: "1" }, reason: "DRY_RUN enabled" },
  { when: "DRY_RUN is in doubt", environment: { DRY_RUN: "nope" }, reason: "DRY_RUN enabled" },
  {
    when: "--dry-run is given against DRY_RUN=0",
    environment: { DRY_RUN: "0" },
    args: ["--dry-run"],
    reason: "DRY_RUN enabled",
  },
  {
    when: "KILL_SWITCH is in doubt",
    environment: { KILL_SWITCH: "2" },
    reason: "kill switch active (env)",
  },
  {
    when: "LIVE_TRADING is in doubt",
    environment: { LIVE_TRADING: "y" },
    reason: "LIVE_TRADING disabled",
  },
  {
    when: "the token is not set",
    environment: { LIVE_CONFIRM_TOKEN: "" },
    reason: "LIVE_CONFIRM_TOKEN missing",
  },
  {
    when: "the token differs",
    environment: { LIVE_CONFIRM_TOKEN: `${TOKEN}x` },
    reason: "LIVE_CONFIRM_TOKEN mismatch",
  },
  {
    when: "the allowlist names nothing",
    environment: { ALLOWLIST_SYMBOLS: "," },
    reason: "invalid configuration (ALLOWLIST_SYMBOLS)",
  },
  {
    when: "a cap is no number",
    environment: { MAX_LIVE_GROSS_NOTIONAL: "500$" },
    reason: "invalid configuration (MAX_LIVE_GROSS_NOTIONAL)",
  },
];

for (const { when, environment, args = [], reason } of BLOCKED) {
  Deno.test(`run stays in DRY_RUN and sends nothing, with everything else LIVE, when ${when}`, () =>
    withSimulatedProgram({ startMs: START_MS, speed: 1 }, async (program) => {
      await writeToken(program);
      const options = [...AT_ONCE, ...args];
      const { status, lines } = await program.run(options, { ...LIVE, ...environment });
      assertEquals(status, 0);
      const gate = cutTimes(lines).filter((line) => line.startsWith("Gate mode="));
      assertEquals(gate, [`Gate mode=DRY_RUN status=FAIL reason=${reason}`]);
      assertEquals(countOrders(program), 0);
    }));
}

const JOURNAL = { service: { notify: null, isJournal: true } };
const isRepeated = (line: string) => /SLACK_VERBOSE|Market data feed/.test(line);

Deno.test("run --run-once says once in the journal what each of its processes would say, and goes on counting", () =>
  withSimulatedProgram({ startMs: START_MS, speed: 1 }, async (program) => {
    await writeToken(program);
    const environment = { ...LIVE, SLACK_VERBOSE: "maybe" };
    const first = await program.run(AT_ONCE, environment, JOURNAL);
    const second = await program.run(AT_ONCE, environment, JOURNAL);
    assertEquals(first.lines.filter(isRepeated).length, 2, first.lines.join("\n"));
    assertEquals(second.lines.filter(isRepeated), []);
    const path = `${program.stateDir}/log_repeats.json`;
    assertStringIncludes(await Deno.readTextFile(path), '"times":2');
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
  }));

Deno.test("run says at each start by hand, and at a restart of the service, all that it has to say", () =>
  withSimulatedProgram({ startMs: START_MS, speed: 60 }, async (program) => {
    await writeToken(program);
    const environment = { ...LIVE, SLACK_VERBOSE: "maybe" };
    for (const [args, host] of [[AT_ONCE, {}], [LOOP, JOURNAL]] as const) {
      for (const turn of ["first", "second"]) {
        program.onLine("Market data feed", () => program.raise("SIGTERM"));
        const { lines } = await program.run(args, environment, host);
        assertEquals(lines.filter(isRepeated).length, 2, `${turn}: ${lines.join("\n")}`);
      }
    }
  }));

Deno.test("run ends the loop with 0 at a signal, and its orders are known at the next start", () =>
  withSimulatedProgram({ startMs: START_MS, speed: 60 }, async (program) => {
    await writeToken(program);
    // In the middle of the step that sends the order: the step is ended.
    program.onLine("Gate PASS NVDA", () => program.raise("SIGTERM"));
    const loop = await program.run(LOOP, LIVE);
    assertEquals([loop.status, loop.error], [0, ""]);
    assertStringIncludes(
      loop.lines.join("\n"),
      "SIGTERM received; stopping after the current step",
    );
    assertStringIncludes(loop.lines.join("\n"), "SUBMITTED NVDA: qty=7 order_id=");
    const { lines } = await program.run(AT_ONCE, LIVE);
    assertFalse(lines.join("\n").includes("SUBMITTED NVDA"), lines.join("\n"));
    const nvda = program.simulator.exchange.requests.filter(({ method, body }) =>
      method === "POST" && body?.includes('"buy"') && body.includes("NVDA")
    );
    assertEquals(nvda.length, 1);
  }));

Deno.test("run sees the KILL_SWITCH file while it waits, and leaves LIVE", () =>
  withSimulatedProgram({ startMs: START_MS, speed: 60 }, async (program) => {
    await writeToken(program);
    program.onLine("SUBMITTED NVDA: qty=7 order_id=0", () => {
      Deno.writeTextFileSync(`${program.stateDir}/KILL_SWITCH`, "");
    });
    program.onLine("reason=kill switch active (file)", () => program.raise("SIGINT"));
    const { status, lines } = await program.run(LOOP, LIVE);
    assertEquals(status, 0);
    const said = cutTimes(lines);
    assert(said.includes("Gate mode=LIVE status=PASS reason=live trading confirmed"));
    assert(said.includes("WARNING Kill switch active (file)"));
    assert(said.includes("Gate mode=DRY_RUN status=FAIL reason=kill switch active (file)"));
  }));

Deno.test("run tells Slack, with the mode and whose money in front", () =>
  withSimulatedProgram({ startMs: START_MS, speed: 1 }, async (program) => {
    await writeToken(program);
    const texts: string[] = [];
    const slack = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async (request) => {
        texts.push(await request.text());
        return new Response("ok");
      },
    );
    try {
      const SLACK_WEBHOOK_URL = `http://127.0.0.1:${slack.addr.port}/hook`;
      await program.run(AT_ONCE, { ...LIVE, SLACK_WEBHOOK_URL });
      await program.run(AT_ONCE, { ...LIVE, SLACK_WEBHOOK_URL });
      const live = texts.filter((text) => text.includes("Live trading enabled"));
      assertEquals(live.length, 1, texts.join("\n"));
      assertStringIncludes(
        live[0] ?? "",
        "[AVWAP][EXECUTION][INFO] Live trading enabled\\nLIVE custom",
      );
      // At the second start no message says again that it is LIVE: none may say that it is not.
      const started = texts.filter((text) => text.includes("Execution started"));
      for (const text of started) {
        assertStringIncludes(text, "Execution started\\nGate not asked yet, custom: avwap");
      }
    } finally {
      await slack.shutdown();
    }
  }));

Deno.test("run exits 70 with one line for a bug, keeps its stack in the event log, frees the lock", () =>
  withSimulatedProgram({ startMs: START_MS, speed: 1 }, async (program) => {
    const uniform = () => {
      throw new TypeError("a bug\nof the test");
    };
    // What is asked again waits by chance.
    program.simulator.setFaults(({ path }) =>
      path.includes("/bars") ? { kind: "status", status: 503 } : null
    );
    const broken = await program.run(AT_ONCE, {}, { chance: { uniform } });
    assertEquals(broken.status, 70);
    assertEquals(
      broken.error,
      "avwap-execution: internal error: TypeError: a bug\\nof the test\n",
    );
    assertFalse(broken.lines.some((line) => line.includes("run_test.ts")));
    const events = await Deno.readTextFile(`${program.stateDir}/events-2026-11-23.jsonl`);
    const last = events.trimEnd().split("\n").at(-1) ?? "";
    assertStringIncludes(last, '"type":"error"');
    assertStringIncludes(last, "run_test.ts");
    program.simulator.setFaults(null);
    assertEquals((await program.run(AT_ONCE)).status, 0);
  }));

Deno.test("run goes on without Slack, and says so, where it may not connect to it", () =>
  withSimulatedProgram({ startMs: START_MS, speed: 1 }, async (program) => {
    const { status, lines } = await program.run(
      AT_ONCE,
      { SLACK_WEBHOOK_URL: "https://hooks.example.com/x" },
      { isPermitted: (need) => need.name !== "net" || need.host !== "hooks.example.com:443" },
    );
    assertEquals(status, 0);
    assert(
      cutTimes(lines).some((line) => line.startsWith("WARNING SLACK_WEBHOOK_URL names a host")),
    );
  }));

Deno.test("run ends soon after SIGTERM though the broker answers nothing in time", () =>
  withSimulatedProgram({ startMs: START_MS, speed: 20 }, async (program) => {
    const { fetch } = globalThis;
    let asked = 0;
    // Three attempts of a read take 18 s on the program's clock: five reads of a cycle are more than systemd waits.
    const slow: typeof fetch = async (input, init) => {
      if (String(input).includes("/v2/clock")) return await fetch(input, init);
      if (++asked === 1) program.raise("SIGTERM");
      await new Promise((resolve) => setTimeout(resolve, 300));
      return new Response("", { status: 503 });
    };
    const { status } = await program.run(LOOP, SAMPLE_SETTINGS, { fetch: slow });
    assertEquals(status, 0);
    assert(asked <= 5, `${asked} requests after the signal`);
  }));
