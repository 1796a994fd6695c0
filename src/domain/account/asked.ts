import { type KnownOrder, listUnknownSuccessors, type OrderBook } from "./order_book.ts";

/** What is asked for by id where lists lag (pipeline 5, "Positions lag behind fills, and lists behind both"). */
export interface Wanted {
  /** Whether one that is known has to be looked at. */
  readonly isMissing: (known: KnownOrder) => boolean;
  /** Whether it matters what came in the place of an order of the symbol. */
  readonly isOfInterest: (symbol: string) => boolean;
  /** Order ids that were asked for already. */
  readonly asked: ReadonlySet<string>;
}

/** The order that is asked for next: the newest that is missing, then one that took the place of another unseen. */
export function findNextAsked(
  book: OrderBook,
  { isMissing, isOfInterest, asked }: Wanted,
): string | undefined {
  const [missing] = [...book.values()]
    .filter((known) => !asked.has(known.order.orderId) && isMissing(known))
    .sort((a, b) => b.order.submittedAtMs - a.order.submittedAtMs);
  const [successorId] = listUnknownSuccessors(book)
    .flatMap(({ order }) => isOfInterest(order.symbol) ? order.replacedBy ?? [] : [])
    .filter((orderId) => !asked.has(orderId));
  return missing?.order.orderId ?? successorId;
}

/** What is asked for in the place of these: one of each bracket's legs stands for both, for its answer holds them. */
export function listRoots(book: OrderBook, orderIds: readonly string[]): string[] {
  const roots = new Map<string, string>();
  for (const orderId of orderIds) {
    const rootId = book.get(orderId)?.parentId ?? orderId;
    if (!roots.has(rootId)) roots.set(rootId, orderId);
  }
  return [...roots.values()];
}
