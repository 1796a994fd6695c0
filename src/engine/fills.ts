import { buildFillEvent } from "../domain/day/fill_event.ts";
import { dateNyOf } from "../domain/time/ny_time.ts";
import { type BrokerOrder, findFilledAtMs } from "../domain/order/orders.ts";
import type { Engine } from "./engine.ts";

/** How far the broker's clock and the host's may be apart. Milliseconds. */
const CLOCKS_APART_MS = 10_000;

/**
 * Puts the fills that the book has into the audit trail, whichever answer brought them: a stop of an earlier day is in no
 * list of today. Each order's cumulative count is recorded once it has risen; one of an earlier day is in the file of the day
 * on which it was first seen.
 * @returns Whether all are there; what is not is tried again the next time.
 */
export async function recordFills(engine: Engine): Promise<boolean> {
  let isWhole = true;
  for (const { order } of engine.book.values()) {
    if (!(order.filledQty > (engine.fillsSaid.get(order.orderId) ?? 0))) continue;
    const openedAtMs = engine.state.positions.find(({ symbol }) => symbol === order.symbol)
      ?.openedAtMs;
    const event = buildFillEvent(engine.book, order, openedAtMs !== undefined);
    if (event === null || !isUnrecorded(engine, order)) continue;
    if (await engine.event(event)) engine.fillsSaid.set(order.orderId, order.filledQty);
    else isWhole = false;
  }
  return isWhole;
}

/** Today's, and of earlier days what nobody looked at: what filled since the last cycle of the process before. */
function isUnrecorded(engine: Engine, order: BrokerOrder): boolean {
  engine.trailSinceMs ??= engine.state.lastCycleAtMs ?? Infinity;
  const filledAtMs = findFilledAtMs(order);
  return dateNyOf(filledAtMs) === engine.dateNy() ||
    filledAtMs >= engine.trailSinceMs - CLOCKS_APART_MS;
}
