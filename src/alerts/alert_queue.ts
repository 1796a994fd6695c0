import type { Alert } from "../engine/ports.ts";

/** Alerts that wait at once; past it the least important one is dropped. */
export const QUEUE_MAX = 100;

/** An alert on its way to Slack. */
export interface QueuedAlert {
  /** Order of arrival; kept over retries. */
  readonly seq: number;
  readonly alert: Alert;
  /** The text as Slack gets it, with the mode at the time of the alert. */
  readonly text: string;
  /** Attempts made so far. */
  readonly attempts: number;
  /** Not to be sent before this, monotonic ms. */
  readonly dueAtMs: number;
}

/** The waiting alerts, at most `QUEUE_MAX`. Whoever adds a state withdraws its key first. */
export class AlertQueue {
  #items: QueuedAlert[] = [];

  get length(): number {
    return this.#items.length;
  }

  /**
   * Adds an alert, new or after a failed attempt.
   * @returns The alert that had to go for it, which may be itself, or `null`. An ERROR goes only where all are ERRORs.
   */
  push(item: QueuedAlert): QueuedAlert | null {
    this.#items.push(item);
    this.#items.sort((a, b) => a.seq - b.seq);
    if (this.#items.length <= QUEUE_MAX) return null;
    const victim = this.#items.reduce((least, each) => weight(each) < weight(least) ? each : least);
    this.#items = this.#items.filter((each) => each !== victim);
    return victim;
  }

  /** Whether exactly this state waits already. */
  hasState(state: { readonly key: string; readonly value: string }): boolean {
    return this.#items.some(({ alert }) =>
      alert.state?.key === state.key && alert.state.value === state.value
    );
  }

  /** Whether an ERROR waits. */
  hasError(): boolean {
    return this.#items.some(({ alert }) => alert.level === "ERROR");
  }

  /** Takes back what waits under the state key: it is no longer true. */
  withdraw(key: string): void {
    this.#items = this.#items.filter(({ alert }) => alert.state?.key !== key);
  }

  /** Removes and returns the oldest alert that may leave at `nowMs` (monotonic), or `null`. */
  takeDue(nowMs: number): QueuedAlert | null {
    const item = this.#items.find((each) => each.dueAtMs <= nowMs);
    if (item === undefined) return null;
    this.#items = this.#items.filter((each) => each !== item);
    return item;
  }

  /** When the next alert may leave, monotonic ms; infinity where none waits. */
  nextDueMs(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#items.map((each) => each.dueAtMs));
  }
}

/** What is dropped first: ordinary ones before ERRORs, and of these what no state will repeat last. */
function weight({ alert }: QueuedAlert): number {
  return (alert.level === "ERROR" ? 2 : 0) + (alert.state === undefined ? 0 : 1);
}
