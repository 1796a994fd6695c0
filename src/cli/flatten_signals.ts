import type { SignalHost } from "../runtime/signals.ts";

/**
 * Between a cancel and its sell a position must not be left without either, by a terminal that hangs up or by one ^C: what has
 * begun goes on, and says so. A second ^C, or SIGTERM, ends it where it stands.
 * @returns Gives the signals back.
 */
export function goOnThroughSignals(
  signals: SignalHost,
  say: (line: string) => void,
): () => void {
  const hangUp = () => {};
  const stop = () => {
    removeStop();
    say(
      "Not stopped: what is cancelled has no stop before the end; once more ends it where it stands",
    );
  };
  const removeStop = () => {
    for (const signal of STOPS) signals.removeSignalListener(signal, stop);
  };
  signals.addSignalListener("SIGHUP", hangUp);
  for (const signal of STOPS) signals.addSignalListener(signal, stop);
  return () => {
    signals.removeSignalListener("SIGHUP", hangUp);
    removeStop();
  };
}

const STOPS = ["SIGINT", "SIGTERM"] as const;
