import type { Engine } from "./engine.ts";
import { closeMsOf } from "./observe.ts";

// What the last minutes of a session ask for, and what they leave no time for (pipeline 5, "How, at the broker").

/** From so long before the real close, day orders of a managed position give way to a good-till-canceled stop. */
export const CONVERT_BEFORE_CLOSE_MS = 10 * 60_000;
/** The second look, for what the first could not do; a market sell that still works then is not filling. */
export const CONVERT_AGAIN_MS = 3 * 60_000;
/** So near to the close a partly filled entry is not waited for: what it holds must get its overnight stop in time. */
export const LATE_PARTIAL_MS = 2 * 60_000;
/** An entry later than this before the close could not be given its overnight stop in time. */
export const LAST_ENTRY_MS = 60_000;
/** An entry that still works so near to the close is not waited for at all: what it buys could get no stop. */
export const LAST_FILL_MS = 45_000;
/** No exit is begun later than this before the close: one that does not fill must still give way to a stop. */
export const LAST_EXIT_MS = 35_000;
/** No cancel is begun later than this before the close: its stop might not get in. */
export const LAST_CANCEL_MS = 20_000;

/** Time to the real close of this session, by the broker's clock; infinite where it is not known. */
export function untilCloseMs(engine: Engine): number {
  const closeMs = engine.observation === null ? null : closeMsOf(engine.observation);
  return closeMs === null ? Infinity : closeMs - engine.nowMs();
}
