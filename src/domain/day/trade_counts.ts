import { sumResultsUsd } from "../order/usd_flow.ts";
import { readNyTime } from "../time/ny_time.ts";
import type { Trade } from "./trades.ts";

/** What some closed trades made together. `null`: of none of them it is known. */
export interface TradeCounts {
  readonly count: number;
  /** Trades whose result is not known; they are in `count` alone. */
  readonly unknownCount: number;
  readonly winCount: number;
  /** Wins among the known, 0 to 1. */
  readonly winRate: number | null;
  readonly sumUsd: number | null;
  /** Expectancy: the mean result of a trade, USD and in multiples of its risk. */
  readonly meanUsd: number | null;
  readonly meanR: number | null;
  /** Mean of the winners' and of the others' R. */
  readonly meanWinR: number | null;
  readonly meanLossR: number | null;
}

/** Counts closed trades. A trade that made nothing is no win. */
export function countTrades(trades: readonly Trade[]): TradeCounts {
  const known = trades.flatMap(({ result: { resultUsd, resultR } }) =>
    resultUsd === null ? [] : [{ resultUsd, resultR }]
  );
  const wins = known.filter(({ resultUsd }) => resultUsd > 0);
  const others = known.filter(({ resultUsd }) => resultUsd <= 0);
  const sumUsd = known.length === 0 ? null : sumResultsUsd(known.map((each) => each.resultUsd));
  return {
    count: trades.length,
    unknownCount: trades.length - known.length,
    winCount: wins.length,
    winRate: known.length === 0 ? null : wins.length / known.length,
    sumUsd,
    meanUsd: sumUsd === null ? null : sumUsd / known.length,
    meanR: findMean(known),
    meanWinR: findMean(wins),
    meanLossR: findMean(others),
  };
}

function findMean(rows: readonly { readonly resultR: number | null }[]): number | null {
  const known = rows.flatMap(({ resultR }) => resultR ?? []);
  return known.length === 0 ? null : known.reduce((sum, each) => sum + each, 0) / known.length;
}

/** Trades that have something in common, and what they made. */
export interface TradeGroup {
  readonly name: string;
  readonly counts: TradeCounts;
}

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** Trades by the New York weekday of their entry, Monday first; days without one are left out. */
export function groupByWeekday(trades: readonly Trade[]): TradeGroup[] {
  return group(trades, (dateNy) => (new Date(`${dateNy}T12:00:00Z`).getUTCDay() + 6) % 7)
    .map(([day, counts]) => ({ name: WEEKDAYS[day] ?? "", counts }));
}

/** Trades by the New York hour of their entry. */
export function groupByHour(trades: readonly Trade[]): TradeGroup[] {
  return group(trades, (_dateNy, timeNy) => Number(timeNy.slice(0, 2)))
    .map(([hour, counts]) => {
      const name = `${hour}`.padStart(2, "0");
      return { name: `${name}:00–${name}:59`, counts };
    });
}

function group(
  trades: readonly Trade[],
  keyOf: (dateNy: string, timeNy: string) => number,
): [number, TradeCounts][] {
  const byKey = new Map<number, Trade[]>();
  for (const trade of trades) {
    if (trade.openedAtMs === null) continue;
    const { dateNy, timeNy } = readNyTime(trade.openedAtMs);
    const key = keyOf(dateNy, timeNy);
    byKey.set(key, [...byKey.get(key) ?? [], trade]);
  }
  return [...byKey].sort(([a], [b]) => a - b).map(([key, own]) => [key, countTrades(own)]);
}
