import { isFlatten, isOurs } from "../domain/client_order_id.ts";
import { findFilledAtMs } from "../domain/day_trades.ts";
import { dateNyOf, formatUtc } from "../domain/ny_time.ts";
import type { BrokerOrder } from "../domain/orders.ts";
import { isStopOrder } from "../domain/protection.ts";
import { readReason } from "../domain/reconcile.ts";
import type { Engine } from "./engine.ts";

/**
 * Puts today's fills into the audit trail, each order's cumulative count once it has risen: ours, the legs of ours, and
 * anyone's sells in a managed symbol.
 * @param orders As the broker lists them, nested.
 */
export async function recordFills(engine: Engine, orders: readonly BrokerOrder[]): Promise<void> {
  const managed = new Set(engine.state.positions.map((position) => position.symbol));
  for (const parent of orders) {
    const isParentOurs = isOurs(parent.clientOrderId);
    for (const order of [parent, ...parent.legs]) {
      const isWanted = isParentOurs || isOurs(order.clientOrderId) ||
        (order.side === "sell" && managed.has(order.symbol));
      if (isWanted) await recordFill(engine, order);
    }
  }
}

async function recordFill(engine: Engine, order: BrokerOrder): Promise<void> {
  if (!(order.filledQty > (engine.fillsSaid.get(order.orderId) ?? 0))) return;
  const filledAtMs = findFilledAtMs(order);
  if (dateNyOf(filledAtMs) !== engine.dateNy()) return;
  engine.fillsSaid.set(order.orderId, order.filledQty);
  await engine.event({
    type: "fill",
    symbol: order.symbol,
    side: order.side,
    order_id: order.orderId,
    client_order_id: order.clientOrderId,
    reason: describeFill(order),
    filled_qty: order.filledQty,
    qty: order.qty,
    filled_avg_price_usd: order.filledAvgPriceUsd,
    filled_at: formatUtc(filledAtMs),
  });
}

/**
 * Why shares moved: `entry`, the exit's reason, `take_profit` or `stop` for a leg or a resting stop, `flatten`, or `other`
 * for an order that is nobody's business of ours.
 */
export function describeFill(order: BrokerOrder): string {
  const { clientOrderId, side } = order;
  if (isFlatten(clientOrderId)) return "flatten";
  if (isOurs(clientOrderId)) return side === "buy" ? "entry" : readReason(clientOrderId) ?? "other";
  if (side === "sell" && order.orderClass === "bracket") {
    return isStopOrder(order) ? "stop" : "take_profit";
  }
  return "other";
}
