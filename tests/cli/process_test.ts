import {
  type ProgramStart,
  runToEnd,
  startProgram,
  UNREACHABLE_BROKER,
} from "../support/real_program.ts";
import {
  assert,
  assertEquals,
  assertFalse,
  assertLess,
  assertMatch,
  assertStringIncludes,
} from "../assert.ts";

const HEADER =
  "Symbol,Direction,Price,Entry_Level,Entry_DistPct,Stop_Loss,Target_R1,Target_R2,Anchor\n";
const ROW = "NVDA,Long,120,124.2,-3.4,117.1,129.4,136.6,gap\n";

/** A directory of the test's own with a fresh watchlist, removed afterwards. */
async function inDir(act: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "avwap-process-" });
  try {
    await Deno.writeTextFile(`${dir}/daily_candidates.csv`, HEADER + ROW);
    await act(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** A start that would run, with one thing changed. */
function build(dir: string, change: Partial<ProgramStart> = {}): ProgramStart {
  return {
    args: change.args ?? ["run", "--run-once"],
    env: {
      ...UNREACHABLE_BROKER,
      AVWAP_BASE_DIR: dir,
      AVWAP_STATE_DIR: `${dir}/state`,
      ...change.env,
    },
    writeDir: change.writeDir ?? dir,
  };
}

function assertOneLine(text: string): void {
  assertEquals(text.indexOf("\n"), text.length - 1, text);
  assertFalse(/\s+at .*:\d+/.test(text), text);
}

Deno.test("the program prints help and version without any configuration", () =>
  inDir(async (dir) => {
    const cases = [["--help"], ["run", "--help"], ["--version"], ["run", "--version"]];
    for (const args of cases) {
      const { status, stdout, stderr } = await runToEnd({ args, writeDir: dir });
      assertEquals([status, stderr], [0, ""], args.join());
      assertStringIncludes(stdout, "avwap-execution");
    }
  }));

Deno.test("the program exits 64 with one line for a command line that means nothing", () =>
  inDir(async (dir) => {
    const cases: [string[], string][] = [
      [["--pol-seconds=5"], "--poll-seconds"],
      [["frobnicate"], "frobnicate"],
      [["run", "extra"], "extra"],
      [["--dry-run=0"], "--dry-run"],
    ];
    for (const [args, word] of cases) {
      const { status, stdout, stderr } = await runToEnd({ args, writeDir: dir });
      assertEquals([status, stdout], [64, ""], args.join());
      assertStringIncludes(stderr, word);
      assertOneLine(stderr);
    }
  }));

const INVALID: { variable: string; env: Record<string, string>; args?: string[] }[] = [
  { variable: "APCA_API_KEY_ID", env: { APCA_API_KEY_ID: "" } },
  { variable: "APCA_API_SECRET_KEY", env: { APCA_API_SECRET_KEY: "" } },
  { variable: "EXECUTION_POLL_SECONDS", env: { EXECUTION_POLL_SECONDS: "12abc" } },
  { variable: "EXECUTION_POLL_SECONDS", env: {}, args: ["run", "--poll-seconds", ""] },
  { variable: "ENTRY_DELAY_MIN_SECONDS", env: { ENTRY_DELAY_MIN_SECONDS: "-1" } },
  { variable: "ENTRY_DELAY_MAX_SECONDS", env: {}, args: ["--entry-delay-max=x"] },
  { variable: "APCA_API_BASE_URL", env: { APCA_API_BASE_URL: "http://10.0.0.1" } },
  { variable: "APCA_API_BASE_URL", env: { APCA_API_BASE_URL: "https://example.com" } },
  { variable: "APCA_API_DATA_URL", env: { APCA_API_DATA_URL: "https://example.com" } },
  {
    variable: "ALPACA_PAPER",
    env: { ALPACA_PAPER: "0", APCA_API_BASE_URL: "https://paper-api.alpaca.markets" },
  },
  { variable: "ALPACA_DATA_FEED", env: { ALPACA_DATA_FEED: "otc" } },
  { variable: "SLACK_ALERTS_MIN_LEVEL", env: { SLACK_ALERTS_MIN_LEVEL: "LOUD" } },
  { variable: "SLACK_HEARTBEAT_MINUTES", env: { SLACK_HEARTBEAT_MINUTES: "often" } },
  { variable: "SLACK_DAILY_SUMMARY_TIME", env: { SLACK_DAILY_SUMMARY_TIME: "noon" } },
  { variable: "AVWAP_STATE_DIR", env: { AVWAP_STATE_DIR: "/usr/avwap-state" } },
  { variable: "DRY_RUN_LEDGER_PATH", env: { DRY_RUN_LEDGER_PATH: "/usr/dry.json" } },
];

Deno.test("the program exits 78 with one line that names the variable, and touches nothing", () =>
  inDir(async (dir) => {
    for (const { variable, env, args } of INVALID) {
      const { status, stdout, stderr } = await runToEnd(build(dir, { env, ...(args && { args }) }));
      assertEquals([status, stdout], [78, ""], `${variable}: ${stderr}`);
      assertStringIncludes(stderr, variable);
      assertOneLine(stderr);
      assertFalse(stderr.includes(UNREACHABLE_BROKER.APCA_API_SECRET_KEY), stderr);
    }
    const names = [...Deno.readDirSync(dir)].map(({ name }) => name);
    assertEquals(names, ["daily_candidates.csv"]);
  }));

Deno.test("the program exits 78 naming AVWAP_STATE_DIR where something else is in its place", () =>
  inDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/file`, "");
    await Deno.mkdir(`${dir}/linked/execution.lock`, { recursive: true });
    for (const place of ["file", "file/below", "linked"]) {
      const start = build(dir, { env: { AVWAP_STATE_DIR: `${dir}/${place}` } });
      const { status, stderr } = await runToEnd(start);
      assertEquals(status, 78, stderr);
      assertStringIncludes(stderr, "AVWAP_STATE_DIR");
      assertOneLine(stderr);
    }
  }));

Deno.test("the program exits 1 without a watchlist and 2 with a stale one, saying which", () =>
  inDir(async (dir) => {
    const missing = await runToEnd(build(dir, { env: { WATCHLIST_FILE: "none.csv" } }));
    assertEquals(missing.status, 1);
    assertStringIncludes(missing.stdout, `${dir}/none.csv`);
    await Deno.utime(`${dir}/daily_candidates.csv`, new Date(0), new Date(0));
    const stale = await runToEnd(build(dir));
    assertEquals(stale.status, 2);
    assertStringIncludes(stale.stdout, `${dir}/daily_candidates.csv`);
    assertStringIncludes(stale.stdout, "1969-12-31");
    for (const { stdout, stderr } of [missing, stale]) {
      assertEquals(stdout.split("\n").filter((line) => line.includes("ERROR")).length, 1);
      assertEquals(stderr, "");
    }
  }));

Deno.test("the program makes the state directory for its owner alone, and says what it runs with", () =>
  inDir(async (dir) => {
    const { status, stdout } = await runToEnd(build(dir, { args: ["--run-once"] }));
    assertEquals(status, 0, stdout);
    const [first = "", second = ""] = stdout.split("\n");
    assertMatch(
      first,
      /^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d E[DS]T\] avwap-execution \S+ started pid=\d+ /,
    );
    assertStringIncludes(first, `state_dir=${dir}/state watchlist=${dir}/daily_candidates.csv`);
    assertStringIncludes(second, "] Broker endpoint=custom host=127.0.0.1:9");
    assertStringIncludes(stdout, "] Market closed; skipping cycle.\n");
    assertEquals(((await Deno.stat(`${dir}/state`)).mode ?? 0) & 0o777, 0o700);
    for await (const { name, isFile } of Deno.readDir(`${dir}/state`)) {
      if (!isFile) continue;
      const path = `${dir}/state/${name}`;
      assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600, name);
      const text = await Deno.readTextFile(path);
      assertFalse(text.includes(UNREACHABLE_BROKER.APCA_API_SECRET_KEY), name);
      assertFalse(text.includes(UNREACHABLE_BROKER.APCA_API_KEY_ID), name);
    }
  }));

Deno.test("the program says every doubt about its configuration, and goes on", () =>
  inDir(async (dir) => {
    const { status, stdout } = await runToEnd(build(dir, {
      env: { KILL_SWITCH: "perhaps", MAX_LIVE_GROSS_NOTIONAL: "500$", SLACK_WEBHOOK_URL: "x" },
    }));
    assertEquals(status, 0, stdout);
    for (const name of ["KILL_SWITCH", "MAX_LIVE_GROSS_NOTIONAL", "SLACK_WEBHOOK_URL"]) {
      assertStringIncludes(stdout, `] WARNING ${name} `);
    }
  }));

Deno.test("a second program on a state directory exits 75 within a second, naming the first", () =>
  inDir(async (dir) => {
    const first = startProgram(build(dir, { args: [] }));
    try {
      await first.waitFor("Market closed; skipping cycle.");
      const beganMs = performance.now();
      const { status, stdout, stderr } = await runToEnd(build(dir));
      assertLess(performance.now() - beganMs, 1000 * SLOW_MACHINE);
      assertEquals([status, stdout], [75, ""]);
      assertStringIncludes(stderr, `process ${first.pid} holds the state directory`);
      assertOneLine(stderr);
    } finally {
      first.kill("SIGKILL");
      await first.end();
    }
    // The lock ended with its process, however it ended.
    assertEquals((await runToEnd(build(dir))).status, 0);
  }));

/** The bound is the specification's on a machine that does nothing else. */
const SLOW_MACHINE = 5;

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`the program ends its step and exits 0 at ${signal}`, () =>
    inDir(async (dir) => {
      const program = startProgram(build(dir, { args: [] }));
      await program.waitFor("Market closed; skipping cycle.");
      program.kill(signal);
      const { status, stdout, stderr } = await program.end();
      assertEquals([status, stderr], [0, ""]);
      assertStringIncludes(stdout, `${signal} received`);
      const names = [...Deno.readDirSync(`${dir}/state`)].map(({ name }) => name);
      const events = names.find((name) => name.startsWith("events-"));
      assert(events !== undefined);
      const lines = (await Deno.readTextFile(`${dir}/state/${events}`)).trimEnd().split("\n");
      assertStringIncludes(lines.at(-1) ?? "", '"engine_stopped"');
    }));
}

Deno.test("the program leaves at once at a second signal, however long its step takes", () =>
  inDir(async (dir) => {
    // A broker that takes the connection and never answers.
    const { promise: asked, resolve: tellAsked } = Promise.withResolvers<void>();
    const broker = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepting = (async () => {
      const connection = await broker.accept();
      tellAsked();
      return connection;
    })();
    const url = `http://127.0.0.1:${broker.addr.port}`;
    const program = startProgram(build(dir, { args: [], env: { APCA_API_BASE_URL: url } }));
    await asked;
    program.kill("SIGTERM");
    await program.waitFor("SIGTERM received");
    program.kill("SIGTERM");
    assertEquals((await program.end()).status, 143);
    (await accepting).close();
    broker.close();
  }));

