import { buildDayResult, type DayHolding } from "../../../src/domain/account/day_result.ts";
import {
  type DayLoss,
  type DayLossInputs,
  decideDayLoss,
} from "../../../src/domain/account/day_loss.ts";
import { assertEquals } from "../../assert.ts";

const TODAY = "2026-11-23";
const NOW_MS = Date.parse("2026-11-23T16:00:00.000Z");

/** Ten shares bought today at 100 and worth `lastPriceUsd` now. */
function holding(lastPriceUsd: number | null, symbol = "NVDA"): DayHolding {
  return {
    symbol,
    startQty: 0,
    previousCloseUsd: null,
    fills: [{ side: "buy", qty: 10, priceUsd: 100 }],
    lastPriceUsd,
  };
}

const BASE: DayLossInputs = {
  dateNy: TODAY,
  nowMs: NOW_MS,
  limitUsd: 50,
  onRecord: null,
  result: buildDayResult([holding(100)]),
};
const EARLIER: DayLoss = { dateNy: "2026-11-20", reachedAtMs: 1, resultUsd: -80, limitUsd: 70 };

Deno.test("decideDayLoss() denies exactly at the limit, and not a ten-thousandth of a USD before it", () => {
  const at = decideDayLoss({ ...BASE, result: buildDayResult([holding(95)]) });
  const loss = { dateNy: TODAY, reachedAtMs: NOW_MS, resultUsd: -50, limitUsd: 50 };
  assertEquals(at, { kind: "reached", loss });
  const before = decideDayLoss({ ...BASE, result: buildDayResult([holding(95.00001)]) });
  assertEquals(before, { kind: "within" });
});

Deno.test("decideDayLoss() sums cents exactly: three tenths lost are a limit of 0.3", () => {
  const lost = ["A", "B", "C"].map((symbol) => holding(99.99, symbol));
  const verdict = decideDayLoss({ ...BASE, limitUsd: 0.3, result: buildDayResult(lost) });
  assertEquals(verdict.kind, "reached");
});

Deno.test("decideDayLoss() sets what is won against what is lost", () => {
  const result = buildDayResult([holding(90), holding(106, "AAPL")]);
  assertEquals(decideDayLoss({ ...BASE, result }), { kind: "within" });
});

Deno.test("decideDayLoss() keeps a limit once reached for the day, whatever the variable and the prices say later", () => {
  const onRecord = { ...EARLIER, dateNy: TODAY };
  for (const limitUsd of [null, 50, 1e6]) {
    const verdict = decideDayLoss({ ...BASE, limitUsd, onRecord });
    assertEquals(verdict, { kind: "reached", loss: onRecord });
  }
  assertEquals(decideDayLoss({ ...BASE, onRecord: EARLIER }), { kind: "within" });
});

Deno.test("decideDayLoss() does not know where a part of the day result is not known, and names the symbol", () => {
  const result = buildDayResult([holding(10), holding(null, "AAPL")]);
  const verdict = decideDayLoss({ ...BASE, result });
  assertEquals(verdict, { kind: "unknown", why: "AAPL: the price is not known" });
  assertEquals(decideDayLoss({ ...BASE, result: null }).kind, "unknown");
});

Deno.test("decideDayLoss() asks for nothing where no limit is set", () => {
  const verdict = decideDayLoss({ ...BASE, limitUsd: null, result: null });
  assertEquals(verdict, { kind: "unlimited" });
});
