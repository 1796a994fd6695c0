/** As much of `Deno.stdout` as is needed. */
export interface SyncStream {
  writeSync(bytes: Uint8Array): number;
}

/** A full pipe is waited for this often, a millisecond each; then the rest of the text is given up. */
const FULL_PIPE_TRIES_MAX = 100;

/**
 * Makes a writer that has written when it returns, so that nothing is lost at an exit. It never throws: a command whose
 * reader has seen enough (`status | head`) ends as if it had been read.
 * @param onUnwritten Called with the error where a text could not be written to its end.
 */
export function createTextWriter(
  stream: SyncStream,
  onUnwritten: (error: unknown) => void = () => {},
): (text: string) => void {
  const encoder = new TextEncoder();
  return (text) => {
    const bytes = encoder.encode(text);
    let tries = 0;
    for (let at = 0; at < bytes.length;) {
      try {
        at += stream.writeSync(bytes.subarray(at));
      } catch (error) {
        const isFull = error instanceof Deno.errors.WouldBlock;
        if (!isFull || ++tries >= FULL_PIPE_TRIES_MAX) return onUnwritten(error);
        waitOneMillisecond();
      }
    }
  };
}

function waitOneMillisecond(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}
