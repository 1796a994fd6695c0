import type { Book } from "./book.ts";
import { isDone, rootOf, type SimOrder } from "./order.ts";
import { compareMoments, type Moment, parseMoment } from "./wire.ts";

/** The filters of `GET /v2/orders`. */
export interface OrderFilter {
  readonly status: "open" | "closed" | "all";
  readonly limit: number;
  readonly after: Moment | null;
  readonly until: Moment | null;
  readonly isAscending: boolean;
  readonly isNested: boolean;
  readonly symbols: ReadonlySet<string> | null;
  readonly side: string | null;
}

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 500;

/** Filters from a query. @returns A message where a parameter is not valid. */
export function parseOrderFilter(query: URLSearchParams): OrderFilter | string {
  const status = query.get("status") ?? "open";
  if (status !== "open" && status !== "closed" && status !== "all") return "invalid status";
  const limit = Number(query.get("limit") ?? LIMIT_DEFAULT);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX) {
    return `limit must be between 1 and ${LIMIT_MAX}`;
  }
  const direction = query.get("direction") ?? "desc";
  if (direction !== "asc" && direction !== "desc") return "invalid direction";
  const after = query.get("after");
  const until = query.get("until");
  const afterMoment = after === null ? null : parseMoment(after);
  const untilMoment = until === null ? null : parseMoment(until);
  if (after !== null && afterMoment === null) return "invalid after";
  if (until !== null && untilMoment === null) return "invalid until";
  const symbols = query.get("symbols");
  return {
    status,
    limit,
    after: afterMoment,
    until: untilMoment,
    isAscending: direction === "asc",
    isNested: query.get("nested") === "true",
    symbols: symbols === null || symbols === "" ? null : new Set(symbols.split(",")),
    side: query.get("side"),
  };
}

/** An order in a list, with the legs shown under it. */
export interface ListedOrder {
  readonly order: SimOrder;
  readonly legs: readonly SimOrder[] | null;
}

/** Where a list is taken from. */
export interface OrderSource {
  /** All orders in the sequence of their acceptance. */
  readonly orders: readonly SimOrder[];
  readonly books: Iterable<Book>;
  readonly openNestedShows: "parent" | "legs";
  readonly isVisible: (order: SimOrder) => boolean;
}

function isInFilter(order: SimOrder, filter: OrderFilter): boolean {
  if (filter.symbols !== null && !filter.symbols.has(order.symbol)) return false;
  if (filter.side !== null && filter.side !== order.side) return false;
  if (filter.after !== null && compareMoments(order.submitted, filter.after) <= 0) return false;
  return filter.until === null || compareMoments(order.submitted, filter.until) < 0;
}

function listOpen(source: OrderSource, filter: OrderFilter): ListedOrder[] {
  const shown = new Map<SimOrder, ListedOrder>();
  for (const book of source.books) {
    for (const order of book.working) {
      if (!filter.isNested) {
        // A held stop leg is missing here: the trap of broker.md, "Orders and positions".
        if (order.status !== "held") shown.set(order, { order, legs: null });
        continue;
      }
      const root = rootOf(order);
      const isParentShown = source.openNestedShows === "parent" || !isDone(root);
      if (isParentShown) shown.set(root, { order: root, legs: root.legs });
      else shown.set(order, { order, legs: null });
    }
  }
  return [...shown.values()];
}

/** From the newest back, no further than `after`: a year of orders lies behind. */
function listPast(source: OrderSource, filter: OrderFilter): ListedOrder[] {
  const listed: ListedOrder[] = [];
  for (let at = source.orders.length - 1; at >= 0; at--) {
    const order = source.orders[at];
    if (order === undefined) break;
    if (filter.after !== null && order.submitted.ms < filter.after.ms) break;
    if (filter.isNested && order.parent !== null) continue;
    if (filter.status === "closed" && !isDone(order)) continue;
    listed.push({ order, legs: filter.isNested ? order.legs : null });
  }
  return listed;
}

/** The orders that `GET /v2/orders` shows, newest first unless asked otherwise. */
export function listOrders(source: OrderSource, filter: OrderFilter): ListedOrder[] {
  const all = filter.status === "open" ? listOpen(source, filter) : listPast(source, filter);
  const fitting = all.filter(({ order }) => source.isVisible(order) && isInFilter(order, filter));
  const sign = filter.isAscending ? 1 : -1;
  fitting.sort((a, b) => {
    const byTime = compareMoments(a.order.submitted, b.order.submitted);
    return sign * (byTime === 0 ? a.order.seq - b.order.seq : byTime);
  });
  return fitting.slice(0, filter.limit);
}
