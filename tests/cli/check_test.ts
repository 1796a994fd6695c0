import { breakRows, rewriteClock, rewriteList } from "../support/rewritten.ts";
import { buildConfig, NO_RUN_FLAGS } from "../../src/runtime/config.ts";
import type { ProgramHost } from "../../src/cli/command.ts";
import type { Environment } from "../../src/runtime/environment.ts";
import { createClock } from "../../src/runtime/clock.ts";
import { isPermittedByDeno } from "../../src/runtime/permissions.ts";
import { acquireLock } from "../../src/state/instance_lock.ts";
import { SAMPLE_SETTINGS, sampleOpenMs } from "../simulator/scenario.ts";
import { type SimulatedProgram, withSimulatedProgram } from "../support/simulated_program.ts";
import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "../assert.ts";
import { inOperatorDir, runOperator } from "./operator_host.ts";
import { checkSwitchPlaces } from "../../src/cli/check_records.ts";
import { runRemedy } from "./remedy.ts";

const START_MS = sampleOpenMs() + 40 * 60_000;
const TOKEN = "token-of-the-check-test";
const LIVE: Environment = { ...SAMPLE_SETTINGS, LIVE_TRADING: "1", LIVE_CONFIRM_TOKEN: TOKEN };

interface Item {
  readonly name: string;
  readonly grade: "PASS" | "WARN" | "FAIL";
  readonly detail: string;
  readonly remedy: { readonly kind: string; readonly text: string } | null;
}

/** A host on which nothing but the simulator's address speaks against LIVE. */
function withReadyHost(
  act: (program: SimulatedProgram) => Promise<void>,
  startMs = START_MS,
): Promise<void> {
  return withSimulatedProgram({ startMs, speed: 1 }, async (program) => {
    await Deno.mkdir(program.stateDir, { mode: 0o700 });
    await Deno.chmod(program.stateDir, 0o700);
    const path = `${program.stateDir}/live_confirm_token.txt`;
    await Deno.writeTextFile(path, TOKEN);
    await Deno.chmod(path, 0o600);
    const environment = { ...LIVE, MAX_LIVE_ORDERS_PER_DAY: "1" };
    await program.run(["--run-once", "--ignore-market-hours"], environment);
    await act(program);
  });
}

async function check(
  program: SimulatedProgram,
  environment: Environment = LIVE,
  args: string[] = [],
) {
  const { status, lines } = await program.run(["check", "--json", ...args], environment);
  const report: { items: Item[]; verdict: string; exit_status: number } = JSON.parse(
    lines.join("\n"),
  );
  assertEquals(report.exit_status, status);
  return { status, ...report };
}

function find(items: readonly Item[], name: string): Item {
  const item = items.find((each) => each.name === name);
  assert(item !== undefined, name);
  return item;
}

Deno.test("check passes every item of a host that is ready for LIVE, and changes nothing", () =>
  withReadyHost(async (program) => {
    const before = await listTree(program.stateDir);
    const sent = program.simulator.exchange.requests.length;
    const { status, items, verdict } = await check(program);
    const others = items.filter(({ grade }) => grade !== "PASS").map(({ name }) => name)
      // Known only with a permission of the system that the tests do without.
      .filter((name) => name !== "disk space");
    assertEquals(others, ["endpoint", "slack"]);
    assertEquals([status, verdict], [0, "GO"]);
    assertEquals(items.at(-1)?.detail, "run would start LIVE: live trading confirmed");
    assertEquals(await listTree(program.stateDir), before);
    const asked = program.simulator.exchange.requests.slice(sent);
    assert(asked.length > 0);
    assert(asked.every(({ method }) => method === "GET"));
  }));

/** Names, content and modes of everything below, to see that nothing changed. */
async function listTree(dir: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    const path = `${dir}/${name}`;
    const { mode } = await Deno.stat(path);
    found.push(`${name} ${mode} ${isDirectory ? "" : await Deno.readTextFile(path)}`);
    if (isDirectory) found.push(...await listTree(path));
  }
  return found.sort();
}

/** One thing that is wrong, which item says it, and, where the remedy is a command on this host, that it helps. */
interface Case {
  readonly item: string;
  readonly when: string;
  readonly prepare?: (program: SimulatedProgram) => unknown;
  readonly environment?: Environment;
  /** With LIVE asked for, and without. */
  readonly grades: readonly [Item["grade"], Item["grade"]];
  readonly says: string;
  /** Exit status with LIVE asked for. */
  readonly status: number;
  readonly isRemedyRun?: boolean;
  readonly remedy?: string;
}

const rewrite =
  (name: string, change: (text: string) => string) => async (program: SimulatedProgram) => {
    const path = `${program.stateDir}/${name}`;
    await Deno.writeTextFile(path, change(await Deno.readTextFile(path)));
  };
const LEDGER = "live_orders_today.json";
const STATE = "execution_state.json";

