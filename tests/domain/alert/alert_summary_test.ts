import type { DayResult } from "../../../src/domain/account/day_result.ts";
import fc from "fast-check";
import {
  buildDailySummary,
  type DailySummaryInputs,
  type EntryCounts,
  LARGEST_ORDERS_MAX,
} from "../../../src/domain/alert/alert_summary.ts";
import { DEFAULT_CAPS } from "../../../src/domain/gate/caps.ts";
import { assert, assertEquals, assertStringIncludes } from "../../assert.ts";
import { NAKED, SAFE, USE } from "../alert_fixtures.ts";

const ENTRIES: EntryCounts = {
  tried: 5,
  accepted: 1,
  denied: 1,
  rejected: 1,
  expired: 1,
  unresolved: 1,
  unfilled: 0,
  notEntered: [
    { symbol: "TSLA", reason: "allowlist blocked" },
    { symbol: "AMD", reason: "rejected by the broker" },
    { symbol: "QQQ", reason: "intent expired" },
    { symbol: "SPY", reason: "unresolved" },
  ],
};

type LiveInputs = Extract<DailySummaryInputs, { mode: "LIVE" }>;

const DAY_RESULT: DayResult = {
  resultUsd: 6,
  knownUsd: 6,
  symbols: [{ symbol: "NVDA", resultUsd: 6, why: null }],
  unknown: [],
};

const LIVE: LiveInputs = {
  mode: "LIVE",
  dateNy: "2026-01-20",
  dayResult: DAY_RESULT,
  session: { kind: "full", closesAtNy: "16:00", isOver: true },
  equityLine: "Equity: 5000.00 USD; open result none, nothing is managed",
  areEntriesPaused: false,
  loss: null,
  overnight: [SAFE],
  entries: ENTRIES,
  symbols: ["AAPL", "MSFT"],
  notionalUsd: 499.9,
  fills: [{ symbol: "AAPL", qty: 37, priceUsd: 13.5 }, { symbol: "MSFT", qty: 1, priceUsd: null }],
  capUse: USE,
  exits: [{ symbol: "AAPL", qty: 18, priceUsd: 14, reason: "r1_trim" }],
  closedTrades: [
    { symbol: "NVDA", qty: 3, resultUsd: 12.3, resultR: 1.2 },
    { symbol: "IBM", qty: 2, resultUsd: -2.2, resultR: null },
  ],
};

Deno.test("buildDailySummary() of a LIVE day says entries, fills, caps, exits, result and the night", () => {
  assertEquals(buildDailySummary(LIVE), {
    level: "INFO",
    title: "Daily execution summary (LIVE)",
    text: [
      "2026-01-20, full day, closed at 16:00 New York",
      LIVE.equityLine,
      "5 confirmed: 1 entered, 4 not: TSLA allowlist blocked, AMD rejected by the broker, " +
      "QQQ intent expired, SPY unresolved",
      "Symbols: AAPL, MSFT",
      "Notional: 499.90 USD",
      "Fills: 2",
      "  AAPL 37 at 13.50",
      "  MSFT 1 at unknown price",
      "Caps used: 2 of 5 orders, 499.90 of 5000.00 USD, 1 of 5 positions",
      "Exits: 1",
      "  AAPL 18 at 14.00 (trim at R1)",
      "Closed trades: 2",
      "  NVDA 3 shares: +12.30 USD (+1.2 R)",
      "  IBM 2 shares: -2.20 USD",
      "Trade results, against the entries: +10.10 USD",
      "Day result, against the previous close: +6.00 USD",
      "Overnight: 1",
      "  AAPL 37 shares: stop 12.34 for 37, good till canceled",
    ].join("\n"),
  });
});

