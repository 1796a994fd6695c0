import { assertEquals, assertObjectMatch } from "../assert.ts";
import {
  buildBracketed,
  buildMarket,
  readOrder,
  readStatuses,
  readText,
  SELL,
  STOP,
} from "./harness.ts";

Deno.test("closing a position fails while its exits rest, unless they are canceled first", () => {
  const market = buildBracketed();
  const refused = market.call("DELETE", "/v2/positions/NVDA");
  assertEquals([refused.status, refused.json["code"]], [403, 40310000]);
  const bulk = market.call("DELETE", "/v2/positions");
  assertEquals(bulk.status, 207);
  assertObjectMatch(bulk.list[0] ?? {}, { symbol: "NVDA", status: 403, body: { code: 40310000 } });
  const done = market.call("DELETE", "/v2/positions", "cancel_orders=true");
  assertEquals(done.status, 207);
  assertObjectMatch(done.list[0] ?? {}, { status: 200, body: { side: "sell", qty: "10" } });
  market.pass(1000);
  assertEquals(market.exchange.position("NVDA"), null);
});

Deno.test("a bulk close can fail for one position and succeed for another", () => {
  const market = buildMarket({ failsBulkItem: (key) => key === "AAPL" });
  market.exchange.setPosition("AAPL", 5, 90);
  market.exchange.setPosition("NVDA", 5, 90);
  const { status, list } = market.call("DELETE", "/v2/positions", "cancel_orders=true");
  assertEquals(status, 207);
  assertEquals(list.map((item) => [item["symbol"], item["status"]]), [["AAPL", 500], [
    "NVDA",
    200,
  ]]);
});

Deno.test("a bulk cancel answers 207 with a status for each order", () => {
  const market = buildBracketed();
  market.exchange.setPosition("AAPL", 5, 90);
  const stop = market.call("POST", "/v2/orders", "", { ...STOP, symbol: "AAPL", qty: "5" });
  market.exchange.behaviour.failsBulkItem = (key) => key === stop.json["id"];
  const { status, list } = market.call("DELETE", "/v2/orders");
  assertEquals(status, 207);
  assertEquals(list.map((item) => item["status"]).sort(), [200, 200, 500]);
  market.pass(1000);
  assertEquals(readStatuses(market, market.id), ["filled", "canceled", "canceled"]);
  assertEquals(readOrder(market, readText(stop.json, "id"))["status"], "new");
});

Deno.test("part of a position is closed by qty or percentage", () => {
  const market = buildMarket();
  market.exchange.setPosition("NVDA", 10, 90);
  assertEquals(market.call("DELETE", "/v2/positions/NVDA", "qty=3").json["qty"], "3");
  market.pass(1000);
  assertEquals(market.call("DELETE", "/v2/positions/NVDA", "percentage=50").json["qty"], "3");
  market.pass(1000);
  assertEquals(market.exchange.position("NVDA")?.qty, 4);
  assertEquals(market.call("DELETE", "/v2/positions/NVDA", "qty=5").status, 422);
  assertEquals(market.call("DELETE", "/v2/positions/AAPL").status, 404);
});

for (const ratio of [1.5, 4 / 3, 0.1, 1 / 7, 1.05]) {
  Deno.test(`a split or stock dividend by ${ratio} leaves nine decimals of shares at the same cost`, () => {
    const market = buildMarket();
    market.exchange.setPosition("NVDA", 10, 100);
    market.exchange.split("NVDA", ratio);
    const { json } = market.call("GET", "/v2/positions/NVDA");
    assertEquals(Number(json["qty"]), Math.round(10 * ratio * 1e9) / 1e9);
    assertEquals(json["cost_basis"], "1000");
    const { trades } = market.call("GET", "/v2/stocks/trades/latest", "symbols=NVDA").json;
    assertEquals(Object(trades).NVDA.p, Math.round(100 / ratio * 1e4) / 1e4);
  });
}

Deno.test("a merger turns a position into another, with no order behind it", () => {
  const market = buildMarket();
  market.exchange.setPosition("NVDA", 10, 100);
  market.call("POST", "/v2/orders", "", STOP);
  market.exchange.merge("NVDA", "MERGED", 0.35);
  const { list } = market.call("GET", "/v2/positions");
  assertEquals(list.map((each) => [each["symbol"], each["qty"], each["cost_basis"]]), [
    ["MERGED", "3.5", "1000"],
  ]);
  assertEquals(market.call("GET", "/v2/orders", "status=open").list.length, 1);
});

Deno.test("a delisting pays a position out, with no order behind it", () => {
  const market = buildMarket();
  market.exchange.setPosition("NVDA", 10, 100);
  const beforeUsd = market.exchange.portfolio.cashUsd;
  market.exchange.merge("NVDA", null);
  assertEquals(market.call("GET", "/v2/positions").list, []);
  assertEquals(market.exchange.portfolio.cashUsd, beforeUsd + 1000);
  assertEquals(market.exchange.orders, []);
});

Deno.test("a split changes the shares at the same cost and leaves orders alone", () => {
  const market = buildBracketed();
  market.exchange.split("NVDA", 4);
  assertObjectMatch(market.call("GET", "/v2/positions/NVDA").json, {
    qty: "40",
    avg_entry_price: "25",
    cost_basis: "1000",
    current_price: "25",
  });
  assertEquals(market.exchange.orders.length, 3);
  market.pass(2000);
  // The old stop at 95 stands above the new price, so it goes off: why nothing may be decided in a split symbol.
  assertEquals(readStatuses(market, market.id), ["filled", "canceled", "filled"]);
});

Deno.test("a position can vanish from one answer, or be shown under another name", () => {
  const market = buildBracketed();
  const read = () => market.call("GET", "/v2/positions").list.map((each) => each["symbol"]);
  market.exchange.hidePosition("NVDA");
  assertEquals([read(), read()], [[], ["NVDA"]]);
  market.exchange.emptyAnswers = 1;
  assertEquals([read(), read()], [[], ["NVDA"]]);
  market.exchange.renamePosition("NVDA", "NVDX");
  assertEquals(read(), ["NVDX"]);
  assertEquals(market.call("GET", "/v2/positions/NVDA").status, 404);
  market.exchange.renamePosition("NVDA", "NVDA");
  assertEquals(read(), ["NVDA"]);
});

Deno.test("shorting is refused unless the account allows it", () => {
  const market = buildMarket({ isShortingAllowed: true });
  assertEquals(market.call("POST", "/v2/orders", "", SELL).status, 200);
  market.pass(1000);
  assertEquals(market.exchange.position("NVDA")?.qty, -10);
  assertEquals(market.call("GET", "/v2/account").json["shorting_enabled"], true);
});

Deno.test("a stop whose position is gone does not sell short when it goes off", () => {
  const market = buildMarket();
  market.exchange.setPosition("NVDA", 10, 90);
  const id = readText(market.call("POST", "/v2/orders", "", STOP).json, "id");
  market.exchange.setPosition("NVDA", 0, 0);
  market.exchange.setPrice("NVDA", 90);
  market.pass(2000);
  assertEquals(readOrder(market, id)["status"], "rejected");
  assertEquals(market.exchange.position("NVDA"), null);
});
