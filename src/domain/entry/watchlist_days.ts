import type { Session } from "../time/market.ts";

/** What was said or noted, key to value (`Alerted`). */
type Remembered = Readonly<Record<string, string>>;

/** The last session before today, and whether the calendar says so or only the days of the week. */
export interface PreviousSession {
  readonly dateNy: string;
  readonly isCalendar: boolean;
}

/** Days of calendar before today in which there is a session whatever the holidays. */
export const PAST_CALENDAR_DAYS = 10;
const DAY_MS = 86_400_000;
const WEEKDAYS_BACK_MAX = 3;

/**
 * The last session before a day.
 * @param sessions As the broker's calendar gave them, in any order.
 * @param todayNy `YYYY-MM-DD`
 * @returns `null` where the calendar does not reach back that far.
 */
export function findPreviousSession(
  sessions: readonly Session[],
  todayNy: string,
): PreviousSession | null {
  const past = sessions.map((session) => session.dateNy).filter((dateNy) => dateNy < todayNy);
  const dateNy = past.sort().at(-1);
  return dateNy === undefined ? null : { dateNy, isCalendar: true };
}

/** The last weekday before a day, for a look without the broker's calendar: it may be a holiday. */
export function guessPreviousSession(todayNy: string): PreviousSession {
  const todayMs = Date.parse(`${todayNy}T12:00:00Z`);
  for (let back = 1; back < WEEKDAYS_BACK_MAX; back++) {
    const day = new Date(todayMs - back * DAY_MS);
    if (day.getUTCDay() % 6 !== 0) return { dateNy: formatDay(day), isCalendar: false };
  }
  return { dateNy: formatDay(new Date(todayMs - WEEKDAYS_BACK_MAX * DAY_MS)), isCalendar: false };
}

function formatDay(day: Date): string {
  return day.toISOString().slice(0, 10);
}

/** Lists that are remembered; the oldest go first. A scan a day makes this most of a year. */
const LISTS_MAX = 200;
const KEY = "watchlist ";
/** Not a date alone: what was said on a day is forgotten after a week, a list is not. */
const VALUE = /^current (\d{4}-\d{2}-\d{2})$/;
const VERSION_CHARS = 16;

/**
 * The day of which a list is: the first on which one of this content was current in an open session (pipeline 1, Freshness
 * gate).
 * @param version Names the content.
 * @returns `YYYY-MM-DD`, `null` where it never was.
 */
export function findCurrentDay(alerted: Remembered, version: string): string | null {
  return readDay(alerted[buildKey(version)]);
}

/** Remembers that a list of this content was current in an open session of a day; the first day stays. */
export function rememberCurrent(
  alerted: Remembered,
  { version, dateNy }: { readonly version: string; readonly dateNy: string },
): Remembered {
  if (findCurrentDay(alerted, version) !== null) return alerted;
  const lists = Object.keys(alerted).filter((key) => key.startsWith(KEY))
    .sort((left, right) =>
      (readDay(alerted[left]) ?? "").localeCompare(readDay(alerted[right]) ?? "")
    );
  const forgotten = new Set(lists.slice(0, Math.max(0, lists.length + 1 - LISTS_MAX)));
  const kept = Object.entries(alerted).filter(([key]) => !forgotten.has(key));
  return { ...Object.fromEntries(kept), [buildKey(version)]: `current ${dateNy}` };
}

function buildKey(version: string): string {
  return `${KEY}${version.slice(0, VERSION_CHARS)}`;
}

function readDay(value: string | undefined): string | null {
  return VALUE.exec(value ?? "")?.[1] ?? null;
}
