import type { MarketClock, Session, Trade } from "./market.ts";
import { dateNyOf, formatNy, nyToMs } from "./ny_time.ts";

/** The sessions that the broker's calendar has from one New York date to another. */
export interface Calendar {
  readonly fromNy: string;
  readonly toNy: string;
  /** Sorted by time. */
  readonly sessions: readonly Session[];
  /** Days of which the broker's row can't be read: they may have a session. */
  readonly unknownDays: readonly UnknownDay[];
}

/** A day whose row can't be read, `YYYY-MM-DD`, and the field that is wrong, in words. */
export interface UnknownDay {
  readonly dateNy: string;
  readonly problem: string;
}

/** What is known of a day: its session, that it has none, or nothing. */
export type CalendarDay = Session | "no session" | "unknown";

/** What a stored calendar knows of a day. */
export function findDay(calendar: Calendar | null, dateNy: string): CalendarDay {
  if (calendar === null || dateNy < calendar.fromNy || dateNy > calendar.toNy) return "unknown";
  if (calendar.unknownDays.some((day) => day.dateNy === dateNy)) return "unknown";
  return calendar.sessions.find((session) => session.dateNy === dateNy) ?? "no session";
}

/** The session that holds a moment, as far as the stored calendar knows one. */
export function findSessionAt(calendar: Calendar | null, ms: number): Session | null {
  const day = findDay(calendar, dateNyOf(ms));
  if (typeof day === "string" || ms < day.openMs || ms >= day.closeMs) return null;
  return day;
}

/** When the last session before a moment ended, Unix ms; `null` where the stored calendar has none. */
export function findLastClose(calendar: Calendar | null, ms: number): number | null {
  const closes = calendar?.sessions.map(({ closeMs }) => closeMs).filter((each) => each <= ms);
  return closes === undefined || closes.length === 0 ? null : Math.max(...closes);
}

/** A look at the day: the broker's clock, and the session that the calendar has for the date of its answer. */
export interface SessionLook {
  readonly clock: MarketClock;
  readonly dateNy: string;
  /** `null` where the calendar has none or could not be read. */
  readonly session: Session | null;
}

/** No exit is decided before the symbol's latest trade is from this session (pipeline 5, "When"). */
export function isOfSession(
  { session, clock, dateNy }: SessionLook,
  { atMs }: Pick<Trade, "atMs">,
): boolean {
  if (session !== null) return atMs >= session.openMs && atMs < session.closeMs;
  // The calendar is not known: an open market opened at the usual hour, half days included.
  return clock.isOpen && atMs >= nyToMs(dateNy, OPEN_NY) && atMs < clock.nextCloseMs;
}

/** When this session ends, Unix ms: the broker's clock says it while the market is open; `null` where it is not known. */
export function findCloseMs(
  { clock, session }: Pick<SessionLook, "clock" | "session">,
): number | null {
  return clock.isOpen ? clock.nextCloseMs : session?.closeMs ?? null;
}

/** Whether the market was open by this answer of the broker's clock, and its close has not come since. */
export function isOpenAt({ isOpen, nextCloseMs }: MarketClock, nowMs: number): boolean {
  return isOpen && nowMs < nextCloseMs;
}

/** The broker's clock as it may be decided from, or how its answer contradicts itself or the calendar. */
export type ClockDecision =
  | { readonly kind: "sound"; readonly clock: MarketClock }
  | { readonly kind: "contradiction"; readonly problem: string };

/** The clock and the calendar are two hosts' facts: so far from an open, "open" is no contradiction. */
const OPEN_SLACK_MS = 5_000;
/** So far inside a session, "closed" is not just a late bell. */
const CLOSED_SLACK_MS = 60_000;

/**
 * Whether an answer of the broker's clock can be believed by itself, before a calendar was looked at (pipeline 6, "A clock answer
 * that contradicts itself"). "Now" is the answer's own timestamp.
 */
export function decideClockAlone(clock: MarketClock): ClockDecision {
  const { timestampMs: nowMs, isOpen, nextOpenMs, nextCloseMs } = clock;
  if (isOpen && !(nowMs < nextCloseMs && nextCloseMs < nextOpenMs)) {
    return contradict("it says open, and its next_close is not between now and its next_open");
  }
  return { kind: "sound", clock };
}

/**
 * Whether an answer of the broker's clock can be believed (pipeline 6, "A clock answer that contradicts itself"), beside what the
 * calendar knows. Where clock and calendar disagree on the close, the earlier one holds; where no calendar is known weekday and
 * time of day are held against it: no session is at night.
 * @param day What the calendar knows of the date of that timestamp.
 */
export function decideClock(clock: MarketClock, day: CalendarDay): ClockDecision {
  const alone = decideClockAlone(clock);
  if (alone.kind === "contradiction") return alone;
  const { timestampMs: nowMs, isOpen, nextCloseMs } = clock;
  if (day === "unknown") {
    return isOpen && !isInSomeSession(nowMs)
      ? contradict(
        "it says open, no session is at that time in New York, and the calendar is not known",
      )
      : { kind: "sound", clock };
  }
  if (day === "no session") {
    return isOpen
      ? contradict("it says open on a day without a session")
      : { kind: "sound", clock };
  }
  const { openMs, closeMs } = day;
  const hours = `the calendar's session is from ${formatNy(openMs)} to ${formatNy(closeMs)}`;
  if (isOpen && (nowMs < openMs - OPEN_SLACK_MS || nowMs >= closeMs)) {
    return contradict(`it says open, and ${hours}`);
  }
  const isInside = nowMs >= openMs + CLOSED_SLACK_MS && nowMs < closeMs - CLOSED_SLACK_MS;
  if (!isOpen && isInside) return contradict(`it says closed, and ${hours}`);
  return {
    kind: "sound",
    clock: isOpen ? { ...clock, nextCloseMs: Math.min(nextCloseMs, closeMs) } : clock,
  };
}

/** When sessions begin in New York (broker.md, Time and data). */
const OPEN_NY = "09:30";

/** Whether a session may be on, by weekday and time of day alone: all that is known without a calendar. */
function isInSomeSession(ms: number): boolean {
  const dateNy = dateNyOf(ms);
  const isWeekend = new Date(`${dateNy}T12:00:00Z`).getUTCDay() % 6 === 0;
  if (isWeekend) return false;
  const closeMs = Math.max(...CLOSES_NY.map((timeNy) => nyToMs(dateNy, timeNy)));
  return ms >= nyToMs(dateNy, OPEN_NY) - OPEN_SLACK_MS && ms < closeMs;
}

/** When sessions end in New York: the whole days', and the half days' (broker.md, Time and data). */
const CLOSES_NY = ["13:00", "16:00"] as const;
/** The ten minutes before it (pipeline 5), and what host and broker may differ by. */
const BEFORE_CLOSE_MS = 10 * 60_000;
const CLOCKS_DIFFER_MS = 30_000;

/** Whether a session may be about to end, by the time of day alone: before the broker's clock was asked nobody knows more. */
export function isNearSomeClose(ms: number): boolean {
  return CLOSES_NY.some((timeNy) => {
    const leftMs = nyToMs(dateNyOf(ms), timeNy) - ms;
    return leftMs >= -CLOCKS_DIFFER_MS && leftMs <= BEFORE_CLOSE_MS + CLOCKS_DIFFER_MS;
  });
}

function contradict(problem: string): ClockDecision {
  return { kind: "contradiction", problem };
}
