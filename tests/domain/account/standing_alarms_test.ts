import { NO_STOPS } from "../../../src/domain/account/stop_losses.ts";
import { ABSENT, type Standing } from "../../../src/domain/account/standing.ts";
import { type AlarmContext, listAlarms } from "../../../src/domain/account/standing_alarms.ts";
import { assertEquals } from "../../assert.ts";

const NOW_MS = Date.parse("2026-11-23T17:30:00Z");
const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

function standing(change: Partial<Standing> = {}): Standing {
  return {
    symbol: "NVDA",
    positionId: "avwap-2026-11-23-NVDA-1",
    sureQty: 10,
    doubtfulQty: 0,
    mostHeldQty: 10,
    coveredQty: 10,
    gtcQty: 0,
    isCoverRead: true,
    isGtcNeeded: false,
    bareQty: 0,
    due: null,
    cause: "buy",
    why: "a buy rests",
    bareSinceMs: null,
    dueSinceMs: null,
    stops: NO_STOPS,
    ...change,
  };
}

function bareFor(ms: number, change: Partial<Standing> = {}): Standing {
  return standing({ bareQty: 10, coveredQty: 0, due: "stop", bareSinceMs: NOW_MS - ms, ...change });
}

function dueFor(ms: number, due: Standing["due"] = "r1_trim"): Standing {
  return standing({ due, dueSinceMs: NOW_MS - ms });
}

const OPEN: AlarmContext = {
  nowMs: NOW_MS,
  isLive: true,
  isOperatorStopped: false,
  toldSymbols: new Set(),
  isForgetful: false,
  isClosed: false,
  untilCloseMs: 3.5 * HOUR_MS,
  nextOpenMs: NOW_MS + 21 * HOUR_MS,
};
const STOPPED = { ...OPEN, isLive: false, isOperatorStopped: true };
const FAILING = { ...OPEN, isLive: false };
const CLOSED = { ...OPEN, isClosed: true, untilCloseMs: -MINUTE_MS };

const CASES: { when: string; standing: Standing; context: AlarmContext; kinds: string[] }[] = [
  { when: "nothing waits", standing: standing(), context: OPEN, kinds: [] },
  { when: "bare for 119 s", standing: bareFor(119 * SECOND_MS), context: OPEN, kinds: [] },
  { when: "bare for 2 min", standing: bareFor(2 * MINUTE_MS), context: OPEN, kinds: ["bare"] },
  {
    when: "bare a moment for a process that ends and can't write down since when",
    standing: bareFor(0),
    context: { ...OPEN, isForgetful: true },
    kinds: ["bare"],
  },
  {
    when: "a trim due a moment for a process that ends and can't write down since when",
    standing: dueFor(0),
    context: { ...OPEN, isForgetful: true },
    kinds: ["due"],
  },
  {
    when: "a position absent at night by one look alone",
    standing: { ...dueFor(4 * MINUTE_MS, "unknown"), cause: ABSENT.code },
    context: { ...CLOSED, untilCloseMs: -5 * MINUTE_MS },
    kinds: [],
  },
  {
    when: "a position absent since before the close",
    standing: { ...dueFor(4 * MINUTE_MS, "unknown"), cause: ABSENT.code },
    context: { ...CLOSED, untilCloseMs: -3 * MINUTE_MS },
    kinds: ["due"],
  },
  {
    when: "a position absent at night by two looks",
    standing: { ...dueFor(5 * MINUTE_MS, "unknown"), cause: ABSENT.code },
    context: { ...CLOSED, untilCloseMs: -6 * MINUTE_MS },
    kinds: ["due"],
  },
  {
    when: "bare a moment ten minutes before the close",
    standing: bareFor(0),
    context: { ...OPEN, untilCloseMs: 10 * MINUTE_MS },
    kinds: ["bare"],
  },
  {
    when: "bare a moment eleven minutes before the close",
    standing: bareFor(0),
    context: { ...OPEN, untilCloseMs: 11 * MINUTE_MS },
    kinds: [],
  },
  { when: "bare a moment while not LIVE", standing: bareFor(0), context: STOPPED, kinds: ["bare"] },
  {
    when: "bare a moment, and the kill switch's message says so",
    standing: bareFor(0),
    context: { ...STOPPED, toldSymbols: new Set([standing().symbol]) },
    kinds: [],
  },
  {
    when: "bare for 2 min, which the kill switch's message said",
    standing: bareFor(2 * MINUTE_MS),
    context: { ...STOPPED, toldSymbols: new Set([standing().symbol]) },
    kinds: ["bare"],
  },
  {
    when: "bare a moment, and the kill switch's message names others",
    standing: bareFor(0),
    context: { ...STOPPED, toldSymbols: new Set(["OTHER"]) },
    kinds: ["bare"],
  },
  {
    when: "unreadable a moment while not LIVE",
    standing: bareFor(0, { isCoverRead: false }),
    context: FAILING,
    kinds: [],
  },
  {
    when: "unreadable for 2 min while not LIVE",
    standing: bareFor(2 * MINUTE_MS, { isCoverRead: false }),
    context: FAILING,
    kinds: ["bare"],
  },
  {
    when: "unreadable a moment at the last call while not LIVE",
    standing: bareFor(0, { isCoverRead: false }),
    context: { ...FAILING, untilCloseMs: 20 * MINUTE_MS },
    kinds: ["bare"],
  },
  { when: "bare at the close", standing: bareFor(0), context: CLOSED, kinds: ["bare"] },
  { when: "a trim due for 119 s", standing: dueFor(119 * SECOND_MS), context: OPEN, kinds: [] },
  { when: "a trim due for 2 min", standing: dueFor(2 * MINUTE_MS), context: OPEN, kinds: ["due"] },
  {
    when: "a trim that the operator's own switch holds back",
    standing: dueFor(HOUR_MS),
    context: STOPPED,
    kinds: [],
  },
  {
    when: "a trim that a failing ledger holds back",
    standing: dueFor(HOUR_MS),
    context: FAILING,
    kinds: ["due"],
  },
  {
    when: "p at the stop under the operator's switch",
    standing: dueFor(HOUR_MS, "stop_exit"),
    context: STOPPED,
    kinds: ["due"],
  },
  {
    when: "a short position under the operator's switch",
    standing: { ...dueFor(HOUR_MS, "unknown"), cause: "short" },
    context: STOPPED,
    kinds: ["due"],
  },
  {
    when: "exits that can't be decided for 2 min",
    standing: dueFor(2 * MINUTE_MS, "unknown"),
    context: OPEN,
    kinds: ["due"],
  },
  {
    when: "exits that can't be decided under the operator's switch",
    standing: { ...dueFor(HOUR_MS, "unknown"), cause: "absent" },
    context: STOPPED,
    kinds: ["due"],
  },
];
for (const { when, standing, context, kinds } of CASES) {
  Deno.test(`listAlarms() is ${kinds.join() || "silent"} where ${when}`, () => {
    assertEquals(listAlarms([standing], context).map(({ kind }) => kind), kinds);
  });
}

