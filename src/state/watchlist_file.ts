import { parse } from "csv-parse/sync";
import { z } from "zod";
import type { Watchlist } from "../domain/entry/candidate.ts";
import {
  parseWatchlist,
  WATCHLIST_ROWS_MAX,
  type WatchlistRecord,
} from "../domain/entry/watchlist.ts";
import { StateError, type WatchlistPort } from "../engine/ports.ts";
import type { WatchlistRead } from "../domain/entry/watchlist_step.ts";
import type { FileSystem } from "./file_system.ts";
import { decodeUtf8, LastContent } from "./text_file.ts";

/** A larger file is no watchlist (pipeline 1). */
export const WATCHLIST_BYTES_MAX = 4 * 1024 * 1024;
const ATTEMPTS_MAX = 3;
/** A longer row is none: without a bound one line of commas costs a hundred times its size in memory. */
const ROW_CHARS_MAX = 64 * 1024;
const TOO_LONG = `a row is longer than ${ROW_CHARS_MAX} characters`;

/** What the content of a file meant. */
type Parsed = Pick<
  Extract<WatchlistRead, { kind: "read" }>,
  "version" | "watchlist" | "whileWriting"
>;

/**
 * The scan's file (pipeline 1). Links are followed: the scan may publish a dated file under one name. Never throws for
 * what the disk or the file does.
 */
export function createWatchlistFile(
  { fs, path }: { readonly fs: FileSystem; readonly path: string },
): WatchlistPort {
  const last = new LastContent<Parsed>();
  return {
    read: async () => {
      try {
        const found = await readStable(fs, path);
        if (found === null) return { kind: "missing", path };
        const { bytes, modifiedAtMs } = found;
        if (bytes === null) {
          return { kind: "read", path, modifiedAtMs, ...refuseSize(found.sizeBytes) };
        }
        const text = decodeUtf8(bytes);
        if (text === null) {
          const message = `Cannot read ${JSON.stringify(path)}: it is not valid UTF-8 text`;
          return { kind: "unreadable", path, message };
        }
        const parsed = last.find(bytes) ?? await parseContent(text);
        last.keep(bytes, parsed);
        return { kind: "read", path, modifiedAtMs, ...parsed };
      } catch (error) {
        if (!(error instanceof StateError)) throw error;
        return { kind: "unreadable", path, message: error.message };
      }
    },
  };
}

function refuseSize(sizeBytes: number): Parsed {
  const reason = `it is larger than 4 MB: ${sizeBytes} bytes`;
  return {
    version: `${sizeBytes} bytes`,
    watchlist: { kind: "refused", reason },
    whileWriting: null,
  };
}

/** A file's bytes, `null` where there are too many, with the time of the very version that they are of. */
interface StableFile {
  readonly bytes: Uint8Array | null;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

/** A file that changes while it is read is read again. */
async function readStable(fs: FileSystem, path: string): Promise<StableFile | null> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const before = await fs.stat(path);
    if (before === null) return null;
    const { sizeBytes, modifiedAtMs } = before;
    if (before.kind === "file" && sizeBytes > WATCHLIST_BYTES_MAX) {
      return { bytes: null, sizeBytes, modifiedAtMs };
    }
    const bytes = await fs.readBytes(path, WATCHLIST_BYTES_MAX);
    const after = await fs.stat(path);
    const isStable = after !== null && after.modifiedAtMs === modifiedAtMs &&
      after.sizeBytes === sizeBytes && bytes.length === sizeBytes;
    if (isStable) return { bytes, sizeBytes, modifiedAtMs };
  }
  throw new StateError(`Cannot read ${JSON.stringify(path)}: it keeps changing while it is read`);
}

async function parseContent(text: string): Promise<Parsed> {
  const plain = unifyLines(text);
  const end = plain.lastIndexOf("\n") + 1;
  // Without any line end there is no row yet, only a header.
  const isCut = end > 0 && plain.slice(end).trim() !== "";
  return {
    version: await buildDigest(plain.trimEnd()),
    watchlist: parsePlain(plain),
    whileWriting: isCut ? parsePlain(plain.slice(0, end)) : null,
  };
}

/** Names a content whatever its byte-order mark and line ends: a list that was only saved again is the same one. */
async function buildDigest(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Parses the text of a watchlist: RFC 4180, byte-order mark, CRLF and blank lines included. Never throws. */
export function parseWatchlistCsv(text: string): Watchlist {
  return parsePlain(unifyLines(text));
}

/** One kind of line end, so that lines count as an editor counts them, also within quotes; blank lines empty. */
function unifyLines(text: string): string {
  return text.replace(/^\uFEFF/, "").replaceAll(/\r\n?/g, "\n").replaceAll(/^[^\S\n]+$/gm, "");
}

function parsePlain(plain: string): Watchlist {
  const longLine = findLongLine(plain);
  if (longLine !== null) return { kind: "refused", reason: `line ${longLine}: ${TOO_LONG}` };
  try {
    return parseWatchlist(listRecords(plain));
  } catch (error) {
    if (!(error instanceof Error) || error.name === "InvariantError") throw error;
    return { kind: "refused", reason: `it is not CSV: ${describeCsvError(error)}` };
  }
}

/** The first line that is longer than a row may be. The parser's own bound counts no empty fields. */
function findLongLine(plain: string): number | null {
  let line = 1;
  for (let start = 0; start < plain.length; line++) {
    const end = plain.indexOf("\n", start);
    if ((end < 0 ? plain.length : end) - start > ROW_CHARS_MAX) return line;
    if (end < 0) return null;
    start = end + 1;
  }
  return null;
}

function listRecords(text: string): WatchlistRecord[] {
  const records: WatchlistRecord[] = [];
  parse(text, {
    max_record_size: ROW_CHARS_MAX,
    on_record: (record: unknown, { lines }) => {
      records.push(buildRecord(fieldsWire.parse(record), lines));
      // Kept here, as small as it may be; the parser keeps nothing.
      return null;
    },
    record_delimiter: "\n",
    relax_column_count: true,
    skip_empty_lines: true,
    // The header, and one row more than there may be, which is enough to refuse the file.
    to: WATCHLIST_ROWS_MAX + 2,
  });
  return records;
}

const fieldsWire = z.array(z.string());

/** @param endLine The line that the record ends on. */
function buildRecord(fields: readonly string[], endLine: number): WatchlistRecord {
  const breaks = fields.reduce((count, field) => count + field.split("\n").length - 1, 0);
  const length = fields.findLastIndex((field) => field !== "") + 1;
  return { line: endLine - breaks, fields: fields.slice(0, length) };
}

const CSV_FAULTS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: "a quote is not closed",
  INVALID_OPENING_QUOTE: "a quote within a field that does not start with one",
  CSV_INVALID_CLOSING_QUOTE: "text behind a closing quote",
  CSV_MAX_RECORD_SIZE: TOO_LONG,
};

function describeCsvError(error: Error): string {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const line = /at line (\d+)/.exec(error.message)?.[1];
  return `${line === undefined ? "" : `line ${line}: `}${CSV_FAULTS[code] ?? "it can't be parsed"}`;
}
