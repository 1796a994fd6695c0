import {
  buildOpenOrders,
  isOfEngine,
  isSuccessorUnknown,
  type KnownOrder,
} from "../domain/account/order_book.ts";
import { countRecentFills, countShares, type ShareCount } from "../domain/account/share_count.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import { isUnsettled, type LedgerEntry } from "../domain/ledger.ts";
import { dateNyOf } from "../domain/ny_time.ts";
import { type BrokerOrder, isFinal, remainingQty } from "../domain/orders.ts";
import {
  type FillHistory,
  type Holding,
  listHoldings,
  type StartQty,
} from "../domain/position_account.ts";
import { listSellGroups, type SellGroup } from "../domain/protection.ts";
import { learn } from "./asking.ts";
import type { Engine } from "./engine.ts";
import { readListing } from "./listing.ts";
import { findSellGroups, findShown } from "./observe.ts";
import type { OrderRequest } from "./send.ts";
import { sayUnreadable } from "./unreadable.ts";

/** Orders of a position were submitted after this before its own time: the two clocks differ a little. */
export const OPENED_SLACK_MS = 5_000;

/** How far back an adopted position's still working orders may have been submitted. */
const ADOPTED_ORDERS_MS = 90 * 86_400_000;

/** Remembers what sells of unknown fate may have sold: those that records of this account leave open. */
export function recallDoubts(engine: Engine): void {
  if (engine.state.ledger === null) return;
  engine.doubts.clear();
  for (const entry of engine.state.ledger.entries) noteDoubt(engine, entry);
}

/** A sell whose answer was lost may have sold its shares until it is found, or proven absent. */
export function noteDoubt(engine: Engine, entry: LedgerEntry): void {
  const { clientOrderId, side } = entry;
  if (clientOrderId === null || side !== "sell" || !isUnsettled(entry)) return;
  engine.doubts.set(clientOrderId, entry);
}

/** The orders of a position since it was opened or adopted, as the book has them; `null` while the book lacks the past. */
export function listPositionOrders(
  engine: Engine,
  position: ManagedPosition,
): KnownOrder[] | null {
  if (!engine.knownPasts.has(position.positionId)) return null;
  const fromMs = position.openedAtMs - OPENED_SLACK_MS;
  return [...engine.book.values()].filter(({ order }) => {
    if (order.symbol !== position.symbol) return false;
    if (position.adoptedQty === 0) return order.submittedAtMs >= fromMs;
    const atMs = order.side === "buy" ? order.submittedAtMs : order.updatedAtMs;
    // One that worked already when it was adopted: `buildAdopted` counts with what it had sold by then.
    return atMs >= position.openedAtMs || (order.side === "sell" && !isFinal(order));
  });
}

/** The same, flat. */
export function listPositionHistory(
  engine: Engine,
  position: ManagedPosition,
): BrokerOrder[] | null {
  return listPositionOrders(engine, position)?.map(({ order }) => order) ?? null;
}

/** Fills of a position's orders that positions need not show yet. */
export function readRecentFills(engine: Engine, position: ManagedPosition): FillHistory {
  return countRecentFills(listPositionOrders(engine, position) ?? [], engine.nowMs());
}

/** Makes sure that the book has the orders of each managed position from its beginning on: one request for all. */
export async function ensurePasts(engine: Engine): Promise<void> {
  const { observation } = engine;
  for (const { positionId, adoptedQty, openedAtMs } of engine.state.positions) {
    // The orders of the day are read in each cycle.
    const isOfToday = adoptedQty === 0 && observation?.dayOrders.kind === "ok" &&
      dateNyOf(openedAtMs - OPENED_SLACK_MS) === observation.dateNy;
    if (isOfToday) engine.knownPasts.add(positionId);
  }
  const unknown = engine.state.positions.filter(({ positionId }) =>
    !engine.knownPasts.has(positionId)
  );
  if (unknown.length > 0) await readPasts(engine, unknown);
}

