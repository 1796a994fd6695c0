import { breakRows, rewriteClock } from "../support/rewritten.ts";
import { NO_TARGET_USD } from "../../src/domain/plan/adoption.ts";
import { acquireLock } from "../../src/state/instance_lock.ts";
import { probeLock } from "../../src/state/lock_probe.ts";
import { createClock } from "../../src/runtime/clock.ts";
import { buildStateText, parseState } from "../../src/state/state_format.ts";
import { createPaint } from "../../src/cli/colour.ts";
import { formatOpen } from "../../src/cli/status_open.ts";
import { formatStatus } from "../../src/cli/status_text.ts";
import { SAMPLE_SETTINGS, sampleOpenMs } from "../simulator/scenario.ts";
import { type SimulatedProgram, withSimulatedProgram } from "../support/simulated_program.ts";
import { assert, assertEquals, assertFalse, assertMatch, assertStringIncludes } from "../assert.ts";
import { inOperatorDir, runOperator } from "./operator_host.ts";

const START_MS = sampleOpenMs() + 40 * 60_000;
const AT_ONCE = ["--run-once", "--entry-delay-min=0", "--entry-delay-max=0"];
const TOKEN = "token-of-the-status-test";
const LIVE = { ...SAMPLE_SETTINGS, LIVE_TRADING: "1", LIVE_CONFIRM_TOKEN: TOKEN };

/** A LIVE day on which NVDA was bought. */
function withPosition(act: (program: SimulatedProgram) => Promise<void>) {
  return withSimulatedProgram({ startMs: START_MS, speed: 1 }, async (program) => {
    await Deno.mkdir(program.stateDir);
    await Deno.writeTextFile(`${program.stateDir}/live_confirm_token.txt`, TOKEN);
    for (let cycle = 0; cycle < 3; cycle++) {
      await program.run(AT_ONCE, LIVE);
      program.simulator.advanceTo(program.simulator.nowMs() + 2_000);
    }
    await act(program);
  });
}

function assertNarrow(text: string): void {
  for (const line of text.split("\n")) assert(line.length <= 80, line);
}

Deno.test("status of a first start needs neither state directory nor credentials", () =>
  inOperatorDir(async (dir) => {
    const env = { AVWAP_STATE_DIR: `${dir}/state`, AVWAP_BASE_DIR: "/base" };
    const { status, out, error } = await runOperator(["status"], env);
    assertEquals([status, error], [0, ""]);
    assertMatch(out, /^Mode +DRY_RUN: LIVE_TRADING disabled$/m);
    assertMatch(out, /^Broker +paper paper-api\.alpaca\.markets$/m);
    assertMatch(out, /^Kill switch +off$/m);
    assertMatch(out, /^Service +no process holds the state directory$/m);
    assertStringIncludes(
      out.replaceAll(/\s+/g, " "),
      `State dir ${dir}/state DOES NOT EXIST: nothing has run yet, or AVWAP_STATE_DIR is not`,
    );
    assertStringIncludes(out, "Watchlist missing");
    assertStringIncludes(out, "orders 0 of 5 (5 left), positions 0 of 5 (5 left)");
    assertStringIncludes(out, "gross 0.00 of 5000.00 USD (5000.00 left), 1000.00 a symbol");
    assertStringIncludes(out, "(from files alone; --broker asks the broker too)");
    assertNarrow(out);
    assertEquals([...Deno.readDirSync(dir)], []);
  }));

