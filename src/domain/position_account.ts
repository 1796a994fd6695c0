import type { ManagedPosition } from "./engine_state.ts";
import { type BrokerOrder, type BrokerPosition, isFinal, type OrderSide } from "./orders.ts";

/** What became of a managed position since the last look (pipeline 5, "Which positions"). */
export type PositionChange =
  | { readonly kind: "same" }
  /** The entry works and nothing is filled yet. */
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
  const replaced = new Set(
    orders.flatMap((order) => order.replaces === null ? [] : [order.replaces]),
  );
  const sum = (side: OrderSide, isCarried: boolean) =>
    orders.filter((order) => order.side === side && !(isCarried && replaced.has(order.orderId)))
      .reduce((total, order) => total + order.filledQty, 0);
  return [true, false].map((isCarried) => ({
    boughtQty: sum("buy", isCarried),
    soldQty: sum("sell", isCarried),
  }));
}

/**
 * Whether the position was sold off at some moment since it was opened: whatever is held afterwards is not it.
 * @param orders All orders of one symbol since then, each once.
 * @param startQty Shares held before the first of them.
 */
export function hasEnded(orders: readonly BrokerOrder[], startQty: number): boolean {
  const replaced = new Set(orders.flatMap((order) => order.replaces ?? []));
  const fills = orders
    .filter((order) => order.filledQty > 0 && !replaced.has(order.orderId))
    .map((order) => ({ ...order, atMs: order.filledAtMs ?? order.updatedAtMs }))
    .sort((a, b) => a.atMs - b.atMs || (a.side === "buy" ? -1 : 1));
  let heldQty = startQty;
  let hasHeld = startQty > 0;
  return fills.some((order, index) => {
    heldQty += order.side === "buy" ? order.filledQty : -order.filledQty;
    hasHeld ||= heldQty > 0;
    return hasHeld && heldQty <= 0 && index < fills.length - 1;
  });
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

/** Whether the position is as it was, so that the broker's orders need not be asked. */
export function isUnchanged(
  position: ManagedPosition,
  held: BrokerPosition | undefined,
): boolean {
  const isSameQty = position.unexplainedQty === null && position.qty !== null && position.qty > 0 &&
    held !== undefined && Math.floor(held.qty) === position.qty;
  // As many shares at another cost basis may be others: sold off and bought again, or split in between.
  return isSameQty &&
    (position.costBasisUsd === null || held.costBasisUsd === position.costBasisUsd);
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
  readonly histories: readonly FillHistory[];
  /** Fills among them that positions need not show yet. */
  readonly recent: FillHistory;
  /** Whether the entry order is known to have ended. */
  readonly isEntryOver: boolean;
}

/**
 * Explains a managed position's quantity by the broker's orders.
 * @param held What the broker shows now, fractions included; `undefined` where the symbol is absent from its answer.
 */
export function accountPosition(
  position: ManagedPosition,
  held: BrokerPosition | undefined,
  { histories, recent, isEntryOver }: PositionEvidence,
): PositionChange {
  const expected = histories.map((each) => position.adoptedQty + each.boughtQty - each.soldQty);
  const shownQty = held?.qty ?? 0;
  const isExpected = expected.some((qty) => isSameQty(qty, shownQty));
  if (held !== undefined && shownQty >= 1 && isExpected) {
    return isUnchanged(position, held)
      ? { kind: "same" }
      : { kind: "changed", qty: Math.floor(shownQty), costBasisUsd: held.costBasisUsd };
  }
  // Less than a share may be left of what somebody else added.
  const isNone = held === undefined || (isExpected && shownQty > 0);
  if (isNone && histories.some((each) => isSoldOut(position, each))) return { kind: "gone" };
  const isLagging = shownQty >= 0 && position.unexplainedQty === null &&
    expected.some((qty) => Math.floor(qty) >= 0 && isWithinLag(qty, shownQty, recent)) &&
    recent.boughtQty + recent.soldQty > 0;
  if (isLagging) return { kind: "lagging", qty: Math.max(0, Math.floor(Math.min(...expected))) };
  if (held !== undefined) return { kind: "unexplained", qty: held.qty };
  const hasHeld = position.adoptedQty > 0 ||
    (position.unexplainedQty ?? position.qty ?? 0) > 0 ||
    histories.some((each) => each.boughtQty > 0);
  if (hasHeld) return { kind: "absent" };
  return isEntryOver ? { kind: "never_filled" } : { kind: "waiting" };
}

/** Whether a quantity can be what the orders allow, or what they allowed before fills that positions need not show yet. */
export function isWithinLag(allowedQty: number, shownQty: number, recent: FillHistory): boolean {
  return shownQty > allowedQty - recent.boughtQty - ROUNDING_QTY &&
    shownQty < allowedQty + recent.soldQty + ROUNDING_QTY;
}

/** Fractions of a share have at most nine decimals: sums of them differ by less than this. */
const ROUNDING_QTY = 5e-10;

/** Whether two sums of fills are the same number of shares: any fraction more or less is another one. */
export function isSameQty(left: number, right: number): boolean {
  return Math.abs(left - right) < ROUNDING_QTY;
}

/** Whether sells account for all shares; after a split for as many as it made, earlier trims not counted. */
function isSoldOut(position: ManagedPosition, { boughtQty, soldQty }: FillHistory): boolean {
  if (soldQty === 0) return false;
  const grossQty = position.adoptedQty + boughtQty;
  // Less than a share may be left of what somebody else added to it.
  if (position.unexplainedQty === null) return Math.floor(grossQty - soldQty) === 0;
  const soldSinceQty = soldQty - (grossQty - (position.qty ?? grossQty));
  return soldSinceQty >= position.unexplainedQty;
}
