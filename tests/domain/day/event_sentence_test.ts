import fc from "fast-check";
import { formatEvent, formatEventTime } from "../../../src/domain/day/event_sentence.ts";
import type { AuditEvent, EventType, RecordedEvent } from "../../../src/domain/day/events.ts";
import { assert, assertEquals } from "../../assert.ts";

const AT = "2026-11-23T14:52:10.000Z";
const REQUEST = {
  symbol: "NVDA",
  op: "bracket",
  client_order_id: "avwap-1",
  order_id: null,
  qty: 7,
  stop_usd: 117.1,
  take_profit_usd: 136.6,
} as const;
const ANSWER = {
  ...REQUEST,
  type: "order_answer",
  answer_order_id: null,
  order_status: null,
  why: null,
  http_status: null,
  code: null,
  message: null,
} as const;
const VERDICT = {
  type: "verdict",
  symbol: "NVDA",
  client_order_id: "avwap-1",
  mode: "LIVE",
  qty: 2,
  ref_price_usd: 124.9,
  b2_start: "2026-11-23T14:40:00.000Z",
  last_price_usd: 124.97,
  notional_usd: 249.95,
  is_allowed: false,
  reason: "max symbol notional reached",
  detail: "1000.00 of 1000.00 used, 249.95 asked",
  open_symbols: 1,
  used_orders: 1,
  used_gross_usd: 1000,
  used_symbol_usd: 1000,
  clock_skew_seconds: 0.1,
} as const;
const POSITION = {
  type: "position",
  symbol: "NVDA",
  position_id: "avwap-1",
  qty: 7,
  opened_at: AT,
  adopted_qty: 0,
  cost_basis_usd: 880,
  stop_usd: 124.2,
} as const;
const UPDATE = {
  type: "order_update",
  symbol: "NVDA",
  client_order_id: "avwap-1",
  order_id: "o-1",
  side: "buy",
  qty: 7,
  reason: null,
  detail: null,
  status: "accepted",
  order_status: "filled",
  filled_qty: 7,
  filled_avg_price_usd: 126.29,
} as const;

