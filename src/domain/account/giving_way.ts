import { isFinal } from "../order/orders.ts";
import type { SellGroup } from "../order/protection.ts";
import type { BegunCancel } from "./unfinished.ts";
import type { OrderBook } from "./order_book.ts";

/** The first look after a cancel, ms; doubled from look to look: an order that hangs must not use up the requests of others. */
const CANCEL_POLL_MS = 250;

/** One cancel takes a whole group's shares out of their reservation: the group goes with any of its orders (broker.md, Orders). */
export function buildCancel(
  symbol: string,
  group: Pick<SellGroup, "orders" | "qty" | "stopUsd" | "isLeaving">,
): BegunCancel {
  return {
    symbol,
    orderId: group.orders[0]?.orderId ?? "",
    members: group.orders.map(({ orderId, filledQty }) => ({ orderId, filledQty })),
    qty: group.qty,
    stopUsd: group.stopUsd,
    isAsked: group.isLeaving,
  };
}

/** Order ids of what gives way and has not ended by any answer. */
export function listUnended(book: OrderBook, cancels: readonly BegunCancel[]): string[] {
  return cancels.flatMap(({ members }) => members).map(({ orderId }) => orderId)
    .filter((orderId) => {
      const known = book.get(orderId)?.order;
      return known === undefined || !isFinal(known);
    });
}

/** Shares that what gave way held and no order of it sold since: what has no protection now. */
export function countUnfilled(book: OrderBook, cancels: readonly BegunCancel[]): number {
  return cancels.reduce((sum, { qty, members }) => {
    const soldQty = members.reduce(
      (sold, { orderId, filledQty }) =>
        sold + Math.max(0, (book.get(orderId)?.order.filledQty ?? filledQty) - filledQty),
      0,
    );
    return sum + Math.max(0, qty - soldQty);
  }, 0);
}

/** How long after the cancel it is looked for next: after 0.25, 0.75, 1.75, 3.75 s and so on, and at the end. Milliseconds. */
export function findNextLook(waitedMs: number, mostMs: number): number {
  let atMs = CANCEL_POLL_MS;
  for (let pollMs = CANCEL_POLL_MS; atMs <= waitedMs;) {
    pollMs *= 2;
    atMs += pollMs;
  }
  return Math.min(atMs, mostMs);
}
