import type { StandingReason } from "../domain/account/standing.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import { type BrokerOrder, isFinal } from "../domain/orders.ts";
import { roundToIncrement } from "../domain/price_increment.ts";
import {
  isHandsObstacle,
  isLowered,
  isObstacle,
  listTelling,
  type SellGroup,
} from "../domain/protection.ts";
import { askOrder, askOrders } from "./asking.ts";
import type { Engine } from "./engine.ts";
import { findSellGroups, refresh } from "./observe.ts";
import { listEntries } from "./ledger_store.ts";

/** How often the engine cancels what a hand puts in its way, before it leaves it (pipeline 5). */
const HAND_CANCELS_MAX = 2;

/** How soon a sell is asked for again whose worth is not known. */
const UNCLEAR_LOOK_MS = 30_000;

/** What a hand puts back twice is left. */
export function isLeftToHand(
  engine: Engine,
  position: ManagedPosition,
  group: SellGroup,
): boolean {
  return isHandsObstacle(group, roundToIncrement(position.stopUsd)) &&
    readHandCancels(engine, position) >= HAND_CANCELS_MAX;
}

function buildKey({ positionId }: ManagedPosition): string {
  return `hand_cancels:${positionId}`;
}

function readHandCancels(engine: Engine, position: ManagedPosition): number {
  return Number(engine.state.alerted[buildKey(position)] ?? 0);
}

/** Counts that what a hand had put in the engine's way was cancelled. */
export function noteHandCancel(
  engine: Engine,
  position: ManagedPosition,
  groups: readonly SellGroup[],
): void {
  const leastUsd = roundToIncrement(position.stopUsd);
  if (!groups.some((group) => isHandsObstacle(group, leastUsd))) return;
  const count = readHandCancels(engine, position) + 1;
  engine.isNews(buildKey(position), String(count));
}

/**
 * Sells that only an answer by id can judge, and those that a hand insists on: asked for, and said once a NY day each. Nothing
 * is cancelled for that alone.
 * @returns Whether an answer says something else than was known: then what is to be done is decided anew, at once.
 */
export async function askUnclear(
  engine: Engine,
  position: ManagedPosition,
  groups: readonly SellGroup[],
): Promise<boolean> {
  await askOrders(engine, listIds(groups));
  const telling = groups.flatMap((group) => listTelling(group).map((order) => ({ group, order })));
  if (telling.some(({ order }) => hasChanged(engine, order))) {
    // What it has sold meanwhile, positions may show by now.
    engine.isStale = true;
    return true;
  }
  engine.wakeAt(engine.nowMs() + UNCLEAR_LOOK_MS);
  for (const { group, order } of telling) {
    if (!engine.isNews(`unclear:${order.orderId}:${order.status}`, engine.dateNy())) continue;
    engine.sayError(
      `${position.symbol}: its ${describeSell(order)}: ${explain(engine, position, group)}`,
    );
  }
  return false;
}

function hasChanged(engine: Engine, { orderId, status }: BrokerOrder): boolean {
  const now = engine.book.get(orderId)?.order;
  return now !== undefined && now.status !== status;
}

function describeSell(
  { type, qty, stopPriceUsd, limitPriceUsd, orderId, status }: BrokerOrder,
): string {
  return `sell ${type} qty=${qty ?? "?"} at ${stopPriceUsd ?? limitPriceUsd ?? "market"}, ` +
    `order ${orderId}, is ${status}`;
}

function explain(engine: Engine, position: ManagedPosition, group: SellGroup): string {
  const { symbol, stopUsd } = position;
  const isLeft = isLeftToHand(engine, position, group);
  switch (group.standing) {
    case "bound":
      return "its shares may be sold already; nothing is done in the symbol before the broker says that it ended";
    case "unknown":
      return "this release does not know that status: it counts as no protection and is not cancelled; look at it in " +
        "the broker's dashboard, and cancel it there if it does not trade: the engine then places its own stop";
    default:
      return `it protects nothing at the engine's stop ${stopUsd}` +
        (isLeft
          ? ", was cancelled twice and put back: it is left; cancel it in " +
            `the broker's dashboard, or have the position to yourself: avwap-execution release ${symbol}`
          : ": a stop takes its place, at most once a minute");
  }
}

