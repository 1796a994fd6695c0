import { LogLines } from "../../src/domain/day/log_lines.ts";
import { formatNy } from "../../src/domain/time/ny_time.ts";
import { decideStart, type StartDecision } from "../../src/domain/alert/starts.ts";
import { createLog, type RememberingLog } from "../../src/runtime/logging.ts";
import { LIVE_ENVIRONMENT, TradingDay } from "../engine/trading_day.ts";
import { SlackSink } from "../engine/slack_sink.ts";
import { SAMPLE_DAY_NY } from "../simulator/scenario.ts";
import { afterOpen, type DayKind } from "./kinds.ts";

/** Where the operator reads a line. */
export type Surface = "journal" | "log" | "error in the trail" | "Slack";

/** A line as the operator reads it. */
export interface ToldLine {
  readonly atMs: number;
  readonly surface: Surface;
  readonly text: string;
}

const START_MINUTES = -10;
const END_MINUTES = 410;

/**
 * Runs a whole day of a kind with a real HTTP sink.
 * @param dateNy Which sample day.
 * @returns All that its operator is told, in order.
 */
export async function tellDay(
  kind: DayKind,
  dateNy: string = SAMPLE_DAY_NY,
): Promise<readonly ToldLine[]> {
  const lines: ToldLine[] = [];
  const slack = new SlackSink();
  let log: RememberingLog | null = null;
  let start: StartDecision | undefined;
  const day: TradingDay = new TradingDay({
    startMs: afterOpen(START_MINUTES, dateNy),
    dateNy,
    slack,
    createLog: (clock) => {
      start = decideStart(start?.value, clock.nowMs());
      const isContinued = schedule.onceMinutes !== undefined || start.loop !== null;
      log = createLog({
        clock,
        secrets: [],
        write: (text) =>
          void lines.push({ atMs: clock.nowMs(), surface: "journal", text: cutTime(text) }),
        heard: isContinued ? log?.listHeard() ?? [] : [],
      });
      return log;
    },
  });
  slack.onTaken = (text) => void lines.push({ atMs: day.time.nowMs(), surface: "Slack", text });
  const schedule = kind(day, slack) ?? {};
  try {
    await runDay(day, dateNy, schedule);
    lines.push(...await readTrail(day, dateNy));
  } finally {
    await slack.stop();
  }
  return lines.sort((a, b) => a.atMs - b.atMs);
}

async function runDay(
  day: TradingDay,
  dateNy: string,
  { environment, endMinutes = [], onceMinutes }: Exclude<ReturnType<DayKind>, void>,
): Promise<void> {
  const all = { ...LIVE_ENVIRONMENT, EXECUTION_POLL_SECONDS: "300", ...environment };
  const goTo = (minutes: number) =>
    day.time.jump(Math.max(0, afterOpen(minutes, dateNy) - day.time.nowMs()));
  if (onceMinutes !== undefined) {
    for (let minutes = onceMinutes[0]; minutes < onceMinutes[1]; minutes++) {
      goTo(minutes);
      await day.run(all, { isRunOnce: true });
    }
    return;
  }
  let before = START_MINUTES;
  for (const minutes of [...endMinutes, END_MINUTES]) {
    // A process that did not start is tried again at the time of the next one.
    goTo(before);
    await day.run(all, { untilMs: afterOpen(minutes, dateNy) });
    before = minutes;
  }
}

/** What `log` prints, and the trail's own errors. */
async function readTrail(day: TradingDay, dateNy: string): Promise<ToldLine[]> {
  const log = new LogLines();
  const lines: ToldLine[] = [];
  for (const event of await day.listEvents(dateNy)) {
    const atMs = Date.parse(`${event["at"]}`);
    for (const line of log.take(event)) {
      lines.push({ atMs: line.atMs ?? atMs, surface: "log", text: line.text });
    }
    if (event.type !== "error") continue;
    lines.push({ atMs, surface: "error in the trail", text: `${event["message"]}` });
  }
  return lines;
}

/** A line of the journal without its time. */
function cutTime(text: string): string {
  return text.trimEnd().replace(/^\[[^\]]*\] /, "");
}

/** A day as it is read, for people. */
export function formatStory(lines: readonly ToldLine[]): string {
  return lines.map(({ atMs, surface, text }) => {
    const indent = `\n${" ".repeat(20)}`;
    return `${formatNy(atMs).slice(11, 19)} ${surface.padEnd(10)} ${
      text.replaceAll("\n", indent)
    }\n`;
  }).join("");
}
