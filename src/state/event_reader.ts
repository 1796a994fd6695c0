import { z } from "zod";
import type { RecordedEvent } from "../domain/day/events.ts";
import { buildEventPath, EVENT_VERSION } from "./event_line.ts";
import type { FileSystem } from "./file_system.ts";
import { parseJson } from "./text_file.ts";

const CHUNK_BYTES = 1 << 20;
/** A longer line is no event of ours; what follows it is read again from its end. */
const LINE_BYTES_MAX = 4 * CHUNK_BYTES;
const LINE_FEED = 10;

const EventWire = z.looseObject({
  v: z.literal(EVENT_VERSION),
  at: z.iso.datetime(),
  type: z.string(),
  symbol: z.string().optional(),
});

/** The beginning of a line as `buildEventLine` writes it, and its type. */
const HEAD = new RegExp(`^\\{"v":${EVENT_VERSION},"at":"[-0-9T:.]+Z","type":"([a-z_]+)"[,}]`);
/** A longer beginning is none of this program's. */
const HEAD_BYTES_MAX = 128;
const DECODER = new TextDecoder();

/** What reading a day's events yields: the events in their order, then the end. */
export type EventItem =
  | { readonly kind: "event"; readonly event: RecordedEvent }
  | {
    readonly kind: "end";
    /** Lines that are no event of this format: torn by a crash, or someone else's. */
    readonly skippedLines: number;
    /** Where to go on reading later: behind the last complete line. */
    readonly nextByte: number;
  };

/**
 * Reads the events of one New York date, in chunks. A last line without its line feed is left for the next time. A day
 * without a file has no events.
 * @param day `types`: others are passed over, by the beginning of their lines where this program wrote them: most of a long
 *   day are answers of the broker, which cost much to parse and tell nothing of a result.
 * @throws {StateError} Where the file is there and can't be read.
 */
export async function* readEvents(
  fs: FileSystem,
  { stateDir, dateNy, fromByte = 0, types = null }: {
    readonly stateDir: string;
    readonly dateNy: string;
    readonly fromByte?: number;
    readonly types?: ReadonlySet<string> | null;
  },
): AsyncGenerator<EventItem> {
  const path = buildEventPath(stateDir, dateNy);
  let skippedLines = 0;
  let nextByte = fromByte;
  if (await fs.stat(path) !== null) {
    for await (const line of readLines(fs, { path, fromByte })) {
      nextByte += line.byteLength;
      if (types !== null && isOfOther(line.bytes, types)) continue;
      const event = parseEvent(line.bytes);
      if (event === "blank") continue;
      if (event === null) skippedLines++;
      else if (types === null || types.has(event.type)) yield { kind: "event", event };
    }
  }
  yield { kind: "end", skippedLines, nextByte };
}

interface Line {
  /** Without the line feed; empty where the line was longer than any of ours. */
  readonly bytes: Uint8Array | null;
  readonly byteLength: number;
}

async function* readLines(
  fs: FileSystem,
  { path, fromByte }: { readonly path: string; readonly fromByte: number },
): AsyncGenerator<Line> {
  let rest = new Uint8Array(0);
  let droppedBytes = 0;
  for (let at = fromByte;;) {
    const chunk = await fs.readChunk(path, { fromByte: at, maxBytes: CHUNK_BYTES });
    if (chunk.length === 0) return;
    at += chunk.length;
    let joined = joinBytes(rest, chunk);
    for (let end = joined.indexOf(LINE_FEED); end >= 0; end = joined.indexOf(LINE_FEED)) {
      const bytes = droppedBytes > 0 ? null : joined.subarray(0, end);
      yield { bytes, byteLength: droppedBytes + end + 1 };
      droppedBytes = 0;
      joined = joined.subarray(end + 1);
    }
    if (joined.length > LINE_BYTES_MAX) {
      droppedBytes += joined.length;
      joined = new Uint8Array(0);
    }
    rest = joined;
  }
}

function joinBytes(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}

/** Whether the line's beginning alone says that it is an event of none of these types. */
function isOfOther(bytes: Uint8Array | null, types: ReadonlySet<string>): boolean {
  if (bytes === null) return false;
  const type = HEAD.exec(DECODER.decode(bytes.subarray(0, HEAD_BYTES_MAX)))?.[1];
  return type !== undefined && !types.has(type);
}

function parseEvent(bytes: Uint8Array | null): RecordedEvent | "blank" | null {
  if (bytes === null) return null;
  const text = DECODER.decode(bytes);
  if (text.trim() === "") return "blank";
  const json = parseJson(text);
  const wire = json.kind === "json" ? EventWire.safeParse(json.value) : null;
  return wire?.success ? wire.data : null;
}
