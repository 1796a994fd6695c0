import { decideSummary, type SummaryMoment } from "../../../src/domain/alert/summary_due.ts";
import { assertEquals } from "../../assert.ts";

const at = (time: string) => Date.parse(`2026-01-20T${time}Z`);
/** 16:00 and 09:30 in New York. */
const CLOSE_MS = at("21:00:00");
const TODAY_OPEN_MS = at("14:30:00");
const TOMORROW_MS = Date.parse("2026-01-21T14:30:00Z");

/** A minute after the close of a day that was cycled in, without a set time. */
const OVER: SummaryMoment = {
  nowMs: CLOSE_MS + 60_000,
  market: { isOpen: false, nextOpenMs: TOMORROW_MS },
  timeNy: null,
  lastCycleAtMs: CLOSE_MS - 60_000,
};
const OPEN = { isOpen: true, nextOpenMs: TOMORROW_MS };
const SET: SummaryMoment = { ...OVER, timeNy: "16:05" };
const DUE_MS = at("21:05:00");

const CASES: readonly {
  readonly when: string;
  readonly moment: SummaryMoment;
  readonly isDue: boolean;
  readonly atMs?: number;
}[] = [
  { when: "the session is over", moment: OVER, isDue: true },
  { when: "the market is open", moment: { ...OVER, market: OPEN }, isDue: false },
  {
    when: "the session is still to come",
    moment: { ...OVER, market: { isOpen: false, nextOpenMs: TODAY_OPEN_MS } },
    isDue: false,
  },
  {
    when: "no cycle of ours was part of the day",
    moment: { ...OVER, lastCycleAtMs: CLOSE_MS - 86_400_000 },
    isDue: false,
  },
  { when: "there was no cycle at all", moment: { ...OVER, lastCycleAtMs: null }, isDue: false },
  { when: "its time is ahead", moment: SET, isDue: false, atMs: DUE_MS },
  { when: "its time has come", moment: { ...SET, nowMs: DUE_MS }, isDue: true },
  {
    when: "its time has come while the market is open",
    moment: { ...SET, nowMs: DUE_MS, market: OPEN, lastCycleAtMs: null },
    isDue: true,
  },
  {
    when: "its time has come before the day's session",
    moment: {
      ...SET,
      nowMs: at("13:00:00"),
      timeNy: "07:30",
      market: { isOpen: false, nextOpenMs: TODAY_OPEN_MS },
      lastCycleAtMs: null,
    },
    isDue: true,
  },
  {
    when: "its time has come on a day without a session",
    moment: { ...SET, nowMs: DUE_MS, lastCycleAtMs: null },
    isDue: false,
  },
];

for (const { when, moment, isDue, atMs = null } of CASES) {
  Deno.test(`decideSummary() calls the summary ${isDue ? "due" : "not due"} where ${when}`, () => {
    assertEquals(decideSummary(moment), { isDue, atMs });
  });
}
