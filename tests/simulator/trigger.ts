import type { SimOrder } from "./order.ts";

/** Whether the price has set off the order's stop; true where it has none. */
export function isReached(order: SimOrder, priceUsd: number): boolean {
  if (order.isTriggered || order.stopPriceUsd === null) return true;
  return order.side === "sell" ? priceUsd <= order.stopPriceUsd : priceUsd >= order.stopPriceUsd;
}

/** Whether the price is the order's limit or better; true where it has none. */
export function isWithinLimit(order: SimOrder, priceUsd: number): boolean {
  if (order.limitPriceUsd === null) return true;
  return order.side === "sell" ? priceUsd >= order.limitPriceUsd : priceUsd <= order.limitPriceUsd;
}

/** Whether some price between the bounds could make the order act. */
export function couldAct(order: SimOrder, lowUsd: number, highUsd: number): boolean {
  const isReachable = isReached(order, lowUsd) || isReached(order, highUsd);
  if (!isReachable) return false;
  if (!order.isTriggered && order.stopPriceUsd !== null) return true;
  return isWithinLimit(order, lowUsd) || isWithinLimit(order, highUsd);
}
