import fc from "fast-check";
import { InvariantError } from "../../../src/domain/assert.ts";
import { BAR_MS } from "../../../src/domain/time/market.ts";
import {
  BAR_SETTLE_MS,
  CLOCK_RETRY_MS,
  CLOSED_WAKE_MS,
  decideNextWake,
  OPEN_GRACE_MS,
  WAKE_MIN_MS,
  type WakeInputs,
} from "../../../src/domain/plan/wake.ts";
import { assert, assertEquals, assertThrows } from "../../assert.ts";

const at = (time: string) => Date.parse(`2026-01-20T${time}Z`);
const NOW = at("15:02:00");
const MINUTE_MS = 60_000;
const FAR = NOW + 24 * 60 * MINUTE_MS;

const OPEN: WakeInputs = {
  nowMs: NOW,
  pollSeconds: 300,
  intents: [],
  isTakingEntries: true,
  cycleBeganMs: NOW - MINUTE_MS,
  leadMs: 0,
  pausedMs: 0,
  market: { isOpen: true, nextOpenMs: FAR },
  isMarketHoursIgnored: false,
  extraMs: [],
};
const CLOSED: WakeInputs = { ...OPEN, market: { isOpen: false, nextOpenMs: FAR } };
const UNKNOWN: WakeInputs = { ...OPEN, market: null };

const due = (...times: number[]) => times.map((scheduledAtMs) => ({ scheduledAtMs }));

