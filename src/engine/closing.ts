import type { Engine } from "./engine.ts";
import { closeMsOf } from "./observe.ts";

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

/** Whether an entry's stop could not be made to last the night any more: from the conversion on (pipeline 4). */
export function isCloseNear(engine: Engine): boolean {
  return engine.observation?.clock.isOpen === true &&
    untilCloseMs(engine) <= CONVERT_BEFORE_CLOSE_MS;
}

/** Time to the real close of this session, by the broker's clock; infinite where it is not known. */
export function untilCloseMs(engine: Engine): number {
  const closeMs = engine.observation === null ? null : closeMsOf(engine.observation);
  return closeMs === null ? Infinity : closeMs - engine.nowMs();
}
