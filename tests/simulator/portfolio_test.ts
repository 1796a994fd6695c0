import { assertEquals } from "../assert.ts";
import { Portfolio } from "./portfolio.ts";

const CASES: {
  when: string;
  trades: readonly (readonly [qty: number, priceUsd: number])[];
  position: { readonly qty: number; readonly costUsd: number } | null;
  cashUsd: number;
}[] = [
  {
    when: "it grows",
    trades: [[10, 100], [10, 110]],
    position: { qty: 20, costUsd: 2100 },
    cashUsd: -1100,
  },
  {
    when: "part is sold: the average stays",
    trades: [[10, 100], [-4, 120]],
    position: { qty: 6, costUsd: 600 },
    cashUsd: 480,
  },
  { when: "all is sold", trades: [[10, 100], [-10, 120]], position: null, cashUsd: 1200 },
  {
    when: "it is sold short",
    trades: [[-5, 100]],
    position: { qty: -5, costUsd: -500 },
    cashUsd: 1500,
  },
  {
    when: "a short is partly covered",
    trades: [[-5, 100], [2, 90]],
    position: { qty: -3, costUsd: -300 },
    cashUsd: 1320,
  },
  {
    when: "a sale crosses zero: the rest costs the new price",
    trades: [[5, 100], [-8, 120]],
    position: { qty: -3, costUsd: -360 },
    cashUsd: 1460,
  },
  {
    when: "fractions add up to nothing",
    trades: [[0.1, 100], [0.2, 100], [-0.3, 100]],
    position: null,
    cashUsd: 1000,
  },
];
for (const { when, trades, position, cashUsd } of CASES) {
  Deno.test(`a position keeps its cost when ${when}`, () => {
    const portfolio = new Portfolio(1000);
    for (const [qty, priceUsd] of trades) portfolio.apply("NVDA", qty, priceUsd, 0);
    const held = portfolio.positions.get("NVDA") ?? null;
    assertEquals(held, position === null ? null : { symbol: "NVDA", ...position });
    assertEquals(Math.round(portfolio.cashUsd * 1e6) / 1e6, cashUsd);
  });
}

Deno.test("a split keeps the cost", () => {
  const portfolio = new Portfolio(1000);
  portfolio.apply("NVDA", 10, 100, 0);
  portfolio.split("NVDA", 4, 0);
  portfolio.split("AAPL", 4, 0);
  assertEquals([...portfolio.positions.values()], [{ symbol: "NVDA", qty: 40, costUsd: 1000 }]);
});