const CASES: readonly Case[] = [
  {
    item: "configuration",
    when: "two variables are bad",
    environment: { EXECUTION_POLL_SECONDS: "soon", SLACK_ALERTS_MIN_LEVEL: "LOUD" },
    grades: ["FAIL", "FAIL"],
    says: 'EXECUTION_POLL_SECONDS is "soon"',
    status: 78,
    remedy: "edit.sh EXECUTION_POLL_SECONDS SLACK_ALERTS_MIN_LEVEL",
  },
  {
    item: "configuration",
    when: "a switch is in doubt",
    environment: { EXEC_V2_IGNORE_MARKET_HOURS: "perhaps" },
    grades: ["WARN", "WARN"],
    says: "EXEC_V2_IGNORE_MARKET_HOURS",
    status: 0,
  },
  {
    item: "credentials",
    when: "a key is missing",
    environment: { APCA_API_SECRET_KEY: "" },
    grades: ["FAIL", "FAIL"],
    says: "is not set",
    status: 78,
    remedy: "edit.sh APCA_API_KEY_ID APCA_API_SECRET_KEY",
  },
  {
    item: "credentials",
    when: "a key has a blank in it",
    environment: { APCA_API_SECRET_KEY: "two words" },
    grades: ["FAIL", "FAIL"],
    says: "APCA_API_SECRET_KEY holds a character that no key has",
    status: 78,
  },
  {
    item: "state directory",
    when: "it is missing",
    prepare: ({ stateDir }) => Deno.remove(stateDir, { recursive: true }),
    grades: ["WARN", "WARN"],
    says: "does not exist",
    status: 78,
    isRemedyRun: true,
  },
  {
    item: "state directory",
    when: "a file is in its place",
    prepare: async ({ stateDir }) => {
      await Deno.remove(stateDir, { recursive: true });
      await Deno.writeTextFile(stateDir, "");
    },
    grades: ["FAIL", "FAIL"],
    says: "is no directory",
    status: 78,
    isRemedyRun: true,
  },
  {
    item: "state directory",
    when: "others can write in it",
    prepare: ({ stateDir }) => Deno.chmod(stateDir, 0o770),
    grades: ["FAIL", "WARN"],
    says: "mode 770",
    status: 78,
    isRemedyRun: true,
  },
  {
    item: "state directory",
    when: "others can look into it",
    prepare: ({ stateDir }) => Deno.chmod(stateDir, 0o755),
    grades: ["WARN", "WARN"],
    says: "mode 755",
    status: 0,
    isRemedyRun: true,
  },
  {
    item: "state directory",
    when: "it can't be written durably",
    prepare: ({ stateDir }) =>
      Deno.mkdir(`${stateDir}/.check-${Deno.pid}/deep`, { recursive: true }),
    grades: ["FAIL", "FAIL"],
    says: "can't be written durably",
    status: 78,
  },
  {
    item: "lock",
    when: "a directory is in its place",
    prepare: async ({ stateDir }) => {
      await Deno.remove(`${stateDir}/execution.lock`);
      await Deno.mkdir(`${stateDir}/execution.lock`);
    },
    grades: ["FAIL", "FAIL"],
    says: "a directory is in the place",
    status: 78,
    isRemedyRun: true,
  },
  {
    item: "watchlist",
    when: "it is missing",
    prepare: ({ dir }) => Deno.remove(`${dir}/daily_candidates.csv`),
    grades: ["FAIL", "FAIL"],
    says: "Watchlist missing",
    status: 1,
  },
  {
    item: "watchlist",
    when: "it is stale",
    prepare: ({ dir }) => Deno.utime(`${dir}/daily_candidates.csv`, 0, 0),
    grades: ["FAIL", "FAIL"],
    says: "is of 1969-12-31, today is 2026-11-23",
    status: 2,
  },
  {
    item: "watchlist",
    when: "a column is missing",
    prepare: ({ dir, simulator }) =>
      replaceWatchlist(dir, simulator.nowMs(), "Symbol,Price\nA,1\n"),
    grades: ["FAIL", "FAIL"],
    says: "missing columns Entry_Level",
    status: 1,
  },
  {
    item: "watchlist",
    when: "its scan is older than the previous session",
    prepare: async ({ dir, simulator }) => {
      const text = await Deno.readTextFile(`${dir}/daily_candidates.csv`);
      const old = text.replaceAll("2026-11-22", "2026-11-19");
      await replaceWatchlist(dir, simulator.nowMs(), old);
    },
    grades: ["WARN", "WARN"],
    says: "line 2: ScanDate is 2026-11-19, the previous session was 2026-11-20",
    status: 0,
  },
  {
    item: "watchlist",
    when: "its time lies ahead of now",
    prepare: async ({ dir, simulator }) => {
      const text = await Deno.readTextFile(`${dir}/daily_candidates.csv`);
      await replaceWatchlist(dir, simulator.nowMs() + 3_600_000, text);
    },
    grades: ["WARN", "WARN"],
    says: "lies ahead of now",
    status: 0,
  },
  {
    item: "watchlist",
    when: "its last line has no end",
    prepare: async ({ dir, simulator }) => {
      const text = await Deno.readTextFile(`${dir}/daily_candidates.csv`);
      await replaceWatchlist(dir, simulator.nowMs() + 3_600_000, text.trimEnd());
    },
    grades: ["WARN", "WARN"],
    says: "its last line has no end and is not used yet",
    status: 0,
  },
  {
    item: "watchlist",
    when: "it is over 4 MB",
    prepare: ({ dir, simulator }) =>
      replaceWatchlist(dir, simulator.nowMs(), "\n".repeat(4 * 1024 * 1024 + 1)),
    grades: ["FAIL", "FAIL"],
    says: "Watchlist refused",
    status: 1,
  },
  {
    item: "watchlist",
    when: "a row is dropped",
    prepare: async ({ dir, simulator }) => {
      const text = await Deno.readTextFile(`${dir}/daily_candidates.csv`);
      await replaceWatchlist(dir, simulator.nowMs(), text.replace("124.2", "x"));
    },
    grades: ["WARN", "WARN"],
    says: 'line 2 NVDA: Entry_Level "x" is not a number',
    status: 0,
  },
  {
    item: "broker",
    when: "it does not answer",
    prepare: ({ simulator }) => simulator.setFaults(() => ({ kind: "status", status: 503 })),
    grades: ["FAIL", "FAIL"],
    says: "Cannot read market clock",
    status: 69,
  },
  {
    item: "endpoint",
    when: "the broker refuses the keys",
    environment: { APCA_API_SECRET_KEY: "another-key" },
    grades: ["FAIL", "FAIL"],
    says: "HTTP 401",
    status: 78,
    remedy: "ALPACA_PAPER",
  },
  {
    item: "endpoint",
    when: "the broker refuses the keys in its other words",
    prepare: ({ simulator }) =>
      simulator.setFaults(() => ({
        kind: "status",
        status: 403,
        body: '{"message":"forbidden."}',
      })),
    grades: ["FAIL", "FAIL"],
    says: "check APCA_API_KEY_ID, APCA_API_SECRET_KEY",
    status: 78,
    remedy: "ALPACA_PAPER",
  },
  {
    item: "endpoint",
    when: "the ledger is of another account",
    prepare: rewrite(LEDGER, (text) => text.replace(/"account_id": "/, "$&other-")),
    grades: ["FAIL", "WARN"],
    says: "another host or account",
    status: 78,
  },
  {
    item: "account",
    when: "it is blocked",
    prepare: ({ simulator }) => void (simulator.exchange.behaviour.isTradingBlocked = true),
    grades: ["FAIL", "WARN"],
    says: "it is blocked",
    status: 78,
  },
  {
    item: "account",
    when: "trading is suspended in its configuration",
    prepare: ({ simulator }) => void (simulator.exchange.behaviour.isSuspended = true),
    grades: ["FAIL", "WARN"],
    says: "suspend_trade is on",
    status: 78,
  },
  {
    item: "account",
    when: "its configuration can't be read",
    prepare: ({ simulator }) => failPath(simulator, "/v2/account/configurations"),
    grades: ["WARN", "WARN"],
    says: "can't be read",
    status: 0,
  },
  {
    item: "clock",
    when: "host and broker are 40 s apart",
    prepare: ({ simulator }) => void (simulator.exchange.behaviour.clockSkewMs = 40_000),
    grades: ["FAIL", "WARN"],
    says: "40.0 s apart",
    status: 78,
    remedy: "timedatectl",
  },
  {
    item: "clock",
    when: "host and broker are 4 s apart",
    prepare: ({ simulator }) => void (simulator.exchange.behaviour.clockSkewMs = -4_000),
    grades: ["WARN", "WARN"],
    says: "4.0 s apart",
    status: 0,
  },
  {
    item: "clock",
    when: "the broker's clock contradicts itself",
    prepare: ({ simulator }) =>
      simulator.setFaults(rewriteClock({ next_close: "2026-11-20T16:00:00-05:00" })),
    grades: ["FAIL", "WARN"],
    says: "the broker's clock contradicts itself: it says open",
    status: 78,
  },
  {
    item: "clock",
    when: "the broker's clock contradicts the calendar",
    prepare: ({ simulator }) => simulator.setFaults(rewriteClock({ is_open: false })),
    grades: ["FAIL", "WARN"],
    says: "contradicts itself: it says closed, and the calendar's session is from",
    status: 78,
  },
  {
    item: "rows",
    when: "a position can't be parsed",
    prepare: ({ simulator }) => {
      simulator.exchange.setPosition("TSLA", 3, 160);
      simulator.setFaults(breakRows("/v2/positions", "TSLA", { qty: "three" }));
    },
    grades: ["WARN", "WARN"],
    says: "position TSLA can't be read (qty is missing or not what it should be)",
    status: 0,
    remedy: "cancel or close it there",
  },
  {
    item: "rows",
    when: "a working order can't be parsed",
    prepare: ({ simulator }) =>
      simulator.setFaults(rewriteList("/v2/orders", (rows) => [...rows, { client_order_id: "x" }])),
    grades: ["WARN", "WARN"],
    says: "order x without a symbol can't be read",
    status: 0,
  },
  {
    item: "account",
    when: "it has no equity",
    prepare: ({ simulator }) =>
      simulator.setFaults(({ path }) =>
        path !== "/v2/account" ? null : {
          kind: "rewritten",
          rewrite: (body) => JSON.stringify({ ...JSON.parse(body), equity: undefined }),
        }
      ),
    grades: ["WARN", "WARN"],
    says: "without an equity",
    status: 0,
  },
  {
    item: "calendar",
    when: "it can't be read",
    prepare: ({ simulator }) => failPath(simulator, "/v2/calendar"),
    grades: ["WARN", "WARN"],
    says: "a half day's close is not known",
    status: 0,
  },
  {
    item: "calendar",
    when: "a day's row can't be read",
    prepare: ({ simulator }) =>
      simulator.setFaults(
        rewriteList("/v2/calendar", (rows) => [...rows, { date: "2026-11-28", open: "" }]),
      ),
    grades: ["WARN", "WARN"],
    says: "the broker's row of 2026-11-28 can't be read (open is missing",
    status: 0,
  },
  {
    item: "market data",
    when: "the plan lacks the feed",
    environment: { ALPACA_DATA_FEED: "sip" },
    prepare: ({ simulator }) => void (simulator.exchange.behaviour.hasRealTimeSip = false),
    grades: ["WARN", "WARN"],
    says: "subscription does not permit",
    status: 0,
  },
  {
    item: "market data",
    when: "the latest trade is old",
    prepare: ({ simulator }) => {
      simulator.exchange.halt("NVDA");
      // The host's clock goes with it, so that only the trade is old.
      simulator.advanceTo(simulator.nowMs() + 20 * 60_000);
    },
    grades: ["WARN", "WARN"],
    says: "s old, while the market is open",
    status: 78,
  },
  {
    item: "live ledger",
    when: "it is missing",
    prepare: ({ stateDir }) => Deno.remove(`${stateDir}/${LEDGER}`),
    grades: ["FAIL", "WARN"],
    says: "missing",
    status: 78,
    isRemedyRun: true,
  },
  {
    item: "live ledger",
    when: "it is no JSON",
    prepare: rewrite(LEDGER, () => "{"),
    grades: ["FAIL", "WARN"],
    says: "unreadable",
    status: 78,
    isRemedyRun: true,
  },
  {
    item: "live ledger",
    when: "it is wrong",
    prepare: rewrite(LEDGER, (text) =>
      text.replace(/"entries": \[/, '"entries": [{},')
        .replace("{},]", "{}]")),
    grades: ["FAIL", "WARN"],
    says: "invalid",
    status: 78,
    isRemedyRun: true,
  },
  {
    item: "live ledger",
    when: "the broker shows an order of ours that it lacks",
    prepare: ({ simulator }) =>
      simulator.exchange.placeByHand({
        symbol: "MSFT",
        qty: "1",
        side: "buy",
        type: "market",
        time_in_force: "day",
        client_order_id: "avwap-from-elsewhere",
      }),
    grades: ["FAIL", "WARN"],
    says: "avwap-from-elsewhere is at the broker, and the ledger lacks it",
    status: 78,
    isRemedyRun: true,
  },
  {
    item: "live ledger",
    when: "the day had two mismatches",
    prepare: rewrite(LEDGER, (text) => text.replace('"mismatches": 0', '"mismatches": 2')),
    grades: ["FAIL", "WARN"],
    says: "2 mismatches",
    status: 78,
    isRemedyRun: true,
  },
  {
    item: "engine state",
    when: "it is damaged",
    prepare: rewrite(STATE, () => "{"),
    grades: ["FAIL", "WARN"],
    says: "the next cycle rebuilds it",
    status: 78,
    isRemedyRun: true,
  },
  {
    item: "engine state",
    when: "it is of a newer release",
    prepare: rewrite(STATE, (text) => text.replace(/"major": \d+/, '"major": 99')),
    grades: ["FAIL", "WARN"],
    says: "run the release that wrote it",
    status: 78,
    isRemedyRun: true,
  },
  {
    item: "token",
    when: "the file is missing",
    prepare: ({ stateDir }) => Deno.remove(`${stateDir}/live_confirm_token.txt`),
    grades: ["FAIL", "WARN"],
    says: "no token file",
    status: 78,
    isRemedyRun: true,
  },
  {
    item: "token",
    when: "the file is empty",
    prepare: rewrite("live_confirm_token.txt", () => "\n"),
    grades: ["FAIL", "WARN"],
    says: "is empty",
    status: 78,
    isRemedyRun: true,
  },
  {
    item: "token",
    when: "others can read it",
    prepare: ({ stateDir }) => Deno.chmod(`${stateDir}/live_confirm_token.txt`, 0o644),
    grades: ["FAIL", "WARN"],
    says: "mode 644, not 600",
    status: 78,
    isRemedyRun: true,
  },
  {
    item: "token",
    when: "the environment has another",
    environment: { LIVE_CONFIRM_TOKEN: "another-token" },
    grades: ["FAIL", "WARN"],
    says: "LIVE_CONFIRM_TOKEN mismatch",
    status: 78,
    remedy: "edit.sh LIVE_CONFIRM_TOKEN  # what /",
  },
  {
    item: "kill switch",
    when: "the file is there",
    prepare: ({ stateDir }) => Deno.writeTextFile(`${stateDir}/KILL_SWITCH`, ""),
    grades: ["FAIL", "WARN"],
    says: "on (file)",
    status: 78,
    isRemedyRun: true,
  },
  {
    item: "kill switch",
    when: "the environment has it",
    environment: { KILL_SWITCH: "1" },
    grades: ["FAIL", "WARN"],
    says: "on (environment)",
    status: 78,
    remedy: "edit.sh KILL_SWITCH ",
  },
  {
    item: "caps",
    when: "one is not set",
    environment: { MAX_LIVE_POSITIONS: "" },
    grades: ["WARN", "WARN"],
    says: "at their defaults: MAX_LIVE_POSITIONS",
    status: 0,
  },
  {
    item: "caps",
    when: "one is above the default while LIVE is asked for",
    environment: { MAX_LIVE_POSITIONS: "6" },
    grades: ["WARN", "PASS"],
    says: "MAX_LIVE_POSITIONS",
    status: 0,
  },
  {
    item: "caps",
    when: "one is no number",
    environment: { MAX_LIVE_GROSS_NOTIONAL: "500$" },
    grades: ["FAIL", "WARN"],
    says: 'MAX_LIVE_GROSS_NOTIONAL is "500$": give a plain number of USD above 0',
    remedy: "edit.sh MAX_LIVE_GROSS_NOTIONAL  #",
    status: 78,
  },
  {
    item: "caps",
    when: "several limits are none, each is named, and the configuration has none of them",
    environment: { MAX_LIVE_POSITIONS: "0", MAX_LIVE_LOSS_PER_DAY: "-5", ALLOWLIST_SYMBOLS: "," },
    grades: ["FAIL", "WARN"],
    says: 'MAX_LIVE_POSITIONS is "0": give a whole number above 0, or nothing; ' +
      'MAX_LIVE_LOSS_PER_DAY is "-5": give a plain number of USD above 0, or nothing for no limit; ' +
      "LIVE is blocked until then",
    remedy: "edit.sh MAX_LIVE_POSITIONS MAX_LIVE_LOSS_PER_DAY  #",
    status: 78,
  },
  {
    item: "allowlist",
    when: "it is not set",
    environment: { ALLOWLIST_SYMBOLS: "" },
    grades: ["WARN", "WARN"],
    says: "every symbol is allowed",
    status: 0,
  },
  {
    item: "allowlist",
    when: "it names nothing",
    environment: { ALLOWLIST_SYMBOLS: "," },
    grades: ["FAIL", "WARN"],
    says: 'ALLOWLIST_SYMBOLS is ",": give tickers with commas between them, or nothing; LIVE is',
    status: 78,
  },
  {
    item: "mode",
    when: "DRY_RUN stands beside LIVE_TRADING",
    environment: { DRY_RUN: "1" },
    grades: ["WARN", "PASS"],
    says: "run would start in DRY_RUN: DRY_RUN enabled",
    status: 0,
  },
  {
    item: "record files",
    when: "a directory is in the event log's place",
    prepare: async ({ stateDir }) => {
      await Deno.remove(`${stateDir}/events-2026-11-23.jsonl`);
      await Deno.mkdir(`${stateDir}/events-2026-11-23.jsonl`);
    },
    grades: ["FAIL", "WARN"],
    says: "a directory is in the place of",
    status: 78,
    isRemedyRun: true,
  },
  {
    item: "record files",
    when: "the archive is a file",
    prepare: async ({ stateDir }) => {
      await Deno.remove(`${stateDir}/archive`, { recursive: true });
      await Deno.writeTextFile(`${stateDir}/archive`, "");
    },
    grades: ["FAIL", "WARN"],
    says: "in the place of the directory",
    status: 78,
    isRemedyRun: true,
  },
  {
    item: "record files",
    when: "temporary names are taken by directories with files in them",
    prepare: async ({ stateDir }) => {
      await Deno.mkdir(`${stateDir}/${LEDGER}.tmp/x`, { recursive: true });
      await Deno.mkdir(`${stateDir}/${STATE}.tmp/x`, { recursive: true });
    },
    grades: ["FAIL", "WARN"],
    says: "can't be replaced",
    status: 78,
    isRemedyRun: true,
  },
  {
    item: "DRY_RUN ledger",
    when: "it is no JSON",
    prepare: ({ stateDir }) => Deno.writeTextFile(`${stateDir}/dry_run_ledger.json`, "{"),
    grades: ["WARN", "WARN"],
    says: "DRY_RUN simulates no entry",
    status: 0,
    isRemedyRun: true,
  },
  {
    item: "DRY_RUN ledger",
    when: "its temporary name is taken",
    prepare: ({ stateDir }) =>
      Deno.mkdir(`${stateDir}/dry_run_ledger.json.tmp/x`, { recursive: true }),
    grades: ["WARN", "WARN"],
    says: "can't be replaced",
    status: 0,
    isRemedyRun: true,
  },
  {
    item: "entries",
    when: "they are paused",
    prepare: ({ stateDir }) => Deno.writeTextFile(`${stateDir}/ENTRIES_PAUSED`, ""),
    grades: ["WARN", "WARN"],
    says: "exits and stops go on",
    status: 0,
    isRemedyRun: true,
  },
  {
    item: "orders",
    when: "they can't be read",
    prepare: ({ simulator }) => failPath(simulator, "/v2/orders"),
    grades: ["FAIL", "WARN"],
    says: "Cannot read orders",
    status: 78,
  },
  {
    item: "bars",
    when: "they can't be read",
    prepare: ({ simulator }) => failPath(simulator, "/v2/stocks/bars"),
    grades: ["WARN", "WARN"],
    says: "Cannot read bars",
    status: 0,
  },
  {
    item: "mode",
    when: "positions can't be read",
    prepare: ({ simulator }) => failPath(simulator, "/v2/positions"),
    grades: ["FAIL", "PASS"],
    says: "run would start in DRY_RUN",
    status: 78,
  },
];

function failPath(simulator: SimulatedProgram["simulator"], path: string): void {
  simulator.setFaults((request) => request.path === path ? { kind: "status", status: 500 } : null);
}

async function replaceWatchlist(dir: string, nowMs: number, text: string): Promise<void> {
  await Deno.writeTextFile(`${dir}/daily_candidates.csv`, text);
  await Deno.utime(`${dir}/daily_candidates.csv`, nowMs / 1000, nowMs / 1000);
}

for (const each of CASES) {
  const { item: name, when, prepare, environment = {}, grades, says, status } = each;
  Deno.test(`check says ${grades[0]} (${grades[1]} without LIVE) for ${name} when ${when}`, () =>
    withReadyHost(async (program) => {
      await prepare?.(program);
      const live = { ...LIVE, ...environment };
      const asked = await check(program, live);
      const item = find(asked.items, name);
      assertEquals([item.grade, asked.status], [grades[0], status], JSON.stringify(asked.items));
      assertStringIncludes(item.detail, says);
      if (each.remedy !== undefined) assertStringIncludes(item.remedy?.text ?? "", each.remedy);
      const off = await check(program, { ...live, LIVE_TRADING: "" });
      assertEquals(find(off.items, name).grade, grades[1]);
      if (each.isRemedyRun !== true) return;
      assertEquals(item.remedy?.kind, "command");
      const after = await runRemedy(program, item.remedy?.text ?? "", live);
      const helped = find((await check(program, after)).items, name);
      assertEquals([helped.grade, helped.detail], ["PASS", helped.detail]);
    }));
}

Deno.test("check says nothing of the files of a state directory that can't be used, but that it does not know", () =>
  inOperatorDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/state`, "");
    const { out } = await runOperator(["check", "--json"], { AVWAP_STATE_DIR: `${dir}/state` });
    const { items }: { items: Item[] } = JSON.parse(out);
    assertEquals(find(items, "state directory").grade, "FAIL");
    for (const name of ["lock", "live ledger", "engine state", "token", "kill switch", "mode"]) {
      const { grade, detail, remedy } = find(items, name);
      assertEquals([grade, remedy], ["WARN", null], name);
      assertEquals(detail, "not known: the state directory can't be used");
    }
  }));

Deno.test("check names the holder of the lock, and stops the service before a rebuild", () =>
  withReadyHost(async (program) => {
    const path = `${program.stateDir}/execution.lock`;
    await Deno.remove(`${program.stateDir}/${LEDGER}`);
    const lock = await acquireLock({ path, pid: 99, clock: createClock() });
    assert(lock.kind === "held");
    const { items } = await check(program);
    await lock.release();
    assertEquals(find(items, "lock").detail, "held by process 99");
    assertEquals(
      find(items, "live ledger").remedy?.text,
      "systemctl stop execution.service && avwap-execution ledger rebuild --yes && " +
        "systemctl start execution.service",
    );
  }));

Deno.test("check names a doubt beside what run would refuse, and a bad limit at its own item alone", () =>
  inOperatorDir(async (dir) => {
    const environment = {
      AVWAP_STATE_DIR: dir,
      EXECUTION_POLL_SECONDS: "soon",
      KILL_SWITCH: "maybe",
      MAX_LIVE_GROSS_NOTIONAL: "1,000",
    };
    const { out } = await runOperator(["check", "--json"], environment);
    const { items }: { items: Item[] } = JSON.parse(out);
    const { grade, detail } = find(items, "configuration");
    assertEquals(grade, "FAIL");
    assertStringIncludes(detail, 'EXECUTION_POLL_SECONDS is "soon"');
    assertStringIncludes(detail, "KILL_SWITCH is neither on");
    assertFalse(detail.includes("MAX_LIVE_GROSS_NOTIONAL"), detail);
    assertStringIncludes(find(items, "caps").detail, "MAX_LIVE_GROSS_NOTIONAL");
  }));

Deno.test("check warns of variables that nothing reads", () =>
  inOperatorDir(async (dir) => {
    const misspelt = [{
      written: "MAX_LIVE_ORDER_PER_DAY",
      meant: "MAX_LIVE_ORDERS_PER_DAY",
    }] as const;
    const { out } = await runOperator(["check"], { AVWAP_STATE_DIR: dir }, { misspelt });
    assertMatch(out, /^WARN variables +set and not read by anything/m);
    assertStringIncludes(out, "rename MAX_LIVE_ORDER_PER_DAY to MAX_LIVE_ORDERS_PER_DAY");
  }));

Deno.test("check says what this process may not do, and asks no broker that it may not reach", () =>
  withReadyHost(async (program) => {
    const cases: [Parameters<ProgramHost["isPermitted"]>[0]["name"], string][] = [
      ["write", "AVWAP_STATE_DIR is"],
      ["net", "may not connect to"],
    ];
    for (const [name, says] of cases) {
      const asked = program.simulator.exchange.requests.length;
      const { status, out } = await runOperator(["check"], {
        ...buildEnvironment(program),
        ...LIVE,
      }, { isPermitted: (need) => need.name !== name, fetch, clock: createClock() });
      assertEquals(status === 78 || status === 2, true, out);
      assertMatch(out, /^FAIL permissions/m);
      assertStringIncludes(out.replaceAll(/\s+/g, " "), says);
      if (name === "net") assertEquals(program.simulator.exchange.requests.length, asked);
    }
  }));

function buildEnvironment({ dir, stateDir, simulator }: SimulatedProgram): Environment {
  return {
    APCA_API_KEY_ID: "SIMKEYID",
    APCA_API_SECRET_KEY: "sim-secret-key",
    APCA_API_BASE_URL: simulator.url,
    APCA_API_DATA_URL: simulator.url,
    AVWAP_BASE_DIR: dir,
    AVWAP_STATE_DIR: stateDir,
  };
}

Deno.test("check sends no key anywhere while the endpoint is not what the operator wrote", () =>
  inOperatorDir(async (dir) => {
    const calls: string[] = [];
    const { status, out } = await runOperator(["check"], {
      AVWAP_STATE_DIR: dir,
      APCA_API_KEY_ID: "PKTEST",
      APCA_API_SECRET_KEY: "s3cr3t-of-check",
      ALPACA_PAPER: "1",
      APCA_API_BASE_URL: "https://api.alpaca.markets",
    }, {
      isPermitted: isPermittedByDeno,
      fetch: (input) => {
        calls.push(String(input));
        return Promise.reject(new TypeError("no network"));
      },
    });
    assertEquals(calls, []);
    assert(status !== 0);
    assertMatch(out, /^FAIL configuration +ALPACA_PAPER selects paper/m);
    assertStringIncludes(out, "edit.sh ALPACA_PAPER APCA_API_BASE_URL");
    assertMatch(out, /^WARN broker +not asked: the endpoint is not valid$/m);
    assertFalse(out.includes("s3cr3t-of-check"));
  }));

const CLOSED: { when: string; atMs: number; live: Environment; grade: string; says: string }[] = [
  {
    when: "LIVE is on after the close",
    atMs: sampleOpenMs() + 7 * 3_600_000,
    live: LIVE,
    grade: "WARN",
    says: "LIVE is on after the close; the next session opens 2026-11-24 09:30:00 EST",
  },
  {
    when: "LIVE is on before the open",
    atMs: sampleOpenMs() - 3_600_000,
    live: LIVE,
    grade: "PASS",
    says: "LIVE is on for today's session",
  },
  {
    when: "DRY_RUN is on after the close",
    atMs: sampleOpenMs() + 7 * 3_600_000,
    live: { ...LIVE, DRY_RUN: "1" },
    grade: "PASS",
    says: "LIVE is not left on",
  },
];

for (const { when, atMs, live, grade, says } of CLOSED) {
  Deno.test(`check says ${grade} for overnight when ${when}`, () =>
    withReadyHost(async (program) => {
      const item = find((await check(program, live)).items, "overnight");
      assertEquals([item.grade, item.detail], [grade, says]);
    }, atMs));
}

Deno.test("check tells a half day and a day without a session", async () => {
  await withReadyHost(async (program) => {
    const { detail } = find((await check(program)).items, "calendar");
    assertEquals(detail, "HALF DAY, session 09:30 to 13:00, open now");
  }, sampleOpenMs("2026-11-27") + 3_600_000);
  await withReadyHost(async (program) => {
    const { detail } = find((await check(program)).items, "calendar");
    assertStringIncludes(detail, "no session today; the next opens 2026-11-27 09:30:00 EST");
  }, sampleOpenMs("2026-11-25") + 24 * 3_600_000);
});

Deno.test("check --slack-test sends one message, and FAILs where it does not arrive", () =>
  withReadyHost(async (program) => {
    const texts: string[] = [];
    let status = 200;
    const slack = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async (request) => {
        texts.push(await request.text());
        return new Response(status === 200 ? "ok" : "no_service", { status });
      },
    );
    try {
      const url = `http://127.0.0.1:${slack.addr.port}/hook-of-the-test`;
      const environment = { ...LIVE, SLACK_WEBHOOK_URL: url, SLACK_ALERTS_MIN_LEVEL: "ERROR" };
      assertEquals(find((await check(program, environment)).items, "slack").grade, "PASS");
      assertEquals(texts, []);
      const sent = await check(program, environment, ["--slack-test"]);
      assertEquals(find(sent.items, "slack").detail, "the test message was delivered");
      assertEquals(texts.length, 1);
      assertStringIncludes(texts[0] ?? "", "[AVWAP][EXECUTION][INFO] Slack test");
      status = 404;
      const lost = await check(program, environment, ["--slack-test"]);
      const item = find(lost.items, "slack");
      assertEquals([item.grade, lost.status], ["FAIL", 78]);
      assertFalse(JSON.stringify(lost.items).includes("hook-of-the-test"));
    } finally {
      await slack.shutdown();
    }
  }));

