import type { LiveDecision } from "../domain/gate.ts";
import type { Engine } from "./engine.ts";
import { cancelOrphans } from "./orphans.ts";
import { carryOut } from "./plan_shell.ts";

/**
 * Sells what is due, and brings the protection of every managed position to where it belongs (pipeline 5). LIVE only.
 * @param fresh Positions adopted in this cycle, which it only protects.
 */
export async function manageLive(
  engine: Engine,
  decision: LiveDecision,
  fresh: ReadonlySet<string>,
): Promise<void> {
  await carryOut(engine, { gate: decision, fresh });
  await cancelOrphans(engine, decision);
}
