import { isFlatten, isOurs } from "../order/client_order_id.ts";
import { deriveOnce } from "../derive_once.ts";
import { type BrokerOrder, isFinal } from "../order/orders.ts";

/** One order as all answers together have it (pipeline 5, "Positions lag behind fills, and lists behind both"). */
export interface KnownOrder {
  /** Flat: its legs are known by themselves. */
  readonly order: BrokerOrder;
  /** The bracket or OCO that it is a leg of. */
  readonly parentId: string | null;
  /** Shares that it had filled before the last ones were seen. */
  readonly filledBeforeQty: number;
  /** When the last of its fills was seen, or was made where the broker says that, Unix ms by the broker's clock. */
  readonly filledSeenAtMs: number;
  /** When an answer without a date last said its status anew, Unix ms by the broker's clock; `null` where a date says since when. */
  readonly undatedSinceMs: number | null;
  /** Whether the broker shows it; what it took and does not show can be neither cancelled nor replaced. */
  readonly isShown: boolean;
  /** Whether nobody knows if it does: the list lacks it, and the question for it has had no answer. */
  readonly isUnanswered: boolean;
  /** When it was last shown, or recorded, Unix ms by the broker's clock. */
  readonly shownAtMs: number;
}

/** Every order that answers and records have shown, by order id. A value: each change makes a new one. */
export type OrderBook = ReadonlyMap<string, KnownOrder>;

/** The book of a process that has not asked for anything yet. */
export const EMPTY_BOOK: OrderBook = new Map();

/** How long positions may lag behind a fill that another answer has shown. Milliseconds. */
export const LAG_MS = 10_000;

/** Where an answer comes from: a list, which lags, or a question or request about the order itself, which says what is so now. */
export type AnswerSource = "list" | "order";

/**
 * Two answers about one order made one: final is for ever, the higher filled quantity wins, and an answer that is older than
 * what is known undoes nothing.
 * @param isLater Whether `seen` is the later one: by default what its date says.
 */
export function mergeOrder(
  known: BrokerOrder,
  seen: BrokerOrder,
  isLater = seen.updatedAtMs >= known.updatedAtMs,
): BrokerOrder {
  const base = isNewer(known, seen, isLater) ? seen : known;
  const filled = seen.filledQty >= known.filledQty ? seen : known;
  return {
    ...base,
    updatedAtMs: Math.max(base.updatedAtMs, known.updatedAtMs),
    filledQty: filled.filledQty,
    filledAvgPriceUsd: filled.filledAvgPriceUsd,
    filledAtMs: filled.filledAtMs ?? base.filledAtMs ?? known.filledAtMs,
    replacedBy: base.replacedBy ?? known.replacedBy,
    replaces: base.replaces ?? known.replaces,
  };
}

function isNewer(known: BrokerOrder, seen: BrokerOrder, isLater: boolean): boolean {
  if (isFinal(known) !== isFinal(seen)) return isFinal(seen);
  return isLater && seen.filledQty >= known.filledQty;
}

/**
 * Takes in what the broker answered: a list, an order by its id, or the answer to a request.
 * @param orders Nested or flat.
 * @param atMs Now, by the broker's clock.
 */
export function learnOrders(
  book: OrderBook,
  orders: readonly BrokerOrder[],
  atMs: number,
  source: AnswerSource = "list",
): OrderBook {
  const next = new Map(book);
  for (const parent of orders) {
    learnOne(next, parent, null, { atMs, source });
    for (const leg of parent.legs) learnOne(next, leg, parent.orderId, { atMs, source });
  }
  linkSuccessors(next);
  return next;
}

/** Which order came in the place of which may be said by the old one alone: then the new one has it from there. */
function linkSuccessors(book: Map<string, KnownOrder>): void {
  for (const { order: { orderId, replacedBy } } of [...book.values()]) {
    const known = book.get(replacedBy ?? "");
    if (known === undefined || known.order.replaces !== null) continue;
    const order = { ...known.order, replaces: orderId };
    book.set(order.orderId, {
      ...known,
      order,
      parentId: known.parentId ?? findPlace(book, order),
    });
  }
}

