import type { ClockPort } from "../../src/engine/ports.ts";

/**
 * Time that moves only while the engine sleeps. Whoever else sleeps (the alert queue between two attempts) wakes on the
 * way, and what is under way in the real world (a request to the Slack sink) ends before time goes on.
 */
export class VirtualDay {
  #nowMs: number;
  readonly #startMs: number;
  readonly #sleepers: { readonly atMs: number; readonly wake: () => void }[] = [];
  readonly #plans: { readonly atMs: number; readonly run: () => void | Promise<void> }[] = [];
  readonly #busy = new Set<Promise<unknown>>();

  constructor(startMs: number) {
    this.#nowMs = startMs;
    this.#startMs = startMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  /** Moves time on at once, past whoever sleeps. */
  jump(ms: number): void {
    this.#nowMs += ms;
  }

  /** Does something when time comes there. */
  plan(atMs: number, run: () => void | Promise<void>): void {
    this.#plans.push({ atMs, run });
    this.#plans.sort((a, b) => a.atMs - b.atMs);
  }

  /** Time waits for it. */
  async during<T>(work: Promise<T>): Promise<T> {
    this.#busy.add(work);
    try {
      return await work;
    } finally {
      this.#busy.delete(work);
    }
  }

  /** The engine's clock: its sleep is what moves time. */
  driver(): ClockPort {
    return {
      ...this.#view(),
      sleep: async (ms, signal) => {
        if (signal?.aborted === true) return;
        await this.#passTo(this.#nowMs + Math.max(0, ms), signal);
      },
    };
  }

  /** Everybody else's clock: sleeps until time has come. */
  passenger(): ClockPort {
    return {
      ...this.#view(),
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted === true || ms <= 0) return resolve();
          const sleeper = { atMs: this.#nowMs + ms, wake: resolve };
          this.#sleepers.push(sleeper);
          signal?.addEventListener("abort", () => resolve(), { once: true });
        }),
    };
  }

  #view() {
    return { nowMs: () => this.#nowMs, monotonicMs: () => this.#nowMs - this.#startMs };
  }

  async #passTo(untilMs: number, signal: AbortSignal | undefined): Promise<void> {
    await this.#settle();
    while (signal?.aborted !== true) {
      const plan = this.#plans[0];
      const sleeper = this.#sleepers.reduce<number>(
        (min, each) => Math.min(min, each.atMs),
        Infinity,
      );
      const nextMs = Math.min(plan?.atMs ?? Infinity, sleeper);
      if (nextMs > untilMs) break;
      this.#nowMs = Math.max(this.#nowMs, nextMs);
      if (plan !== undefined && plan.atMs <= this.#nowMs) {
        this.#plans.shift();
        await plan.run();
      }
      const due = this.#sleepers.filter((each) => each.atMs <= this.#nowMs);
      for (const each of due) {
        this.#sleepers.splice(this.#sleepers.indexOf(each), 1);
        each.wake();
      }
      await this.#settle();
    }
    if (signal?.aborted !== true) this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  async #settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    while (this.#busy.size > 0) {
      await Promise.allSettled([...this.#busy]);
      for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    }
  }
}
