import { buildReportJson } from "../../src/cli/report/json.ts";
import { buildReport } from "../../src/cli/report/page.ts";
import { buildPeriodReport } from "../../src/cli/report/period_page.ts";
import { formatSignedUsd } from "../../src/domain/alert/alert_facts.ts";
import { formatDayResult } from "../../src/domain/alert/alert_summary.ts";
import { buildDayView } from "../../src/domain/day/day_view.ts";
import { buildPeriodView, readDayResult } from "../../src/domain/day/period.ts";
import { buildTradeCsv, TRADE_CSV_COLUMNS } from "../../src/domain/day/trade_csv.ts";
import { findLastFillNy, type Trade } from "../../src/domain/day/trades.ts";
import { z } from "zod";
import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "../assert.ts";
import { buildSamplePeriod } from "../report/sample_period.ts";

const DAYS = 500;
const { days, dayGainsUsd, tradeGainsUsd } = buildSamplePeriod("2024-01-01", DAYS, 11);
const RANGE = { fromNy: days[0]?.dateNy ?? "", toNy: days.at(-1)?.dateNy ?? "", earlier: [] };
const PERIOD = buildPeriodView(days, RANGE);
const FACTS = { program: "p", gaps: [], nowMs: Infinity, previous: null, next: null };

const JsonWire = z.object({
  days: z.array(z.object({ date_ny: z.string(), day_result_usd: z.number() })),
  trades: z.array(z.object({ closed_at: z.string().nullable(), result_usd: z.number() })),
});
const JSON_REPORT = JsonWire.parse(JSON.parse(buildReportJson(PERIOD, { gaps: [] })));

Deno.test("the day result is one number in report, period, summary and JSON, and the account's, on 500 days", () => {
  assertEquals(PERIOD.days.length, DAYS);
  days.forEach(({ dateNy, events }, index) => {
    const gainUsd = dayGainsUsd[index] ?? NaN;
    const ofDay = PERIOD.days[index]?.dayResult;
    assertAlmostEquals(ofDay?.resultUsd ?? NaN, gainUsd, 1e-6);
    assertEquals(JSON_REPORT.days[index]?.day_result_usd, ofDay?.resultUsd);
    assertEquals(buildDayView(events, dateNy).dayResult, ofDay);
    const words = `${formatSignedUsd(ofDay?.resultUsd ?? NaN)} USD`;
    assertStringIncludes(formatDayResult(readDayResult(events, dateNy)), words);
  });
});

Deno.test("a trade result is one number in period, CSV and JSON, and the account's, over 500 days", () => {
  assert(tradeGainsUsd.length > 300, `${tradeGainsUsd.length}`);
  const [head = "", ...lines] = buildTradeCsv(PERIOD.closed).trimEnd().split("\r\n");
  assertEquals(head, TRADE_CSV_COLUMNS.join(","));
  const column = TRADE_CSV_COLUMNS.indexOf("result_usd");
  const ofJson = JSON_REPORT.trades.filter((trade) => trade.closed_at !== null);
  assertEquals([lines.length, ofJson.length], [tradeGainsUsd.length, tradeGainsUsd.length]);
  PERIOD.closed.forEach(({ result }, index) => {
    assertAlmostEquals(result.resultUsd ?? NaN, tradeGainsUsd[index] ?? NaN, 1e-6);
    assertEquals(Number(lines[index]?.split(",")[column]), result.resultUsd);
    assertEquals(ofJson[index]?.result_usd, result.resultUsd);
  });
});

Deno.test("a trade result is one number in a period and on the page of the day that it ended on", () => {
  for (let index = 40; index < DAYS; index += 20) {
    const { dateNy = "", events = [] } = days[index] ?? {};
    const { trades } = buildDayView(events, dateNy, {
      earlier: days.slice(index - 40, index),
      nowMs: Infinity,
    });
    const ended = (trade: Trade) => trade.closedAtMs !== null && findLastFillNy(trade) === dateNy;
    assertEquals(
      trades.filter(ended).map(({ symbol, result }) => [symbol, result]).sort(),
      PERIOD.closed.filter(ended).map(({ symbol, result }) => [symbol, result]).sort(),
    );
  }
});

Deno.test("the day results of 500 days make what closed and open trades made", () => {
  const sum = (amounts: readonly (number | null)[]) =>
    amounts.reduce<number>((sumUsd, usd) => sumUsd + (usd ?? NaN), 0);
  const ofDays = sum(PERIOD.days.map(({ dayResult }) => dayResult.resultUsd));
  const ofTrades = sum([...PERIOD.closed, ...PERIOD.open].map(({ result }) => result.resultUsd));
  assertAlmostEquals(ofDays, ofTrades, 1e-6);
});

Deno.test("a day's page and a period's show the results that their views have", () => {
  const index = DAYS - 1;
  const { dateNy = "", events = [] } = days[index] ?? {};
  const view = buildDayView(events, dateNy, { earlier: days.slice(0, index), nowMs: Infinity });
  const page = buildReport(view, FACTS);
  assertStringIncludes(page, `day result ${formatSignedUsd(view.dayResult.knownUsd)}`);
  const period = buildPeriodReport(PERIOD, FACTS);
  assertStringIncludes(period, `${formatSignedUsd(PERIOD.counts.sumUsd ?? NaN)} USD`);
  assertEquals(period.match(/<circle class="dot-(win|loss)"/g)?.length, 2 * PERIOD.closed.length);
});
