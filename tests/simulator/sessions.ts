/** One regular session of the simulated market. */
export interface SimSession {
  readonly dateNy: string;
  readonly openMs: number;
  readonly closeMs: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Weekdays that follow the given list, so that the clock always has a next open and close to name. */
const FOLLOWING_DAYS = 10;

/** The UTC midnight of the nth Sunday of a month. */
function nthSundayMs(year: number, month: number, nth: number): number {
  const firstMs = Date.UTC(year, month, 1);
  const firstSunday = 1 + (7 - new Date(firstMs).getUTCDay()) % 7;
  return Date.UTC(year, month, firstSunday + (nth - 1) * 7);
}

/** By UTC year: when summer time starts and ends; the same for every caller. */
const SUMMERS = new Map<number, readonly [startMs: number, endMs: number]>();

/** New York's offset from UTC in hours, -5 or -4, by the rule in force since 2007. */
export function nyOffsetHours(ms: number): number {
  const year = new Date(ms).getUTCFullYear();
  const summer = SUMMERS.get(year) ??
    [nthSundayMs(year, 2, 2) + 7 * HOUR_MS, nthSundayMs(year, 10, 1) + 6 * HOUR_MS] as const;
  SUMMERS.set(year, summer);
  const [startMs, endMs] = summer;
  return ms >= startMs && ms < endMs ? -4 : -5;
}

/** Dates of whole hours, within which New York has one date; the same for every caller. */
const DATES = new Map<number, string>();
const DATES_MAX = 4096;

/** The New York date at `ms`. */
export function nyDateAt(ms: number): string {
  const hour = Math.floor(ms / HOUR_MS);
  const known = DATES.get(hour);
  if (known !== undefined) return known;
  const dateNy = new Date(ms + nyOffsetHours(ms) * HOUR_MS).toISOString().slice(0, 10);
  if (DATES.size >= DATES_MAX) DATES.clear();
  DATES.set(hour, dateNy);
  return dateNy;
}

/** The New York wall clock at `ms` as `HH:MM`. */
export function nyTimeAt(ms: number): string {
  return new Date(ms + nyOffsetHours(ms) * HOUR_MS).toISOString().slice(11, 16);
}

/** Unix ms of a New York wall-clock time in trading hours. @param timeNy `HH:MM` or `HH:MM:SS` */
export function nyMoment(dateNy: string, timeNy: string): number {
  const asUtcMs = Date.parse(`${dateNy}T${timeNy.length === 5 ? `${timeNy}:00` : timeNy}Z`);
  return asUtcMs - nyOffsetHours(asUtcMs + 5 * HOUR_MS) * HOUR_MS;
}

/** When a good-till-canceled order ends by itself: so many days later, at 16:15 New York (broker.md). */
export function findGtcEndMs(madeMs: number, days: number): number {
  return nyMoment(nyDateAt(madeMs + days * DAY_MS), "16:15");
}

/** RFC 3339 with New York's offset, as the clock endpoint has it. @param fraction `""` or `.` and digits. */
export function formatNyOffset(ms: number, fraction = ""): string {
  const hours = nyOffsetHours(ms);
  return `${new Date(ms + hours * HOUR_MS).toISOString().slice(0, 19)}${fraction}-0${-hours}:00`;
}

/** A session of the day; half days close at 13:00. */
export function buildSession(dateNy: string, closeNy = "16:00", openNy = "09:30"): SimSession {
  return { dateNy, openMs: nyMoment(dateNy, openNy), closeMs: nyMoment(dateNy, closeNy) };
}

function buildFollowing(last: SimSession): SimSession[] {
  const following: SimSession[] = [];
  for (let day = 1; following.length < FOLLOWING_DAYS; day++) {
    const date = new Date(Date.parse(`${last.dateNy}T00:00:00Z`) + day * DAY_MS);
    if (date.getUTCDay() === 0 || date.getUTCDay() === 6) continue;
    following.push(buildSession(date.toISOString().slice(0, 10)));
  }
  return following;
}

/** The market's calendar; ordinary weekdays follow the last session given. */
export class SessionBook {
  readonly all: readonly SimSession[];
  #index = 0;

  /** @throws {RangeError} Where the list is empty or not in order. */
  constructor(sessions: readonly SimSession[]) {
    const last = sessions.at(-1);
    if (last === undefined) throw new RangeError("the market needs at least one session");
    this.all = [...sessions, ...buildFollowing(last)];
    for (let at = 1; at < this.all.length; at++) {
      const before = this.all[at - 1];
      const session = this.all[at];
      if (before === undefined || session === undefined || before.closeMs > session.openMs) {
        throw new RangeError(`sessions are not in order at ${session?.dateNy}`);
      }
    }
  }

  /** The first session that closes after `ms`; the last of all where none does. */
  currentOrNext(ms: number): SimSession {
    // Time mostly moves forward, so the last answer is nearly always this one's.
    let index = this.#index;
    while (index > 0 && (this.all[index - 1]?.closeMs ?? 0) > ms) index--;
    while (index < this.all.length - 1 && (this.all[index]?.closeMs ?? Infinity) <= ms) index++;
    this.#index = index;
    return this.all[index] as SimSession;
  }

  /** The session that `ms` lies in: from the open, until just before the close. */
  at(ms: number): SimSession | null {
    const session = this.currentOrNext(ms);
    return ms >= session.openMs && ms < session.closeMs ? session : null;
  }

  /** The open after `ms`; while a session runs, that of the next one. */
  nextOpenMs(ms: number): number {
    const session = this.currentOrNext(ms);
    if (ms < session.openMs) return session.openMs;
    return this.all[this.#index + 1]?.openMs ?? session.openMs + DAY_MS;
  }

  /** The close after `ms`. */
  nextCloseMs(ms: number): number {
    return this.currentOrNext(ms).closeMs;
  }

  /** The first open or close after `ms`. */
  nextBoundaryMs(ms: number): number {
    const session = this.currentOrNext(ms);
    if (ms < session.openMs) return session.openMs;
    return ms < session.closeMs ? session.closeMs : Infinity;
  }

  /** Closes at or before `ms`, newest first, at most `limit`. */
  closesBefore(ms: number, limit: number): number[] {
    const closes: number[] = [];
    for (let at = this.all.length - 1; at >= 0 && closes.length < limit; at--) {
      const closeMs = this.all[at]?.closeMs ?? Infinity;
      if (closeMs <= ms) closes.push(closeMs);
    }
    return closes;
  }
}
