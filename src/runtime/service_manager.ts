import type { ClockPort, LogPort, ServicePort } from "../engine/ports.ts";
import { formatOneLine } from "../domain/one_line.ts";

/** Carries one message of the service manager's protocol (`READY=1`). */
export type Notify = (message: string) => Promise<void>;

/** How often an unchanged status is repeated; a third of the unit's `WatchdogSec=` is far longer. */
const REPEAT_MS = 5_000;
/**
 * How long a cycle may go from step to step before it counts as hung. A step ends within 20 s, and a cycle of the worst
 * honest day, each read timing out and every position exiting, in half of this.
 */
export const CYCLE_DEADLINE_MS = 300_000;

/** The service manager, told by the loop how it is, and by the world below it that a step of a cycle has ended. */
export interface ServiceManager extends ServicePort {
  /** Feeds the watchdog after a bounded step, as long as the loop itself was heard of within the deadline. */
  stepped(): void;
}

/** What the service manager is told through, and the pace of the telling. */
export interface ServiceManagerOptions {
  /** `null` where nobody listens: then nothing is sent. */
  readonly notify: Notify | null;
  readonly log: LogPort;
  readonly clock: Pick<ClockPort, "monotonicMs">;
}

/**
 * Tells the service manager how the loop is. A message that can't be delivered is a log line, the first of a streak, and
 * stops nobody.
 */
export function createServiceManager(
  { notify, log, clock }: ServiceManagerOptions,
): ServiceManager {
  let isFailing = false;
  let isReady = false;
  let heardAtMs = clock.monotonicMs();
  let fedAtMs = -Infinity;
  let statusSent = "";
  async function send(message: string): Promise<void> {
    if (notify === null) return;
    try {
      await notify(message);
      isFailing = false;
    } catch (error) {
      if (!isFailing) {
        log.warn(`Service manager not reached: ${error instanceof Error ? error.message : error}`);
      }
      isFailing = true;
    }
  }
  return {
    async ready() {
      if (isReady) return;
      isReady = true;
      await send("READY=1");
    },
    async alive(status) {
      heardAtMs = clock.monotonicMs();
      if (status === statusSent && heardAtMs - fedAtMs < REPEAT_MS) return;
      fedAtMs = heardAtMs;
      statusSent = status;
      await send(`WATCHDOG=1\nSTATUS=${formatOneLine(status)}`);
    },
    stepped() {
      const nowMs = clock.monotonicMs();
      if (nowMs - heardAtMs > CYCLE_DEADLINE_MS || nowMs - fedAtMs < REPEAT_MS) return;
      fedAtMs = nowMs;
      // Not awaited: `send` never rejects, and what just ended has not to wait for it.
      void send("WATCHDOG=1");
    },
    stopping: () => send("STOPPING=1"),
  };
}
