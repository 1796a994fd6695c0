import { listRoots } from "../account/asked.ts";
import { buildCancel, countUnfilled, findNextLook, listUnended } from "../account/giving_way.ts";
import { floorQty } from "../account/position_account.ts";
import { findShown } from "../account/sight.ts";
import { splitQty } from "../exit/decide_exit.ts";
import { type ExitReason, isClose, isExitReason } from "../exit/exit_rules.ts";
import { isHandsObstacle, type SellGroup } from "../order/protection.ts";
import type { Begun, BegunReason, Tried, UnderWay } from "../account/unfinished.ts";
import { isEndedUnfilled } from "../account/exit_record.ts";
import { type Move, note, read, readLists, record, send, unfinishedPart } from "./move.ts";
import type { NamedEntry } from "./named_entry.ts";
import type { Note } from "./note.ts";
import { placeStop } from "./place.ts";
import { buildRequest, resolve } from "./resolve.ts";
import { buildSellRecord, nextAttempt, renewDeadline } from "./sell_record.ts";
import { endCancels } from "./settle_cancel.ts";
import type { Permit, RecordPart } from "./step.ts";
import { areListsFresh, areListsYoung, findChange, listWaits, type View } from "./view.ts";

/** How long a cycle waits for cancels to end before it says so and leaves them to the next one. */
const CANCEL_WAIT_MS = 4_000;

/** What takes the place of sells that give way: their records are made before the first cancel leaves. */
export interface Successors {
  readonly reason: BegunReason;
  readonly sell: NamedEntry | null;
  readonly stop: NamedEntry | null;
  /** Where the stop belongs once it has sold, USD per share. */
  readonly restUsd: number;
}

/**
 * Lets sells give way: what follows is durable first, and that the cancel lays the position bare; then they are cancelled, and
 * their end is awaited (pipeline 5, "How, at the broker").
 * @param options `isBare`: they protect nothing as they are.
 */
export function giveWay(
  view: View,
  groups: readonly SellGroup[],
  next: Successors,
  { permit, isBare, say }: {
    readonly permit: Permit;
    readonly isBare: boolean;
    readonly say: readonly Note[];
  },
): Move {
  if (!areListsFresh(view)) return readLists();
  const { position, world: { now }, underWay, unfinished } = view;
  const begun: Begun = {
    ...buildBegun(view, next),
    cancels: groups.map((group) => buildCancel(position.symbol, group)),
    isOfHand: !isExitReason(next.reason) &&
      groups.some((group) => isHandsObstacle(group, view.leastUsd)),
  };
  const orderIds = groups.flatMap((group) => group.orders.map(({ orderId }) => orderId));
  const gaveWay = isBare ? { orderIds, atMs: now.brokerMs } : underWay.gaveWay;
  const change: RecordPart[] = [
    { kind: "orders", entries: [next.sell, next.stop].filter((entry) => entry !== null) },
    unfinishedPart(view, {
      isBare: unfinished.isBare || groups.some(({ qty }) => qty > 0),
      underWay: { ...underWay, ...tryExit(view, next.reason), begun, gaveWay },
    }),
  ];
  const notes = [...say, ...groups.flatMap((group) => sayForeign(view, group))];
  const first = { ...view, begun, unfinished: { ...unfinished, underWay: { ...underWay, begun } } };
  return cancelNext(first, begun, { permit, change, say: notes }) ?? record(change, notes);
}

/** That this cycle has tried an exit. @param again When the cycle begins it once more. */
export function tryExit(
  { world: { turn } }: View,
  reason: BegunReason,
  again: Tried["again"] = "no",
): Pick<UnderWay, "tried"> | Record<never, never> {
  if (!isExitReason(reason)) return {};
  return { tried: { cycleStartedAtMs: turn.cycleStartedAtMs, again } };
}

