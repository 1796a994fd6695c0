import { isOurs } from "./client_order_id.ts";
import { type BrokerOrder, isFinal, remainingQty } from "./orders.ts";

/** Sells that share one reservation of shares: a bracket's or OCO's legs, or a plain order by itself. */
export interface SellGroup {
  readonly orders: readonly BrokerOrder[];
  /** Shares that the group may still sell: its legs exclude each other, so the largest counts. */
  readonly qty: number;
  /** Our own plain stop, which can be replaced instead of cancelled. */
  readonly isPlainStop: boolean;
  /** Outlives the day. */
  readonly isGtcStop: boolean;
  /** On its way out: reserves shares, and is no protection any more. */
  readonly isLeaving: boolean;
}

const STOP_TYPES: ReadonlySet<string> = new Set(["stop", "stop_limit", "trailing_stop"]);
const LEAVING: ReadonlySet<string> = new Set(["pending_cancel", "pending_replace"]);

/** Whether the order sells when the price falls. */
export function isStopOrder(order: Pick<BrokerOrder, "type" | "side">): boolean {
  return order.side === "sell" && STOP_TYPES.has(order.type);
}

/**
 * The working sells of one symbol, grouped by what they reserve together (pipeline 5; broker.md, Orders and positions).
 * Legs of an entry that is not completely filled are not active, and left out.
 * @param orders Open orders, nested; other symbols are ignored.
 */
export function listSellGroups(orders: readonly BrokerOrder[], symbol: string): SellGroup[] {
  const groups: BrokerOrder[][] = [];
  const strayLegs: BrokerOrder[] = [];
  const nestedIds = new Set(orders.flatMap((order) => order.legs.map((leg) => leg.orderId)));
  for (const order of orders) {
    if (order.symbol !== symbol || nestedIds.has(order.orderId)) continue;
    const hasActiveLegs = order.side === "sell" || order.status === "filled";
    const members = [order, ...(hasActiveLegs ? order.legs : [])]
      .filter((each) => each.side === "sell" && !isFinal(each));
    if (members.length === 0) continue;
    if (order.legs.length === 0 && order.orderClass !== "" && order.orderClass !== "simple") {
      strayLegs.push(...members);
    } else {
      groups.push(members);
    }
  }
  return [...groups, ...pairLegs(strayLegs)].map(buildGroup);
}

/**
 * Legs that the broker lists without their parent: of one bracket, or of several, each of which has one leg that sells when
 * the price falls and one that does not, for as many shares.
 */
function pairLegs(legs: readonly BrokerOrder[]): BrokerOrder[][] {
  if (legs.length <= 2 && legs.filter(isStopOrder).length <= 1) {
    return legs.length === 0 ? [] : [[...legs]];
  }
  const pairs: BrokerOrder[][] = [];
  for (const leg of legs) {
    const pair = pairs.find(([first, second]) =>
      first !== undefined && second === undefined && isStopOrder(first) !== isStopOrder(leg) &&
      remainingQty(first) === remainingQty(leg)
    );
    if (pair === undefined) pairs.push([leg]);
    else pair.push(leg);
  }
  return pairs;
}

function buildGroup(orders: BrokerOrder[]): SellGroup {
  const stops = orders.filter(isStopOrder);
  const only = orders.length === 1 ? orders[0] : undefined;
  return {
    orders,
    qty: Math.max(...orders.map(remainingQty)),
    isPlainStop: only !== undefined && isStopOrder(only) && isOurs(only.clientOrderId),
    isGtcStop: stops.length > 0 && orders.every((order) => order.timeInForce === "gtc"),
    isLeaving: orders.some((order) => LEAVING.has(order.status)),
  };
}

/** Shares that working sells cover; those on their way out do not. */
export function countCovered(groups: readonly SellGroup[]): number {
  return sumQty(groups.filter((group) => !group.isLeaving));
}

