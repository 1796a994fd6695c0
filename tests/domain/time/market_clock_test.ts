import fc from "fast-check";
import type { MarketClock, Session } from "../../../src/domain/time/market.ts";
import {
  type CalendarDay,
  decideClock,
  findCloseMs,
  findDay,
  findSessionAt,
  isNearSomeClose,
  isOfSession,
  isOpenAt,
} from "../../../src/domain/time/market_clock.ts";
import { nyToMs } from "../../../src/domain/time/ny_time.ts";
import { assert, assertEquals } from "../../assert.ts";

const MONDAY = "2026-11-23";
const TUESDAY = "2026-11-24";
const SESSION: Session = {
  dateNy: MONDAY,
  openMs: nyToMs(MONDAY, "09:30"),
  closeMs: nyToMs(MONDAY, "16:00"),
};
const HALF_DAY: Session = { ...SESSION, closeMs: nyToMs(MONDAY, "13:00") };

/** @param timeNy `HH:MM` or `HH:MM:SS` */
function clockAt(timeNy: string, change: Partial<MarketClock> = {}): MarketClock {
  return {
    timestampMs: nyToMs(MONDAY, timeNy.slice(0, 5)) + Number(timeNy.slice(6)) * 1000,
    isOpen: true,
    nextOpenMs: nyToMs(TUESDAY, "09:30"),
    nextCloseMs: SESSION.closeMs,
    ...change,
  };
}
const CLOSED = { isOpen: false };
const NIGHT_OPEN = { nextOpenMs: SESSION.openMs };

const CLOCKS: {
  when: string;
  clock: MarketClock;
  day: CalendarDay;
  is: "sound" | "contradiction";
}[] = [
  { when: "open at noon", clock: clockAt("12:00"), day: SESSION, is: "sound" },
  { when: "open at noon, calendar unknown", clock: clockAt("12:00"), day: "unknown", is: "sound" },
  {
    when: "open at the first bell by a clock that is early, calendar unknown",
    clock: clockAt("09:29:56"),
    day: "unknown",
    is: "sound",
  },
  {
    when: "open before the first bell, calendar unknown",
    clock: clockAt("09:29:54"),
    day: "unknown",
    is: "contradiction",
  },
  {
    when: "open in the evening, calendar unknown",
    clock: clockAt("20:16", { nextCloseMs: nyToMs(TUESDAY, "09:00") }),
    day: "unknown",
    is: "contradiction",
  },
  {
    when: "open in the last minute of a whole day, calendar unknown",
    clock: clockAt("15:59:59"),
    day: "unknown",
    is: "sound",
  },
  {
    when: "open at the last bell, calendar unknown",
    clock: clockAt("16:00", { nextCloseMs: nyToMs(MONDAY, "20:00") }),
    day: "unknown",
    is: "contradiction",
  },
  {
    when: "closed in the evening",
    clock: clockAt("20:00", { ...CLOSED, nextCloseMs: nyToMs(TUESDAY, "16:00") }),
    day: SESSION,
    is: "sound",
  },
  {
    when: "closed on a holiday",
    clock: clockAt("12:00", { ...CLOSED, nextCloseMs: nyToMs(TUESDAY, "16:00") }),
    day: "no session",
    is: "sound",
  },
  {
    when: "open in the night, the next open before the next close",
    clock: clockAt("03:00", NIGHT_OPEN),
    day: "unknown",
    is: "contradiction",
  },
  {
    when: "open after its own close",
    clock: clockAt("16:00"),
    day: "unknown",
    is: "contradiction",
  },
  {
    when: "open and the next open in the past",
    clock: clockAt("12:00", { nextOpenMs: SESSION.openMs }),
    day: "unknown",
    is: "contradiction",
  },
  {
    when: "open in the night, in itself without fault",
    clock: clockAt("03:00"),
    day: SESSION,
    is: "contradiction",
  },
  {
    when: "open in the night, and nobody knows the calendar",
    clock: clockAt("03:00"),
    day: "unknown",
    is: "contradiction",
  },
  {
    when: "open at noon of a Saturday, calendar unknown",
    clock: clockAt("12:00", {
      timestampMs: nyToMs("2026-11-28", "12:00"),
      nextCloseMs: nyToMs("2026-11-28", "16:00"),
      nextOpenMs: nyToMs("2026-11-30", "09:30"),
    }),
    day: "unknown",
    is: "contradiction",
  },
  {
    when: "open on a holiday",
    clock: clockAt("12:00"),
    day: "no session",
    is: "contradiction",
  },
  {
    when: "open in the afternoon of a half day",
    clock: clockAt("13:00"),
    day: HALF_DAY,
    is: "contradiction",
  },
  { when: "open a breath early", clock: clockAt("09:29:58"), day: SESSION, is: "sound" },
  { when: "open six seconds early", clock: clockAt("09:29:54"), day: SESSION, is: "contradiction" },
  { when: "closed at noon", clock: clockAt("12:00", CLOSED), day: SESSION, is: "contradiction" },
  {
    when: "closed, the bell a bit late",
    clock: clockAt("09:30:30", CLOSED),
    day: SESSION,
    is: "sound",
  },
  {
    when: "closed, the bell a bit early",
    clock: clockAt("15:59:30", CLOSED),
    day: SESSION,
    is: "sound",
  },
];
for (const { when, clock, day, is } of CLOCKS) {
  Deno.test(`a clock that says ${when} is a ${is}`, () => {
    const decision = decideClock(clock, day);
    assertEquals(decision.kind, is);
    if (decision.kind === "contradiction") assert(decision.problem.startsWith("it says "));
  });
}