Deno.test("status says the gate's own first reason, by this environment and these files", () =>
  inOperatorDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/live_confirm_token.txt`, TOKEN);
    const live = { AVWAP_STATE_DIR: dir, LIVE_TRADING: "1", LIVE_CONFIRM_TOKEN: TOKEN };
    const cases: [Record<string, string>, string][] = [
      [{ DRY_RUN: "1" }, "DRY_RUN: DRY_RUN enabled"],
      [{ KILL_SWITCH: "1" }, "DRY_RUN: kill switch active (env)"],
      [{ LIVE_CONFIRM_TOKEN: "x" }, "DRY_RUN: LIVE_CONFIRM_TOKEN mismatch"],
      [
        { MAX_LIVE_POSITIONS: "many" },
        "DRY_RUN: invalid configuration (MAX_LIVE_POSITIONS)",
      ],
      [{}, "DRY_RUN: ledger unavailable (ledger missing)"],
    ];
    for (const [change, mode] of cases) {
      const { out } = await runOperator(["status"], { ...live, ...change });
      assertMatch(out.split("\n")[0] ?? "", /^Mode +/);
      assertStringIncludes(out.split("\n")[0] ?? "", mode);
    }
    await Deno.writeTextFile(
      `${dir}/live_orders_today.json`,
      '{"date_ny":"2026-11-20","entries":[]}',
    );
    const { out } = await runOperator(["status"], live);
    assertStringIncludes(out, "LIVE: live trading confirmed");
    assertStringIncludes(out, "2026-11-20, the next cycle starts today's, 0 orders");
    const future = '{"date_ny":"2026-11-24","entries":[]}';
    await Deno.writeTextFile(`${dir}/live_orders_today.json`, future);
    const ahead = await runOperator(["status"], live);
    assertStringIncludes(ahead.out, "DRY_RUN: ledger unavailable (ledger invalid)");
    await Deno.writeTextFile(`${dir}/execution_state.json`, "{");
    const damaged = await runOperator(["status"], live);
    assertStringIncludes(damaged.out, "DRY_RUN: invalid configuration (execution_state.json)");
  }));

Deno.test("status names each setting that is in doubt, whatever the gate's first reason is", () =>
  inOperatorDir(async (dir) => {
    const env = {
      AVWAP_STATE_DIR: dir,
      LIVE_TRADING: "ture",
      MAX_LIVE_POSITIONS: "abc",
      MAX_LIVE_LOSS_PER_DAY: "-5",
      EXECUTION_POLL_SECONDS: "5m",
      SLACK_HEARTBEAT_MINUTES: "-1",
    };
    const { status, out } = await runOperator(["status"], env);
    assertEquals(status, 0);
    const text = out.replaceAll(/\s+/g, " ");
    assertStringIncludes(text, "DRY_RUN: LIVE_TRADING disabled");
    assertStringIncludes(text, 'Settings EXECUTION_POLL_SECONDS is "5m", which is not a number');
    assertStringIncludes(text, 'SLACK_HEARTBEAT_MINUTES is "-1", out of range');
    assertStringIncludes(text, "run does not start until then LIVE_TRADING is neither on (1 true");
    assertStringIncludes(text, 'MAX_LIVE_POSITIONS is "abc": give a whole number above 0');
    assertStringIncludes(text, 'MAX_LIVE_LOSS_PER_DAY is "-5": give a plain number');
    assertNarrow(out);
    const sound = await runOperator(["status"], { AVWAP_STATE_DIR: dir });
    assertFalse(sound.out.includes("Settings"), sound.out);
    const unsound = await runOperator(["status"], { ...env, APCA_API_BASE_URL: "broker" });
    assertEquals([unsound.status, unsound.out], [78, ""]);
    assertStringIncludes(unsound.error, "APCA_API_BASE_URL is not a URL");
  }));

Deno.test("status shows the kill switch with its reason, and who holds the directory", () =>
  inOperatorDir(async (dir) => {
    const env = { AVWAP_STATE_DIR: dir };
    await runOperator(["kill", "--reason", "odd fills"], env);
    const lock = await acquireLock({
      path: `${dir}/execution.lock`,
      pid: 77,
      clock: createClock(),
    });
    assert(lock.kind === "held");
    const { out } = await runOperator(["status"], env);
    await lock.release();
    assertMatch(out, /^Kill switch +ON \(file\): 2026-11-23T15:10:00.000Z odd fills$/m);
    assertMatch(out, /^Service +running, process 77$/m);
  }));

Deno.test("probeLock() leaves the lock as it was, held or free, and says what is in its place", () =>
  inOperatorDir(async (dir) => {
    const clock = createClock();
    const probe = () => probeLock({ stateDir: dir, clock });
    const path = `${dir}/execution.lock`;
    assertEquals(await probe(), { kind: "free" });
    assertEquals([...Deno.readDirSync(dir)], []);
    const lock = await acquireLock({ path, pid: 5, clock });
    assert(lock.kind === "held");
    assertEquals(await probe(), { kind: "held", pid: 5 });
    assertEquals(await Deno.readTextFile(path), "5\n");
    await lock.release();
    assertEquals(await probe(), { kind: "free" });
    const again = await acquireLock({ path, pid: 6, clock });
    assert(again.kind === "held");
    await again.release();
    await Deno.remove(path);
    await Deno.mkdir(path);
    assertEquals((await probe()).kind, "unusable");
  }));

Deno.test("status --broker shows stops, account and market, and no difference where none is", () =>
  withPosition(async (program) => {
    const { status, lines, error } = await program.run(["status", "--broker"], LIVE);
    const text = lines.join("\n");
    assertEquals([status, error], [0, ""]);
    assertMatch(text, /^Mode +LIVE: live trading confirmed$/m);
    assertMatch(text, /NVDA +7 +117\.10 .* 7, stop 117\.10 DAY for 7/);
    assertMatch(text, /^Market +open, closes 2026-11-23 16:00:00 EST$/m);
    assertMatch(text, /^Account +ACTIVE, equity \d+\.\d\d USD, \d open orders$/m);
    assertMatch(text, /^Differences +none$/m);
    assertStringIncludes(text, "orders 1 of 5 (4 left), positions 1 of 5 (4 left)");
    assertNarrow(text);
  }));

Deno.test("status --broker names what differs: shares, stops, orders, foreign positions", () =>
  withPosition(async (program) => {
    const { exchange } = program.simulator;
    exchange.setPosition("TSLA", 3, 160);
    exchange.placeByHand({
      symbol: "MSFT",
      qty: "1",
      side: "buy",
      type: "market",
      time_in_force: "day",
      client_order_id: "avwap-from-another-engine",
    });
    exchange.setPosition("NVDA", 9, 124);
    const { lines } = await program.run(["status", "--broker"], LIVE);
    const text = lines.join("\n");
    assertMatch(text, /^Foreign +TSLA 3/m);
    assertStringIncludes(
      text.replaceAll(/\s+/g, " "),
      "NVDA: the engine knows 7 shares, the broker shows 9",
    );
    assertStringIncludes(
      text.replaceAll(/\s+/g, " "),
      "avwap-from-another-engine is at the broker",
    );
    assertNarrow(text);
  }));

Deno.test("status --broker takes what a running engine writes meanwhile for no difference, and says nothing of a position that came after its look", () =>
  withPosition(async (program) => {
    const path = `${program.stateDir}/execution_state.json`;
    const parsed = parseState(await Deno.readTextFile(path));
    assert(parsed.kind === "ok");
    const [position] = parsed.state.positions;
    assert(position !== undefined);
    const later = [{ ...position, qty: 4 }, { ...position, symbol: "AMD", positionId: "later" }];
    let asked = 0;
    const write: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init);
      // The engine goes on once the broker has said what is held.
      if (new URL(input instanceof Request ? input.url : input).pathname.endsWith("/positions")) {
        asked++;
        await Deno.writeTextFile(path, buildStateText({ ...parsed.state, positions: later }));
      }
      return answer;
    };
    const { lines } = await program.run(["status", "--broker", "--json"], LIVE, { fetch: write });
    const { broker, positions } = JSON.parse(lines.join("\n"));
    assertEquals([asked, broker.differences], [1, []]);
    assertEquals(positions.map((each: { broker: unknown }) => each.broker === null), [false, true]);
    const settled = (await program.run(["status", "--broker", "--json"], LIVE)).lines.join("\n");
    assertStringIncludes(settled, "NVDA: the engine knows 4 shares, the broker shows 7");
  }));

Deno.test("status --broker names a row that can't be read, and makes up nothing about its symbol", () =>
  withPosition(async (program) => {
    program.simulator.setFaults(breakRows("/v2/positions", "NVDA", { qty: "seven" }));
    const { status, lines } = await program.run(["status", "--broker"], LIVE);
    const text = lines.join("\n").replaceAll(/\s+/g, " ");
    assertEquals(status, 0);
    assertStringIncludes(text, "position NVDA can't be read (qty is missing");
    assertFalse(text.includes("the broker shows 0"), text);
    assertStringIncludes(text, "positions 1 of 5");
    assertNarrow(lines.join("\n"));
  }));

Deno.test("status --broker counts a foreign row that can't be read as one position, and names a clock that contradicts itself", () =>
  withPosition(async (program) => {
    program.simulator.exchange.setPosition("TSLA", 3, 160);
    const positions = breakRows("/v2/positions", "TSLA", { qty: "three" });
    const clock = rewriteClock({ next_close: "2026-11-20T16:00:00-05:00" });
    program.simulator.setFaults((request) => positions(request) ?? clock(request));
    const { lines } = await program.run(["status", "--broker"], LIVE);
    const text = lines.join("\n").replaceAll(/\s+/g, " ");
    assertStringIncludes(text, "positions 2 of 5");
    assertStringIncludes(text, "the broker's clock contradicts itself");
  }));

Deno.test("status --broker says in capitals that a position has no stop", () =>
  withPosition(async (program) => {
    for (const order of [...program.simulator.exchange.orders]) {
      program.simulator.exchange.desk.cancel(order);
    }
    program.simulator.advanceTo(program.simulator.nowMs() + 1_000);
    const { lines } = await program.run(["status", "--broker"], LIVE);
    assertMatch(lines.join("\n"), /NVDA .* 7, NO STOP/);
  }));

/** What `status --broker` says of NVDA at the broker. */
async function readCover(program: SimulatedProgram) {
  const { lines } = await program.run(["status", "--broker"], LIVE);
  const text = lines.join("\n");
  assertNarrow(text);
  return {
    shown: /^ +NVDA .*?\d +(\d+, .*)$/m.exec(text)?.[1] ?? text,
    bare: /^NVDA +7 +[\d.]+ +[\d.]+ +117\.10 +(\d+|\?) /m.exec(text)?.[1] ?? text,
  };
}

/** Takes the bracket's legs away, and puts a hand's order in their place. */
function replaceLegs({ simulator }: SimulatedProgram, order: Record<string, string>): void {
  for (const each of [...simulator.exchange.orders]) simulator.exchange.desk.cancel(each);
  simulator.advanceTo(simulator.nowMs() + 1_000);
  simulator.exchange.placeByHand({ symbol: "NVDA", side: "sell", ...order });
  simulator.advanceTo(simulator.nowMs() + 1_000);
}

const STOP = { qty: "7", type: "stop", stop_price: "118" };
const covers = [
  {
    what: "a good-till-canceled stop for a part",
    order: { ...STOP, qty: "4", time_in_force: "gtc" },
    shown: "7, stop 118.00 gtc for 4",
    bare: "3",
  },
  {
    what: "a day stop",
    order: { ...STOP, time_in_force: "day" },
    shown: "7, stop 118.00 DAY for 7",
    bare: "0",
  },
  {
    what: "a market sell",
    order: { qty: "4", type: "market", time_in_force: "day" },
    shown: "7, selling 4",
    bare: "3",
    isHalted: true,
  },
  {
    what: "a stop that is suspended",
    order: { ...STOP, time_in_force: "gtc" },
    shown: "7, NO STOP",
    bare: "7",
    spell: "suspended",
  },
  {
    what: "a good-till-canceled stop that is done for the day",
    order: { ...STOP, time_in_force: "gtc" },
    shown: "7, stop 118.00 gtc, next session",
    bare: "0",
    spell: "done_for_day",
  },
];
for (const { what, order, shown, bare, isHalted = false, spell } of covers) {
  Deno.test(`status --broker shows ${what} as what it is, and ${bare} shares bare`, () =>
    withPosition(async (program) => {
      const { exchange } = program.simulator;
      if (isHalted) exchange.quotes.halt("NVDA", program.simulator.nowMs());
      if (spell !== undefined) {
        exchange.behaviour.spellOf = () => ({ status: spell, ms: Infinity, then: "ends" });
      }
      replaceLegs(program, order);
      assertEquals(await readCover(program), { shown, bare });
    }));
}

Deno.test("status shows what was released, since when, and the way back", () =>
  withPosition(async (program) => {
    const path = `${program.stateDir}/execution_state.json`;
    const parsed = parseState(await Deno.readTextFile(path));
    assert(parsed.kind === "ok");
    const released = { symbol: "TSLA", positionId: "p", releasedAtMs: START_MS };
    await Deno.writeTextFile(path, buildStateText({ ...parsed.state, released: [released] }));
    const { lines } = await program.run(["status"], LIVE);
    const text = lines.join("\n").replaceAll(/\s+/g, " ");
    assertStringIncludes(
      text,
      "Released TSLA since 2026-11-23 10:10:00 EST: yours; back by " +
        "avwap-execution adopt TSLA --stop PRICE --yes",
    );
    assertNarrow(lines.join("\n"));
    const json = JSON.parse((await program.run(["status", "--json"], LIVE)).lines.join("\n"));
    assertEquals(json.released, [{
      symbol: "TSLA",
      released_at: new Date(START_MS).toISOString(),
    }]);
  }));

Deno.test("status --broker exits 69 without a broker and 78 without credentials, in one line", () =>
  withPosition(async (program) => {
    const keyless = await program.run(["status", "--broker"], { APCA_API_SECRET_KEY: "" });
    assertEquals([keyless.status, keyless.lines], [78, []]);
    assertStringIncludes(keyless.error, "APCA_API_SECRET_KEY is not set");
    program.simulator.setFaults(() => ({ kind: "status", status: 500 }));
    const silent = await program.run(["status", "--broker"]);
    assertEquals([silent.status, silent.lines], [69, []]);
    assertEquals(silent.error.indexOf("\n"), silent.error.length - 1);
    assertEquals((await program.run(["status"])).status, 0);
  }));

Deno.test("status --json is one document with the documented fields and no secret", () =>
  withPosition(async (program) => {
    for (const args of [["status", "--json"], ["status", "--broker", "--json"]]) {
      const { lines } = await program.run(args, LIVE);
      const report = JSON.parse(lines.join("\n"));
      assertEquals(Object.keys(report), [
        "version",
        "at",
        "state_dir",
        "has_state_dir",
        "service",
        "endpoint",
        "gate",
        "kill_switch",
        "entries_paused",
        "loss_limit",
        "warnings",
        "allowlist",
        "caps",
        "ledger",
        "state",
        "disk",
        "intents",
        "positions",
        "open_positions",
        "today",
        "released",
        "watchlist",
        "last_cycle",
        "broker",
      ]);
      assertEquals(report.gate, { mode: "LIVE", reason: "live trading confirmed" });
      assertEquals(report.positions[0].symbol, "NVDA");
      assertEquals(report.broker === null, !args.includes("--broker"));
      assertFalse(lines.join("").includes(TOKEN));
    }
  }));

Deno.test("status has colours on a terminal alone, and the same words", () =>
  inOperatorDir(async (dir) => {
    const env = { AVWAP_STATE_DIR: dir };
    const plain = await runOperator(["status"], env);
    const coloured = await runOperator(["status"], env, { isTerminal: true });
    assertFalse(plain.out.includes("\x1b"));
    assertStringIncludes(coloured.out, "\x1b[33mDRY_RUN");
    // deno-lint-ignore no-control-regex -- the colours are what is taken out
    assertEquals(coloured.out.replaceAll(/\x1b\[[0-9;]*m/g, ""), plain.out);
    const json = await runOperator(["status", "--json"], env, { isTerminal: true });
    assertFalse(json.out.includes("\x1b"));
  }));

Deno.test("status stays within 80 columns and on one line a field for hostile texts", () =>
  inOperatorDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/KILL_SWITCH`, `${"why ".repeat(60)}\x1b[2J\nMode LIVE`);
    const { out } = await runOperator(["status"], { AVWAP_STATE_DIR: dir });
    assertNarrow(out);
    assertFalse(out.includes("\x1b"));
    assertFalse(/^Mode LIVE/m.test(out));
    const { out: json } = await runOperator(["status", "--json"], { AVWAP_STATE_DIR: dir });
    assertStringIncludes(
      formatStatus(JSON.parse(json), createPaint({})).join("\n"),
      "Kill switch",
    );
  }));

