import { listSellGroups } from "../protection.ts";
import { buildOpenOrders, type OrderBook } from "./order_book.ts";
import { countRecentFills } from "./share_count.ts";

/** What the count is made from. */
export interface CloseInputs {
  readonly book: OrderBook;
  readonly symbol: string;
  /** What positions show of the symbol, held long. */
  readonly shownQty: number;
  /** By the broker's clock, Unix ms. */
  readonly nowMs: number;
}

/**
 * Whole shares of a symbol, whosever they are, that a close may sell now: what positions show, less what sells sold that
 * positions need not show yet, and less what sells at work hold (pipeline 5, "How many shares there are for sure").
 * @returns 0 or more; what it leaves out of caution a later look finds.
 */
export function countClosable({ book, symbol, shownQty, nowMs }: CloseInputs): number {
  const orders = [...book.values()].filter(({ order }) => order.symbol === symbol);
  const { soldQty } = countRecentFills(orders, nowMs);
  const heldQty = listSellGroups(buildOpenOrders(book), symbol)
    .reduce((sum, group) => sum + group.qty, 0);
  return Math.max(0, Math.floor(shownQty - soldQty - heldQty));
}
