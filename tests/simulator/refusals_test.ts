import { assertEquals, assertMatch, assertObjectMatch, assertStringIncludes } from "../assert.ts";
import {
  BRACKET,
  buildMarket,
  buildRequest,
  type Market,
  SELL,
  STOP,
  type Wire,
} from "./harness.ts";

function buildHolding(qty = 37): Market {
  const market = buildMarket();
  market.exchange.setPosition("NVDA", qty, 90);
  return market;
}

const BODY_CASES: {
  when: string;
  body: unknown;
  status: number;
  code: number;
  message: string;
}[] = [
  {
    when: "the quantity has a fraction",
    body: { ...BRACKET, qty: "10.5" },
    status: 422,
    code: 40010001,
    message: "qty must be integer",
  },
  {
    when: "the quantity is 0",
    body: { ...BRACKET, qty: "0" },
    status: 422,
    code: 40010001,
    message: "qty is required and must be > 0",
  },
  {
    when: "a bracket lacks its take-profit",
    body: { ...BRACKET, take_profit: undefined },
    status: 422,
    code: 40010001,
    message: "bracket orders require take_profit.limit_price",
  },
  {
    when: "a bracket lacks its stop",
    body: { ...BRACKET, stop_loss: {} },
    status: 422,
    code: 40010001,
    message: "bracket orders require stop_loss.stop_price",
  },
  {
    when: "a limit has a third decimal",
    body: { ...BRACKET, take_profit: { limit_price: "290.123" } },
    status: 422,
    code: 42210000,
    message: "invalid limit_price 290.123. sub-penny increment",
  },
  {
    when: "a stop has a third decimal",
    body: { ...BRACKET, stop_loss: { stop_price: 95.001 } },
    status: 422,
    code: 42210000,
    message: "invalid stop_price 95.001. sub-penny increment",
  },
  {
    when: "a price below 1 USD has a fifth decimal",
    body: { ...BRACKET, stop_loss: { stop_price: "0.12345" } },
    status: 422,
    code: 42210000,
    message: "invalid stop_price 0.12345. sub-penny increment",
  },
  {
    when: "a bracket's stop is at the market",
    body: { ...BRACKET, stop_loss: { stop_price: "100" } },
    status: 422,
    code: 42210000,
    message: "stop_loss.stop_price must be <= base_price - 0.01",
  },
  {
    when: "a bracket's stop is at the limit of its entry",
    body: { ...BRACKET, type: "limit", limit_price: "95" },
    status: 422,
    code: 42210000,
    message: "stop_loss.stop_price must be <= base_price - 0.01",
  },
  {
    when: "a bracket's take-profit is at the market",
    body: { ...BRACKET, take_profit: { limit_price: "100" } },
    status: 422,
    code: 42210000,
    message: "take_profit.limit_price must be >= base_price + 0.01",
  },
  {
    when: "a limit order has no limit",
    body: { ...SELL, type: "limit" },
    status: 422,
    code: 40010001,
    message: "limit orders require limit_price",
  },
  {
    when: "a stop order has no stop",
    body: { ...SELL, type: "stop" },
    status: 422,
    code: 40010001,
    message: "stop orders require stop_price",
  },
  {
    when: "a market order has a limit",
    body: { ...SELL, limit_price: "99" },
    status: 422,
    code: 40010001,
    message: "market orders must not have limit_price",
  },
  {
    when: "the time in force is unknown",
    body: { ...SELL, time_in_force: "forever" },
    status: 422,
    code: 40010001,
    message: "invalid time_in_force",
  },
  {
    when: "the side is unknown",
    body: { ...SELL, side: "hold" },
    status: 422,
    code: 40010001,
    message: "invalid side",
  },
  {
    when: "the symbol is missing",
    body: { ...SELL, symbol: "" },
    status: 422,
    code: 40010001,
    message: "symbol is required",
  },
  {
    when: "the client order id is too long",
    body: { ...BRACKET, client_order_id: "a".repeat(129) },
    status: 422,
    code: 40010001,
    message: "client_order_id must be no more than 128 characters",
  },
  {
    when: "the body is not JSON",
    body: "{",
    status: 400,
    code: 40010000,
    message: "request body format is invalid",
  },
  {
    when: "the money does not suffice",
    body: { ...BRACKET, qty: "2001" },
    status: 403,
    code: 40310000,
    message: "insufficient buying power",
  },
  {
    when: "nothing is held to sell",
    body: SELL,
    status: 403,
    code: 40310000,
    message: "account is not allowed to short",
  },
];

