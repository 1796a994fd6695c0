/** How often an entry waits for the broker before it leaves: the cycle's view, calendar, prices of positions, its price, a second look. */
const WAITS = 5;
/** A cycle needs some of this also where answers take no time. */
const LEAD_MIN_MS = 500;
/** Well inside the 5 s for which the broker's answers are fresh (interface, Gate). */
const LEAD_MAX_MS = 2_000;

/**
 * How long before an entry's moment its cycle begins, ms: all that is read and judged is over by then, and what leaves, leaves
 * at the moment (pipeline 4).
 * @param slowestMs The slowest of the last answers; 0 before the first.
 */
export function decideLeadMs(slowestMs: number): number {
  return Math.min(Math.max(LEAD_MIN_MS, WAITS * slowestMs), LEAD_MAX_MS);
}
