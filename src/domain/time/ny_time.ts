const FORMAT = new Intl.DateTimeFormat("en-US", {
  timeZone: "America/New_York",
  hourCycle: "h23",
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
});

/** A moment as a clock on a wall in New York shows it. */
export interface NyTime {
  /** `YYYY-MM-DD` */
  readonly dateNy: string;
  /** `HH:MM:SS` */
  readonly timeNy: string;
  /** `EST` or `EDT` */
  readonly zone: string;
}

/** Within a quarter of an hour of Unix time New York's offset never changes. */
const QUARTER_MS = 900_000;
/** Quarters remembered; a day has 96, and a report may be of 90 days. */
const QUARTERS_MAX = 9_000;

/** A quarter's offset from UTC, its name, and the date that all of it is in. */
interface Quarter {
  readonly offsetMs: number;
  readonly zone: string;
  readonly dateNy: string;
}

// A pure function's memory: asking the calendar is most of what formatting a log line costs.
const QUARTERS = new Map<number, Quarter>();

/** The New York wall clock at `ms` (Unix milliseconds), independent of the host's time zone. */
export function readNyTime(ms: number): NyTime {
  const wholeMs = Math.trunc(ms);
  const { offsetMs, zone, dateNy } = findQuarter(wholeMs);
  const iso = new Date(wholeMs + offsetMs).toISOString();
  return { dateNy, timeNy: iso.slice(11, 19), zone };
}

function findQuarter(wholeMs: number): Quarter {
  const key = Math.floor(wholeMs / QUARTER_MS);
  return QUARTERS.get(key) ?? readQuarter(key);
}

function readQuarter(key: number): Quarter {
  const ms = key * QUARTER_MS;
  const { dateNy, timeNy, zone } = askCalendar(ms);
  const quarter = { offsetMs: Date.parse(`${dateNy}T${timeNy}Z`) - ms, zone, dateNy };
  if (QUARTERS.size >= QUARTERS_MAX) QUARTERS.clear();
  QUARTERS.set(key, quarter);
  return quarter;
}

function askCalendar(ms: number): NyTime {
  const part: Record<string, string> = {};
  for (const { type, value } of FORMAT.formatToParts(ms)) part[type] = value;
  return {
    dateNy: `${part["year"]}-${part["month"]}-${part["day"]}`,
    timeNy: `${part["hour"]}:${part["minute"]}:${part["second"]}`,
    zone: `${part["timeZoneName"]}`,
  };
}

/** The New York date at `ms`, `YYYY-MM-DD`: what "today" means for caps, ledgers and freshness. */
export function dateNyOf(ms: number): string {
  return findQuarter(Math.trunc(ms)).dateNy;
}

/** A log line's time, `2026-01-20 09:45:00 EST` (interface, Gate). */
export function formatNy(ms: number): string {
  const { dateNy, timeNy, zone } = readNyTime(ms);
  return `${dateNy} ${timeNy} ${zone}`;
}

/**
 * The Unix milliseconds of a New York wall-clock time.
 * @param dateNy `YYYY-MM-DD`
 * @param timeNy `HH:MM`; a time that the spring change skips gives the moment an hour later, one that
 *   the autumn change repeats its second turn.
 * @throws {RangeError} Where they are not such a date and time.
 */
export function nyToMs(dateNy: string, timeNy: string): number {
  const asUtc = Date.parse(`${dateNy}T${timeNy}:00Z`);
  // The engine's date parser takes much that is no ISO date, some of it in the host's time zone.
  if (!new Date(asUtc).toISOString().startsWith(`${dateNy}T${timeNy}:00`)) {
    throw new RangeError(`Not a date and time: "${dateNy}" "${timeNy}"`);
  }
  let guess = asUtc + 5 * 3_600_000;
  for (let turn = 0; turn < 2; turn++) {
    const seen = readNyTime(guess);
    guess += asUtc - Date.parse(`${seen.dateNy}T${seen.timeNy}Z`);
  }
  return guess;
}

/** A moment as files have it: ISO 8601, UTC. */
export function formatUtc(ms: number): string {
  return new Date(ms).toISOString();
}
