import type { Outcome } from "./broker_answers.ts";
import type { Trouble } from "./broker_moves.ts";
import {
  type BrokerState,
  type Change,
  countLeft,
  countReserved,
  type Order,
  type Status,
} from "./broker_state.ts";
import type { ClientStanding } from "./client.ts";

/** Statuses in which a stop protects its shares (pipeline 5, "Protection is a sell stop that works"). */
const PROTECTING: ReadonlySet<Status> = new Set<Status>([
  "new",
  "accepted",
  "pending_new",
  "partially_filled",
  "pending_replace",
  "held",
]);

/**
 * Shares that working sell stops protect, or that a market sell is about to sell; a stop that is done for its day protects again
 * from the next session.
 */
export function countProtected({ orders, isOpen }: BrokerState): number {
  const isSleeping = (order: Order) => !isOpen && order.isGtc && order.status === "done_for_day";
  return orders
    .filter((order) => order.side === "sell" && order.type !== "limit" && order.isActive)
    .filter((order) => PROTECTING.has(order.status) || isSleeping(order))
    .reduce((sum, order) => sum + countLeft(order), 0);
}

/** Whether nothing of this can hurt any more: all shares are protected, or there are none, and nothing else sells. */
export function isSound(state: BrokerState): boolean {
  const heldQty = Math.max(0, state.heldQty);
  return countProtected(state) >= heldQty && countReserved(state) <= heldQty;
}

/** What is not as it seems: who looks sees something else, or will. */
export function isDeceiving(state: BrokerState): boolean {
  const { pastOrders, pastHeldQty } = state;
  return pastOrders !== null || pastHeldQty !== null || isUnseen(state);
}

/** Whether something is at work that no answer shows yet: nobody can count with it. */
export function isUnseen({ late, orders }: BrokerState): boolean {
  return late !== null || orders.some(({ isHidden }) => isHidden);
}

/** Silence: a rest that leaves shares bare must name it. @returns The property that is broken, or `null`. */
export function checkRest(state: BrokerState, standing: ClientStanding): string | null {
  const bareQty = state.heldQty - countProtected(state);
  if (bareQty <= 0 || standing.why !== null || isDeceiving(state)) return null;
  return `it rests in silence, and ${bareQty} shares are bare`;
}

/** Safety of a request as it leaves: on record, and its stop not lower than where the position's belongs. */
export function checkSending(
  change: Change,
  { isRecorded, stopLevel }: { readonly isRecorded: boolean; readonly stopLevel: number },
): string | null {
  if (!isRecorded) return `it sends what is not on record: ${JSON.stringify(change)}`;
  const level = change.kind === "stop" || change.kind === "replace" ? change.level : undefined;
  if (level === undefined || level >= stopLevel) return null;
  return `a stop at ${level} leaves, and the position's belongs at ${stopLevel}`;
}

/** Safety at the broker: nothing is sold or stopped beyond what is held, nor asked for. */
export function checkDelivery(
  before: BrokerState,
  after: BrokerState,
  outcome: Outcome,
  trouble: Trouble | null,
): string | null {
  const isRefused = outcome.kind === "refused" && outcome.why === "insufficient_qty";
  if (trouble === null && isRefused && !isUnseen(before)) {
    return `it asks for more shares than there are: ${before.heldQty} held, ${
      countReserved(before)
    } reserved`;
  }
  const isMore = countReserved(after) > countReserved(before);
  if (!isMore || countReserved(after) <= Math.max(0, after.heldQty)) return null;
  return `${countReserved(after)} shares are on sale, and ${after.heldQty} are held`;
}
