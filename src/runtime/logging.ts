import { configureSync, getLogger, type LogLevel, type LogRecord } from "@logtape/logtape";
import { formatNy } from "../domain/ny_time.ts";
import type { ClockPort, LogPort } from "../engine/ports.ts";
import { formatOneLine, formatWithoutSecrets } from "../domain/one_line.ts";

const CATEGORY = "avwap";
const MARKS: Readonly<Partial<Record<LogLevel, string>>> = {
  warning: "WARNING ",
  error: "ERROR ",
};
/** Priorities that the journal takes from a line's beginning: informational, warning, error. */
const PRIORITIES: Readonly<Partial<Record<LogLevel, string>>> = { warning: "<4>", error: "<3>" };
const PRIORITY_INFO = "<6>";

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
}

/**
 * Makes the log: one line each, `[2026-01-20 09:45:00 EST] text` (interface, Gate), `WARNING ` or `ERROR ` after the
 * time. The library behind it has one configuration for the process, so the log made last is the one that writes.
 */
export function createLog({ clock, secrets, write, isJournal = false }: LogOptions): LogPort {
  const sink = (record: LogRecord) => {
    const text = formatOneLine(formatWithoutSecrets(record.message.join(""), secrets));
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
  return {
    info: (line) => logger.info`${line}`,
    warn: (line) => logger.warn`${line}`,
    error: (line) => logger.error`${line}`,
  };
}
