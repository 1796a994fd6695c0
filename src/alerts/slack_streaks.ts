import { formatCounted } from "../domain/counted.ts";
import type { LogPort } from "../engine/ports.ts";
import { QUEUE_MAX } from "./alert_queue.ts";

/** Says in the log when a streak of Slack failures or of dropped alerts begins and when it ends, and nothing between. */
export class SlackStreaks {
  readonly #log: LogPort;
  #failedAttempts = 0;
  #lostAlerts = 0;
  #droppedAlerts = 0;

  constructor(log: LogPort) {
    this.#log = log;
  }

  /** @param why Without anything of the webhook. */
  recordFailure(why: string): void {
    this.#failedAttempts++;
    if (this.#failedAttempts > 1) return;
    this.#log.warn(`Slack alert not delivered (${why}); trading goes on without it`);
  }

  /** An alert that is not tried again. */
  recordLoss(): void {
    this.#lostAlerts++;
  }

  recordSuccess(): void {
    if (this.#failedAttempts === 0) return;
    this.#log.info(
      `Slack works again: ${formatCounted(this.#failedAttempts, "attempt")} failed, ${
        formatCounted(this.#lostAlerts, "alert")
      } lost`,
    );
    this.#failedAttempts = 0;
    this.#lostAlerts = 0;
  }

  recordDrop(): void {
    this.#droppedAlerts++;
    if (this.#droppedAlerts > 1) return;
    this.#log.warn(`Slack queue full (${QUEUE_MAX} alerts): the oldest below ERROR are dropped`);
  }

  recordEmptyQueue(): void {
    if (this.#droppedAlerts === 0) return;
    this.#log.info(
      `Slack queue empty again: dropped ${formatCounted(this.#droppedAlerts, "alert")}`,
    );
    this.#droppedAlerts = 0;
  }
}
