import { buildHeartbeat, type HeartbeatInputs } from "../../../src/domain/alert/alert_heartbeat.ts";
import { assertEquals, assertStringIncludes } from "../../assert.ts";
import { AT_MS, NAKED, SAFE, USE } from "../alert_fixtures.ts";

const HEARTBEAT: HeartbeatInputs = {
  nowMs: AT_MS + 190_000,
  areEntriesPaused: false,
  loss: null,
  gateLine: "Gate mode=DRY_RUN status=FAIL reason=DRY_RUN enabled",
  market: { kind: "open", nextCloseMs: Date.parse("2026-01-20T21:00:00Z") },
  watchlist: { kind: "fresh", modifiedAtMs: AT_MS, candidates: 12, dropped: 0, doubts: [] },
  lastCycleAtMs: AT_MS,
  brokerFailure: null,
  capUse: USE,
  positions: [SAFE, NAKED],
  unresolved: [{ symbol: "TSLA", side: "buy" }],
  equityLine: "Equity: 5000.00 USD; open result +12.30 USD (AAPL +12.30)",
  dayResult: { resultUsd: -4, knownUsd: -4, symbols: [], unknown: [] },
  foreign: [{ symbol: "IBM", qty: -3 }],
  diskFault: null,
};

Deno.test("buildHeartbeat() says mode, market, watchlist and all that may need the operator", () => {
  assertEquals(buildHeartbeat(HEARTBEAT), {
    level: "INFO",
    title: "Execution heartbeat",
    text: [
      "Gate mode=DRY_RUN status=FAIL reason=DRY_RUN enabled",
      "Market: open until 2026-01-20 16:00:00 EST",
      "Watchlist: fresh, 12 candidates, 0 rows dropped, written 2026-01-20 09:45:00 EST",
      "Last cycle: 2026-01-20 09:45:00 EST, 3 min ago",
      "Broker: reachable",
      HEARTBEAT.equityLine,
      "Day result, against the previous close: -4.00 USD",
      "Orders today: 2 of 5 orders, 499.90 of 5000.00 USD, 1 of 5 positions",
      "Managed positions: 2",
      "  MSFT 5 shares: NO STOP at the broker",
      "  AAPL 37 shares: stop 12.34 for 37, good till canceled",
      "Unresolved orders: 1",
      "  TSLA, a buy",
      "Foreign positions: 1",
      "  IBM -3",
    ].join("\n"),
  });
});

const beats: { when: string; change: Partial<HeartbeatInputs>; line: string }[] = [
  { when: "the gate was not asked", change: { gateLine: null }, line: "Gate not asked yet" },
  { when: "no cycle was completed", change: { lastCycleAtMs: null }, line: "Last cycle: NONE" },
  {
    when: "the clock went back",
    change: { nowMs: AT_MS - 1 },
    line: "Last cycle: 2026-01-20 09:45:00 EST, 0 min ago",
  },
  {
    when: "the broker is out of reach",
    change: { brokerFailure: "timeout" },
    line: "Broker: NOT REACHABLE (timeout)",
  },
  {
    when: "the day's trail can't be read",
    change: { dayResult: null },
    line: "Day result, against the previous close: unknown (the day's events can't be read)",
  },
  { when: "the ledger is unreadable", change: { capUse: null }, line: "Orders today: unknown" },
  {
    when: "records can't be read",
    change: { positions: null },
    line: "Day result, against the previous close: unknown until the records are read",
  },
  {
    when: "records can't be read",
    change: { positions: null },
    line: "Managed positions: UNKNOWN until the records are read",
  },
  {
    when: "the ledger can't be read",
    change: { unresolved: null },
    line: "Unresolved orders: unknown, the ledger can't be read",
  },
  { when: "nothing is managed", change: { positions: [] }, line: "Managed positions: none" },
  {
    when: "foreign positions are not known",
    change: { foreign: null, brokerFailure: "network" },
    line: "Foreign positions: unknown, the broker could not be asked",
  },
  {
    when: "the broker was not asked for them",
    change: { foreign: null },
    line: "Foreign positions: unknown, not asked yet",
  },
  {
    when: "its clock can't be used",
    change: { brokerFailure: "clock" },
    line: "Broker: NO USABLE CLOCK, see the market above",
  },
  {
    when: "no cycle has looked since the clock failed",
    change: { market: { kind: "unknown", reason: "it hangs" } },
    line:
      "Last cycle: 2026-01-20 09:45:00 EST, 3 min ago; gate, equity and positions are of then\n",
  },
  {
    when: "the disk is full",
    change: { diskFault: { kind: "full", message: "Cannot write: no space left on the device" } },
    line: "Disk: FULL, no entries (Cannot write: no space left on the device)",
  },
  { when: "there are none", change: { foreign: [] }, line: "Foreign positions: none" },
  {
    when: "the operator paused entries",
    change: { areEntriesPaused: true },
    line: "Entries PAUSED by the operator (ENTRIES_PAUSED)",
  },
];
for (const { when, change, line } of beats) {
  Deno.test(`buildHeartbeat() says ${JSON.stringify(line)} when ${when}`, () => {
    assertStringIncludes(`\n${buildHeartbeat({ ...HEARTBEAT, ...change }).text}`, `\n${line}`);
  });
}
