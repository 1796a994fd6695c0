import { findShown } from "../account/sight.ts";
import { isFinal } from "../orders.ts";
import { isHandsObstacle, type SellGroup } from "../protection.ts";
import { roundToIncrement } from "../price_increment.ts";
import type { Begun, BegunCancel } from "../unfinished.ts";
import { type Move, note, read, readLists, record, unfinishedPart } from "./move.ts";
import type { Note } from "./note.ts";
import { buildStopRecord, placeStop } from "./place.ts";
import { endCancels } from "./settle.ts";
import type { Permit, RecordPart } from "./step.ts";
import { areListsFresh, isLookedAt, type View } from "./view.ts";

/** How long a cycle waits for cancels to end before it says so and leaves them to the next one. */
const CANCEL_WAIT_MS = 4_000;
/** Doubled from look to look: an order that hangs must not use up the requests that another position's stop needs. */
const CANCEL_POLL_MS = 250;

/**
 * Lets sells give way to one stop: its record is durable first, and that the cancel lays the position bare; then they are
 * cancelled, and their end is awaited (pipeline 5, "How, at the broker").
 */
export function giveWay(
  view: View,
  groups: readonly SellGroup[],
  { permit, isBare }: { readonly permit: Permit; readonly isBare: boolean },
): Move {
  if (!areListsFresh(view)) return readLists();
  const { position, world: { now, turn }, count, underWay } = view;
  const restUsd = view.levelUsd;
  const facts = { qty: count?.sureQty ?? 0, stopUsd: restUsd, replaces: null };
  const stop = buildStopRecord(view, facts);
  const begun: Begun = {
    processId: now.processId,
    cycleStartedAtMs: turn.cycleStartedAtMs,
    sinceMs: now.monotonicMs,
    reason: "stop",
    sellId: null,
    stopId: stop.clientOrderId,
    restUsd,
    cancels: groups.map((group) => buildCancel(position.symbol, group)),
    isOfHand: groups.some((group) => isHandsObstacle(group, roundToIncrement(position.stopUsd))),
    refusal: null,
    wasBare: view.unfinished.isBare,
    hasLeft: false,
  };
  const orderIds = groups.flatMap((group) => group.orders.map(({ orderId }) => orderId));
  const gaveWay = isBare ? { orderIds, atMs: now.brokerMs } : underWay.gaveWay;
  const change: RecordPart[] = [
    { kind: "orders", entries: [stop] },
    unfinishedPart(view, {
      isBare: begun.wasBare || groups.length > 0,
      underWay: { ...underWay, begun, gaveWay },
    }),
  ];
  const say = [
    note(view, { kind: "protection", step: "convert", qty: position.qty }),
    ...groups.flatMap((group) => sayForeign(view, group)),
  ];
  return cancelNext(view, begun, { permit, change, say }) ?? record(change, say);
}

