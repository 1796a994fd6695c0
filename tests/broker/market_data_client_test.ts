import { BARS_PER_PAGE } from "../../src/broker/market_data_client.ts";
import { PAGES_MAX } from "../../src/broker/symbol_pages.ts";
import { SYMBOLS_PER_LIST } from "../../src/domain/entry/symbol_search.ts";
import type { SymbolsAnswer } from "../../src/engine/ports.ts";
import { assert, assertEquals, assertRejects } from "../assert.ts";
import { buildWireError, buildWorld, START_MS, type Step } from "./scripted.ts";

const WINDOW = { window: { startMs: START_MS - 40 * 60_000, endMs: START_MS } };
const NO_SIP: Step = {
  status: 403,
  body: buildWireError(42210000, "subscription does not permit querying recent SIP data"),
};
const IEX_LINE = "Market data feed=iex (the subscription does not permit real-time SIP data)";

function bar(time: string, close: number | string) {
  return { t: `2026-01-20T${time}:00Z`, o: 1, h: 2, l: 0.5, c: close, v: 100, n: 3, vw: 1.1 };
}

function page(bars: unknown, token: string | null = null): Step {
  return { body: { bars, next_page_token: token } };
}

function paramsOf(url: string | undefined): URLSearchParams {
  return new URL(url ?? "").searchParams;
}

/** The rows of an answer that came whole. */
async function rowsOf<T>(asked: Promise<SymbolsAnswer<T>>): Promise<[string, T][]> {
  const answer = await asked;
  assert(answer.kind === "answered", JSON.stringify(answer));
  return [...answer.rows];
}

/** What became of a request that was not answered whole. */
async function failureOf<T>(asked: Promise<SymbolsAnswer<T>>) {
  const answer = await asked;
  assert(answer.kind === "failed", JSON.stringify(answer));
  return answer;
}

/** Closes by symbol. */
function closesOf(rows: Iterable<readonly [string, readonly { readonly closeUsd: number }[]]>) {
  return [...rows].map(([symbol, bars]) => [symbol, bars.map(({ closeUsd }) => closeUsd)]);
}

Deno.test("listBars() asks for ten-minute bars with feed, start and end, at the data host", async () => {
  const world = buildWorld([page({ SPY: [bar("14:20", 501.5), bar("14:30", "502.25")] })]);
  const bars = await rowsOf(world.client.listBars({ symbols: ["SPY", "BRK.B"], ...WINDOW }));
  const url = new URL(world.requests[0]?.url ?? "");
  assertEquals([url.host, url.pathname], ["data.alpaca.markets", "/v2/stocks/bars"]);
  assertEquals(Object.fromEntries(url.searchParams), {
    symbols: "SPY,BRK.B",
    timeframe: "10Min",
    start: "2026-01-20T14:05:00.000Z",
    end: "2026-01-20T14:45:00.000Z",
    limit: String(BARS_PER_PAGE),
    sort: "asc",
    adjustment: "raw",
    feed: "iex",
  });
  assertEquals(bars, [["SPY", [
    { startMs: Date.UTC(2026, 0, 20, 14, 20), closeUsd: 501.5 },
    { startMs: Date.UTC(2026, 0, 20, 14, 30), closeUsd: 502.25 },
  ]]]);
});

Deno.test("listBars() puts a symbol together whose bars stand on several pages", async () => {
  const world = buildWorld([
    page({ A: [bar("14:10", 1)] }, "t1=="),
    page({ A: [bar("14:20", 2)], B: [bar("14:10", 3)] }, "t2"),
    page({ B: [bar("14:20", 4)] }),
  ]);
  const bars = await rowsOf(world.client.listBars({ symbols: ["A", "B", "C"], ...WINDOW }));
  assertEquals(closesOf(bars), [["A", [1, 2]], ["B", [3, 4]]]);
  assertEquals(world.requests.map(({ url }) => paramsOf(url).get("page_token")), [
    null,
    "t1==",
    "t2",
  ]);
});

Deno.test("listBars() asks a full list in one request below 8 KB, and refuses a fuller one", async () => {
  const symbols = Array.from({ length: SYMBOLS_PER_LIST }, (_, index) => `LONGNAM.${index + 100}`);
  const world = buildWorld(() => page({}));
  await rowsOf(world.client.listBars({ symbols, ...WINDOW }));
  assertEquals(paramsOf(world.requests[0]?.url).get("symbols")?.split(","), symbols);
  const { length } = world.requests[0]?.url ?? "";
  assert(length > 6_000 && length < 8_000, String(length));
  await assertRejects(() => world.client.listBars({ symbols: [...symbols, "A"], ...WINDOW }));
});

Deno.test("listBars() sorts by time and leaves out symbols that nobody asked for", async () => {
  const world = buildWorld([
    page({ A: [bar("14:20", 2), bar("14:10", 1)], EVIL: [bar("14:20", 9)] }),
  ]);
  const bars = await rowsOf(world.client.listBars({ symbols: ["A"], ...WINDOW }));
  assertEquals(closesOf(bars), [["A", [1, 2]]]);
});

