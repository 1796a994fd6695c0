import { formatCounted } from "../counted.ts";
import { deriveOnce } from "../derive_once.ts";
import type { ManagedPosition } from "./engine_state.ts";
import { type BrokerOrder, findChangedAtMs, isFinal, remainingQty } from "../order/orders.ts";
import type { SellSideRequest } from "../order/order_request.ts";
import {
  ceilQty,
  type FillHistory,
  type Holding,
  listHoldings,
  type StartQty,
} from "./position_account.ts";
import { roundToIncrement } from "../order/price_increment.ts";
import { listSellGroups, type SellGroup } from "../order/protection.ts";
import { countBound, countDoubtful, countFree, countHeldBy } from "./free_shares.ts";
import {
  buildOpenOrders,
  groupBySymbol,
  isOfEngine,
  type KnownOrder,
  type OrderBook,
} from "./order_book.ts";
import { type HandMove, listHandMoves } from "./our_orders.ts";
import { countRecentFills, countShares, type ShareCount } from "./share_count.ts";
import { findSellGroups, findShown, type Sight } from "./sight.ts";

/** Orders of a position were submitted after this before its own time: the two clocks differ a little. */
export const OPENED_SLACK_MS = 5_000;

/** The orders of a position since it was opened or adopted, as the book has them; `null` while the book lacks the past. */
export function listPositionOrders(
  sight: Sight,
  position: ManagedPosition,
): readonly KnownOrder[] | null {
  return sight.pasts.has(position.positionId) ? listKnown(sight.book)(position) : null;
}

// Whose shares are is asked for at each step of a cycle, most often of the same book.
const listKnown = deriveOnce((book: OrderBook) =>
  deriveOnce((position: ManagedPosition) => findSince(book, position))
);

function findSince(book: OrderBook, position: ManagedPosition): readonly KnownOrder[] {
  const fromMs = position.openedAtMs - OPENED_SLACK_MS;
  return (groupBySymbol(book).get(position.symbol) ?? []).filter(({ order }) => {
    if (position.adoptedQty === 0) return order.submittedAtMs >= fromMs;
    const atMs = order.side === "buy" ? order.submittedAtMs : findChangedAtMs(order);
    // One that worked already when it was adopted: `buildAdopted` counts with what it had sold by then.
    return atMs >= position.openedAtMs || (order.side === "sell" && !isFinal(order));
  });
}

/** The same, flat. */
export function listPositionHistory(
  sight: Sight,
  position: ManagedPosition,
): BrokerOrder[] | null {
  return listPositionOrders(sight, position)?.map(({ order }) => order) ?? null;
}

/** Fills of a position's orders that positions need not show yet. */
export function readRecentFills(sight: Sight, position: ManagedPosition): FillHistory {
  return countRecentFills(listPositionOrders(sight, position) ?? [], sight.nowMs);
}

/**
 * Whether positions lack shares that may be held, and no buy of a moment ago is what they need not show yet (broker.md: positions
 * lag behind fills).
 */
export function isMissing(
  sight: Sight,
  position: ManagedPosition,
  { mostHeldQty }: ShareCount,
): boolean {
  return findShown(sight, position.symbol) === undefined &&
    mostHeldQty > readRecentFills(sight, position).boughtQty;
}

/**
 * A managed position's shares: the one number behind "available", "half" and "whole" (pipeline 5).
 * @returns `null` while its orders are not known: nothing is begun then.
 */
export function readShares(sight: Sight, position: ManagedPosition): ShareCount | null {
  const orders = listPositionOrders(sight, position);
  if (orders === null) return null;
  const held = findShown(sight, position.symbol);
  return countShares({
    start: readStart(position),
    orders,
    isOurs: isOurIn(sight.book),
    shown: held === null
      ? { kind: "unreadable" }
      : held === undefined
      ? { kind: "absent" }
      : { kind: "shown", qty: held.qty },
    doubtfulQty: countDoubtful(sight, position.symbol, {
      orders,
      groups: listHolding(sight, position),
    }),
    nowMs: sight.nowMs,
  });
}

/** What a position began with. */
function readStart({ adoptedQty, besideQty }: ManagedPosition): StartQty {
  return { oursQty: adoptedQty, handQty: besideQty };
}

/** Whose the shares are by a position's orders, in both readings; `null` while the book lacks its past. */
export function readHoldings(
  sight: Sight,
  position: ManagedPosition,
): readonly Holding[] | null {
  return sight.pasts.has(position.positionId) ? listHeld(sight.book)(position) : null;
}

const listHeld = deriveOnce((book: OrderBook) =>
  deriveOnce((position: ManagedPosition): readonly Holding[] => {
    const orders = listKnown(book)(position).map(({ order }) => order);
    return listHoldings(orders, readStart(position), isOurIn(book));
  })
);

/** Whether an order of a book is the engine's, or stands in the place of one. */
const isOurIn = deriveOnce((book: OrderBook) => (order: BrokerOrder) =>
  isOfEngine(book, order.orderId)
);

