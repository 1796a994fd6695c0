import { flattenOrders, isFinal } from "../domain/orders.ts";
import { roundToIncrement } from "../domain/price_increment.ts";
import { isStopOrder } from "../domain/protection.ts";
import type { Engine } from "./engine.ts";
import { readHandMoves } from "./stop_level.ts";
import { listEntries } from "./ledger_store.ts";

/**
 * Raises each position's stop to the highest that its records or its orders at the broker show: one that was sent before
 * the state could be saved is not forgotten with it, for a stop never falls (pipeline 5). What a hand has set, and every order
 * at its price, says nothing of the engine's own; while the position's past is not known, nobody can tell them apart.
 */
export function raiseKnownStops(engine: Engine): void {
  if (engine.state.positions.length === 0) return;
  const entries = listEntries(engine);
  const open = engine.observation?.openOrders;
  const orders = open?.kind === "ok" ? flattenOrders(open.value) : [];
  for (const position of engine.state.positions) {
    const { positionId, stopUsd, unexplainedQty } = position;
    // What was split has its prices on another scale.
    if (unexplainedQty !== null || !engine.seen.pasts.has(positionId)) continue;
    const byHand = new Set(readHandMoves(engine, position).map((move) => move.stopUsd));
    const recorded = entries.filter((entry) =>
      entry.positionId === positionId && entry.reason === "stop" && entry.status !== "rejected"
    );
    // The legs of its entry are ours, and what the operator replaced them by (pipeline 6).
    const legs = new Set(
      open?.kind === "ok"
        ? open.value.filter((order) => order.clientOrderId === positionId)
          .flatMap((order) => order.legs.map((leg) => leg.orderId))
        : [],
    );
    const working = orders.filter((order) =>
      (order.clientOrderId.startsWith(`${positionId}-`) || legs.has(order.orderId)) &&
      isStopOrder(order) && !isFinal(order)
    );
    const highestUsd = Math.max(
      0,
      ...[...recorded.map((entry) => entry.stopUsd), ...working.map((order) => order.stopPriceUsd)]
        .flatMap((usd) => usd === null || byHand.has(usd) ? [] : [usd]),
    );
    if (highestUsd <= roundToIncrement(stopUsd)) continue;
    engine.putPosition({ ...position, stopUsd: highestUsd });
    engine.ports.log.warn(
      `${position.symbol}: its stop was at ${highestUsd} already, and is not lowered to ${stopUsd}`,
    );
  }
}
