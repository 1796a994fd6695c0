import { type BrokerOrder, remainingQty } from "../order/orders.ts";
import { floorQty } from "../account/position_account.ts";
import {
  countGtcCovered,
  isCovering,
  isObstacle,
  isStopOrder,
  type SellGroup,
  sumQty,
} from "../order/protection.ts";

/** What brings a position's protection to where it belongs. */
export type ProtectionDecision =
  | { readonly kind: "enough" }
  /** A cancel or replacement is under way: look again when it ended. */
  | { readonly kind: "wait" }
  /** Only an answer by id tells what these are worth: nothing is done about their shares before. */
  | { readonly kind: "ask"; readonly groups: readonly SellGroup[] }
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
  | {
    readonly kind: "convert";
    readonly groups: readonly SellGroup[];
    /** Whether they protect nothing as they are, so that no time is lost on what else works in the symbol. */
    readonly isBare: boolean;
  };

/**
 * Decides the next step of protection for one managed position (pipeline 5). Call again after the step.
 * @param position `qty` shares held for sure, which a stop may hold; `mostQty` the most that may be held, beyond which
 *   protection is too much; `stopUsd` where the stop belongs, already in the broker's price increments; `leastUsd` the
 *   engine's own, below which a stop protects nothing.
 * @param options `isGtcNeeded`: near the close, when day orders are about to die; `isLeft`: the operator has put it back
 *   again and again, and gets his way; `isRenewed`: it ends by itself soon, and gives way to a new one.
 */
export function decideProtection(
  position: PositionToProtect,
  groups: readonly SellGroup[],
  { isGtcNeeded, isLeft, isRenewed }: {
    readonly isGtcNeeded: boolean;
    readonly isRenewed: (group: SellGroup) => boolean;
    readonly isLeft: (group: SellGroup) => boolean;
  },
): ProtectionDecision {
  const { qty, leastUsd } = position;
  const bound = groups.filter((group) => group.standing === "bound");
  if (bound.length > 0) return { kind: "ask", groups: bound };
  // A cancel may hang for long: what nothing reserves is protected meanwhile.
  // A part of a share can have no stop, and keeps nothing else from its turn.
  const bareQty = floorQty(qty - sumQty(groups));
  if (bareQty > 0) return { kind: "place", qty: bareQty };
  if (groups.some((group) => group.standing === "leaving")) return { kind: "wait" };
  const isEnough = groups.every((group) => isCovering(group, leastUsd));
  if (groups.some((group) => group.isLeaving) && (!isEnough || isGtcNeeded)) {
    return { kind: "wait" };
  }
  const movable = groups.filter((group) => !group.isLeaving && group.standing !== "unknown");
  const inTheWay = movable.filter((group) => isObstacle(group, leastUsd) && !isLeft(group));
  if (inTheWay.length > 0) return { kind: "convert", groups: inTheWay, isBare: true };
  if (isGtcNeeded && countGtcCovered(groups, leastUsd) < qty) {
    const dying = movable.filter((group) => !group.isGtcStop && !isLeft(group));
    if (dying.length > 0) return { kind: "convert", groups: dying, isBare: false };
  }
  const standing = movable.filter((group) => !isObstacle(group, leastUsd));
  // A part of a share more, on sale by hand, is no reason to touch anything.
  const excessQty = floorQty(sumQty(standing)) - position.mostQty;
  if (excessQty > 0) return decideReduction(position, standing, excessQty);
  const follow = decideFollow(position, standing);
  if (follow.kind !== "enough") return follow;
  const ending = isGtcNeeded ? [] : standing.filter(isRenewed);
  if (ending.length > 0) return { kind: "convert", groups: ending, isBare: false };
  const unclear = groups.filter((group) => group.standing === "unknown" || isLeft(group));
  return unclear.length > 0 ? { kind: "ask", groups: unclear } : follow;
}

/** What the decision reads of a position. */
interface PositionToProtect {
  readonly qty: number;
  readonly mostQty: number;
  readonly stopUsd: number;
  readonly leastUsd: number;
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
    const qty = floorQty(group.qty - excessQty);
    if (qty > 0) {
      const stopUsd = Math.max(order.stopPriceUsd ?? 0, position.stopUsd);
      return { kind: "replace", order, qty, isQtyKept: false, stopUsd };
    }
    return { kind: "convert", groups: [group], isBare: false };
  }
  return { kind: "convert", groups, isBare: false };
}

/** The stop at the broker follows the engine's when it rises, and never falls. */
function decideFollow(
  position: { readonly stopUsd: number },
  groups: readonly SellGroup[],
): ProtectionDecision {
  for (const group of groups) {
    for (const order of group.orders) {
      if (!isStopOrder(order) || !group.isOurs || order.type !== "stop") continue;
      // One that a list shows at work and wholly filled has nothing left to be moved.
      if (remainingQty(order) <= 0) continue;
      if ((order.stopPriceUsd ?? 0) < position.stopUsd && !group.isLeaving) {
        const { stopUsd } = position;
        return { kind: "replace", order, qty: remainingQty(order), isQtyKept: true, stopUsd };
      }
    }
  }
  return { kind: "enough" };
}