for (const { when, body, status, code, message } of BODY_CASES) {
  Deno.test(`POST /v2/orders is refused when ${when}`, () => {
    const { exchange, call } = buildMarket();
    const answered = call("POST", "/v2/orders", "", body);
    assertEquals([answered.status, answered.json["code"]], [status, code]);
    assertStringIncludes(String(answered.json["message"]), message);
    assertEquals(exchange.orders.length, 0);
  });
}

Deno.test("POST /v2/orders takes the prices that the increments allow", () => {
  const { call } = buildMarket();
  assertEquals(call("POST", "/v2/orders", "", BRACKET).status, 200);
  const { exchange, call: callCheap } = buildMarket();
  exchange.setPrice("PNNY", 0.5);
  const cheap = {
    ...BRACKET,
    symbol: "PNNY",
    take_profit: { limit_price: "0.6123" },
    stop_loss: { stop_price: "0.4321" },
  };
  assertEquals(callCheap("POST", "/v2/orders", "", cheap).status, 200);
});

Deno.test("a client order id is unique for ever, also after its order was canceled", () => {
  const { call, pass } = buildMarket();
  const body = { ...BRACKET, client_order_id: "avwap-1", type: "limit", limit_price: "99" };
  const first = call("POST", "/v2/orders", "", body);
  assertEquals(call("DELETE", `/v2/orders/${first.json["id"]}`).status, 204);
  pass(1000);
  const second = call("POST", "/v2/orders", "", body);
  assertEquals(second.status, 422);
  assertObjectMatch(second.json, { code: 40010001, message: "client_order_id must be unique" });
});

Deno.test("a plain sell is refused while the bracket's exits reserve the shares", () => {
  const { exchange, call, pass } = buildMarket();
  call("POST", "/v2/orders", "", { ...BRACKET, qty: "37" });
  pass(1000);
  const refused = call("POST", "/v2/orders", "", { ...SELL, qty: "37" });
  assertEquals(refused.status, 403);
  assertObjectMatch(refused.json, {
    code: 40310000,
    message: "insufficient qty available for order (requested: 37, available: 0)",
    available: "0",
    existing_qty: "37",
    held_for_orders: "37",
    symbol: "NVDA",
  });
  const legs = exchange.orders.filter((order) => order.parent !== null).map((order) => order.id);
  assertEquals(refused.json["related_orders"], legs);
});

Deno.test("a sell beyond the position is refused, one of what is free is not", () => {
  const { call } = buildHolding();
  const refused = call("POST", "/v2/orders", "", { ...SELL, qty: "38" });
  assertStringIncludes(String(refused.json["message"]), "(requested: 38, available: 37)");
  assertEquals(call("POST", "/v2/orders", "", { ...STOP, qty: "30" }).status, 200);
  const second = call("POST", "/v2/orders", "", { ...SELL, qty: "8" });
  assertStringIncludes(String(second.json["message"]), "(requested: 8, available: 7)");
  assertEquals(call("POST", "/v2/orders", "", { ...SELL, qty: "7" }).status, 200);
});

Deno.test("a buy while a plain sell stop rests is a wash trade", () => {
  const { call } = buildHolding(10);
  const stop = call("POST", "/v2/orders", "", STOP);
  const refused = call("POST", "/v2/orders", "", BRACKET);
  assertEquals(refused.status, 403);
  assertObjectMatch(refused.json, { code: 40310000, existing_order_id: stop.json["id"] });
  assertMatch(String(refused.json["message"]), /^potential wash trade detected\./);
});

const ACCOUNT_CASES: { when: string; change: Wire; message: string }[] = [
  {
    when: "the account is blocked",
    change: { isTradingBlocked: true },
    message: "account is not authorized to trade",
  },
  {
    when: "the operator suspended trading",
    change: { isSuspended: true },
    message: "new orders are rejected by user request",
  },
];
for (const { when, change, message } of ACCOUNT_CASES) {
  Deno.test(`POST /v2/orders answers 403 when ${when}`, () => {
    const { exchange, call } = buildMarket();
    Object.assign(exchange.behaviour, change);
    const refused = call("POST", "/v2/orders", "", BRACKET);
    assertEquals(refused.status, 403);
    assertObjectMatch(refused.json, { code: 40310000, message });
  });
}