/** Stops of ours that a hand has moved below the engine's, as reasons of a position's standing: they are raised in LIVE hours alone. */
export function listLowered(
  { stopUsd }: ManagedPosition,
  groups: readonly SellGroup[],
): StandingReason[] {
  return groups.filter((group) => isLowered(group, roundToIncrement(stopUsd))).map((group) => ({
    code: "lowered",
    text: `its stop rests at ${group.stopUsd}, below the engine's ${roundToIncrement(stopUsd)}; ` +
      "it is put back while the market is open and the gate is LIVE",
  }));
}

/** Sells that keep a position's shares from being stopped, as reasons of its standing (pipeline 5). */
export function listUnclearReasons(
  engine: Engine,
  position: ManagedPosition,
  groups: readonly SellGroup[],
): StandingReason[] {
  return groups.flatMap((group) => {
    const code = findCode(engine, position, group);
    const [order] = listTelling(group);
    return code === null || order === undefined
      ? []
      : [{ code, text: `its ${describeSell(order)}: ${explain(engine, position, group)}` }];
  });
}

function findCode(engine: Engine, position: ManagedPosition, group: SellGroup): string | null {
  if (group.standing === "bound" || group.standing === "unknown") return group.standing;
  if (isLeftToHand(engine, position, group)) return "hand";
  return isObstacle(group, roundToIncrement(position.stopUsd)) ? "obstacle" : null;
}

/** A market that turns each new stop into one that does not trade (a halt) is not asked more often. */
const GIVE_WAY_EACH_MS = 60_000;

/**
 * Whether what protects nothing gives way to a stop now: at once, and what came in its place at most once a minute. Named once
 * a NY day (pipeline 5, "named once a day, and cancelled first").
 */
export function givesWayNow(
  engine: Engine,
  position: ManagedPosition,
  groups: readonly SellGroup[],
): boolean {
  const nowMs = engine.nowMs();
  const orderIds = listIds(groups);
  const before = engine.gaveWay.get(position.positionId);
  // A cancel that was lost is asked again: the same orders are still in the way.
  if (before !== undefined && orderIds.some((orderId) => !before.orderIds.includes(orderId))) {
    const againMs = before.atMs + GIVE_WAY_EACH_MS;
    if (nowMs < againMs) {
      engine.wakeAt(againMs);
      return false;
    }
  }
  engine.gaveWay.set(position.positionId, { orderIds, atMs: nowMs });
  for (const group of groups.filter(({ isOurs }) => isOurs)) {
    const [order] = listTelling(group);
    if (order === undefined) continue;
    if (!engine.isNews(`obstacle:${position.symbol}:${order.status}`, engine.dateNy())) continue;
    engine.ports.log.warn(
      `${position.symbol}: its ${describeSell(order)}: ${explain(engine, position, group)}`,
    );
  }
  return true;
}

function listIds(groups: readonly SellGroup[]): string[] {
  return groups.flatMap((group) => group.orders.map((order) => order.orderId));
}

/**
 * Lists show one leg before the other, and an order as it was: what seems to protect nothing is judged by an answer by id, its
 * siblings on record too, before it is cancelled for that.
 * @returns Whether the answers say something else than the lists did.
 */
export async function isOtherById(
  engine: Engine,
  position: ManagedPosition,
  groups: readonly SellGroup[],
): Promise<boolean> {
  const dead = groups.filter(({ standing }) => standing === "dead" || standing === "sleeps");
  if (dead.length === 0) return false;
  await askOrders(engine, listIds(dead));
  for (const orderId of listSiblingIds(engine, dead)) await askOrder(engine, orderId);
  await refresh(engine);
  const now = findSellGroups(engine, position.symbol) ?? [];
  return dead.some((group) => {
    const again = now.find((each) => each.orders[0]?.orderId === group.orders[0]?.orderId);
    return again?.standing !== group.standing || again.orders.length !== group.orders.length;
  });
}

/** The legs of the same bracket that records name, where the broker shows only some of them. */
function listSiblingIds(engine: Engine, groups: readonly SellGroup[]): string[] {
  const ids = new Set(listIds(groups));
  return listEntries(engine).filter((entry) => entry.legs.some((leg) => ids.has(leg.orderId)))
    .flatMap((entry) => [entry.orderId, ...entry.legs.map((leg) => leg.orderId)])
    .flatMap((orderId) => orderId === null ? [] : [orderId])
    .filter((orderId) => {
      const known = engine.book.get(orderId)?.order;
      return !ids.has(orderId) && (known === undefined || !isFinal(known));
    });
}
