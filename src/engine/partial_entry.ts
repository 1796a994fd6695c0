import { findEntry } from "../domain/account/sight.ts";
import { buildPositionEvent } from "../domain/day/position_event.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import { decideEntryEnd } from "../domain/entry_end.ts";
import { type BrokerOrder, mayTrade } from "../domain/orders.ts";
import type { Engine } from "./engine.ts";
import { sightOf } from "./sight.ts";

/**
 * Since when the entry has been partly filled, and when its order is to be looked at again for that. Its last change may be a
 * later fill: the first one came after the order was submitted, and after the cycle before, which saw none.
 */
export async function trackPartial(engine: Engine, position: ManagedPosition): Promise<void> {
  const order = findEntry(sightOf(engine), position.positionId);
  const isPartial = order !== undefined && mayTrade(order) && order.filledQty > 0;
  const unfilledMs = Math.max(order?.submittedAtMs ?? 0, engine.state.lastCycleAtMs ?? 0);
  const partialSinceMs = isPartial
    ? position.partialSinceMs ?? Math.min(order.updatedAtMs, unfilledMs, engine.nowMs())
    : null;
  if (order !== undefined) wakeForEnd(engine, order, partialSinceMs);
  if (partialSinceMs === position.partialSinceMs) return;
  engine.putPosition({ ...position, partialSinceMs });
  if (!isPartial) return;
  await engine.event(buildPositionEvent(position, "entry partly filled", order.filledQty));
}

/** Only a moment ahead wakes: one that has passed while nothing may leave would make the loop spin. */
function wakeForEnd(engine: Engine, order: BrokerOrder, partialSinceMs: number | null): void {
  const nowMs = engine.nowMs();
  const states = { isLate: false, isLossReached: false };
  const end = decideEntryEnd({ order, partialSinceMs, ...states, nowMs });
  if (end.kind === "wait") engine.wakeAt(end.untilMs);
}
