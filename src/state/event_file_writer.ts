import { formatCounted } from "../domain/counted.ts";
import { type LogPort, StateError } from "../engine/ports.ts";
import { appendBytes } from "./durable_file.ts";
import { type FileSystem, parentOf } from "./file_system.ts";

/** From here on a day's file takes only essential events. */
export const EVENTS_SOFT_BYTES = 64 * 1024 * 1024;
/** From here on it takes nothing. */
export const EVENTS_HARD_BYTES = 128 * 1024 * 1024;

/** One line with its line feed, and the file that it belongs to. */
export interface EventLine {
  readonly path: string;
  readonly text: string;
  readonly isEssential: boolean;
  /** Whether it and what stands before it must be durable before the writer goes on. */
  readonly isSynced: boolean;
}

/** What the writer asks and tells of the disk that it shares with the records (pipeline 5). */
export interface TrailDisk {
  /** Whether the last room is the records': then nothing is written, and what is lost is counted. */
  isKeptForRecords(): boolean;
  note(error: unknown): void;
}

/** What the writer is made of. */
export interface EventFileWriterOptions {
  readonly fs: FileSystem;
  readonly log: LogPort;
  readonly limits?: { readonly softBytes: number; readonly hardBytes: number };
  readonly disk?: TrailDisk;
  /** Makes the line, with its line feed, by which the writer itself says something in the file. */
  readonly buildNotice: (message: string) => string;
}

const LINE_FEED = 10;
/** What one of a text's characters, as the language counts them, takes in UTF-8 at most. */
const BYTES_PER_CHAR_MAX = 3;

/** Appends lines to the day's file; knows how it left the file, and so where a tail may be torn. */
export class EventFileWriter {
  /** The file as the last complete append left it: where the disk has another size, its end is not known. */
  private tail: { readonly path: string; readonly sizeBytes: number } | null = null;
  /** Files with lines, or with a name, that a power failure could still take. */
  private readonly unsynced = new Set<string>();
  private lostLines = 0;
  private readonly said = new Set<string>();
  private readonly softBytes: number;
  private readonly hardBytes: number;

  constructor(private readonly options: EventFileWriterOptions) {
    this.softBytes = options.limits?.softBytes ?? EVENTS_SOFT_BYTES;
    this.hardBytes = options.limits?.hardBytes ?? EVENTS_HARD_BYTES;
  }

  /**
   * In the file when it returns, where a line asks for it durable, or said in the log and counted.
   * @returns Those that are not in the file.
   */
  async write(lines: readonly EventLine[]): Promise<readonly EventLine[]> {
    const lost: EventLine[] = [];
    const isSynced = lines.some((line) => line.isSynced);
    for (const path of new Set(lines.map((line) => line.path))) {
      const part = lines.filter((line) => line.path === path);
      if (this.options.disk?.isKeptForRecords() === true) {
        this.lose(part, "the disk is full, and what room is left is for the records");
        lost.push(...part);
        continue;
      }
      try {
        lost.push(...await this.append(path, part, isSynced));
      } catch (error) {
        if (!(error instanceof StateError)) throw error;
        this.options.disk?.note(error);
        this.lose(part, error.message);
        lost.push(...part);
      }
    }
    return lost;
  }

  private lose(lines: readonly EventLine[], why: string): void {
    if (this.lostLines === 0) {
      this.options.log.error(
        `Event log failed, its lines are lost: ${why}; avwap-execution check says what to do`,
      );
    }
    this.lostLines += lines.length;
  }

  /** @returns Lines that the file has no room for. */
  private async append(
    path: string,
    lines: readonly EventLine[],
    isSynced: boolean,
  ): Promise<readonly EventLine[]> {
    const { fs } = this.options;
    const before = await fs.lstat(path);
    const sizeBytes = before?.sizeBytes ?? 0;
    const { text, cut } = this.cutToLimits(lines, { path, sizeBytes });
    if (text === "") return cut;
    const isKnown = this.tail?.path === path && this.tail.sizeBytes === sizeBytes;
    const isTorn = !isKnown && await this.isTorn(path, sizeBytes);
    const bytes = new TextEncoder().encode((isTorn ? "\n" : "") + this.buildLossNotice() + text);
    // Whoever made the file, or wrote to it last, may have ended or failed before that was synced.
    if (!isKnown) this.unsynced.add(path);
    await appendBytes(fs, path, bytes, { before, isSynced });
    if (isSynced && this.unsynced.has(path)) {
      await fs.syncDir(parentOf(path));
      this.unsynced.delete(path);
    }
    this.tail = { path, sizeBytes: sizeBytes + bytes.length };
    if (this.lostLines > 0) this.options.log.info("Event log is written again");
    this.lostLines = 0;
    return cut;
  }

  /** A crash or a full disk left half a line at the end: it is closed off, so that every later line parses. */
  private async isTorn(path: string, sizeBytes: number): Promise<boolean> {
    if (sizeBytes === 0) return false;
    const last = await this.options.fs.readChunk(path, { fromByte: sizeBytes - 1, maxBytes: 1 });
    return last[0] !== LINE_FEED;
  }

  private buildLossNotice(): string {
    return this.lostLines === 0 ? "" : this.options.buildNotice(
      `${formatCounted(this.lostLines, "event")} before this could not be written`,
    );
  }

  private cutToLimits(
    lines: readonly EventLine[],
    file: { readonly path: string; readonly sizeBytes: number },
  ): { readonly text: string; readonly cut: readonly EventLine[] } {
    const whole = lines.map((line) => line.text).join("");
    // Far from the limits nothing is measured line by line: thousands of them are recorded together.
    if (file.sizeBytes + whole.length * BYTES_PER_CHAR_MAX <= this.softBytes) {
      return { text: whole, cut: [] };
    }
    const cut: EventLine[] = [];
    let text = "";
    let sizeBytes = file.sizeBytes;
    for (const line of lines) {
      const lineBytes = new TextEncoder().encode(line.text).length;
      if (sizeBytes + lineBytes > this.hardBytes) {
        this.sayOnce(`${file.path} is full: no more events are recorded in it`);
        cut.push(line);
        continue;
      }
      if (sizeBytes + lineBytes > this.softBytes && !line.isEssential) {
        const message = `${file.path} is over ${this.softBytes} bytes: only orders, gates, ` +
          "errors, kill switch and alerts are recorded from here";
        if (this.sayOnce(message)) text += this.options.buildNotice(message);
        cut.push(line);
        continue;
      }
      text += line.text;
      sizeBytes += lineBytes;
    }
    return { text, cut };
  }

  private sayOnce(message: string): boolean {
    if (this.said.has(message)) return false;
    this.said.add(message);
    this.options.log.warn(message);
    return true;
  }
}
