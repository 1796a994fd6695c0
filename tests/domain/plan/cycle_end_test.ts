import { buildAlarmContext, type CycleEnd } from "../../../src/domain/plan/cycle_end.ts";
import { assertEquals } from "../../assert.ts";
import { TODAY } from "../fixtures.ts";
import { CLOSED, endWorld, OPEN } from "./end_world.ts";
import { NOW_MS } from "./plan_world.ts";

const HOUR_MS = 3_600_000;

/** A calendar whose one session begins that much after now, and lasts for six hours. */
const calendar = (afterMs: number) => ({
  fromNy: TODAY,
  toNy: TODAY,
  sessions: [{
    dateNy: TODAY,
    openMs: NOW_MS + afterMs,
    closeMs: NOW_MS + afterMs + 6 * HOUR_MS,
  }],
  unknownDays: [],
});

const CASES: readonly {
  readonly when: string;
  readonly end: Partial<CycleEnd>;
  readonly untilCloseMs: number;
  readonly isClosed: boolean;
  readonly nextOpenMs: number | null;
}[] = [
  {
    when: "the clock says open",
    end: {},
    untilCloseMs: HOUR_MS,
    isClosed: false,
    nextOpenMs: OPEN.nextOpenMs,
  },
  {
    when: "the clock says closed",
    end: { market: CLOSED },
    untilCloseMs: Infinity,
    isClosed: true,
    nextOpenMs: CLOSED.nextOpenMs,
  },
  {
    when: "the clock is silent in a session of the calendar",
    end: { market: null, calendar: calendar(-HOUR_MS) },
    untilCloseMs: -1,
    isClosed: false,
    nextOpenMs: null,
  },
  {
    when: "the clock is silent before a session of the calendar",
    end: { market: null, calendar: calendar(HOUR_MS) },
    untilCloseMs: HOUR_MS,
    isClosed: true,
    nextOpenMs: NOW_MS + HOUR_MS,
  },
  {
    when: "the clock is silent, the calendar unknown, and the close ahead",
    end: { market: null },
    untilCloseMs: 1,
    isClosed: false,
    nextOpenMs: null,
  },
  {
    when: "the clock is silent, the calendar unknown, and the close past",
    end: { market: null },
    untilCloseMs: 0,
    isClosed: true,
    nextOpenMs: null,
  },
];

for (const { when, end, untilCloseMs, isClosed, nextOpenMs } of CASES) {
  Deno.test(`buildAlarmContext() knows whether the market is closed where ${when}`, () => {
    const context = buildAlarmContext(endWorld({ end, now: { untilCloseMs } }));
    assertEquals([context.isClosed, context.nextOpenMs], [isClosed, nextOpenMs]);
  });
}
