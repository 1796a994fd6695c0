import { dateNyOf } from "../time/ny_time.ts";
import { ENDED_AFTER_MS, type Repeats, SAY_AGAIN_MS } from "./repetition.ts";

/** So many starts one after the other are told as starts: an upgrade, a changed variable. */
const TOLD_MAX = 2;

/** Whether a start of the process is told, and what to remember of it. */
export interface StartDecision {
  readonly isTold: boolean;
  /** Where processes end again and again: how often one started, and since when. */
  readonly loop: Repeats | null;
  /** For the state: NY day, the series' first start, its last one and the last told one (Unix ms), and how many. */
  readonly value: string;
}

/**
 * Decides whether `Execution started` is sent: each of two starts in a row, then that there are more, at once and hourly. A
 * process that the service manager starts again each minute would fill the channel.
 * @param before What the start before left in the state, if anything. @param nowMs Unix ms.
 */
export function decideStart(before: string | undefined, nowMs: number): StartDecision {
  const [firstMs = NaN, lastMs = NaN, toldMs = NaN, count = NaN] = (before ?? "").split(" ")
    .slice(1).map(Number);
  const isSeries = nowMs >= lastMs && nowMs - lastMs < ENDED_AFTER_MS;
  const times = isSeries ? count + 1 : 1;
  const sinceMs = isSeries ? firstMs : nowMs;
  const isTold = times <= TOLD_MAX + 1 || !(nowMs - toldMs < SAY_AGAIN_MS);
  const numbers = [sinceMs, nowMs, isTold ? nowMs : toldMs, times];
  return {
    isTold,
    loop: times > TOLD_MAX ? { times, sinceMs } : null,
    value: [dateNyOf(nowMs), ...numbers].join(" "),
  };
}