const cases: readonly {
  when: string;
  inputs: WakeInputs;
  atMs: number;
  why: string;
}[] = [
  { when: "only the poll is ahead", inputs: OPEN, atMs: NOW + 300_000, why: "poll" },
  {
    when: "the poll is a second",
    inputs: { ...OPEN, pollSeconds: 1 },
    atMs: NOW + 1000,
    why: "poll",
  },
  {
    when: "the poll is an hour, so the next bar is first",
    inputs: { ...OPEN, pollSeconds: 3600 },
    atMs: at("15:10:35"),
    why: "bar closed",
  },
  {
    when: "a bar has closed but not settled",
    inputs: { ...OPEN, nowMs: at("15:00:34.999") },
    atMs: at("15:00:35.999"),
    why: "bar closed",
  },
  {
    when: "a bar settles exactly now, which this cycle saw",
    inputs: { ...OPEN, nowMs: at("15:00:35"), pollSeconds: 3600 },
    atMs: at("15:10:35"),
    why: "bar closed",
  },
  {
    when: "a bar settles in two seconds",
    inputs: { ...OPEN, nowMs: at("15:00:33") },
    atMs: at("15:00:35"),
    why: "bar closed",
  },
  {
    when: "an intent comes due before the poll",
    inputs: { ...OPEN, intents: due(NOW + 90_000) },
    atMs: NOW + 90_000,
    why: "intent due",
  },
  {
    when: "several intents wait, the nearest last",
    inputs: { ...OPEN, intents: due(NOW + 90_000, NOW + 200_000, NOW + 61_234) },
    atMs: NOW + 61_234,
    why: "intent due",
  },
  {
    when: "the cycle that just ended found an intent due and left it on the list",
    inputs: { ...OPEN, cycleBeganMs: NOW - 1000, intents: due(NOW - 1000, NOW - 60_000) },
    atMs: NOW + 300_000,
    why: "poll",
  },
  {
    when: "an intent came due while the cycle ran",
    inputs: { ...OPEN, cycleBeganMs: NOW - 1000, intents: due(NOW - 999) },
    atMs: NOW + WAKE_MIN_MS,
    why: "intent due",
  },
  {
    when: "an intent comes due and no entries are taken",
    inputs: { ...OPEN, intents: due(NOW + 90_000), isTakingEntries: false },
    atMs: NOW + 300_000,
    why: "poll",
  },
  {
    when: "an intent comes due after the poll",
    inputs: { ...OPEN, intents: due(NOW + 300_001) },
    atMs: NOW + 300_000,
    why: "poll",
  },
  {
    when: "an intent comes due with the poll",
    inputs: { ...OPEN, intents: due(NOW + 300_000) },
    atMs: NOW + 300_000,
    why: "intent due",
  },
  {
    when: "an intent comes due at a moment that the engine chose too",
    inputs: { ...OPEN, intents: due(NOW + 9000), extraMs: [NOW + 9000] },
    atMs: NOW + 9000,
    why: "intent due",
  },
  {
    when: "an intent's cycle begins before its moment",
    inputs: { ...OPEN, intents: due(NOW + 90_000), leadMs: 500 },
    atMs: NOW + 89_500,
    why: "intent due",
  },
  {
    when: "an intent is nearer than its cycle should begin before it",
    inputs: { ...OPEN, intents: due(NOW + 1500), leadMs: 2000 },
    atMs: NOW + 1000,
    why: "intent due",
  },
  {
    when: "the cycle waited for an intent's moment, of which the poll knows nothing",
    inputs: { ...OPEN, pausedMs: 2000 },
    atMs: NOW + 298_000,
    why: "poll",
  },
  {
    when: "an intent is overdue",
    inputs: { ...OPEN, intents: due(NOW - 5000) },
    atMs: NOW + 1000,
    why: "intent due",
  },
  {
    when: "an intent is due exactly now",
    inputs: { ...OPEN, intents: due(NOW) },
    atMs: NOW + 1000,
    why: "intent due",
  },
  {
    when: "the market is closed and 30 minutes before its open are two away",
    inputs: {
      ...CLOSED,
      market: { isOpen: false, nextOpenMs: NOW + 32 * MINUTE_MS },
      extraMs: [NOW + 5000],
    },
    atMs: NOW + 2 * MINUTE_MS,
    why: "market opens soon",
  },
  {
    when: "the market is closed, hours are ignored and the engine's moment is seconds away",
    inputs: {
      ...CLOSED,
      pollSeconds: 3600,
      nowMs: at("15:00:35"),
      isMarketHoursIgnored: true,
      extraMs: [NOW + 5000],
    },
    atMs: at("15:05:35"),
    why: "engine moment",
  },
  {
    when: "the engine chose a moment",
    inputs: { ...OPEN, extraMs: [FAR, NOW + 5000] },
    atMs: NOW + 5000,
    why: "engine moment",
  },
  {
    when: "the engine's moment is past",
    inputs: { ...OPEN, extraMs: [NOW - 5000] },
    atMs: NOW + 1000,
    why: "engine moment",
  },
  {
    when: "moments are no numbers",
    inputs: { ...OPEN, extraMs: [NaN, Infinity, -Infinity], intents: due(NaN) },
    atMs: NOW + 300_000,
    why: "poll",
  },
  { when: "the market is closed", inputs: CLOSED, atMs: NOW + 300_000, why: "poll" },
  {
    when: "the market is closed and the poll is short",
    inputs: { ...CLOSED, pollSeconds: 5 },
    atMs: NOW + CLOSED_WAKE_MS,
    why: "market closed",
  },
  {
    when: "the market is closed and the poll is long",
    inputs: { ...CLOSED, pollSeconds: 3600 },
    atMs: NOW + 3_600_000,
    why: "poll",
  },
  {
    when: "the market is closed and the engine chose a moment before the poll",
    inputs: { ...CLOSED, pollSeconds: 3600, extraMs: [NOW + 600_000] },
    atMs: NOW + 600_000,
    why: "engine moment",
  },
  {
    when: "the market is closed and intents or moments are near",
    inputs: { ...CLOSED, intents: due(NOW + 1), extraMs: [NOW + 2000] },
    atMs: NOW + CLOSED_WAKE_MS,
    why: "market closed",
  },
  {
    when: "the market opens before the next look",
    inputs: { ...CLOSED, market: { isOpen: false, nextOpenMs: NOW + 7000 } },
    atMs: NOW + 7000,
    why: "market opens",
  },
  {
    when: "the market opens with the next look",
    inputs: { ...CLOSED, market: { isOpen: false, nextOpenMs: NOW + 300_000 } },
    atMs: NOW + 300_000,
    why: "market opens",
  },
  {
    when: "the market opens after the next look",
    inputs: { ...CLOSED, market: { isOpen: false, nextOpenMs: NOW + 300_001 } },
    atMs: NOW + 300_000,
    why: "poll",
  },
  {
    when: "the market should have opened, but the broker's clock is a little behind",
    inputs: { ...CLOSED, market: { isOpen: false, nextOpenMs: NOW - OPEN_GRACE_MS + 1 } },
    atMs: NOW + WAKE_MIN_MS,
    why: "market opens",
  },
  {
    when: "the market should have opened long ago",
    inputs: { ...CLOSED, market: { isOpen: false, nextOpenMs: NOW - OPEN_GRACE_MS } },
    atMs: NOW + 300_000,
    why: "poll",
  },
  {
    when: "the next open is no number",
    inputs: { ...CLOSED, market: { isOpen: false, nextOpenMs: NaN } },
    atMs: NOW + 300_000,
    why: "poll",
  },
  {
    when: "market hours are ignored in a closed market",
    inputs: { ...CLOSED, isMarketHoursIgnored: true, pollSeconds: 30 },
    atMs: NOW + 30_000,
    why: "poll",
  },
  {
    when: "market hours are ignored and a bar closes",
    inputs: { ...CLOSED, isMarketHoursIgnored: true, pollSeconds: 3600 },
    atMs: at("15:10:35"),
    why: "bar closed",
  },
  {
    when: "the broker's clock could not be read",
    inputs: UNKNOWN,
    atMs: NOW + CLOCK_RETRY_MS,
    why: "clock retry",
  },
  {
    when: "the broker's clock could not be read and the poll is short",
    inputs: { ...UNKNOWN, pollSeconds: 10 },
    atMs: NOW + 10_000,
    why: "poll",
  },
  {
    when: "the broker's clock could not be read and an intent is due",
    inputs: { ...UNKNOWN, intents: due(NOW + 9000) },
    atMs: NOW + 9000,
    why: "intent due",
  },
  {
    when: "the broker's clock could not be read and nothing can be prepared for an intent",
    inputs: { ...UNKNOWN, intents: due(NOW + 9000), leadMs: 2000 },
    atMs: NOW + 9000,
    why: "intent due",
  },
  {
    when: "the broker's clock could not be read and what is due can't be decided without it",
    inputs: { ...UNKNOWN, intents: due(NOW - 9000), extraMs: [NOW - 1] },
    atMs: NOW + CLOCK_RETRY_MS,
    why: "clock retry",
  },
];
for (const { when, inputs, atMs, why } of cases) {
  Deno.test(`decideNextWake() wakes for "${why}" when ${when}`, () => {
    const wake = decideNextWake(inputs);
    assertEquals([new Date(wake.atMs).toISOString(), wake.why as string], [
      new Date(atMs).toISOString(),
      why,
    ]);
  });
}