/** Reads positions' orders since they were opened into the book. @returns Whether they could be read. */
export async function readPasts(
  engine: Engine,
  positions: readonly ManagedPosition[],
): Promise<boolean> {
  const symbols = positions.map((position) => position.symbol);
  const fromMs = positions.map(({ openedAtMs, adoptedQty }) =>
    openedAtMs - (adoptedQty > 0 ? ADOPTED_ORDERS_MS : OPENED_SLACK_MS)
  );
  const afterMs = Math.min(...fromMs);
  const { read, unreadable } = await readListing(
    engine,
    () => engine.ports.broker.listOrders({ status: "all", afterMs, symbols }, "protect"),
  );
  if (read.kind === "failed") {
    engine.ports.log.warn(`Orders of ${symbols.join(", ")} unavailable (${read.failure})`);
    return false;
  }
  for (const row of unreadable) sayUnreadable(engine, row);
  learn(engine, read.value);
  // A past with a gap accounts for no shares.
  const whole = positions.filter(({ symbol }) =>
    unreadable.every((row) => row.symbol !== null && row.symbol !== symbol)
  );
  for (const { positionId } of whole) engine.knownPasts.add(positionId);
  return whole.length === positions.length;
}

/** The orders of a position as read just now, flat, each once; `null` where they can't be read. */
export async function readHistory(
  engine: Engine,
  position: ManagedPosition,
): Promise<readonly BrokerOrder[] | null> {
  return await readPasts(engine, [position]) ? listPositionHistory(engine, position) : null;
}

/**
 * A managed position's shares: the one number behind "available", "half" and "whole" (pipeline 5).
 * @returns `null` while its orders are not known: nothing is begun then.
 */
export function readShares(engine: Engine, position: ManagedPosition): ShareCount | null {
  const orders = listPositionOrders(engine, position);
  if (orders === null) return null;
  const held = findShown(engine, position.symbol);
  return countShares({
    start: readStart(position),
    orders,
    isOurs: (order) => isOfEngine(engine.book, order.orderId),
    shown: held === null
      ? { kind: "unreadable" }
      : held === undefined
      ? { kind: "absent" }
      : { kind: "shown", qty: held.qty },
    doubtfulQty: countDoubtful(engine, position, orders),
    nowMs: engine.nowMs(),
  });
}

/** What sells may have sold whose answer is out, whose successor nobody has seen, or whose trade is not settled yet. */
function countDoubtful(
  engine: Engine,
  position: ManagedPosition,
  orders: readonly KnownOrder[],
): number {
  const { symbol } = position;
  const seen = new Set(orders.map(({ order }) => order.clientOrderId));
  const unanswered = [...engine.doubts.values()]
    .filter((entry) => entry.symbol === symbol && !seen.has(entry.clientOrderId ?? ""))
    // A replacement holds the shares of the order whose place it takes, and no others.
    .reduce((sum, entry) => sum + (entry.replaces === null ? entry.qty ?? 0 : 0), 0);
  const replaced = orders.filter(({ order }) =>
    order.side === "sell" && isSuccessorUnknown(engine.book, order)
  ).reduce((sum, { order }) => sum + (order.qty ?? 0) - order.filledQty, 0);
  return unanswered + replaced + countBound(engine, position);
}

/** What a position began with. */
function readStart({ adoptedQty, besideQty }: ManagedPosition): StartQty {
  return { oursQty: adoptedQty, handQty: besideQty };
}

/** Whose the shares are by a position's orders, in both readings; `null` while the book lacks its past. */
export function readHoldings(engine: Engine, position: ManagedPosition): Holding[] | null {
  const orders = listPositionHistory(engine, position);
  if (orders === null) return null;
  const isOurs = (order: BrokerOrder) => isOfEngine(engine.book, order.orderId);
  return listHoldings(orders, readStart(position), isOurs);
}

