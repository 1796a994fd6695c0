import fc from "fast-check";
import { formatHeadline, formatSymbolStory } from "../../../src/domain/day/day_headline.ts";
import { buildDayView, REPORT_EVENTS } from "../../../src/domain/day/day_view.ts";
import type { RecordedEvent } from "../../../src/domain/day/events.ts";
import { nyToMs } from "../../../src/domain/time/ny_time.ts";
import { assertEquals } from "../../assert.ts";

const DATE_NY = "2026-11-23";

function at(timeNy: string, type: string, fields: Record<string, unknown> = {}): RecordedEvent {
  return { at: new Date(nyToMs(DATE_NY, timeNy)).toISOString(), type, ...fields };
}

function iso(timeNy: string): string {
  return new Date(nyToMs(DATE_NY, timeNy)).toISOString();
}

const START = at("09:00", "engine_started", { endpoint: "paper", host: "h", version: "1" });
const OPEN = at("09:30", "market", { is_open: true, next_close: iso("16:00") });
const CAPS = {
  orders_per_day: 5,
  positions: 5,
  gross_notional_usd: 1500,
  notional_per_symbol_usd: 1000,
};
const LIVE = at("09:30", "gate", { mode: "LIVE", reason: "live trading confirmed", caps: CAPS });

function fill(
  timeNy: string,
  reason: string,
  qty: number,
  usd: number,
  change: Record<string, unknown> = {},
): RecordedEvent {
  return at(timeNy, "fill", {
    symbol: "NVDA",
    side: reason === "entry" ? "buy" : "sell",
    order_id: `${reason}-${timeNy}`,
    client_order_id: `avwap-1-${reason}`,
    reason,
    filled_qty: qty,
    qty,
    filled_avg_price_usd: usd,
    filled_at: iso(timeNy),
    ...change,
  });
}

const FLAT = at("15:00", "equity", { equity_usd: 100_018.4, positions: [] });
const TRADED = [
  START,
  OPEN,
  LIVE,
  fill("10:00", "entry", 7, 100),
  fill("11:00", "r1_trim", 3, 104),
  fill("14:00", "stop", 4, 101.6),
  FLAT,
];

const headlines: { events: RecordedEvent[]; headline: string }[] = [
  { events: [], headline: "Nothing was recorded on this day" },
  { events: [START], headline: "DRY_RUN (paper): no order simulated, none sent" },
  { events: [START, OPEN, LIVE], headline: "LIVE (paper): nothing traded" },
  { events: TRADED, headline: "LIVE (paper): 1 entry, 1 trim, 1 exit, day result +18.40 USD" },
  {
    events: [...TRADED, at("15:10", "kill_switch", { is_active: true, source: "file" })],
    headline: "LIVE (paper): 1 entry, 1 trim, 1 exit, day result +18.40 USD; kill switch at 15:10",
  },
  {
    events: [{ ...START, endpoint: "live-money" }, ...TRADED.slice(1, 4)],
    headline: "LIVE (REAL MONEY): 1 entry",
  },
  {
    events: [
      ...TRADED.slice(0, 4),
      at("15:00", "equity", { equity_usd: 1, positions: [{ symbol: "NVDA", qty: 7 }] }),
      at("15:00", "error", { message: "x" }),
      at("15:01", "error", { message: "x" }),
      at("15:02", "order_answer", { symbol: "AAPL", outcome: "rejected", message: "no" }),
    ],
    headline: "LIVE (paper): 1 entry; 1 order rejected; 1 error; still held: 7 NVDA",
  },
  {
    events: [
      START,
      OPEN,
      at("09:31", "equity", {
        equity_usd: 1,
        positions: [{ symbol: "NVDA", qty: 7, last_close_usd: 100, is_managed: true }],
      }),
      fill("10:00", "stop", 7, 98),
    ],
    headline: "DRY_RUN (paper): no order simulated, none sent, day result -14.00 USD; " +
      "still held: 7 NVDA",
  },
  {
    events: [START, OPEN, at("10:00", "dry_run_order", { symbol: "A", qty: 1, ref_price_usd: 2 })],
    headline: "DRY_RUN (paper): 1 order simulated, none sent",
  },
];
for (const { events, headline } of headlines) {
  Deno.test(`formatHeadline() says "${headline}"`, () => {
    assertEquals(formatHeadline(buildDayView(events, DATE_NY)), headline);
  });
}