Deno.test("the wake-up's distances are what the operator was told", () => {
  assertEquals([WAKE_MIN_MS, BAR_SETTLE_MS, OPEN_GRACE_MS, CLOCK_RETRY_MS, CLOSED_WAKE_MS], [
    1_000,
    35_000,
    60_000,
    60_000,
    300_000,
  ]);
});

for (const pollSeconds of [NaN, 0, -1, 0.5, 3601, Infinity]) {
  Deno.test(`decideNextWake() refuses a poll of ${pollSeconds} s, which no configuration allows`, () => {
    assertThrows(() => decideNextWake({ ...OPEN, pollSeconds }), InvariantError, "pollSeconds");
  });
}

Deno.test("decideNextWake() refuses a time that is no number", () => {
  assertThrows(() => decideNextWake({ ...OPEN, nowMs: NaN }), InvariantError, "nowMs");
});

const moment = fc.integer({ min: -3_600_000, max: 7_200_000 }).map((ms) => NOW + ms);
const anyInputs: fc.Arbitrary<WakeInputs> = fc.record({
  nowMs: fc.integer({ min: 0, max: BAR_MS }).map((ms) => NOW + ms),
  pollSeconds: fc.integer({ min: 1, max: 3600 }),
  intents: fc.array(moment.map((scheduledAtMs) => ({ scheduledAtMs })), { maxLength: 4 }),
  isTakingEntries: fc.boolean(),
  cycleBeganMs: fc.integer({ min: -600_000, max: 0 }).map((ms) => NOW + ms),
  leadMs: fc.integer({ min: 0, max: 2000 }),
  pausedMs: fc.integer({ min: 0, max: 2000 }),
  market: fc.option(fc.record({ isOpen: fc.boolean(), nextOpenMs: moment })),
  isMarketHoursIgnored: fc.boolean(),
  extraMs: fc.array(moment, { maxLength: 4 }),
});

