import { hasHidden } from "../account/sight.ts";
import type { EndWorld } from "./cycle_end.ts";
import { decideStandings } from "./standings.ts";
import { CONVERT_BEFORE_CLOSE_MS } from "./time_left.ts";

/**
 * How long a LIVE cycle may wait for an entry's moment, Unix ms by the broker's clock: not while something of a position's is
 * bare, due or in doubt by what the cycle has seen and done, and no wait lasts until a moment at which one has to be looked at
 * (pipeline 4). Pure and total.
 * @param facts `momentsMs`: those moments, of which the ones before the cycle began are past.
 */
export function decidePauseEnd(
  world: EndWorld,
  { momentsMs, pollSeconds }: {
    readonly momentsMs: readonly number[];
    readonly pollSeconds: number;
  },
): number {
  const { now, seen, records, end: { beganMs } } = world;
  const closeMs = now.brokerMs + now.untilCloseMs - CONVERT_BEFORE_CLOSE_MS;
  const endMs = Math.min(closeMs, ...momentsMs.filter((atMs) => atMs > beganMs));
  if (records.positions.length === 0) return endMs;
  const isCalm = !hasHidden(seen.book) && areAllCalm(world);
  return isCalm ? Math.min(endMs, beganMs + pollSeconds * 1000) : -Infinity;
}

function areAllCalm(world: EndWorld): boolean {
  return decideStandings(world).every(({ due, doubtfulQty }) => due === null && doubtfulQty === 0);
}
