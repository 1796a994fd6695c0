import { assertEquals, assertObjectMatch } from "../assert.ts";
import type { Behaviour } from "./behaviour.ts";
import { buildMarket, readOrder, readText, SELL, STOP, type Wire } from "./harness.ts";

Deno.test("a replacement is a new order that takes over what its predecessor had filled", () => {
  const market = buildMarket({ partialFills: () => [{ afterMs: 0, qty: 4 }] });
  market.exchange.setPosition("NVDA", 10, 90);
  const body = { ...SELL, type: "limit", limit_price: "100" };
  const id = readText(market.call("POST", "/v2/orders", "", body).json, "id");
  market.pass(1000);
  const patch = { limit_price: "105", qty: "8", client_order_id: "avwap-r" };
  const { json } = market.call("PATCH", `/v2/orders/${id}`, "", patch);
  assertObjectMatch(json, {
    replaces: id,
    client_order_id: "avwap-r",
    qty: "8",
    filled_qty: "4",
    filled_avg_price: "100",
    limit_price: "105",
    status: "partially_filled",
  });
  assertObjectMatch(readOrder(market, id), { status: "replaced", replaced_by: json["id"] });
  assertEquals(market.call("GET", "/v2/positions/NVDA").json["qty_available"], "2");
});

Deno.test("a slow replacement shows both orders waiting, and loses against a fill", () => {
  const market = buildMarket({ replaceDelayMs: 5000 });
  market.exchange.setPosition("NVDA", 10, 90);
  const id = readText(market.call("POST", "/v2/orders", "", STOP).json, "id");
  market.pass(1000);
  const fresh = readText(
    market.call("PATCH", `/v2/orders/${id}`, "", { stop_price: "96" }).json,
    "id",
  );
  assertEquals(readOrder(market, id)["status"], "pending_replace");
  assertEquals(readOrder(market, fresh)["status"], "pending_new");
  assertEquals(market.call("PATCH", `/v2/orders/${id}`, "", { qty: "5" }).status, 422);
  market.exchange.setPrice("NVDA", 90);
  market.pass(6000);
  assertEquals(readOrder(market, id)["status"], "filled");
  assertEquals(readOrder(market, fresh)["status"], "rejected");
  assertEquals(market.exchange.position("NVDA"), null);
});

Deno.test("neither order of a replacement that is under way takes a cancel", () => {
  const market = buildMarket({ replaceDelayMs: 5000 });
  market.exchange.setPosition("NVDA", 10, 90);
  const id = readText(market.call("POST", "/v2/orders", "", STOP).json, "id");
  market.pass(1000);
  const patched = market.call("PATCH", `/v2/orders/${id}`, "", { stop_price: "96" });
  const fresh = readText(patched.json, "id");
  for (const each of [id, fresh]) {
    const { status, json } = market.call("DELETE", `/v2/orders/${each}`);
    assertEquals([status, json["message"]], [422, "order is not cancelable"]);
  }
  market.pass(5000);
  assertEquals(readOrder(market, fresh)["status"], "new");
});

const REPLACE_CASES: {
  when: string;
  patch: Wire;
  change: Partial<Behaviour>;
  status: number;
  message: string;
}[] = [
  {
    when: "it asks for more than is free",
    patch: { qty: "11" },
    change: {},
    status: 403,
    message: "insufficient qty available for order (requested: 11, available: 10)",
  },
  {
    when: "it asks for more than is free, also where the account may go short",
    patch: { qty: "11" },
    change: { isShortingAllowed: true },
    status: 403,
    message: "insufficient qty available for order (requested: 11, available: 10)",
  },
  {
    when: "it changes nothing",
    patch: { qty: "10", stop_price: "95" },
    change: {},
    status: 422,
    message: "order parameters are not changed",
  },
  {
    when: "its stop would be at the market, and the broker takes none there",
    patch: { stop_price: "100" },
    change: { stopAboveMarket: "refuses" },
    status: 422,
    message: "stop price must be less than current price",
  },
  {
    when: "its client order id exists",
    patch: { client_order_id: "taken" },
    change: {},
    status: 422,
    message: "client_order_id must be unique",
  },
  {
    when: "the broker is in no mood",
    patch: { qty: "5" },
    change: { refusesReplace: () => true },
    status: 422,
    message: "order is not replaceable",
  },
  {
    when: "the order was not acknowledged yet",
    patch: { qty: "5" },
    change: { acknowledgeMs: 60_000 },
    status: 422,
    message: "cannot replace order in pending_new status",
  },
  {
    when: "its stop has a third decimal",
    patch: { stop_price: "94.123" },
    change: {},
    status: 422,
    message: "invalid stop_price 94.123. sub-penny increment does not fulfill minimum pricing" +
      " criteria",
  },
];
for (const { when, patch, change, status, message } of REPLACE_CASES) {
  Deno.test(`PATCH is refused when ${when}`, () => {
    const market = buildMarket(change);
    market.exchange.setPosition("NVDA", 10, 90);
    const body = { ...STOP, client_order_id: "taken" };
    const id = readText(market.call("POST", "/v2/orders", "", body).json, "id");
    market.pass(1000);
    const refused = market.call("PATCH", `/v2/orders/${id}`, "", patch);
    assertEquals([refused.status, refused.json["message"]], [status, message]);
    assertEquals(market.exchange.orders.length, 1);
  });
}
