import { formatCloseCommand } from "../../../src/domain/alert/alert_facts.ts";
import {
  buildAlarm,
  buildExecutionError,
  buildExecutionStarted,
  buildKillSwitchActive,
  buildLiveTradingEnabled,
  buildOrderSubmitted,
  buildPositionSold,
  buildStateMessage,
  buildWithdrawal,
} from "../../../src/domain/alert/alert_messages.ts";
import { DEFAULT_CAPS } from "../../../src/domain/gate/caps.ts";
import { assert, assertEquals, assertFalse, assertStringIncludes } from "../../assert.ts";
import { NAKED, SAFE } from "../alert_fixtures.ts";

Deno.test("buildKillSwitchActive() names each position, its protection and the command that closes it", () => {
  assertEquals(
    buildKillSwitchActive({ source: "file", positions: [SAFE, NAKED], seenAtMs: null }),
    {
      level: "WARNING",
      title: "Kill switch active",
      text: [
        "Kill switch active (file): no entries and no exits; stops resting at the broker stay",
        "It stays until it is removed: `avwap-execution resume`",
        "MSFT 5 shares: NO STOP at the broker",
        "  close it: avwap-execution flatten --close-positions --symbol MSFT --yes",
        "AAPL 37 shares: stop 12.34 for 37, good till canceled",
        "  close it: avwap-execution flatten --close-positions --symbol AAPL --yes",
      ].join("\n"),
    },
  );
});

Deno.test("buildKillSwitchActive() says that nothing is managed", () => {
  const { text } = buildKillSwitchActive({ source: "env", positions: [], seenAtMs: null });
  assert(text.startsWith("Kill switch active (env): "));
  assertStringIncludes(text, "\nIt stays while KILL_SWITCH is set: take it out and restart");
  assert(text.endsWith("\nNo managed positions"));
});

Deno.test("buildKillSwitchActive() says when the broker was asked, and that unread records are unknown", () => {
  const seenAtMs = Date.parse("2026-01-20T15:30:05Z");
  const seen = buildKillSwitchActive({ source: "file", positions: [SAFE], seenAtMs });
  assertStringIncludes(seen.text, "As the broker showed it at 2026-01-20 10:30:05 EST:");
  const unread = buildKillSwitchActive({ source: "file", positions: null, seenAtMs });
  assertStringIncludes(unread.text, "Managed positions: UNKNOWN, the records can't be read");
});

Deno.test("buildKillSwitchActive() is bounded, shows the unprotected and says what it leaves out", () => {
  const many = Array.from({ length: 25 }, (_, index) => ({ ...SAFE, symbol: `S${index}` }));
  const { text } = buildKillSwitchActive({
    source: "file",
    positions: [...many, NAKED],
    seenAtMs: null,
  });
  assertStringIncludes(text, "MSFT 5 shares: NO STOP");
  assert(text.endsWith("\nand 6 more: see `avwap-execution status --broker`"));
  assert(text.length < 2900, `${text.length} characters would be cut`);
});

Deno.test("buildAlarm() names each position, its shares, since when and why, and the way out", () => {
  const gateLine = "Gate mode=DRY_RUN status=FAIL reason=kill switch active (file)";
  const trouble =
    "5 of 5 shares without a good-till-canceled stop since 2026-01-20 10:00:00 EST: " +
    "kill switch active (file)";
  const facts = {
    kind: "bare",
    cause: "gate",
    positions: [{ ...NAKED, trouble }],
    gateLine,
    closesAtMs: Date.parse("2026-01-20T21:00:00Z"),
  } as const;
  const message = buildAlarm(facts);
  assertEquals([message.level, message.title], ["ERROR", "Position without stop"]);
  assertEquals(message.text.split("\n"), [
    `MSFT 5 shares: NO STOP at the broker; ${trouble}`,
    gateLine,
    "The market closes at 2026-01-20 16:00:00 EST",
    "Do: let the gate be LIVE (`avwap-execution check` says what keeps it), or place a " +
    "good-till-canceled stop at the broker; or close it yourself:",
    `  ${formatCloseCommand("MSFT")}`,
  ]);
  assertFalse(buildAlarm({ ...facts, closesAtMs: null }).text.includes("market closes"));
});

Deno.test("buildAlarm() of exits that wait is an execution error that begins with their symbols", () => {
  const trouble = "r1_trim due since 2026-01-20 10:00:00 EST: a buy of somebody's rests";
  const message = buildAlarm({
    kind: "due",
    cause: "buy",
    positions: [{ ...SAFE, trouble }],
    gateLine: null,
    closesAtMs: null,
  });
  assertEquals([message.level, message.title], ["ERROR", "Execution error"]);
  assertEquals(message.text.split("\n")[0], "Exits wait: AAPL");
  assertStringIncludes(message.text, trouble);
  assertStringIncludes(message.text, "Do: cancel the buy at the broker");
});

Deno.test("buildAlarm() of many positions fits into a Slack message and says what it leaves out", () => {
  const trouble = "x".repeat(200);
  const many = Array.from({ length: 30 }, (_, at) => ({ ...NAKED, symbol: `S${at}`, trouble }));
  const { text } = buildAlarm({
    kind: "bare",
    cause: "refused",
    positions: many,
    gateLine: null,
    closesAtMs: null,
  });
  assertStringIncludes(text, "and 24 more: see `avwap-execution status --broker`");
  assert(text.length < 2900, `${text.length} characters would be cut`);
});