Deno.test("buildDayView() takes an order's last fill, and an order's legs as exits", () => {
  const view = buildDayView([
    ...TRADED.slice(0, 4),
    fill("10:30", "stop", 2, 99, { order_id: "leg", client_order_id: "from-the-broker" }),
    fill("10:31", "stop", 7, 98, { order_id: "leg", client_order_id: "from-the-broker" }),
  ], DATE_NY);
  const [day] = view.symbols;
  assertEquals(day?.fills.map(({ qty, reason }) => [qty, reason]), [[7, "entry"], [7, "stop"]]);
  assertEquals(view.dayResult.resultUsd, -14);
  assertEquals(view.orders.sells.map(({ what, status, qty }) => [what, status, qty]), [
    ["stop", "filled", 7],
  ]);
  assertEquals(view.orders.buys.map(({ what, qty }) => [what, qty]), [["entry", 7]]);
  assertEquals(
    day === undefined ? "" : formatSymbolStory(day),
    "bought 7 at 100.00, sold 7 at 98.00 (stop)",
  );
});

Deno.test("buildDayView() names a symbol of unknown result, and keeps the result of the others", () => {
  const sale = { symbol: "OLD", order_id: "old", client_order_id: "avwap-old-stop" };
  const view = buildDayView([...TRADED, fill("10:00", "stop", 7, 98, sale)], DATE_NY);
  assertEquals([view.dayResult.resultUsd, view.dayResult.knownUsd.toFixed(2)], [null, "18.40"]);
  assertEquals(
    formatHeadline(view),
    "LIVE (paper): 1 entry, 1 trim, 2 exits, day result +18.40 USD (without OLD)",
  );
});

Deno.test("buildDayView() is told of no sale by hand of what the engine never had", () => {
  const sale = { symbol: "HAND", order_id: "h", client_order_id: "hand" };
  const view = buildDayView([...TRADED, fill("10:00", "other", 7, 98, sale)], DATE_NY);
  assertEquals(view.dayResult.resultUsd?.toFixed(2), "18.40");
  assertEquals(view.trades.map((trade) => trade.symbol), ["NVDA"]);
});

Deno.test("buildDayView() counts a position without stop among the errors, each once", () => {
  const alert = (title: string) =>
    at("10:00", "alert", { level: "ERROR", title, text: "NVDA 7\nmore" });
  const error = at("10:00", "error", { message: "Position without stop NVDA: 7 bare" });
  const messages = (events: RecordedEvent[]) =>
    buildDayView(events, DATE_NY).errors.map((row) => row.message);
  assertEquals(messages([alert("Position without stop")]), ["Position without stop: NVDA 7"]);
  assertEquals(messages([alert("Position without stop"), error]), [
    "Position without stop NVDA: 7 bare",
  ]);
  assertEquals(messages([alert("Execution error")]), []);
});

Deno.test("buildDayView() tells when an order was placed and when it was filled", () => {
  const view = buildDayView([
    at("10:00", "order_recorded", {
      symbol: "NVDA",
      client_order_id: "avwap-1-stop",
      side: "sell",
      reason: "stop",
      qty: 4,
      stop_usd: 101,
      notional_usd: 0,
    }),
    fill("14:00", "stop", 4, 101),
  ], DATE_NY);
  const [row] = view.orders.sells;
  assertEquals([row?.placedMs, row?.filledMs], [
    nyToMs(DATE_NY, "10:00"),
    nyToMs(DATE_NY, "14:00"),
  ]);
});

const ended: {
  what: string;
  end: string | null;
  status: string;
  filledQty: number;
  row: string[];
}[] = [
  {
    what: "the engine cancelled unfilled",
    end: "unfilled",
    status: "canceled",
    filledQty: 0,
    row: [
      "canceled",
      "entry filled 0 of 7 a minute after it was accepted (a halt?): cancelling it; it stays the symbol's entry of the day",
    ],
  },
  {
    what: "the engine cancelled in part",
    end: "close near",
    status: "canceled",
    filledQty: 3,
    row: ["partly filled", "entry filled 3 of 7 and the close is near: cancelling the rest"],
  },
  {
    what: "expired",
    end: null,
    status: "expired",
    filledQty: 0,
    row: ["canceled", "expired at the broker"],
  },
  {
    what: "somebody cancelled",
    end: null,
    status: "canceled",
    filledQty: 0,
    row: ["canceled", ""],
  },
];
for (const { what, end, status, filledQty, row } of ended) {
  Deno.test(`buildDayView() tells why an entry is over that ${what}`, () => {
    const of = { symbol: "NVDA", client_order_id: "avwap-1", side: "buy", qty: 7 };
    const view = buildDayView([
      at("10:00", "order_recorded", { ...of, notional_usd: 800 }),
      ...end === null ? [] : [at("10:01", "entry_end", { ...of, why: end, filled_qty: filledQty })],
      at("10:02", "order_update", {
        ...of,
        status: "accepted",
        order_status: status,
        filled_qty: filledQty,
      }),
    ], DATE_NY);
    assertEquals(view.orders.buys.map((each) => [each.status, each.detail]), [row]);
  });
}

