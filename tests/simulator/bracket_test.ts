import { assertEquals, assertObjectMatch, assertStringIncludes } from "../assert.ts";
import {
  BRACKET,
  buildBracketed,
  buildMarket,
  type Market,
  readLegs,
  readList,
  readOrder,
  readStatuses,
  readText,
  SELL,
  STOP,
} from "./harness.ts";
import { PathScript } from "./price_path.ts";
import { buildSampleSessions, SAMPLE_DAY_NY } from "./scenario.ts";
import { nyMoment } from "./sessions.ts";

const CLOSE_MS = nyMoment(SAMPLE_DAY_NY, "16:00");

Deno.test("a bracket's answer shows the entry and two legs with ids of their own", () => {
  const { call } = buildMarket();
  const { json } = call("POST", "/v2/orders", "", { ...BRACKET, client_order_id: "avwap-1" });
  assertObjectMatch(json, {
    client_order_id: "avwap-1",
    status: "pending_new",
    qty: "10",
    filled_qty: "0",
    filled_avg_price: null,
    order_class: "bracket",
    time_in_force: "day",
  });
  const [take, stop] = readList(json["legs"]);
  assertObjectMatch(take ?? {}, {
    type: "limit",
    side: "sell",
    limit_price: "110",
    status: "held",
  });
  assertObjectMatch(stop ?? {}, { type: "stop", side: "sell", stop_price: "95", status: "held" });
  const ids = [json["client_order_id"], take?.["client_order_id"], stop?.["client_order_id"]];
  assertEquals(new Set(ids).size, 3);
});

Deno.test("a filled entry makes the take-profit new, leaves the stop held, and reserves all", () => {
  const market = buildBracketed();
  assertEquals(readStatuses(market, market.id), ["filled", "new", "held"]);
  const position = market.call("GET", "/v2/positions/NVDA").json;
  assertObjectMatch(position, {
    qty: "10",
    qty_available: "0",
    avg_entry_price: "100",
    cost_basis: "1000",
    current_price: "100",
    side: "long",
  });
  assertEquals(market.exchange.portfolio.cashUsd, 99_000);
});

Deno.test("a bracket reserves its shares once, and leaves other shares free", () => {
  const market = buildBracketed();
  market.exchange.setPosition("NVDA", 25, 100);
  assertEquals(market.call("GET", "/v2/positions/NVDA").json["qty_available"], "15");
});

Deno.test("a second entry is no wash trade while the first one's exits are not active", () => {
  const { call } = buildMarket();
  const entry = { ...BRACKET, type: "limit", limit_price: "99" };
  assertEquals(call("POST", "/v2/orders", "", entry).status, 200);
  assertEquals(call("POST", "/v2/orders", "", entry).status, 200);
});

/** From 11:00 New York for two minutes the price is `priceUsd`, before and after it is 100. */
function buildSpike(priceUsd: number): Market {
  const sessions = buildSampleSessions();
  const atMs = nyMoment(SAMPLE_DAY_NY, "11:00");
  const knots = [
    { atMs: atMs - 60_000, priceUsd: 100 },
    { atMs, priceUsd },
    { atMs: atMs + 120_000, priceUsd },
    { atMs: atMs + 180_000, priceUsd: 100 },
  ];
  return buildMarket({}, { sessions, script: new PathScript({ NVDA: knots }, sessions) });
}

const SPIKES = [
  { priceUsd: 94, statuses: ["filled", "canceled", "filled"] },
  { priceUsd: 111, statuses: ["filled", "filled", "canceled"] },
  { priceUsd: 96, statuses: ["filled", "new", "held"] },
];
for (const { priceUsd, statuses } of SPIKES) {
  Deno.test(`a spike to ${priceUsd} does the same whether anyone watches or not`, () => {
    const market = buildSpike(priceUsd);
    const id = readText(market.call("POST", "/v2/orders", "", BRACKET).json, "id");
    const endMs = nyMoment(SAMPLE_DAY_NY, "15:00");
    market.exchange.advanceTo(endMs);
    assertEquals(readStatuses(market, id), statuses);
    const watched = buildSpike(priceUsd);
    watched.call("POST", "/v2/orders", "", BRACKET);
    while (watched.exchange.nowMs < endMs) watched.pass(1000);
    const fillsOf = ({ exchange }: Market) => exchange.orders.map((order) => order.fills);
    assertEquals(fillsOf(watched), fillsOf(market));
  });
}

