import { buildDayView } from "../../src/domain/day/day_view.ts";
import type { RecordedEvent } from "../../src/domain/day/events.ts";
import { buildPeriodView } from "../../src/domain/day/period.ts";
import { nyToMs } from "../../src/domain/time/ny_time.ts";
import { buildPeriodReport } from "../../src/cli/report/period_page.ts";
import { buildSamplePeriod } from "./sample_period.ts";
import { buildReport } from "../../src/cli/report/page.ts";
import { KILL_PATH, LIVE_ENVIRONMENT, TradingDay } from "../engine/trading_day.ts";
import { SAMPLE_HALF_DAY_NY, sampleOpenMs } from "../simulator/scenario.ts";

const MINUTE_MS = 60_000;

/** A report to look at, by a name. */
export interface ReportCase {
  readonly name: string;
  readonly page: string;
}

/** The engine's own day: two keys, trims, exits, refusals, and the kill switch in the afternoon. */
export async function runLiveDay(): Promise<RecordedEvent[]> {
  const openMs = sampleOpenMs();
  const day = new TradingDay({ startMs: openMs - 20 * MINUTE_MS });
  day.time.plan(openMs + 340 * MINUTE_MS, () => day.disk.put(KILL_PATH, ""));
  await day.run(LIVE_ENVIRONMENT, { untilMs: openMs + 420 * MINUTE_MS });
  return await day.listEvents();
}

/** A half day on which the broker rejects entries, then can't be reached for a quarter of an hour. */
async function runBadDay(): Promise<RecordedEvent[]> {
  const openMs = sampleOpenMs(SAMPLE_HALF_DAY_NY);
  const day = new TradingDay({ startMs: openMs - 20 * MINUTE_MS, dateNy: SAMPLE_HALF_DAY_NY });
  day.faults = ({ method }) => {
    const sinceMs = day.time.nowMs() - openMs;
    const body = '{"code":40310000,"message":"account not authorized <b>to trade</b>"}';
    if (method === "POST" && sinceMs < 60 * MINUTE_MS) return { kind: "status", status: 403, body };
    const isOut = sinceMs > 90 * MINUTE_MS && sinceMs < 105 * MINUTE_MS;
    return isOut ? { kind: "lost_before" } : null;
  };
  await day.run(LIVE_ENVIRONMENT, { untilMs: openMs + 240 * MINUTE_MS });
  return await day.listEvents(SAMPLE_HALF_DAY_NY);
}

async function runDryDay(): Promise<RecordedEvent[]> {
  const openMs = sampleOpenMs();
  const day = new TradingDay({ startMs: openMs - 20 * MINUTE_MS });
  await day.run({ ...LIVE_ENVIRONMENT, DRY_RUN: "1" }, { untilMs: openMs + 420 * MINUTE_MS });
  return await day.listEvents();
}

/** A day that is simulated at first, and LIVE from 10:08 on: what would have been bought is bought a few minutes later. */
async function runSwitchedDay(): Promise<RecordedEvent[]> {
  const openMs = sampleOpenMs();
  const day = new TradingDay({ startMs: openMs - 20 * MINUTE_MS });
  await day.run({ ...LIVE_ENVIRONMENT, DRY_RUN: "1" }, { untilMs: openMs + 38 * MINUTE_MS });
  await day.run(LIVE_ENVIRONMENT, { untilMs: openMs + 420 * MINUTE_MS });
  return await day.listEvents();
}

/** Texts that would break out of a page, or widen it, wherever a text can stand. */
function buildHostileDay(events: readonly RecordedEvent[]): RecordedEvent[] {
  const hostile = `</style></title></svg><script>document.title="broken"</script>"'&${
    "W".repeat(200)
  }`;
  return events.map((event) => {
    const texts = Object.entries(event).filter(([field, value]) =>
      typeof value === "string" && ["reason", "detail", "message", "title", "text"].includes(field)
    );
    return { ...event, ...Object.fromEntries(texts.map(([field]) => [field, hostile])) };
  });
}

/** A period, a day of whose records is damaged. */
function buildPeriod(dayCount: number): string {
  const { days } = buildSamplePeriod("2026-06-01", dayCount, 7);
  const [fromNy, toNy] = [days[0]?.dateNy ?? "", days.at(-1)?.dateNy ?? ""];
  const view = buildPeriodView(days, { fromNy, toNy, earlier: [] });
  return buildPeriodReport(view, {
    program: "avwap-execution test",
    gaps: ["3 lines of events-2026-06-02.jsonl could not be read"],
    nowMs: nyToMs(toNy, "20:00"),
  });
}

/** Every page that the browser looks at. */
export async function listReportCases(): Promise<ReportCase[]> {
  const live = await runLiveDay();
  const build = (events: readonly RecordedEvent[], dateNy: string, timeNy = "20:00") =>
    buildReport(buildDayView(events, dateNy, { earlier: [], nowMs: nyToMs(dateNy, timeNy) }), {
      program: "avwap-execution test",
      gaps: [],
      nowMs: nyToMs(dateNy, timeNy),
      previous: { dateNy: "2026-11-20", href: "report-2026-11-20.html" },
      next: { dateNy: "2026-11-24", href: null },
    });
  const dateNy = live[0]?.at.slice(0, 10) ?? "";
  return [
    { name: "live", page: build(live, dateNy) },
    { name: "bad", page: build(await runBadDay(), SAMPLE_HALF_DAY_NY) },
    { name: "dry", page: build(await runDryDay(), dateNy) },
    { name: "switched", page: build(await runSwitchedDay(), dateNy) },
    { name: "hostile", page: build(buildHostileDay(live), dateNy) },
    { name: "morning", page: build(live.slice(0, 40), dateNy, "10:20") },
    { name: "empty", page: build([], dateNy) },
    { name: "period", page: buildPeriod(90) },
    { name: "week", page: buildPeriod(4) },
  ];
}
