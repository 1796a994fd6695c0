import fc from "fast-check";
import {
  buildMeaning,
  ENDED_AFTER_MS,
  formatEnded,
  formatRepeats,
  MEANINGS_MAX,
  Repetition,
  SAY_AGAIN_MS,
  SAY_TWICE_MS,
} from "../../../src/domain/alert/repetition.ts";
import { nyToMs } from "../../../src/domain/time/ny_time.ts";
import { assert, assertEquals, assertNotEquals } from "../../assert.ts";

const START_MS = nyToMs("2026-11-23", "10:02");
const MINUTE_MS = 60_000;
const THING = { meaning: "AAPL: order rejected", text: "AAPL: order rejected" };

/** Hears the thing at each of these minutes; `null` stands for a time that was held back. */
function saysAt(minutes: readonly number[], repetition = new Repetition()): (string | null)[] {
  return minutes.map((minute) => {
    const decision = repetition.decide(THING, START_MS + minute * MINUTE_MS);
    return decision.kind === "say" ? formatRepeats(decision.repeats) : null;
  });
}

const cases: { when: string; minutes: number[]; says: (string | null)[] }[] = [
  { when: "it comes first", minutes: [0], says: [""] },
  { when: "it comes again at once", minutes: [0, 0], says: ["", null] },
  {
    when: "an hour of it is over",
    minutes: [0, 10, 20, 30, 40, 50, 59, 60],
    says: ["", null, null, null, null, null, null, " (8 times since 10:02)"],
  },
  {
    when: "it goes on in the second hour: the count is of all times",
    minutes: [0, 14, 28, 42, 56, 60, 70, 80, 90, 100, 110, 120],
    says: [
      ...["", null, null, null, null, " (6 times since 10:02)"],
      ...[null, null, null, null, null, " (12 times since 10:02)"],
    ],
  },
  {
    when: "it was away for twenty minutes: it is news",
    minutes: [0, 5, 25],
    says: ["", null, ""],
  },
  { when: "it was away for less", minutes: [0, 5, 24.9], says: ["", null, null] },
  { when: "the clock was set back", minutes: [0, -1], says: ["", ""] },
];
for (const { when, minutes, says } of cases) {
  Deno.test(`Repetition says ${JSON.stringify(says.at(-1))} when ${when}`, () => {
    assertEquals(saysAt(minutes), says);
  });
}

Deno.test("Repetition takes what is known to have ended for news, but not twice in five minutes", () => {
  const repetition = new Repetition();
  assertEquals(saysAt([0, 1], repetition), ["", null]);
  repetition.end(THING.meaning);
  assertEquals(saysAt([SAY_TWICE_MS / MINUTE_MS - 0.1], repetition), [null]);
  repetition.end(THING.meaning);
  assertEquals(saysAt([SAY_TWICE_MS / MINUTE_MS], repetition), [""]);
});

Deno.test("Repetition goes on from what an earlier process said within the hour", () => {
  const repetition = new Repetition();
  repetition.remember(THING.meaning, START_MS - 50 * MINUTE_MS, START_MS);
  assertEquals(saysAt([0, 9, 10], repetition), [null, null, " (4 times since 09:12)"]);
  const forgotten = new Repetition();
  forgotten.remember(THING.meaning, START_MS - SAY_AGAIN_MS, START_MS);
  forgotten.remember(THING.meaning, START_MS + 1, START_MS);
  assertEquals(saysAt([0], forgotten), [""]);
});

Deno.test("takeEnded() gives what was held back and has ended, with its last words, once", () => {
  const repetition = new Repetition();
  const hear = (minute: number, text: string) =>
    repetition.decide({ meaning: "m", text }, START_MS + minute * MINUTE_MS);
  hear(0, "first");
  hear(5, "second");
  hear(6, "last");
  repetition.decide({ meaning: "other", text: "said alone" }, START_MS);
  const endMs = START_MS + 6 * MINUTE_MS + ENDED_AFTER_MS;
  assertEquals(repetition.takeEnded(endMs - 1), []);
  const [ended, ...more] = repetition.takeEnded(endMs);
  assertEquals(more, []);
  assert(ended !== undefined);
  assertEquals(`${ended.text}${formatEnded(ended)}`, "last (3 times since 10:02, last at 10:08)");
  assertEquals(repetition.takeEnded(endMs), []);
});

