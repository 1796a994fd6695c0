import { assertEquals } from "../assert.ts";
import { type Behaviour, buildBehaviour } from "./behaviour.ts";
import {
  BRACKET,
  buildBracketed,
  buildMarket,
  readLegs,
  readStatuses,
  readText,
  STOP,
} from "./harness.ts";
import type { Market } from "./harness.ts";
import type { SimOrder } from "./order.ts";
import { nyMoment } from "./sessions.ts";
import type { Spell } from "./spell.ts";

const MINUTE_MS = 60_000;

/** Ten NVDA and a resting stop at 95 that falls under a spell as it comes into force. */
function buildStop(spell: Spell, behaviour: Partial<Behaviour> = {}): Market & { path: string } {
  const market = buildMarket({ spellOf: () => spell, ...behaviour });
  market.exchange.setPosition("NVDA", 10, 100);
  const { json } = market.call("POST", "/v2/orders", "", { ...STOP, client_order_id: "avwap-1" });
  market.pass(1000);
  return { ...market, path: `/v2/orders/${readText(json, "id")}` };
}

function readStatus({ call, path }: ReturnType<typeof buildStop>): unknown {
  return call("GET", path).json["status"];
}

const RESTING: readonly string[] = [
  "done_for_day",
  "suspended",
  "accepted_for_bidding",
  "stopped",
  "pending_review",
];
for (const status of RESTING) {
  Deno.test(`an order in ${status} is in the lists, keeps its shares, and does not trade`, () => {
    const market = buildStop({ status, ms: Infinity, then: "resumes" });
    market.exchange.setPrice("NVDA", 90);
    market.pass(MINUTE_MS);
    const { list } = market.call("GET", "/v2/orders", "status=open&nested=true");
    assertEquals(list.map((each) => each["status"]), [status]);
    assertEquals(market.exchange.position("NVDA")?.qty, 10);
    assertEquals(market.call("GET", "/v2/positions/NVDA").json["qty_available"], "0");
    const { status: http } = market.call("PATCH", market.path, "", { stop_price: "96" });
    assertEquals(http, 422);
  });
}

for (const status of ["suspended", "accepted_for_bidding", "pending_review"]) {
  Deno.test(`an order in ${status} works again when the spell ends`, () => {
    const market = buildStop({ status, ms: MINUTE_MS, then: "resumes" });
    market.pass(MINUTE_MS);
    assertEquals(readStatus(market), "new");
    market.exchange.setPrice("NVDA", 90);
    market.pass(5000);
    assertEquals(readStatus(market), "filled");
  });
}

Deno.test("an order in done_for_day works again from the next session, a day order never", () => {
  const market = buildStop({ status: "done_for_day", ms: Infinity, then: "resumes" });
  market.exchange.advanceTo(nyMoment("2026-11-24", "09:29"));
  assertEquals(readStatus(market), "done_for_day");
  market.exchange.advanceTo(nyMoment("2026-11-24", "09:31"));
  assertEquals(readStatus(market), "new");
  const day = buildMarket({
    spellOf: () => ({ status: "done_for_day", ms: Infinity, then: "ends" }),
  });
  const { json } = day.call("POST", "/v2/orders", "", { ...BRACKET, client_order_id: "avwap-1" });
  day.exchange.advanceTo(nyMoment("2026-11-24", "09:31"));
  const path = `/v2/orders/${readText(json, "id")}`;
  assertEquals(day.call("GET", path).json["status"], "expired");
});

Deno.test("a trade that is stopped comes later, and can't be cancelled", () => {
  const market = buildStop({ status: "stopped", ms: MINUTE_MS, then: "fills" });
  const refused = market.call("DELETE", market.path);
  assertEquals([refused.status, refused.json["message"]], [422, "order is not cancelable"]);
  assertEquals(market.exchange.position("NVDA")?.qty, 10);
  market.pass(MINUTE_MS);
  assertEquals(readStatus(market), "filled");
  assertEquals(market.exchange.position("NVDA"), null);
});

Deno.test("a calculated order has traded, and is filled when it is settled", () => {
  const market = buildStop({ status: "calculated", ms: MINUTE_MS, then: "resumes" });
  assertEquals(market.exchange.position("NVDA"), null);
  const { json } = market.call("GET", market.path);
  assertEquals([json["status"], json["filled_qty"]], ["calculated", "10"]);
  assertEquals(market.call("DELETE", market.path).status, 422);
  market.pass(MINUTE_MS);
  assertEquals(readStatus(market), "filled");
});

Deno.test("a calculated order that the close finds unsettled is filled, not expired", () => {
  const market = buildMarket({
    spellOf: () => ({ status: "calculated", ms: Infinity, then: "ends" }),
  });
  const { json } = market.call("POST", "/v2/orders", "", BRACKET);
  market.exchange.advanceTo(nyMoment("2026-11-23", "16:01"));
  assertEquals(market.call("GET", `/v2/orders/${readText(json, "id")}`).json["status"], "filled");
});

