import type { OrderBook } from "../account/order_book.ts";
import { isFlatten, isOurs, readPositionId, readReason } from "../order/client_order_id.ts";
import type { SharesMoved } from "../order/usd_flow.ts";
import { type BrokerOrder, findFilledAtMs } from "../order/orders.ts";
import { isStopOrder } from "../order/protection.ts";
import { isCountedAgain } from "../order/replacements.ts";
import type { FillReason } from "../order/fill_reason.ts";

/** An order of ours by the id that tells whose it is: its own, its bracket's, or that of the one whose place it took. */
interface Origin {
  readonly clientOrderId: string;
  readonly isLeg: boolean;
}

function findOrigin(book: OrderBook, orderId: string): Origin | null {
  const seen = new Set<string>();
  for (let at = book.get(orderId); at !== undefined && !seen.has(at.order.orderId);) {
    seen.add(at.order.orderId);
    if (isOurs(at.order.clientOrderId)) {
      return { clientOrderId: at.order.clientOrderId, isLeg: false };
    }
    const parent = book.get(at.parentId ?? "")?.order;
    if (parent !== undefined && isOurs(parent.clientOrderId)) {
      return { clientOrderId: parent.clientOrderId, isLeg: true };
    }
    at = book.get(at.order.replaces ?? "");
  }
  return null;
}

/** An order of ours that filled, what it was for, and of which position: the client order id of its entry, or its adoption id. */
export interface FilledOfOurs {
  readonly order: BrokerOrder;
  readonly reason: FillReason;
  /** `null` for one of the operator's `flatten`, which names a symbol alone, where nothing was bought in it before. */
  readonly positionId: string | null;
}

/** Our orders that have filled, the oldest fill first (pipeline 6, "Ours are"; the operator's `flatten` among them). */
export function listFilledOfOurs(book: OrderBook): FilledOfOurs[] {
  const filled = [...book.values()].flatMap(({ order }): FilledOfOurs[] => {
    if (order.filledQty <= 0 || isCarriedOn(book, order)) return [];
    const origin = findOrigin(book, order.orderId);
    if (origin === null) return [];
    const { clientOrderId, isLeg } = origin;
    if (isFlatten(clientOrderId)) {
      // Its buys cover what is short, and are of no trade of the engine's.
      return order.side === "buy" ? [] : [{ order, reason: "flatten", positionId: null }];
    }
    const positionId = isLeg ? clientOrderId : readPositionId(clientOrderId) ?? clientOrderId;
    return [{ order, reason: describe(order, origin), positionId }];
  }).sort((a, b) =>
    findFilledAtMs(a.order) - findFilledAtMs(b.order) || (a.order.side === "buy" ? -1 : 1)
  );
  return filled.map((each, index) => ({
    ...each,
    positionId: each.positionId ?? findBefore(filled.slice(0, index), each.order.symbol),
  }));
}

/** The position whose shares an order that names a symbol alone has sold: the last one of ours in it. */
function findBefore(before: readonly FilledOfOurs[], symbol: string): string | null {
  return before.findLast((each) => each.order.symbol === symbol && each.positionId !== null)
    ?.positionId ?? null;
}

/** Whether what it filled is counted again in the order that took its place. */
function isCarriedOn(book: OrderBook, order: BrokerOrder): boolean {
  const next = book.get(order.replacedBy ?? "")?.order;
  return next !== undefined && isCountedAgain(order, next);
}

/**
 * What an order of ours, or one that came in the place of one of ours, is for; `null` where it is none, or the book does not
 * know it.
 */
export function describeOurs(book: OrderBook, orderId: string): FillReason | null {
  const order = book.get(orderId)?.order;
  const origin = findOrigin(book, orderId);
  if (order === undefined || origin === null) return null;
  return isFlatten(origin.clientOrderId) ? "flatten" : describe(order, origin);
}

function describe(order: BrokerOrder, { clientOrderId, isLeg }: Origin): FillReason {
  if (order.side === "buy") return "entry";
  const reason = isLeg ? null : readReason(clientOrderId);
  if (reason !== null) return reason;
  return isStopOrder(order) ? "stop" : isLeg ? "take_profit" : "other";
}

/** A position's fills up to one order and with it, each order once. */
export function listFillsUntil(
  filled: readonly FilledOfOurs[],
  last: FilledOfOurs,
): SharesMoved[] {
  const at = filled.indexOf(last);
  return filled.filter((each, index) =>
    each.order.symbol === last.order.symbol &&
    (each.order.side === "buy" || index <= at) && each.positionId === last.positionId
  ).map(({ order }) => ({
    side: order.side,
    qty: order.filledQty,
    priceUsd: order.filledAvgPriceUsd,
  }));
}

/** The prices of a bracket's legs as they were first placed, USD per share; `null` where the book has none. */
export function readBracketPrices(
  book: OrderBook,
  positionId: string,
): { readonly stopUsd: number | null; readonly targetUsd: number | null } {
  const entry = [...book.values()].find(({ order }) => order.clientOrderId === positionId)?.order;
  const legs = [...book.values()]
    .filter(({ parentId }) => entry !== undefined && parentId === entry.orderId)
    .map(({ order }) => order)
    .sort((a, b) => a.submittedAtMs - b.submittedAtMs);
  return {
    stopUsd: legs.find(isStopOrder)?.stopPriceUsd ?? null,
    targetUsd: legs.find((leg) => !isStopOrder(leg) && leg.limitPriceUsd !== null)
      ?.limitPriceUsd ?? null,
  };
}
