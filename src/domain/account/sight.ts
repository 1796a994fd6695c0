import type { LedgerEntry } from "../order/ledger.ts";
import {
  type BrokerOrder,
  type BrokerPosition,
  flattenOrders,
  isFinal,
  mayTrade,
} from "../order/orders.ts";
import { listSellGroups, type SellGroup } from "../order/protection.ts";
import { buildOpenOrders, listInDoubt, type OrderBook } from "./order_book.ts";
import { listOurIds } from "./our_orders.ts";
import { isPresumed } from "./stand_ins.ts";

/** What of the account is known at one moment: all that positions' shares and sells are read from. */
export interface Sight {
  readonly book: OrderBook;
  /** As positions were read last; `null` where they can't be read. */
  readonly positions: readonly BrokerPosition[] | null;
  /** Whether open orders could be read. */
  readonly areOrdersRead: boolean;
  /** Symbols with a row in any list that can't be read, and in the list of open orders alone. */
  readonly unreadable: ReadonlySet<string>;
  readonly unreadableOrders: ReadonlySet<string>;
  /** Positions whose orders the book has from their beginning on. */
  readonly pasts: ReadonlySet<string>;
  /** Sells of ours whose fate nobody knows. */
  readonly doubts: readonly LedgerEntry[];
  /** By the broker's clock, Unix ms. */
  readonly nowMs: number;
}

/**
 * The symbol's position as last read, fractions included: `undefined` where there is none, `null` where positions, or a row
 * about this symbol, can't be read.
 */
export function findShown(sight: Sight, symbol: string): BrokerPosition | undefined | null {
  if (sight.positions === null) return null;
  if (sight.unreadable.has(symbol)) return null;
  return sight.positions.find((position) => position.symbol === symbol);
}

/** The same in whole shares. */
export function findHeld(sight: Sight, symbol: string): BrokerPosition | undefined | null {
  const held = findShown(sight, symbol);
  if (held === null || held === undefined || held.qty <= 0) return held;
  // A fraction of a share can be neither stopped nor sold by us, and is left out.
  const qty = Math.floor(held.qty);
  return qty === 0 ? undefined : { ...held, qty };
}

/** The symbol's working sells as the book has them; `null` where open orders, or one of this symbol, can't be read. */
export function findSellGroups(sight: Sight, symbol: string): SellGroup[] | null {
  if (!sight.areOrdersRead || sight.unreadableOrders.has(symbol)) return null;
  return listSellGroups(buildOpenOrders(sight.book), symbol, listOurIds(sight.book));
}

/** Whether a buy works in the symbol, whoever placed it: the broker takes no new sell beside it (a wash trade). */
export function hasWorkingBuy(sight: Sight, symbol: string): boolean {
  return sight.areOrdersRead &&
    flattenOrders(buildOpenOrders(sight.book)).some((each) =>
      each.symbol === symbol && each.side === "buy" && mayTrade(each)
    );
}

/**
 * Whether a position's entry may still fill: a sell beside its buy would be refused as a wash trade. Where open orders can't be
 * read, it may.
 */
export function isEntryWorking(
  sight: Sight,
  { positionId, symbol }: { readonly positionId: string; readonly symbol: string },
): boolean {
  if (!sight.areOrdersRead || sight.unreadableOrders.has(symbol)) return true;
  return buildOpenOrders(sight.book).some((order) =>
    order.clientOrderId === positionId && mayTrade(order)
  );
}

/**
 * Whether one of these orders, or what was taken in its place, is not shown by the broker: it can be neither cancelled nor
 * replaced.
 */
export function isHidden(
  book: OrderBook,
  orders: readonly { readonly orderId: string }[],
): boolean {
  const doubted = listInDoubt(book);
  return orders.some(({ orderId }) => book.get(orderId)?.isShown === false || doubted.has(orderId));
}

/**
 * Whether one of these orders has long been missing from every answer, or is missing from the list while the question for it had
 * none: nothing is done on the strength of that, and it is no cover that anybody has seen (pipeline 5, "Nothing waits in silence").
 */
export function isUnseen(
  { book, nowMs }: Sight,
  orders: readonly { readonly orderId: string }[],
): boolean {
  return orders.some(({ orderId }) => {
    const known = book.get(orderId);
    return known !== undefined && (known.isUnanswered || !isPresumed(known, nowMs));
  });
}

/** Whether the broker has an order at work that it does not show. */
export function hasHidden(book: OrderBook): boolean {
  return [...book.values()].some(({ order, isShown }) => !isShown && !isFinal(order));
}

/** A position's entry order, as far as it is known. */
export function findEntry(
  { book }: Pick<Sight, "book">,
  positionId: string,
): BrokerOrder | undefined {
  return [...book.values()].find(({ order }) => order.clientOrderId === positionId)?.order;
}
