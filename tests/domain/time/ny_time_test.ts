import fc from "fast-check";
import {
  dateNyOf,
  formatNy,
  formatUtc,
  nyToMs,
  readNyTime,
} from "../../../src/domain/time/ny_time.ts";
import { assertEquals, assertThrows } from "../../assert.ts";

const moments: readonly [utc: string, ny: string][] = [
  ["2026-01-20T14:45:00Z", "2026-01-20 09:45:00 EST"],
  ["2026-07-01T13:30:00Z", "2026-07-01 09:30:00 EDT"],
  // Spring: 02:00 EST becomes 03:00 EDT.
  ["2026-03-08T06:59:59Z", "2026-03-08 01:59:59 EST"],
  ["2026-03-08T07:00:00Z", "2026-03-08 03:00:00 EDT"],
  // Autumn: 02:00 EDT becomes 01:00 EST, so the hour comes twice.
  ["2026-11-01T05:00:00Z", "2026-11-01 01:00:00 EDT"],
  ["2026-11-01T05:59:59Z", "2026-11-01 01:59:59 EDT"],
  ["2026-11-01T06:00:00Z", "2026-11-01 01:00:00 EST"],
  ["2026-11-01T07:00:00Z", "2026-11-01 02:00:00 EST"],
  // Midnight is 00, not 24, and the date changes with it.
  ["2026-01-20T04:59:59Z", "2026-01-19 23:59:59 EST"],
  ["2026-01-20T05:00:00Z", "2026-01-20 00:00:00 EST"],
  ["2026-07-01T03:59:59Z", "2026-06-30 23:59:59 EDT"],
  ["2026-07-01T04:00:00Z", "2026-07-01 00:00:00 EDT"],
  ["2027-01-01T04:59:59Z", "2026-12-31 23:59:59 EST"],
  ["2028-02-29T17:00:00Z", "2028-02-29 12:00:00 EST"],
];
for (const [utc, ny] of moments) {
  Deno.test(`formatNy() shows ${utc} as ${ny}`, () => {
    assertEquals(formatNy(Date.parse(utc)), ny);
    assertEquals(dateNyOf(Date.parse(utc)), ny.slice(0, 10));
  });
}

Deno.test("readNyTime() ignores the milliseconds", () => {
  const { dateNy, timeNy, zone } = readNyTime(Date.parse("2026-01-20T14:45:00.999Z"));
  assertEquals([dateNy, timeNy, zone], ["2026-01-20", "09:45:00", "EST"]);
});

Deno.test("formatUtc() writes a moment as files have it, whatever zone it is shown in", () => {
  assertEquals(formatUtc(Date.UTC(2026, 0, 20, 14, 45, 0, 7)), "2026-01-20T14:45:00.007Z");
  assertThrows(() => formatUtc(NaN), RangeError);
});

const walls: readonly [dateNy: string, timeNy: string, utc: string, why: string][] = [
  ["2026-01-20", "09:30", "2026-01-20T14:30:00Z", "winter"],
  ["2026-07-01", "09:30", "2026-07-01T13:30:00Z", "summer"],
  ["2026-11-27", "13:00", "2026-11-27T18:00:00Z", "the close of a half day"],
  ["2026-03-06", "16:00", "2026-03-06T21:00:00Z", "the Friday before spring"],
  ["2026-03-09", "16:00", "2026-03-09T20:00:00Z", "the Monday after spring"],
  ["2026-03-08", "01:59", "2026-03-08T06:59:00Z", "the last minute before the skipped hour"],
  ["2026-03-08", "02:30", "2026-03-08T07:30:00Z", "the skipped hour, an hour later"],
  ["2026-03-08", "03:00", "2026-03-08T07:00:00Z", "the first minute after the skipped hour"],
  ["2026-11-01", "00:59", "2026-11-01T04:59:00Z", "before the repeated hour"],
  ["2026-11-01", "01:30", "2026-11-01T06:30:00Z", "the repeated hour, its second turn"],
  ["2026-11-01", "02:00", "2026-11-01T07:00:00Z", "after the repeated hour"],
  ["2026-12-31", "23:59", "2027-01-01T04:59:00Z", "the year's last minute"],
  ["2026-01-01", "00:00", "2026-01-01T05:00:00Z", "the year's first minute"],
];
for (const [dateNy, timeNy, utc, why] of walls) {
  Deno.test(`nyToMs() finds ${dateNy} ${timeNy} (${why})`, () => {
    assertEquals(nyToMs(dateNy, timeNy), Date.parse(utc));
  });
}

