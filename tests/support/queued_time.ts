import { setImmediate } from "node:timers";

/** Whose time it is: where it stands, and what it means that it moves. Milliseconds. */
export interface TimeHost {
  readonly nowMs: () => number;
  readonly goTo: (ms: number) => void;
}

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/**
 * Virtual time in which sleeps that are asked for together last together: it moves to the next sleeper only when everybody
 * sleeps, so that requests beside each other take as long as the slowest of them. Whoever waits for the world outside (a file, a
 * socket) is not seen, and outrun.
 */
export class QueuedTime {
  readonly #host: TimeHost;
  /** Earliest first; those of one moment in the sequence in which they fell asleep. */
  readonly #sleepers: Sleeper[] = [];
  #isMoving = false;

  constructor(host: TimeHost) {
    this.#host = host;
  }

  /** Resolves when time has come there, or when `signal` aborts; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      const sleeper: Sleeper = { atMs: this.#host.nowMs() + Math.max(0, ms), wake };
      const onAbort = () => {
        this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
        wake();
      };
      function wake(): void {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      }
      signal?.addEventListener("abort", onAbort, { once: true });
      const later = this.#sleepers.findIndex(({ atMs }) => atMs > sleeper.atMs);
      this.#sleepers.splice(later < 0 ? this.#sleepers.length : later, 0, sleeper);
      this.#move();
    });
  }

  /** Everything that needs no time goes first; then the next sleeper wakes, alone: what he does may come before the others. */
  #move(): void {
    if (this.#isMoving) return;
    this.#isMoving = true;
    setImmediate(() => {
      this.#isMoving = false;
      const next = this.#sleepers.shift();
      if (next === undefined) return;
      this.#host.goTo(Math.max(this.#host.nowMs(), next.atMs));
      next.wake();
      this.#move();
    });
  }
}
