import type { ManagedPosition } from "./engine_state.ts";
import { isFlatten } from "../order/client_order_id.ts";
import { type BrokerOrder, type BrokerPosition, isFinal, type OrderSide } from "../order/orders.ts";

/** What became of a managed position since the last look (pipeline 5, "Which positions"). */
export type PositionChange =
  | { readonly kind: "same" }
  /** The entry works, and nothing of what it bought is held: not yet, or not any more. */
  | { readonly kind: "waiting" }
  | { readonly kind: "changed"; readonly qty: number; readonly costBasisUsd: number }
  /** Fills that another answer has shown are not in the position yet; `qty` is what they leave. */
  | { readonly kind: "lagging"; readonly qty: number }
  /** Absent, and the broker's sell fills account for all of it. */
  | { readonly kind: "gone" }
  /** The entry ended without a fill: there never was a position. */
  | { readonly kind: "never_filled" }
  /** Absent without sells that explain it: state kept, orders untouched. */
  | { readonly kind: "absent" }
  /** Quantity changed with no order behind it (a split): hands off. */
  | { readonly kind: "unexplained"; readonly qty: number };

/** What the broker's orders since the position was opened say of it. */
export interface FillHistory {
  readonly boughtQty: number;
  readonly soldQty: number;
}

/**
 * Sums fills by order: cumulative, as the broker says them. A replaced order's fills may or may not be carried into the
 * order that replaces it, so both readings are returned; they differ only where a partly filled order was replaced.
 * @param orders All orders of one symbol since the position was opened, each once.
 */
export function listFillHistories(orders: readonly BrokerOrder[]): FillHistory[] {
  const replaced = listReplacedIds(orders);
  const sum = (side: OrderSide, isCarried: boolean) =>
    orders.filter((order) => order.side === side && !(isCarried && replaced.has(order.orderId)))
      .reduce((total, order) => total + order.filledQty, 0);
  return [true, false].map((isCarried) => ({
    boughtQty: sum("buy", isCarried),
    soldQty: sum("sell", isCarried),
  }));
}

/** What one order sold, and when it filled last: Unix ms of the broker's clock. */
export interface SoldShares {
  readonly qty: number;
  readonly atMs: number;
}

/** Whose the shares of a symbol are by its orders since the start; a hand's are the operator's (pipeline 5). */
export interface Holding extends FillHistory {
  readonly oursQty: number;
  readonly handQty: number;
  /** Shares of ours that a hand's sells took, beyond the hand's own; what `flatten` sold is told as its fill. */
  readonly takenQty: number;
  /** Whether ours were sold off before the last fill: whatever is held afterwards is somebody else's. */
  readonly isOver: boolean;
  /** Everybody's sells that filled, in order. */
  readonly sells: readonly SoldShares[];
  /** Whether the quantities of what replaced a partly filled order say that it is the other reading. */
  readonly isDenied: boolean;
}

/** Shares before the first of a position's orders. */
export interface StartQty {
  /** 0, or the quantity at adoption. */
  readonly oursQty: number;
  /** What was beside them, and left out. */
  readonly handQty: number;
}

/**
 * Tells ours from a hand's, fill by fill: what a hand buys never raises ours, and what it sells takes its own shares first.
 * @param orders All orders of one symbol since the position was opened, each once.
 * @param isOurs Whether the order is the engine's, or stands in the place of one.
 * @returns The two readings of `listFillHistories`.
 */
export function listHoldings(
  orders: readonly BrokerOrder[],
  start: StartQty,
  isOurs: (order: BrokerOrder) => boolean,
): Holding[] {
  const replaced = listReplacedIds(orders);
  const carried = orders.filter((order) => !replaced.has(order.orderId));
  const verdicts = listCarried(orders);
  return [
    { ...countHolding(carried, start, isOurs), isDenied: verdicts.includes(false) },
    { ...countHolding(orders, start, isOurs), isDenied: verdicts.includes(true) },
  ];
}

/** For each order that was replaced partly filled, whether its fills stand in the next one too; none where nobody can tell. */
function listCarried(orders: readonly BrokerOrder[]): boolean[] {
  const byId = new Map(orders.map((order) => [order.orderId, order]));
  return orders.flatMap(({ replaces, qty, filledQty }) => {
    const old = byId.get(replaces ?? "");
    if (old === undefined || old.filledQty === 0) return [];
    // What was filled once stays filled.
    if (filledQty < old.filledQty) return [false];
    if (qty === null || old.qty === null) return [];
    if (isSameQty(qty, old.qty)) return [true];
    return isSameQty(qty, old.qty - old.filledQty) ? [false] : [];
  });
}

