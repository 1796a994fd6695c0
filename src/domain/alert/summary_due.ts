import type { MarketClock } from "../time/market.ts";
import { dateNyOf, nyToMs } from "../time/ny_time.ts";

/** What the daily summary's moment depends on. */
export interface SummaryMoment {
  /** Unix ms by the broker's clock. */
  readonly nowMs: number;
  readonly market: Pick<MarketClock, "isOpen" | "nextOpenMs">;
  /** `SLACK_DAILY_SUMMARY_TIME`, `HH:MM` in New York; `null`: when the market has closed. */
  readonly timeNy: string | null;
  /** End of the last completed cycle, Unix ms; `null` where there was none. */
  readonly lastCycleAtMs: number | null;
}

/**
 * Decides whether the daily summary is due: at the set time of a day with a session; else when the session is over that a cycle
 * of ours was part of (interface, Slack).
 * @returns `atMs`: when to look again for it, Unix ms; `null` where other wake-ups are soon enough.
 */
export function decideSummary(
  { nowMs, market, timeNy, lastCycleAtMs }: SummaryMoment,
): { readonly isDue: boolean; readonly atMs: number | null } {
  const dateNy = dateNyOf(nowMs);
  const isCycled = lastCycleAtMs !== null && dateNyOf(lastCycleAtMs) === dateNy;
  const isOpenAhead = dateNyOf(market.nextOpenMs) === dateNy;
  if (timeNy === null) {
    return { isDue: !market.isOpen && !isOpenAhead && isCycled, atMs: null };
  }
  const dueMs = nyToMs(dateNy, timeNy);
  if (nowMs < dueMs) return { isDue: false, atMs: dueMs };
  return { isDue: market.isOpen || isOpenAhead || isCycled, atMs: null };
}
