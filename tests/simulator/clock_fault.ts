import { formatNyOffset, type SessionBook } from "./sessions.ts";

/** What is wrong with the answers of `GET /v2/clock`: times that contradict `is_open`, or nothing to be read. */
export const CLOCK_FAULTS = [
  /** Open, and the next close is behind us. */
  "close_past",
  /** Open, and the next close comes after the next open. */
  "close_after_open",
  /** Open in the night, with a close a little later that no calendar knows. */
  "open_at_night",
  /** No `next_close` at all. */
  "no_close",
  /** `is_open` is a text. */
  "text_flag",
  /** A time that is none. */
  "no_time",
] as const;
/** One of those faults. */
export type ClockFault = typeof CLOCK_FAULTS[number];

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The fields of the clock's answer, with the fault in them. */
export function buildClockFields(
  sessions: SessionBook,
  nowMs: number,
  shownMs: number,
  fault: ClockFault | null,
): Record<string, unknown> {
  const fraction = `.${String(shownMs % 1000).padStart(3, "0")}482917`;
  const openMs = sessions.nextOpenMs(nowMs);
  const closeMs = sessions.nextCloseMs(nowMs);
  const right = {
    timestamp: formatNyOffset(shownMs, fraction),
    is_open: sessions.at(nowMs) !== null,
    next_open: formatNyOffset(openMs),
    next_close: formatNyOffset(closeMs),
  };
  const tellOpen = (ms: number) => ({ ...right, is_open: true, next_close: formatNyOffset(ms) });
  switch (fault) {
    case null:
      return right;
    case "close_past":
      return tellOpen(closeMs - DAY_MS);
    case "close_after_open":
      return tellOpen(openMs + 6 * HOUR_MS);
    case "open_at_night":
      return sessions.at(nowMs) === null ? tellOpen(nowMs + HOUR_MS) : right;
    case "no_close": {
      const { next_close: _left, ...rest } = right;
      return rest;
    }
    case "text_flag":
      return { ...right, is_open: String(right.is_open) };
    case "no_time":
      return { ...right, timestamp: "" };
  }
}
