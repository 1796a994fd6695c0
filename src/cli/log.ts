import { formatCounted } from "../domain/counted.ts";
import { type LogLine, LogLines } from "../domain/day/log_lines.ts";
import { formatEvent, formatEventTime } from "../domain/day/event_sentence.ts";
import { readTimeMs, type RecordedEvent } from "../domain/day/events.ts";
import { dateNyOf, nyToMs } from "../domain/time/ny_time.ts";
import { parseTicker } from "../domain/order/symbol.ts";
import { formatOneLine } from "../domain/one_line.ts";
import { listenForStop } from "../runtime/signals.ts";
import { createDenoFileSystem } from "../state/deno_file_system.ts";
import { readEvents } from "../state/event_reader.ts";
import { isDate } from "../state/ledger_schema.ts";
import type { Command, ProgramHost } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import { readStateDir, runGuarded, sayError } from "./operator_config.ts";
import { type ParsedOptions, UsageError } from "./options.ts";
import { readDate } from "./report.ts";
import { PROGRAM } from "./version.ts";

/** How often `--follow` looks for new lines. */
export const FOLLOW_MS = 1_000;
/** How long nothing may be printed to a pipe or file: that its reader ended shows only when something is written. */
const PROBE_MS = 30_000;
/** Days that `--since` may reach back: event files are kept no longer. */
const DAYS_MAX = 91;
const DAY_MS = 86_400_000;

/** `log`: the event log as sentences (interface, Files). */
export const LOG_COMMAND: Command = {
  name: "log",
  summary: "the event log as sentences",
  description:
    "Prints what the engine decided, asked and heard, one sentence a line with its New York " +
    "time, from events-YYYY-MM-DD.jsonl in AVWAP_STATE_DIR: today's, or those that --date or " +
    "--since name. How things stand is said once an hour and counted, what happened each time; " +
    "--all prints every line. --follow goes on with what is recorded until SIGINT or SIGTERM, " +
    "or until its reader ends; where that is no terminal, 30 s without a line bring an empty " +
    "one, by which a reader that ended is noticed. Exits 1 where there is nothing to print.",
  options: [
    { name: "follow", valueName: null, help: "go on printing as lines are recorded" },
    {
      name: "trades",
      valueName: null,
      help: "only what was bought and sold, and what became of positions",
    },
    { name: "all", valueName: null, help: "each line, also what only repeats" },
    { name: "symbol", valueName: "SYM", help: "only what is about this symbol" },
    {
      name: "since",
      valueName: "TIME",
      help: "HH:MM or HH:MM:SS New York, or ISO 8601 with its zone",
    },
    { name: "date", valueName: "YYYY-MM-DD", help: "the New York day (today)" },
  ],
  examples: [
    `${PROGRAM} log --symbol NVDA --since 09:45`,
    `${PROGRAM} log --trades`,
    `${PROGRAM} log --follow`,
    `${PROGRAM} log --date 2026-11-20`,
  ],
  statuses: {
    [EXIT.done]: "printed",
    [EXIT.notSo]: "the day has no events",
    [EXIT.configInvalid]: "configuration invalid",
  },
  checkOptions: (options, nowMs) => void readSelection(options, nowMs),
  run: (host, options) => runGuarded(host, () => runLog(host, options)),
};

/** What is printed. */
interface Selection {
  readonly stateDir: string;
  readonly firstNy: string;
  readonly lastNy: string;
  readonly symbol: string | null;
  /** Unix ms; -Infinity for everything. */
  readonly sinceMs: number;
  /** Whether only fills and positions are printed. */
  readonly isTradesOnly: boolean;
  /** Whether what repeats is printed each time. */
  readonly isAll: boolean;
  readonly isFollowing: boolean;
}