Deno.test("the program exits 70 with one line, and no stack, for what nobody expected", () =>
  inDir(async (dir) => {
    // A runtime that does not even let it read its environment.
    const { status, stdout, stderr } = await runToEnd({
      ...build(dir),
      permissions: ["--no-prompt", "--allow-read"],
    });
    assertEquals([status, stdout], [70, ""]);
    assertStringIncludes(stderr, "avwap-execution: internal error: NotCapable");
    assertOneLine(stderr);
  }));

Deno.test("the program stops with 75 when its lock file is taken away", () =>
  inDir(async (dir) => {
    const program = startProgram(build(dir, { args: [] }));
    await program.waitFor("Market closed; skipping cycle.");
    await Deno.remove(`${dir}/state/execution.lock`);
    const { status, stdout } = await program.end();
    assertEquals(status, 75);
    assertStringIncludes(stdout, "] ERROR execution.lock was removed or replaced");
  }));

Deno.test("the program prints and writes no credential, also where one is refused", () =>
  inDir(async (dir) => {
    const env = {
      LIVE_TRADING: "1",
      LIVE_CONFIRM_TOKEN: "token-of-a-process",
      SLACK_WEBHOOK_URL: "https://hooks.slack.com.invalid/services/T0/B0/secret-hook",
    };
    const { stdout, stderr } = await runToEnd(build(dir, { env }));
    const secrets = ["token-of-a-process", "secret-hook", "s3cr3t-of-a-process", "PKPROCESSTEST"];
    for (const secret of secrets) assertFalse((stdout + stderr).includes(secret), secret);
  }));