function buildCancel(symbol: string, group: SellGroup): BegunCancel {
  return {
    symbol,
    orderId: group.orders[0]?.orderId ?? "",
    members: group.orders.map(({ orderId, filledQty }) => ({ orderId, filledQty })),
    qty: group.qty,
    stopUsd: group.stopUsd,
    isAsked: group.isLeaving,
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
  { position }: View,
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
  const { positionId } = position;
  return {
    kind: "step",
    step: { do: "send", change, request, permit, positionId, notAfterMs: null, done: [] },
    say,
  };
}

/** Goes on with what this cycle has begun: the other cancels, their end, and the stop for what they leave. */
export function goOn(view: View, begun: Begun, gate: Permit): Move {
  const permit: Permit = begun.hasLeft ? { kind: "exit_rest" } : gate;
  const { seen } = view.world;
  const next = cancelNext(view, begun, { permit, change: [], say: [] });
  if (next !== null) return next;
  const pending = begun.cancels.flatMap(({ members }) => members).filter(({ orderId }) => {
    const known = seen.book.get(orderId)?.order;
    return known === undefined || !isFinal(known);
  });
  if (pending.length > 0) return awaitEnd(view, begun, pending.map(({ orderId }) => orderId));
  const shown = findShown(view.sight, view.position.symbol);
  const isRead = shown !== null && shown !== undefined;
  // Absent, and not sold by what was cancelled: one empty answer is no position that is gone.
  const mostQty = isRead ? Infinity : Math.floor(countUnfilled(view, begun));
  if (Math.min(mostQty, view.availableQty) > 0) return placeStop(view, permit, mostQty);
  return endBegun(view, begun);
}

/** There is nothing to stop any more: its record was never sent. */
function endBegun(view: View, begun: Begun): Move {
  const isOpen = view.entries.some((entry) =>
    entry.clientOrderId === begun.stopId && entry.status === "pending"
  );
  return record([
    ...(isOpen && begun.stopId !== null
      ? [{ kind: "not_sent", clientOrderId: begun.stopId } as const]
      : []),
    unfinishedPart(view, { underWay: { ...view.underWay, begun: null, held: null } }),
  ]);
}

/** Shares that what gave way held and no order of it sold since: what has no protection now. */
function countUnfilled({ world: { seen } }: View, { cancels }: Begun): number {
  return cancels.reduce((sum, { qty, members }) => {
    const soldQty = members.reduce(
      (sold, { orderId, filledQty }) =>
        sold + Math.max(0, (seen.book.get(orderId)?.order.filledQty ?? filledQty) - filledQty),
      0,
    );
    return sum + Math.max(0, qty - soldQty);
  }, 0);
}

/** Asks for what is leaving until it has ended, with longer and longer pauses, and not for ever. */
function awaitEnd(view: View, begun: Begun, orderIds: readonly string[]): Move {
  const { seen, now } = view.world;
  const { symbol } = view.position;
  const leftAtMs = Math.max(begun.sinceMs, seen.changes.last.get(symbol)?.atMs ?? 0);
  const questions = listRoots(view, orderIds).map((orderId) =>
    ({ ask: "order", symbol, orderId }) as const
  );
  const looks = questions.filter(({ orderId }) => isLookedAt(view, orderId))
    .map(({ orderId }) => (seen.orderLooks.get(orderId)?.atMs ?? 0) - leftAtMs);
  if (looks.length < questions.length) return read(questions);
  const waitedMs = Math.min(...looks);
  if (waitedMs < CANCEL_WAIT_MS) return read(questions, leftAtMs + findNextLook(waitedMs));
  const names = orderIds.map((orderId) =>
    `${orderId} (${seen.book.get(orderId)?.order.status ?? "unknown"})`
  );
  const refused = begun.refusal === null ? "" : `; the broker refused it: ${begun.refusal}`;
  const why = `cancel not confirmed within 4 s: ${names.join(", ")}${refused}`;
  const { underWay, position } = view;
  const about = { position, underWay, now };
  const { change, say } = endCancels(about, begun, why, begun.wasBare || begun.hasLeft);
  return record(change, say);
}

/** After 0.25, 0.75, 1.75 and 3.75 s, and at the end. */
function findNextLook(waitedMs: number): number {
  let atMs = CANCEL_POLL_MS;
  for (let pollMs = CANCEL_POLL_MS; atMs <= waitedMs;) {
    pollMs *= 2;
    atMs += pollMs;
  }
  return Math.min(atMs, CANCEL_WAIT_MS);
}

/** One of each bracket's legs stands for both: its answer holds them. */
function listRoots({ world: { seen } }: View, orderIds: readonly string[]): string[] {
  const roots = new Map<string, string>();
  for (const orderId of orderIds) {
    const rootId = seen.book.get(orderId)?.parentId ?? orderId;
    if (!roots.has(rootId)) roots.set(rootId, orderId);
  }
  return [...roots.values()];
}