function learnOne(
  book: Map<string, KnownOrder>,
  seen: BrokerOrder,
  parentId: string | null,
  { atMs, source }: { readonly atMs: number; readonly source: AnswerSource },
): void {
  const known = book.get(seen.orderId);
  const flat = { ...seen, legs: [] };
  const shown = { isShown: true, isUnanswered: false, shownAtMs: atMs };
  if (known === undefined) {
    const filledSeenAtMs = seen.filledAtMs ?? seen.updatedAtMs;
    const place = parentId ?? findPlace(book, seen);
    const first = { order: flat, parentId: place, filledBeforeQty: 0, filledSeenAtMs };
    book.set(seen.orderId, { ...first, undatedSinceMs: null, ...shown });
    return;
  }
  const merged = mergeOrder(known.order, flat, isLater(known, flat, { atMs, source }));
  const isRisen = merged.filledQty > known.order.filledQty;
  // The broker may leave out when it was (broker.md, Time and data): then it was when it was seen.
  const isFillUndated = isRisen && seen.filledAtMs === null && isUndated(seen);
  const order = isFillUndated ? { ...merged, filledAtMs: atMs } : merged;
  const isSettled = atMs - known.filledSeenAtMs >= LAG_MS;
  book.set(seen.orderId, {
    order,
    // The leg that it replaced may have been listed after it.
    parentId: parentId ?? known.parentId ?? findPlace(book, order),
    filledBeforeQty: isRisen && isSettled ? known.order.filledQty : known.filledBeforeQty,
    // One that is old by the time that it is seen has long been in positions.
    filledSeenAtMs: isRisen ? Math.min(atMs, order.filledAtMs ?? atMs) : known.filledSeenAtMs,
    undatedSinceMs: findUndatedSince(known, flat, {
      isSaidAnew: source === "order" || merged.status !== known.order.status,
      atMs,
    }),
    ...shown,
  });
}

/** Whether an answer does not say when its order changed last: the broker may leave that out (broker.md, Time and data). */
function isUndated({ updatedAtMs, submittedAtMs }: BrokerOrder): boolean {
  return updatedAtMs <= submittedAtMs;
}

/** Since when an order is known to be what it is, Unix ms by the broker's clock. */
function readSince({ order, undatedSinceMs }: KnownOrder): number {
  return undatedSinceMs ?? order.updatedAtMs;
}

/**
 * Whether an answer is later than what is known, though one of the two has no date: what is asked of the order itself is of now;
 * a list is later than what was so for longer than lists lag, and than fills that it has more of.
 */
function isLater(
  known: KnownOrder,
  seen: BrokerOrder,
  { atMs, source }: { readonly atMs: number; readonly source: AnswerSource },
): boolean {
  const sinceMs = readSince(known);
  if (seen.updatedAtMs > sinceMs) return true;
  // A date that says that it is older is believed.
  if (!isUndated(seen) && seen.updatedAtMs < known.order.updatedAtMs) return false;
  if (source === "order" || seen.filledQty > known.order.filledQty) return true;
  const isTie = known.undatedSinceMs === null && seen.updatedAtMs === sinceMs;
  return isTie || atMs - sinceMs >= LAG_MS;
}

/** When its status became what it is now, where no date says it. */
function findUndatedSince(
  known: KnownOrder,
  seen: BrokerOrder,
  { isSaidAnew, atMs }: { readonly isSaidAnew: boolean; readonly atMs: number },
): number | null {
  if (seen.updatedAtMs > readSince(known)) return null;
  return isSaidAnew && (isUndated(seen) || known.undatedSinceMs !== null)
    ? atMs
    : known.undatedSinceMs;
}

/** What replaces a leg stands in its bracket, though the broker may list it by itself. */
function findPlace(book: OrderBook, { replaces }: BrokerOrder): string | null {
  return replaces === null ? null : book.get(replaces)?.parentId ?? null;
}

/** Notes that the broker does not show the order, by its id either. @param isUnanswered Whether it said nothing to that question. */
export function noteUnshown(book: OrderBook, orderId: string, isUnanswered: boolean): OrderBook {
  const known = book.get(orderId);
  if (known === undefined || (!known.isShown && known.isUnanswered === isUnanswered)) return book;
  return new Map(book).set(orderId, { ...known, isShown: false, isUnanswered });
}

/** Forgets the orders that `isKept` does not want: finished ones of positions that have ended, for instance. */
export function keepOrders(book: OrderBook, isKept: (known: KnownOrder) => boolean): OrderBook {
  const kept = [...book].filter(([, known]) => isKept(known));
  return kept.length === book.size ? book : new Map(kept);
}

/** Shares of a fill that positions need not show yet. */
export function countRecent(known: KnownOrder, nowMs: number): number {
  return nowMs - known.filledSeenAtMs < LAG_MS ? known.order.filledQty - known.filledBeforeQty : 0;
}

/**
 * Orders that may still trade, or come to it, and that a list of open orders lacks: not listed yet, or ended since, which only
 * an answer by id can tell.
 * @param listedIds Order ids of the list, legs and rows that can't be read included.
 */
export function listUnlisted(book: OrderBook, listedIds: ReadonlySet<string>): KnownOrder[] {
  return listUnended(book).filter(({ order }) => !listedIds.has(order.orderId));
}

/** Orders by which one that is known was replaced, and that no answer has shown. */
export function listUnknownSuccessors(book: OrderBook): KnownOrder[] {
  return [...book.values()].filter(({ order }) => isSuccessorUnknown(book, order));
}

/** Whether the order was replaced by one that no answer has shown. */
export function isSuccessorUnknown(book: OrderBook, order: BrokerOrder): boolean {
  return order.status === "replaced" && order.replacedBy !== null && !book.has(order.replacedBy);
}

/** Whether the broker took a replacement of the order, and then would not make it: so it will with the next one. */
export function isReplaceRefused(book: OrderBook, orderId: string): boolean {
  return [...book.values()].some(({ order }) =>
    order.replaces === orderId && order.status === "rejected"
  );
}