async function runLog(host: ProgramHost, options: ParsedOptions): Promise<number> {
  const selection = {
    ...readSelection(options, host.clock.nowMs()),
    stateDir: readStateDir(host.environment),
  };
  const printer = createPrinter(host, selection);
  let fromByte = 0;
  for (const dateNy of listDays(selection)) {
    fromByte = await printer.printDay(dateNy, 0);
  }
  if (selection.isFollowing) {
    await follow(host, printer, { dateNy: selection.lastNy, fromByte });
    return EXIT.done;
  }
  printer.printRest();
  if (printer.count() > 0) return EXIT.done;
  const days = selection.firstNy === selection.lastNy
    ? selection.lastNy
    : `${selection.firstNy} to ${selection.lastNy}`;
  sayError(host, `no events of ${days} in ${selection.stateDir} that match`);
  return EXIT.notSo;
}

/** @throws {UsageError} Naming the option that means nothing. */
function readSelection(
  { values, flags }: ParsedOptions,
  nowMs: number,
): Omit<Selection, "stateDir"> {
  const todayNy = dateNyOf(nowMs);
  const date = values.get("date");
  if (date !== undefined && flags.has("follow")) {
    throw new UsageError("Options --date and --follow exclude each other: a past day is over");
  }
  const lastNy = readDate(date, todayNy);
  const since = values.get("since");
  const sinceMs = since === undefined ? -Infinity : readSince(since, lastNy);
  const sinceNy = Number.isFinite(sinceMs) ? dateNyOf(sinceMs) : lastNy;
  return {
    firstNy: date === undefined && sinceNy < lastNy ? sinceNy : lastNy,
    lastNy,
    symbol: readSymbol(values.get("symbol")),
    sinceMs,
    isTradesOnly: flags.has("trades"),
    isAll: flags.has("all"),
    isFollowing: flags.has("follow"),
  };
}

function readSymbol(given: string | undefined): string | null {
  if (given === undefined) return null;
  const symbol = parseTicker(given);
  if (symbol !== null) return symbol;
  throw new UsageError(
    `Option --symbol is ${JSON.stringify(given)}: write a symbol like NVDA or BRK.B`,
  );
}

const TIME_NY = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/;
const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * A moment as the operator typed it.
 * @param dateNy The day that a time alone is of.
 * @returns Unix ms.
 * @throws {UsageError}
 */
export function readSince(text: string, dateNy: string): number {
  const time = TIME_NY.exec(text);
  if (time !== null) {
    const [, hours = "", minutes = "", seconds = "0"] = time;
    return nyToMs(dateNy, `${hours}:${minutes}`) + Number(seconds) * 1000;
  }
  const ms = ISO.test(text) && isDate(text.slice(0, 10)) ? Date.parse(text) : NaN;
  if (Number.isFinite(ms)) return ms;
  throw new UsageError(
    `Option --since is ${JSON.stringify(text)}: give HH:MM or HH:MM:SS in New York, ` +
      "or a time like 2026-11-23T14:30:00Z",
  );
}

/** The days of a selection, oldest first, never more than are kept. */
function listDays({ firstNy, lastNy }: Selection): string[] {
  const lastMs = Date.parse(`${lastNy}T00:00:00Z`);
  const days: string[] = [];
  for (let back = 0; back < DAYS_MAX; back++) {
    const dateNy = new Date(lastMs - back * DAY_MS).toISOString().slice(0, 10);
    if (dateNy < firstNy) break;
    days.unshift(dateNy);
  }
  return days;
}

/** Prints the events of a selection, and counts them. */
interface Printer {
  /** @returns Where to go on reading the day's file. */
  printDay(dateNy: string, fromByte: number): Promise<number>;
  /** Where nothing more is read: what waited for its place in time. */
  printRest(): void;
  count(): number;
}

