/** As much of `Deno.stdout` as is needed. */
export interface SyncStream {
  writeSync(bytes: Uint8Array): number;
}

/** A full pipe is waited for this often, a millisecond each; then the rest of the text is given up. */
const FULL_PIPE_TRIES_MAX = 100;

/**
 * Makes a writer that has written when it returns, so that nothing is lost at an exit. It never throws: a command whose
 * reader has seen enough (`status | head`) ends as if it had been read.
 * @param onGone Called where a text could not be written for another reason than a full pipe.
 */
export function createTextWriter(
  stream: SyncStream,
  onGone: () => void = () => {},
): (text: string) => void {
  const encoder = new TextEncoder();
  return (text) => {
    const bytes = encoder.encode(text);
    let tries = 0;
    for (let at = 0; at < bytes.length && tries < FULL_PIPE_TRIES_MAX;) {
      try {
        at += stream.writeSync(bytes.subarray(at));
      } catch (error) {
        if (!(error instanceof Deno.errors.WouldBlock)) return onGone();
        tries++;
        waitOneMillisecond();
      }
    }
  };
}

function waitOneMillisecond(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}
