/** As much of `Deno.stdout` as is needed. */
export interface SyncStream {
  writeSync(bytes: Uint8Array): number;
}

/** A full pipe is waited for this often, a millisecond each; then the rest of the text is given up. */
const FULL_PIPE_TRIES_MAX = 100;

/**
 * Makes a writer that has written when it returns, so that nothing is lost at an exit. It never throws: a log that nobody
 * reads any more must not stop trading.
 */
export function createTextWriter(stream: SyncStream): (text: string) => void {
  const encoder = new TextEncoder();
  return (text) => {
    const bytes = encoder.encode(text);
    let tries = 0;
    for (let at = 0; at < bytes.length && tries < FULL_PIPE_TRIES_MAX;) {
      try {
        at += stream.writeSync(bytes.subarray(at));
      } catch (error) {
        if (!(error instanceof Deno.errors.WouldBlock)) return; // The reader is gone.
        tries++;
        waitOneMillisecond();
      }
    }
  };
}

function waitOneMillisecond(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}
