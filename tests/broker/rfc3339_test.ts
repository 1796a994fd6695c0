import fc from "fast-check";
import { formatRfc3339, parseRfc3339Ms } from "../../src/broker/rfc3339.ts";
import { assertEquals } from "../assert.ts";

const NOON = Date.UTC(2026, 0, 20, 12);

const GOOD: { text: string; ms: number }[] = [
  { text: "2026-01-20T12:00:00Z", ms: NOON },
  { text: "2026-01-20t12:00:00z", ms: NOON },
  { text: "2026-01-20 12:00:00Z", ms: NOON },
  { text: "2026-01-20T07:00:00-05:00", ms: NOON },
  { text: "2026-01-20T17:30:00+05:30", ms: NOON },
  { text: "2026-01-20T12:00:00.5Z", ms: NOON + 500 },
  { text: "2026-01-20T12:00:00.999999999Z", ms: NOON + 999 },
  { text: "2026-01-20T07:00:00.577215743-05:00", ms: NOON + 577 },
  { text: "2024-02-29T00:00:00Z", ms: Date.UTC(2024, 1, 29) },
  { text: "2016-12-31T23:59:60Z", ms: Date.UTC(2017, 0, 1) },
];
for (const { text, ms } of GOOD) {
  Deno.test(`parseRfc3339Ms() reads ${text}`, () => assertEquals(parseRfc3339Ms(text), ms));
}

const BAD = [
  "",
  "now",
  "2026-01-20",
  "2026-01-20T12:00:00",
  "2026-01-20T12:00Z",
  "2026-02-30T12:00:00Z",
  "0001-01-01T00:00:00Z",
  "1969-12-31T23:59:59Z",
  "1970-01-01T00:00:00+00:01",
  "9999-12-31T23:59:59Z",
  "2026-13-01T12:00:00Z",
  "2026-00-01T12:00:00Z",
  "2026-01-20T24:00:00Z",
  "2026-01-20T12:60:00Z",
  "2026-01-20T12:00:00+24:00",
  "2026-01-20T12:00:00.Z",
  "2026-01-20T12:00:00Z ",
  "1768910400",
  "Tue, 20 Jan 2026 12:00:00 GMT",
  "2026-01-20T12:00:00.0000000000000Z",
];
for (const text of BAD) {
  Deno.test(`parseRfc3339Ms() refuses "${text}"`, () => assertEquals(parseRfc3339Ms(text), null));
}

Deno.test("parseRfc3339Ms() reads what formatRfc3339() writes", () => {
  const moment = fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) });
  fc.assert(fc.property(moment, (ms) => assertEquals(parseRfc3339Ms(formatRfc3339(ms)), ms)));
});