Deno.test("check and --check print the same lines, remedies whole, within 80 columns but for paths", () =>
  inOperatorDir(async (dir) => {
    const env = { AVWAP_STATE_DIR: `${dir}/state`, LIVE_TRADING: "1" };
    const named = await runOperator(["check"], env);
    const bare = await runOperator(["--check"], env);
    assertEquals(bare, named);
    assertEquals(named.status, 1);
    assertMatch(named.out, /^ {5}\$ mkdir -m 700 -p \S+\/state$/m);
    assertMatch(named.out, /^\d+ PASS, \d+ WARN, \d+ FAIL: NO-GO$/m);
    for (const line of named.out.split("\n")) {
      assert(
        line.length <= 80 || line.startsWith("PASS ") || line.includes("/") ||
          line.startsWith("     $"),
        line,
      );
    }
    assertEquals((await runOperator(["--check", "--check"], env)).status, 64);
    assertEquals((await runOperator(["--check", "--bogus"], env)).status, 64);
    assertStringIncludes((await runOperator(["--check", "--help"], env)).out, "--slack-test");
    const coloured = await runOperator(["check"], env, { isTerminal: true });
    assertStringIncludes(coloured.out, "\x1b[31;1mFAIL\x1b[0m");
    const refused = { isTerminal: true, isColourRefused: true };
    assertEquals(await runOperator(["check"], env, refused), named);
  }));

