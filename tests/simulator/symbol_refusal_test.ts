import { assert, assertEquals, assertFalse } from "../assert.ts";
import { buildMarket } from "./harness.ts";
import { SYMBOL_REFUSALS, type SymbolRefusal } from "./symbol_refusal.ts";

const BARS =
  "timeframe=10Min&feed=iex&start=2026-11-23T14:30:00Z&end=2026-11-23T15:05:00Z&symbols=";
const PATHS = [["/v2/stocks/bars", BARS], ["/v2/stocks/trades/latest", "symbols="]] as const;
const UNNAMED: ReadonlySet<SymbolRefusal> = new Set(["unnamed_400", "unnamed_422"]);

for (const [path, query] of PATHS) {
  for (const symbolRefusal of SYMBOL_REFUSALS) {
    const how = UNNAMED.has(symbolRefusal) ? "names none" : "names it";
    Deno.test(`${path} refuses a list for one symbol in it and ${how}: ${symbolRefusal}`, () => {
      const market = buildMarket({ refusedSymbols: ["ODD"], symbolRefusal });
      const { status, json } = market.call("GET", path, `${query}AAPL,ODD,NVDA`);
      assert(status === 400 || status === 422, `${status}`);
      assertEquals(/\bODD\b/.test(String(json["message"])), how === "names it");
      assertFalse(String(json["message"]).includes("NVDA"));
      assertEquals(market.call("GET", path, `${query}AAPL,NVDA`).status, 200);
    });
  }

  Deno.test(`${path} refuses what no ticker of it can be, whatever else is in the list`, () => {
    const market = buildMarket();
    for (const symbol of ["BRK-B", "BRK/B", "A B", "ÄÖ", "nvda"]) {
      const list = new URLSearchParams(`${query}AAPL`);
      list.set("symbols", `AAPL,${symbol}`);
      const { status, json } = market.call("GET", path, list.toString());
      assertEquals([status, json["message"]], [400, `invalid symbol: ${symbol}`]);
    }
    for (const symbol of ["BRK.B", "A", "LONGERTHANANYTICKER", "7UP"]) {
      assertEquals(market.call("GET", path, `${query}${symbol}`).status, 200, symbol);
    }
  });
}

Deno.test("a list with several refused symbols names the first of them, or all", () => {
  const refusedSymbols = ["YYY", "XXX"];
  const read = (symbolRefusal: SymbolRefusal) =>
    buildMarket({ refusedSymbols, symbolRefusal })
      .call("GET", "/v2/stocks/trades/latest", "symbols=YYY,AAPL,XXX").json["message"];
  assertEquals(read("colon"), "invalid symbol: XXX");
  assertEquals(read("several"), "invalid symbol(s): XXX, YYY");
});
