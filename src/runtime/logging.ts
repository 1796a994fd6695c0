import { configureSync, getLogger, type LogLevel, type LogRecord } from "@logtape/logtape";
import { formatNy } from "../domain/time/ny_time.ts";
import type { ClockPort, LogPort } from "../engine/ports.ts";
import { formatOneLine, formatWithoutSecrets } from "../domain/one_line.ts";
import {
  ALARM,
  buildMeaning,
  type EndedRun,
  formatEnded,
  formatRepeats,
  type Heard,
  Repetition,
} from "../domain/alert/repetition.ts";

const CATEGORY = "avwap";
const MARKS: Readonly<Partial<Record<LogLevel, string>>> = {
  warning: "WARNING ",
  error: "ERROR ",
};
/** Priorities that the journal takes from a line's beginning: informational, warning, error. */
const PRIORITIES: Readonly<Partial<Record<LogLevel, string>>> = { warning: "<4>", error: "<3>" };
const PRIORITY_INFO = "<6>";
/** What a cycle says of something that stands; every other information is of something that happened. */
const STANDING_INFO =
  /^(Bars|EXIT|INTENT|Gate DRY_RUN|Market data|DRY_RUN: (already submitted|would (trim|close))) /;
/** Said in each cycle, whatever was said before (pipeline 1). */
const EACH_CYCLE = /^Watchlist refused: /;

/** What the log is made of. */
export interface LogOptions {
  /** Gives each line its New York time. */
  readonly clock: Pick<ClockPort, "nowMs">;
  /** What is never printed. */
  readonly secrets: readonly string[];
  /** Takes a whole line with its end; has written when it returns. */
  readonly write: (text: string) => void;
  /** Whether the journal reads it: each line then begins with its priority, which the journal takes away again. */
  readonly isJournal?: boolean;
  /** What processes before this one said (`RememberingLog`): what repeats is counted over restarts. */
  readonly heard?: Heard;
}

/** A log that can be gone on with by another process. */
export interface RememberingLog extends LogPort {
  /** What the log of the next process is to be made with, without secrets. */
  listHeard(): Heard;
}

/**
 * Makes the log: one line each, `[2026-01-20 09:45:00 EST] text` (interface, Gate), `WARNING ` or `ERROR ` after the
 * time. What a cycle repeats is said once an hour and counted. The library behind it has one configuration for the
 * process, so the log made last is the one that writes.
 */
export function createLog(
  { clock, secrets, write, isJournal = false, heard = [] }: LogOptions,
): RememberingLog {
  const sink = (record: LogRecord) => {
    const text = formatOneLine(record.message.join(""));
    const priority = isJournal ? PRIORITIES[record.level] ?? PRIORITY_INFO : "";
    write(`${priority}[${formatNy(clock.nowMs())}] ${MARKS[record.level] ?? ""}${text}\n`);
  };
  configureSync({
    reset: true,
    sinks: { line: sink },
    loggers: [
      { category: CATEGORY, sinks: ["line"], lowestLevel: "info" },
      // The library's own messages would come in a form of their own.
      { category: ["logtape", "meta"], sinks: [], lowestLevel: "fatal" },
    ],
  });
  const logger = getLogger(CATEGORY);
  // As a template's value, because braces in a plain message would be read as placeholders.
  const repetition = new Repetition(heard);
  const log = holdRepeats({
    info: (line) => logger.info`${line}`,
    warn: (line) => logger.warn`${line}`,
    error: (line) => logger.error`${line}`,
  }, { clock, repetition });
  // Before anything is remembered of it.
  const clean = (line: string) => formatWithoutSecrets(line, secrets);
  return {
    info: (line) => log.info(clean(line)),
    warn: (line) => log.warn(clean(line)),
    error: (line, options) => log.error(clean(line), options),
    listHeard: () => repetition.listHeard(),
  };
}

function formatRun(run: EndedRun): string {
  return `${run.text}${formatEnded(run)}`;
}

/** The log that says what repeats once, with its count the next time, or when it has ended. */
function holdRepeats(
  log: LogPort,
  { clock, repetition }: {
    readonly clock: Pick<ClockPort, "nowMs">;
    readonly repetition: Repetition;
  },
): LogPort {
  const say = (level: keyof LogPort, line: string, isDistinct = false) => {
    const nowMs = clock.nowMs();
    for (const line of repetition.takeEnded(nowMs).map(formatRun)) log.info(line);
    const isStanding = level === "info"
      ? STANDING_INFO.test(line)
      : !EACH_CYCLE.test(line) && !ALARM.test(line);
    if (!isStanding) return log[level](line);
    const meaning = `${level} ${isDistinct ? line : buildMeaning(line)}`;
    const decision = repetition.decide({ meaning, text: line }, nowMs);
    if (decision.kind === "say") log[level](`${line}${formatRepeats(decision.repeats)}`);
  };
  return {
    info: (line) => say("info", line),
    warn: (line) => say("warn", line),
    error: (line, options) => say("error", line, options?.isDistinct),
  };
}
