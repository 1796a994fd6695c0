import { formatCounted } from "../domain/counted.ts";
import { REPORT_EVENTS } from "../domain/day/day_view.ts";
import type { DayTrail } from "../domain/day/day_trail.ts";
import { listLedgerEvents } from "../domain/day/ledger_events.ts";
import { listUnopened, readEarlier } from "../domain/day/unopened.ts";
import type { RecordedEvent } from "../domain/day/events.ts";
import type { LedgerRead } from "../domain/account/records_read.ts";
import { StateError } from "../engine/ports.ts";
import { readArchivedLedger } from "../state/archived_ledger.ts";
import { buildEventPath, parseEventFileName } from "../state/event_line.ts";
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

/** What a day's event file held as far as it was read. */
interface ReadSoFar {
  readonly events: readonly RecordedEvent[];
  readonly lines: number;
  readonly skippedLines: number;
  readonly nextByte: number;
}

/** By New York date: whoever reads days again and again reads only what was added since. */
export type DayMemory = Map<string, ReadSoFar>;

/** Which days, and where. */
interface DayQuery {
  readonly stateDir: string;
  /** First and last New York date, both included. */
  readonly fromNy: string;
  readonly toNy: string;
  /** Absent: each file is read whole. */
  readonly memory?: DayMemory;
}

/** Reads what event files, ledger and archive have of some days. Never throws for what a file holds. */
export async function readDayRecords(
  fs: FileSystem,
  { stateDir, fromNy, toNy, memory = new Map() }: DayQuery,
): Promise<DayRecords> {
  const gaps: string[] = [];
  const dates = await listRecordedDates(fs, stateDir, gaps);
  const days: DayTrail[] = [];
  for (const dateNy of dates.filter((each) => each >= fromNy && each <= toNy)) {
    days.push(await readTrail(fs, { stateDir, dateNy, gaps, memory }));
  }
  const before = dates.filter((each) => each < fromNy).reverse();
  const earlier = await readEarlier(
    days,
    before,
    (dateNy) => readTrail(fs, { stateDir, dateNy, gaps, memory }),
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
  { stateDir, dateNy, gaps, memory }: {
    readonly stateDir: string;
    readonly dateNy: string;
    readonly gaps: string[];
    readonly memory: DayMemory;
  },
): Promise<DayTrail> {
  const { events, problem } = await readEventFile(fs, { stateDir, dateNy, memory });
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
  { stateDir, dateNy, memory }: {
    readonly stateDir: string;
    readonly dateNy: string;
    readonly memory: DayMemory;
  },
): Promise<{ readonly events: readonly RecordedEvent[]; readonly problem: string | null }> {
  const name = `events-${dateNy}.jsonl`;
  const events: RecordedEvent[] = [];
  try {
    const before = memory.get(dateNy) ?? NOTHING_READ;
    const sizeBytes = (await fs.stat(buildEventPath(stateDir, dateNy)))?.sizeBytes ?? 0;
    // One that is shorter by now is another file.
    let { lines, skippedLines, nextByte, ...from } = sizeBytes < before.nextByte
      ? NOTHING_READ
      : before;
    for (const event of from.events) events.push(event);
    for await (const item of readEvents(fs, { stateDir, dateNy, fromByte: nextByte })) {
      if (item.kind === "event") {
        lines++;
        if (REPORT_EVENTS.has(item.event.type)) events.push(item.event);
      } else {
        skippedLines += item.skippedLines;
        nextByte = item.nextByte;
      }
    }
    memory.set(dateNy, { events, lines, skippedLines, nextByte });
    if (skippedLines > 0) {
      const count = formatCounted(skippedLines, "line");
      return { events, problem: `${count} of ${name} could not be read` };
    }
    return { events, problem: lines === 0 ? `${name} is missing or empty` : null };
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return { events, problem: `${name} could not be read: ${error.message}` };
  }
}

const NOTHING_READ: ReadSoFar = { events: [], lines: 0, skippedLines: 0, nextByte: 0 };

async function readLedgerOf(
  fs: FileSystem,
  { stateDir, dateNy }: { readonly stateDir: string; readonly dateNy: string },
): Promise<LedgerRead> {
  const present = await createLiveLedger({ fs, stateDir }).read();
  if (present.kind === "ok" && present.ledger.dateNy === dateNy) return present;
  return await readArchivedLedger(fs, { stateDir, dateNy });
}
