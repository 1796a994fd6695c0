import type { EngineEvent, EventType, RecordedEvent } from "../domain/day/events.ts";
import { dateNyOf } from "../domain/time/ny_time.ts";
import { type ClockPort, type EventLogPort, type LogPort, StateError } from "../engine/ports.ts";
import { buildEventLine, buildEventPath, parseEventFileName } from "./event_line.ts";
import { readEvents } from "./event_reader.ts";
import { EventFileWriter, type EventLine, type TrailDisk } from "./event_file_writer.ts";
import { type FileSystem, joinPath } from "./file_system.ts";
import { buildRedact } from "./redaction.ts";
import { createSerial } from "./serial.ts";
import { readTrailRecords } from "./trail_records.ts";

/** New York days that event files are kept. */
export const EVENTS_KEPT_DAYS = 90;

/** What an inquiry into the account needs; goes on where a day's file has become too large for everything. */
const ESSENTIAL: ReadonlySet<EventType> = new Set<EventType>([
  "order_recorded",
  "order_request",
  "order_answer",
  "exchange",
  "order_update",
  "entry_end",
  "fill",
  "verdict",
  "gate",
  "kill_switch",
  "alert",
  "error",
]);

/**
 * After these what was appended is made durable: a request's answer is here, a cycle or a process has begun or ended.
 * Nothing between a decision and its request waits for the disk for the trail's sake: the record is what counts.
 */
const SYNCED: ReadonlySet<EventType> = new Set<EventType>([
  "order_answer",
  "cycle",
  "engine_started",
  "engine_stopped",
]);

/** The event log, with what the engine calls once a day. */
export interface EventLog extends EventLogPort {
  /** Records what the state directory's records say at the start (`RecordsEvent`). Never throws. */
  recordStart(): Promise<void>;
  /** Removes event files older than `EVENTS_KEPT_DAYS`. Never throws: a failure is a log line. */
  removeOld(): Promise<void>;
}

/** What the event log is made of. */
export interface EventLogOptions {
  readonly fs: FileSystem;
  readonly stateDir: string;
  readonly clock: ClockPort;
  readonly log: LogPort;
  /** Texts that must not reach the file: keys, tokens, the webhook's address. */
  readonly secrets: readonly string[];
  /** Sizes of a day's file above which only essential events, and above which none are recorded. */
  readonly limits?: { readonly softBytes: number; readonly hardBytes: number };
  /** The disk that it shares with the records, whose last room it leaves to them; absent: it has its disk for itself. */
  readonly disk?: TrailDisk;
}

/**
 * The audit trail `events-YYYY-MM-DD.jsonl` (interface, Files): each line is in the file when its `record` returns, so that
 * the end of the process takes none, and synced with the next answer, cycle or end: a power failure takes at most the lines
 * since. Never throws for what the disk does: of failures in a row the first
 * is said in the log, and how many events are missing in the file once it can be written again.
 */
export function createEventLog(options: EventLogOptions): EventLog {
  const { clock, stateDir } = options;
  const redact = buildRedact(options.secrets);
  const inTurn = createSerial();
  const buildLine = (event: EngineEvent): EventLine => {
    const nowMs = clock.nowMs();
    return {
      path: buildEventPath(stateDir, dateNyOf(nowMs)),
      text: buildEventLine(event, { nowMs, redact }),
      isEssential: ESSENTIAL.has(event.type),
      isSynced: SYNCED.has(event.type),
    };
  };
  const writer = new EventFileWriter({
    ...options,
    buildNotice: (message) => buildLine({ type: "error", message }).text,
  });
  let waiting: EventLine[] = [];
  /** Of a batch, until those who asked for them are told. */
  const lostLines = new Set<EventLine>();
  const record = (event: EngineEvent) => {
    const line = buildLine(event);
    waiting.push(line);
    return inTurn(async () => {
      const batch = waiting;
      waiting = [];
      for (const lost of await writer.write(batch)) lostLines.add(lost);
      return !lostLines.delete(line);
    });
  };
  return {
    record,
    recordStart: async () => {
      for (const event of await readTrailRecords(options.fs, { stateDir, redact })) {
        await record(event);
      }
    },
    // In turn: what was recorded before is read too.
    listDay: (query) => inTurn(() => listDay(options, query)),
    removeOld: () => inTurn(() => removeOld(options)),
  };
}

async function listDay(
  { fs, stateDir }: EventLogOptions,
  { dateNy, types }: { readonly dateNy: string; readonly types: readonly EventType[] },
): Promise<RecordedEvent[]> {
  const found: RecordedEvent[] = [];
  for await (const item of readEvents(fs, { stateDir, dateNy, types: new Set<string>(types) })) {
    if (item.kind === "event") found.push(item.event);
  }
  return found;
}

async function removeOld({ fs, stateDir, clock, log }: EventLogOptions): Promise<void> {
  const todayMs = Date.parse(`${dateNyOf(clock.nowMs())}T00:00:00Z`);
  const oldestKept = new Date(todayMs - EVENTS_KEPT_DAYS * 86_400_000).toISOString().slice(0, 10);
  try {
    for (const name of await fs.listDir(stateDir)) {
      const dateNy = parseEventFileName(name);
      if (dateNy !== null && dateNy < oldestKept) await fs.remove(joinPath(stateDir, name));
    }
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    log.warn(`Old event files stay: ${error.message}`);
  }
}
