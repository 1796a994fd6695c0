import { listRoots } from "../account/asked.ts";
import { countReserved, findBreach } from "../account/position_shares.ts";
import { decideExit, isCloseDue } from "../exit/decide_exit.ts";
import { isClose, isExitReason } from "../exit/exit_rules.ts";
import { isAnswerLost, isIdTaken, isUnsettled } from "../order/ledger.ts";
import { roundToIncrement } from "../order/price_increment.ts";
import type { SellSideRequest } from "../order/order_request.ts";
import { isEndedUnfilled } from "../account/exit_record.ts";
import { type Move, note, read, record, send, unfinishedPart } from "./move.ts";
import { nameBefore } from "./about.ts";
import type { NamedEntry } from "./named_entry.ts";
import { settleTaken } from "./settle.ts";
import { settleInQuestion } from "./settle_refusal.ts";
import type { Permit } from "./step.ts";
import { LAST_EXIT_MS } from "./time_left.ts";
import { findNewLook, isLookedAt, type View } from "./view.ts";

/** How often one id is sent in a cycle: a second time at the first "not found" (pipeline 6). */
const SENDINGS_MAX = 2;

/**
 * What is to be found out of the position's stops whose answer is out, before another one leaves; one whose answer was lost is
 * sent again in each cycle (pipeline 6), whatever else holds shares.
 * @param isAll Nothing leaves beside what was sent in another cycle either: before a stop is placed.
 * @returns `null` where nothing is out.
 */
export function resolveStops(view: View, permit: Permit, isAll: boolean): Move | null {
  const { turn } = view.world;
  for (const entry of view.entries) {
    const { clientOrderId } = entry;
    if (entry.reason !== "stop" || !isUnsettled(entry)) continue;
    if (view.begun?.stopId === clientOrderId && entry.status === "pending") continue;
    const isAwaited = isAll || turn.sendings.has(clientOrderId);
    if (!isAwaited && !isAnswerLost(entry, view.world.now.brokerMs)) continue;
    const move = resolve(view, permit, entry) ?? (isAwaited ? restUnanswered(view) : null);
    if (move !== null) return move;
  }
  return null;
}

/** What is to be found out where doubts alone leave nothing to be sold or stopped; `null` where that is known, or nobody knows. */
export function resolveDoubts(view: View, permit: Permit): Move | null {
  for (const entry of view.entries) {
    if (!isUnsettled(entry)) continue;
    const move = resolve(view, permit, entry);
    if (move !== null) return move;
  }
  return null;
}

/**
 * What is to be found out of what was only on record when a process ended, and whose deadline has passed: nothing of it is sent
 * again. @returns `null` where that is known, or nobody knows.
 */
export function resolvePending(view: View, permit: Permit): Move | null {
  for (const entry of view.entries) {
    if (entry.status !== "pending" || isAnswerLost(entry, view.world.now.brokerMs)) continue;
    const move = resolve(view, permit, entry);
    if (move !== null) return move;
  }
  return null;
}

/** Nobody knows what became of its stop: no other one leaves beside it in this cycle. */
function restUnanswered(view: View): Move {
  const { begun, unfinished, underWay, world } = view;
  const why = "no usable answer to its stop yet";
  const held = { atMs: world.now.brokerMs, why, isOver: true };
  const after = nameBefore(begun, unfinished);
  const value = { kind: "stop_undone", why: "no usable answer yet", after, isOwn: false } as const;
  return record(
    [unfinishedPart(view, { underWay: { ...underWay, held, begun: null } })],
    [note(view, value)],
  );
}

/**
 * Finds out what became of one sell or stop: looked up by its id, and sent again at the first "not found", with the same id,
 * which the broker's unique ids make harmless (pipeline 6). One whose id the broker has is only looked up. One whose answer was
 * lost is never taken for absent here, whatever is said to its repeat: only time proves that (`settleLookUp`).
 * @returns `null` where nobody knows.
 */