Deno.test("takeAll() gives what was held back and still goes on", () => {
  const repetition = new Repetition();
  assertEquals(saysAt([0, 1, 2], repetition), ["", null, null]);
  assertEquals(repetition.takeAll().map(({ times }) => times), [3]);
  assertEquals(repetition.takeAll(), []);
});

Deno.test("Repetition remembers a bounded number of things, and says the oldest early", () => {
  const repetition = new Repetition();
  for (let count = 0; count <= MEANINGS_MAX; count++) {
    repetition.decide({ meaning: `m${count}`, text: "" }, START_MS);
  }
  assertEquals(repetition.decide({ meaning: "m1", text: "" }, START_MS).kind, "hold");
  assertEquals(repetition.decide({ meaning: "m0", text: "" }, START_MS).kind, "say");
});

Deno.test("Repetition says a thing that never ends at most twice in any hour, and loses no time of it", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 14 }), { maxLength: 200 }), (pauses) => {
      const repetition = new Repetition();
      let atMs = START_MS;
      const saidMs: number[] = [];
      let counted = 0;
      for (const pause of [0, ...pauses]) {
        atMs += pause * MINUTE_MS;
        const decision = repetition.decide(THING, atMs);
        if (decision.kind === "hold") continue;
        saidMs.push(atMs);
        counted = decision.repeats?.times ?? 1;
      }
      for (const [index, ms] of saidMs.entries()) {
        const next = saidMs[index + 1];
        assert(next === undefined || next - ms >= SAY_AGAIN_MS);
      }
      const [ended] = repetition.takeAll();
      assertEquals(ended?.times ?? counted, pauses.length + 1);
    }),
  );
});

const meanings: { what: string; a: string; b: string; isSame: boolean }[] = [
  { what: "numbers", a: "NVDA: 7 of 9 at 12.5", b: "NVDA: 8 of 10 at 1,300.25", isSame: true },
  {
    what: "an order id",
    a: "order 5b2f7a64-1d6c-4f5e-9a5b-0f4b1f0f9f10 hangs",
    b: "order 11111111-1d6c-4f5e-9a5b-0f4b1f0f9f10 hangs",
    isSame: true,
  },
  { what: "later lines", a: "same\none", b: "same\ntwo", isSame: true },
  {
    what: "how many shares",
    a: "NVDA: stop exit due: 4 shares at 117.00",
    b: "NVDA: stop exit due: 2 shares at 117.00",
    isSame: false,
  },
  {
    what: "one share and more",
    a: "NVDA: 1 share at 117.00",
    b: "NVDA: 2 shares at 117.00",
    isSame: false,
  },
  {
    what: "a part of the shares",
    a: "NVDA: 1.5 of 7 shares bare",
    b: "NVDA: 2.5 of 7 shares bare",
    isSame: false,
  },
  {
    what: "the price of the same shares",
    a: "NVDA: stop exit due: 4 shares at 117.00",
    b: "NVDA: stop exit due: 4 shares at 116.50",
    isSame: true,
  },
  { what: "a symbol", a: "AAPL: order rejected", b: "MSFT: order rejected", isSame: false },
  { what: "R1 and R2", a: "NVDA r1_trim waits", b: "NVDA r2_trim waits", isSame: false },
];
for (const { what, a, b, isSame } of meanings) {
  Deno.test(`buildMeaning() ${isSame ? "does not tell" : "tells"} texts apart by ${what}`, () => {
    if (isSame) assertEquals(buildMeaning(a), buildMeaning(b));
    else assertNotEquals(buildMeaning(a), buildMeaning(b));
  });
}

Deno.test("Repetition takes what this process said, and what has ended since, for news", () => {
  const repetition = new Repetition();
  assertEquals(saysAt([0, 1], repetition), ["", null]);
  repetition.takeEnded(START_MS + 22 * MINUTE_MS);
  repetition.remember(THING.meaning, START_MS, START_MS + 25 * MINUTE_MS);
  assertEquals(saysAt([25], repetition), [""]);
});

Deno.test("A meaning keeps the quantity: a short position that grew is another error", () => {
  const [before, after, again] = [-1, -30, -30].map((qty) =>
    buildMeaning(`SHORT position NVDA qty=${qty} at the broker`)
  );
  assertNotEquals(before, after);
  assertEquals(after, again);
});
