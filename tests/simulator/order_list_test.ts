import { assert, assertEquals, assertObjectMatch } from "../assert.ts";
import {
  BRACKET,
  buildBracketed,
  buildMarket,
  readList,
  readOrder,
  readText,
  STOP,
  TEN_MS,
} from "./harness.ts";

Deno.test("a held stop is missing from open orders unless they are asked for nested", () => {
  const market = buildBracketed();
  const flat = market.call("GET", "/v2/orders", "status=open").list;
  assertEquals(flat.map((order) => order["type"]), ["limit"]);
  const nested = market.call("GET", "/v2/orders", "status=open&nested=true").list;
  assertEquals(nested.map((order) => [order["id"], order["status"]]), [[market.id, "filled"]]);
  assertEquals(readList(nested[0]?.["legs"]).map((leg) => leg["status"]), ["new", "held"]);
});

Deno.test("the other plausible broker lists a filled bracket's legs by themselves", () => {
  const market = buildBracketed({ openNestedShows: "legs" });
  const nested = market.call("GET", "/v2/orders", "status=open&nested=true").list;
  assertEquals(nested.map((order) => order["status"]).sort(), ["held", "new"]);
});

Deno.test("a list of orders has 50 unless asked for more, at most 500, and pages by time", () => {
  const market = buildMarket();
  for (let count = 0; count < 60; count++) {
    market.call("POST", "/v2/orders", "", {
      ...BRACKET,
      order_class: "simple",
      type: "limit",
      limit_price: "50",
      qty: "1",
      client_order_id: `avwap-${count}`,
    });
    if (count % 3 === 0) market.pass(1);
  }
  assertEquals(market.call("GET", "/v2/orders", "status=all").list.length, 50);
  assertEquals(market.call("GET", "/v2/orders", "status=all&limit=500").list.length, 60);
  assertEquals(market.call("GET", "/v2/orders", "status=all&limit=501").status, 422);
  const seen: string[] = [];
  let query = "status=all&limit=7&direction=asc";
  for (let page = 0; page < 20; page++) {
    const { list } = market.call("GET", "/v2/orders", query);
    if (list.length === 0) break;
    seen.push(...list.map((order) => readText(order, "client_order_id")));
    query = `status=all&limit=7&direction=asc&after=${list.at(-1)?.["submitted_at"]}`;
  }
  assertEquals(seen, Array.from({ length: 60 }, (_, count) => `avwap-${count}`));
});

Deno.test("lists are newest first, and filters leave out what does not fit", () => {
  const market = buildBracketed();
  market.exchange.setPosition("AAPL", 10, 90);
  market.call("POST", "/v2/orders", "", { ...STOP, symbol: "AAPL" });
  const read = (query: string) =>
    market.call("GET", "/v2/orders", query).list.map((order) => order["symbol"]);
  assertEquals(read("status=all&nested=true"), ["AAPL", "NVDA"]);
  assertEquals(read("status=all&nested=true&direction=asc"), ["NVDA", "AAPL"]);
  assertEquals(read("status=all&nested=true&symbols=AAPL,MSFT"), ["AAPL"]);
  assertEquals(read("status=all&nested=true&side=buy"), ["NVDA"]);
  assertEquals(read("status=closed&nested=true"), ["NVDA"]);
  const since = `after=${new Date(TEN_MS + 500).toISOString()}`;
  assertEquals(read(`status=all&nested=true&${since}`), ["AAPL"]);
  assertEquals(market.call("GET", "/v2/orders", "status=done").status, 422);
  assertEquals(market.call("GET", "/v2/orders", "after=yesterday").status, 422);
});

Deno.test("a look-up by client order id shows legs only from the generous broker", () => {
  for (const isLookupNested of [false, true]) {
    const { call } = buildBracketed({ isLookupNested });
    const found = call("GET", "/v2/orders:by_client_order_id", "client_order_id=avwap-1");
    assertEquals(found.json["legs"] !== null, isLookupNested);
  }
});

Deno.test("unknown statuses and new fields can be shown", () => {
  const market = buildBracketed({
    shownStatus: () => "pondering",
    extraOrderFields: { mood: "good" },
  });
  assertObjectMatch(readOrder(market, market.id), { status: "pondering", mood: "good" });
});

Deno.test("the request log keeps what was asked, newest last, within its bound", () => {
  const { exchange, call } = buildMarket({}, { requestLogMax: 4 });
  for (let count = 0; count < 9; count++) call("GET", "/v2/clock");
  call("DELETE", "/v2/orders/none");
  assert(exchange.requests.length <= 4);
  assertObjectMatch(exchange.requests.at(-1) ?? {}, { path: "/v2/orders/none", status: 404 });
  assertEquals(exchange.requestCount, 10);
});