Deno.test("a partly filled entry has no stop and reserves nothing, until its last share", () => {
  const market = buildBracketed({
    partialFills: (order) =>
      order.side === "buy" ? [{ afterMs: 0, qty: 3 }, { afterMs: 90_000, qty: Infinity }] : null,
  });
  assertEquals(readStatuses(market, market.id), ["partially_filled", "held", "held"]);
  assertObjectMatch(market.call("GET", "/v2/positions/NVDA").json, {
    qty: "3",
    qty_available: "3",
  });
  // The stop is not active: the market falls through it and nothing is sold.
  market.exchange.setPrice("NVDA", 90);
  market.pass(60_000);
  assertEquals(market.exchange.position("NVDA")?.qty, 3);
  market.exchange.setPrice("NVDA", 100);
  market.pass(40_000);
  assertEquals(readStatuses(market, market.id), ["filled", "new", "held"]);
});

Deno.test("canceling a partly filled entry ends its group and leaves the shares without a stop", () => {
  const market = buildBracketed({ partialFills: () => [{ afterMs: 0, qty: 3 }] });
  assertEquals(market.call("DELETE", `/v2/orders/${market.id}`).status, 204);
  market.pass(1000);
  assertEquals(readStatuses(market, market.id), ["canceled", "canceled", "canceled"]);
  assertEquals(readOrder(market, market.id)["filled_qty"], "3");
  assertEquals(market.call("POST", "/v2/orders", "", { ...STOP, qty: "3" }).status, 200);
});

Deno.test("canceling one leg cancels the group, after a while", () => {
  const market = buildBracketed({ cancelDelayMs: 500 });
  const [, stop] = readLegs(market, market.id);
  assertEquals(market.call("DELETE", `/v2/orders/${stop?.["id"]}`).status, 204);
  assertEquals(readStatuses(market, market.id), ["filled", "pending_cancel", "pending_cancel"]);
  assertEquals(market.call("POST", "/v2/orders", "", SELL).status, 403);
  market.pass(500);
  assertEquals(readStatuses(market, market.id), ["filled", "canceled", "canceled"]);
  assertEquals(market.call("POST", "/v2/orders", "", SELL).status, 200);
});

Deno.test("a cancel may be overtaken by a fill, by the market or by the script", () => {
  const byMarket = buildBracketed({ cancelDelayMs: 5000 });
  const [take] = readLegs(byMarket, byMarket.id);
  byMarket.call("DELETE", `/v2/orders/${take?.["id"]}`);
  byMarket.exchange.setPrice("NVDA", 94);
  byMarket.pass(5000);
  assertEquals(readStatuses(byMarket, byMarket.id), ["filled", "canceled", "filled"]);

  const byScript = buildBracketed({ cancelOutcome: () => "filled" });
  const [first] = readLegs(byScript, byScript.id);
  byScript.call("DELETE", `/v2/orders/${first?.["id"]}`);
  byScript.pass(1000);
  assertEquals(readStatuses(byScript, byScript.id), ["filled", "filled", "canceled"]);
  assertEquals(byScript.exchange.position("NVDA"), null);
});