Deno.test("check begins with what is not PASS, then names the rest on one line, with --verbose its reasons", () =>
  withReadyHost(async (program) => {
    const listGrades = (lines: readonly string[]) =>
      lines.join("\n").split("\n").map((line) => line.split(" ", 1)[0] ?? "")
        .filter((word) => ["PASS", "WARN", "FAIL"].includes(word));
    const { lines } = await program.run(["check"], LIVE);
    const grades = listGrades(lines);
    assertEquals(grades.at(-1), "PASS");
    assertEquals(grades.filter((grade) => grade === "PASS").length, 1);
    const pass = lines.join("\n").split("\n").find((line) => line.startsWith("PASS ")) ?? "";
    assertStringIncludes(pass, "PASS time zone, configuration, ");
    assertStringIncludes(pass, ", mode");
    assertStringIncludes(lines.join("\n"), "\nrun would start LIVE: live trading confirmed\n");
    const verbose = await program.run(["check", "--verbose"], LIVE);
    const all = listGrades(verbose.lines);
    assert(all.filter((grade) => grade === "PASS").length > 10);
    assertEquals(all, [...all].sort((a, b) => Number(a === "PASS") - Number(b === "PASS")));
    assertStringIncludes(verbose.lines.join("\n"), "run would start LIVE");
  }));