Deno.test("listBars() takes no bars for an answer", async () => {
  const world = buildWorld([page(null)]);
  assertEquals(await rowsOf(world.client.listBars({ symbols: ["A"], ...WINDOW })), []);
});

const BAD_BARS: unknown[] = [
  null,
  {},
  [null],
  [{ t: "2026-01-20T14:20:00Z" }],
  [{ c: 1 }],
  [bar("14:20", 0)],
  [bar("14:20", -1)],
  [bar("14:20", "")],
  [bar("25:20", 1)],
];
for (const bad of BAD_BARS) {
  Deno.test(`listBars() names a symbol with ${JSON.stringify(bad)}, and keeps the rest`, async () => {
    const world = buildWorld([
      page({ A: [bar("14:20", 1)], B: [bar("14:10", 1)] }, "t"),
      page({ B: bad }),
    ]);
    const answer = await world.client.listBars({ symbols: ["A", "B"], ...WINDOW });
    assert(answer.kind === "answered", JSON.stringify(answer));
    assertEquals([closesOf(answer.rows), answer.malformed], [[["A", [1]]], ["B"]]);
  });
}

const BAD_PAGES = [
  "",
  "null",
  "[]",
  "{}",
  '{"bars":[]}',
  '{"bars":{},"next_page_token":7}',
  "<html>",
];
for (const body of BAD_PAGES) {
  Deno.test(`listBars() refuses the page ${JSON.stringify(body)}`, async () => {
    const { client } = buildWorld([{ body }]);
    const error = await failureOf(client.listBars({ symbols: ["A"], ...WINDOW }));
    assertEquals(error.failure, "malformed");
    assert(error.message.startsWith("Cannot read bars from data.alpaca.markets: "), error.message);
  });
}

Deno.test("listBars() takes an empty page token for the end", async () => {
  const world = buildWorld([page({ A: [bar("14:10", 1)] }, "")]);
  assertEquals(closesOf(await rowsOf(world.client.listBars({ symbols: ["A"], ...WINDOW }))), [
    ["A", [1]],
  ]);
});

Deno.test("listBars() keeps what a failed page leaves complete, not the symbol cut in the middle", async () => {
  const world = buildWorld((_, index) =>
    index === 0
      ? page({ A: [bar("14:10", 1)], "BRK.B": [bar("14:10", 2)], C: [bar("14:10", 3)] }, "t")
      : { status: 500 }
  );
  const symbols = ["A", "AB", "BRK.B", "C", "D"];
  const failed = await failureOf(world.client.listBars({ symbols, ...WINDOW }));
  assertEquals(failed.failure, "http");
  assertEquals(closesOf(failed.rows), [["A", [1]], ["BRK.B", [2]]]);
  // AB has no bar: it would stand before BRK.B.
  assertEquals(failed.open, ["C", "D"]);
});

Deno.test("listBars() keeps nothing of pages that are not in the documented order", async () => {
  const world = buildWorld((_, index) =>
    [page({ B: [bar("14:10", 1)] }, "t"), page({ A: [bar("14:10", 1)] }, "u")][index] ??
      { status: 500 }
  );
  const failed = await failureOf(world.client.listBars({ symbols: ["A", "B"], ...WINDOW }));
  assertEquals([failed.rows.size, failed.open], [0, ["A", "B"]]);
});

Deno.test("listBars() fails when the pages never end", async () => {
  const endless = buildWorld(() => page({}, "again"));
  const failed = await failureOf(endless.client.listBars({ symbols: ["A"], ...WINDOW }));
  assertEquals([failed.failure, failed.open], ["malformed", ["A"]]);
  assertEquals(endless.requests.length, PAGES_MAX);
});

for (const status of [400, 422]) {
  Deno.test(`listBars() hands on a list refused with ${status}, asked once, with the symbols it names`, async () => {
    const world = buildWorld([{ status, body: buildWireError(status, "invalid symbol: BRK.B") }]);
    const answer = await world.client.listBars({ symbols: ["A", "BRK.B"], ...WINDOW });
    assertEquals(answer, {
      kind: "refused",
      named: ["BRK.B"],
      message: `Cannot read bars from data.alpaca.markets: HTTP ${status} "invalid symbol: BRK.B"`,
    });
  });
}

Deno.test("listBars() takes a later page's 400 for no refusal of the list", async () => {
  const world = buildWorld((_, index) =>
    index === 0
      ? page({ A: [bar("14:10", 1)] }, "t")
      : { status: 400, body: buildWireError(400, "invalid symbol: A") }
  );
  await failureOf(world.client.listBars({ symbols: ["A"], ...WINDOW }));
});

Deno.test("listBars() ends within one deadline, all its pages together", async () => {
  const world = buildWorld((_, index) => ({ ...page({}, `t${index}`), tookMs: 6_000 }));
  const query = { symbols: ["A"], ...WINDOW };
  assertEquals((await failureOf(world.client.listBars(query))).failure, "timeout");
  assert(world.clock.monotonicMs() <= 20_000, String(world.clock.monotonicMs()));
  const endMs = world.clock.monotonicMs() + 3_000;
  assertEquals((await failureOf(world.client.listBars({ ...query, endMs }))).failure, "timeout");
  assert(world.clock.monotonicMs() <= endMs, String(world.clock.monotonicMs()));
});

