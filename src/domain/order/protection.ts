import { isOurs } from "./client_order_id.ts";
import {
  type BrokerOrder,
  flattenOrders,
  isFinal,
  isKnownStatus,
  isWhollyFilled,
  remainingQty,
} from "./orders.ts";

/**
 * What a group of sells is to its shares (pipeline 5, "Protection is a sell stop that works").
 * - `works`: its stop sells when the price falls to it
 * - `selling`: a market sell; what it holds is about to be sold
 * - `sleeps`: a good-till-canceled stop that is done for the day, and works again from the next session on
 * - `leaving`: a cancel is under way
 * - `bound`: a trade that is guaranteed or done and not settled: its shares may be gone
 * - `dead`: no stop, or one that does not trade: it reserves its shares and protects nothing
 * - `unknown`: a status that this release does not know
 */
export type SellStanding =
  | "works"
  | "selling"
  | "sleeps"
  | "leaving"
  | "bound"
  | "dead"
  | "unknown";

/** Sells that share one reservation of shares: a bracket's or OCO's legs, or a plain order by itself. */
export interface SellGroup {
  readonly orders: readonly BrokerOrder[];
  /** Shares that the group may still sell: its legs exclude each other, so the largest counts. */
  readonly qty: number;
  readonly standing: SellStanding;
  /** Where its stop sells, USD per share; 0 where it has none, or none that could be read. */
  readonly stopUsd: number;
  /** The engine's, or what a hand or the broker put in the place of one of the engine's. */
  readonly isOurs: boolean;
  /** Our own plain stop, which can be replaced instead of cancelled. */
  readonly isPlainStop: boolean;
  /** Outlives the day. */
  readonly isGtcStop: boolean;
  /** A cancel or a replacement is under way: it can't be changed now. */
  readonly isLeaving: boolean;
}

const STOP_TYPES: ReadonlySet<string> = new Set(["stop", "stop_limit", "trailing_stop"]);
const LEAVING: ReadonlySet<string> = new Set(["pending_cancel", "pending_replace"]);
const BOUND: ReadonlySet<string> = new Set(["stopped", "calculated"]);
const WORKING: ReadonlySet<string> = new Set([
  "new",
  "accepted",
  "pending_new",
  "partially_filled",
  "pending_replace",
]);

/** Whether the order's trade is guaranteed, or done and not settled: it can't be taken back. */
export function isBound({ status }: Pick<BrokerOrder, "status">): boolean {
  return BOUND.has(status);
}

/** Whether the order is in a status in which a stop protects (pipeline 5). */
export function isAtWork({ status }: Pick<BrokerOrder, "status">): boolean {
  return WORKING.has(status);
}

/** Whether the order sells when the price falls. */
export function isStopOrder(order: Pick<BrokerOrder, "type" | "side">): boolean {
  return order.side === "sell" && STOP_TYPES.has(order.type);
}

/**
 * The working sells of one symbol, grouped by what they reserve together (pipeline 5; broker.md, Orders and positions).
 * Legs of an entry that is not completely filled are not active, and left out.
 * @param orders Open orders, nested; other symbols are ignored.
 * @param ourIds Order ids that are ours, whatever their names: by default what the orders themselves show.
 */
export function listSellGroups(
  orders: readonly BrokerOrder[],
  symbol: string,
  ourIds: ReadonlySet<string> = listNamedIds(orders),
): SellGroup[] {
  const groups: SellGroup[] = [];
  const strayLegs: BrokerOrder[] = [];
  const nestedIds = new Set(orders.flatMap((order) => order.legs.map((leg) => leg.orderId)));
  for (const order of orders) {
    if (order.symbol !== symbol || nestedIds.has(order.orderId)) continue;
    const hasActiveLegs = order.side === "sell" || isWhollyFilled(order);
    const members = [order, ...(hasActiveLegs ? order.legs : [])]
      .filter((each) => each.side === "sell" && !isFinal(each));
    if (members.length === 0) continue;
    if (order.legs.length === 0 && isLegClass(order)) strayLegs.push(...members);
    else groups.push(buildGroup(members, order.legs.length > 0, ourIds));
  }
  return [...groups, ...pairLegs(strayLegs).map((pair) => buildGroup(pair, true, ourIds))];
}

/** Orders with our id prefix, and their legs. */
function listNamedIds(orders: readonly BrokerOrder[]): ReadonlySet<string> {
  const ours = orders.filter((order) => isOurs(order.clientOrderId));
  return new Set(flattenOrders(ours).map((order) => order.orderId));
}

