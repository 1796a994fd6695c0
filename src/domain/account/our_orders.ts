import { isOurs } from "../order/client_order_id.ts";
import { deriveOnce } from "../derive_once.ts";
import type { BrokerOrder } from "../order/orders.ts";
import { isTakenBack, type KnownOrder, type OrderBook } from "./order_book.ts";

/**
 * Order ids that are ours: with our id prefix, their legs, and what came in the place of one of them, whoever put it there,
 * the broker or a hand, whatever its id (pipeline 5, "Our stop, moved by hand"; pipeline 6, "Ours are").
 */
export const listOurIds = deriveOnce((book: OrderBook): ReadonlySet<string> => {
  const ours = new Set<string>();
  for (const known of book.values()) {
    if (findOurName(book, known) !== null) ours.add(known.order.orderId);
  }
  return ours;
});

/** The name by which an order is ours: its own, its bracket's, or that of one in whose place it came; `null` for no such name. */
export function findOurName(book: OrderBook, first: KnownOrder | undefined): string | null {
  let known = first;
  for (let step = 0; step <= book.size && known !== undefined; step++) {
    const parent: BrokerOrder | undefined = book.get(known.parentId ?? "")?.order;
    for (const name of [known.order.clientOrderId, parent?.clientOrderId ?? ""]) {
      if (isOurs(name)) return name;
    }
    known = book.get(known.order.replaces ?? "");
  }
  return null;
}

/** A price that a hand gave to a stop of ours: by an order of its own that replaced it. */
export interface HandMove {
  readonly order: BrokerOrder;
  /** USD per share. */
  readonly stopUsd: number;
  /** Where the stop was before, USD per share. */
  readonly fromUsd: number;
}

/**
 * What hands have done to our stops among these orders, oldest first. What the broker puts in a leg's place has the leg's own
 * price, and is no hand's.
 * @param orders A position's, since it was opened.
 */
export function listHandMoves(book: OrderBook, orders: readonly BrokerOrder[]): HandMove[] {
  const ours = listOurIds(book);
  return orders.flatMap((order) => {
    const before = book.get(order.replaces ?? "")?.order;
    const stopUsd = order.stopPriceUsd;
    if (before === undefined || stopUsd === null || order.side !== "sell") return [];
    if (isOurs(order.clientOrderId) || !ours.has(order.orderId)) return [];
    const known = book.get(order.orderId);
    if (known === undefined || isTakenBack(book, known) || before.stopPriceUsd === null) return [];
    return before.stopPriceUsd === stopUsd
      ? []
      : [{ order, stopUsd, fromUsd: before.stopPriceUsd }];
  }).sort((a, b) => a.order.submittedAtMs - b.order.submittedAtMs);
}