Deno.test("a cancel can hang, keeps the shares reserved, and still fills", () => {
  const market = buildBracketed({ cancelOutcome: () => "stuck" });
  const [take] = readLegs(market, market.id);
  market.call("DELETE", `/v2/orders/${take?.["id"]}`);
  market.pass(3_600_000);
  assertEquals(readStatuses(market, market.id), ["filled", "pending_cancel", "pending_cancel"]);
  assertEquals(market.call("GET", "/v2/positions/NVDA").json["qty_available"], "0");
  market.exchange.desk.releaseCancels();
  assertEquals(readStatuses(market, market.id), ["filled", "canceled", "canceled"]);
});

const EXITS: { when: string; priceUsd: number; statuses: string[]; cashUsd: number }[] = [
  {
    when: "the price gaps through the stop",
    priceUsd: 93.5,
    statuses: ["filled", "canceled", "filled"],
    cashUsd: 99_935,
  },
  {
    when: "the price touches the stop",
    priceUsd: 95,
    statuses: ["filled", "canceled", "filled"],
    cashUsd: 99_950,
  },
  {
    when: "the price gaps over the take-profit",
    priceUsd: 112,
    statuses: ["filled", "filled", "canceled"],
    cashUsd: 100_120,
  },
  {
    when: "the price stays between them",
    priceUsd: 95.01,
    statuses: ["filled", "new", "held"],
    cashUsd: 99_000,
  },
];
for (const { when, priceUsd, statuses, cashUsd } of EXITS) {
  Deno.test(`one exit fills and cancels the other when ${when}`, () => {
    const market = buildBracketed();
    market.exchange.setPrice("NVDA", priceUsd);
    market.pass(2000);
    assertEquals(readStatuses(market, market.id), statuses);
    assertEquals(market.exchange.portfolio.cashUsd, cashUsd);
  });
}

Deno.test("both exits can fill in a fast market, and the account is short", () => {
  const market = buildBracketed({ isDoubleFillRace: true });
  market.exchange.setPrice("NVDA", 112);
  market.pass(2000);
  assertEquals(readStatuses(market, market.id), ["filled", "filled", "filled"]);
  assertObjectMatch(market.call("GET", "/v2/positions/NVDA").json, {
    qty: "-10",
    side: "short",
    avg_entry_price: "112",
    cost_basis: "-1120",
  });
});

Deno.test("a partly filled take-profit leaves the stop for the rest only", () => {
  const market = buildBracketed({
    partialFills: (order) => order.side === "sell" ? [{ afterMs: 0, qty: 4 }] : null,
  });
  market.exchange.setPrice("NVDA", 111);
  market.pass(2000);
  const [take, stop] = readLegs(market, market.id);
  assertObjectMatch(take ?? {}, { status: "partially_filled", filled_qty: "4" });
  assertObjectMatch(stop ?? {}, { status: "held", qty: "6" });
  assertEquals(market.call("GET", "/v2/positions/NVDA").json["qty_available"], "0");
});

Deno.test("day legs are gone at the close, a plain stop good till canceled is not", () => {
  const market = buildBracketed();
  market.exchange.setPosition("AAPL", 10, 90);
  const stop = market.call("POST", "/v2/orders", "", { ...STOP, symbol: "AAPL" });
  market.pass(1000);
  market.exchange.advanceTo(CLOSE_MS - 1);
  assertEquals(readStatuses(market, market.id), ["filled", "new", "held"]);
  market.exchange.advanceTo(CLOSE_MS);
  assertEquals(readStatuses(market, market.id), ["filled", "expired", "expired"]);
  market.exchange.advanceTo(nyMoment("2026-11-24", "10:00"));
  assertEquals(readOrder(market, readText(stop.json, "id"))["status"], "new");
  assertEquals(market.exchange.position("NVDA")?.qty, 10);
});