function isLegClass({ orderClass }: BrokerOrder): boolean {
  return orderClass !== "" && orderClass !== "simple";
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

function buildGroup(
  orders: readonly BrokerOrder[],
  isOfLegs: boolean,
  ourIds: ReadonlySet<string>,
): SellGroup {
  const stops = orders.filter(isStopOrder);
  const only = orders.length === 1 ? orders[0] : undefined;
  const isOurOwn = orders.every((order) => ourIds.has(order.orderId));
  return {
    orders,
    qty: Math.max(...orders.map(remainingQty)),
    standing: findStanding(orders, isOfLegs),
    stopUsd: stops.length === 0 ? 0 : Math.min(...stops.map((stop) => stop.stopPriceUsd ?? 0)),
    isOurs: isOurOwn,
    isPlainStop: only !== undefined && isStopOrder(only) && isOurOwn && !isOfLegs,
    isGtcStop: stops.length > 0 && orders.every((order) => order.timeInForce === "gtc"),
    isLeaving: orders.some((order) => LEAVING.has(order.status)),
  };
}

function findStanding(orders: readonly BrokerOrder[], isOfLegs: boolean): SellStanding {
  if (orders.some((order) => order.status === "pending_cancel")) return "leaving";
  if (orders.some(isBound)) return "bound";
  const stops = orders.filter(isStopOrder);
  const deciding = stops.length > 0 ? stops : orders;
  if (deciding.some((order) => !isKnownStatus(order.status))) return "unknown";
  const isWorking = deciding.every((order) =>
    isAtWork(order) || (isOfLegs && order.status === "held")
  );
  if (orders.some((order) => order.type === "market")) return isWorking ? "selling" : "dead";
  if (stops.length === 0) return "dead";
  if (isWorking) return "works";
  const isAsleep = stops.every(({ status, timeInForce }) =>
    timeInForce === "gtc" && (status === "done_for_day" || isAtWork({ status }))
  );
  return isAsleep ? "sleeps" : "dead";
}

/** The market sells at work among a symbol's sells. */
export function listMarketSells(groups: readonly SellGroup[]): BrokerOrder[] {
  return groups.filter((group) => group.standing === "selling").flatMap((group) => group.orders);
}

/** Shares that market sells at work are about to sell. */
export function countSelling(groups: readonly SellGroup[]): number {
  return sumQty(groups.filter(({ standing }) => standing === "selling"));
}

/** The orders of a group that its standing comes from: the odd ones among its legs, else all of them. */
export function listTelling({ orders, standing }: SellGroup): readonly BrokerOrder[] {
  if (standing === "bound") return orders.filter(isBound);
  if (standing === "unknown") return orders.filter(({ status }) => !isKnownStatus(status));
  return orders;
}

/** Prices differ by less than any increment where they are the same, rounding aside. */
const SAME_PRICE_USD = 1e-6;

/** Whether a group's stop is at this price or above; a market sell asks for none. */
function isHighEnough({ standing, stopUsd }: SellGroup, leastUsd: number): boolean {
  return standing === "selling" || stopUsd >= leastUsd - SAME_PRICE_USD;
}

/** Whether a group's stop works, or its market sell, so that its shares are protected. @param leastUsd As for `countCovered`. */
export function isCovering(group: SellGroup, leastUsd: number): boolean {
  return (group.standing === "works" || group.standing === "selling") &&
    isHighEnough(group, leastUsd);
}

/**
 * Shares that working sells protect, or are about to sell.
 * @param leastUsd The engine's stop in the broker's increments, below which a stop protects nothing; 0 where there is none.
 */
export function countCovered(groups: readonly SellGroup[], leastUsd: number): number {
  return sumQty(groups.filter((group) => isCovering(group, leastUsd)));
}

/** Shares that a good-till-canceled stop protects over the night. @param leastUsd As for `countCovered`. */
export function countGtcCovered(groups: readonly SellGroup[], leastUsd: number): number {
  return sumQty(groups.filter((group) => isLasting(group, leastUsd)));
}

function isLasting(group: SellGroup, leastUsd: number): boolean {
  return group.isGtcStop && (group.standing === "works" || group.standing === "sleeps") &&
    isHighEnough(group, leastUsd);
}

/** Shares that these groups hold together. */
export function sumQty(groups: readonly SellGroup[]): number {
  return groups.reduce((sum, group) => sum + group.qty, 0);
}

const DAY_MS = 86_400_000;
/** So long before its end a good-till-canceled stop is renewed (pipeline 5). */
const RENEW_BEFORE_MS = 7 * DAY_MS;
/** From this age on, where the broker does not say when it ends. */
const RENEW_AGE_MS = 80 * DAY_MS;

/**
 * Whether a good-till-canceled stop is about to end by itself. One that was placed within a day is not: the broker gives no
 * longer life than that.
 */
export function isEnding(group: SellGroup, nowMs: number): boolean {
  if (!isLasting(group, 0)) return false;
  return group.orders.some(({ submittedAtMs, expiresAtMs }) => {
    const ageMs = nowMs - submittedAtMs;
    if (ageMs < DAY_MS) return false;
    return expiresAtMs === undefined
      ? ageMs >= RENEW_AGE_MS
      : expiresAtMs - nowMs <= RENEW_BEFORE_MS;
  });
}

/** Whether nobody but a hand wants it, and it keeps the engine from protecting its shares (pipeline 5). */
export function isHandsObstacle(group: SellGroup, leastUsd: number): boolean {
  return !group.isOurs && isObstacle(group, leastUsd);
}

/** Whether it works for the engine's shares, below the engine's stop: a hand has moved it there. @param leastUsd As for `countCovered`. */
export function isLowered(group: SellGroup, leastUsd: number): boolean {
  return group.standing === "works" && group.isOurs && group.stopUsd > 0 &&
    !isHighEnough(group, leastUsd);
}

/** What reserves its shares and protects nothing: it gives way to a stop that does. @param leastUsd As for `countCovered`. */
export function isObstacle(group: SellGroup, leastUsd: number): boolean {
  if (group.standing === "dead" || group.standing === "sleeps") return true;
  return group.standing === "works" && !group.isOurs && !isHighEnough(group, leastUsd);
}

/** A stop that works (or is `held`) at the broker. Quantity in shares, price in USD per share. */
export interface StopFact {
  readonly qty: number;
  readonly stopUsd: number;
  /** As on the wire: `gtc`, `day`. */
  readonly timeInForce: string;
}

/** The stops that protect a symbol's shares, now or from the next session on: what has another status protects nothing. */
export function listStopFacts(groups: readonly SellGroup[]): StopFact[] {
  return groups.filter(({ standing }) => standing === "works" || standing === "sleeps")
    .flatMap((group) => group.orders.filter(isStopOrder))
    .map((order) => ({
      qty: remainingQty(order),
      stopUsd: order.stopPriceUsd ?? 0,
      timeInForce: order.timeInForce,
    }));
}
