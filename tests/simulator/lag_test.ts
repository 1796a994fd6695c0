import { assertEquals } from "../assert.ts";
import { BRACKET, buildBracketed, buildMarket, readLegs, readText, SELL, STOP } from "./harness.ts";
import type { Market, Wire } from "./harness.ts";
import { LAG_MS_MAX } from "./past.ts";

const LAG_MS = 2_000;

/** What positions show of NVDA. */
function readHeld(market: Market): [qty: unknown, availableQty: unknown][] {
  const { list } = market.call("GET", "/v2/positions");
  return list.map((each) => [each["qty"], each["qty_available"]]);
}

function readList(market: Market, query: string): string[] {
  const { list } = market.call("GET", "/v2/orders", query);
  return list.map((each: Wire) => `${readText(each, "type")} ${readText(each, "status")}`);
}

Deno.test("positions that lag show what was held then, and what was free of it then", () => {
  const market = buildMarket({ positionsLagMs: LAG_MS, fillLatencyMs: 100 });
  market.call("POST", "/v2/orders", "", BRACKET);
  market.pass(LAG_MS);
  assertEquals(readHeld(market), [], "the fill is 1,900 ms old");
  market.pass(200);
  assertEquals(readHeld(market), [["10", "0"]], "the exits reserve what the entry bought");
  assertEquals(market.call("GET", "/v2/positions/NVDA").json["qty"], "10");
});

Deno.test("a position that was sold is still shown, whole and free, for as long as positions lag", () => {
  const market = buildMarket({ positionsLagMs: LAG_MS, fillLatencyMs: 100 });
  market.exchange.setPosition("NVDA", 10, 100);
  assertEquals(readHeld(market), [["10", "10"]], "it was there before the start");
  market.call("POST", "/v2/orders", "", { ...SELL, qty: "4" });
  assertEquals(readHeld(market), [["10", "10"]]);
  market.pass(LAG_MS);
  assertEquals(market.exchange.position("NVDA")?.qty, 6);
  assertEquals(readHeld(market), [["10", "6"]], "the sell was at work then");
  market.pass(200);
  assertEquals(readHeld(market), [["6", "6"]]);
  market.call("POST", "/v2/orders", "", { ...SELL, qty: "6" });
  market.pass(LAG_MS);
  assertEquals(market.exchange.position("NVDA"), null);
  assertEquals(readHeld(market), [["6", "0"]]);
  market.pass(200);
  assertEquals(readHeld(market), []);
});

Deno.test("a position that lags can be closed only as far as it is still held", () => {
  const market = buildMarket({ positionsLagMs: LAG_MS, fillLatencyMs: 100 });
  market.exchange.setPosition("NVDA", 10, 100);
  market.call("POST", "/v2/orders", "", SELL);
  market.pass(LAG_MS);
  assertEquals(readHeld(market), [["10", "0"]]);
  assertEquals(market.call("DELETE", "/v2/positions/NVDA").status, 404);
});

Deno.test("lists that lag show orders as they were, while an answer by id shows them as they are", () => {
  const market = buildMarket({ listsLagMs: LAG_MS });
  market.exchange.setPosition("NVDA", 10, 100);
  const placed = market.call("POST", "/v2/orders", "", { ...STOP, client_order_id: "avwap-1" });
  const path = `/v2/orders/${readText(placed.json, "id")}`;
  assertEquals(readList(market, "status=open&nested=true"), [], "it was not there yet");
  assertEquals(readList(market, "status=all"), []);
  assertEquals(market.call("GET", path).status, 200);
  const byClientId = "client_order_id=avwap-1";
  assertEquals(market.call("GET", "/v2/orders:by_client_order_id", byClientId).status, 200);
  market.pass(LAG_MS + 100);
  assertEquals(readList(market, "status=open"), ["stop new"]);
  market.call("DELETE", path);
  market.pass(LAG_MS - 10);
  assertEquals(market.call("GET", path).json["status"], "canceled");
  for (const query of ["status=open", "status=open&nested=true", "status=all"]) {
    assertEquals(readList(market, query), ["stop new"], query);
  }
  assertEquals(readList(market, "status=closed"), []);
  market.pass(100);
  assertEquals(readList(market, "status=open"), []);
  assertEquals(readList(market, "status=closed"), ["stop canceled"]);
});

Deno.test("a bracket in a list that lags has the legs it had then", () => {
  const market = buildBracketed({ listsLagMs: LAG_MS });
  const { list } = market.call("GET", "/v2/orders", "status=open&nested=true");
  assertEquals(list, [], "the bracket is a second old");
  market.pass(LAG_MS);
  const stop = readLegs(market, market.id).find((leg) => leg["type"] === "stop");
  market.call("PATCH", `/v2/orders/${readText(stop, "id")}`, "", { stop_price: "96" });
  const listStops = () =>
    market.call("GET", "/v2/orders", "status=open&nested=true").list
      .flatMap((each) => Array.isArray(each["legs"]) ? each["legs"] : [])
      .map((leg) => `${leg.stop_price} ${leg.status}`).filter((text) => !text.startsWith("null"));
  assertEquals(listStops(), ["95 held"]);
  market.pass(LAG_MS);
  assertEquals(listStops(), ["96 held"]);
});

Deno.test("lists of open orders can lag by themselves", () => {
  const market = buildMarket({ listsLagMs: 0, openListsLagMs: LAG_MS });
  market.exchange.setPosition("NVDA", 10, 100);
  market.call("POST", "/v2/orders", "", STOP);
  market.pass(100);
  assertEquals(readList(market, "status=open"), []);
  assertEquals(readList(market, "status=all"), ["stop new"]);
});

Deno.test("what no list can show any more is not kept", () => {
  const market = buildMarket({ listsLagMs: LAG_MS_MAX });
  market.exchange.setPosition("NVDA", 10, 100);
  for (let at = 0; at < 50; at++) {
    const placed = market.call("POST", "/v2/orders", "", STOP);
    market.pass(500);
    market.call("DELETE", `/v2/orders/${readText(placed.json, "id")}`);
    market.pass(500);
  }
  assertEquals(readList(market, "status=open"), ["stop pending_new"], "made ten seconds ago");
  market.pass(LAG_MS_MAX + 1);
  assertEquals(market.exchange.orders.map((order) => order.past.length), Array(50).fill(0));
  assertEquals([...market.exchange.desk.listLately()], []);
});
