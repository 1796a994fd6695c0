import type { ClockPort } from "../engine/ports.ts";
import { isFullPipe } from "./standard_stream.ts";

/** As much of `Deno.stdout` as is needed: a write that may wait for its reader for ever. */
export interface AsyncStream {
  write(bytes: Uint8Array): Promise<number>;
}

/** A stream for a process that must go on whoever reads it. */
export interface QueuedWriter {
  /** Never waits and never throws: what the reader does not take in time is dropped and counted. */
  write(text: string): void;
  /** Waits until everything is written, at most `maxMs`. */
  flush(maxMs: number): Promise<void>;
}

/** How long a write may wait for its reader before what follows is dropped. */
export const BLOCKED_MS = 2_000;
/** How often a pipe that does not block is tried again while it is full. */
const FULL_PIPE_WAIT_MS = 20;
/** What may wait meanwhile. */
const QUEUED_CHARS_MAX = 256 * 1024;

/** A text, or how many were dropped in its place. */
type Queued = string | { readonly droppedCount: number };

/**
 * Makes a writer whose stream may block: a pipe that nobody reads, a journal that hangs, a terminal that was stopped.
 * Writes are the runtime's asynchronous ones, so that only a thread of its own waits; the loop and signals go on. A text
 * that can't be written (the reader is gone, the disk is full) counts as dropped too.
 * @param describeDropped The line that says how many texts were dropped; it is written in their place as soon as the
 * stream takes one again.
 */
export function createQueuedWriter(
  { stream, clock, describeDropped, blockedMs = BLOCKED_MS }: {
    readonly stream: AsyncStream;
    readonly clock: Pick<ClockPort, "monotonicMs" | "sleep">;
    readonly describeDropped: (count: number) => string;
    /** Infinity: only what is more than the queue holds is dropped. */
    readonly blockedMs?: number;
  },
): QueuedWriter {
  const encoder = new TextEncoder();
  const queue: Queued[] = [];
  let queuedChars = 0;
  /** Dropped, and not said yet. */
  let unsaidCount = 0;
  /** Since when the stream has not taken anything, while something waits for it. */
  let waitingSinceMs: number | null = null;
  let pumping: Promise<void> | null = null;

  const isBlocked = () =>
    queuedChars >= QUEUED_CHARS_MAX ||
    (waitingSinceMs !== null && clock.monotonicMs() - waitingSinceMs >= blockedMs);

  /** A full pipe is waited for, whether or not it blocks by itself. */
  async function writeSome(bytes: Uint8Array): Promise<number> {
    for (;;) {
      try {
        return await stream.write(bytes);
      } catch (error) {
        if (!isFullPipe(error)) throw error;
        await clock.sleep(FULL_PIPE_WAIT_MS);
      }
    }
  }

  async function isWritten(text: string): Promise<boolean> {
    const bytes = encoder.encode(text);
    try {
      for (let at = 0; at < bytes.length;) {
        waitingSinceMs = clock.monotonicMs();
        at += await writeSome(bytes.subarray(at));
      }
      return true;
    } catch {
      return false; // The reader is gone, or the disk full: counted, and said should that change.
    } finally {
      waitingSinceMs = null;
    }
  }

  async function pump(): Promise<void> {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const text = typeof next === "string" ? next : "";
      queuedChars -= text.length;
      if (typeof next !== "string") unsaidCount += next.droppedCount;
      const notice = unsaidCount > 0 ? describeDropped(unsaidCount) : "";
      if (await isWritten(notice + text)) unsaidCount = 0;
      else if (text !== "") unsaidCount++;
    }
    pumping = null;
  }

  function drop(): void {
    const last = queue.at(-1);
    if (typeof last === "object") queue[queue.length - 1] = { droppedCount: last.droppedCount + 1 };
    else queue.push({ droppedCount: 1 });
  }

  return {
    write(text) {
      if (isBlocked()) return drop();
      queue.push(text);
      queuedChars += text.length;
      pumping ??= pump();
    },
    async flush(maxMs) {
      if (pumping === null) return;
      const done = new AbortController();
      const waited = clock.sleep(maxMs, done.signal);
      await Promise.race([pumping, waited]);
      done.abort();
      await waited;
    },
  };
}