const CANCEL_CASES: { when: string; status: string; message: string }[] = [
  { when: "filled", status: "filled", message: 'order is already in "filled" state' },
  { when: "canceled", status: "canceled", message: 'order is already in "canceled" state' },
  { when: "replaced", status: "replaced", message: "order is not cancelable" },
  { when: "waiting for its cancel", status: "pending_cancel", message: "order pending cancel" },
];
for (const { when, status, message } of CANCEL_CASES) {
  Deno.test(`DELETE of an order is refused while it is ${when}`, () => {
    const { exchange, call, pass } = buildHolding(10);
    const id = call("POST", "/v2/orders", "", STOP).json["id"];
    pass(1000);
    if (status === "filled") exchange.setPrice("NVDA", 94);
    else if (status === "replaced") call("PATCH", `/v2/orders/${id}`, "", { stop_price: "96" });
    else call("DELETE", `/v2/orders/${id}`);
    if (status !== "pending_cancel") pass(2000);
    assertEquals(call("GET", `/v2/orders/${id}`).json["status"], status);
    const refused = call("DELETE", `/v2/orders/${id}`);
    assertEquals(refused.status, 422);
    assertObjectMatch(refused.json, { code: 42210000, message });
  });
}

const UNKNOWN_ID = "00000000-0000-4000-8000-00000000dead";
for (const method of ["GET", "PATCH", "DELETE"]) {
  Deno.test(`${method} of an order that does not exist is a 404`, () => {
    const { call } = buildMarket();
    const refused = call(method, `/v2/orders/${UNKNOWN_ID}`, "", { qty: "1" });
    assertEquals(refused.status, 404);
    assertObjectMatch(refused.json, {
      code: 40410000,
      message: `order not found for ${UNKNOWN_ID}`,
    });
  });
}

Deno.test("a look-up right after the acceptance can still be a 404", () => {
  const { call, pass } = buildMarket({ visibilityDelayMs: 5000 });
  call("POST", "/v2/orders", "", { ...BRACKET, client_order_id: "avwap-1" });
  const query = "client_order_id=avwap-1";
  assertEquals(call("GET", "/v2/orders:by_client_order_id", query).status, 404);
  assertEquals(call("GET", "/v2/orders", "status=all").list.length, 0);
  pass(5000);
  assertEquals(call("GET", "/v2/orders:by_client_order_id", query).status, 200);
  assertEquals(call("GET", "/v2/orders", "status=all&nested=true").list.length, 1);
});

for (const headers of [{}, { "apca-api-key-id": "SIMKEYID" }, { "apca-api-key-id": "other" }]) {
  Deno.test(`a request with the key headers ${JSON.stringify(headers)} is a 401`, () => {
    const { exchange } = buildMarket();
    const response = exchange.handle({ ...buildRequest("GET", "/v2/clock"), headers });
    assertEquals([response.status, response.body], [401, '{"message":"unauthorized."}']);
  });
}

Deno.test("recent SIP data is refused without the plan, older is not", () => {
  const { call } = buildMarket({ hasRealTimeSip: false });
  const bars = "symbols=NVDA&timeframe=10Min&feed=sip&start=2026-11-23T14:30:00Z";
  const refused = call("GET", "/v2/stocks/bars", `${bars}&end=2026-11-23T15:00:00Z`);
  assertEquals(refused.status, 403);
  assertObjectMatch(refused.json, {
    code: 42210000,
    message: "subscription does not permit querying recent SIP data",
  });
  assertEquals(call("GET", "/v2/stocks/trades/latest", "symbols=NVDA&feed=sip").status, 403);
  assertEquals(call("GET", "/v2/stocks/bars", `${bars}&end=2026-11-23T14:45:00Z`).status, 200);
  assertEquals(call("GET", "/v2/stocks/trades/latest", "symbols=NVDA&feed=iex").status, 200);
});

Deno.test("the rate limit counts 200 a minute, names what is left, and answers 429 beyond it", () => {
  const { exchange, call, pass } = buildMarket({ isRateLimitEnforced: true });
  const first = call("GET", "/v2/clock");
  assertObjectMatch(first.headers, {
    "x-ratelimit-limit": "200",
    "x-ratelimit-remaining": "199",
    "x-ratelimit-reset": String(Math.floor(exchange.nowMs / 1000) + 60),
  });
  for (let count = 1; count < 200; count++) assertEquals(call("GET", "/v2/clock").status, 200);
  const over = call("GET", "/v2/clock");
  assertEquals([over.status, over.headers["x-ratelimit-remaining"]], [429, "0"]);
  pass(60_000);
  assertEquals(call("GET", "/v2/clock").status, 200);
});

Deno.test("an endpoint that is not simulated is a 404, whatever the method", () => {
  const { call } = buildMarket();
  for (const method of ["GET", "POST", "PATCH", "DELETE", "PUT"]) {
    assertEquals(call(method, "/v2/watchlists").status, 404);
  }
});