Deno.test("listLatestTrades() gives prices; absent, canceled and malformed symbols are absent", async () => {
  const at = "2026-01-20T14:44:59.086175744Z";
  const trades = {
    A: { t: at, p: 10.5, s: 1, x: "V" },
    B: { t: at, p: "20.25", u: "corrected" },
    C: { t: at, p: 30, u: "canceled" },
    D: { t: at, p: 30, u: "incorrect" },
    E: { t: at, p: 0 },
    F: { t: "soon", p: 1 },
    G: null,
    EVIL: { t: at, p: 1 },
  };
  const world = buildWorld([{ body: { trades } }]);
  const latest = await world.client.listLatestTrades({ symbols: [..."ABCDEFGH"] });
  assert(latest.kind === "answered", JSON.stringify(latest));
  const atMs = Date.UTC(2026, 0, 20, 14, 44, 59, 86);
  assertEquals([...latest.rows], [
    ["A", { priceUsd: 10.5, atMs }],
    ["B", { priceUsd: 20.25, atMs }],
  ]);
  assertEquals(
    world.requests[0]?.url,
    "https://data.alpaca.markets/v2/stocks/trades/latest?symbols=A,B,C,D,E,F,G,H&feed=iex",
  );
  assertEquals(latest.malformed, ["E", "F", "G"]);
});

Deno.test("feed auto takes sip where the plan has it, and says so once", async () => {
  const world = buildWorld(() => ({ body: { bars: {}, trades: {} } }), { feed: "auto" });
  assertEquals(world.client.feed, null);
  await world.client.listLatestTrades({ symbols: ["A"] });
  await world.client.listBars({ symbols: ["A"], ...WINDOW });
  assertEquals([world.client.feed, world.lines], ["sip", ["Market data feed=sip"]]);
  assertEquals(world.requests.map(({ url }) => paramsOf(url).get("feed")), ["sip", "sip"]);
});

Deno.test("feed auto falls back to iex for good where the plan lacks sip", async () => {
  const world = buildWorld(
    ({ url }) => paramsOf(url).get("feed") === "sip" ? NO_SIP : { body: { bars: {}, trades: {} } },
    { feed: "auto" },
  );
  await world.client.listBars({ symbols: ["A"], ...WINDOW });
  await world.client.listLatestTrades({ symbols: ["A"] });
  assertEquals([world.client.feed, world.lines], ["iex", [IEX_LINE]]);
  assertEquals(world.requests.map(({ url }) => paramsOf(url).get("feed")), ["sip", "iex", "iex"]);
});

Deno.test("feed auto falls back later too: an old window says nothing of real time", async () => {
  let isRecent = false;
  const world = buildWorld(
    ({ url }) => isRecent && paramsOf(url).get("feed") === "sip" ? NO_SIP : page({}),
    { feed: "auto" },
  );
  await world.client.listBars({ symbols: ["A"], ...WINDOW });
  isRecent = true;
  await world.client.listBars({ symbols: ["A"], ...WINDOW });
  assertEquals([world.client.feed, world.lines], ["iex", ["Market data feed=sip", IEX_LINE]]);
});

Deno.test("feed auto continues no page of one feed with the other's", async () => {
  const world = buildWorld(
    (_, index) => index === 0 ? page({ A: [bar("14:10", 1)] }, "t") : NO_SIP,
    { feed: "auto" },
  );
  assertEquals(
    (await failureOf(world.client.listBars({ symbols: ["A"], ...WINDOW }))).failure,
    "http",
  );
  assertEquals(world.requests.length, 2);
});

const OTHER_REFUSALS: Step[] = [
  { status: 403, body: { message: "forbidden." } },
  { status: 401, body: { message: "unauthorized." } },
  { status: 403, body: "<html>subscription does not permit querying recent SIP data</html>" },
  { status: 500, body: NO_SIP.body },
];
for (const step of OTHER_REFUSALS) {
  Deno.test(`feed auto falls back for no other reason: ${JSON.stringify(step)}`, async () => {
    const world = buildWorld(() => step, { feed: "auto" });
    assertEquals(
      (await failureOf(world.client.listLatestTrades({ symbols: ["A"] }))).failure,
      "http",
    );
    assertEquals([world.client.feed, world.lines], [null, []]);
    assert(world.requests.every(({ url }) => paramsOf(url).get("feed") === "sip"));
  });
}

Deno.test("feed sip that the plan lacks is an error in the broker's words, not a silent iex", async () => {
  const world = buildWorld(() => NO_SIP, { feed: "sip" });
  assertEquals(world.client.feed, "sip");
  const error = await failureOf(world.client.listLatestTrades({ symbols: ["A"] }));
  assert(error.message.includes('HTTP 403 "subscription does not permit'), error.message);
  assert(error.message.endsWith("; set ALPACA_DATA_FEED to auto or iex"), error.message);
});