const sentences: [AuditEvent, string][] = [
  [
    VERDICT,
    "NVDA entry denied: max symbol notional reached (1000.00 of 1000.00 used, 249.95 asked)",
  ],
  [{ ...VERDICT, is_allowed: true }, "NVDA entry allowed: caps ok, 249.95 USD asked"],
  [
    { type: "engine_started", version: "1", endpoint: "paper", host: "h", poll_seconds: 300 },
    "engine started: version 1, endpoint paper (h), a cycle every 300 s",
  ],
  [{ type: "engine_stopped" }, "engine stopped"],
  [
    { type: "market", is_open: true, next_open: null, next_close: "2026-11-23T21:00:00.000Z" },
    "market open until 16:00:00",
  ],
  [
    { type: "market", is_open: false, next_open: "2026-11-24T14:30:00.000Z", next_close: null },
    "market closed until 2026-11-24 09:30:00",
  ],
  [
    { type: "market", is_open: null, next_open: null, next_close: null },
    "market unknown: the broker's clock can't be read, counts as closed",
  ],
  [
    {
      type: "gate",
      mode: "DRY_RUN",
      reason: "DRY_RUN enabled",
      allowlist: "ALL",
      caps: null,
      inputs: null,
    },
    "gate DRY_RUN: DRY_RUN enabled; allowlist ALL",
  ],
  [
    { type: "kill_switch", is_active: true, source: "file", by: "engine" },
    "kill switch active (file)",
  ],
  [{ type: "kill_switch", is_active: false, source: null, by: "engine" }, "kill switch cleared"],
  [{ type: "entries_paused", is_active: true }, "entries paused"],
  [{ type: "entries_paused", is_active: false }, "entries are not paused any more"],
  [
    { type: "watchlist", status: "fresh", candidates: 5, dropped: [], message: null },
    "watchlist fresh: 5 candidates, 0 rows dropped",
  ],
  [
    {
      type: "watchlist",
      status: "stale",
      candidates: 0,
      dropped: [],
      message: "Watchlist stale: x",
    },
    "Watchlist stale: x",
  ],
  [
    {
      type: "signal",
      symbol: "NVDA",
      outcome: "no_shares",
      pivot_usd: 124.2,
      b1_close_usd: 125,
      b2_close_usd: 126,
      b2_start: AT,
      qty: 0,
    },
    "NVDA breakout confirmed: bars closed at 125.00 and 126.00, pivot 124.20 " +
    "(the size is 0 shares, no intent)",
  ],
  [
    {
      type: "intent",
      symbol: "NVDA",
      client_order_id: "avwap-1",
      qty: 7,
      pivot_usd: 124.2,
      r1_usd: 129.4,
      r2_usd: 136.6,
      stop_usd: 117.1,
      ref_price_usd: 126.23,
      list_price_usd: 119.98,
      equity_usd: 100_000,
      distance_pct: -3.4,
      bars: [],
      scheduled_at: AT,
      expires_at: "2026-11-23T15:07:10.000Z",
    },
    "NVDA entry intended: 7 shares at about 126.23, stop 117.10, target 136.60, due 09:52:10, " +
    "worth nothing after 10:07:10",
  ],
  [
    {
      type: "skip",
      symbol: "NVDA",
      client_order_id: "avwap-1",
      mode: "LIVE",
      reason: "intent expired",
    },
    "NVDA entry skipped: intent expired (LIVE)",
  ],
  [
    {
      type: "dry_run_order",
      symbol: "TSLA",
      client_order_id: "avwap-1",
      qty: 3,
      stop_usd: 1,
      take_profit_usd: 2,
      ref_price_usd: 165.6,
      notional_usd: 496.8,
      is_allowlisted: false,
    },
    "TSLA entry simulated: 3 shares at about 165.60 (496.80 USD), nothing sent; " +
    "the allowlist would block it",
  ],
  [
    {
      type: "order_recorded",
      symbol: "NVDA",
      client_order_id: "avwap-1",
      side: "buy",
      qty: 7,
      notional_usd: 884.03,
      reason: null,
      stop_usd: 117.1,
      pivot_usd: null,
      r1_usd: null,
      r2_usd: null,
    },
    "NVDA entry recorded before it leaves: buy 7, stop 117.10 (884.03 USD), avwap-1",
  ],
  [
    { type: "order_request", ...REQUEST },
    "NVDA bracket 7 shares, stop 117.10, target 136.60 avwap-1 requested",
  ],
  [
    { ...ANSWER, outcome: "rejected", http_status: 403, message: "no" },
    "NVDA bracket 7 shares, stop 117.10, target 136.60 avwap-1 REJECTED by the broker (403): no",
  ],
  [
    {
      ...ANSWER,
      op: "cancel",
      qty: null,
      stop_usd: null,
      take_profit_usd: null,
      outcome: "stopped",
      why: "kill switch active (file)",
    },
    "NVDA cancel avwap-1 NOT SENT: kill switch active (file)",
  ],
  [
    {
      ...ANSWER,
      op: "sell",
      stop_usd: null,
      take_profit_usd: null,
      outcome: "unknown",
      why: "timeout",
    },
    "NVDA sell 7 shares avwap-1 without a usable answer (timeout): it will be looked up",
  ],
  [UPDATE, "NVDA entry is accepted, filled at the broker, filled 7 at 126.29"],
  [
    { ...UPDATE, status: "rejected", reason: "not sent", order_status: null, filled_qty: 0 },
    "NVDA entry is rejected: not sent",
  ],
  [
    { ...UPDATE, order_status: "canceled", filled_qty: 0 },
    "NVDA entry ended at the broker: canceled, nothing filled",
  ],
  [
    { ...UPDATE, order_status: "expired", filled_qty: 3 },
    "NVDA entry ended at the broker: expired, filled 3 at 126.29",
  ],
  [
    {
      type: "entry_end",
      symbol: "NVDA",
      client_order_id: "avwap-1",
      order_id: "o-1",
      why: "partly filled",
      qty: 7,
      filled_qty: 3,
    },
    "NVDA entry filled 3 of 7 for a minute: cancelling the rest",
  ],
  [
    {
      type: "exchange",
      method: "POST",
      path: "/v2/orders",
      request_body: null,
      http_status: null,
      failure: "timeout",
      answer_body: null,
      took_ms: 10_000,
    },
    "broker exchange: POST /v2/orders answered nothing (timeout) in 10000 ms",
  ],
  [
    {
      type: "fill",
      symbol: "NVDA",
      side: "sell",
      order_id: "o-1",
      client_order_id: "avwap-1",
      reason: "r1_trim",
      filled_qty: 3,
      qty: 3,
      filled_avg_price_usd: 0.5123,
      filled_at: AT,
      replaces: null,
    },
    "NVDA sold 3 of 3 at 0.5123 (trim at R1), filled 09:52:10",
  ],
  [
    { type: "reconciliation", mismatched: ["NVDA avwap-1"] },
    "broker mismatch: the ledger lacked NVDA avwap-1",
  ],
  [
    {
      type: "price",
      symbol: "NVDA",
      price_usd: 129.5,
      stop_usd: 117.1,
      high_water_usd: 130,
      pivot_usd: 124.2,
      r1_usd: 129.4,
      r2_usd: 136.6,
      qty: 7,
    },
    "NVDA at 129.50: stop 117.10, high 130.00, 7 shares",
  ],
  // Adopted in this cycle: nobody has looked at it before.
  [
    {
      type: "price",
      symbol: "NVDA",
      price_usd: 129.5,
      stop_usd: 117.1,
      high_water_usd: 0,
      pivot_usd: 129.5,
      r1_usd: 1_000_000_000,
      r2_usd: 1_000_000_000,
      qty: 7,
    },
    "NVDA at 129.50: stop 117.10, 7 shares",
  ],
  [
    {
      type: "exit",
      symbol: "NVDA",
      mode: "LIVE",
      reason: "stop_exit",
      qty: 4,
      price_usd: 117,
      stop_usd: 117.1,
    },
    "NVDA stop exit due: 4 shares at 117.00, stop 117.10 (LIVE)",
  ],
  [{ ...POSITION, change: "stop raised" }, "NVDA stop raised to 124.20"],
  [{ ...POSITION, change: "gone", qty: null }, "NVDA position closed"],
  [
    { type: "protection", symbol: "NVDA", step: "replace", qty: 4, stop_usd: 124.2 },
    "NVDA protection: moving the stop, 4 shares at 124.20",
  ],
  [
    { type: "equity", equity_usd: 100_010.42, positions: [] },
    "equity 100010.42 USD, 0 positions",
  ],
  [
    {
      type: "summary",
      mode: "LIVE",
      tried: 3,
      accepted: 1,
      denied: 2,
      rejected: 0,
      expired: 0,
      unresolved: 0,
      unfilled: 0,
      realised_usd: 10.42,
      day_result_usd: -3.1,
      text: "",
    },
    "daily summary (LIVE): 3 entries tried, 1 accepted, 2 denied, 0 rejected, 0 expired, " +
    "0 unresolved, closed trades 10.42 USD, day result -3.10 USD",
  ],
  [
    {
      type: "alert",
      level: "ERROR",
      title: "T",
      text: "first\nsecond",
      outcome: "lost",
      attempts: 3,
    },
    'Slack LOST ERROR "T": first',
  ],
  [{ type: "error", message: "NVDA: stop not placed" }, "ERROR NVDA: stop not placed"],
  [
    { type: "cycle", next_wake_ms: Date.parse(AT), why: "poll" },
    "cycle ended; next at 09:52:10 (poll)",
  ],
];
for (const [event, sentence] of sentences) {
  Deno.test(`formatEvent() of ${event.type} reads "${sentence}"`, () => {
    assertEquals(formatEvent({ at: AT, ...event }), sentence);
  });
}

