import { assertEquals, assertObjectMatch } from "../assert.ts";
import { buildMarket, type Market, readList, TEN_MS } from "./harness.ts";
import { PathScript } from "./price_path.ts";
import { buildSampleSessions, SAMPLE_DAY_NY } from "./scenario.ts";
import { nyMoment } from "./sessions.ts";

const MINUTE_MS = 60_000;
const BARS = "timeframe=10Min&feed=iex&start=2026-11-23T14:30:00Z&end=2026-11-23T15:05:00Z";

/** NVDA climbs a dollar a minute from 100 at the open, AAPL stays at 50, BRK.B at 480. */
function buildClimb(): Market {
  const openMs = nyMoment(SAMPLE_DAY_NY, "09:30");
  const sessions = buildSampleSessions();
  const flat = (priceUsd: number) => [{ atMs: openMs, priceUsd }];
  const script = new PathScript({
    NVDA: [{ atMs: openMs, priceUsd: 100 }, { atMs: openMs + 390 * MINUTE_MS, priceUsd: 490 }],
    AAPL: flat(50),
    "BRK.B": flat(480),
  }, sessions);
  return buildMarket({}, { script, sessions });
}

function readBars(market: Market, query: string, symbol: string): [unknown, unknown][] {
  const bars = market.call("GET", "/v2/stocks/bars", query).json["bars"];
  const ofSymbol = new Map(Object.entries(Object(bars))).get(symbol) ?? [];
  return readList(ofSymbol).map((bar) => [bar["t"], bar["c"]]);
}

Deno.test("bars are stamped with their start, end inclusive, and the one still forming is there", () => {
  const market = buildClimb();
  market.pass(4 * MINUTE_MS);
  assertEquals(readBars(market, `symbols=NVDA&${BARS}`, "NVDA"), [
    ["2026-11-23T14:30:00Z", 109.98],
    ["2026-11-23T14:40:00Z", 119.98],
    ["2026-11-23T14:50:00Z", 129.98],
    ["2026-11-23T15:00:00Z", 134],
  ]);
});

Deno.test("start and end are inclusive", () => {
  const market = buildClimb();
  const query =
    "symbols=NVDA&timeframe=10Min&start=2026-11-23T14:40:00Z&end=2026-11-23T14:50:00Z&feed=iex";
  assertEquals(readBars(market, query, "NVDA").map(([time]) => time), [
    "2026-11-23T14:40:00Z",
    "2026-11-23T14:50:00Z",
  ]);
});

Deno.test("pages are cut by bars, sorted by symbol: the first can hold a single symbol", () => {
  const market = buildClimb();
  market.pass(30 * MINUTE_MS);
  const seen: string[] = [];
  const symbolsOfPages: string[][] = [];
  let token: unknown = "";
  for (let page = 0; token !== null && page < 9; page++) {
    const query = `symbols=NVDA,BRK.B,AAPL&${BARS}&limit=3&page_token=${token}`;
    const { status, json } = market.call("GET", "/v2/stocks/bars", query);
    assertEquals(status, 200);
    const bars = Object.entries(Object(json["bars"]));
    symbolsOfPages.push(bars.map(([symbol]) => symbol));
    for (const [symbol, list] of bars) {
      for (const bar of readList(list)) seen.push(`${symbol} ${bar["t"]}`);
    }
    token = json["next_page_token"];
  }
  assertEquals(symbolsOfPages, [["AAPL"], ["AAPL", "BRK.B"], ["BRK.B", "NVDA"], ["NVDA"]]);
  assertEquals(new Set(seen).size, 12);
  assertEquals(seen, [...seen].sort());
});

Deno.test("a page that ends with the last bar has no next one", () => {
  const market = buildClimb();
  const query = `symbols=AAPL&${BARS}&limit=`;
  assertEquals(market.call("GET", "/v2/stocks/bars", `${query}4`).json["next_page_token"], null);
  const cut = market.call("GET", "/v2/stocks/bars", `${query}3`).json["next_page_token"];
  assertEquals(typeof cut, "string");
});