Deno.test("buildDayView() draws no future: nothing goes on beyond the trail's last line, nor the market beyond now", () => {
  const nowMs = nyToMs(DATE_NY, "11:30");
  const view = buildDayView([START, OPEN, LIVE, at("11:00", "cycle")], DATE_NY, {
    earlier: [],
    nowMs,
  });
  assertEquals(view.toldMs, nowMs);
  assertEquals(view.spans.gate.map((span) => span.toMs), [nyToMs(DATE_NY, "11:00")]);
});

Deno.test("buildDayView() ends the gate's answer with the process that gave it", () => {
  const { spans } = buildDayView(
    [START, LIVE, at("10:00", "cycle"), at("12:00", "engine_started")],
    DATE_NY,
  );
  assertEquals(spans.gate.map((span) => span.toMs), [nyToMs(DATE_NY, "10:00")]);
});

Deno.test("buildDayView() counts caps from what was recorded and not rejected", () => {
  const order = (id: string, symbol: string, usd: number) =>
    at("10:00", "order_recorded", {
      symbol,
      client_order_id: id,
      side: "buy",
      qty: 1,
      notional_usd: usd,
    });
  const view = buildDayView([
    LIVE,
    order("avwap-1", "A", 400),
    order("avwap-2", "B", 600),
    order("avwap-3", "C", 900),
    at("10:01", "order_update", {
      symbol: "C",
      client_order_id: "avwap-3",
      side: "buy",
      status: "rejected",
      reason: "no",
    }),
  ], DATE_NY);
  assertEquals(view.caps.orders, { used: 2, cap: 5 });
  assertEquals(view.caps.grossUsd, { used: 1000, cap: 1500 });
  assertEquals(view.caps.symbolUsd, { symbol: "B", used: 600, cap: 1000 });
  assertEquals(view.orders.buys.map((row) => row.status), ["unresolved", "unresolved", "rejected"]);
});

Deno.test("buildDayView() counts neither flatten's and a hand's buys as entries, nor what was not sent", () => {
  const FLATTEN_ID = "avwap-flatten-2026-11-23-TSLA-1";
  const buy = { side: "buy", symbol: "TSLA" };
  const recorded = (id: string) =>
    at("10:00", "order_recorded", { ...buy, client_order_id: id, qty: 1, notional_usd: 400 });
  const view = buildDayView([
    recorded(FLATTEN_ID),
    recorded("avwap-2"),
    at("10:01", "order_update", {
      ...buy,
      client_order_id: "avwap-2",
      status: "rejected",
      reason: "not sent",
    }),
    fill("10:01", "flatten", 1, 400, { ...buy, client_order_id: FLATTEN_ID }),
    fill("10:02", "flatten", 1, 400, { ...buy, client_order_id: "avwap-flatten-2" }),
    fill("10:03", "other", 1, 400, { ...buy, client_order_id: "by-hand" }),
  ], DATE_NY);
  assertEquals(view.orders.buys.map((row) => row.status), ["not sent"]);
  assertEquals(view.orders.otherBuys.map((row) => row.clientOrderId), [
    FLATTEN_ID,
    "avwap-flatten-2",
    "by-hand",
  ]);
  assertEquals([view.caps.orders.used, view.caps.grossUsd.used], [0, 0]);
});

