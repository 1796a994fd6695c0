import { StateError } from "../engine/ports.ts";
import { type FileSystem, formatKind } from "./file_system.ts";

/** A file's text, or why there is none. */
export type TextRead =
  | { readonly kind: "missing"; readonly message: string }
  /** `isRead`: its bytes could be read and are no text; else another look may find one (EIO, not a regular file, too large). */
  | { readonly kind: "unreadable"; readonly message: string; readonly isRead: boolean }
  | { readonly kind: "text"; readonly text: string; readonly bytes: Uint8Array };

/** Our own JSON files are refused above this (pipeline 6). */
export const STATE_BYTES_MAX = 5 * 1024 * 1024;

/**
 * Reads a file of ours: a regular file, no link, at most `maxBytes`, strict UTF-8 (a byte-order mark stays in the text,
 * where JSON refuses it). Never throws for what the disk does.
 */
export async function readText(
  fs: FileSystem,
  path: string,
  maxBytes: number = STATE_BYTES_MAX,
): Promise<TextRead> {
  const read = await readRegular(fs, path, maxBytes);
  return read.kind === "bytes" ? decode(path, read.bytes) : read;
}

type RegularRead = Exclude<TextRead, { kind: "text" }> | {
  readonly kind: "bytes";
  readonly bytes: Uint8Array;
};

async function readRegular(fs: FileSystem, path: string, maxBytes: number): Promise<RegularRead> {
  const quoted = JSON.stringify(path);
  try {
    const found = await fs.lstat(path);
    if (found === null) return { kind: "missing", message: `${quoted} does not exist` };
    if (found.kind !== "file") {
      return {
        kind: "unreadable",
        isRead: false,
        message: `Cannot read ${quoted}: it is ${formatKind(found.kind)}, not a regular file`,
      };
    }
    return { kind: "bytes", bytes: await fs.readBytes(path, maxBytes, found) };
  } catch (error) {
    if (error instanceof StateError) {
      return { kind: "unreadable", isRead: false, message: error.message };
    }
    throw error;
  }
}

function decode(path: string, bytes: Uint8Array): TextRead {
  const text = decodeUtf8(bytes);
  return text === null
    ? {
      kind: "unreadable",
      isRead: true,
      message: `Cannot read ${JSON.stringify(path)}: it is not valid UTF-8 text`,
    }
    : { kind: "text", text, bytes };
}

const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Strict UTF-8; `null` where the bytes are not. A byte-order mark is kept. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return STRICT.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

/** JSON, or that it is none. */
export type JsonParse = { readonly kind: "json"; readonly value: unknown } | {
  readonly kind: "not_json";
};

/** Parses JSON without throwing. */
export function parseJson(text: string): JsonParse {
  try {
    const value: unknown = JSON.parse(text);
    return { kind: "json", value };
  } catch (error) {
    if (error instanceof SyntaxError) return { kind: "not_json" };
    throw error;
  }
}

/** Whether two files have the same content. */
export function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  const words = countWords(a, b);
  const [left, right] = [readWords(a, words), readWords(b, words)];
  for (let index = 0; index < words; index++) if (left[index] !== right[index]) return false;
  for (let index = words * WORD_BYTES; index < a.length; index++) {
    if (a[index] !== b[index]) return false;
  }
  return true;
}

const WORD_BYTES = Int32Array.BYTES_PER_ELEMENT;

/** Whole words from the beginning of both on: a long day's records are some hundred kilobytes, compared at each write. */
function countWords(a: Uint8Array, b: Uint8Array): number {
  const isAligned = a.byteOffset % WORD_BYTES === 0 && b.byteOffset % WORD_BYTES === 0;
  return isAligned ? Math.floor(a.length / WORD_BYTES) : 0;
}

function readWords({ buffer, byteOffset }: Uint8Array, words: number): Int32Array {
  return words === 0 ? NO_WORDS : new Int32Array(buffer, byteOffset, words);
}

const NO_WORDS = new Int32Array(0);

/** What a file's last content, read or written, meant: it is parsed once. */
export class LastContent<T> {
  #last: { readonly bytes: Uint8Array; readonly value: T } | null = null;

  /** Reads a file as `readText` does; what is known already is not decoded again. */
  async read(
    fs: FileSystem,
    path: string,
  ): Promise<TextRead | { readonly kind: "known"; readonly value: T }> {
    const read = await readRegular(fs, path, STATE_BYTES_MAX);
    if (read.kind !== "bytes") return read;
    const known = this.find(read.bytes);
    return known === null ? decode(path, read.bytes) : { kind: "known", value: known };
  }

  /** What the same bytes meant; `null` where they are others. */
  find(bytes: Uint8Array): T | null {
    const last = this.#last;
    if (last === null || !isSameBytes(last.bytes, bytes)) return null;
    // A file system that hands out one array until the file changes is known by it from now on.
    this.#last = { bytes, value: last.value };
    return last.value;
  }

  /** Takes the place of what was kept. */
  keep(bytes: Uint8Array, value: T): void {
    this.#last = { bytes, value };
  }
}
