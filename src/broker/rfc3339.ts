const RFC3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/** No moment of the broker's is outside: our files hold times since 1970 in years of four digits, with time to go on. */
const FIRST_MS = 0;
const END_MS = Date.UTC(9999, 0);

/**
 * A timestamp with `Z` or an offset and up to picoseconds, to Unix milliseconds; what is finer is cut off, not rounded.
 * @returns `null` where the text is not such a timestamp, days that do not exist included, or is before 1970 or after 9998.
 */
export function parseRfc3339Ms(text: string): number | null {
  const ms = parseMs(text);
  return ms !== null && ms >= FIRST_MS && ms < END_MS ? ms : null;
}

function parseMs(text: string): number | null {
  const match = RFC3339.exec(text);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, fraction, sign, offsetHour, offsetMinute] =
    match;
  const dayMs = parseDayMs(Number(year), Number(month), Number(day));
  if (dayMs === null) return null;
  // 60: a leap second is a legal timestamp; it counts as the second after it.
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return null;
  const timeMs = (Number(hour) * 3600 + Number(minute) * 60 + Number(second)) * 1000;
  const fractionMs = fraction === undefined ? 0 : Number(fraction.slice(0, 3).padEnd(3, "0"));
  const local = dayMs + timeMs + fractionMs;
  if (sign === undefined) return local;
  if (Number(offsetHour) > 23 || Number(offsetMinute) > 59) return null;
  const offsetMs = (Number(offsetHour) * 60 + Number(offsetMinute)) * 60_000;
  return sign === "+" ? local - offsetMs : local + offsetMs;
}

/** The start of a day, UTC; `null` for one that no calendar has, which `Date.UTC` would roll into the next month. */
function parseDayMs(year: number, month: number, day: number): number | null {
  const ms = Date.UTC(year, month - 1, day);
  const date = new Date(ms);
  const isSame = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day;
  return isSame ? ms : null;
}

/** Unix milliseconds as a query parameter: ISO 8601, UTC. */
export function formatRfc3339(ms: number): string {
  return new Date(ms).toISOString();
}