Deno.test("status says what is odd of a list, from files alone and with the broker", () =>
  withSimulatedProgram({ startMs: START_MS, speed: 1 }, async (program) => {
    const path = `${program.dir}/daily_candidates.csv`;
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.replaceAll("2026-11-22", "2026-11-19"));
    await Deno.utime(path, START_MS / 1000, START_MS / 1000);
    const alone = (await program.run(["status", "--json"])).lines.join("\n");
    assertStringIncludes(
      alone,
      "ScanDate is 2026-11-19, the last weekday before today was 2026-11-20",
    );
    const asked = (await program.run(["status", "--broker"])).lines.join("\n");
    assertStringIncludes(asked.replaceAll(/\n\s+/g, " "), "the previous session was 2026-11-20");
  }));

Deno.test("status and check call a list that was current on an earlier day stale, whatever its time says", () =>
  withSimulatedProgram({ startMs: START_MS, speed: 1 }, async (program) => {
    await program.run(AT_ONCE, SAMPLE_SETTINGS);
    const path = `${program.dir}/daily_candidates.csv`;
    const nextMs = START_MS + 86_400_000;
    program.simulator.advanceTo(nextMs);
    await Deno.utime(path, nextMs / 1000, nextMs / 1000);
    const clock = { nowMs: () => nextMs, monotonicMs: () => 0, sleep: () => Promise.resolve() };
    for (const args of [["status"], ["check"], ["run", "--run-once"]]) {
      const { lines, status } = await program.run(args, SAMPLE_SETTINGS, { clock });
      const said = lines.join("\n").replaceAll(/\n\s+/g, " ");
      assertStringIncludes(said, "watchlist is the one of 2026-11-23");
      assertEquals(status, args[0] === "status" ? 0 : 2, args.join());
    }
  }));

