import { isSameQty } from "./position_account.ts";
import type { BrokerPosition } from "../order/orders.ts";
import { countRecentFills } from "./share_count.ts";
import { groupBySymbol, LAG_MS, type OrderBook } from "./order_book.ts";

/** Shares of a symbol that an answer has shown. */
export interface ShownShares {
  readonly symbol: string;
  readonly qty: number;
  /** What orders had sold by then for the answer to show, less what they had bought, since somebody looks. */
  readonly soldQty: number;
}

/** The least that an answer has shown of each symbol, what was sold by then with it. */
export type ShownLeast = ReadonlyMap<string, ShownShares>;

/** Who looks, now and since when (Unix ms by the broker's clock), and what he knows of orders. */
export interface Watch {
  readonly book: OrderBook;
  readonly nowMs: number;
  readonly sinceMs: number;
}

/** Takes an answer about positions into what was shown. They lag behind fills: what was sold a moment ago they need not lack. */
export function noteShown(
  shown: ShownLeast,
  positions: readonly BrokerPosition[],
  watch: Watch,
): ShownLeast {
  const next = new Map(shown);
  for (const { symbol, qty } of positions) {
    const orders = groupBySymbol(watch.book).get(symbol) ?? [];
    const recent = countRecentFills(orders, watch.nowMs);
    const seen = { symbol, qty, soldQty: countSold(watch, symbol) - recent.soldQty };
    const before = next.get(symbol);
    const isLower = before === undefined || qty + seen.soldQty < before.qty + before.soldQty;
    if (isLower) next.set(symbol, seen);
  }
  return next;
}

/**
 * What was shown, and is not shown any more though no order has sold it: one empty answer is not "nothing held" (pipeline 5).
 * @param present Symbols in the newest answer, readable or not.
 */
export function listVanished(
  shown: ShownLeast,
  present: ReadonlySet<string>,
  watch: Watch,
): ShownShares[] {
  return [...shown.values()].filter(({ symbol, qty, soldQty }) => {
    if (present.has(symbol)) return false;
    const leftQty = qty + soldQty - countSold(watch, symbol);
    return leftQty > 0 && !isSameQty(leftQty, 0);
  });
}

/** Fills of this watch, and of the moment before it, which positions need not have shown at its beginning. */
function countSold({ book, sinceMs }: Watch, symbol: string): number {
  return (groupBySymbol(book).get(symbol) ?? [])
    .filter(({ filledSeenAtMs }) => filledSeenAtMs >= sinceMs - LAG_MS)
    .reduce(
      (sum, { order: { side, filledQty } }) => sum + (side === "sell" ? filledQty : -filledQty),
      0,
    );
}
