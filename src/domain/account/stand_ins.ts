import type { BrokerView, LedgerEntry } from "../order/ledger.ts";
import { type BrokerOrder, isFinal } from "../order/orders.ts";
import { type KnownOrder, mergeOrder, type OrderBook } from "./order_book.ts";

/** How long an order that the broker took may be missing from its answers before that means anything. Milliseconds. */
export const UNSEEN_MS = 60_000;

/**
 * Takes in what the ledger has of orders that the broker took: what is not listed yet stands in from its record until it is
 * seen or proven otherwise, and what a record has seen ended or filled is not undone by a list that lags (pipeline 5).
 * @param entries Of this account's ledger.
 * @param nowMs By the broker's clock.
 */
export function learnRecords(
  book: OrderBook,
  entries: readonly LedgerEntry[],
  nowMs: number,
): OrderBook {
  const next = new Map(book);
  for (const entry of entries) {
    const { orderId, broker } = entry;
    if (entry.status !== "accepted" || orderId === null || broker === null) continue;
    const known = next.get(orderId);
    if (known !== undefined) {
      if (isKnownSo(known.order, broker)) continue;
      // A record is what some answer said: one that is not older than it is as new at the least.
      next.set(orderId, {
        ...known,
        order: mergeOrder({ ...known.order, ...broker }, known.order),
      });
      continue;
    }
    const standIn = buildStandIn(entry, orderId);
    const isRecent = nowMs - standIn.order.submittedAtMs < UNSEEN_MS;
    if (isRecent || isFinal(standIn.order)) next.set(orderId, standIn);
  }
  return next;
}

/**
 * Takes a sell or stop that the broker took, and that nobody has seen since, for one that it has, where the question for it has no
 * answer: that denies nothing (pipeline 5).
 */
export function noteMute(book: OrderBook, entry: LedgerEntry): OrderBook {
  const { orderId, broker, side, status } = entry;
  if (side !== "sell" || status !== "accepted" || orderId === null || book.has(orderId)) {
    return book;
  }
  if (broker === null || isFinal(broker)) return book;
  return new Map(book).set(orderId, { ...buildStandIn(entry, orderId), isUnanswered: true });
}

/** Whether a record says of an order just what is known of it. */
function isKnownSo(order: BrokerOrder, broker: BrokerView): boolean {
  return order.status === broker.status && order.filledQty === broker.filledQty &&
    order.filledAvgPriceUsd === broker.filledAvgPriceUsd &&
    order.updatedAtMs === broker.updatedAtMs;
}

/** An order as its record has it: at work where nothing else was answered, filled as far as that was. */
function buildStandIn(entry: LedgerEntry, orderId: string): KnownOrder {
  const isStop = entry.side === "sell" && entry.stopUsd !== null;
  const recordedAtMs = Date.parse(entry.timestamp);
  const order: BrokerOrder = {
    orderId,
    clientOrderId: entry.clientOrderId ?? "",
    symbol: entry.symbol,
    side: entry.side,
    type: isStop ? "stop" : "market",
    orderClass: entry.side === "buy" ? "bracket" : "",
    timeInForce: isStop ? "gtc" : "day",
    status: entry.broker?.status ?? "new",
    qty: entry.qty,
    filledQty: entry.broker?.filledQty ?? 0,
    filledAvgPriceUsd: entry.broker?.filledAvgPriceUsd ?? null,
    limitPriceUsd: null,
    stopPriceUsd: isStop ? entry.stopUsd : null,
    submittedAtMs: recordedAtMs,
    updatedAtMs: entry.broker?.updatedAtMs ?? recordedAtMs,
    filledAtMs: null,
    replacedBy: null,
    replaces: entry.replaces,
    legs: [],
  };
  return {
    order,
    parentId: null,
    filledBeforeQty: 0,
    filledSeenAtMs: order.updatedAtMs,
    undatedSinceMs: null,
    isShown: false,
    isUnanswered: false,
    shownAtMs: recordedAtMs,
  };
}

/** Whether an order that no answer shows is still taken for one that the broker has: a question without an answer denies nothing. */
export function isPresumed(
  { order, isShown, isUnanswered, shownAtMs }: KnownOrder,
  nowMs: number,
): boolean {
  return isShown || isUnanswered || isFinal(order) || nowMs - shownAtMs < UNSEEN_MS;
}