Deno.test("status shows what is open and what it makes, with the broker's prices or the engine's last", () =>
  withPosition(async (program) => {
    const files = (await program.run(["status"], LIVE)).lines.join("\n");
    assertMatch(files, /^SYMBOL +QTY +ENTRY +LAST +STOP +BARE +OPEN USD +R +HELD +DUE$/m);
    assertMatch(
      files,
      /^NVDA +7 +\d+\.\d\d +\d+\.\d\d +117\.10 +0 +[+-]?\d+\.\d\d +(?:[+-]\d\.\d|0\.0) +\d+s$/m,
    );
    assertStringIncludes(files, "(prices from the engine's last looks, the oldest of 2026-11-23");
    assertStringIncludes(files, "equity unknown, open result ");
    const asked = (await program.run(["status", "--broker"], LIVE)).lines.join("\n");
    assertFalse(asked.includes("the engine's last looks"));
    const today = JSON.parse(
      (await program.run(["status", "--broker", "--json"], LIVE)).lines.join("\n"),
    ).today;
    // Bought today: what it makes since the entry is what the day made.
    assertEquals(today.day_result_unknown, null);
    assert(Math.abs(today.day_result_usd - today.open_result_usd) < 0.01, JSON.stringify(today));
    assert(today.equity_usd > 0);
    for (const text of [files, asked]) assertNarrow(text);
  }));

