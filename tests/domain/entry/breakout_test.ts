import fc from "fast-check";
import {
  BAR_WINDOW_MS,
  decideBreakout,
  SECOND_BAR_AGE_MAX_MS,
} from "../../../src/domain/entry/breakout.ts";
import { type Bar, BAR_MINUTES, BAR_MS } from "../../../src/domain/time/market.ts";
import { assertEquals } from "../../assert.ts";

/** 10:00:00 in New York, where a bar has just closed. */
const NOW = Date.parse("2026-01-20T15:00:00Z");
const MINUTE_MS = 60_000;
const PIVOT_USD = 100;

/** A bar that closed so many milliseconds before `NOW`. */
function bar(closedAgoMs: number, closeUsd = 101): Bar {
  return { startMs: NOW - closedAgoMs - BAR_MS, closeUsd };
}

function kindOf(bars: readonly Bar[], pivotUsd = PIVOT_USD, nowMs = NOW): string {
  const breakout = decideBreakout(bars, pivotUsd, nowMs);
  return breakout.kind === "stale" ? breakout.reason : breakout.kind;
}

const NO_BAR = "no closed bar, 2 needed";
const ONE_BAR = "1 closed bar, 2 needed";
const OLD_LAST = "last bar closed over 11 minutes ago";
const OLD_FIRST = "bar before the last started over 40 minutes ago";

Deno.test("the windows are the pipeline's", () => {
  assertEquals([BAR_MINUTES, BAR_MS, SECOND_BAR_AGE_MAX_MS, BAR_WINDOW_MS], [
    10,
    600_000,
    660_000,
    2_400_000,
  ]);
});

const cases: readonly { when: string; bars: readonly Bar[]; expected: string }[] = [
  { when: "there are no bars", bars: [], expected: NO_BAR },
  { when: "there is one bar", bars: [bar(0)], expected: ONE_BAR },
  { when: "a bar closes exactly now", bars: [bar(BAR_MS), bar(0)], expected: "confirmed" },
  {
    when: "a bar closes in a millisecond",
    bars: [bar(BAR_MS - 1), bar(-1)],
    expected: ONE_BAR,
  },
  {
    when: "the forming bar is far below the pivot",
    bars: [bar(BAR_MS), bar(0), bar(-BAR_MS + 1, 1)],
    expected: "confirmed",
  },
  {
    when: "only the forming bar is above the pivot",
    bars: [bar(BAR_MS, 99), bar(0, 99), bar(-1, 200)],
    expected: "not_confirmed",
  },
  {
    when: "the last bar closed exactly 11 minutes ago",
    bars: [bar(11 * MINUTE_MS + BAR_MS), bar(11 * MINUTE_MS)],
    expected: "confirmed",
  },
  {
    when: "the last bar closed a millisecond more than 11 minutes ago",
    bars: [bar(11 * MINUTE_MS + BAR_MS), bar(11 * MINUTE_MS + 1)],
    expected: OLD_LAST,
  },
  {
    when: "the first bar started exactly 40 minutes ago",
    bars: [bar(30 * MINUTE_MS), bar(0)],
    expected: "confirmed",
  },
  {
    when: "the first bar started a millisecond more than 40 minutes ago",
    bars: [bar(30 * MINUTE_MS + 1), bar(0)],
    expected: OLD_FIRST,
  },
  {
    when: "an interval without trades lies between the bars",
    bars: [bar(2 * BAR_MS), bar(0)],
    expected: "confirmed",
  },
  {
    when: "the bars are yesterday's",
    bars: [bar(24 * 60 * MINUTE_MS + BAR_MS), bar(24 * 60 * MINUTE_MS)],
    expected: OLD_LAST,
  },
  {
    when: "yesterday's last bar stands before today's first",
    bars: [bar(17 * 60 * MINUTE_MS), bar(0)],
    expected: OLD_FIRST,
  },
  {
    when: "older bars are far below the pivot",
    bars: [bar(3 * BAR_MS, 1), bar(2 * BAR_MS, 1), bar(BAR_MS), bar(0)],
    expected: "confirmed",
  },
  {
    when: "older bars are far above the pivot",
    bars: [bar(3 * BAR_MS, 200), bar(2 * BAR_MS, 200), bar(BAR_MS, 99), bar(0, 99)],
    expected: "not_confirmed",
  },
  { when: "the same bar comes twice", bars: [bar(0), bar(0)], expected: ONE_BAR },
  {
    when: "the last bar comes twice, and the one before is below the pivot",
    bars: [bar(BAR_MS, 99), bar(0), bar(0)],
    expected: "not_confirmed",
  },
  {
    when: "the last bar comes again, revised to below the pivot",
    bars: [bar(BAR_MS), bar(0, 101), bar(0, 99)],
    expected: "not_confirmed",
  },
  {
    when: "a bar's start is no number",
    bars: [{ startMs: NaN, closeUsd: 101 }, bar(0)],
    expected: ONE_BAR,
  },
  {
    when: "all bars are in the future",
    bars: [bar(-60 * MINUTE_MS), bar(-50 * MINUTE_MS)],
    expected: NO_BAR,
  },
];
for (const { when, bars, expected } of cases) {
  Deno.test(`decideBreakout() says "${expected}" when ${when}`, () => {
    assertEquals(kindOf(bars), expected);
  });
}