export function resolve(view: View, permit: Permit, entry: NamedEntry): Move | null {
  const { clientOrderId } = entry;
  const { seen, turn, now } = view.world;
  const { position, unfinished, underWay } = view;
  const about = { position, unfinished, underWay, now };
  const { inQuestion } = underWay;
  const refusal = inQuestion?.clientOrderId === clientOrderId ? inQuestion.refusal : null;
  const order = [...seen.book.values()].find((each) => each.order.clientOrderId === clientOrderId)
    ?.order;
  if (order !== undefined && isEndedUnfilled(order) && refusal === null) {
    return record([{ kind: "shown", clientOrderId, order }]);
  }
  if (order !== undefined && !isEndedUnfilled(order)) {
    const { change, say } = settleTaken(about, entry, order);
    return record(change, say);
  }
  const look = findNewLook(view, seen.lookUps.get(clientOrderId));
  if (look === undefined) {
    return read([{ ask: "look_up", symbol: view.position.symbol, clientOrderId }]);
  }
  if (refusal !== null) {
    const { change, say } = settleInQuestion(about, entry, refusal);
    return record(change, say);
  }
  const sendings = turn.sendings.get(clientOrderId) ?? 0;
  if (look.kind !== "not_found" || isIdTaken(entry)) return null;
  if (sendings > 0) return sendings < SENDINGS_MAX ? sendAgain(view, permit, entry) : null;
  if (!isAnswerLost(entry, now.brokerMs)) return record([{ kind: "not_sent", clientOrderId }]);
  if (entry.status === "pending" && hasNoRoom(view, entry)) return resolveRoom(view, entry);
  // From before this process: nothing that keeps the repeat from leaving says that the first did not.
  const sent = { ...entry, status: "unknown" } as const;
  return isWanted(view, entry) ? sendAgain(view, permit, atLevel(view, sent)) : null;
}

/** Whether other orders hold its shares, which are reserved for them, so that the broker can't have taken it. */
function hasNoRoom({ sight, position, count }: View, { qty }: NamedEntry): boolean {
  return count !== null && countReserved(sight, position) + qty > count.mostHeldQty;
}

/**
 * Lists lag behind the cancel that made room for it: those orders are asked for by their ids before it is taken for never sent.
 * @returns `null` where they, or one of them, can't be read.
 */
function resolveRoom(view: View, { clientOrderId }: NamedEntry): Move | null {
  const { position: { symbol }, groups, world: { seen } } = view;
  if (groups === null) return null;
  const orderIds = groups.flatMap(({ orders }) => orders.map(({ orderId }) => orderId));
  const holders = listRoots(seen.book, orderIds);
  const unseen = holders.filter((orderId) => !isLookedAt(view, orderId));
  if (unseen.length > 0) return read(unseen.map((orderId) => ({ ask: "order", symbol, orderId })));
  const isAnswered = holders.every((orderId) => seen.orderLooks.get(orderId)?.kind === "found");
  return isAnswered ? record([{ kind: "not_sent", clientOrderId }]) : null;
}

/** Whether what another cycle has sent would be sent now: a stop, and a sell whose exit is due still. */
function isWanted(
  { position, count, world: { seen, turn, now } }: View,
  { reason }: NamedEntry,
): boolean {
  // Nothing is done about shares that no order explains.
  if (count?.isExplained !== true || position.unexplainedQty !== null) return false;
  if (!isExitReason(reason)) return true;
  const trade = seen.trades.get(position.symbol)?.trade ?? null;
  if (trade === null || turn.fresh.has(position.positionId)) return false;
  if (now.untilCloseMs < LAST_EXIT_MS) return false;
  if (isClose(reason)) return isCloseDue(position, count.mostHeldQty, trade.priceUsd);
  return decideExit(position, count.mostHeldQty, trade.priceUsd).due?.reason === reason;
}

/** A stop where it belongs by now, which is never lower. */
function atLevel({ levelUsd }: View, entry: NamedEntry): NamedEntry {
  const { stopUsd } = entry;
  return stopUsd === null
    ? entry
    : { ...entry, stopUsd: Math.max(stopUsd, roundToIncrement(levelUsd)) };
}

/**
 * The same id is the same order, of which the broker takes one.
 * @returns `null` where its shares are not bare for sure any more: what is left of them is decided anew in the next cycle.
 */
function sendAgain(view: View, permit: Permit, entry: NamedEntry): Move | null {
  const request = buildRequest(view, entry);
  if (findBreach(view.sight, view.records.positions, request) !== null) return null;
  const recorded = view.entries.find((each) => each.clientOrderId === entry.clientOrderId);
  const isAsRecorded = recorded?.stopUsd === entry.stopUsd && recorded.status === entry.status;
  return send(view, request, permit, {
    change: isAsRecorded ? [] : [{ kind: "orders", entries: [entry] }],
  });
}

/** The request of a sell or stop that is on record. */
export function buildRequest({ position, world }: View, entry: NamedEntry): SellSideRequest {
  const { stopUsd, replaces, clientOrderId, qty } = entry;
  const { symbol } = position;
  if (replaces === null) {
    return stopUsd === null
      ? { op: "sell", request: { clientOrderId, symbol, qty } }
      : { op: "stop", request: { clientOrderId, symbol, qty, stopUsd } };
  }
  const old = world.seen.book.get(replaces)?.order;
  // A leg's quantity can't be changed: one that stays is not sent.
  const isQtyKept = old !== undefined && (old.qty ?? 0) - old.filledQty === qty;
  const request = {
    orderId: replaces,
    clientOrderId,
    ...(isQtyKept ? {} : { qty }),
    ...(stopUsd === null ? {} : { stopUsd }),
  };
  return { op: "replace", symbol, request };
}
