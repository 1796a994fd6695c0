import fc from "fast-check";
import { buildDayResult, type DayHolding } from "../../../src/domain/account/day_result.ts";
import { buildTradeResult } from "../../../src/domain/account/trade_result.ts";
import { assertEquals } from "../../assert.ts";

const buy = (qty: number, priceUsd: number | null) => ({ side: "buy" as const, qty, priceUsd });
const sell = (qty: number, priceUsd: number | null) => ({ side: "sell" as const, qty, priceUsd });

const HELD: DayHolding = {
  symbol: "NVDA",
  startQty: 10,
  previousCloseUsd: 100,
  fills: [],
  lastPriceUsd: 103,
};

const cases: { when: string; change?: Partial<DayHolding>; resultUsd: number | null }[] = [
  { when: "it was held through the day", resultUsd: 30 },
  { when: "it did not trade today", change: { lastPriceUsd: null }, resultUsd: 0 },
  { when: "all was sold", change: { fills: [sell(10, 98)], lastPriceUsd: 120 }, resultUsd: -20 },
  { when: "a part was sold", change: { fills: [sell(4, 105)] }, resultUsd: 38 },
  {
    when: "it was bought today",
    change: { startQty: 0, previousCloseUsd: null, fills: [buy(7, 126.26)], lastPriceUsd: 127.26 },
    resultUsd: 7,
  },
  {
    when: "it was bought and sold today, and nobody knows what it costs now",
    change: {
      startQty: 0,
      previousCloseUsd: null,
      fills: [buy(7, 100), sell(3, 104), sell(4, 101.6)],
      lastPriceUsd: null,
    },
    resultUsd: 18.4,
  },
  {
    when: "yesterday's was sold, and more was bought",
    change: { fills: [sell(10, 101), buy(5, 102)] },
    resultUsd: 15,
  },
  { when: "how many there were is not known", change: { startQty: null }, resultUsd: null },
  { when: "the previous close is not known", change: { previousCloseUsd: null }, resultUsd: null },
  { when: "the previous close is none", change: { previousCloseUsd: 0 }, resultUsd: null },
  { when: "a fill has no price", change: { fills: [sell(10, null)] }, resultUsd: null },
  { when: "more was sold than was there", change: { fills: [sell(11, 100)] }, resultUsd: null },
  { when: "a price is not a number", change: { lastPriceUsd: NaN }, resultUsd: null },
  {
    when: "tenths of a share were sold one after another",
    change: { startQty: 0.3, fills: [sell(0.1, 101), sell(0.2, 101)], lastPriceUsd: null },
    resultUsd: 0.3,
  },
];
for (const { when, change, resultUsd } of cases) {
  Deno.test(`buildDayResult() is measured from the previous close or today's entry when ${when}`, () => {
    const result = buildDayResult([{ ...HELD, ...change }]);
    assertEquals(result.resultUsd, resultUsd);
    assertEquals(result.unknown.length, resultUsd === null ? 1 : 0);
  });
}

Deno.test("buildDayResult() of several is not known where one is not, and says what it is without that", () => {
  const result = buildDayResult([HELD, { ...HELD, symbol: "TSLA", previousCloseUsd: null }]);
  assertEquals([result.resultUsd, result.knownUsd], [null, 30]);
  assertEquals(result.unknown, [{ symbol: "TSLA", why: "the previous close is not known" }]);
});

Deno.test("buildDayResult() of a day without positions is nothing, and known", () => {
  assertEquals(buildDayResult([]).resultUsd, 0);
});

Deno.test("the day results of a trade's days make its trade result", () => {
  const price = fc.integer({ min: 100, max: 90_000 }).map((cents) => cents / 100);
  const days = fc.array(fc.record({ closeUsd: price, sellUsd: price }), {
    minLength: 1,
    maxLength: 9,
  });
  fc.assert(fc.property(price, days, (entryUsd, drawn) => {
    const qty = drawn.length;
    const fills = [buy(qty, entryUsd), ...drawn.map(({ sellUsd }) => sell(1, sellUsd))];
    const sumUsd = drawn.reduce((sum, { closeUsd, sellUsd }, index) => {
      const result = buildDayResult([{
        symbol: "NVDA",
        startQty: index === 0 ? 0 : qty - index,
        previousCloseUsd: drawn[index - 1]?.closeUsd ?? null,
        fills: index === 0 ? [buy(qty, entryUsd), sell(1, sellUsd)] : [sell(1, sellUsd)],
        lastPriceUsd: closeUsd,
      }]);
      return sum + Math.round((result.resultUsd ?? NaN) * 1e6);
    }, 0);
    const trade = buildTradeResult(
      { adoptedQty: 0, adoptedCostUsd: null, initialStopUsd: null, fills },
      null,
    );
    assertEquals(sumUsd, Math.round((trade.resultUsd ?? NaN) * 1e6));
  }));
});
