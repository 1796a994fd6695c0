import { isKillSwitchText } from "../domain/gate.ts";
import type { Engine } from "./engine.ts";
import type { SellResult } from "./sell_orders.ts";

/**
 * Says a sell or stop that did not come to be as an error; where the operator's own kill switch kept it back it is a line of
 * the log alone: `Kill switch active` tells how each position stands afterwards (interface, Slack: one message, not several).
 */
export function sayUndone(engine: Engine, result: SellResult, message: string): void {
  if (result.kind === "stopped" && isKillSwitchText(result.reason)) engine.ports.log.warn(message);
  else engine.sayError(message);
}
