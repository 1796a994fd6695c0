import type { BrokerOrder } from "../domain/order/orders.ts";
import type { UnreadableRow } from "../domain/order/unreadable_row.ts";
import { BrokerError, type Listing, type OrderQuery } from "../engine/ports.ts";
import type { OrderPage } from "./order_wire.ts";
import { formatRfc3339 } from "./rfc3339.ts";
import { formatSymbols } from "./wire_format.ts";

/** Orders in one page: the most that the broker gives (broker.md, Orders). */
export const ORDERS_PER_PAGE = 500;
/**
 * A page with this many orders and legs is taken for full. Whether the limit counts legs is not documented; where it does,
 * a page ends a few rows early, before an order that would not fit with its legs.
 */
const FULL_PAGE_ROWS = ORDERS_PER_PAGE - 10;
/** Most pages of one list. */
export const ORDER_PAGES_MAX = 20;

/** Path and query of one page. `afterMs` is exclusive, as the broker has it. */
export function buildOrdersPath(query: OrderQuery, afterMs: number | null): string {
  const after = afterMs === null ? "" : `&after=${encodeURIComponent(formatRfc3339(afterMs))}`;
  const symbols = query.symbols === undefined ? "" : `&symbols=${formatSymbols(query.symbols)}`;
  return `/v2/orders?status=${query.status}&limit=${ORDERS_PER_PAGE}&direction=asc&nested=true` +
    after + symbols;
}

/**
 * Where the next page starts, or that this was the last one. The next page begins a millisecond before the last order of
 * this one: orders of the same moment can stand on both sides of the edge, and what comes twice is dropped by its id.
 * @param afterMs Where this page started.
 * @throws {BrokerError} Where a full page leads nowhere: newest first, or more orders in one moment than a page holds.
 */
export function decideNextPage(
  { rows, wireRows }: OrderPage,
  afterMs: number | null,
): { readonly kind: "last" } | { readonly kind: "next"; readonly afterMs: number } {
  if (wireRows < FULL_PAGE_ROWS) return { kind: "last" };
  // A full page of nothing that can be read leads nowhere either.
  const firstMs = rows[0]?.submittedAtMs ?? Infinity;
  const lastMs = rows[rows.length - 1]?.submittedAtMs ?? -Infinity;
  const nextMs = lastMs - 1;
  if (lastMs < firstMs || (afterMs !== null && nextMs <= afterMs)) {
    throw new BrokerError("malformed", "Cannot read orders: a full page does not lead to the next");
  }
  return { kind: "next", afterMs: nextMs };
}

/**
 * All pages of a list, each order once.
 * @param readPage Reads one page; a later version of an order replaces an earlier one.
 * @throws {BrokerError} Where there are more than `ORDER_PAGES_MAX` pages, or what `readPage` throws.
 */
export async function listAllOrders(
  query: OrderQuery,
  readPage: (path: string) => Promise<OrderPage>,
): Promise<Listing<BrokerOrder>> {
  const byId = new Map<string, BrokerOrder>();
  const unreadable = new Map<string, UnreadableRow>();
  let afterMs = query.afterMs ?? null;
  for (let pages = 0; pages < ORDER_PAGES_MAX; pages++) {
    const page = await readPage(buildOrdersPath(query, afterMs));
    for (const order of page.rows) byId.set(order.orderId, order);
    for (const row of page.unreadable) unreadable.set(JSON.stringify(row), row);
    const next = decideNextPage(page, afterMs);
    if (next.kind === "last") {
      return { rows: [...byId.values()], unreadable: [...unreadable.values()] };
    }
    afterMs = next.afterMs;
  }
  throw new BrokerError("malformed", `Cannot read orders: more than ${ORDER_PAGES_MAX} pages`);
}