Deno.test("status of damaged files says unknown, and neither full caps nor that nothing is managed", () =>
  inOperatorDir(async (dir) => {
    await Deno.writeTextFile(`${dir}/execution_state.json`, "{");
    await Deno.writeTextFile(`${dir}/live_orders_today.json`, "{");
    const { out } = await runOperator(["status"], { AVWAP_STATE_DIR: dir });
    assertStringIncludes(out, "orders unknown of 5, positions unknown of 5");
    assertStringIncludes(out, "gross unknown of 5000.00 USD, 1000.00 a symbol");
    assertStringIncludes(out, "UNKNOWN: the state that names them can't be read");
    assertStringIncludes(out, "open result unknown, day result unknown");
    assertMatch(out, /^Last cycle +UNKNOWN$/m);
    assertMatch(out, /^Intents +UNKNOWN$/m);
    assertFalse(out.includes("none"));
    assertNarrow(out);
    const json = JSON.parse(
      (await runOperator(["status", "--json"], { AVWAP_STATE_DIR: dir })).out,
    );
    assertEquals([json.open_positions, json.caps.orders_per_day], [null, {
      limit: 5,
      used: null,
      left: null,
    }]);
  }));

Deno.test("status of records that are lost says unknown where ledgers know of orders, not that nothing is managed", () =>
  withPosition(async (program) => {
    await Deno.remove(`${program.stateDir}/execution_state.json`);
    const out = (await program.run(["status"], LIVE)).lines.join("\n");
    assertStringIncludes(out, "Positions    UNKNOWN: the state that names them is lost");
    assertStringIncludes(out, "open result unknown, day result unknown");
    assertStringIncludes(out, "positions unknown of 5");
    assertMatch(out, /^State +.*execution_state\.json/m);
    assertFalse(out.includes("none managed"));
    assertNarrow(out);
  }));

