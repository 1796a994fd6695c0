import { listRoots } from "../account/asked.ts";
import { isAnswerOut, readHandMoves } from "../account/position_shares.ts";
import { hasWorkingBuy, isHidden } from "../account/sight.ts";
import type { EngineState, ManagedPosition } from "../account/engine_state.ts";
import { type BrokerOrder, isFinal } from "../order/orders.ts";
import { roundToIncrement } from "../order/price_increment.ts";
import {
  isEnding,
  isHandsObstacle,
  listMarketSells,
  listTelling,
  type SellGroup,
} from "../order/protection.ts";
import { decideProtection, type ProtectionDecision } from "./protection_step.ts";
import { findNextTryMs } from "./beside_buy.ts";
import { readEntryState } from "./entry.ts";
import { giveWay } from "./give_way.ts";
import {
  type Move,
  note,
  read,
  readLists,
  record,
  rest,
  RETRY_MS,
  unfinishedPart,
} from "./move.ts";
import type { Note } from "./note.ts";
import { buildStopRecord, placeStop, replaceStop } from "./place.ts";
import { resolveDoubts, resolveStops } from "./resolve.ts";
import { buildHandKey, buildRefusedKey } from "./about.ts";
import type { Permit } from "./step.ts";
import {
  CONVERT_AGAIN_MS,
  CONVERT_BEFORE_CLOSE_MS,
  findTimeObstacle,
  isConvertTime,
  readConversionMs,
} from "./time_left.ts";
import { areListsAfterChange, isLookedAt, isUnreplaceable, readBlock, type View } from "./view.ts";

/** The first look after a cancel or replacement that was under way. */
const SETTLE_POLL_MS = 500;
/** A market sell that fills at all has filled after this. */
const SELL_MIN_MS = 5_000;
/** From this age on a market sell is held up, by a halt for instance, and looked at less often. */
const STALLED_SELL_MS = 60_000;
const STALLED_LOOK_MS = 30_000;
/** How soon a sell is asked for again whose worth is not known. */
const UNCLEAR_LOOK_MS = 30_000;
/** A market that turns each new stop into one that does not trade (a halt) is not asked more often. */
const GIVE_WAY_EACH_MS = 60_000;
/** How often the engine cancels what a hand puts in its way, before it leaves it (pipeline 5). */
const HAND_CANCELS_MAX = 2;

/** Brings a position's protection to where it belongs (pipeline 5): the table of what it has and what it should have. */
export function protect(view: View, permit: Permit): Move {
  const { position, groups, count, world } = view;
  const entry = readEntryState(view);
  if (entry === "working") return rest(view);
  const open = resolveStops(view, permit, false);
  if (open !== null) return open;
  if (groups === null) return rest(view, { afterMs: RETRY_MS });
  // What is perhaps sold is asked for, also where it leaves nothing for sure.
  const isAsked = groups.some(({ standing }) => standing === "bound");
  if (count === null || (!view.isActionable && !isAsked)) {
    return resolveDoubts(view, permit) ?? restVerified(view);
  }
  const { sureQty: qty, mostHeldQty: mostQty } = count;
  const { leastUsd, levelUsd: stopUsd } = view;
  const next = decideProtection({ qty, mostQty, stopUsd, leastUsd }, groups, {
    isGtcNeeded: isConvertTime(world.now, readConversionMs(world.now, countPositions(view))),
    isLeft: (group) => isLeftToHand(view.records, position, group),
    isRenewed: (group) =>
      isEnding(group, world.now.brokerMs) &&
      view.records.alerted[buildRefusedKey(position.symbol)] === undefined,
  });
  if (next.kind === "enough") return restEnough(view);
  // Only a stop for bare shares is tried beside an entry that will not end.
  if (entry === "stuck" && next.kind !== "place") return rest(view);
  switch (next.kind) {
    case "ask":
      return askUnclear(view, next.groups);
    case "wait":
      return awaitLeaving(view, groups);
    case "place": {
      const againMs = findNextTryMs(view.sight, view.unfinished, position.symbol);
      return againMs === null
        ? placeStop(view, permit, next.qty)
        : restVerified(view, againMs - world.now.brokerMs);
    }
    case "replace":
      return replace(view, permit, next);
    case "convert":
      return convert(view, permit, next);
  }
}

function countPositions({ records }: View): number {
  return records.positions.length;
}

/** What left in this cycle is looked at once more at its end. */
function restVerified(view: View, afterMs: number | null = null, say: readonly Note[] = []): Move {
  const sells = listMarketSells(view.allGroups ?? []);
  if (areListsAfterChange(view.world.seen, view.position.symbol)) {
    const sellMs = sells.length === 0 ? null : findSellLookMs(view, sells);
    const waits = [afterMs, sellMs].filter((each) => each !== null);
    return rest(view, { afterMs: waits.length === 0 ? null : Math.min(...waits), say });
  }
  // A sell's fill is in the answer by its id before any list has it.
  return readLists({ isLast: true, first: askFor(view, sells.map(({ orderId }) => orderId)) });
}

