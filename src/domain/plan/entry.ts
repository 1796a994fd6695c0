import { findEntry, findShown, isEntryWorking } from "../account/sight.ts";
import { decideEntryEnd, type EntryEnd } from "../entry/entry_end.ts";
import { type BrokerOrder, isFinal } from "../order/orders.ts";
import type { SellGroup } from "../order/protection.ts";
import type { Begun } from "../account/unfinished.ts";
import { awaitCancels, endBegun, giveWay } from "./give_way.ts";
import { type Move, note, readLists, record, rest, RETRY_MS, unfinishedPart } from "./move.ts";
import { buildStopRecord, placeStop } from "./place.ts";
import type { Permit } from "./step.ts";
import { findTimeObstacle, LATE_ENTRY_MS } from "./time_left.ts";
import { areListsFresh, type View } from "./view.ts";

/** How the position's entry stands: what it bought is protected beside it only where it will not end. */
export function readEntryState(view: View): "over" | "working" | "stuck" {
  const { sight, position } = view;
  if (!isEntryWorking(sight, position)) return "over";
  const order = findEntry(sight, position.positionId);
  if (order === undefined || order.filledQty === 0) return "working";
  return decideEnd(view, order).kind === "cancel" ? "stuck" : "working";
}

/** Whether the entry's order is left to work, as things are. */
function decideEnd({ position, world: { now, operator } }: View, order: BrokerOrder): EntryEnd {
  return decideEntryEnd({
    order,
    partialSinceMs: position.partialSinceMs,
    isLate: now.untilCloseMs < LATE_ENTRY_MS,
    isLossReached: operator.isLossReached,
    nowMs: now.brokerMs,
  });
}

/**
 * Cancels an entry that is not waited for any longer: nothing filled a minute after it was accepted, partly filled for a
 * minute, at work in the last moments before the close, or when the day's loss reached its limit (pipeline 4). The stop for
 * what it bought is on record before. A cancel that hangs is asked again in each cycle; one that loses to a fill is a fill.
 * @returns A rest where there is nothing to end, or its end has to wait.
 */
export function planEntryEnd(view: View, permit: Permit): Move {
  const { position, sight, world: { now, turn } } = view;
  const order = findEntry(sight, position.positionId);
  // A quantity that nobody can explain: its orders are left alone.
  if (order === undefined || position.unexplainedQty !== null) return rest(view);
  const end = decideEnd(view, order);
  if (end.kind !== "cancel") return rest(view);
  // A minute after its first fill no lag hides what it bought: absent without sells that account for it (pipeline 5).
  const isAbsent = findShown(sight, position.symbol) === undefined;
  if (isAbsent && end.why === "partly filled") return rest(view);
  // Without a fill nothing is bare while the cancel hangs, and a cycle in seconds would only use up requests.
  if (turn.sendings.has(order.orderId)) {
    return rest(view, { afterMs: order.filledQty > 0 ? RETRY_MS : null });
  }
  const why = findTimeObstacle(now, { kind: "entry end" });
  if (why !== null) {
    const waits = { kind: "waits", what: "the cancel of its entry's rest", why } as const;
    return rest(view, { afterMs: RETRY_MS, say: [note(view, waits)] });
  }
  const ends = { kind: "entry_ends", order, why: end.why } as const;
  const say = [note(view, ends, { scope: "day", key: `entry_end:${position.positionId}` })];
  // Where nobody can count the shares yet its order says what was bought; what leaves is counted then.
  const qty = view.count === null ? order.filledQty : Math.min(order.filledQty, view.availableQty);
  const facts = { qty, stopUsd: view.levelUsd, replaces: null };
  const stop = qty > 0 ? buildStopRecord(view, facts) : null;
  const next = { reason: "entry", sell: null, stop, restUsd: view.levelUsd } as const;
  return giveWay(view, [buildGroup(order)], next, { permit, isBare: false, say });
}

/** The entry as what gives way: it holds no shares, and what it has bought is bare. */
function buildGroup(order: BrokerOrder): SellGroup {
  return {
    orders: [order],
    qty: order.filledQty,
    standing: "works",
    stopUsd: 0,
    isOurs: true,
    isPlainStop: false,
    isGtcStop: false,
    isLeaving: false,
  };
}

/** Goes on with the end of an entry: its cancel, its record, and the position's own stop for what it bought. */
export function goOnWithEntry(view: View, begun: Begun, permit: Permit): Move {
  const { position, sight, availableQty } = view;
  const order = findEntry(sight, position.positionId);
  const boughtQty = order?.filledQty ?? 0;
  const scope = boughtQty > 0 ? "always" : "day";
  const key = `entry_hangs:${position.positionId}`;
  const hangs = note(view, { kind: "entry_hangs", boughtQty }, { scope, key });
  const move = awaitCancels(view, begun, permit, [hangs]) ?? settleEnd(view, order);
  if (move !== null) return move;
  if (!areListsFresh(view)) return readLists();
  const shown = findShown(sight, position.symbol);
  // Unreadable: the broker's orders say what was bought. Absent: one that lags is shown soon.
  const isKnown = shown === null ? position.unexplainedQty === null : view.isActionable;
  return isKnown && availableQty > 0 ? placeStop(view, permit, Infinity) : endBegun(view, begun);
}

/** From now on the caps count the entry as what it is, not as it was seen last; `null` where that is on record. */
function settleEnd(view: View, order: BrokerOrder | undefined): Move | null {
  const { position, records: { ledger }, unfinished } = view;
  const { positionId } = position;
  const entry = ledger?.entries.find(({ clientOrderId }) => clientOrderId === positionId);
  if (order === undefined || entry === undefined) return null;
  if (entry.broker !== null && isFinal(entry.broker)) return null;
  return record([
    { kind: "shown", clientOrderId: positionId, order },
    { kind: "position", position: { ...position, partialSinceMs: null } },
    unfinishedPart(view, { isBare: unfinished.isBare || order.filledQty > 0 }),
  ]);
}
