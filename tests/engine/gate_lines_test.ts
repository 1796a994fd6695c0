import type { Environment } from "../../src/runtime/environment.ts";
import type { Fault } from "../simulator/faults.ts";
import { assert, assertEquals } from "../assert.ts";
import { cutTimes, LIVE, prepareLive, type ProgramDay, withProgramDay } from "./program_day.ts";

// The gate as an operator sees it: the real program, once, in the open market, with one thing wrong that would else be
// LIVE. Each reason of interface.md that can be brought about from outside has a row.

interface Row {
  readonly when: string;
  readonly reason: string;
  readonly environment?: Environment;
  readonly args?: readonly string[];
  /** Breaks the one thing. */
  readonly spoil?: (day: ProgramDay) => Promise<void> | void;
  /** It ran before: else a first start could not tell an empty account from one that can't be read. */
  readonly isSettled?: boolean;
  /** Another allowlist or caps line than the usual. */
  readonly allowlist?: string;
  readonly caps?: string;
}

const CAPS = "Gate caps(orders/day=5, positions=5, gross_notional=5000.0, per_symbol=1000.0)";

const tokenFile = (day: ProgramDay) => `${day.stateDir}/live_confirm_token.txt`;
const killFile = (day: ProgramDay) => `${day.stateDir}/KILL_SWITCH`;
const ledgerFile = (day: ProgramDay) => `${day.stateDir}/live_orders_today.json`;
const breakPositions = (fault: Fault) => ({ simulator }: ProgramDay) =>
  simulator.setFaults(({ path }) => path === "/v2/positions" ? fault : null);

const ROWS: readonly Row[] = [
  { when: "DRY_RUN=1", reason: "DRY_RUN enabled", environment: { DRY_RUN: "1" } },
  { when: "--dry-run", reason: "DRY_RUN enabled", args: ["--dry-run"] },
  { when: "DRY_RUN is odd", reason: "DRY_RUN enabled", environment: { DRY_RUN: "maybe" } },
  {
    when: "KILL_SWITCH=1",
    reason: "kill switch active (env)",
    environment: { KILL_SWITCH: "1" },
  },
  {
    when: "the KILL_SWITCH file exists",
    reason: "kill switch active (file)",
    spoil: (day) => Deno.writeTextFile(killFile(day), ""),
  },
  {
    when: "KILL_SWITCH is a directory",
    reason: "kill switch active (file)",
    spoil: (day) => Deno.mkdir(killFile(day)),
  },
  {
    when: "LIVE_TRADING is off",
    reason: "LIVE_TRADING disabled",
    environment: { LIVE_TRADING: "0" },
  },
  {
    when: "LIVE_TRADING is odd",
    reason: "LIVE_TRADING disabled",
    environment: { LIVE_TRADING: "YES!" },
  },
  {
    when: "LIVE_CONFIRM_TOKEN is empty",
    reason: "LIVE_CONFIRM_TOKEN missing",
    environment: { LIVE_CONFIRM_TOKEN: "" },
  },
  {
    when: "there is no token file",
    reason: "confirm token file missing",
    spoil: (day) => Deno.remove(tokenFile(day)),
  },
  {
    when: "the token file is blank",
    reason: "confirm token file empty",
    spoil: (day) => Deno.writeTextFile(tokenFile(day), " \n"),
  },
  {
    when: "one character of the token differs",
    reason: "LIVE_CONFIRM_TOKEN mismatch",
    environment: { LIVE_CONFIRM_TOKEN: `${LIVE.LIVE_CONFIRM_TOKEN}0` },
  },
  {
    when: "a cap is no number",
    reason: "invalid configuration (MAX_LIVE_GROSS_NOTIONAL)",
    environment: { MAX_LIVE_GROSS_NOTIONAL: "500$" },
    caps: "Gate caps(invalid)",
  },
  {
    when: "the allowlist names no ticker",
    reason: "invalid configuration (ALLOWLIST_SYMBOLS)",
    environment: { ALLOWLIST_SYMBOLS: "," },
    allowlist: "Gate allowlist=invalid",
  },
  {
    when: "the ledger is another broker's",
    reason: "invalid configuration (ALPACA_PAPER)",
    spoil: (day) =>
      Deno.writeTextFile(
        ledgerFile(day),
        JSON.stringify({ date_ny: "2026-11-23", entries: [], host: "api.alpaca.markets" }),
      ),
  },
  {
    when: "the state is damaged",
    reason: "invalid configuration (execution_state.json)",
    spoil: (day) => Deno.writeTextFile(`${day.stateDir}/execution_state.json`, "{"),
  },
  {
    when: "there is no ledger",
    reason: "ledger unavailable (ledger missing)",
    spoil: (day) => Deno.remove(ledgerFile(day)),
  },
  {
    when: "the ledger is cut off",
    reason: "ledger unavailable (ledger unreadable)",
    spoil: (day) => Deno.writeTextFile(ledgerFile(day), '{"date_ny": "2026-11-23", "entr'),
  },
  {
    when: "an entry of the ledger has no notional",
    reason: "ledger unavailable (ledger invalid)",
    spoil: (day) =>
      Deno.writeTextFile(
        ledgerFile(day),
        JSON.stringify({ date_ny: "2026-11-23", entries: [{ order_id: "1", symbol: "NVDA" }] }),
      ),
  },
  {
    when: "the broker does not list its orders",
    isSettled: true,
    reason: "ledger unavailable (broker unreachable)",
    spoil: ({ simulator }) =>
      simulator.setFaults(({ path, query }) =>
        path === "/v2/orders" && query.get("status") === "all"
          ? { kind: "status", status: 500 }
          : null
      ),
  },
  {
    when: "the broker has an order of ours that the ledger lacks",
    isSettled: true,
    reason: "ledger unavailable (broker mismatch)",
    spoil({ exchange }) {
      const { status } = exchange.placeByHand({
        symbol: "MSFT",
        qty: "1",
        side: "buy",
        type: "limit",
        limit_price: "100",
        time_in_force: "day",
        client_order_id: "avwap-2026-11-23-MSFT-lost",
      });
      assertEquals(status, 200);
    },
  },
  {
    when: "positions answer 500",
    isSettled: true,
    reason: "positions unavailable (http)",
    spoil: breakPositions({ kind: "status", status: 500 }),
  },
  {
    when: "positions break off",
    isSettled: true,
    reason: "positions unavailable (network)",
    spoil: breakPositions({ kind: "lost_before" }),
  },
  {
    when: "positions are no JSON",
    isSettled: true,
    reason: "positions unavailable (malformed)",
    spoil: breakPositions({ kind: "malformed", body: "<html>" }),
  },
];