function countHolding(
  orders: readonly BrokerOrder[],
  start: StartQty,
  isOurs: (order: BrokerOrder) => boolean,
): Omit<Holding, "isDenied"> {
  const fills = orders.filter((order) => order.filledQty > 0)
    .map((order) => ({
      side: order.side,
      filledQty: order.filledQty,
      isOurs: isOurs(order),
      isFlatten: isFlatten(order.clientOrderId),
      atMs: order.filledAtMs ?? order.updatedAtMs,
    }))
    .sort((a, b) => a.atMs - b.atMs || (a.side === "buy" ? -1 : 1));
  let { oursQty, handQty } = start;
  let [boughtQty, soldQty, takenQty] = [0, 0, 0];
  let hasHeld = oursQty > 0;
  let isOver = false;
  for (const [index, { side, filledQty, isOurs, isFlatten }] of fills.entries()) {
    const ownQty = isOurs ? 0 : side === "buy" ? filledQty : Math.min(handQty, filledQty);
    const signedQty = side === "buy" ? 1 : -1;
    handQty += signedQty * ownQty;
    oursQty += signedQty * (filledQty - ownQty);
    if (side === "buy") boughtQty += filledQty;
    else soldQty += filledQty;
    if (side === "sell" && !isOurs && !isFlatten) takenQty += filledQty - ownQty;
    hasHeld ||= oursQty > 0;
    isOver ||= hasHeld && oursQty < ROUNDING_QTY && index < fills.length - 1;
  }
  const sells = fills.filter(({ side }) => side === "sell")
    .map(({ filledQty, atMs }) => ({ qty: filledQty, atMs }));
  return { oursQty, handQty, boughtQty, soldQty, takenQty, isOver, sells };
}

function listReplacedIds(orders: readonly BrokerOrder[]): ReadonlySet<string> {
  return new Set(orders.flatMap((order) => order.replaces ?? []));
}

/**
 * Whether the entry ended without a share and none was held before: what is held now was bought by somebody else.
 * @param orders All orders of one symbol since the position was opened.
 */
export function isNeverFilled(
  position: Pick<ManagedPosition, "positionId" | "adoptedQty" | "qty">,
  orders: readonly BrokerOrder[],
): boolean {
  if (position.adoptedQty > 0 || (position.qty ?? 0) > 0) return false;
  const entry = orders.find((order) => order.clientOrderId === position.positionId);
  // What replaced it (by hand) is ours too.
  return entry !== undefined && isFinal(entry) && entry.status !== "replaced" &&
    entry.filledQty === 0;
}

/**
 * Whether the position is as it was, so that the broker's orders need not be asked.
 * @param held As the broker shows it, whosever it is.
 * @param oursQty Shares of it that are ours.
 */
export function isUnchanged(
  position: ManagedPosition,
  held: BrokerPosition | undefined,
  oursQty: number | undefined = held?.qty,
): boolean {
  const isSame = position.unexplainedQty === null && position.qty !== null && position.qty > 0 &&
    oursQty !== undefined && floorQty(oursQty) === position.qty;
  // As many shares at another cost basis may be others: sold off and bought again, or split in between.
  return isSame &&
    (position.costBasisUsd === null || held?.costBasisUsd === position.costBasisUsd);
}

/** How long orders may take to explain a quantity that changed. Milliseconds (pipeline 5). */
export const SPLIT_AFTER_MS = 60_000;

/** Whether a quantity that no order explains is called a split by now: its old stops protect nothing (pipeline 5). */
export function isSplit(
  { unexplainedQty, unexplainedSinceMs }: ManagedPosition,
  nowMs: number,
): boolean {
  return unexplainedQty !== null && unexplainedSinceMs !== null &&
    nowMs - unexplainedSinceMs >= SPLIT_AFTER_MS;
}

/** What explains a managed position's quantity. */
export interface PositionEvidence {
  /** Readings of the orders since the position was opened (or adopted). */
  readonly holdings: readonly Holding[];
  /** Fills among them that positions need not show yet. */
  readonly recent: FillHistory;
  /** How the entry order is known to stand; one that works may still buy, however much of it is sold by then. */
  readonly entry: "working" | "over" | "unknown";
}

/**
 * Explains a managed position's quantity by the broker's orders.
 * @param held What the broker shows now, a hand's shares and fractions included; `undefined` where the symbol is absent from
 *   its answer.
 */
export function accountPosition(
  position: ManagedPosition,
  held: BrokerPosition | undefined,
  { holdings, recent, entry }: PositionEvidence,
): PositionChange {
  const shownQty = held?.qty ?? 0;
  const shown = holdings.find(({ oursQty, handQty }) => isSameQty(oursQty + handQty, shownQty));
  if (held !== undefined && shown !== undefined && shown.oursQty > 1 - ROUNDING_QTY) {
    return isUnchanged(position, held, shown.oursQty)
      ? { kind: "same" }
      : { kind: "changed", qty: floorQty(shown.oursQty), costBasisUsd: held.costBasisUsd };
  }
  // What a hand bought may be left.
  const isNone = held === undefined || (shown !== undefined && shownQty > 0);
  if (isNone && listLikely(holdings).some((each) => isSoldOut(position, each))) {
    if (entry !== "working") return { kind: "gone" };
    return position.qty === 0
      ? { kind: "waiting" }
      : { kind: "changed", qty: 0, costBasisUsd: held?.costBasisUsd ?? 0 };
  }
  const isLagging = shownQty >= 0 && position.unexplainedQty === null &&
    holdings.some((each) => isBehind(each, shownQty, recent)) &&
    recent.boughtQty + recent.soldQty > 0;
  if (isLagging) {
    const leastQty = Math.min(...holdings.map(({ oursQty }) => oursQty));
    return { kind: "lagging", qty: Math.max(0, floorQty(leastQty)) };
  }
  if (held !== undefined) return { kind: "unexplained", qty: held.qty };
  const hasHeld = position.adoptedQty > 0 ||
    (position.unexplainedQty ?? position.qty ?? 0) > 0 ||
    holdings.some((each) => each.boughtQty > 0);
  if (hasHeld) return { kind: "absent" };
  return entry === "over" ? { kind: "never_filled" } : { kind: "waiting" };
}

