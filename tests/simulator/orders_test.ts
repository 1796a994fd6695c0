import { assertEquals, assertObjectMatch } from "../assert.ts";
import { BRACKET, buildMarket, readOrder, readStatuses, readText, STOP } from "./harness.ts";
import { SAMPLE_DAY_NY } from "./scenario.ts";
import { nyMoment } from "./sessions.ts";

const CLOSE_MS = nyMoment(SAMPLE_DAY_NY, "16:00");

Deno.test("a price at or after the close fills nothing", () => {
  const script = { priceAtUsd: (_symbol: string, ms: number) => ms >= CLOSE_MS ? 111 : 100 };
  const market = buildMarket({}, { script });
  const id = readText(market.call("POST", "/v2/orders", "", BRACKET).json, "id");
  market.exchange.advanceTo(CLOSE_MS + 3_600_000);
  assertEquals(readStatuses(market, id), ["filled", "expired", "expired"]);
});

Deno.test("a half day ends the day orders at 13:00", () => {
  const market = buildMarket();
  market.exchange.advanceTo(nyMoment("2026-11-27", "10:00"));
  const placed = market.call("POST", "/v2/orders", "", BRACKET);
  market.exchange.advanceTo(nyMoment("2026-11-27", "13:00"));
  const id = readText(placed.json, "id");
  assertEquals(readStatuses(market, id), ["filled", "expired", "expired"]);
});

Deno.test("an order sent while the market is closed waits for the open", () => {
  const market = buildMarket();
  market.exchange.advanceTo(CLOSE_MS + 3_600_000);
  const id = readText(market.call("POST", "/v2/orders", "", BRACKET).json, "id");
  market.pass(1000);
  assertEquals(readOrder(market, id)["status"], "accepted");
  market.exchange.setPosition("AAPL", 10, 90);
  const stop = market.call("POST", "/v2/orders", "", { ...STOP, symbol: "AAPL" });
  market.exchange.advanceTo(nyMoment("2026-11-24", "09:29"));
  assertEquals(readOrder(market, readText(stop.json, "id"))["status"], "accepted");
  assertEquals(readOrder(market, id)["filled_qty"], "0");
  market.exchange.advanceTo(nyMoment("2026-11-24", "09:31"));
  assertObjectMatch(readOrder(market, id), {
    status: "filled",
    filled_at: "2026-11-24T14:30:00.000007919Z",
  });
  assertEquals(readOrder(market, readText(stop.json, "id"))["status"], "new");
});

Deno.test("a stop-limit that gaps beyond its limit rests until the price comes back", () => {
  const market = buildMarket();
  market.exchange.setPosition("NVDA", 10, 90);
  const placed = market.call("POST", "/v2/orders", "", {
    ...STOP,
    type: "stop_limit",
    limit_price: "94.5",
  });
  const id = readText(placed.json, "id");
  market.exchange.setPrice("NVDA", 93);
  market.pass(5000);
  assertEquals(readOrder(market, id)["status"], "new");
  market.exchange.setPrice("NVDA", 96);
  market.pass(5000);
  assertObjectMatch(readOrder(market, id), { status: "filled", filled_avg_price: "96" });
});

Deno.test("a plain stop above the market goes off, or is refused by the stricter broker", () => {
  const body = { ...STOP, stop_price: "101" };
  const eager = buildMarket();
  eager.exchange.setPosition("NVDA", 10, 90);
  const id = readText(eager.call("POST", "/v2/orders", "", body).json, "id");
  eager.pass(2000);
  assertEquals(readOrder(eager, id)["status"], "filled");
  const strict = buildMarket({ stopAboveMarket: "refuses" });
  strict.exchange.setPosition("NVDA", 10, 90);
  assertEquals(strict.call("POST", "/v2/orders", "", body).status, 422);
});