Deno.test("buildDailySummary() of a LIVE day without anything is short and clean", () => {
  const counts = {
    tried: 0,
    accepted: 0,
    denied: 0,
    rejected: 0,
    expired: 0,
    unresolved: 0,
    unfilled: 0,
  };
  const none = { ...counts, notEntered: [] };
  const { level, text } = buildDailySummary({
    ...LIVE,
    session: { kind: "half", closesAtNy: "13:00", isOver: true },
    overnight: [],
    entries: none,
    symbols: [],
    notionalUsd: 0,
    fills: [],
    exits: [],
    closedTrades: [],
  });
  assertEquals(level, "INFO");
  assert(
    text.startsWith(
      `2026-01-20, HALF DAY, closed at 13:00 New York\n${LIVE.equityLine}\n` +
        "0 confirmed: 0 entered, 0 not\n",
    ),
  );
  for (
    const line of [
      "Symbols: none",
      "Fills: none",
      "Trade results, against the entries: 0.00 USD",
      "Overnight: none",
    ]
  ) {
    assertStringIncludes(text, line);
  }
});

Deno.test("buildDailySummary() leaves a trade of unknown result out of the sum and says so", () => {
  const closedTrades = [...LIVE.closedTrades ?? [], {
    symbol: "OLD",
    qty: 1,
    resultUsd: null,
    resultR: null,
  }];
  const { text } = buildDailySummary({ ...LIVE, closedTrades });
  assertStringIncludes(text, "  OLD 1 share: result unknown\n");
  assertStringIncludes(
    text,
    "Trade results, against the entries: +10.10 USD (without 1 of unknown result)",
  );
});

Deno.test("buildDailySummary() says of which symbol the day result is not known, and why", () => {
  const why = "the previous close is not known";
  const unknown = { symbol: "OLD", resultUsd: null, why } as const;
  const part = {
    ...DAY_RESULT,
    resultUsd: null,
    symbols: [...DAY_RESULT.symbols, unknown],
    unknown: [unknown],
  };
  assertStringIncludes(
    buildDailySummary({ ...LIVE, dayResult: null }).text,
    "Day result, against the previous close: unknown (the day's events can't be read)",
  );
  assertStringIncludes(
    buildDailySummary({ ...LIVE, dayResult: part }).text,
    `Day result, against the previous close: +6.00 USD (without OLD: ${why})`,
  );
  assertStringIncludes(
    buildDailySummary({ ...LIVE, dayResult: { ...part, symbols: [unknown] } }).text,
    `Day result, against the previous close: unknown (OLD: ${why})`,
  );
});

const levels: { when: string; change: Partial<EntryCounts>; level: string }[] = [
  { when: "one is lost", change: { tried: 6 }, level: "ERROR" },
  { when: "one is there twice", change: { tried: 4 }, level: "ERROR" },
  { when: "nobody knows what was tried", change: { tried: null }, level: "INFO" },
  { when: "a count is no number", change: { denied: NaN }, level: "ERROR" },
  {
    when: "the broker rejected all",
    change: { tried: 2, accepted: 0, denied: 0, rejected: 2, expired: 0, unresolved: 0 },
    level: "WARNING",
  },
  {
    when: "the broker rejected all that reached it",
    change: { tried: 3, accepted: 0, denied: 1, expired: 1, unresolved: 0 },
    level: "WARNING",
  },
  {
    when: "one was taken and ended unfilled",
    change: { tried: 4, accepted: 0, unresolved: 0, unfilled: 1 },
    level: "INFO",
  },
  { when: "one may have been taken", change: { tried: 4, accepted: 0 }, level: "INFO" },
  {
    when: "we denied all",
    change: { tried: 1, accepted: 0, rejected: 0, expired: 0, unresolved: 0 },
    level: "INFO",
  },
];
for (const { when, change, level } of levels) {
  Deno.test(`buildDailySummary() is ${level} when of the entries ${when}`, () => {
    const message = buildDailySummary({ ...LIVE, entries: { ...ENTRIES, ...change } });
    assertEquals(message.level, level);
    assertEquals(message.text.includes("ERROR: the entries do not add up"), level === "ERROR");
    assertEquals(message.text.includes("WARNING: the broker rejected every"), level === "WARNING");
  });
}

Deno.test("buildDailySummary() names twenty symbols that were not entered, and counts the others", () => {
  const notEntered = Array.from({ length: 23 }, (_, at) => ({ symbol: `S${at}`, reason: "x" }));
  const entries = { ...ENTRIES, tried: 24, denied: 20, notEntered };
  const { text } = buildDailySummary({ ...LIVE, entries });
  assertStringIncludes(text, "24 confirmed: 1 entered, 23 not: S0 x, ");
  assertStringIncludes(text, "S19 x, and 3 more\n");
});

