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

/**
 * Silence: a rest that leaves shares bare must name it, and what is named has a since, that of the rest before where it was
 * named then. @returns The property that is broken, or `null`.
 */
export function checkRest(state: BrokerState, standing: ClientStanding): string | null {
  if (standing.why !== null && !standing.hasSince) return "what it waits for has no since";
  const bareQty = state.heldQty - countProtected(state);
  if (bareQty <= 0 || standing.why !== null || isDeceiving(state)) return null;
  return `it rests in silence, and ${bareQty} shares are bare`;
}

/** What is known of a request as it leaves. */
export interface SendingFacts {
  readonly isRecorded: boolean;
  /** Whether it ends what a request has begun, so that only the operator stops it; whether he has, and one has, in this cycle. */
  readonly isBegun: boolean;
  readonly isObjected: boolean;
  readonly isMandated: boolean;
  /** Where the position's stop belongs, and the highest that one has been at the broker. */
  readonly stopLevel: number;
  readonly highestLevel: number;
  readonly priceLevel: number;
  /** Shares without protection that a buy has bought which this cancels, and those for which a stop is on record. */
  readonly boughtQty: number;
  readonly stopsAheadQty: number;
}

/** Shares that a buy has bought and nothing protects, where a cancel ends it. */
export function countBought(state: BrokerState, change: Change): number {
  const order = change.kind === "cancel" ? state.orders[change.id - 1] : undefined;
  if (order?.side !== "buy") return 0;
  return Math.max(0, Math.min(order.filledQty, state.heldQty - countProtected(state)));
}

/**
 * Safety of a request as it leaves: on record, as is the stop for what an entry bought that it ends; under a mandate that
 * stands; and its stop not lower than it belongs or was.
 */
export function checkSending(change: Change, facts: SendingFacts): string | null {
  const { isRecorded, stopLevel, highestLevel, priceLevel } = facts;
  if (!isRecorded) return `it sends what is not on record: ${JSON.stringify(change)}`;
  const mandate = checkMandate(change, facts);
  if (mandate !== null) return mandate;
  const { boughtQty, stopsAheadQty } = facts;
  if (boughtQty > stopsAheadQty) {
    return `its entry is cancelled, and of ${boughtQty} shares ${stopsAheadQty} have a stop on record`;
  }
  const level = readStopLevel(change);
  // Where the market is at or below it, the highest that the broker may still take is better than none.
  if (level === null || priceLevel <= Math.max(stopLevel, highestLevel)) return null;
  if (level < stopLevel) {
    return `a stop at ${level} leaves, and the position's belongs at ${stopLevel}`;
  }
  return level < highestLevel ? `a stop at ${level} leaves, and one was at ${highestLevel}` : null;
}

/**
 * What only the operator may stop: begun in this cycle, and not stopped in it; the stop for what a cancel has laid bare may leave
 * once he lets it again.
 */
function checkMandate(
  { kind }: Change,
  { isBegun, isObjected, isMandated }: SendingFacts,
): string | null {
  if (!isBegun) return null;
  if (isObjected && kind === "sell") return "it goes on selling what the operator has stopped";
  return isMandated ? null : "it acts under the mandate of another cycle";
}

/** The level of the stop that a request asks for; `null` for none. */
export function readStopLevel(change: Change): number | null {
  return change.kind === "stop" || change.kind === "replace" ? change.level ?? null : null;
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
