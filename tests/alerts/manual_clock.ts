import type { ClockPort } from "../../src/engine/ports.ts";

interface Sleeper {
  readonly wakesAtMs: number;
  readonly ms: number;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it; a sleeper wakes when the time has passed or its signal aborts. */
export class ManualClock implements ClockPort {
  #elapsedMs = 0;
  readonly #sleepers = new Set<Sleeper>();
  readonly #watchers = new Set<() => void>();

  nowMs(): number {
    return Date.parse("2026-01-20T14:45:00Z") + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper: Sleeper = {
        wakesAtMs: this.#elapsedMs + ms,
        ms,
        wake: () => {
          this.#sleepers.delete(sleeper);
          resolve();
        },
      };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", sleeper.wake, { once: true });
      for (const watch of this.#watchers) watch();
    });
  }

  /** Moves time and wakes whoever is due. */
  advance(ms: number): void {
    this.#elapsedMs += ms;
    for (const sleeper of [...this.#sleepers]) {
      if (sleeper.wakesAtMs <= this.#elapsedMs) sleeper.wake();
    }
  }

  /** Moves to the next wake-up, if anybody sleeps. */
  advanceToNext(): void {
    const dueMs = Math.min(...[...this.#sleepers].map((sleeper) => sleeper.wakesAtMs));
    if (Number.isFinite(dueMs)) this.advance(Math.max(0, dueMs - this.#elapsedMs));
  }

  /** How long the sleepers asked to sleep, ascending. */
  sleeps(): number[] {
    return [...this.#sleepers].map((sleeper) => sleeper.ms).sort((a, b) => a - b);
  }

  /** Resolves once somebody sleeps for exactly `ms`. */
  untilSleeping(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const watch = () => {
        if (!this.sleeps().includes(ms)) return;
        this.#watchers.delete(watch);
        resolve();
      };
      this.#watchers.add(watch);
      watch();
    });
  }
}