function createPrinter(host: ProgramHost, selection: Selection): Printer {
  const fs = createDenoFileSystem();
  const { stateDir, isAll, isFollowing } = selection;
  const hasDays = selection.firstNy !== selection.lastNy;
  const lines = new LogLines();
  const waiting: LogLine[] = [];
  let printed = 0;
  const print = ({ atMs, text }: LogLine) => {
    printed++;
    const day = hasDays ? `${atMs === null ? "?" : dateNyOf(atMs)} ` : "";
    host.writeOut(`${day}${formatEventTime(atMs)}  ${formatOneLine(text)}\n`);
  };
  return {
    count: () => printed,
    async printDay(dateNy, fromByte) {
      let nextByte = fromByte;
      for await (const item of readEvents(fs, { stateDir, dateNy, fromByte })) {
        if (item.kind === "end") {
          nextByte = item.nextByte;
          saySkipped(host, dateNy, item.skippedLines);
        } else if (isSelected(item.event, selection)) {
          const taken = isAll ? [buildLine(item.event)] : lines.take(item.event);
          // How often a thing was said shows when it has ended, and stands where it did.
          if (isAll || isFollowing) taken.forEach(print);
          else waiting.push(...taken);
        }
      }
      return nextByte;
    },
    printRest() {
      if (isFollowing) return;
      waiting.push(...lines.takeRest());
      // As they stand in the file, where its times are not in order; but what has ended where it did.
      let lastMs = -Infinity;
      const placed = waiting.map((line) => {
        if (line.isEnd) return { line, atMs: line.atMs ?? lastMs };
        lastMs = Math.max(lastMs, line.atMs ?? lastMs);
        return { line, atMs: lastMs };
      });
      placed.sort((a, b) => a.atMs - b.atMs).forEach(({ line }) => print(line));
    },
  };
}

/** Lines that are none: what is printed is not all of the day. */
function saySkipped(host: ProgramHost, dateNy: string, skippedLines: number): void {
  if (skippedLines === 0) return;
  sayError(
    host,
    `${formatCounted(skippedLines, "line")} of events-${dateNy}.jsonl could not be read`,
  );
}

/** An event's own sentence. */
function buildLine(event: RecordedEvent): LogLine {
  return { atMs: readTimeMs(event), text: formatEvent(event), isEnd: false };
}

/** Events of `--trades`: everything else is how they came about. */
const TRADES: ReadonlySet<string> = new Set(["fill", "position"]);

function isSelected(event: RecordedEvent, selection: Selection): boolean {
  const { symbol, sinceMs, isTradesOnly } = selection;
  if (isTradesOnly && !TRADES.has(event.type)) return false;
  if (symbol !== null && event.symbol !== symbol) return false;
  return (readTimeMs(event) ?? Infinity) >= sinceMs;
}

/** Goes on until a signal or until nobody reads any more, into the next day's file when New York's day turns. */
async function follow(
  host: ProgramHost,
  printer: Printer,
  from: { readonly dateNy: string; readonly fromByte: number },
): Promise<void> {
  const listener = listenForStop(host.signals, { stop: () => {}, impatient: host.exitNow });
  const probe = createProbe(host, printer);
  let { dateNy, fromByte } = from;
  try {
    while (!listener.signal.aborted && host.isReaderGone?.() !== true) {
      await host.clock.sleep(FOLLOW_MS, listener.signal);
      fromByte = await printer.printDay(dateNy, fromByte);
      const todayNy = dateNyOf(host.clock.nowMs());
      if (todayNy > dateNy) {
        dateNy = todayNy;
        fromByte = await printer.printDay(dateNy, 0);
      }
      probe();
    }
  } finally {
    listener.close();
  }
}

/** Writes an empty line where nothing was printed for a while; to a terminal, whose end is a signal, none. */
function createProbe(host: ProgramHost, printer: Printer): () => void {
  let count = printer.count();
  let writtenMs = host.clock.monotonicMs();
  return () => {
    if (host.isTerminal === true) return;
    const nowMs = host.clock.monotonicMs();
    const isSilent = printer.count() === count;
    if (isSilent && nowMs - writtenMs < PROBE_MS) return;
    if (isSilent) host.writeOut("\n");
    count = printer.count();
    writtenMs = nowMs;
  };
}
