/** As much of `Deno.stdout` as is needed. */
export interface SyncStream {
  writeSync(bytes: Uint8Array): number;
}

/** The longest wait for a full pipe that takes nothing, after waits of 1, 2, 4 ms and so on: 8 s in all. */
const FULL_PIPE_WAIT_MS_MAX = 4096;

/**
 * Makes a writer that has written when it returns, so that nothing is lost at an exit. It never throws: a command whose
 * reader has seen enough (`status | head`) ends as if it had been read.
 * @param onUnwritten Called with the error where a text could not be written to its end.
 * @param wait Holds the process up for so long.
 */
export function createTextWriter(
  stream: SyncStream,
  onUnwritten: (error: unknown) => void = () => {},
  wait: (ms: number) => void = waitSync,
): (text: string) => void {
  const encoder = new TextEncoder();
  return (text) => {
    const bytes = encoder.encode(text);
    try {
      for (let at = 0; at < bytes.length;) at += writeSome(stream, bytes.subarray(at), wait);
    } catch (error) {
      onUnwritten(error);
    }
  };
}

/** Whoever made the pipe may have made it one that says it is full where another waits. */
function writeSome(stream: SyncStream, bytes: Uint8Array, wait: (ms: number) => void): number {
  for (let waitMs = 1;; waitMs *= 2) {
    try {
      return stream.writeSync(bytes);
    } catch (error) {
      if (!isFullPipe(error) || waitMs > FULL_PIPE_WAIT_MS_MAX) throw error;
      wait(waitMs);
    }
  }
}

/** Whether a write was refused because nobody has read yet what is in the pipe. */
export function isFullPipe(error: unknown): boolean {
  return error instanceof Deno.errors.WouldBlock;
}

function waitSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