/**
 * Whether an order is the engine's: by its own id, its bracket's, or that of an order in whose place it came, whoever put it
 * there (pipeline 6). `flatten`'s are the operator's.
 */
export function isOfEngine(book: OrderBook, orderId: string): boolean {
  const seen = new Set<string>();
  for (let at = book.get(orderId); at !== undefined && !seen.has(at.order.orderId);) {
    seen.add(at.order.orderId);
    const parentId = book.get(at.parentId ?? "")?.order.clientOrderId ?? "";
    const ids = [at.order.clientOrderId, parentId];
    if (ids.some((id) => isOurs(id) && !isFlatten(id))) return true;
    at = book.get(at.order.replaces ?? "");
  }
  return false;
}

/** The orders that have neither ended nor given their place to another; those too that still wait for theirs. */
const listUnended = deriveOnce((book: OrderBook): readonly KnownOrder[] => {
  const replaced = new Set<string>();
  for (const known of book.values()) {
    let oldId = isMade(book, known) ? known.order.replaces : null;
    // What has given its place to another had come into its own, where it was not rejected.
    while (oldId !== null && !replaced.has(oldId)) {
      replaced.add(oldId);
      const old = book.get(oldId)?.order;
      oldId = old === undefined || old.status === "rejected" ? null : old.replaces;
    }
  }
  return [...book.values()].filter(({ order }) => !isFinal(order) && !replaced.has(order.orderId));
});

/** The orders that may still trade: of a chain of replacements one does at a time. */
const listAtWork = deriveOnce((book: OrderBook): readonly KnownOrder[] =>
  listUnended(book).filter((known) => isMade(book, known))
);

/**
 * Whether an order stands in the place of the one that it replaces: what the broker took it may yet reject, while the old one
 * lives on (broker.md). So the old one holds its shares for as long as nobody has seen it end, or the new one in force.
 */
function isMade(book: OrderBook, known: KnownOrder): boolean {
  const { order, isShown } = known;
  if (isTakenBack(book, known)) return false;
  const old = order.replaces === null ? undefined : book.get(order.replaces)?.order;
  if (old === undefined || isFinal(old) || isFinal(order)) return true;
  // A list that lags shows an order as it was before its replacement was taken; what has changed since then is in force.
  return old.status !== "pending_replace" && isShown && old.updatedAtMs <= order.updatedAtMs;
}

/**
 * Whether an order ended before it came into its own: the one that it was to replace lives on. The broker took it and would not
 * make it; or it was cancelled on its way, where the old one is shown at work later than any list lags behind that.
 */
export function isTakenBack(book: OrderBook, known: KnownOrder): boolean {
  const { status, replaces, filledQty } = known.order;
  if (status === "rejected") return true;
  if ((status !== "canceled" && status !== "expired") || filledQty > 0) return false;
  const old = book.get(replaces ?? "");
  if (old === undefined || isFinal(old.order)) return false;
  const endedMs = readSince(known);
  const isBack = old.order.status !== "pending_replace" && old.order.updatedAtMs >= endedMs;
  return isBack || old.shownAtMs - endedMs >= LAG_MS;
}

/** Orders that a replacement was taken for that the broker does not show: which of the two is in force nobody knows. */
export const listInDoubt = deriveOnce((book: OrderBook): ReadonlySet<string> =>
  new Set(
    [...book.values()].flatMap(({ order, isShown }) =>
      isShown || isFinal(order) ? [] : order.replaces ?? []
    ),
  )
);

/** The orders at work, nested as the broker nests them: a filled bracket stands with its legs. */
export const buildOpenOrders = deriveOnce((book: OrderBook): readonly BrokerOrder[] => {
  const legs = new Map<string, BrokerOrder[]>();
  const roots = new Map<string, BrokerOrder>();
  for (const { order, parentId } of listAtWork(book)) {
    const parent = parentId === null ? undefined : book.get(parentId)?.order;
    if (parent === undefined) {
      roots.set(order.orderId, order);
      continue;
    }
    legs.set(parent.orderId, [...legs.get(parent.orderId) ?? [], order]);
    roots.set(parent.orderId, parent);
  }
  return [...roots.values()].map((order) => ({ ...order, legs: legs.get(order.orderId) ?? [] }));
});

/** A book's orders by their symbol, in the book's order. */
export const groupBySymbol = deriveOnce(
  (book: OrderBook): ReadonlyMap<string, readonly KnownOrder[]> =>
    Map.groupBy(book.values(), ({ order }) => order.symbol),
);

/** A list of the broker's with what is known besides: rows and legs that lag stand as the book has them. */
export function correctList(book: OrderBook, listed: readonly BrokerOrder[]): BrokerOrder[] {
  const correct = (order: BrokerOrder): BrokerOrder => ({
    ...(book.get(order.orderId)?.order ?? order),
    legs: order.legs.map(correct),
  });
  return listed.map(correct);
}
