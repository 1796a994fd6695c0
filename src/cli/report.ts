import { buildDayView, REPORT_EVENTS } from "../domain/day_view.ts";
import type { RecordedEvent } from "../domain/events.ts";
import { dateNyOf } from "../domain/ny_time.ts";
import { StateError } from "../engine/ports.ts";
import { ConfigError } from "../runtime/settings.ts";
import { createDenoFileSystem } from "../state/deno_file_system.ts";
import { replaceFile } from "../state/durable_file.ts";
import { readEvents } from "../state/event_reader.ts";
import { joinPath } from "../state/file_system.ts";
import { isDate } from "../state/ledger_schema.ts";
import type { Command, ProgramHost } from "./command.ts";
import { EXIT } from "./exit_status.ts";
import { readStateDir, runGuarded, sayError } from "./operator_config.ts";
import { type ParsedOptions, UsageError } from "./options.ts";
import { buildReport } from "./report/page.ts";
import { formatVersion, PROGRAM } from "./version.ts";

/** `report`: the day as one self-contained HTML file (interface, Commands). */
export const REPORT_COMMAND: Command = {
  name: "report",
  summary: "the day as one self-contained HTML file",
  description:
    "Writes a New York day as one HTML file without a script: orders, fills, refusals, caps,\n" +
    "gate changes, equity and a price chart for each traded symbol. Made from the event log\n" +
    "alone (events-YYYY-MM-DD.jsonl in AVWAP_STATE_DIR), so it works for past days and on a\n" +
    "copy of the file. Written to the state directory unless --out says where; - is standard\n" +
    "output. Exits 1 where the day has no events.",
  options: [
    { name: "date", valueName: "YYYY-MM-DD", help: "the New York day (today)" },
    { name: "out", valueName: "FILE", help: "where to, - for standard output" },
  ],
  examples: [
    `${PROGRAM} report`,
    `${PROGRAM} report --date 2026-11-20 --out - > day.html`,
  ],
  statuses: {
    [EXIT.done]: "written",
    [EXIT.notSo]: "the day has no events",
    [EXIT.configInvalid]: "configuration invalid, or a path can't be written",
  },
  run: (host, options) => runGuarded(host, () => runReport(host, options)),
};

async function runReport(host: ProgramHost, { values }: ParsedOptions): Promise<number> {
  const stateDir = readStateDir(host.environment);
  const dateNy = readDate(values.get("date"), dateNyOf(host.clock.nowMs()));
  const { events, skippedLines } = await listReportEvents(stateDir, dateNy);
  if (events.length === 0) {
    sayError(host, `no events of ${dateNy} in ${stateDir}: give another day with --date`);
    return EXIT.notSo;
  }
  const view = buildDayView(events, dateNy);
  const page = buildReport(view, { program: formatVersion(), skippedLines });
  const out = values.get("out") ?? joinPath(stateDir, `report-${dateNy}.html`);
  if (out === "-") host.writeOut(page);
  else {
    await writePage(host, { path: out, isOption: values.has("out") }, page);
    host.writeOut(`Report of ${dateNy}: ${out}\n`);
  }
  return EXIT.done;
}

/**
 * A New York day as the operator typed it, or today.
 * @throws {UsageError} For anything but a date of the calendar.
 */
export function readDate(text: string | undefined, todayNy: string): string {
  if (text === undefined) return todayNy;
  if (isDate(text)) return text;
  throw new UsageError(`Option --date is ${JSON.stringify(text)}: give a day as YYYY-MM-DD`);
}

/** Only what the report is made of is kept: the wire bodies of a busy day are most of its file. */
async function listReportEvents(
  stateDir: string,
  dateNy: string,
): Promise<{ readonly events: readonly RecordedEvent[]; readonly skippedLines: number }> {
  const events: RecordedEvent[] = [];
  let skippedLines = 0;
  for await (const item of readEvents(createDenoFileSystem(), { stateDir, dateNy })) {
    if (item.kind === "end") skippedLines = item.skippedLines;
    else if (REPORT_EVENTS.has(item.event.type)) events.push(item.event);
  }
  return { events, skippedLines };
}

/** @throws {ConfigError} Naming the option or variable whose path can't be written. */
async function writePage(
  host: ProgramHost,
  { path, isOption }: { readonly path: string; readonly isOption: boolean },
  page: string,
): Promise<void> {
  const source = isOption ? "--out" : "AVWAP_STATE_DIR";
  if (!host.isPermitted({ name: "write", path })) {
    throw new ConfigError(source, `is ${JSON.stringify(path)}, which this process may not write`);
  }
  try {
    await replaceFile(createDenoFileSystem(), path, new TextEncoder().encode(page));
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    throw new ConfigError(source, `can't be written: ${error.message}`);
  }
}