const notTimes: readonly [dateNy: string, timeNy: string][] = [
  ["", ""],
  ["2026-01-20", ""],
  ["2026-13-01", "09:30"],
  ["2026-02-30", "09:30"],
  ["2026-01-20", "24:00"],
  ["2026-01-20", "25:00"],
  ["2026-01-20", "9:30"],
  ["2026-1-20", "09:30"],
  ["Jan 20 2026", "09:30"],
  ["2026-01-20", "09:30:00"],
  ["2026-01-20", "0930"],
];
for (const [dateNy, timeNy] of notTimes) {
  Deno.test(`nyToMs() throws rather than guess for "${dateNy}" "${timeNy}"`, () => {
    assertThrows(() => nyToMs(dateNy, timeNy), RangeError);
  });
}

Deno.test("dateNyOf() throws rather than name a day for a time that is no number", () => {
  assertThrows(() => dateNyOf(NaN), RangeError);
});

/** The rule of the law, found without a time zone database: second Sunday of March, first of November, at 2:00. */
function isSummer(ms: number): boolean {
  const year = new Date(ms).getUTCFullYear();
  const sundayOf = (month: number, from: number) => {
    const day = new Date(Date.UTC(year, month, from)).getUTCDay();
    return from + (7 - day) % 7;
  };
  const start = Date.UTC(year, 2, sundayOf(2, 8), 7);
  const end = Date.UTC(year, 10, sundayOf(10, 1), 6);
  return ms >= start && ms < end;
}

const anyMinute = fc.integer({
  min: Date.UTC(2024, 0, 2) / 60_000,
  max: Date.UTC(2036, 11, 30) / 60_000,
}).map((minute) => minute * 60_000);

Deno.test("readNyTime() follows the law's rule at any minute of thirteen years", () => {
  fc.assert(
    fc.property(anyMinute, (ms) => {
      const wall = new Date(ms - (isSummer(ms) ? 4 : 5) * 3_600_000).toISOString();
      const { dateNy, timeNy, zone } = readNyTime(ms);
      assertEquals(`${dateNy}T${timeNy}.000Z`, wall);
      assertEquals(zone, isSummer(ms) ? "EDT" : "EST");
    }),
    { numRuns: 500 },
  );
});

Deno.test("nyToMs() is the way back of readNyTime(), the first turn of the repeated hour aside", () => {
  fc.assert(
    fc.property(anyMinute, (ms) => {
      const { dateNy, timeNy } = readNyTime(ms);
      const back = nyToMs(dateNy, timeNy.slice(0, 5));
      const isRepeated = isSummer(ms) && !isSummer(ms + 3_600_000);
      assertEquals(back, isRepeated ? ms + 3_600_000 : ms);
    }),
    { numRuns: 500 },
  );
});

Deno.test("nyToMs() is the way back through every minute of both change days", () => {
  for (const day of ["2026-03-08", "2026-11-01"]) {
    const start = Date.parse(`${day}T05:00:00Z`);
    for (let ms = start; ms < start + 23 * 3_600_000; ms += 60_000) {
      const { dateNy, timeNy } = readNyTime(ms);
      const isRepeated = isSummer(ms) && !isSummer(ms + 3_600_000);
      const expected = isRepeated ? ms + 3_600_000 : ms;
      if (nyToMs(dateNy, timeNy.slice(0, 5)) !== expected) {
        assertEquals(nyToMs(dateNy, timeNy.slice(0, 5)), expected, `${dateNy} ${timeNy}`);
      }
    }
  }
});