/** The readings that nothing speaks against: fills that stand in two orders account for their shares once. */
function listLikely(holdings: readonly Holding[]): readonly Holding[] {
  const likely = holdings.filter(({ isDenied }) => !isDenied);
  return likely.length > 0 ? likely : holdings;
}

/** Whether what is shown is what the orders allowed before fills that positions need not show yet. */
function isBehind({ oursQty, handQty }: Holding, shownQty: number, recent: FillHistory): boolean {
  const allowedQty = oursQty + handQty;
  return Math.floor(allowedQty) >= 0 && isWithinLag(allowedQty, shownQty, recent);
}

/**
 * Whether a quantity can be what the orders allow, or what they allowed before fills that positions need not show yet. Fills of
 * whole shares leave no fraction out.
 */
export function isWithinLag(
  allowedQty: number,
  shownQty: number,
  { boughtQty, soldQty }: FillHistory,
): boolean {
  const isWholeOff = isWhole(allowedQty - shownQty) || !isWhole(boughtQty) || !isWhole(soldQty);
  return isWholeOff && shownQty > allowedQty - boughtQty - ROUNDING_QTY &&
    shownQty < allowedQty + soldQty + ROUNDING_QTY;
}

function isWhole(qty: number): boolean {
  return isSameQty(qty, Math.round(qty));
}

/** Fractions of a share have at most nine decimals: sums of them differ by less than this. */
const ROUNDING_QTY = 5e-10;

/** A sum of shares in whole ones, rounding aside: what a part of a share is still of, and what is whole in it. */
export function ceilQty(qty: number): number {
  return Math.ceil(qty - ROUNDING_QTY);
}

/** The same, without the part. */
export function floorQty(qty: number): number {
  return Math.floor(qty + ROUNDING_QTY);
}

/** Whether two sums of fills are the same number of shares: any fraction more or less is another one. */
export function isSameQty(left: number, right: number): boolean {
  return Math.abs(left - right) < ROUNDING_QTY;
}

/**
 * Whether sells account for all of ours. After a look that no order explained they need to account for what it showed, and
 * trims that it showed don't count: a split may have made as many shares again.
 */
function isSoldOut(position: ManagedPosition, holding: Holding): boolean {
  const { oursQty, soldQty } = holding;
  if (soldQty === 0) return false;
  // Less than a share may be left, which nobody can stop.
  if (position.unexplainedQty === null) return floorQty(oursQty) === 0;
  // The orders explain that look after all: what it showed is what they have left, and was not sold.
  if (oursQty >= 1 && isSameQty(oursQty, position.unexplainedQty)) return false;
  // What is shown now may lack what was sold since the first such look.
  const { unexplainedFromQty = position.unexplainedQty } = position;
  const leftQty = Math.max(unexplainedFromQty, position.unexplainedQty);
  return countSoldSince(position, holding) > leftQty - ROUNDING_QTY;
}

/**
 * Shares sold that the first unexplained look need not have shown: those that filled little before it, or since, and that the
 * quantity that was explained last does not lack yet. Those that are only one of both count where that look showed the
 * explained quantity with them, or with a part of them: a trim from before a split accounts for nothing of what the split left,
 * and its order may be dated anew by what it does afterwards.
 */
function countSoldSince(
  { adoptedQty, qty, unexplainedQty, unexplainedFromQty, unexplainedSinceMs }: ManagedPosition,
  { boughtQty, soldQty, sells }: Holding,
): number {
  const grossQty = adoptedQty + boughtQty;
  const explainedQty = qty ?? grossQty;
  const beyondQty = Math.max(0, soldQty - (grossQty - explainedQty));
  const firstQty = unexplainedFromQty ?? unexplainedQty;
  if (unexplainedSinceMs === null || firstQty === null) return beyondQty;
  const lateQty = sells.filter(({ atMs }) => atMs > unexplainedSinceMs - SPLIT_AFTER_MS)
    .reduce((total, sold) => total + sold.qty, 0);
  const isStuck = isWithinLag(explainedQty - Math.max(0, beyondQty - lateQty), firstQty, {
    boughtQty: 0,
    soldQty: Math.abs(beyondQty - lateQty),
  });
  return isStuck ? Math.max(beyondQty, lateQty) : Math.min(beyondQty, lateQty);
}