Deno.test("formatEvent() has a sentence of its own for every type", () => {
  const types = new Set<EventType>(sentences.map(([event]) => event.type));
  for (const type of types) {
    assert(!formatEvent({ at: AT, type }).startsWith(`${type} {`), type);
  }
  assertEquals(types.size, 29);
});

Deno.test("formatEvent() shows an event of a later release as it is", () => {
  assertEquals(
    formatEvent({ at: AT, v: 1, type: "tea", symbol: "NVDA", cups: 2 }),
    'NVDA tea {"cups":2}',
  );
});

Deno.test("formatEventTime() is New York's, and says where there is none", () => {
  assertEquals(formatEventTime(Date.parse(AT)), "09:52:10 EST");
  assertEquals(formatEventTime(Date.parse("2026-07-01T14:00:00Z")), "10:00:00 EDT");
  assertEquals(formatEventTime(null), "??:??:?? ???");
});

Deno.test("formatEvent() never throws, whatever a file holds", () => {
  const types = sentences.map(([event]): string => event.type);
  const fields = sentences.flatMap(([event]) => Object.keys(event));
  const event = fc.record({
    at: fc.constant(AT),
    type: fc.constantFrom(...types, "constructor", "__proto__", ""),
    fields: fc.dictionary(fc.constantFrom(...fields), fc.jsonValue({ maxDepth: 2 })),
  });
  fc.assert(fc.property(event, ({ at, type, fields }) => {
    const { symbol: _symbol, ...others } = fields;
    const recorded: RecordedEvent = { ...others, at, type };
    assertEquals(typeof formatEvent(recorded), "string");
  }));
});