function restEnough(view: View): Move {
  const verified = restVerified(view);
  if (verified.kind === "step" || !view.unfinished.isBare) return verified;
  const { count, sight, position } = view;
  if (count === null || isAnswerOut(sight, position, count)) return verified;
  return record([unfinishedPart(view, { isBare: false })]);
}

/** What an exit laid bare is reserved again, if by something that does not trade: no look in seconds changes that. */
function restReserved(view: View, afterMs: number | null, say: readonly Note[] = []): Move {
  const { count, sight, position, unfinished } = view;
  const isReserved = count !== null && !isAnswerOut(sight, position, count) &&
    view.availableQty <= 0;
  return unfinished.isBare && isReserved
    ? record([unfinishedPart(view, { isBare: false })], say)
    : restVerified(view, afterMs, say);
}

/** What a hand puts back twice is left. */
export function isLeftToHand(
  { alerted }: Pick<EngineState, "alerted">,
  position: ManagedPosition,
  group: SellGroup,
): boolean {
  return isHandsObstacle(group, roundToIncrement(position.stopUsd)) &&
    Number(alerted[buildHandKey(position)] ?? 0) >= HAND_CANCELS_MAX;
}

function listIds(groups: readonly SellGroup[]): string[] {
  return groups.flatMap((group) => group.orders.map((order) => order.orderId));
}

function askFor({ position: { symbol } }: View, orderIds: readonly string[]) {
  return orderIds.map((orderId) => ({ ask: "order", symbol, orderId }) as const);
}

/** Sells that only an answer by id can judge, and those that a hand insists on: asked for, and said once a NY day each. */
function askUnclear(view: View, groups: readonly SellGroup[]): Move {
  const orderIds = listRoots(view.sight.book, listIds(groups))
    .filter((orderId) => !isLookedAt(view, orderId));
  if (orderIds.length > 0) return read(askFor(view, orderIds));
  const say = groups.flatMap((group) =>
    listTelling(group).map((order) =>
      note(view, {
        kind: "unclear",
        order,
        standing: group.standing,
        isLeft: isLeftToHand(view.records, view.position, group),
      }, { scope: "day", key: `unclear:${order.orderId}:${order.status}` })
    )
  );
  return restReserved(view, UNCLEAR_LOOK_MS, say);
}

/** Waits once in a cycle for what is leaving; lists show an order leaving for seconds after it has gone. */
function awaitLeaving(view: View, groups: readonly SellGroup[]): Move {
  const leaving = listRoots(view.sight.book, listIds(groups.filter(({ isLeaving }) => isLeaving)));
  if (leaving.every((orderId) => isLookedAt(view, orderId))) {
    return restVerified(view, RETRY_MS, [note(view, { kind: "still_leaving" })]);
  }
  const { now, seen } = view.world;
  const lastMs = seen.changes.last.get(view.position.symbol)?.atMs ?? now.monotonicMs;
  const sinceMs = Math.max(lastMs, view.world.turn.startedMs);
  return {
    ...read(
      [{ ask: "positions" }, { ask: "open_orders" }, ...askFor(view, leaving)],
      sinceMs + SETTLE_POLL_MS,
    ),
    say: [note(view, { kind: "protection", step: "wait", qty: view.position.qty })],
  };
}

function replace(
  view: View,
  permit: Permit,
  { order, qty, stopUsd }: Extract<ProtectionDecision, { readonly kind: "replace" }>,
): Move {
  if (isHidden(view.sight.book, [order]) || isBesideSell(view)) return awaitSell(view);
  const { orderId } = order;
  if (!isUnreplaceable(view, orderId)) {
    const done = sayPutBack(view, order);
    return replaceStop(view, permit, { orderId, qty, stopUsd, done });
  }
  const unchanged = (view.groups ?? []).filter((group) =>
    group.orders.some((each) => each.orderId === orderId)
  );
  return beginConversion(view, permit, unchanged, false);
}

/** A stop of ours that a hand moved below the engine's is put back, and the operator is told (pipeline 5). */
function sayPutBack(view: View, order: BrokerOrder): Note[] {
  const { sight, position, leastUsd: ownUsd } = view;
  const move = readHandMoves(sight, position).find((each) => each.order.orderId === order.orderId);
  if (move === undefined || move.stopUsd > move.fromUsd || move.stopUsd >= ownUsd) return [];
  const { fromUsd, stopUsd: toUsd } = move;
  return [note(view, { kind: "put_back", fromUsd, toUsd, ownUsd })];
}

/** A sell that works covers its own shares; around it only what is bare may be touched. */
function isBesideSell({ groups }: View): boolean {
  return listMarketSells(groups ?? []).length > 0;
}

function awaitSell(view: View): Move {
  return restVerified(view, findSellLookMs(view, listMarketSells(view.groups ?? [])));
}

