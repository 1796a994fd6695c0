import { findNextAsked, type Wanted } from "../domain/account/asked.ts";
import {
  type AnswerSource,
  learnOrders,
  noteUnshown,
  type OrderBook,
} from "../domain/account/order_book.ts";
import type { LookupOutcome } from "../domain/order/order_request.ts";
import { type BrokerOrder, flattenOrders } from "../domain/order/orders.ts";
import type { BrokerPort } from "./ports.ts";

/** Who asks the broker for orders one by one and keeps the book of what it says: the engine, or the operator's `flatten`. */
export interface Asker {
  readonly book: OrderBook;
  putBook(book: OrderBook): void;
  /** By the broker's clock, Unix ms. */
  nowMs(): number;
  readonly ports: { readonly broker: Pick<BrokerPort, "readOrder" | "lookUp"> };
}

/** Takes an answer of the broker into the book. */
export function learn(
  asker: Asker,
  orders: readonly BrokerOrder[],
  source: AnswerSource = "list",
): void {
  asker.putBook(learnOrders(asker.book, orders, asker.nowMs(), source));
}

/** Asks for an order by the broker's id, and learns the answer: it is never behind a list (broker.md). */
export async function askOrder(asker: Asker, orderId: string): Promise<LookupOutcome> {
  const found = await asker.ports.broker.readOrder(orderId, "protect");
  if (found.kind === "found") learn(asker, [found.order], "order");
  return found;
}

/** Asks for an order by the id that we gave it, and learns the answer. */
export async function lookUpOrder(asker: Asker, clientOrderId: string): Promise<LookupOutcome> {
  const found = await asker.ports.broker.lookUp(clientOrderId, "protect");
  if (found.kind === "found") learn(asker, [found.order], "order");
  return found;
}

/** Asks for an order: for a leg by its bracket's id, whose answer holds both legs; by its own where that does not show it. */
export async function askByRoot(asker: Asker, orderId: string): Promise<LookupOutcome> {
  const rootId = asker.book.get(orderId)?.parentId ?? orderId;
  const found = await askOrder(asker, rootId);
  const isShown = found.kind === "found" &&
    flattenOrders([found.order]).some((order) => order.orderId === orderId);
  return isShown || found.kind === "unknown" || rootId === orderId
    ? found
    : await askOrder(asker, orderId);
}

/**
 * Asks by id for orders at work that `isMissing` names, and for those that came in the place of another unseen. What is not
 * found, or not asked for any more, is noted as not shown.
 * @param options `most`: requests at most; more would eat the budget of what protects.
 */
export async function askMissing(
  asker: Asker,
  { most, ...wanted }: Omit<Wanted, "asked"> & { readonly most: number },
): Promise<void> {
  const asked = new Set<string>();
  for (let count = 0;; count++) {
    const orderId = findNextAsked(asker.book, { ...wanted, asked });
    if (orderId === undefined) return;
    asked.add(orderId);
    const kind = count < most ? (await askByRoot(asker, orderId)).kind : "unknown";
    if (kind !== "found") asker.putBook(noteUnshown(asker.book, orderId, kind === "unknown"));
  }
}
