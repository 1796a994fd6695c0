import { buildDayView } from "../domain/day/day_view.ts";
import { buildPeriodView, listClosed } from "../domain/day/period.ts";
import { buildTradeCsv } from "../domain/day/trade_csv.ts";
import { dateNyOf } from "../domain/time/ny_time.ts";
import { StateError } from "../engine/ports.ts";
import { ConfigError } from "../runtime/settings.ts";
import { createDenoFileSystem } from "../state/deno_file_system.ts";
import { replaceFile } from "../state/durable_file.ts";
import { joinPath, parentOf } from "../state/file_system.ts";
import { isDate } from "../state/ledger_schema.ts";
import type { Command, ProgramHost } from "./command.ts";
import { type DayRecords, listRecordedDates, readDayRecords } from "./day_records.ts";
import { EXIT } from "./exit_status.ts";
import { readStateDir, runGuarded, sayError } from "./operator_config.ts";
import { type ParsedOptions, UsageError } from "./options.ts";
import { buildReportJson } from "./report/json.ts";
import { buildReport, type DayLink } from "./report/page.ts";
import { buildPeriodReport } from "./report/period_page.ts";
import { formatVersion, PROGRAM } from "./version.ts";

/** `report`: a day, or a period, as one self-contained HTML file, or its trades as CSV (interface, Commands). */
export const REPORT_COMMAND: Command = {
  name: "report",
  summary: "a day, or a period, as one self-contained HTML file",
  description:
    "Writes a New York day as one HTML file without a script: day result, trades, orders, fills, " +
    "refusals, caps, gate changes, equity and a price chart for each traded symbol. With --from " +
    "and --to a period: equity over its days, R per trade, win rate, expectancy, by weekday and " +
    "hour of entry, and what was refused. Made from events-*.jsonl in AVWAP_STATE_DIR, and from " +
    "ledger and archive where those are damaged; what is missing is named, the rest is shown. " +
    "Written to the state directory unless --out says where; - is standard output. --csv prints " +
    "the trades that ended, a line each, and --json one document: days, trades, refused, gaps, and " +
    "of one day its orders, stops, caps, gate, equity, positions, alerts and errors as day. Exits 1 " +
    "where there is no record of the day or period.",
  options: [
    { name: "date", valueName: "YYYY-MM-DD", help: "the New York day (today)" },
    { name: "from", valueName: "YYYY-MM-DD", help: "the first day of a period" },
    { name: "to", valueName: "YYYY-MM-DD", help: "its last day (today)" },
    { name: "csv", valueName: null, help: "the trades that ended, as CSV" },
    { name: "json", valueName: null, help: "one JSON document" },
    { name: "out", valueName: "FILE", help: "where to, - for standard output" },
  ],
  examples: [
    `${PROGRAM} report`,
    `${PROGRAM} report --date 2026-11-20 --out - > day.html`,
    `${PROGRAM} report --from 2026-10-01 --to 2026-10-31`,
    `${PROGRAM} report --from 2026-10-01 --csv > trades.csv`,
  ],
  statuses: {
    [EXIT.done]: "written",
    [EXIT.notSo]: "the day has no events",
    [EXIT.configInvalid]: "configuration invalid, or a path can't be written",
  },
  checkOptions: (options, nowMs) => {
    readRange(options, dateNyOf(nowMs));
    if (options.values.get("out") === "") {
      throw new UsageError("Option --out is empty: name a file, or - for standard output");
    }
  },
  run: (host, options) => runGuarded(host, () => runReport(host, options)),
};

/** What is asked for: one day, or a period; both ends are in it. */
interface Range {
  readonly kind: "day" | "period";
  readonly fromNy: string;
  readonly toNy: string;
}

async function runReport(host: ProgramHost, options: ParsedOptions): Promise<number> {
  const stateDir = readStateDir(host.environment);
  const range = readRange(options, dateNyOf(host.clock.nowMs()));
  const records = await readDayRecords(createDenoFileSystem(), { stateDir, ...range });
  const words = range.kind === "day" ? range.toNy : `${range.fromNy} to ${range.toNy}`;
  if (records.days.every(({ events }) => events.length === 0)) {
    for (const gap of records.gaps) sayError(host, gap);
    if (records.gaps.length > 0) return EXIT.notSo;
    const option = range.kind === "day"
      ? "another day with --date"
      : "other days with --from and --to";
    sayError(host, `no events of ${words} in ${stateDir}: give ${option}`);
    return EXIT.notSo;
  }
  const { name, text } = await buildText(host, { stateDir, range, records, options });
  const out = options.values.get("out") ?? (name === null ? "-" : joinPath(stateDir, name));
  if (out === "-") host.writeOut(text);
  else {
    await writePage(host, { path: out, isOption: options.values.has("out") }, text);
    host.writeOut(`Report of ${words}: ${out}\n`);
  }
  return EXIT.done;
}