Deno.test("a suspended order can be cancelled, and a spell can end it", () => {
  const market = buildStop({ status: "suspended", ms: Infinity, then: "resumes" });
  assertEquals(market.call("DELETE", market.path).status, 204);
  market.pass(1000);
  assertEquals(readStatus(market), "canceled");
  const ended = buildStop({ status: "suspended", ms: MINUTE_MS, then: "ends" });
  ended.pass(MINUTE_MS);
  assertEquals(readStatus(ended), "canceled");
});

Deno.test("an entry that a spell ends takes its legs with it", () => {
  const market = buildMarket({
    spellOf: (order) =>
      order.side === "buy" ? { status: "suspended", ms: MINUTE_MS, then: "ends" } : null,
  });
  const { json } = market.call("POST", "/v2/orders", "", {
    ...BRACKET,
    client_order_id: "avwap-1",
  });
  market.pass(2 * MINUTE_MS);
  const { list } = market.call("GET", "/v2/orders", "status=open&nested=true");
  assertEquals(list, []);
  const statuses = readStatuses(market, readText(json, "id"));
  assertEquals(statuses, ["canceled", "canceled", "canceled"]);
});

Deno.test("a suspended order whose cancel loses to a fill is filled, never canceled with all of its shares", () => {
  const market = buildStop(
    { status: "suspended", ms: Infinity, then: "resumes" },
    { cancelOutcome: () => "filled" },
  );
  assertEquals(market.call("DELETE", market.path).status, 204);
  market.pass(1000);
  assertEquals([readStatus(market), market.exchange.position("NVDA")], ["filled", null]);
});

Deno.test("a spell that a hand casts falls on an order that already rests", () => {
  const market = buildMarket();
  market.exchange.setPosition("NVDA", 10, 100);
  market.call("POST", "/v2/orders", "", { ...STOP, client_order_id: "avwap-1" });
  market.pass(1000);
  const order = market.exchange.findOrder("avwap-1");
  if (order === null) throw new RangeError("the order was refused");
  market.exchange.desk.beginSpell(order, { status: "suspended", ms: 5000, then: "resumes" });
  assertEquals(order.status, "suspended");
  market.pass(5000);
  assertEquals(order.status, "new");
});

Deno.test("at its entry's fill the broker puts another order, with an id of its own, in a leg's place", () => {
  const isStop = (leg: SimOrder) => leg.stopPriceUsd !== null;
  const market = buildBracketed({ substitutesLeg: isStop });
  const stop = readLegs(market, market.id).find((leg) => leg["type"] === "stop");
  assertEquals(stop?.["status"], "held");
  const before = market.call("GET", `/v2/orders/${readText(stop, "replaces")}`).json;
  assertEquals([before["status"], before["replaced_by"]], ["replaced", stop?.["id"]]);
  assertEquals(readText(stop, "client_order_id") === readText(before, "client_order_id"), false);
  market.exchange.setPrice("NVDA", 90);
  market.pass(10_000);
  assertEquals(market.exchange.position("NVDA"), null, "the new one does what the old one was for");
});

Deno.test("a leg whose sibling fills in part is put anew with what is left", () => {
  const market = buildBracketed({
    substitutesLeg: (leg) => leg.stopPriceUsd !== null && leg.qty < 10,
    partialFills: (order) => order.type === "limit" ? [{ afterMs: 0, qty: 4 }] : null,
  });
  market.exchange.setPrice("NVDA", 111);
  market.pass(10_000);
  const legs = readLegs(market, market.id);
  const stop = legs.find((leg) => leg["type"] === "stop");
  assertEquals([stop?.["qty"], typeof stop?.["replaces"]], ["6", "string"]);
});

Deno.test("DELETE can answer 204 for a filled order, which stays filled", () => {
  for (const isFilledCancelAnswered of [true, false]) {
    const market = buildBracketed({ isFilledCancelAnswered });
    const path = `/v2/orders/${market.id}`;
    assertEquals(market.call("DELETE", path).status, isFilledCancelAnswered ? 204 : 422);
    assertEquals(market.call("GET", path).json["status"], "filled");
  }
});

Deno.test("a good-till-canceled order ends by itself after 90 days, at 16:15 New York", () => {
  const market = buildMarket();
  market.exchange.setPosition("NVDA", 10, 100);
  const { json } = market.call("POST", "/v2/orders", "", STOP);
  const endMs = nyMoment("2027-02-21", "16:15");
  assertEquals(Date.parse(readText(json, "expires_at")), endMs);
  const path = `/v2/orders/${readText(json, "id")}`;
  market.exchange.advanceTo(endMs - 1);
  assertEquals(market.call("GET", path).json["status"], "new");
  market.exchange.advanceTo(endMs);
  assertEquals(market.call("GET", path).json["status"], "expired");
  assertEquals(buildBehaviour().gtcLifeDays, 90);
});
