import type { SellReason } from "../domain/client_order_id.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import { isUnsettled } from "../domain/ledger.ts";
import { dateNyOf } from "../domain/ny_time.ts";
import type { Engine } from "./engine.ts";
import { readLedger } from "./ledger_store.ts";

/**
 * The attempt that the next sell of this reason is: it rises only when the one before ended unfilled (pipeline 6).
 * @throws {StateError} Where the records are lost.
 */
export function nextAttempt(
  engine: Engine,
  position: ManagedPosition,
  reason: SellReason,
): number {
  const { entries } = readLedger(engine);
  const past = entries.filter((entry) =>
    entry.positionId === position.positionId && entry.reason === reason
  );
  let next = firstAttempt(engine, position, reason);
  for (const entry of past) {
    const attempt = entry.attempt ?? 1;
    // Never sent, or refused outright: the broker has no order of this id, and the record is taken again.
    const isUnused = entry.status === "rejected" && entry.orderId === null;
    next = Math.max(next, isUnused || isUnsettled(entry) ? attempt : attempt + 1);
  }
  return next;
}

/** More stops than a position gets in a day: each look may raise it. */
const STOPS_A_DAY = 1_000;
const DAY_MS = 86_400_000;

/**
 * A day's stops begin beyond those of the days before, whose records are in the archive and whose ids are used up. An
 * exit begins at 1 again: where its id is known to the broker, that is how a forgotten one is found.
 */
function firstAttempt(engine: Engine, position: ManagedPosition, reason: SellReason): number {
  if (reason !== "stop") return 1;
  const openedNy = Date.parse(dateNyOf(position.openedAtMs));
  const days = Math.max(0, Math.round((Date.parse(engine.dateNy()) - openedNy) / DAY_MS));
  return days % STOPS_A_DAY * STOPS_A_DAY + 1;
}
