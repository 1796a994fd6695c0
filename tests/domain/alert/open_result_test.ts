import { formatEquity, listOpenResults } from "../../../src/domain/alert/open_result.ts";
import { assertEquals } from "../../assert.ts";

const NVDA = { symbol: "NVDA", qty: 4, entryPriceUsd: 126.26, lastPriceUsd: 129.42 };

Deno.test("formatEquity() sums what is open, each position by name", () => {
  const results = listOpenResults([
    NVDA,
    { symbol: "BRK.B", qty: 1, entryPriceUsd: 486.6, lastPriceUsd: 480 },
  ]);
  assertEquals(
    formatEquity(5_000, results),
    "Equity: 5000.00 USD; open result +6.04 USD (NVDA +12.64, BRK.B -6.60)",
  );
});

Deno.test("formatEquity() says unknown for what is not known, and never 0", () => {
  const lacking = [
    { ...NVDA, qty: null },
    { ...NVDA, entryPriceUsd: null },
    { ...NVDA, lastPriceUsd: null },
  ];
  for (const facts of lacking) {
    assertEquals(
      formatEquity(null, listOpenResults([facts])),
      "Equity: unknown; open result unknown (NVDA unknown)",
    );
  }
  assertEquals(formatEquity(5_000, null), "Equity: 5000.00 USD; open result unknown");
  assertEquals(
    formatEquity(5_000, []),
    "Equity: 5000.00 USD; open result none, nothing is managed",
  );
});