/** What is begun, before anything of it has left. */
export function buildBegun(
  { world: { now, turn }, unfinished }: View,
  { reason, sell, stop, restUsd }: Successors,
): Begun {
  return {
    processId: now.processId,
    cycleStartedAtMs: turn.cycleStartedAtMs,
    sinceMs: now.monotonicMs,
    reason,
    sellId: sell?.clientOrderId ?? null,
    stopId: stop?.clientOrderId ?? null,
    restUsd,
    cancels: [],
    shrinks: null,
    isOfHand: false,
    refusal: null,
    wasBare: unfinished.isBare,
    hasLeft: false,
  };
}

/** A sell of somebody else in a managed symbol is cancelled too, and named (pipeline 5). */
function sayForeign(view: View, { isOurs, orders }: SellGroup): Note[] {
  if (isOurs) return [];
  return orders.map((order) =>
    note(view, { kind: "foreign_sell", order }, {
      scope: "day",
      key: `foreign_sell:${order.orderId}`,
    })
  );
}

/** The next cancel of what is begun; `null` where all are asked for. */
function cancelNext(
  view: View,
  begun: Begun,
  { permit, change, say }: {
    readonly permit: Permit;
    readonly change: readonly RecordPart[];
    readonly say: readonly Note[];
  },
): Move | null {
  const next = begun.cancels.find(({ isAsked }) => !isAsked);
  if (next === undefined) return null;
  const request = { op: "cancel", symbol: next.symbol, orderId: next.orderId } as const;
  return send(view, request, permit, { change, say });
}

/**
 * The other cancels of what is begun, and their end.
 * @param hangs What is said where they come to none in time.
 * @returns `null` where all have ended.
 */
export function awaitCancels(
  view: View,
  begun: Begun,
  permit: Permit,
  hangs: readonly Note[] | null = null,
): Move | null {
  const { seen } = view.world;
  const next = cancelNext(view, begun, { permit, change: [], say: [] });
  if (next !== null) return next;
  const unended = listUnended(seen.book, begun.cancels);
  return unended.length === 0 ? null : awaitEnd(view, begun, unended, hangs);
}

/** Goes on with what this cycle has begun: the other cancels, their end, the sell, and the stop for what is left. */
export function goOn(view: View, begun: Begun, permit: Permit): Move {
  const leaving = awaitCancels(view, begun, permit);
  if (leaving !== null) return leaving;
  if (!areListsYoung(view.world)) return readLists();
  const shown = findShown(view.sight, view.position.symbol);
  const isRead = shown !== null && shown !== undefined;
  // Absent, and not sold by what was cancelled: one empty answer is no position that is gone.
  const mostQty = isRead ? Infinity : floorQty(countUnfilled(view.world.seen.book, begun.cancels));
  const stopQty = Math.min(mostQty, view.availableQty);
  const sell = sellNow(view, begun, { permit, isRead, stopQty });
  if (sell !== null) return sell;
  return stopQty > 0 ? placeStop(view, permit, mostQty) : endBegun(view, begun);
}

/** The sell that was made room for; `null` where it has had its turn. */
function sellNow(
  view: View,
  begun: Begun,
  { permit, isRead, stopQty }: {
    readonly permit: Permit;
    readonly isRead: boolean;
    readonly stopQty: number;
  },
): Move | null {
  const { entries, availableQty, sureQty, world: { turn } } = view;
  const { reason } = begun;
  const entry = entries.find(({ clientOrderId }) => clientOrderId === begun.sellId);
  if (entry === undefined || !isExitReason(reason)) return null;
  const { clientOrderId } = entry;
  // Where all is sold, the market is at the stop: a stop would sell beside the one whose answer was lost.
  if (entry.status === "unknown" && isClose(reason) && turn.sendings.has(clientOrderId)) {
    return resolve(view, permit, entry);
  }
  if (entry.status === "accepted" && isEndedUnfilled(entry.broker)) {
    return takeNextName(view, { ...begun, reason }, entry, permit);
  }
  if (entry.status !== "pending") return null;
  const unsent: RecordPart = { kind: "not_sent", clientOrderId };
  if (!isRead && availableQty > 0) {
    return record([unsent], [note(view, { kind: "exit_blind", qty: stopQty })]);
  }
  const qty = Math.min(splitQty(reason, sureQty).sellQty, availableQty);
  return qty <= 0 ? record([unsent]) : sendSell(view, { ...entry, qty }, permit);
}