Deno.test("a market that is open at night by its own calendar is believed", () => {
  const aroundTheClock = {
    ...SESSION,
    openMs: nyToMs(MONDAY, "00:00"),
    closeMs: nyToMs(MONDAY, "23:59"),
  };
  const clock = clockAt("03:00", { nextCloseMs: aroundTheClock.closeMs });
  assertEquals(decideClock(clock, aroundTheClock), { kind: "sound", clock });
});

Deno.test("where clock and calendar disagree on the close, the earlier one holds", () => {
  const early = clockAt("10:00", { nextCloseMs: nyToMs(MONDAY, "15:00") });
  for (
    const [clock, day, closesNy] of [
      [clockAt("10:00"), HALF_DAY, "13:00"],
      [early, SESSION, "15:00"],
      [clockAt("10:00"), SESSION, "16:00"],
    ] as const
  ) {
    const decision = decideClock(clock, day);
    assert(decision.kind === "sound");
    assertEquals(decision.clock.nextCloseMs, nyToMs(MONDAY, closesNy));
  }
});

Deno.test("no clock that is believed says open outside the calendar's session or after its own close", () => {
  const ms = fc.integer({
    min: nyToMs(MONDAY, "00:00"),
    max: nyToMs(TUESDAY, "23:59"),
  });
  fc.assert(
    fc.property(ms, ms, ms, fc.boolean(), (timestampMs, nextOpenMs, nextCloseMs, isOpen) => {
      const decision = decideClock({ timestampMs, isOpen, nextOpenMs, nextCloseMs }, SESSION);
      if (decision.kind === "contradiction" || !decision.clock.isOpen) return;
      assert(timestampMs >= SESSION.openMs - 5_000 && timestampMs < SESSION.closeMs);
      assert(timestampMs < decision.clock.nextCloseMs);
      assert(decision.clock.nextCloseMs <= SESSION.closeMs);
    }),
  );
});

Deno.test("a stored calendar knows the days from its first to its last, and no other", () => {
  const calendar = {
    fromNy: "2026-11-21",
    toNy: "2026-11-24",
    sessions: [SESSION],
    unknownDays: [{ dateNy: "2026-11-22", problem: "open is missing" }],
  };
  assertEquals(findDay(calendar, MONDAY), SESSION);
  assertEquals(findDay(calendar, "2026-11-22"), "unknown");
  assertEquals(findDay(calendar, "2026-11-21"), "no session");
  assertEquals(findDay(calendar, "2026-11-20"), "unknown");
  assertEquals(findDay(calendar, "2026-11-25"), "unknown");
  assertEquals(findDay(null, MONDAY), "unknown");
  assertEquals(findSessionAt(calendar, nyToMs(MONDAY, "12:00")), SESSION);
  assertEquals(findSessionAt(calendar, SESSION.openMs), SESSION);
  assertEquals(findSessionAt(calendar, SESSION.closeMs), null);
  assertEquals(findSessionAt(calendar, nyToMs("2026-11-25", "12:00")), null);
});

Deno.test("isNearSomeClose() is true in the ten minutes before both closes, as far as two clocks differ", () => {
  const near = (timeNy: string) => isNearSomeClose(nyToMs("2026-11-23", timeNy));
  assertEquals(["12:48", "12:50", "12:59", "13:01"].map(near), [false, true, true, false]);
  assertEquals(["15:48", "15:50", "15:59", "16:01"].map(near), [false, true, true, false]);
  assertEquals(["03:55", "09:30", "10:05"].map(near), [false, false, false]);
});

Deno.test("isOfSession() takes a trade from the session's first to its last moment, and by the usual hour where the calendar is silent", () => {
  const clock = clockAt("12:00", { nextCloseMs: HALF_DAY.closeMs });
  for (const session of [HALF_DAY, null]) {
    const look = { clock, dateNy: MONDAY, session };
    const of = (atMs: number) => isOfSession(look, { atMs });
    const { openMs, closeMs } = HALF_DAY;
    assertEquals([openMs - 1, openMs, closeMs - 1, closeMs].map(of), [false, true, true, false]);
  }
  const closed = { clock: clockAt("12:00", CLOSED), dateNy: MONDAY, session: null };
  assertEquals(isOfSession(closed, { atMs: nyToMs(MONDAY, "12:00") }), false);
});

Deno.test("findCloseMs() believes the clock while it says open, and then the calendar", () => {
  const clock = clockAt("12:00", { nextCloseMs: HALF_DAY.closeMs });
  assertEquals(findCloseMs({ clock, session: SESSION }), HALF_DAY.closeMs);
  const closed = { ...clock, isOpen: false };
  assertEquals(findCloseMs({ clock: closed, session: SESSION }), SESSION.closeMs);
  assertEquals(findCloseMs({ clock: closed, session: null }), null);
});

Deno.test("isOpenAt() ends with the close that the clock had ahead", () => {
  const clock = clockAt("12:00");
  assertEquals(isOpenAt(clock, SESSION.closeMs - 1), true);
  assertEquals(isOpenAt(clock, SESSION.closeMs), false);
  assertEquals(isOpenAt({ ...clock, isOpen: false }, SESSION.closeMs - 1), false);
});