Deno.test("status rounds a small loss to 0.0 R, with no sign", () => {
  const row = {
    symbol: "NVDA",
    qty: 1,
    entry_usd: 486.6,
    last_usd: 485.57,
    last_at: null,
    stop_usd: 451.2,
    bare_qty: 0,
    open_usd: -1.03,
    open_r: -0.029,
    held_seconds: 60,
    due: null,
  };
  const [, line = ""] = formatOpen([row]);
  assertMatch(line, / -1\.03 +0\.0 +1min$/);
});

Deno.test("status says what its marks stand for, where it has them", () =>
  withPosition(async (program) => {
    const path = `${program.stateDir}/execution_state.json`;
    const legend = "(* sold there already)";
    const before = (await program.run(["status"], LIVE)).lines.join("\n");
    assertFalse(before.includes("sold there already"));
    const parsed = parseState(await Deno.readTextFile(path));
    assert(parsed.kind === "ok");
    const positions = parsed.state.positions.map((each) => ({ ...each, isTrimmedR1: true }));
    await Deno.writeTextFile(path, buildStateText({ ...parsed.state, positions }));
    const { lines } = await program.run(["status"], LIVE);
    assertMatch(lines.join("\n"), /129\.40\*/);
    assertStringIncludes(lines.join("\n"), legend);
  }));

