import { assertEquals } from "../../assert.ts";
import { buildBracketed, readLegs, readText, SELL, STOP, TEN_MS } from "../../simulator/harness.ts";
import { SAMPLE_DAY_NY } from "../../simulator/scenario.ts";
import { countBareSeconds } from "./bare_time.ts";

const SESSION = { dateNy: SAMPLE_DAY_NY, openMs: TEN_MS, closeMs: TEN_MS + 3_600_000 };
const NVDA = new Set(["NVDA"]);

Deno.test("shares are bare from their stop's end until stops for all of them work, their target notwithstanding", () => {
  const market = buildBracketed();
  const count = () => Math.round(countBareSeconds(market.exchange.orders, SESSION, NVDA));
  assertEquals(count(), 0);
  const stop = readLegs(market, market.id).find(({ type }) => type === "stop");
  market.call("DELETE", `/v2/orders/${readText(stop, "id")}`);
  market.pass(60_000);
  market.call("POST", "/v2/orders", "", { ...STOP, qty: "6" });
  market.pass(30_000);
  market.call("POST", "/v2/orders", "", { ...STOP, qty: "4" });
  market.pass(300_000);
  assertEquals(count(), 90);
});

Deno.test("what was sold is not bare, and what stays bare is so until the close", () => {
  const market = buildBracketed();
  const count = () => Math.round(countBareSeconds(market.exchange.orders, SESSION, NVDA));
  const stop = readLegs(market, market.id).find(({ type }) => type === "stop");
  market.pass(599_000);
  market.call("DELETE", `/v2/orders/${readText(stop, "id")}`);
  market.pass(60_000);
  assertEquals(count(), 3000);
  market.call("POST", "/v2/orders", "", SELL);
  market.pass(60_000);
  assertEquals(count(), 60);
});
