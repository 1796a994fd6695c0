import type { AlertPort } from "../engine/ports.ts";

/**
 * The alert port of an operator without Slack. State alerts are not reported as delivered: nobody has read them, and
 * they are due on the day that Slack is configured.
 */
export function createNoAlerts(): AlertPort {
  return {
    isUnheard: true,
    send: () => {},
    takeDelivered: () => [],
    drain: () => Promise.resolve(),
  };
}
