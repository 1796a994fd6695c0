import { parse } from "csv-parse/sync";
import { z } from "zod";
import type { Watchlist } from "../domain/candidate.ts";
import { parseWatchlist, type WatchlistRecord } from "../domain/watchlist.ts";
import { StateError, type WatchlistPort, type WatchlistRead } from "../engine/ports.ts";
import type { FileSystem } from "./file_system.ts";
import { decodeUtf8, LastContent } from "./text_file.ts";

/** A larger file is no watchlist. */
export const WATCHLIST_BYTES_MAX = 20 * 1024 * 1024;
const ATTEMPTS_MAX = 3;

/** What the content of a file meant. */
interface Parsed {
  readonly version: string;
  readonly watchlist: Watchlist;
}

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
        const text = decodeUtf8(found.bytes);
        if (text === null) {
          const message = `Cannot read ${JSON.stringify(path)}: it is not valid UTF-8 text`;
          return { kind: "unreadable", path, message };
        }
        const known = last.find(found.bytes);
        if (known !== null) return buildRead(path, found.modifiedAtMs, known);
        const version = await buildDigest(found.bytes);
        const parsed = { version, watchlist: parseWatchlistCsv(text) };
        last.keep(found.bytes, parsed);
        return buildRead(path, found.modifiedAtMs, parsed);
      } catch (error) {
        if (!(error instanceof StateError)) throw error;
        return { kind: "unreadable", path, message: error.message };
      }
    },
  };
}

function buildRead(path: string, modifiedAtMs: number, parsed: Parsed): WatchlistRead {
  const { version, watchlist } = parsed;
  return { kind: "read", path, modifiedAtMs, version, watchlist };
}

/** The bytes with the time of the very version that they are of: a file that changes while it is read is read again. */
async function readStable(
  fs: FileSystem,
  path: string,
): Promise<{ readonly bytes: Uint8Array; readonly modifiedAtMs: number } | null> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const before = await fs.stat(path);
    if (before === null) return null;
    const bytes = await fs.readBytes(path, WATCHLIST_BYTES_MAX);
    const after = await fs.stat(path);
    const isStable = after !== null && after.modifiedAtMs === before.modifiedAtMs &&
      after.sizeBytes === before.sizeBytes && bytes.length === after.sizeBytes;
    if (isStable) return { bytes, modifiedAtMs: after.modifiedAtMs };
  }
  throw new StateError(`Cannot read ${JSON.stringify(path)}: it keeps changing while it is read`);
}

async function buildDigest(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new Uint8Array(bytes));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const RecordsWire = z.array(z.object({
  info: z.object({ lines: z.number() }),
  record: z.array(z.string()),
}));

/** Parses the text of a watchlist: RFC 4180, byte-order mark, CRLF and blank lines included. Never throws. */
export function parseWatchlistCsv(text: string): Watchlist {
  // One kind of line end, so that lines count as an editor counts them, also within quotes.
  const plain = text.replace(/^\uFEFF/, "").replaceAll(/\r\n?/g, "\n");
  try {
    return parseWatchlist(listRecords(plain));
  } catch (error) {
    if (!(error instanceof Error) || error.name === "InvariantError") throw error;
    return { kind: "refused", reason: `it is not CSV: ${describeCsvError(error)}` };
  }
}

function listRecords(text: string): WatchlistRecord[] {
  const parsed: unknown = parse(text, {
    info: true,
    record_delimiter: "\n",
    relax_column_count: true,
    skip_empty_lines: true,
  });
  return RecordsWire.parse(parsed).flatMap(({ info, record }) => {
    const isBlank = record.length === 1 && record[0]?.trim() === "";
    const breaks = record.reduce((count, field) => count + field.split("\n").length - 1, 0);
    return isBlank ? [] : [{ line: info.lines - breaks, fields: record }];
  });
}

const CSV_FAULTS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: "a quote is not closed",
  INVALID_OPENING_QUOTE: "a quote within a field that does not start with one",
  CSV_INVALID_CLOSING_QUOTE: "text behind a closing quote",
};

function describeCsvError(error: Error): string {
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  const line = /at line (\d+)/.exec(error.message)?.[1];
  return `${line === undefined ? "" : `line ${line}: `}${CSV_FAULTS[code] ?? "it can't be parsed"}`;
}
