import { decideStart } from "../../../src/domain/alert/starts.ts";
import { nyToMs } from "../../../src/domain/time/ny_time.ts";
import { assertEquals } from "../../assert.ts";

const START_MS = nyToMs("2026-11-23", "10:02");
const MINUTE_MS = 60_000;

/** Starts at each of these minutes; `null` stands for one that is not told, a number for how many there were. */
function tell(minutes: readonly number[]): (number | null)[] {
  let value: string | undefined;
  return minutes.map((minute) => {
    const decision = decideStart(value, START_MS + minute * MINUTE_MS);
    value = decision.value;
    return decision.isTold ? decision.loop?.times ?? 1 : null;
  });
}

const cases: { when: string; minutes: number[]; told: (number | null)[] }[] = [
  { when: "it is the first", minutes: [0], told: [1] },
  { when: "an upgrade follows it", minutes: [0, 3], told: [1, 1] },
  { when: "a third follows: it is a series", minutes: [0, 1, 2], told: [1, 1, 3] },
  {
    when: "more follow: hourly",
    minutes: [0, 1, 2, 3, 14, 28, 42, 56, 62],
    told: [1, 1, 3, null, null, null, null, null, 9],
  },
  { when: "twenty minutes have passed", minutes: [0, 1, 2, 3, 23], told: [1, 1, 3, null, 1] },
  { when: "the clock was set back", minutes: [0, 1, 2, -5], told: [1, 1, 3, 1] },
];
for (const { when, minutes, told } of cases) {
  Deno.test(`decideStart() tells ${JSON.stringify(told.at(-1))} when ${when}`, () => {
    assertEquals(tell(minutes), told);
  });
}

Deno.test("decideStart() takes a value that it can't read for none", () => {
  for (const value of ["", "2026-11-23", "2026-11-23 a b c d", "nonsense"]) {
    assertEquals(decideStart(value, START_MS), decideStart(undefined, START_MS), value);
  }
});
