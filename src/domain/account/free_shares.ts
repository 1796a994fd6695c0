import { listSellGroups, type SellGroup, sumQty } from "../order/protection.ts";
import {
  buildOpenOrders,
  groupBySymbol,
  isSuccessorUnknown,
  type KnownOrder,
} from "./order_book.ts";
import { floorQty } from "./position_account.ts";
import { countRecentFills, countSure } from "./share_count.ts";
import { findShown, type Sight } from "./sight.ts";

/** A trade that is guaranteed or not settled: its shares count as perhaps sold (pipeline 5). */
function isBoundGroup({ standing }: SellGroup): boolean {
  return standing === "bound";
}

/** Shares of trades that are guaranteed or not settled. */
export function countBound(groups: readonly SellGroup[]): number {
  return sumQty(groups.filter(isBoundGroup));
}

/** Shares that sells and stops at work hold. What is perhaps sold is not among those held for sure, and counts here no more. */
export function countHeldBy(groups: readonly SellGroup[]): number {
  return sumQty(groups.filter((group) => !isBoundGroup(group)));
}

/** Of the shares held for sure those that nothing sells or stops: what may be sold or stopped now. */
export function countFree(sureQty: number, groups: readonly SellGroup[]): number {
  return Math.max(0, floorQty(sureQty - countHeldBy(groups)));
}

/**
 * What sells may have sold whose answer is out, whose successor nobody has seen, or whose trade is not settled yet.
 * @param options `orders`: of the symbol, or of one position in it; `groups`: the sells at work among them.
 */
export function countDoubtful(
  sight: Sight,
  symbol: string,
  { orders, groups }: {
    readonly orders: readonly KnownOrder[];
    readonly groups: readonly SellGroup[];
  },
): number {
  const seen = new Set(orders.map(({ order }) => order.clientOrderId));
  const unanswered = sight.doubts
    .filter((entry) => entry.symbol === symbol && !seen.has(entry.clientOrderId ?? ""))
    // A replacement holds the shares of the order whose place it takes, and no others.
    .reduce((sum, entry) => sum + (entry.replaces === null ? entry.qty ?? 0 : 0), 0);
  const replaced = orders.filter(({ order }) =>
    order.side === "sell" && isSuccessorUnknown(sight.book, order)
  ).reduce((sum, { order }) => sum + (order.qty ?? 0) - order.filledQty, 0);
  return unanswered + replaced + countBound(groups);
}

/**
 * Whole shares of a symbol, whosever they are, that a close may sell now: what positions show, less what sells sold that positions
 * need not show yet, may have sold, or hold (pipeline 5, "How many shares there are for sure").
 * @returns 0 or more; what it leaves out of caution a later look finds.
 */
export function readClosable(sight: Sight, symbol: string): number {
  const held = findShown(sight, symbol);
  if (held === null || held === undefined) return 0;
  const orders = groupBySymbol(sight.book).get(symbol) ?? [];
  const groups = listSellGroups(buildOpenOrders(sight.book), symbol);
  const { soldQty } = countRecentFills(orders, sight.nowMs);
  const doubtfulQty = countDoubtful(sight, symbol, { orders, groups });
  const readings = [{ oursQty: held.qty - soldQty, handQty: 0 }];
  return countFree(countSure(readings, held.qty, doubtfulQty), groups);
}