Deno.test("check for the journal says what is not PASS alone, a line each with its priority", () =>
  withReadyHost(async (program) => {
    const service = { notify: null, isJournal: true };
    const { status, lines } = await program.run(["check"], LIVE, { service });
    assertEquals(status, 0);
    const said = lines.join("\n").split("\n");
    assert(said.length > 0 && said.every((line) => /^<[34]>(WARN|FAIL) /.test(line)), lines.join());
    assertStringIncludes(said.join("\n"), "<4>WARN slack: ");
  }));

Deno.test("a kill switch in another place is named, and the remedy takes it away there", () =>
  withReadyHost(async (program) => {
    const base = `${program.dir}/base`;
    await Deno.mkdir(`${base}/state`, { recursive: true });
    await Deno.writeTextFile(`${base}/state/KILL_SWITCH`, "");
    const env = {
      ...LIVE,
      AVWAP_BASE_DIR: base,
      WATCHLIST_FILE: `${program.dir}/daily_candidates.csv`,
    };
    const item = find((await check(program, env)).items, "kill switch");
    assertEquals(item.grade, "FAIL");
    assertStringIncludes(item.detail, `${base}/state/KILL_SWITCH`);
    await runRemedy(program, item.remedy?.text ?? "", env);
    assertEquals(find((await check(program, env)).items, "kill switch").grade, "PASS");
  }));