Deno.test("without a real-time plan an omitted end means 15 minutes ago, with status 200", () => {
  const market = buildClimb();
  market.exchange.behaviour.hasRealTimeSip = false;
  market.pass(4 * MINUTE_MS);
  const query = "symbols=NVDA&timeframe=10Min&start=2026-11-23T14:30:00Z";
  const times = readBars(market, query, "NVDA").map(([time]) => time);
  assertEquals(times, ["2026-11-23T14:30:00Z", "2026-11-23T14:40:00Z"]);
});

Deno.test("no bar is sent for an interval without trades: a halt, a missing bar, a closed market", () => {
  const market = buildClimb();
  market.exchange.halt("NVDA");
  market.pass(25 * MINUTE_MS);
  market.exchange.resume("NVDA");
  market.exchange.behaviour.isBarMissing = (symbol, startMs) =>
    symbol === "AAPL" && startMs === TEN_MS - 20 * MINUTE_MS;
  const query = "timeframe=10Min&feed=iex&start=2026-11-23T13:00:00Z&end=2026-11-23T15:30:00Z";
  const read = (symbol: string) => readBars(market, `symbols=${symbol}&${query}`, symbol);
  assertEquals(read("NVDA").map(([time]) => String(time).slice(11, 16)), [
    "14:30",
    "14:40",
    "14:50",
    "15:20",
  ]);
  assertEquals(read("AAPL").map(([time]) => String(time).slice(11, 16)), [
    "14:30",
    "14:50",
    "15:00",
    "15:10",
    "15:20",
  ]);
});

Deno.test("a bar's close is revised 30 seconds after its end", () => {
  const market = buildClimb();
  market.exchange.behaviour.preliminaryCloseUsd = (_symbol, _startMs, closeUsd) => closeUsd - 1;
  const read = () => readBars(market, `symbols=NVDA&${BARS}`, "NVDA")[2]?.[1];
  assertEquals(read(), 128.98);
  market.pass(30_000);
  assertEquals(read(), 129.98);
});

Deno.test("bars know yesterday, and a symbol without any is absent", () => {
  const market = buildMarket();
  const query = "timeframe=1Hour&feed=iex&start=2026-11-20T20:00:00Z&end=2026-11-23T14:30:00Z";
  assertEquals(readBars(market, `symbols=NVDA&${query}`, "NVDA").map(([time]) => time), [
    "2026-11-20T20:00:00Z",
    "2026-11-23T14:00:00Z",
  ]);
  const { exchange } = buildMarket({}, { script: { priceAtUsd: () => null } });
  assertEquals(exchange.quotes.lastTrade("NVDA", exchange.nowMs), null);
  const empty = buildMarket({}, { script: { priceAtUsd: () => null } });
  const { json } = empty.call("GET", "/v2/stocks/bars", `symbols=NVDA&${query}`);
  assertEquals(json, { bars: {}, next_page_token: null });
  assertEquals(empty.call("GET", "/v2/stocks/trades/latest", "symbols=NVDA").json, { trades: {} });
});

Deno.test("the latest trade is of the last second that traded", () => {
  const market = buildClimb();
  const read = () => {
    const { trades } = market.call("GET", "/v2/stocks/trades/latest", "symbols=NVDA,NONE").json;
    return Object.entries(Object(trades)).map(([symbol, trade]) => {
      const { p, t } = Object(trade);
      return [symbol, p, t];
    });
  };
  market.pass(1500);
  assertEquals(read(), [["NVDA", 130.02, "2026-11-23T15:00:01.000000000Z"]]);
  market.exchange.advanceTo(nyMoment("2026-11-24", "08:00"));
  assertEquals(read(), [["NVDA", 489.98, "2026-11-23T20:59:59.000000000Z"]]);
});

const REFUSED: { when: string; query: string }[] = [
  { when: "no symbol is named", query: "timeframe=10Min" },
  { when: "a symbol is none", query: "symbols=nvda&timeframe=10Min" },
  { when: "the timeframe is none", query: "symbols=NVDA&timeframe=10Minutes" },
  { when: "the limit is too high", query: "symbols=NVDA&timeframe=10Min&limit=10001" },
  { when: "the start is no time", query: "symbols=NVDA&timeframe=10Min&start=today" },
  { when: "the end is no time", query: "symbols=NVDA&timeframe=10Min&end=now" },
  { when: "the feed is unknown", query: "symbols=NVDA&timeframe=10Min&feed=cheap" },
  { when: "the page token is not one", query: "symbols=NVDA&timeframe=10Min&page_token=***" },
];
for (const { when, query } of REFUSED) {
  Deno.test(`GET /v2/stocks/bars answers 400 when ${when}`, () => {
    assertEquals(buildMarket().call("GET", "/v2/stocks/bars", query).status, 400);
  });
}

