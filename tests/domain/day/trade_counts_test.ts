import { countTrades, groupByHour, groupByWeekday } from "../../../src/domain/day/trade_counts.ts";
import { buildTradeCsv, TRADE_CSV_COLUMNS } from "../../../src/domain/day/trade_csv.ts";
import { listTrades, type Trade } from "../../../src/domain/day/trades.ts";
import { assert, assertEquals } from "../../assert.ts";
import { at, DATE_NY, fill, NEXT_NY } from "./trail_fixtures.ts";

/** A trade of 5 shares bought at 100 with its stop at 95: a risk of 25 USD. */
function trade(exitUsd: number | null, timeNy = "10:05", dateNy = DATE_NY): Trade {
  const id = `avwap-${dateNy}-${timeNy}`;
  const order = { order_id: id, client_order_id: id };
  const [made] = listTrades([{
    dateNy,
    events: [
      at(timeNy, "order_recorded", { symbol: "NVDA", client_order_id: id, stop_usd: 95 }, dateNy),
      fill(timeNy, "entry", 5, 100, order, dateNy),
      fill("15:00", "stop", 5, exitUsd, {}, dateNy),
    ],
  }]);
  assert(made !== undefined);
  return made;
}

Deno.test("countTrades() gives win rate and expectancy of the known, and counts the others", () => {
  const counts = countTrades([trade(110), trade(105), trade(100), trade(95), trade(null)]);
  assertEquals(counts, {
    count: 5,
    unknownCount: 1,
    winCount: 2,
    winRate: 0.5,
    sumUsd: 50,
    meanUsd: 12.5,
    meanR: 0.5,
    meanWinR: 1.5,
    meanLossR: -0.5,
  });
});

Deno.test("countTrades() of none knows nothing, which is not 0", () => {
  const { count, winRate, sumUsd, meanUsd, meanR } = countTrades([]);
  assertEquals([count, winRate, sumUsd, meanUsd, meanR], [0, null, null, null, null]);
});

Deno.test("trades are grouped by the New York weekday and hour of their entry", () => {
  const trades = [trade(110, "14:59"), trade(95, "10:05"), trade(110, "10:59", NEXT_NY)];
  const brief = (groups: ReturnType<typeof groupByHour>) =>
    groups.map(({ name, counts }) => [name, counts.count, counts.sumUsd]);
  assertEquals(brief(groupByWeekday(trades)), [["Monday", 2, 25], ["Tuesday", 1, 50]]);
  assertEquals(brief(groupByHour(trades)), [
    ["10:00–10:59", 2, 25],
    ["14:00–14:59", 1, 50],
  ]);
});

Deno.test("buildTradeCsv() is a line a trade with times in UTC, and nothing where nothing is known", () => {
  const [head, line, unknown, ...rest] = buildTradeCsv([trade(110), trade(null)]).split("\r\n");
  assertEquals([head, rest], [TRADE_CSV_COLUMNS.join(","), [""]]);
  assertEquals(
    line,
    "NVDA,2026-11-23T15:05:00.000Z,2026-11-23T20:00:00.000Z,2026-11-23,295,5,100,110,95,25,50,2,,," +
      "2,0,stop,no",
  );
  const fields = unknown?.split(",") ?? [];
  assertEquals(fields[TRADE_CSV_COLUMNS.indexOf("result_usd")], "");
});

Deno.test("buildTradeCsv() lets no text become a formula or a second field", () => {
  const line = buildTradeCsv([{ ...trade(110), symbol: '=A1,"x"' }]).split("\r\n")[1];
  assert(line?.startsWith(`"'=A1,""x""",`), line);
});