/** How often in a cycle one sell may find that its id is used up by an order that ended unfilled. */
const NAMES_MAX = 5;

/** The id was used up by an order that ended unfilled: the next attempt has its own (pipeline 6). */
function takeNextName(
  view: View,
  begun: Begun & { readonly reason: ExitReason },
  used: NamedEntry,
  permit: Permit,
): Move | null {
  const { entries, position, availableQty, world: { now, turn } } = view;
  const { reason } = begun;
  const sent = entries.filter((entry) =>
    entry.reason === reason && turn.sendings.has(entry.clientOrderId)
  );
  const qty = Math.min(used.qty, availableQty);
  if (sent.length >= NAMES_MAX || qty <= 0) return null;
  const facts = { position, reason, qty, stopUsd: null, replaces: null };
  const attempt = nextAttempt(entries, position, reason, now.dateNy);
  const entry = buildSellRecord(facts, attempt, now.brokerMs);
  const underWay = { ...view.underWay, begun: { ...begun, sellId: entry.clientOrderId } };
  return sendSell(view, entry, permit, [unfinishedPart(view, { underWay })]);
}

/** Sends an exit's sell, as it is by now. @param beside What else its record says. */
export function sendSell(
  view: View,
  made: NamedEntry,
  permit: Permit,
  beside: readonly RecordPart[] = [],
): Move {
  const entry = renewDeadline(made, view.world.now.brokerMs);
  const recorded = view.entries.find((each) => each.clientOrderId === entry.clientOrderId);
  const isAsRecorded = recorded?.qty === entry.qty &&
    recorded.deadlineAtMs === entry.deadlineAtMs;
  const change: RecordPart[] = isAsRecorded ? [] : [{ kind: "orders", entries: [entry] }];
  return send(view, buildRequest(view, entry), permit, { change: [...change, ...beside] });
}

/** There is nothing to sell or stop any more: what is recorded and was not sent never will be. */
export function endBegun(view: View, begun: Begun): Move {
  const open = view.entries.flatMap(({ clientOrderId, status }) =>
    [begun.sellId, begun.stopId].includes(clientOrderId) && status === "pending"
      ? [clientOrderId]
      : []
  );
  return record([
    ...open.map((clientOrderId) => ({ kind: "not_sent", clientOrderId }) as const),
    unfinishedPart(view, { underWay: { ...view.underWay, begun: null } }),
  ]);
}

/** Asks for what is leaving until it has ended, with longer and longer pauses, and not for ever. */
function awaitEnd(
  view: View,
  begun: Begun,
  orderIds: readonly string[],
  hangs: readonly Note[] | null,
): Move {
  const { seen, now } = view.world;
  const { symbol } = view.position;
  const leftAtMs = Math.max(begun.sinceMs, findChange(seen, symbol).atMs);
  const questions = listRoots(seen.book, orderIds).map((orderId) =>
    ({ ask: "order", symbol, orderId }) as const
  );
  const looks = listWaits(view, questions.map(({ orderId }) => orderId), leftAtMs);
  if (looks.length < questions.length) return read(questions);
  const waitedMs = Math.min(...looks);
  if (waitedMs < CANCEL_WAIT_MS) {
    return read(questions, leftAtMs + findNextLook(waitedMs, CANCEL_WAIT_MS));
  }
  const names = orderIds.map((orderId) =>
    `${orderId} (${seen.book.get(orderId)?.order.status ?? "unknown"})`
  );
  const refused = begun.refusal === null ? "" : `; the broker refused it: ${begun.refusal}`;
  const why = `cancel not confirmed within 4 s: ${names.join(", ")}${refused}`;
  const underWay = { ...view.underWay, ...tryExit(view, begun.reason, "bare") };
  const about = { position: view.position, underWay, now };
  // What holds or has bought nothing leaves nothing bare.
  const isBare = begun.wasBare || (begun.hasLeft && begun.cancels.some(({ qty }) => qty > 0));
  const { change, say } = endCancels(about, begun, why, isBare);
  return record(change, hangs ?? say);
}