/** In how long what waits for these sells is looked at again. */
export function findSellLookMs({ world: { now } }: View, sells: readonly BrokerOrder[]): number {
  const isStalled = sells.length > 0 &&
    sells.every((sell) => now.brokerMs - sell.submittedAtMs > STALLED_SELL_MS);
  return isStalled && now.untilCloseMs > CONVERT_BEFORE_CLOSE_MS ? STALLED_LOOK_MS : RETRY_MS;
}

function convert(
  view: View,
  permit: Permit,
  { groups, isBare }: Extract<ProtectionDecision, { readonly kind: "convert" }>,
): Move {
  const unseen = listUnjudged(view, groups);
  if (unseen.length > 0) return read(askFor(view, unseen));
  if (isHidden(view.sight.book, groups.flatMap(({ orders }) => orders))) return awaitSell(view);
  if (!isBare && isBesideSell(view) && !isDying(view)) return awaitSell(view);
  if (isBare) {
    const againMs = findGiveWayMs(view, groups);
    if (againMs > view.world.now.brokerMs) {
      return restReserved(view, againMs - view.world.now.brokerMs);
    }
  }
  return beginConversion(view, permit, groups, isBare);
}

/**
 * Lists show one leg before the other, and an order as it was: what seems to protect nothing is judged by an answer by id, its
 * siblings on record too, before it is cancelled for that.
 * @returns Order ids that are to be asked for.
 */
function listUnjudged(view: View, groups: readonly SellGroup[]): string[] {
  const { records, sight } = view;
  const dead = groups.filter(({ standing }) => standing === "dead" || standing === "sleeps");
  if (dead.length === 0) return [];
  const ids = new Set(listIds(dead));
  const siblings = (records.ledger?.entries ?? [])
    .filter((entry) => entry.legs.some((leg) => ids.has(leg.orderId)))
    .flatMap((entry) => [entry.orderId, ...entry.legs.map((leg) => leg.orderId)])
    .flatMap((orderId) => orderId === null ? [] : [orderId])
    .filter((orderId) => {
      const known = sight.book.get(orderId)?.order;
      return known === undefined || !isFinal(known);
    });
  return [...new Set([...ids, ...siblings])].filter((orderId) => !isLookedAt(view, orderId));
}

/**
 * One that still works minutes before the close without filling (a halt) would die with the day, and gives way to the
 * overnight stop, if that is taken.
 */
function isDying({ groups, unfinished, world: { now } }: View): boolean {
  const { stopRefusedAtMs } = unfinished;
  const isStopRefused = stopRefusedAtMs !== null &&
    now.brokerMs - stopRefusedAtMs < CONVERT_AGAIN_MS;
  return isConvertTime(now, CONVERT_AGAIN_MS) && !isStopRefused &&
    listMarketSells(groups ?? []).every((sell) =>
      now.brokerMs - Math.max(sell.submittedAtMs, sell.updatedAtMs) >= SELL_MIN_MS
    );
}

/** From when on what protects nothing gives way: at once, and what came in its place at most once a minute. Unix ms. */
function findGiveWayMs({ underWay: { gaveWay } }: View, groups: readonly SellGroup[]): number {
  // A cancel that was lost is asked again: the same orders are still in the way.
  const isNew = gaveWay !== null &&
    listIds(groups).some((orderId) => !gaveWay.orderIds.includes(orderId));
  return isNew ? gaveWay.atMs + GIVE_WAY_EACH_MS : -Infinity;
}

/** Day legs, or too many sells, give way to one good-till-canceled stop for what is held. */
function beginConversion(
  view: View,
  permit: Permit,
  groups: readonly SellGroup[],
  isBare: boolean,
): Move {
  const why = findConversionObstacle(view, groups);
  if (why !== null) {
    const say = [note(view, { kind: "waits", what: "overnight stop", why })];
    return restVerified(view, RETRY_MS, say);
  }
  const { sureQty: qty } = view;
  const stop = buildStopRecord(view, { qty, stopUsd: view.levelUsd, replaces: null });
  const next = { reason: "stop", sell: null, stop, restUsd: view.levelUsd } as const;
  const say = [
    ...(isBare ? sayObstacles(view, groups) : []),
    note(view, { kind: "protection", step: "convert", qty: view.position.qty }),
  ];
  return giveWay(view, groups, next, { permit, isBare, say });
}

function sayObstacles(view: View, groups: readonly SellGroup[]): Note[] {
  return groups.filter(({ isOurs }) => isOurs).flatMap((group) =>
    listTelling(group).slice(0, 1).map((order) =>
      note(
        view,
        { kind: "obstacle", order, standing: group.standing, isLeft: false },
        { scope: "day", key: `obstacle:${view.position.symbol}:${order.status}` },
      )
    )
  );
}

function findConversionObstacle(view: View, groups: readonly SellGroup[]): string | null {
  if (hasWorkingBuy(view.sight, view.position.symbol)) {
    return "a buy works in the symbol, beside which no stop is taken";
  }
  const block = readBlock(view);
  if (block !== null) return `the account is blocked for trading (${block})`;
  const late = findTimeObstacle(view.world.now, { kind: "conversion", groups: groups.length });
  return late === null ? null : `${late}; its orders stay as they are`;
}