Deno.test("check FAILs before LIVE where a kill switch in another place would not be seen", () => {
  const places = { stateDir: "/own", otherStateDirs: ["/root/x/state"] };
  const looks = [
    { path: "/own/KILL_SWITCH", dir: "/own", isOwn: true, found: "absent", problem: "" },
    {
      path: "/root/x/state/KILL_SWITCH",
      dir: "/root/x/state",
      isOwn: false,
      found: "unknown",
      problem: "permission denied",
    },
  ] as const;
  assertEquals(looks.length, 1 + places.otherStateDirs.length);
  const item = checkSwitchPlaces(looks, true);
  assertEquals([item.grade, checkSwitchPlaces(looks, false).grade], ["FAIL", "WARN"]);
  assertStringIncludes(item.remedy?.text ?? "", "BindPaths=-/root/x/state");
  assertEquals(checkSwitchPlaces(looks.slice(0, 1), true).grade, "PASS");
});

Deno.test("on real money check FAILs before LIVE for a record without an account, and its remedy helps", () =>
  withReadyHost(async (program) => {
    const { url } = program.simulator;
    // The broker's own host is the simulator here: the endpoint is money by its name.
    const money: Partial<ProgramHost> = {
      fetch: (input, init) =>
        fetch(String(input).replace(/^https:\/\/(data|api)\.alpaca\.markets/, url), init),
    };
    const env = {
      ...LIVE,
      ALPACA_PAPER: "0",
      APCA_API_BASE_URL: "",
      APCA_API_DATA_URL: "",
    };
    const ask = async () => {
      const { lines } = await program.run(["check", "--json"], env, money);
      const { items }: { items: Item[] } = JSON.parse(lines.join("\n"));
      return find(items, "record owner");
    };
    for (const name of [LEDGER, STATE]) {
      await rewrite(name, (text) => {
        const record = JSON.parse(text);
        return JSON.stringify({ ...record, account_id: null, host: null });
      })(program);
    }
    const item = await ask();
    assertEquals(item.grade, "FAIL");
    assertStringIncludes(item.detail, `${LEDGER}, ${STATE} name no account`);
    const run: SimulatedProgram["run"] = (args, environment) =>
      program.run(args, environment, money);
    await runRemedy({ ...program, run }, item.remedy?.text ?? "", env);
    assertEquals((await ask()).detail, "no record is without an account");
  }));