Deno.test("buildDayView() draws gate, kill switch, runs and an unknown market from their changes", () => {
  const { spans, isHalfDay, closeMs } = buildDayView([
    START,
    at("09:30", "market", { is_open: true, next_close: iso("13:00") }),
    LIVE,
    at("10:00", "gate", { mode: "LIVE", reason: "live trading confirmed" }),
    at("11:00", "market", { is_open: null }),
    at("11:10", "market", { is_open: true, next_close: iso("13:00") }),
    at("12:00", "kill_switch", { is_active: true, source: "file" }),
    at("12:00", "gate", { mode: "DRY_RUN", reason: "kill switch active (file)" }),
    at("12:30", "kill_switch", { is_active: false, source: null }),
    at("12:40", "engine_started"),
    at("14:00", "engine_stopped"),
  ], DATE_NY);
  const hours = (span: { readonly fromMs: number; readonly toMs: number }) =>
    [span.fromMs, span.toMs].map((ms) => new Date(ms).toISOString().slice(11, 16));
  assertEquals([isHalfDay, closeMs], [true, nyToMs(DATE_NY, "13:00")]);
  assertEquals(spans.gate.map((span) => [span.mode, ...hours(span)]), [
    ["LIVE", "14:30", "17:00"],
    ["DRY_RUN", "17:00", "17:30"],
  ]);
  assertEquals(spans.killSwitch.map(hours), [["17:00", "17:30"]]);
  assertEquals(spans.marketUnknown.map(hours), [["16:00", "16:10"]]);
  assertEquals(spans.runs.map((run) => [run.isClean, ...hours(run)]), [
    [false, "14:00", "17:30"],
    [true, "17:40", "19:00"],
  ]);
});

Deno.test("buildDayView() groups refusals, the broker's first", () => {
  const verdict = (timeNy: string, detail: string) =>
    at(timeNy, "verdict", {
      symbol: "A",
      is_allowed: false,
      reason: "max positions reached",
      detail,
    });
  const { refusals } = buildDayView([
    at("10:00", "skip", { symbol: "A", reason: "intent expired", mode: "LIVE" }),
    verdict("10:01", "5 of 5 open"),
    verdict("10:05", "6 of 5 open"),
    at("10:06", "order_answer", { symbol: "B", outcome: "rejected", message: "no", op: "bracket" }),
    at("10:07", "order_answer", { symbol: "B", outcome: "accepted" }),
  ], DATE_NY).orders;
  assertEquals(refusals.map((row) => [row.by, row.symbol, row.reason, row.detail, row.count]), [
    ["broker", "B", "no", "bracket, HTTP ?", 1],
    ["gate or caps", "A", "max positions reached", "6 of 5 open", 2],
    ["rule", "A", "intent expired", "", 1],
  ]);
});

Deno.test("buildDayView() counts the same denial of the same pair of bars once", () => {
  const verdict = (timeNy: string, b2: string) =>
    at(timeNy, "verdict", {
      symbol: "A",
      is_allowed: false,
      reason: "allowlist blocked",
      b2_start: b2,
    });
  const { refusals } = buildDayView([
    verdict("10:01", "x"),
    verdict("10:05", "x"),
    verdict("10:11", "y"),
  ], DATE_NY).orders;
  assertEquals(refusals.map((row) => [row.symbol, row.count]), [["A", 2]]);
});

Deno.test("buildDayView() and its headline stand whatever a file holds", () => {
  const names = [
    "symbol",
    "mode",
    "reason",
    "side",
    "order_id",
    "client_order_id",
    "filled_qty",
    "filled_avg_price_usd",
    "filled_at",
    "price_usd",
    "stop_usd",
    "qty",
    "bars",
    "caps",
    "positions",
    "equity_usd",
    "is_open",
    "is_active",
    "next_close",
    "next_open",
    "status",
    "message",
  ];
  const event = fc.record({
    minute: fc.integer({ min: 0, max: 1439 }),
    type: fc.constantFrom(...REPORT_EVENTS),
    symbol: fc.constantFrom("NVDA", "AAPL"),
    fields: fc.dictionary(
      fc.constantFrom(...names),
      fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom(1, -1, 1e300, iso("10:00"), "LIVE")),
    ),
  });
  fc.assert(fc.property(fc.array(event, { maxLength: 20 }), (drawn) => {
    const events = drawn.map(({ minute, type, symbol, fields }): RecordedEvent => {
      const ms = nyToMs(DATE_NY, "00:00") + minute * 60_000;
      const given = { ...fields, at: new Date(ms).toISOString(), type };
      return typeof fields["symbol"] === "string" ? given : { ...given, symbol };
    });
    const view = buildDayView(events, DATE_NY);
    assertEquals(typeof formatHeadline(view), "string");
    for (const day of view.symbols) assertEquals(typeof formatSymbolStory(day), "string");
  }));
});