Deno.test("status says none for a target that there is none of, and ? for a high that nobody has seen", () =>
  withPosition(async (program) => {
    const path = `${program.stateDir}/execution_state.json`;
    const parsed = parseState(await Deno.readTextFile(path));
    assert(parsed.kind === "ok");
    const positions = parsed.state.positions.map((each) => ({
      ...each,
      r1Usd: NO_TARGET_USD,
      r2Usd: NO_TARGET_USD,
      highWaterUsd: 0,
    }));
    await Deno.writeTextFile(path, buildStateText({ ...parsed.state, positions }));
    const out = (await program.run(["status"], LIVE)).lines.join("\n");
    assertMatch(out, /^ +NVDA +7 +117\.10 +\? +none +none +not asked$/m);
    const json = JSON.parse((await program.run(["status", "--json"], LIVE)).lines.join("\n"));
    const [position] = json.positions;
    assertEquals([position.r1_usd, position.r2_usd, position.high_water_usd], [null, null, null]);
  }));

Deno.test("status cuts nothing off a position: how many shares a stop covers stands there however wide the prices are", () =>
  withPosition(async (program) => {
    const path = `${program.stateDir}/execution_state.json`;
    const parsed = parseState(await Deno.readTextFile(path));
    assert(parsed.kind === "ok");
    const positions = parsed.state.positions.map((each) => ({
      ...each,
      pivotUsd: 6_400_000,
      r1Usd: 6_500_000,
      r2Usd: 7_000_000,
      highWaterUsd: 6_400_000,
    }));
    await Deno.writeTextFile(path, buildStateText({ ...parsed.state, positions }));
    const out = (await program.run(["status", "--broker"], LIVE)).lines.join("\n");
    assertMatch(out.replaceAll(/\s+/g, " "), /stop 117\.10 DAY for 7 /);
    assertNarrow(out);
  }));
