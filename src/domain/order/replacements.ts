import { isOurs } from "./client_order_id.ts";
import type { LedgerEntry } from "./ledger.ts";
import { type BrokerOrder, flattenOrders } from "./orders.ts";
import { isStopOrder } from "./protection.ts";

/**
 * Orders with our id prefix, their legs, and what replaces them or an order on record (the old pipeline's), whoever replaced
 * it (pipeline 6): by either end of the link, since the broker lists the old order and the new one on different days, or only
 * one of them.
 * @param orders Flat.
 */
export function listOurOrderIds(
  orders: readonly BrokerOrder[],
  entries: readonly LedgerEntry[],
  links: readonly Link[],
): ReadonlySet<string> {
  const ours = new Set<string>();
  for (const entry of entries) {
    if (entry.orderId !== null) ours.add(entry.orderId);
    if (!isOurs(entry.clientOrderId ?? "") && entry.replaces === null) continue;
    for (const leg of entry.legs) ours.add(leg.orderId);
  }
  for (const order of orders) {
    if (!isOurs(order.clientOrderId)) continue;
    for (const each of [order, ...order.legs]) ours.add(each.orderId);
  }
  for (let size = -1; size < ours.size;) {
    size = ours.size;
    for (const { oldId, newId } of links) if (ours.has(oldId)) ours.add(newId);
  }
  return ours;
}

/**
 * The orders that others claim to replace and that neither the lists nor the records know, by their order ids: where a chain
 * of replacements goes on.
 * @param symbols Those in which there may be orders of ours.
 * @param ancestors Those that were found already.
 */
export function listUnlinked(
  recorded: readonly LedgerEntry[],
  orders: readonly BrokerOrder[],
  { symbols, ancestors }: {
    readonly symbols: ReadonlySet<string>;
    readonly ancestors: readonly BrokerOrder[];
  },
): string[] {
  const flat = [...flattenOrders(orders), ...ancestors];
  const known = new Set([
    ...flat.map((order) => order.orderId),
    ...listOurOrderIds(flat, recorded, listLinks(flat)),
  ]);
  const unlinked = flat.flatMap(({ symbol, clientOrderId, replaces }) => {
    // Ours by its name: whatever it replaced.
    if (replaces === null || isOurs(clientOrderId)) return [];
    return known.has(replaces) || !symbols.has(symbol) ? [] : [replaces];
  });
  return [...new Set(unlinked)];
}

/** Which order stands in the place of which, by their order ids. */
export interface Link {
  readonly oldId: string;
  readonly newId: string;
}

/** The links that orders show, by either end. */
export function listLinks(orders: readonly BrokerOrder[]): Link[] {
  return orders.flatMap(({ orderId, replaces, replacedBy }) => [
    ...(replaces === null ? [] : [{ oldId: replaces, newId: orderId }]),
    ...(replacedBy === null ? [] : [{ oldId: orderId, newId: replacedBy }]),
  ]);
}

/** What an order is for that came in the place of another: from the recorded one at the chain's beginning. */
export interface Inherited extends Purpose {
  /** The order id in whose place it came; `null` where it replaces none. */
  readonly replaces: string | null;
}

/** Follows a chain of replacements back to an order or a leg on record. */
export function inherit(
  { orderId, replaces }: Pick<BrokerOrder, "orderId" | "replaces">,
  links: readonly Link[],
  entries: readonly LedgerEntry[],
): Partial<Inherited> {
  const findOld = (newId: string) => links.find((link) => link.newId === newId)?.oldId;
  let oldId = findOld(orderId);
  const known = replaces ?? oldId ?? null;
  for (let step = 0; step <= links.length && oldId !== undefined; step++) {
    const purpose = findPurpose(oldId, entries);
    if (purpose !== null) return { replaces: known, ...purpose };
    oldId = findOld(oldId);
  }
  return { replaces: known };
}

type Purpose = Pick<LedgerEntry, "reason" | "positionId" | "attempt">;

/** What an order on record, or a leg of one, is for; `null` where none has the order id. */
function findPurpose(orderId: string, entries: readonly LedgerEntry[]): Purpose | null {
  for (const entry of entries) {
    const { reason, positionId, attempt } = entry;
    if (entry.orderId === orderId) return { reason, positionId, attempt };
    const leg = entry.legs.find((each) => each.orderId === orderId);
    if (leg === undefined) continue;
    const isStop = isStopOrder({ type: leg.type, side: "sell" });
    return { reason: isStop ? "stop" : null, positionId: entry.clientOrderId, attempt: null };
  }
  return null;
}

/** An order as far as the shares it filled are concerned. Shares; `qty` is `null` where it is not known. */
export interface Filling {
  readonly qty: number | null;
  readonly filledQty: number;
}

/**
 * Whether what an order had filled when it was replaced is counted again in the order that took its place. No document says
 * which (broker.md): one that has filled less can't hold it, nor one that is for no more than the old one left.
 */
export function isCountedAgain(old: Filling, next: Filling): boolean {
  if (old.filledQty <= 0 || next.filledQty < old.filledQty) return false;
  return old.qty === null || next.qty === null || next.qty !== old.qty - old.filledQty;
}
