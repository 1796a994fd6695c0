import { isReplaceRefused } from "../account/order_book.ts";
import { isUnsettled } from "../order/ledger.ts";
import { isFinal } from "../order/orders.ts";
import type { SellGroup } from "../order/protection.ts";
import type { Begun } from "../account/unfinished.ts";
import { buildBegun, endBegun, sendSell, type Successors, tryExit } from "./give_way.ts";
import { type Move, note, read, record, send, unfinishedPart } from "./move.ts";
import type { NamedEntry } from "./named_entry.ts";
import type { Note } from "./note.ts";
import { buildRequest, resolve, resolveStops } from "./resolve.ts";
import type { Permit } from "./step.ts";
import { findChange, listWaits, type View } from "./view.ts";

/** A replacement frees shares a moment after it was accepted: so often, and so soon after one another, it is looked for. */
const FREED_LOOKS_MAX = 12;
const FREED_POLL_MS = 250;

/** The one plain stop of ours that holds all shares, where it may stay for the rest. @returns Its order id. */
export function findShrinkable(
  groups: readonly SellGroup[],
  sureQty: number,
): string | null {
  const [group] = groups;
  const order = group?.orders[0];
  if (groups.length !== 1 || group === undefined || order === undefined) return null;
  const isWhole = group.isPlainStop && group.isGtcStop && !group.isLeaving &&
    group.qty === sureQty && order.filledQty === 0;
  return isWhole ? order.orderId : null;
}

/** What follows, and is told: where a stop shrinks, there is always a sell, and the stop that holds the rest. */
export interface Shrinking extends Successors {
  readonly sell: NamedEntry;
  readonly stop: NamedEntry;
  readonly say: readonly Note[];
}

/** The stop never leaves the book: it gives up what is sold, and goes on holding the rest. */
export function shrink(
  view: View,
  permit: Permit,
  orderId: string,
  next: Shrinking,
): Move {
  const { sell, stop, say } = next;
  const begun: Begun = { ...buildBegun(view, next), shrinks: orderId };
  const { underWay } = view;
  const change = [
    { kind: "orders", entries: [sell, stop] } as const,
    // What it frees is bare from the moment that it leaves, also for a process that has not seen its answer.
    unfinishedPart(view, {
      isBare: true,
      underWay: { ...underWay, ...tryExit(view, next.reason), begun },
    }),
  ];
  return send(view, buildRequest(view, stop), permit, { change, say });
}

/** Goes on once the replacement has left: what it frees is awaited, and sold. */
export function goOnShrinking(view: View, begun: Begun, gate: Permit): Move {
  const find = (id: string | null) => view.entries.find((entry) => entry.clientOrderId === id);
  const stop = find(begun.stopId);
  const sell = find(begun.sellId);
  if (stop === undefined || sell === undefined) return endBegun(view, begun);
  if (isUnsettled(stop)) return resolveStops(view, gate, false) ?? endBegun(view, begun);
  const rest: Permit = { kind: "exit_rest" };
  if (sell.status === "unknown") {
    return resolve(view, rest, sell) ?? endBegun(view, begun);
  }
  if (sell.status !== "pending") return endBegun(view, begun);
  return sellFreed(view, begun, { sell, oldId: begun.shrinks ?? "", newId: stop.orderId ?? "" }) ??
    sendSell(view, sell, rest);
}

/** @returns `null` once the shares are free. */
function sellFreed(
  view: View,
  { sinceMs }: Begun,
  { sell, oldId, newId }: {
    readonly sell: NamedEntry;
    readonly oldId: string;
    readonly newId: string;
  },
): Move | null {
  const { sight, availableQty, world: { seen }, underWay, position: { symbol } } = view;
  const old = sight.book.get(oldId)?.order;
  if (old !== undefined && isFinal(old) && availableQty >= sell.qty) return null;
  // Taken and then rejected, while the old stop lives on: nothing becomes free.
  const isTakenBack = isReplaceRefused(sight.book, oldId);
  const leftAtMs = Math.max(sinceMs, findChange(seen, symbol).atMs);
  const looks = listWaits(view, [oldId, newId], leftAtMs);
  const questions = [oldId, newId].filter((orderId) => {
    const known = sight.book.get(orderId)?.order;
    return orderId === oldId || (old !== undefined && !isFinal(old)) || known === undefined;
  }).map((orderId) => ({ ask: "order", symbol, orderId }) as const);
  if (!isTakenBack && looks.length === 0) return read(questions.slice(0, 1));
  const waitedMs = Math.max(...looks, 0);
  if (!isTakenBack && waitedMs < FREED_LOOKS_MAX * FREED_POLL_MS) {
    const pollMs = (Math.floor(waitedMs / FREED_POLL_MS) + 1) * FREED_POLL_MS;
    return read(questions, leftAtMs + pollMs);
  }
  const tried = isTakenBack ? null : underWay.tried;
  return record([
    { kind: "not_sent", clientOrderId: sell.clientOrderId },
    unfinishedPart(view, { underWay: { ...underWay, begun: null, tried } }),
  ], [note(view, { kind: "not_freed" })]);
}