Deno.test("decideNextWake() is never past, never nearer than a second and never later than the poll", () => {
  fc.assert(
    fc.property(anyInputs, (inputs) => {
      const { atMs } = decideNextWake(inputs);
      assert(Number.isFinite(atMs) && atMs >= inputs.nowMs + WAKE_MIN_MS);
      assert(atMs <= inputs.nowMs + Math.max(inputs.pollSeconds * 1000, CLOSED_WAKE_MS));
    }),
    { numRuns: 1000 },
  );
});

Deno.test("decideNextWake() sleeps through nothing while the market is open", () => {
  fc.assert(
    fc.property(anyInputs, (drawn) => {
      const market = { isOpen: true, nextOpenMs: FAR };
      const inputs = { ...drawn, market, isTakingEntries: true };
      const { atMs } = decideNextWake(inputs);
      const last = Math.max(atMs - 1, inputs.nowMs);
      const isMissed = (ms: number) => ms > inputs.nowMs + WAKE_MIN_MS && ms <= last;
      assert(!inputs.extraMs.some(isMissed));
      assert(!inputs.intents.some((each) => isMissed(each.scheduledAtMs - inputs.leadMs)));
      const settledBars = (ms: number) => Math.floor((ms - BAR_SETTLE_MS) / BAR_MS);
      if (atMs > inputs.nowMs + WAKE_MIN_MS) {
        assertEquals(settledBars(last), settledBars(inputs.nowMs));
      }
    }),
    { numRuns: 1000 },
  );
});

Deno.test("decideNextWake() leaves a closed market alone for five minutes, its open and 30 minutes before it aside", () => {
  fc.assert(
    fc.property(anyInputs, (drawn) => {
      const nextOpenMs = drawn.market?.nextOpenMs ?? FAR;
      const market = { isOpen: false, nextOpenMs };
      const wake = decideNextWake({ ...drawn, market, isMarketHoursIgnored: false });
      if (wake.why === "market opens") {
        assert(wake.atMs === nextOpenMs || wake.atMs === drawn.nowMs + WAKE_MIN_MS);
      } else if (wake.why === "market opens soon") {
        const soonMs = nextOpenMs - 30 * MINUTE_MS;
        assert(wake.atMs === Math.max(soonMs, drawn.nowMs + WAKE_MIN_MS) && soonMs > drawn.nowMs);
      } else {
        assert(wake.atMs >= drawn.nowMs + CLOSED_WAKE_MS);
        assert(nextOpenMs <= drawn.nowMs || nextOpenMs > wake.atMs);
      }
    }),
    { numRuns: 1000 },
  );
});