Deno.test("buildDailySummary() calls a gap an error exactly where the sum does not hold", () => {
  const count = fc.nat(4);
  const counts = fc.record({
    tried: fc.nat(12),
    accepted: count,
    denied: count,
    rejected: count,
    expired: count,
    unresolved: count,
    unfilled: count,
  });
  fc.assert(fc.property(counts, (entries) => {
    const { tried, ...parts } = entries;
    const isGap = tried !== Object.values(parts).reduce((sum, part) => sum + part, 0);
    const { level } = buildDailySummary({ ...LIVE, entries: { ...entries, notEntered: [] } });
    assertEquals(level === "ERROR", isGap);
  }));
});

Deno.test("buildDailySummary() of a DRY_RUN day names the five largest and what LIVE would cap", () => {
  const orders = [1, 6, 3, 5, 2, 4].map((each) => ({
    symbol: each === 6 ? "S1" : `S${each}`,
    qty: each,
    notionalUsd: each * 100,
  }));
  const message = buildDailySummary({
    mode: "DRY_RUN",
    dateNy: "2026-01-20",
    dayResult: DAY_RESULT,
    session: LIVE.session,
    equityLine: LIVE.equityLine,
    areEntriesPaused: true,
    loss: null,
    overnight: [NAKED],
    orders: [...orders, { symbol: "OLD", qty: 9, notionalUsd: null }],
    caps: DEFAULT_CAPS,
  });
  assertEquals(message, {
    level: "INFO",
    title: "Daily execution summary (DRY_RUN)",
    text: [
      "2026-01-20, full day, closed at 16:00 New York",
      LIVE.equityLine,
      "Entries PAUSED by the operator (ENTRIES_PAUSED)",
      "Would have sent: 7 orders in 6 symbols, nothing left this host",
      "Notional: 2100.00 USD (without 1 of unknown price)",
      "Caps in LIVE: 5 orders, 5000.00 USD",
      `Largest: ${LARGEST_ORDERS_MAX}`,
      "  S1 6 shares, 600.00 USD",
      "  S5 5 shares, 500.00 USD",
      "  S4 4 shares, 400.00 USD",
      "  S3 3 shares, 300.00 USD",
      "  S2 2 shares, 200.00 USD",
      "Day result, against the previous close: +6.00 USD",
      "Overnight: 1",
      "  MSFT 5 shares: NO STOP at the broker",
    ].join("\n"),
  });
});

Deno.test("buildDailySummary() of a DRY_RUN day whose prices and caps are not known says so", () => {
  const { text } = buildDailySummary({
    mode: "DRY_RUN",
    dateNy: "2026-01-20",
    dayResult: DAY_RESULT,
    session: LIVE.session,
    equityLine: LIVE.equityLine,
    areEntriesPaused: false,
    loss: null,
    overnight: [],
    orders: [
      { symbol: "A", qty: 1, notionalUsd: null },
      { symbol: "B", qty: 2, notionalUsd: 5 },
      { symbol: "C", qty: 3, notionalUsd: null },
    ],
    caps: null,
  });
  const wanted = [
    "Notional: 5.00 USD (without 2 of unknown price)",
    "Caps: not valid",
    "Largest: 3",
    "  B 2 shares, 5.00 USD",
    "  A 1 share, price unknown",
    "  C 3 shares, price unknown",
    "Day result, against the previous close: +6.00 USD",
    "Overnight: none",
  ];
  assertStringIncludes(text, wanted.join("\n"));
});

Deno.test("buildDailySummary() of a DRY_RUN day in which all prices are known has no exception", () => {
  const { text } = buildDailySummary({
    mode: "DRY_RUN",
    dateNy: "2026-01-20",
    dayResult: DAY_RESULT,
    session: LIVE.session,
    equityLine: LIVE.equityLine,
    areEntriesPaused: false,
    loss: null,
    overnight: [],
    orders: [],
    caps: DEFAULT_CAPS,
  });
  assertStringIncludes(text, "\nNotional: 0.00 USD\n");
});