/** @throws {UsageError} For options that exclude each other, or a period that ends before it begins. */
function readRange({ values, flags }: ParsedOptions, todayNy: string): Range {
  if (flags.has("csv") && flags.has("json")) {
    throw new UsageError("Options --csv and --json exclude each other");
  }
  const isPeriod = values.has("from") || values.has("to");
  if (!isPeriod) {
    const dateNy = readDate(values.get("date"), todayNy);
    return { kind: "day", fromNy: dateNy, toNy: dateNy };
  }
  if (values.has("date")) throw new UsageError("Option --date is a day: leave out --from and --to");
  const from = values.get("from");
  if (from === undefined) {
    throw new UsageError("Option --to needs --from: the first day of the period");
  }
  const fromNy = readDate(from, todayNy, "--from");
  const toNy = readDate(values.get("to"), todayNy, "--to");
  if (fromNy <= toNy) return { kind: "period", fromNy, toNy };
  throw new UsageError(`Option --from is ${fromNy}, after --to ${toNy}`);
}

/**
 * A New York day as the operator typed it, or today.
 * @throws {UsageError} For anything but a date of the calendar.
 */
export function readDate(text: string | undefined, todayNy: string, option = "--date"): string {
  if (text === undefined) return todayNy;
  if (isDate(text)) return text;
  throw new UsageError(`Option ${option} is ${JSON.stringify(text)}: give a day as YYYY-MM-DD`);
}

/** What is to be written. */
interface Asked {
  readonly stateDir: string;
  readonly range: Range;
  readonly records: DayRecords;
  readonly options: ParsedOptions;
}

/** The text that was asked for, and the file in the state directory that it goes to; `null`: standard output. */
async function buildText(
  host: ProgramHost,
  { stateDir, range, records, options }: Asked,
): Promise<{ readonly name: string | null; readonly text: string }> {
  const { days, earlier, gaps } = records;
  const { fromNy, toNy } = range;
  const nowMs = host.clock.nowMs();
  const program = formatVersion();
  const period = buildPeriodView(days, { fromNy, toNy, earlier });
  if (options.flags.has("csv")) {
    for (const gap of gaps) sayError(host, gap);
    return { name: null, text: buildTradeCsv(listClosed(period.closed)) };
  }
  const isJson = options.flags.has("json");
  if (range.kind === "period") {
    if (isJson) return { name: null, text: buildReportJson(period, { gaps }) };
    const text = buildPeriodReport(period, { program, gaps, nowMs });
    return { name: `report-${fromNy}-to-${toNy}.html`, text };
  }
  const view = buildDayView(days[0]?.events ?? [], toNy, { earlier, nowMs });
  if (isJson) return { name: null, text: buildReportJson(period, { gaps, day: view }) };
  const out = options.values.get("out");
  const dir = out === undefined || out === "-" ? stateDir : parentOf(out);
  const [previous, next] = await listNeighbours(host, { stateDir, dir, dateNy: toNy });
  return {
    name: buildPageName(toNy),
    text: buildReport(view, { program, gaps, nowMs, previous, next }),
  };
}

function buildPageName(dateNy: string): string {
  return `report-${dateNy}.html`;
}

/** The recorded days before and after one, with the way to their pages where those were made beside it. */
async function listNeighbours(
  host: ProgramHost,
  { stateDir, dir, dateNy }: {
    readonly stateDir: string;
    readonly dir: string;
    readonly dateNy: string;
  },
): Promise<[DayLink | null, DayLink | null]> {
  const fs = createDenoFileSystem();
  const dates = await listRecordedDates(fs, stateDir, []);
  const link = async (day: string | undefined): Promise<DayLink | null> => {
    if (day === undefined) return null;
    const path = joinPath(dir, buildPageName(day));
    const isMade = host.isPermitted({ name: "read", path }) && await fs.stat(path) !== null;
    return { dateNy: day, href: isMade ? buildPageName(day) : null };
  };
  return [
    await link(dates.findLast((each) => each < dateNy)),
    await link(dates.find((each) => each > dateNy)),
  ];
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
    const fs = createDenoFileSystem();
    if ((await fs.stat(path))?.kind === "dir") {
      throw new ConfigError(source, `is ${JSON.stringify(path)}, a directory: name a file in it`);
    }
    await replaceFile(fs, path, new TextEncoder().encode(page));
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    throw new ConfigError(source, `can't be written: ${error.message}`);
  }
}
