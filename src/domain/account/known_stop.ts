import type { EngineState, ManagedPosition } from "./engine_state.ts";
import type { LedgerEntry } from "../order/ledger.ts";
import { flattenOrders, isFinal } from "../order/orders.ts";
import { roundToIncrement } from "../order/price_increment.ts";
import { isStopOrder } from "../order/protection.ts";
import { buildOpenOrders } from "./order_book.ts";
import { readHandMoves } from "./position_shares.ts";
import type { Sight } from "./sight.ts";

/**
 * A position's stops that the broker took, by their records. One whose answer is out says nothing of where the stop is: an exit's
 * is written down before its cancel leaves, at the level that it has only once the exit has sold.
 */
export function listStopsOnRecord(
  entries: readonly LedgerEntry[],
  positionId: string,
): LedgerEntry[] {
  return entries.filter((entry) =>
    entry.positionId === positionId && entry.reason === "stop" && entry.status === "accepted"
  );
}

/**
 * Where a position's stop was already, USD per share, where that is above what is remembered: the highest that its records or
 * its orders at the broker show. One that was sent before the records could be saved is not forgotten with them, for a stop
 * never falls (pipeline 5). What a hand has set, and every order at its price, says nothing of the engine's own; while the
 * position's past is not known, nobody can tell them apart.
 * @returns `null` where nothing shows a higher one.
 */
export function findKnownStop(
  { ledger }: Pick<EngineState, "ledger">,
  sight: Sight,
  position: ManagedPosition,
): number | null {
  const { positionId, stopUsd, unexplainedQty } = position;
  // What was split has its prices on another scale.
  if (unexplainedQty !== null || !sight.pasts.has(positionId)) return null;
  const byHand = new Set(readHandMoves(sight, position).map((move) => move.stopUsd));
  const recorded = listStopsOnRecord(ledger?.entries ?? [], positionId);
  const open = sight.areOrdersRead ? buildOpenOrders(sight.book) : [];
  // The legs of its entry are ours, and what the operator replaced them by (pipeline 6).
  const legs = new Set(
    open.filter((order) => order.clientOrderId === positionId)
      .flatMap((order) => order.legs.map((leg) => leg.orderId)),
  );
  const working = flattenOrders(open).filter((order) =>
    (order.clientOrderId.startsWith(`${positionId}-`) || legs.has(order.orderId)) &&
    isStopOrder(order) && !isFinal(order)
  );
  const highestUsd = Math.max(
    0,
    ...[...recorded.map((entry) => entry.stopUsd), ...working.map((order) => order.stopPriceUsd)]
      .flatMap((usd) => usd === null || byHand.has(usd) ? [] : [usd]),
  );
  return highestUsd > roundToIncrement(stopUsd) ? highestUsd : null;
}
