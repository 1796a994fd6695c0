/** As much of `Deno` as is needed to hear signals. */
export interface SignalHost {
  addSignalListener(signal: StopSignal | "SIGHUP", listener: () => void): void;
  removeSignalListener(signal: StopSignal | "SIGHUP", listener: () => void): void;
}

/** The signals that end the loop. */
export type StopSignal = "SIGTERM" | "SIGINT";

const STATUS_OF: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

/** A stop that has been asked for, or not yet. */
export interface StopListener {
  readonly signal: AbortSignal;
  /** Hears no more signals. */
  close(): void;
}

/**
 * Turns the first SIGTERM or SIGINT into an orderly stop (interface, `run`). A second one means that the operator will
 * not wait: `onImpatient` gets the shell's status for it. What is on disk is valid at any instant, so nothing is lost.
 */
export function listenForStop(
  host: SignalHost,
  on: {
    readonly stop: (signal: StopSignal) => void;
    readonly impatient: (status: number) => void;
  },
): StopListener {
  const controller = new AbortController();
  const listeners = (["SIGTERM", "SIGINT"] as const).map((signal) => {
    const listener = () => {
      if (controller.signal.aborted) return on.impatient(STATUS_OF[signal]);
      on.stop(signal);
      controller.abort();
    };
    host.addSignalListener(signal, listener);
    return { signal, listener };
  });
  return {
    signal: controller.signal,
    close() {
      for (const { signal, listener } of listeners) host.removeSignalListener(signal, listener);
    },
  };
}
