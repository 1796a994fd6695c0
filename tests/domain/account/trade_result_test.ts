import fc from "fast-check";
import {
  buildTradeResult,
  formatR,
  type TradeFacts,
} from "../../../src/domain/account/trade_result.ts";
import { roundToIncrement } from "../../../src/domain/order/price_increment.ts";
import { assertEquals, assertObjectMatch } from "../../assert.ts";

const buy = (qty: number, priceUsd: number | null) => ({ side: "buy" as const, qty, priceUsd });
const sell = (qty: number, priceUsd: number | null) => ({ side: "sell" as const, qty, priceUsd });

const BOUGHT: TradeFacts = {
  adoptedQty: 0,
  adoptedCostUsd: null,
  initialStopUsd: 117.1,
  fills: [buy(7, 126.26)],
};

const cases: {
  when: string;
  change?: Partial<TradeFacts>;
  lastUsd?: number;
  result: Record<string, unknown>;
}[] = [
  {
    when: "it was only bought, and its price is not known",
    result: {
      leftQty: 7,
      riskUsd: 64.12,
      realisedUsd: 0,
      openUsd: null,
      resultUsd: null,
      resultR: null,
    },
  },
  {
    when: "it was only bought, and is marked at a price",
    lastUsd: 135.42,
    result: { realisedUsd: 0, openUsd: 64.12, resultUsd: 64.12, resultR: 1 },
  },
  {
    when: "a part was sold",
    change: { fills: [buy(7, 126.26), sell(3, 129.42)] },
    lastUsd: 126.26,
    result: { soldQty: 3, leftQty: 4, realisedUsd: 9.48, openUsd: 0, resultUsd: 9.48 },
  },
  {
    when: "all was sold at the stop",
    change: { fills: [buy(7, 126.26), sell(7, 117.1)] },
    result: { leftQty: 0, realisedUsd: -64.12, openUsd: 0, resultUsd: -64.12, resultR: -1 },
  },
  {
    when: "it was bought and sold in parts, in thirds of a cent",
    change: {
      initialStopUsd: 90,
      fills: [buy(3, 100.003333333), buy(3, 101), sell(2, 99), sell(4, 102)],
    },
    result: { boughtQty: 6, resultUsd: 2.99, riskUsd: 63.01, exitPriceUsd: 101 },
  },
  {
    when: "a price of the entry is missing",
    change: { fills: [buy(7, null), sell(7, 120)] },
    result: {
      entryPriceUsd: null,
      exitPriceUsd: 120,
      riskUsd: null,
      resultUsd: null,
      resultR: null,
    },
  },
  {
    when: "a price of the exit is missing",
    change: { fills: [buy(7, 126.26), sell(7, null)] },
    result: { exitPriceUsd: null, riskUsd: 64.12, resultUsd: null, resultR: null },
  },
  {
    when: "more was sold than bought",
    change: { fills: [buy(7, 126.26), sell(8, 130)] },
    result: { leftQty: 0, realisedUsd: null, resultUsd: null },
  },
  {
    when: "it was adopted, its cost known",
    change: { adoptedQty: 5, adoptedCostUsd: 400, initialStopUsd: 70, fills: [sell(5, 90)] },
    result: { entryPriceUsd: 80, riskUsd: 50, resultUsd: 50, resultR: 1 },
  },
  {
    when: "it was adopted, its cost unknown",
    change: { adoptedQty: 5, fills: [sell(5, 90)] },
    result: { entryPriceUsd: null, resultUsd: null, resultR: null },
  },
  {
    when: "its first stop is not known",
    change: { initialStopUsd: null, fills: [buy(7, 100), sell(7, 110)] },
    result: { riskUsd: null, resultUsd: 70, resultR: null },
  },
  {
    when: "it was filled below its stop",
    change: { fills: [buy(7, 117), sell(7, 110)] },
    result: { riskUsd: null, resultUsd: -49, resultR: null },
  },
  {
    when: "nothing is known of it",
    change: { fills: [] },
    result: { boughtQty: 0, entryPriceUsd: null, riskUsd: null, realisedUsd: 0 },
  },
];
for (const { when, change, lastUsd, result } of cases) {
  Deno.test(`buildTradeResult() is measured against the entry when ${when}`, () => {
    assertObjectMatch({ ...buildTradeResult({ ...BOUGHT, ...change }, lastUsd ?? null) }, result);
  });
}

Deno.test("buildTradeResult() of all sales is the sum of each sale's own, to a millionth each", () => {
  const price = fc.integer({ min: 100, max: 90_000 }).map((cents) => cents / 100);
  const sales = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), price), { minLength: 1 });
  fc.assert(fc.property(price, sales, (entryUsd, sold) => {
    const boughtQty = sold.reduce((sum, [qty]) => sum + qty, 0);
    const result = (fills: ReturnType<typeof sell>[]) =>
      buildTradeResult({ ...BOUGHT, fills: [buy(boughtQty, entryUsd), ...fills] }, null);
    const parts = sold.map(([qty, usd]) => result([sell(qty, usd)]).realisedUsd ?? NaN);
    const whole = result(sold.map(([qty, usd]) => sell(qty, usd))).resultUsd ?? NaN;
    const partsMicros = parts.reduce((sum, usd) => sum + Math.round(usd * 1e6), 0);
    assertEquals(Math.round(whole * 1e6), partsMicros);
  }));
});

Deno.test("formatR() gives a sign and one decimal, and none to nothing", () => {
  assertEquals([1.26, -1, -0.04, 0.05].map(formatR), ["+1.3 R", "-1.0 R", "0.0 R", "+0.1 R"]);
});

Deno.test("formatR() shows a loss with the digits of a gain of the same size", () => {
  assertEquals([0.25, -0.25, 3.45, -3.45].map(formatR), ["+0.3 R", "-0.3 R", "+3.5 R", "-3.5 R"]);
});

Deno.test("a trade's risk is one, whether its stop is given as decided or as the broker took it", () => {
  const stop = fc.integer({ min: 1, max: 20_000_000 }).map((micros) => micros / 1e6);
  fc.assert(fc.property(stop, (decidedUsd) => {
    const ofStop = (initialStopUsd: number) =>
      buildTradeResult({ ...BOUGHT, initialStopUsd, fills: [buy(123, 30), sell(123, 20)] }, null);
    assertEquals(ofStop(decidedUsd), ofStop(roundToIncrement(decidedUsd)));
  }));
});

for (
  const [decidedUsd, riskUsd, shown] of [[14.2733, 1.23, "-1.0 R"], [14.2767, null, null]] as const
) {
  Deno.test(`the risk of a trade entered at 14.28 with a stop decided at ${decidedUsd} is ${riskUsd} USD`, () => {
    const fills = [buy(123, 14.28), sell(123, 14.27)];
    const result = buildTradeResult({ ...BOUGHT, initialStopUsd: decidedUsd, fills }, null);
    assertEquals([result.resultUsd, result.riskUsd], [-1.23, riskUsd]);
    assertEquals(result.resultR === null ? null : formatR(result.resultR), shown);
  });
}

Deno.test("a stop that is no price gives no risk", () => {
  const risks = [0, -1, NaN, Infinity].map((initialStopUsd) =>
    buildTradeResult({ ...BOUGHT, initialStopUsd }, null).riskUsd
  );
  assertEquals(risks, [null, null, null, null]);
});