/** Working sells without what holds a hand's own shares: a hand's sells take those first (pipeline 5). */
function keepOwn(
  sight: Sight,
  position: ManagedPosition,
  groups: readonly SellGroup[],
): SellGroup[] {
  let handQty = Math.min(...readHoldings(sight, position)?.map((each) => each.handQty) ?? [0]);
  return groups.flatMap((group) => {
    if (handQty <= 0 || group.orders.some(({ orderId }) => isOfEngine(sight.book, orderId))) {
      return [group];
    }
    // Of a hand's there may be a fraction: what it leaves of a whole share holds that share.
    const qty = Math.min(group.qty, Math.max(0, ceilQty(group.qty - handQty)));
    handQty -= group.qty - qty;
    return qty === 0 ? [] : [{ ...group, qty }];
  });
}

/** The working sells that hold a position's own shares; `null` where open orders, or one of its symbol, can't be read. */
export function findOwnGroups(sight: Sight, position: ManagedPosition): SellGroup[] | null {
  const groups = findSellGroups(sight, position.symbol);
  return groups === null ? null : keepOwn(sight, position, groups);
}

/** A position's sells at work, by the book. */
function listHolding(sight: Sight, position: ManagedPosition): SellGroup[] {
  return keepOwn(sight, position, listSellGroups(buildOpenOrders(sight.book), position.symbol));
}

/** Whether an answer may still say that doubtful shares are bare; of a trade that is not settled only time does. */
export function isAnswerOut(
  sight: Sight,
  position: ManagedPosition,
  { doubtfulQty }: ShareCount,
): boolean {
  return doubtfulQty > countBound(listHolding(sight, position));
}

/** Shares of a position that working sells and stops hold, by the book; legs of one bracket hold the same ones. */
export function countReserved(sight: Sight, position: ManagedPosition): number {
  return countHeldBy(listHolding(sight, position));
}

/** Shares held for sure that nothing sells or stops: what may be sold or stopped now; 0 where they could not be counted. */
export function countAvailable(
  sight: Sight,
  position: ManagedPosition,
  shares: ShareCount | null,
): number {
  return shares === null ? 0 : countFree(shares.sureQty, listHolding(sight, position));
}

/**
 * Whether a request would bring sells and stops, at work or leaving, beyond the shares held for sure (pipeline 5).
 * @returns What is wrong with it, or `null`.
 */
export function findBreach(
  sight: Sight,
  positions: readonly ManagedPosition[],
  order: SellSideRequest,
): string | null {
  const added = readAdded(sight, order);
  if (added === null || added.qty <= 0) return null;
  const position = positions.find((each) => each.symbol === added.symbol);
  if (position === undefined) return `${added.symbol}: ${order.op} in a symbol that is not managed`;
  // What is sent again under its id is the same order, and not one beside it.
  const doubts = sight.doubts.filter((entry) => entry.clientOrderId !== nameOf(order));
  const sureQty = readShares({ ...sight, doubts }, position)?.sureQty ?? 0;
  const reservedQty = countReserved(sight, position);
  if (reservedQty + added.qty <= sureQty) return null;
  return `${added.symbol}: ${order.op} of ${
    formatCounted(added.qty, "share")
  } beside ${reservedQty} that sells and stops hold, ` +
    `of ${sureQty} held for sure`;
}

function nameOf(order: SellSideRequest): string | null {
  return order.op === "cancel" ? null : order.request.clientOrderId;
}

/** Shares that a request sells or stops beyond those that orders hold already; `null` for one that sells nothing. */
function readAdded(
  sight: Sight,
  order: SellSideRequest,
): { readonly symbol: string; readonly qty: number } | null {
  switch (order.op) {
    case "cancel":
      return null;
    case "sell":
    case "stop":
      return order.request;
    case "replace": {
      const old = sight.book.get(order.request.orderId)?.order;
      const heldQty = old === undefined ? 0 : remainingQty(old);
      return { symbol: order.symbol, qty: (order.request.qty ?? heldQty) - heldQty };
    }
  }
}

/** What hands have done to the position's stops, oldest first, for its whole life; none while its past is not known. */
export function readHandMoves(sight: Sight, position: ManagedPosition): HandMove[] {
  return listHandMoves(sight.book, listPositionHistory(sight, position) ?? []);
}

/**
 * Where a position's stop belongs, in the broker's increments: the engine's own, or the price that a hand gave it last, the
 * higher of both (pipeline 5, "Our stop, moved by hand"). The hand's never becomes the engine's.
 * @param spentUsd A hand's price that the market has come below: the broker would not take a stop there any more.
 */
export function readStopLevel(
  sight: Sight,
  position: ManagedPosition,
  spentUsd: number | null,
): number {
  const engineUsd = roundToIncrement(position.stopUsd);
  const handUsd = readHandMoves(sight, position).at(-1)?.stopUsd ?? 0;
  return handUsd === spentUsd ? engineUsd : Math.max(engineUsd, handUsd);
}

/** Whether the engine may act on the position: it is shown, its quantity is explained, and above 0 for sure. */
export function isActionable(position: ManagedPosition, shares: ShareCount | null): boolean {
  return shares !== null && shares.isExplained && position.unexplainedQty === null &&
    position.qty !== null && shares.sureQty > 0;
}
