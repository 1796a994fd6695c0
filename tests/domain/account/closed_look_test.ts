import {
  type ClosedLook,
  formatClosedLook,
  isLookDue,
  parseClosedLook,
} from "../../../src/domain/account/closed_look.ts";
import { CLOSED_LOOK_MS } from "../../../src/domain/account/standing_alarms.ts";
import { assertEquals } from "../../assert.ts";

const at = (time: string) => Date.parse(`2026-11-24T${time}Z`);
/** 09:30 in New York. */
const OPEN = at("14:30:00");
const SESSION = "2026-11-24";

const night = (time: string): ClosedLook => ({
  sessionNy: SESSION,
  stage: "night",
  atMs: at(time),
});

const CASES: readonly {
  when: string;
  now: string;
  last: ClosedLook | null;
  isKnown: boolean;
  isDue: boolean;
}[] = [
  { when: "there was none yet", now: "02:00:00", last: null, isKnown: true, isDue: true },
  {
    when: "the last one was before another session",
    now: "02:00:00",
    last: { ...night("01:59:00"), sessionNy: "2026-11-23" },
    isKnown: true,
    isDue: true,
  },
  {
    when: "it is not known that all is covered",
    now: "02:05:00",
    last: night("02:00:00"),
    isKnown: false,
    isDue: true,
  },
  {
    when: "the wake-up is a moment early",
    now: "02:04:59.500",
    last: night("02:00:00"),
    isKnown: false,
    isDue: true,
  },
  {
    when: "it is not known, and five minutes are not over",
    now: "02:04:58",
    last: night("02:00:00"),
    isKnown: false,
    isDue: false,
  },
  {
    when: "the last one found all covered",
    now: "08:00:00",
    last: night("02:00:00"),
    isKnown: true,
    isDue: false,
  },
  {
    when: "30 minutes before the open have come",
    now: "14:00:00",
    last: night("02:00:00"),
    isKnown: true,
    isDue: true,
  },
  {
    when: "30 minutes before the open are less than five minutes away",
    now: "13:57:00",
    last: night("13:52:00"),
    isKnown: false,
    isDue: false,
  },
  {
    when: "30 minutes before the open are five minutes away",
    now: "13:55:00",
    last: night("13:50:00"),
    isKnown: false,
    isDue: true,
  },
  {
    when: "the open is near and it is still not known",
    now: "14:05:00",
    last: { ...night("14:00:00"), stage: "before the open" },
    isKnown: false,
    isDue: true,
  },
  {
    when: "the open is near and the last one found all covered",
    now: "14:20:00",
    last: { ...night("14:00:00"), stage: "before the open" },
    isKnown: true,
    isDue: false,
  },
];
for (const { when, now, last, isKnown, isDue } of CASES) {
  Deno.test(`isLookDue() is ${isDue} when ${when}`, () => {
    assertEquals(isLookDue({ nowMs: at(now), nextOpenMs: OPEN }, { last, isKnown }), isDue);
  });
}

Deno.test("isLookDue() asked every second of a night never says yes twice within five minutes", () => {
  for (const offsetMs of [0, 61_000, 123_000, 200_000, 299_000]) {
    let last: ClosedLook | null = null;
    for (let nowMs = at("12:00:00") + offsetMs; nowMs < OPEN; nowMs += 1_000) {
      if (!isLookDue({ nowMs, nextOpenMs: OPEN }, { last, isKnown: false })) continue;
      const gapMs = nowMs - (last?.atMs ?? -Infinity);
      assertEquals(gapMs >= CLOSED_LOOK_MS - 1_000, true, `${gapMs} ms at ${nowMs}`);
      const stage = nowMs >= at("14:00:00") ? "before the open" : "night";
      last = { sessionNy: SESSION, stage, atMs: nowMs };
    }
    assertEquals(last?.stage, "before the open");
  }
});

Deno.test("a look is read back from the records as it was, and anything else is none", () => {
  const look = night("02:00:00");
  assertEquals(parseClosedLook(formatClosedLook(look)), look);
  for (const text of [undefined, "", "2026-11-24", "2026-11-24 day 5", "x 2026-11-24 night 5"]) {
    assertEquals(parseClosedLook(text), null, text);
  }
});
