import { REPORT_EVENTS } from "../domain/day_view.ts";
import type { DayTrail } from "../domain/day/day_trail.ts";
import { listLedgerEvents } from "../domain/day/ledger_events.ts";
import { listUnopened, readEarlier } from "../domain/day/unopened.ts";
import type { RecordedEvent } from "../domain/events.ts";
import type { LedgerRead } from "../engine/ports.ts";
import { StateError } from "../engine/ports.ts";
import { readArchivedLedger } from "../state/archived_ledger.ts";
import { parseEventFileName } from "../state/event_line.ts";
import { readEvents } from "../state/event_reader.ts";
import { type FileSystem, joinPath } from "../state/file_system.ts";
import { ARCHIVE_DIR, createLiveLedger } from "../state/live_ledger.ts";

/** The records of some days. What can't be read is named in `gaps`, each a sentence without its full stop. */
export interface DayRecords {
  /** Days with records, oldest first. */
  readonly days: readonly DayTrail[];
  /** Days before them, oldest first, back to where their trades began. */
  readonly earlier: readonly DayTrail[];
  readonly gaps: readonly string[];
}

/**
 * Reads what event files, ledger and archive have of some days. Never throws for what a file holds.
 * @param range First and last New York date, both included.
 */
export async function readDayRecords(
  fs: FileSystem,
  { stateDir, fromNy, toNy }: {
    readonly stateDir: string;
    readonly fromNy: string;
    readonly toNy: string;
  },
): Promise<DayRecords> {
  const gaps: string[] = [];
  const dates = await listRecordedDates(fs, stateDir, gaps);
  const days: DayTrail[] = [];
  for (const dateNy of dates.filter((each) => each >= fromNy && each <= toNy)) {
    days.push(await readTrail(fs, { stateDir, dateNy, gaps }));
  }
  const before = dates.filter((each) => each < fromNy).reverse();
  const earlier = await readEarlier(
    days,
    before,
    (dateNy) => readTrail(fs, { stateDir, dateNy, gaps }),
  );
  for (const symbol of listUnopened([...earlier, ...days], days[0])) {
    gaps.push(`how ${symbol} was bought is in no record: its trade result is unknown`);
  }
  return { days, earlier, gaps };
}

/**
 * The New York dates that have an event file, or a ledger in the archive, oldest first.
 * @param gaps Takes up what could not be looked at.
 */
export async function listRecordedDates(
  fs: FileSystem,
  stateDir: string,
  gaps: string[],
): Promise<string[]> {
  const events = await listNames(fs, stateDir, gaps);
  const archived = await listNames(fs, joinPath(stateDir, ARCHIVE_DIR), gaps);
  const dates = [
    ...events.map(parseEventFileName),
    ...archived.map((name) => ARCHIVED.exec(name)?.[1] ?? null),
  ].flatMap((dateNy) => dateNy ?? []);
  return [...new Set(dates)].sort();
}

const ARCHIVED = /^live_orders_(\d{4}-\d{2}-\d{2})\.json$/;

async function listNames(fs: FileSystem, dir: string, gaps: string[]): Promise<string[]> {
  try {
    return await fs.stat(dir) === null ? [] : await fs.listDir(dir);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    gaps.push(error.message);
    return [];
  }
}

async function readTrail(
  fs: FileSystem,
  { stateDir, dateNy, gaps }: {
    readonly stateDir: string;
    readonly dateNy: string;
    readonly gaps: string[];
  },
): Promise<DayTrail> {
  const { events, problem } = await readEventFile(fs, { stateDir, dateNy });
  if (problem === null) return { dateNy, events };
  gaps.push(problem);
  const read = await readLedgerOf(fs, { stateDir, dateNy });
  if (read.kind !== "ok") {
    gaps.push(`no ledger of ${dateNy} stands in for it: ${read.message}`);
    return { dateNy, events };
  }
  const added = listLedgerEvents(read.ledger, events);
  if (added.length > 0) gaps.push(`the ledger of ${dateNy} stands in for some of its orders`);
  return { dateNy, events: [...added, ...events] };
}

/** Only what a report is made of is kept: the wire bodies of a busy day are most of its file. */
async function readEventFile(
  fs: FileSystem,
  { stateDir, dateNy }: { readonly stateDir: string; readonly dateNy: string },
): Promise<{ readonly events: readonly RecordedEvent[]; readonly problem: string | null }> {
  const name = `events-${dateNy}.jsonl`;
  const events: RecordedEvent[] = [];
  let lines = 0;
  let problem: string | null = null;
  try {
    for await (const item of readEvents(fs, { stateDir, dateNy })) {
      if (item.kind === "event") {
        lines++;
        if (REPORT_EVENTS.has(item.event.type)) events.push(item.event);
      } else if (item.skippedLines > 0) {
        const count = item.skippedLines === 1 ? "1 line" : `${item.skippedLines} lines`;
        problem = `${count} of ${name} could not be read`;
      }
    }
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return { events, problem: `${name} could not be read: ${error.message}` };
  }
  return { events, problem: problem ?? (lines === 0 ? `${name} is missing or empty` : null) };
}

async function readLedgerOf(
  fs: FileSystem,
  { stateDir, dateNy }: { readonly stateDir: string; readonly dateNy: string },
): Promise<LedgerRead> {
  const present = await createLiveLedger({ fs, stateDir }).read();
  if (present.kind === "ok" && present.ledger.dateNy === dateNy) return present;
  return await readArchivedLedger(fs, { stateDir, dateNy });
}