Deno.test("buildLiveTradingEnabled() says where orders go, and the gate's own lines", () => {
  const decision = {
    mode: "LIVE",
    caps: DEFAULT_CAPS,
    allowlist: { kind: "list", symbols: ["AAPL", "MSFT"] },
  } as const;
  const broker = { endpoint: "live-money", host: "api.alpaca.markets" };
  assertEquals(buildLiveTradingEnabled(decision, broker), {
    level: "INFO",
    title: "Live trading enabled",
    text: [
      "Orders go to endpoint=live-money host=api.alpaca.markets",
      "Gate mode=LIVE status=PASS reason=live trading confirmed",
      "Gate allowlist=AAPL,MSFT",
      "Gate caps(orders/day=5, positions=5, gross_notional=5000.0, per_symbol=1000.0)",
    ].join("\n"),
  });
});

Deno.test("buildExecutionStarted() says version, broker, watchlist and what is managed", () => {
  const facts = {
    version: "1.2.3",
    endpoint: "paper",
    host: "paper-api.alpaca.markets",
    pollSeconds: 300,
    loop: null,
    watchlist: { kind: "missing" },
    managedSymbols: ["AAPL", "MSFT"],
  } as const;
  assertEquals(buildExecutionStarted(facts), {
    level: "INFO",
    title: "Execution started",
    text: [
      "avwap-execution 1.2.3, a cycle every 300 s",
      "Broker endpoint=paper host=paper-api.alpaca.markets",
      "Watchlist: MISSING: no entries",
      "Managed positions: AAPL, MSFT",
    ].join("\n"),
  });
  const first = buildExecutionStarted({ ...facts, managedSymbols: [] });
  assert(first.text.endsWith("\nManaged positions: none"));
});

Deno.test("buildExecutionError() says what is wrong and what to do", () => {
  assertEquals(buildExecutionError({ problem: "AAPL: order rejected", remedy: "look" }), {
    level: "ERROR",
    title: "Execution error",
    text: "AAPL: order rejected\nDo: look",
  });
});

Deno.test("buildOrderSubmitted() and buildPositionSold() are the verbose TRADE messages", () => {
  const submitted = buildOrderSubmitted({
    symbol: "AAPL",
    qty: 37,
    notionalUsd: 499.5,
    stopUsd: 12.34,
    takeProfitUsd: 15,
  });
  assertEquals(submitted, {
    level: "TRADE",
    title: "Order submitted",
    text: "AAPL: SUBMITTED buy qty=37, about 499.50 USD, stop 12.34, target 15.00",
  });
  assertEquals(buildPositionSold({ symbol: "AAPL", qty: 18, reason: "r1_trim" }), {
    level: "TRADE",
    title: "Position trimmed",
    text: "AAPL: SUBMITTED sell qty=18 reason=r1_trim",
  });
  const closed = buildPositionSold({ symbol: "AAPL", qty: 18, reason: "stop_exit" });
  assertEquals(closed.title, "Position closed");
});

const STATE = { key: "kill_switch", value: "file" };
const KILL = buildKillSwitchActive({ source: "file", positions: [], seenAtMs: null });

const states: {
  when: string;
  alerted: Record<string, string>;
  message: typeof KILL | null;
  isSaid: boolean;
}[] = [
  { when: "nothing was delivered", alerted: {}, message: KILL, isSaid: true },
  { when: "another value was", alerted: { kill_switch: "off" }, message: KILL, isSaid: true },
  { when: "another key was", alerted: { live: "file" }, message: KILL, isSaid: true },
  { when: "this was delivered", alerted: { kill_switch: "file" }, message: KILL, isSaid: false },
  { when: "nobody needs to read it", alerted: {}, message: null, isSaid: false },
];
for (const { when, alerted, message, isSaid } of states) {
  Deno.test(`buildStateMessage() ${isSaid ? "says the state" : "withdraws"} when ${when}`, () => {
    const expected = isSaid ? { ...KILL, state: STATE } : buildWithdrawal(STATE);
    assertEquals(buildStateMessage(STATE, alerted, message), expected);
    assertEquals(expected.title === "", !isSaid);
  });
}

const REMEDIES = [
  { kind: "bare", cause: "gate", holds: "or place a good-till-canceled stop at the broker" },
  { kind: "due", cause: "gate", lacks: "good-till-canceled" },
  { kind: "due", cause: "closed", lacks: "good-till-canceled" },
  { kind: "due", cause: "selling", lacks: "good-till-canceled" },
  { kind: "due", cause: "refused", lacks: "good-till-canceled" },
  { kind: "bare", cause: "closed", holds: "where a corporate action is due, only after it" },
  { kind: "bare", cause: "refused", holds: "where it takes one" },
  { kind: "bare", cause: "lowered", lacks: "place a good-till-canceled" },
  { kind: "due", cause: "short", lacks: "good-till-canceled" },
  { kind: "bare", cause: "pending", holds: "Do: place a good-till-canceled stop at the broker" },
] as const;
for (const { kind, cause, ...wanted } of REMEDIES) {
  Deno.test(`the remedy for what is ${kind} because of "${cause}" is one that the broker can take`, () => {
    const { text } = buildAlarm({
      kind,
      cause,
      positions: [SAFE],
      gateLine: null,
      closesAtMs: null,
    });
    if ("holds" in wanted) assertStringIncludes(text, wanted.holds);
    else assertEquals(text.includes(wanted.lacks), false, text);
  });
}
