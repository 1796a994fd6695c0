import type { Engine } from "./engine.ts";
import type { SellResult } from "./sell_orders.ts";

/**
 * Says a sell or stop that did not come to be as an error. What the engine itself did not send is a line of the log alone: the
 * position's standing tells it, once, or `Kill switch active` does (interface, Slack: one message, not several errors).
 */
export function sayUndone(engine: Engine, result: SellResult, message: string): void {
  if (result.kind === "stopped") engine.ports.log.error(message);
  else engine.sayError(message);
}
