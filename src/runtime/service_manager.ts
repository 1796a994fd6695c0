import type { LogPort, ServicePort } from "../engine/ports.ts";
import { formatOneLine } from "./one_line.ts";

/** Carries one message of the service manager's protocol (`READY=1`). */
export type Notify = (message: string) => Promise<void>;

/**
 * Tells the service manager how the loop is. Without one (`notify` is `null`) it does nothing. A message that can't be
 * delivered is a log line, the first of a streak, and stops nobody.
 */
export function createServiceManager(
  { notify, log }: { readonly notify: Notify | null; readonly log: LogPort },
): ServicePort {
  let isFailing = false;
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
    ready: () => send("READY=1"),
    alive: (status) => send(`WATCHDOG=1\nSTATUS=${formatOneLine(status)}`),
    stopping: () => send("STOPPING=1"),
  };
}
