import { formatCounted } from "../domain/counted.ts";
import { buildWhy, formatWhy } from "../domain/day/why.ts";
import { dateNyOf } from "../domain/time/ny_time.ts";
import { formatOneLine } from "../domain/one_line.ts";
import type { RecordedEvent } from "../domain/day/events.ts";
import { StateError } from "../engine/ports.ts";
import { createDenoFileSystem } from "../state/deno_file_system.ts";
import { readEvents } from "../state/event_reader.ts";
import type { Command, ProgramHost } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import { readStateDir, runGuarded, sayError } from "./operator_config.ts";
import { readSymbol } from "./operator_request.ts";
import type { ParsedOptions } from "./options.ts";
import { readDate } from "./report.ts";
import { PROGRAM } from "./version.ts";

/** `why SYMBOL`: what was seen and decided in it, and what would have to change for an order (interface, Commands). */
export const WHY_COMMAND: Command = {
  name: "why",
  argument: "SYMBOL",
  summary: "why a symbol was bought today, or was not",
  description:
    "Prints one paragraph from the day's events: the breakout with its bars, the intent, what the " +
    "gate and the caps said, what was sent and filled, and what would have to change for an order. " +
    "It reads events-YYYY-MM-DD.jsonl in AVWAP_STATE_DIR alone, asks nobody and changes nothing. " +
    "Exits 1 where the day has no events.",
  options: [
    { name: "date", valueName: "YYYY-MM-DD", help: "the New York day (today)" },
    { name: "json", valueName: null, help: "one JSON document" },
  ],
  examples: [`${PROGRAM} why NVDA`, `${PROGRAM} why TSLA --date 2026-11-20`],
  statuses: {
    [EXIT.done]: "printed",
    [EXIT.notSo]: "the day has no events",
    [EXIT.configInvalid]: "configuration invalid",
  },
  checkOptions: (options, nowMs) => void readAsked(options, nowMs),
  run: (host, options) => runGuarded(host, () => runWhy(host, options)),
};

async function runWhy(host: ProgramHost, options: ParsedOptions): Promise<number> {
  const { symbol, dateNy } = readAsked(options, host.clock.nowMs());
  const stateDir = readStateDir(host.environment);
  const { events, gaps } = await readDay(stateDir, { dateNy, symbol });
  for (const gap of gaps) sayError(host, gap);
  if (events.length === 0) {
    if (gaps.length === 0) sayError(host, `no events of ${dateNy} in ${stateDir}: give --date`);
    return EXIT.notSo;
  }
  const why = buildWhy(events, symbol);
  const text = formatOneLine(formatWhy(why, { symbol, dateNy }));
  host.writeOut(
    options.flags.has("json")
      ? `${JSON.stringify({ symbol, date_ny: dateNy, ...why, text }, null, 2)}\n`
      : `${text}\n`,
  );
  return EXIT.done;
}

/** @throws {UsageError} */
function readAsked(options: ParsedOptions, nowMs: number): { symbol: string; dateNy: string } {
  return {
    symbol: readSymbol(options, "why"),
    dateNy: readDate(options.values.get("date"), dateNyOf(nowMs)),
  };
}

/** What the day is told by beside the symbol's own: kept alone, a busy day has a thousand symbols. */
const OF_EVERY_SYMBOL: ReadonlySet<string> = new Set(["gate", "watchlist", "engine_started"]);

async function readDay(
  stateDir: string,
  { dateNy, symbol }: { readonly dateNy: string; readonly symbol: string },
): Promise<{ readonly events: readonly RecordedEvent[]; readonly gaps: readonly string[] }> {
  const events: RecordedEvent[] = [];
  const gaps: string[] = [];
  try {
    for await (const item of readEvents(createDenoFileSystem(), { stateDir, dateNy })) {
      if (item.kind === "end") {
        if (item.skippedLines > 0) {
          gaps.push(
            `${
              formatCounted(item.skippedLines, "line")
            } of events-${dateNy}.jsonl could not be read`,
          );
        }
      } else if (item.event.symbol === symbol || OF_EVERY_SYMBOL.has(item.event.type)) {
        events.push(item.event);
      }
    }
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    gaps.push(error.message);
  }
  return { events, gaps };
}
