import { isOurs } from "../order/client_order_id.ts";
import { type BrokerOrder, flattenOrders, isFinal } from "../order/orders.ts";

/**
 * Orders that are nobody's business of ours (pipeline 5): they work, in a symbol that we don't manage, and are neither named by
 * us nor the leg of one that is.
 * @param orders As the broker lists them, nested.
 */
export function listForeignOrders(
  orders: readonly BrokerOrder[],
  managed: ReadonlySet<string>,
): BrokerOrder[] {
  return flattenOrders(orders).filter((order) =>
    !managed.has(order.symbol) && !isOurs(order.clientOrderId) && !isFinal(order) &&
    !isLegOfOurs(order, orders)
  );
}

function isLegOfOurs(order: BrokerOrder, orders: readonly BrokerOrder[]): boolean {
  return orders.some((parent) =>
    isOurs(parent.clientOrderId) && parent.legs.some((leg) => leg.orderId === order.orderId)
  );
}
