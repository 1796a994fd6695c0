import type { ManagedPosition } from "./engine_state.ts";
import { type BrokerOrder, isFinal, isWhollyFilled } from "../order/orders.ts";
import { isAtWork, isBound, isStopOrder } from "../order/protection.ts";
import { isTakenBack } from "./order_book.ts";
import { ceilQty } from "./position_account.ts";
import type { Sight } from "./sight.ts";

/** The engine's own stops of a position at a cycle's end, and what became of those before them. */
export interface StopWatch {
  /** Order ids of those that rest, or whose end is not seen yet. */
  readonly restingIds: readonly string[];
  /** Stops that were taken away one after the other; `null` while none was, or since one has lasted. */
  readonly losses: StopLosses | null;
}

/** Stops that ended, or stopped working, though the engine did not want it. Times Unix ms by the broker's clock. */
export interface StopLosses {
  /** When the first was found gone, and the last. */
  readonly sinceMs: number;
  readonly lastMs: number;
  /** How many looks found one gone. */
  readonly times: number;
  /** Whole shares that the last one held. */
  readonly qty: number;
  /** Whether the last one is still there, and does not trade. */
  readonly isIdle: boolean;
}

/** What a look at the end of a cycle finds of the stops that should rest. */
export interface StopLook {
  readonly restingIds: readonly string[];
  /** Shares whose stop is gone since the look before; 0 for none. */
  readonly lostQty: number;
  readonly isIdle: boolean;
  /** Whether the broker showed its orders: what can't be seen has not lasted by that. */
  readonly isSeen: boolean;
}

/** What is known of a position that has had no stop of the engine's own. */
export const NO_STOPS: StopWatch = { restingIds: [], losses: null };

/** So long a stop has to rest before it is cover that lasts: as long as shares may be bare before that is an alarm. */
export const LASTS_MS = 2 * 60_000;
/** Losses that lie further apart have nothing to do with each other. */
const APART_MS = 10 * 60_000;

/**
 * Looks at the engine's plain stops: an end without a fill, a replacement or a cancel of the engine's is a loss, and so is one
 * that does not trade any more.
 * @param ids Order ids of those that rested at the end of the cycle before, that were placed since, and that work now.
 * @param takenDown Order ids of those that worked when a cancel of the engine's left for them.
 * @param isOpen Whether the market is open: what is done for the day works again from the next session.
 */
export function lookAtStops(
  { book, areOrdersRead, unreadableOrders }: Pick<
    Sight,
    "book" | "areOrdersRead" | "unreadableOrders"
  >,
  { symbol }: Pick<ManagedPosition, "symbol">,
  { ids, takenDown, isOpen }: {
    readonly ids: readonly string[];
    readonly takenDown: ReadonlySet<string>;
    readonly isOpen: boolean;
  },
): StopLook {
  const stops = [...new Set(ids)].flatMap((orderId) => book.get(orderId) ?? [])
    // The order that one of these was to replace lives on (broker.md, Orders and positions).
    .filter((known) => known.order.replaces === null || !isTakenBack(book, known))
    .map(({ order }) => order)
    .filter((order) => order.symbol === symbol && isStopOrder(order));
  const lost = stops.filter((order) => isLost(order, isOpen) && !takenDown.has(order.orderId));
  const resting = stops.filter((order) => !isFinal(order) && !lost.includes(order));
  return {
    restingIds: resting.map(({ orderId }) => orderId),
    lostQty: lost.reduce((sum, { qty, filledQty }) => sum + ceilQty((qty ?? 0) - filledQty), 0),
    isIdle: lost.some((order) => !isFinal(order)),
    isSeen: areOrdersRead && !unreadableOrders.has(symbol),
  };
}

function isLost(order: BrokerOrder, isOpen: boolean): boolean {
  const { status } = order;
  if (isWhollyFilled(order) || status === "replaced" || isBound(order)) return false;
  if (isFinal(order)) return true;
  return !isAtWork(order) && status !== "pending_cancel" && (isOpen || status !== "done_for_day");
}

/**
 * Decides what a look says of a position's stops.
 * @param look `null` where the process has not looked at the broker yet.
 */
export function decideLosses(
  before: StopLosses | null,
  look: Pick<StopLook, "lostQty" | "isIdle" | "isSeen"> | null,
  nowMs: number,
): StopLosses | null {
  if (look === null) return before;
  const recent = before !== null && nowMs - before.lastMs < APART_MS ? before : null;
  if (look.lostQty === 0) {
    const hasLasted = look.isSeen && recent !== null && nowMs - recent.lastMs >= LASTS_MS;
    return hasLasted ? null : recent;
  }
  return {
    sinceMs: recent?.sinceMs ?? nowMs,
    lastMs: nowMs,
    times: (recent?.times ?? 0) + 1,
    qty: look.lostQty,
    isIdle: look.isIdle,
  };
}

/** Shares whose stop does not count, since those before it were taken away one after the other: bare since the first was. */
export function countFleeting(losses: StopLosses | null): number {
  return losses !== null && losses.times > 1 ? losses.qty : 0;
}
