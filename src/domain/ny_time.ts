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

/** The New York wall clock at `ms` (Unix milliseconds), independent of the host's time zone. */
export function readNyTime(ms: number): NyTime {
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
  return readNyTime(ms).dateNy;
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
