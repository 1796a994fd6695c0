import type { LiveDecision } from "../domain/gate.ts";
import type { Engine } from "./engine.ts";
import { sendExit } from "./exit_order.ts";
import { cancelOrphans } from "./orphans.ts";
import { endEntry } from "./partial_entry.ts";
import { carryOut } from "./plan_shell.ts";
import { StateError } from "./ports.ts";
import { trackPositions } from "./positions.ts";
import { isUnreadableIn } from "./unreadable.ts";

/**
 * Brings the protection of every managed position to where it belongs (pipeline 5). LIVE only.
 * @param fresh Positions adopted in this cycle, which it only protects.
 */
export async function protectPositions(
  engine: Engine,
  decision: LiveDecision,
  fresh: ReadonlySet<string>,
): Promise<void> {
  for (const position of engine.state.positions) {
    if (isUnreadableIn(engine, position.symbol)) continue;
    if (await endEntry(engine, decision, position)) await trackPositions(engine);
  }
  await carryOut(engine, {
    gate: decision,
    fresh,
    onExitDue: (positionId) => sellAtStop(engine, decision, positionId),
  });
  await cancelOrphans(engine, decision);
}

/** The price has come to a stop that the broker refuses: only a sell is left to close the position. */
async function sellAtStop(
  engine: Engine,
  decision: LiveDecision,
  positionId: string,
): Promise<void> {
  const position = engine.state.positions.find((each) => each.positionId === positionId);
  if (position === undefined) return;
  try {
    await sendExit(engine, decision, position, "stop_exit", position.stopUsd);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    engine.sayError(
      `${position.symbol}: no stop sent, its record can't be written: ${error.message}`,
    );
  }
}