Deno.test("an oco stands for its shares once, and canceling either half cancels both", () => {
  const market = buildMarket();
  market.exchange.setPosition("NVDA", 10, 90);
  const placed = market.call("POST", "/v2/orders", "", {
    ...SELL,
    type: "limit",
    order_class: "oco",
    take_profit: { limit_price: "110" },
    stop_loss: { stop_price: "95" },
  });
  assertEquals(placed.status, 200);
  market.pass(1000);
  const id = readText(placed.json, "id");
  assertEquals(readStatuses(market, id), ["new", "held"]);
  assertEquals(market.call("GET", "/v2/positions/NVDA").json["qty_available"], "0");
  const [stop] = readLegs(market, id);
  market.call("DELETE", `/v2/orders/${stop?.["id"]}`);
  market.pass(1000);
  assertEquals(readStatuses(market, id), ["canceled", "canceled"]);
});

Deno.test("an oco's stop sells and cancels the take-profit", () => {
  const market = buildMarket();
  market.exchange.setPosition("NVDA", 10, 90);
  const oco = { ...SELL, type: "limit", order_class: "oco", take_profit: { limit_price: "110" } };
  const placed = market.call("POST", "/v2/orders", "", { ...oco, stop_loss: { stop_price: "95" } });
  market.exchange.setPrice("NVDA", 90);
  market.pass(2000);
  assertEquals(readStatuses(market, readText(placed.json, "id")), ["canceled", "filled"]);
});

Deno.test("nothing fills during a halt, and what rests fills at the price after it", () => {
  const market = buildBracketed();
  market.exchange.halt("NVDA");
  market.exchange.setPrice("NVDA", 80);
  market.pass(600_000);
  assertEquals(readStatuses(market, market.id), ["filled", "new", "held"]);
  const trades = market.call("GET", "/v2/stocks/trades/latest", "symbols=NVDA").json["trades"];
  assertStringIncludes(JSON.stringify(trades), '"p":100');
  market.exchange.resume("NVDA");
  market.pass(2000);
  assertEquals(readStatuses(market, market.id), ["filled", "canceled", "filled"]);
  assertEquals(readLegs(market, market.id)[1]?.["filled_avg_price"], "80");
});

Deno.test("an accepted order can later be shown as rejected", () => {
  const market = buildMarket({ rejectsLater: () => true });
  const placed = market.call("POST", "/v2/orders", "", BRACKET);
  assertEquals(placed.status, 200);
  market.pass(1000);
  const id = readText(placed.json, "id");
  assertEquals(readStatuses(market, id), ["rejected", "rejected", "rejected"]);
  assertEquals(market.exchange.position("NVDA"), null);
});

Deno.test("orders placed by hand are the broker's like any other", () => {
  const { exchange, call } = buildMarket();
  const response = exchange.placeByHand({ ...BRACKET, symbol: "TSLA", client_order_id: "mine" });
  assertEquals(response.status, 200);
  const found = call("GET", "/v2/orders:by_client_order_id", "client_order_id=mine");
  assertEquals(found.json["symbol"], "TSLA");
});

Deno.test("no fill overtakes a cancel while the market is closed", () => {
  const market = buildMarket({ cancelOutcome: () => "filled" });
  market.exchange.setPosition("NVDA", 10, 90);
  const id = readText(market.call("POST", "/v2/orders", "", STOP).json, "id");
  market.exchange.advanceTo(CLOSE_MS + 60_000);
  market.call("DELETE", `/v2/orders/${id}`);
  market.pass(1000);
  assertEquals(readOrder(market, id)["status"], "canceled");
  assertEquals(market.exchange.position("NVDA")?.qty, 10);
});

Deno.test("exits that an entry's fill has put in force are filled by no cancel of before", () => {
  const market = buildMarket({ cancelOutcome: () => "filled", cancelDelayMs: 5000 });
  const id = readText(market.call("POST", "/v2/orders", "", BRACKET).json, "id");
  const stop = readLegs(market, id).find((leg) => leg["type"] === "stop");
  market.call("DELETE", `/v2/orders/${readText(stop, "id")}`);
  market.pass(6000);
  assertEquals(readStatuses(market, id), ["filled", "new", "held"]);
});