async function runOnce(row: Partial<Row>): Promise<readonly string[]> {
  let lines: readonly string[] = [];
  await withProgramDay({ startNy: "09:45" }, async (day) => {
    await prepareLive(day);
    if (row.isSettled) await day.runToEnd(["run", "--run-once"], LIVE);
    await row.spoil?.(day);
    const ended = await day.runToEnd(
      ["run", "--run-once", ...row.args ?? []],
      { ...LIVE, ...row.environment },
    );
    assertEquals([ended.status, ended.errors], [0, []], ended.lines.join("\n"));
    for (const line of ended.lines) {
      assert(/^\[2026-11-23 09:4\d:\d\d EST\] /.test(line), `no New York time: ${line}`);
    }
    assertEquals(day.exchange.requests.filter((each) => each.method !== "GET"), []);
    lines = cutTimes(ended.lines);
  });
  return lines;
}

/** The gate lines of the one cycle: three, together and in this sequence. */
function assertGate(lines: readonly string[], expected: readonly string[]): void {
  const at = lines.findIndex((line) => line.startsWith("Gate mode="));
  assertEquals(lines.slice(at, at + 3), expected, lines.join("\n"));
  assertEquals(lines.filter((line) => /^Gate (mode|allowlist|caps)/.test(line)), expected);
}

Deno.test("the running program is LIVE with both keys, and says to whom it is connected", async () => {
  const lines = await runOnce({ environment: { ALLOWLIST_SYMBOLS: "nvda, BRK.B,AAPL" } });
  assertGate(lines, [
    "Gate mode=LIVE status=PASS reason=live trading confirmed",
    "Gate allowlist=AAPL,BRK.B,NVDA",
    CAPS,
  ]);
  assert(/^Broker endpoint=custom host=127\.0\.0\.1:\d+$/.test(lines[1] ?? ""), lines[1]);
});

Deno.test("the running program prints the operator's caps with at least one decimal", async () => {
  const lines = await runOnce({
    environment: {
      MAX_LIVE_ORDERS_PER_DAY: "1",
      MAX_LIVE_POSITIONS: "2",
      MAX_LIVE_GROSS_NOTIONAL: "500",
      MAX_LIVE_NOTIONAL_PER_SYMBOL: "2.505e2",
    },
  });
  assertGate(lines, [
    "Gate mode=LIVE status=PASS reason=live trading confirmed",
    "Gate allowlist=ALL",
    "Gate caps(orders/day=1, positions=2, gross_notional=500.0, per_symbol=250.5)",
  ]);
});

for (const row of ROWS) {
  const { when, reason, allowlist = "Gate allowlist=ALL", caps = CAPS } = row;
  Deno.test(`the running program stays in DRY_RUN, reason=${reason}, when ${when}`, async () => {
    assertGate(await runOnce(row), [
      `Gate mode=DRY_RUN status=FAIL reason=${reason}`,
      allowlist,
      caps,
    ]);
  });
}

Deno.test("the running program waits for positions that never come, within --run-once's 25 s", async () => {
  const beganMs = performance.now();
  const lines = await runOnce({
    isSettled: true,
    spoil: breakPositions({ kind: "hang" }),
  });
  assertEquals(
    lines.filter((line) => line.startsWith("Gate mode=")),
    ["Gate mode=DRY_RUN status=FAIL reason=positions unavailable (timeout)"],
  );
  assert(performance.now() - beganMs < 27_000);
});