Deno.test("the sample settings are what the table above believes", () => {
  const { config } = buildConfig(
    { ...LIVE, APCA_API_KEY_ID: "k", APCA_API_SECRET_KEY: "s" },
    NO_RUN_FLAGS,
  );
  assertEquals(config.engine.caps?.grossNotionalUsd, 1500);
});

Deno.test("check asks the healthcheck once, and WARNs where it is bad, out of reach or silent", () =>
  withReadyHost(async (program) => {
    const grade = async (url: string) => {
      const { items, status } = await check(program, { ...LIVE, HEALTHCHECK_URL: url });
      const { detail, grade } = find(items, "healthcheck");
      assertFalse(JSON.stringify(items).includes("a-secret"), detail);
      return { grade, detail, status };
    };
    const { items, status } = await check(program);
    assertEquals(items.some(({ name }) => name === "healthcheck"), false);
    let asked = 0;
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => {
      asked++;
      return new Response("OK");
    });
    try {
      const url = `http://127.0.0.1:${server.addr.port}/a-secret`;
      assertEquals(await grade(url), {
        grade: "PASS",
        detail: "HEALTHCHECK_URL answered",
        status,
      });
      assertEquals(asked, 1);
    } finally {
      await server.shutdown();
    }
    const silent = await grade("http://127.0.0.1:1/a-secret");
    assertEquals([silent.grade, silent.status], ["WARN", status]);
    assertStringIncludes(silent.detail, "does not answer (network)");
    const bad = await grade("http://hc.example/a-secret");
    assertEquals([bad.grade, bad.status], ["WARN", status]);
    assertStringIncludes(bad.detail, "is not usable");
  }));