/** Working sells without what holds a hand's own shares: a hand's sells take those first (pipeline 5). */
function keepOwn(
  engine: Engine,
  position: ManagedPosition,
  groups: readonly SellGroup[],
): SellGroup[] {
  let handQty = Math.min(...readHoldings(engine, position)?.map((each) => each.handQty) ?? [0]);
  return groups.flatMap((group) => {
    if (handQty <= 0 || group.orders.some(({ orderId }) => isOfEngine(engine.book, orderId))) {
      return [group];
    }
    const qty = Math.max(0, group.qty - handQty);
    handQty -= group.qty - qty;
    return qty === 0 ? [] : [{ ...group, qty }];
  });
}

/** The working sells that hold a position's own shares; `null` where open orders, or one of its symbol, can't be read. */
export function findOwnGroups(engine: Engine, position: ManagedPosition): SellGroup[] | null {
  const groups = findSellGroups(engine, position.symbol);
  return groups === null ? null : keepOwn(engine, position, groups);
}

/** A position's sells at work, by the book. */
function listHolding(engine: Engine, position: ManagedPosition): SellGroup[] {
  return keepOwn(engine, position, listSellGroups(buildOpenOrders(engine.book), position.symbol));
}

/** A trade that is guaranteed or not settled: its shares count as perhaps sold (pipeline 5). */
function isGroupBound({ standing }: SellGroup): boolean {
  return standing === "bound";
}

function countBound(engine: Engine, position: ManagedPosition): number {
  return sumQty(listHolding(engine, position).filter(isGroupBound));
}

/** Whether an answer may still say that doubtful shares are bare; of a trade that is not settled only time does. */
export function isAnswerOut(
  engine: Engine,
  position: ManagedPosition,
  { doubtfulQty }: ShareCount,
): boolean {
  return doubtfulQty > countBound(engine, position);
}

function sumQty(groups: readonly SellGroup[]): number {
  return groups.reduce((sum, group) => sum + group.qty, 0);
}

/**
 * Shares of a position that working sells and stops hold, by the book; legs of one bracket hold the same ones. What is perhaps
 * sold is not among those held for sure, and counts here no more.
 */
export function countReserved(engine: Engine, position: ManagedPosition): number {
  return sumQty(listHolding(engine, position).filter((group) => !isGroupBound(group)));
}

/** Shares held for sure that nothing sells or stops: what may be sold or stopped now. */
export function readAvailable(engine: Engine, position: ManagedPosition): number {
  const shares = readShares(engine, position);
  if (shares === null) return 0;
  return Math.max(0, Math.floor(shares.sureQty - countReserved(engine, position)));
}

/**
 * Whether a request would bring sells and stops, at work or leaving, beyond the shares held for sure (pipeline 5).
 * @returns What is wrong with it, or `null`.
 */
export function findBreach(engine: Engine, order: OrderRequest): string | null {
  const added = readAdded(engine, order);
  if (added === null || added.qty <= 0) return null;
  const position = engine.state.positions.find((each) => each.symbol === added.symbol);
  if (position === undefined) return `${added.symbol}: ${order.op} in a symbol that is not managed`;
  const sureQty = readShares(engine, position)?.sureQty ?? 0;
  const reservedQty = countReserved(engine, position);
  if (reservedQty + added.qty <= sureQty) return null;
  return `${added.symbol}: ${order.op} of ${added.qty} shares beside ${reservedQty} that sells and stops hold, ` +
    `of ${sureQty} held for sure`;
}

/** Shares that a request sells or stops beyond those that orders hold already; `null` for one that sells nothing. */
function readAdded(
  engine: Engine,
  order: OrderRequest,
): { readonly symbol: string; readonly qty: number } | null {
  switch (order.op) {
    case "bracket":
    case "cancel":
      return null;
    case "sell":
    case "stop":
      return order.request;
    case "replace": {
      const old = engine.book.get(order.request.orderId)?.order;
      const heldQty = old === undefined ? 0 : remainingQty(old);
      return { symbol: order.symbol, qty: (order.request.qty ?? heldQty) - heldQty };
    }
  }
}