const CLOCK_CASES: { at: string; dateNy: string; timeNy: string; clock: object }[] = [
  {
    at: "in a session",
    dateNy: "2026-11-23",
    timeNy: "10:00",
    clock: {
      is_open: true,
      next_open: "2026-11-24T09:30:00-05:00",
      next_close: "2026-11-23T16:00:00-05:00",
    },
  },
  {
    at: "at the open",
    dateNy: "2026-11-24",
    timeNy: "09:30",
    clock: {
      is_open: true,
      next_open: "2026-11-25T09:30:00-05:00",
      next_close: "2026-11-24T16:00:00-05:00",
    },
  },
  {
    at: "at the close before a holiday",
    dateNy: "2026-11-25",
    timeNy: "16:00",
    clock: {
      is_open: false,
      next_open: "2026-11-27T09:30:00-05:00",
      next_close: "2026-11-27T13:00:00-05:00",
    },
  },
  {
    at: "after the close of a half day",
    dateNy: "2026-11-27",
    timeNy: "13:00",
    clock: {
      is_open: false,
      next_open: "2026-11-30T09:30:00-05:00",
      next_close: "2026-11-30T16:00:00-05:00",
    },
  },
];
for (const { at, dateNy, timeNy, clock } of CLOCK_CASES) {
  Deno.test(`the clock tells open and close ${at}`, () => {
    const market = buildMarket();
    market.exchange.advanceTo(nyMoment(dateNy, timeNy));
    const { json } = market.call("GET", "/v2/clock");
    assertObjectMatch(json, clock);
    assertEquals(json["timestamp"], `${dateNy}T${timeNy}:00.000482917-05:00`);
  });
}

Deno.test("the clock's timestamp can be skewed against the host's", () => {
  const { json } = buildMarket({ clockSkewMs: 31_000 }).call("GET", "/v2/clock");
  assertEquals(json["timestamp"], "2026-11-23T10:00:31.000482917-05:00");
});

Deno.test("the calendar knows half days and leaves out holidays", () => {
  const { call } = buildMarket();
  const { list } = call("GET", "/v2/calendar", "start=2026-11-25&end=2026-11-27");
  assertEquals(list.map((day) => [day["date"], day["open"], day["close"]]), [
    ["2026-11-25", "09:30", "16:00"],
    ["2026-11-27", "09:30", "13:00"],
  ]);
  assertEquals(call("GET", "/v2/calendar", "start=soon").status, 422);
});

Deno.test("New York's offset follows summer time", () => {
  const cases = [
    ["2026-03-07", "2026-03-07T14:30:00.000Z"],
    ["2026-03-09", "2026-03-09T13:30:00.000Z"],
    ["2026-10-30", "2026-10-30T13:30:00.000Z"],
    ["2026-11-02", "2026-11-02T14:30:00.000Z"],
  ] as const;
  for (const [dateNy, utc] of cases) {
    assertEquals(new Date(nyMoment(dateNy, "09:30")).toISOString(), utc);
  }
});

Deno.test("account and configuration say what the engine needs, without the day-trade fields", () => {
  const { exchange, call } = buildMarket({ isSuspended: true });
  exchange.setPosition("NVDA", 10, 90);
  const { json } = call("GET", "/v2/account");
  assertObjectMatch(json, {
    id: exchange.accountId,
    status: "ACTIVE",
    equity: "101000",
    cash: "100000",
    account_blocked: false,
    trading_blocked: false,
    trade_suspended_by_user: true,
  });
  assertEquals(["pattern_day_trader", "daytrade_count"].filter((field) => field in json), []);
  assertObjectMatch(call("GET", "/v2/account/configurations").json, {
    no_shorting: true,
    max_margin_multiplier: "2",
    suspend_trade: true,
  });
});
