import type { RecordedEvent } from "./events.ts";
import { listAccountLooks } from "./account_looks.ts";
import { listDayHoldings } from "./day_holdings.ts";
import { buildDayResult, type DayResult } from "../account/day_result.ts";
import { type DayTrail, type FillStep, listFillSteps } from "./day_trail.ts";
import { listRefusedEntries, type RefusedEntry } from "./refused.ts";
import { readDaySession } from "./session.ts";
import {
  countTrades,
  groupByHour,
  groupByWeekday,
  type TradeCounts,
  type TradeGroup,
} from "./trade_counts.ts";
import { findLastFillNy, listTrades, type Trade } from "./trades.ts";

/** A day of a period in a line. */
export interface PeriodDay {
  readonly dateNy: string;
  readonly dayResult: DayResult;
  /** At the last look of the day, USD; `null` where none said. */
  readonly equityUsd: number | null;
}

/** Some days together (interface, `report`). */
export interface PeriodView {
  readonly fromNy: string;
  readonly toNy: string;
  /** Days with records, oldest first. */
  readonly days: readonly PeriodDay[];
  /** Trades that ended within it, by their end. */
  readonly closed: readonly Trade[];
  /** Trades that its last day left open. */
  readonly open: readonly Trade[];
  readonly counts: TradeCounts;
  readonly byWeekday: readonly TradeGroup[];
  readonly byHour: readonly TradeGroup[];
  readonly refused: readonly RefusedEntry[];
}

/**
 * Builds the view of a period from the trails of its days.
 * @param earlier Days before it, oldest first, back to where its trades began.
 */
export function buildPeriodView(
  days: readonly DayTrail[],
  { fromNy, toNy, earlier }: {
    readonly fromNy: string;
    readonly toNy: string;
    readonly earlier: readonly DayTrail[];
  },
): PeriodView {
  const trades = listTrades([...earlier, ...days]);
  const steps = listFillSteps([...earlier, ...days]);
  const closed = listClosed(trades).filter((trade) => {
    const dateNy = findLastFillNy(trade);
    return dateNy !== null && dateNy >= fromNy && dateNy <= toNy;
  });
  return {
    fromNy,
    toNy,
    days: days.map((day) => buildPeriodDay(day, steps)),
    closed,
    open: trades.filter((trade) => trade.closedAtMs === null),
    counts: countTrades(closed),
    byWeekday: groupByWeekday(closed),
    byHour: groupByHour(closed),
    refused: days.flatMap(listRefusedEntries),
  };
}

/** Trades of which no share is left, by their end: those that have a trade result of their own. */
export function listClosed(trades: readonly Trade[]): Trade[] {
  return trades.filter(({ closedAtMs, result }) => closedAtMs !== null && result.leftQty === 0)
    .sort((a, b) => (a.closedAtMs ?? 0) - (b.closedAtMs ?? 0));
}

function buildPeriodDay(day: DayTrail, steps: readonly FillStep[]): PeriodDay {
  const { dateNy, events } = day;
  const last = listAccountLooks(events).findLast(({ equityUsd }) => equityUsd !== null);
  return { dateNy, dayResult: sumDay(day, steps), equityUsd: last?.equityUsd ?? null };
}

/**
 * The day result as the trails tell it: the only function that reads it, for engine, `status`, report and CSV.
 * @param earlier Days before it, oldest first, back to where its trades began: an order may have filled in part on one of them.
 */
export function readDayResult(
  events: readonly RecordedEvent[],
  dateNy: string,
  earlier: readonly DayTrail[] = [],
): DayResult {
  const day = { dateNy, events };
  return sumDay(day, listFillSteps([...earlier, day]));
}

function sumDay(day: DayTrail, steps: readonly FillStep[]): DayResult {
  return buildDayResult(listDayHoldings(day, readDaySession(day.events, day.dateNy), steps));
}