const closes: readonly [b1: number, b2: number, expected: string][] = [
  [100.01, 100, "confirmed"],
  [100.01, 100.01, "confirmed"],
  [200, 100, "confirmed"],
  [100.000001, 100, "confirmed"],
  [100, 100, "not_confirmed"],
  [100, 200, "not_confirmed"],
  [99.99, 200, "not_confirmed"],
  [100.01, 99.99, "not_confirmed"],
  [100.01, 99.999999, "not_confirmed"],
  [99.99, 99.99, "not_confirmed"],
  [NaN, 101, "not_confirmed"],
  [101, NaN, "not_confirmed"],
];
for (const [b1, b2, expected] of closes) {
  Deno.test(`decideBreakout() says ${expected} for closes ${b1} then ${b2} at a pivot of 100`, () => {
    assertEquals(kindOf([bar(BAR_MS, b1), bar(0, b2)]), expected);
  });
}

Deno.test("decideBreakout() confirms nothing when the pivot or the time is no number", () => {
  assertEquals(kindOf([bar(BAR_MS), bar(0)], NaN), "not_confirmed");
  assertEquals(kindOf([bar(BAR_MS), bar(0)], PIVOT_USD, NaN), NO_BAR);
});

Deno.test("decideBreakout() hands on the two bars that it looked at", () => {
  const [first, second] = [bar(BAR_MS, 102), bar(0, 101)];
  const bars = [bar(-1), second, bar(2 * BAR_MS, 1), first];
  assertEquals(decideBreakout(bars, PIVOT_USD, NOW), { kind: "confirmed", b1: first, b2: second });
  const below = decideBreakout(bars, 150, NOW);
  assertEquals(below, { kind: "not_confirmed", b1: first, b2: second });
});

const anyBar = fc.record({
  startMs: fc.integer({ min: -8, max: 2 }).map((slot) => NOW + slot * BAR_MS),
  closeUsd: fc.constantFrom(99, 100, 101),
});

Deno.test("decideBreakout() says the same for the bars in any order, and leaves them as they are", () => {
  const bars = fc.uniqueArray(anyBar, { selector: (each) => each.startMs, maxLength: 9 });
  const sorts = fc.constantFrom(-1, 1);
  fc.assert(fc.property(bars, sorts, (given, sign) => {
    const sorted = given.toSorted((a, b) => sign * (a.startMs - b.startMs));
    const before = structuredClone(given);
    assertEquals(decideBreakout(given, PIVOT_USD, NOW), decideBreakout(sorted, PIVOT_USD, NOW));
    assertEquals(given, before);
  }));
});

Deno.test("decideBreakout() confirms only what two different closed, recent bars carry", () => {
  fc.assert(
    fc.property(
      fc.array(anyBar, { maxLength: 12 }),
      fc.integer({ min: 0, max: 700_000 }),
      (bars, lateMs) => {
        const nowMs = NOW + lateMs;
        const breakout = decideBreakout(bars, PIVOT_USD, nowMs);
        if (breakout.kind !== "confirmed") return;
        const { b1, b2 } = breakout;
        const isAllowed = b1.startMs < b2.startMs && b2.startMs + BAR_MS <= nowMs &&
          nowMs - b2.startMs <= 21 * MINUTE_MS && nowMs - b1.startMs <= 40 * MINUTE_MS &&
          b1.closeUsd > PIVOT_USD && b2.closeUsd >= PIVOT_USD;
        assertEquals(isAllowed, true);
      },
    ),
    { numRuns: 500 },
  );
});