Deno.test("listAlarms() is one message a cause, with every symbol in it", () => {
  const others = { symbol: "AAPL", positionId: "avwap-2026-11-23-AAPL-1" };
  const alarms = listAlarms(
    [
      bareFor(HOUR_MS),
      bareFor(HOUR_MS, others),
      bareFor(HOUR_MS, { symbol: "TSLA", cause: "refused" }),
    ],
    OPEN,
  );
  assertEquals(
    alarms.map(({ cause, standings }) => [cause, standings.map(({ symbol }) => symbol)]),
    [["buy", ["NVDA", "AAPL"]], ["refused", ["TSLA"]]],
  );
});

/** Values that the same alarm has over these moments; a new one is a new message. */
function valuesOver(contexts: readonly AlarmContext[]): number {
  const standings = [bareFor(HOUR_MS)];
  return new Set(contexts.flatMap((each) => listAlarms(standings, each)).map(({ value }) => value))
    .size;
}

Deno.test("listAlarms() says it again each hour, near the close, at the close and before the open", () => {
  const later = (minutes: number) => ({
    ...OPEN,
    nowMs: NOW_MS + minutes * MINUTE_MS,
    untilCloseMs: OPEN.untilCloseMs - minutes * MINUTE_MS,
  });
  assertEquals(valuesOver([later(0), later(10), later(29)]), 1);
  assertEquals(valuesOver([later(0), later(30), later(90)]), 3);
  // 15:45, and 15:50: the last ten minutes.
  assertEquals(valuesOver([later(195), later(200), later(205)]), 2);
  const night = (minutes: number) => ({ ...CLOSED, nowMs: NOW_MS + minutes * MINUTE_MS });
  assertEquals(valuesOver([later(205), night(211)]), 2);
  assertEquals(valuesOver([night(211), night(300), night(21 * 60 - 31)]), 1);
  assertEquals(valuesOver([night(300), night(21 * 60 - 30), night(21 * 60 - 1)]), 2);
});

Deno.test("listAlarms() says it anew where another symbol joins", () => {
  const one = listAlarms([bareFor(HOUR_MS)], OPEN);
  const two = listAlarms([bareFor(HOUR_MS), bareFor(HOUR_MS, { symbol: "AAPL" })], OPEN);
  assertEquals(one[0]?.value === two[0]?.value, false);
});
