import { type LogPort, StateError } from "../engine/ports.ts";
import { appendSynced } from "./durable_file.ts";
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
}

/** What the writer is made of. */
export interface EventFileWriterOptions {
  readonly fs: FileSystem;
  readonly log: LogPort;
  readonly limits?: { readonly softBytes: number; readonly hardBytes: number };
  /** Makes the line, with its line feed, by which the writer itself says something in the file. */
  readonly buildNotice: (message: string) => string;
}

const LINE_FEED = 10;

/** Appends lines to the day's file; knows how it left the file, and so where a tail may be torn. */
export class EventFileWriter {
  /** The file as the last complete append left it: where the disk has another size, its end is not known. */
  private tail: { readonly path: string; readonly sizeBytes: number } | null = null;
  private lostLines = 0;
  private readonly said = new Set<string>();
  private readonly softBytes: number;
  private readonly hardBytes: number;

  constructor(private readonly options: EventFileWriterOptions) {
    this.softBytes = options.limits?.softBytes ?? EVENTS_SOFT_BYTES;
    this.hardBytes = options.limits?.hardBytes ?? EVENTS_HARD_BYTES;
  }

  /** Durable when it returns, or said in the log and counted. Lines of one file share one sync. */
  async write(lines: readonly EventLine[]): Promise<void> {
    for (const path of new Set(lines.map((line) => line.path))) {
      const part = lines.filter((line) => line.path === path);
      try {
        await this.append(path, part);
      } catch (error) {
        if (!(error instanceof StateError)) throw error;
        if (this.lostLines === 0) {
          this.options.log.error(`Event log failed, its lines are lost: ${error.message}`);
        }
        this.lostLines += part.length;
      }
    }
  }

  private async append(path: string, lines: readonly EventLine[]): Promise<void> {
    const { fs } = this.options;
    const before = await fs.lstat(path);
    const sizeBytes = before?.sizeBytes ?? 0;
    const text = this.cutToLimits(lines, { path, sizeBytes });
    if (text === "") return;
    const isKnown = this.tail?.path === path && this.tail.sizeBytes === sizeBytes;
    const isTorn = !isKnown && await this.isTorn(path, sizeBytes);
    const bytes = new TextEncoder().encode((isTorn ? "\n" : "") + this.buildLossNotice() + text);
    await appendSynced(fs, path, bytes, before);
    // Whoever made the file may have ended, or failed, before its name was synced.
    if (!isKnown) await fs.syncDir(parentOf(path));
    this.tail = { path, sizeBytes: sizeBytes + bytes.length };
    if (this.lostLines > 0) this.options.log.info("Event log is written again");
    this.lostLines = 0;
  }

  /** A crash or a full disk left half a line at the end: it is closed off, so that every later line parses. */
  private async isTorn(path: string, sizeBytes: number): Promise<boolean> {
    if (sizeBytes === 0) return false;
    const last = await this.options.fs.readChunk(path, { fromByte: sizeBytes - 1, maxBytes: 1 });
    return last[0] !== LINE_FEED;
  }

  private buildLossNotice(): string {
    return this.lostLines === 0
      ? ""
      : this.options.buildNotice(`${this.lostLines} events before this could not be written`);
  }

  private cutToLimits(
    lines: readonly EventLine[],
    file: { readonly path: string; readonly sizeBytes: number },
  ): string {
    let text = "";
    let sizeBytes = file.sizeBytes;
    for (const line of lines) {
      const lineBytes = new TextEncoder().encode(line.text).length;
      if (sizeBytes + lineBytes > this.hardBytes) {
        this.sayOnce(`${file.path} is full: no more events are recorded in it`);
        continue;
      }
      if (sizeBytes + lineBytes > this.softBytes && !line.isEssential) {
        const message = `${file.path} is over ${this.softBytes} bytes: only orders, gates, ` +
          "errors, kill switch and alerts are recorded from here";
        if (this.sayOnce(message)) text += this.options.buildNotice(message);
        continue;
      }
      text += line.text;
      sizeBytes += lineBytes;
    }
    return text;
  }

  private sayOnce(message: string): boolean {
    if (this.said.has(message)) return false;
    this.said.add(message);
    this.options.log.warn(message);
    return true;
  }
}
