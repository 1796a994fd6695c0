import type { OrderBook } from "../account/order_book.ts";
import type { FillEvent } from "./events.ts";
import { formatUtc } from "../time/ny_time.ts";
import { type BrokerOrder, findFilledAtMs } from "../order/orders.ts";
import { isStopOrder } from "../order/protection.ts";
import { describeOurs } from "./trade_orders.ts";

/**
 * What the audit trail says of an order that filled: of ours, of what came in the place of ours, and of anyone's sells in a
 * managed symbol.
 * @param order As the broker shows it; the book knows it.
 * @returns `null` for one that moved nothing of ours.
 */
export function buildFillEvent(
  book: OrderBook,
  order: BrokerOrder,
  isManaged: boolean,
): FillEvent | null {
  const ours = describeOurs(book, order.orderId);
  if (order.filledQty <= 0) return null;
  if (ours === null && (order.side === "buy" || !isManaged)) return null;
  return {
    type: "fill",
    symbol: order.symbol,
    side: order.side,
    order_id: order.orderId,
    client_order_id: order.clientOrderId,
    reason: ours ?? describeForeign(order),
    filled_qty: order.filledQty,
    qty: order.qty,
    filled_avg_price_usd: order.filledAvgPriceUsd,
    filled_at: formatUtc(findFilledAtMs(order)),
    replaces: order.replaces ?? book.get(order.orderId)?.order.replaces ?? null,
  };
}

/** What an order of nobody of ours did to the position: the old pipeline's brackets are known by their form. */
function describeForeign(order: BrokerOrder): string {
  if (order.side === "buy" || order.orderClass !== "bracket") return "other";
  return isStopOrder(order) ? "stop" : "take_profit";
}
