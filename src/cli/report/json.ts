import type { PeriodView } from "../../domain/day/period.ts";
import type { Trade } from "../../domain/day/trades.ts";
import type { DayView } from "../../domain/day/day_view.ts";
import { formatUtc } from "../../domain/time/ny_time.ts";
import { buildDayJson } from "./day_json.ts";

/**
 * A day or a period as one JSON document: `days`, `trades` (open ones have no `closed_at`), `refused`, `gaps`.
 * @param day Of one day, what only its page shows, as `day`.
 */
export function buildReportJson(
  view: PeriodView,
  { gaps, day = null }: { readonly gaps: readonly string[]; readonly day?: DayView | null },
): string {
  const { fromNy, toNy, counts } = view;
  const document = {
    from_ny: fromNy,
    to_ny: toNy,
    days: view.days.map(({ dateNy, dayResult, equityUsd }) => ({
      date_ny: dateNy,
      day_result_usd: dayResult.resultUsd,
      known_part_usd: dayResult.knownUsd,
      unknown: dayResult.unknown,
      equity_usd: equityUsd,
    })),
    trades: [...view.closed, ...view.open].map(buildTrade),
    win_rate: counts.winRate,
    expectancy_usd: counts.meanUsd,
    expectancy_r: counts.meanR,
    refused: view.refused.map(({ dateNy, symbol, by, reason, count, outcome }) => ({
      date_ny: dateNy,
      symbol,
      by,
      reason,
      count,
      would_have_made_usd: outcome?.resultUsd ?? null,
      would_have_made_r: outcome?.resultR ?? null,
    })),
    ...(day !== null && { day: buildDayJson(day) }),
    gaps,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function buildTrade({ symbol, openedAtMs, closedAtMs, result, slippage, excursion }: Trade) {
  return {
    symbol,
    opened_at: openedAtMs === null ? null : formatUtc(openedAtMs),
    closed_at: closedAtMs === null ? null : formatUtc(closedAtMs),
    bought_qty: result.boughtQty,
    left_qty: result.leftQty,
    entry_price_usd: result.entryPriceUsd,
    exit_price_usd: result.exitPriceUsd,
    risk_usd: result.riskUsd,
    realised_usd: result.realisedUsd,
    open_usd: result.openUsd,
    result_usd: result.resultUsd,
    result_r: result.resultR,
    entry_slippage_usd: slippage.entryUsd,
    exit_slippage_usd: slippage.exitUsd,
    mfe_r: excursion.bestR,
    mae_r: excursion.worstR,
  };
}
