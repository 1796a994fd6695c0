import { decideConversionMs, decideNeededMs, type Sequence } from "../time/sequence_time.ts";
import type { MarketClock } from "../time/market.ts";
import type { Now } from "./world.ts";

// What the last minutes of a session ask for, and what they leave no time for (pipeline 5, "How, at the broker").

/** From so long before the real close, day orders of a managed position give way to a good-till-canceled stop. */
export const CONVERT_BEFORE_CLOSE_MS = 10 * 60_000;
/** The second look, for what the first could not do; a market sell that still works then is not filling. */
export const CONVERT_AGAIN_MS = 3 * 60_000;
/** So near to the close an entry that works is not waited for: what it buys must get its overnight stop in time. */
export const LATE_ENTRY_MS = 2 * 60_000;
/** No exit is begun later than this before the close: one that does not fill must still give way to a stop. */
export const LAST_EXIT_MS = 35_000;
/** No cancel is begun later than this before the close: its stop might not get in. */
export const LAST_CANCEL_MS = 20_000;

/** The time left, of the session and of `--run-once`. */
export type TimeLeft = Pick<Now, "untilCloseMs" | "budgetMs" | "isRunOnce" | "slowestRequestMs">;

/**
 * Why a sequence can't be begun: the time left, to the close or of `--run-once`, would not end it (pipeline 5, "Nothing is
 * begun that the time left can't end"). The caller says it with its symbol, and the engine looks again soon.
 * @returns `null` where it may begin.
 */
export function findTimeObstacle(now: TimeLeft, sequence: Sequence): string | null {
  const neededMs = decideNeededMs(sequence, now.slowestRequestMs);
  const isRun = now.budgetMs < now.untilCloseMs;
  const leftMs = isRun ? now.budgetMs : now.untilCloseMs;
  if (neededMs <= leftMs) return null;
  return `it needs ${formatSeconds(neededMs)}, and ${
    isRun ? "this --run-once" : "the session"
  } has ` +
    `${formatSeconds(Math.max(0, leftMs))} left`;
}

function formatSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** A run is made each minute or less often, and may have time for one position alone. */
const RUN_EACH_MS = 60_000;
/** A bracket's legs and a stop beside them: more groups than that no position has of our own. */
const GROUPS_USUAL = 2;

/** From how long before the close day orders give way: early enough for all managed positions, ms (pipeline 5). */
export function readConversionMs(now: TimeLeft, positions: number): number {
  const sequence = { kind: "conversion", groups: GROUPS_USUAL } as const;
  const neededMs = decideNeededMs(sequence, now.slowestRequestMs);
  return decideConversionMs({
    usualMs: CONVERT_BEFORE_CLOSE_MS,
    stepMs: now.isRunOnce ? Math.max(neededMs, RUN_EACH_MS) : neededMs,
    positions,
  });
}

/** Whether an entry's stop could not be made to last the night any more: from the conversion on (pipeline 4). */
export function isCloseNear(
  { untilCloseMs }: Pick<TimeLeft, "untilCloseMs">,
  clock: MarketClock | null,
): boolean {
  return clock?.isOpen === true && untilCloseMs <= CONVERT_BEFORE_CLOSE_MS;
}

/** Whether day orders give way to a good-till-canceled stop now. @param beforeMs From so long before the close on. */
export function isConvertTime({ untilCloseMs }: TimeLeft, beforeMs: number): boolean {
  return untilCloseMs <= beforeMs && untilCloseMs > LAST_CANCEL_MS;
}