/** Shares that a good-till-canceled stop covers. */
export function countGtcCovered(groups: readonly SellGroup[]): number {
  return sumQty(groups.filter((group) => group.isGtcStop && !group.isLeaving));
}

function sumQty(groups: readonly SellGroup[]): number {
  return groups.reduce((sum, group) => sum + group.qty, 0);
}

/** What brings a position's protection to where it belongs. */
export type ProtectionDecision =
  | { readonly kind: "enough" }
  /** A cancel or replacement is under way: look again when it ended. */
  | { readonly kind: "wait" }
  | { readonly kind: "place"; readonly qty: number }
  | {
    readonly kind: "replace";
    readonly order: BrokerOrder;
    /** Shares that it is to hold. */
    readonly qty: number;
    /** The price alone changes: a leg's quantity can't. */
    readonly isQtyKept: boolean;
    readonly stopUsd: number;
  }
  /** Cancel these, wait for the end, then place one stop for what is not covered. */
  | { readonly kind: "convert"; readonly groups: readonly SellGroup[] };

/**
 * Decides the next step of protection for one managed position (pipeline 5). Call again after the step.
 * @param position `qty` shares held for sure, which a stop may hold; `mostQty` the most that may be held, beyond which
 *   protection is too much; `stopUsd` the engine's stop, already in the broker's price increments.
 * @param isGtcNeeded Near the close, when day orders are about to die.
 */
export function decideProtection(
  position: { readonly qty: number; readonly mostQty: number; readonly stopUsd: number },
  groups: readonly SellGroup[],
  isGtcNeeded: boolean,
): ProtectionDecision {
  const leaving = groups.filter((group) => group.isLeaving);
  if (leaving.length > 0) {
    // A cancel may hang for long: what it does not reserve is protected meanwhile.
    const bareQty = position.qty - countCovered(groups) - sumQty(leaving);
    return bareQty > 0 ? { kind: "place", qty: bareQty } : { kind: "wait" };
  }
  if (isGtcNeeded && countGtcCovered(groups) < position.qty) {
    const dying = groups.filter((group) => !group.isGtcStop);
    if (dying.length > 0) return { kind: "convert", groups: dying };
  }
  const coveredQty = countCovered(groups);
  if (coveredQty < position.qty) return { kind: "place", qty: position.qty - coveredQty };
  // A part of a share more, on sale by hand, is no reason to touch anything.
  const excessQty = Math.floor(coveredQty) - position.mostQty;
  if (excessQty > 0) return decideReduction(position, groups, excessQty);
  return decideFollow(position, groups);
}

/** More protection than shares: shrink our own stop where that is enough, else start over. */
function decideReduction(
  position: { readonly stopUsd: number },
  groups: readonly SellGroup[],
  excessQty: number,
): ProtectionDecision {
  for (const group of groups) {
    const order = group.orders[0];
    if (order === undefined || !group.isPlainStop || order.filledQty > 0) continue;
    const qty = Math.floor(group.qty - excessQty);
    if (qty > 0) {
      const stopUsd = Math.max(order.stopPriceUsd ?? 0, position.stopUsd);
      return { kind: "replace", order, qty, isQtyKept: false, stopUsd };
    }
    return { kind: "convert", groups: [group] };
  }
  return { kind: "convert", groups };
}

/** The stop at the broker follows the engine's when it rises, and never falls. */
function decideFollow(
  position: { readonly stopUsd: number },
  groups: readonly SellGroup[],
): ProtectionDecision {
  for (const group of groups) {
    for (const order of group.orders) {
      const isFollowing = group.isPlainStop || order.orderClass === "bracket";
      if (!isStopOrder(order) || !isFollowing || order.stopPriceUsd === null) continue;
      if (order.stopPriceUsd < position.stopUsd && order.type === "stop") {
        const { stopUsd } = position;
        return { kind: "replace", order, qty: remainingQty(order), isQtyKept: true, stopUsd };
      }
    }
  }
  return { kind: "enough" };
}
