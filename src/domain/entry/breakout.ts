import { type Bar, BAR_MS } from "../time/market.ts";

/** Whether the last two closed bars confirm a breakout, and what they were (pipeline 2). */
export type Breakout =
  | { readonly kind: "confirmed"; readonly b1: Bar; readonly b2: Bar }
  | { readonly kind: "not_confirmed"; readonly b1: Bar; readonly b2: Bar }
  | { readonly kind: "stale"; readonly reason: string };

/** `b2` must have closed within this. */
export const SECOND_BAR_AGE_MAX_MS = 11 * 60_000;
/** How long before its confirmation the second bar can have started at most. */
export const SECOND_BAR_START_AGE_MAX_MS = SECOND_BAR_AGE_MAX_MS + BAR_MS;
/** Both bars must have started within this. */
export const BAR_WINDOW_MS = 40 * 60_000;

/**
 * Decides breakout and hold on the last two closed 10-minute bars (pipeline 2 with its **[ours]**).
 * @param bars In any order; the bar still forming and old ones may be among them.
 */
export function decideBreakout(bars: readonly Bar[], pivotUsd: number, nowMs: number): Breakout {
  const closed = bars.filter((bar) => bar.startMs + BAR_MS <= nowMs)
    .sort((a, b) => a.startMs - b.startMs);
  const b2 = closed.at(-1);
  if (b2 === undefined) return { kind: "stale", reason: "no closed bar, 2 needed" };
  // Not simply the one before: a bar that the answer holds twice (revised, or on two pages) is still one bar.
  const b1 = closed.findLast((bar) => bar.startMs < b2.startMs);
  if (b1 === undefined) return { kind: "stale", reason: "1 closed bar, 2 needed" };
  if (!(nowMs - (b2.startMs + BAR_MS) <= SECOND_BAR_AGE_MAX_MS)) {
    return { kind: "stale", reason: "last bar closed over 11 minutes ago" };
  }
  if (!(nowMs - b1.startMs <= BAR_WINDOW_MS)) {
    return { kind: "stale", reason: "bar before the last started over 40 minutes ago" };
  }
  const isConfirmed = b1.closeUsd > pivotUsd && b2.closeUsd >= pivotUsd;
  return { kind: isConfirmed ? "confirmed" : "not_confirmed", b1, b2 };
}
