import { isReplaceRefused } from "../account/order_book.ts";
import { isUnsettled } from "../ledger.ts";
import { isFinal } from "../orders.ts";
import type { SellGroup } from "../protection.ts";
import type { Begun } from "../unfinished.ts";
import { buildBegun, endBegun, sendSell, type Successors, tryExit } from "./give_way.ts";
import { type Move, note, read, record, send, unfinishedPart } from "./move.ts";
import type { Note } from "./note.ts";
import { buildRequest, resolve, resolveStops } from "./resolve.ts";
import type { Permit } from "./step.ts";
import { isLookedAt, type View } from "./view.ts";

/** A replacement frees shares a moment after it was accepted: so often, and so soon after one another, it is looked for. */
const FREED_LOOKS_MAX = 12;
const FREED_POLL_MS = 250;

/** The one plain stop of ours that holds all shares, where it may stay for the rest. @returns Its order id. */
export function findShrinkable(
  groups: readonly SellGroup[],
  sureQty: number,
  restQty: number,
): string | null {
  const [group] = groups;
  const order = group?.orders[0];
  if (groups.length !== 1 || group === undefined || order === undefined || restQty === 0) {
    return null;
  }
  const isWhole = group.isPlainStop && group.isGtcStop && !group.isLeaving &&
    group.qty === sureQty && order.filledQty === 0;
  return isWhole ? order.orderId : null;
}

/** The stop never leaves the book: it gives up what is sold, and goes on holding the rest. */
export function shrink(
  view: View,
  permit: Permit,
  orderId: string,
  next: Successors & { readonly say: readonly Note[] },
): Move {
  const { sell, stop, say } = next;
  const entries = [sell, stop].filter((entry) => entry !== null);
  const begun: Begun = { ...buildBegun(view, next), shrinks: orderId };
  const { underWay } = view;
  const [, request] = entries.map((entry) => buildRequest(view, entry));
  if (request === undefined) return endBegun(view, begun);
  const change = [
    { kind: "orders", entries } as const,
    // What it frees is bare from the moment that it leaves, also for a process that has not seen its answer.
    unfinishedPart(view, {
      isBare: true,
      underWay: { ...underWay, ...tryExit(view, next.reason), begun },
    }),
  ];
  return send(view, request, permit, { change, say });
}

/** Goes on once the replacement has left: what it frees is awaited, and sold. */
export function goOnShrinking(view: View, begun: Begun, gate: Permit): Move {
  const find = (id: string | null) => view.entries.find((entry) => entry.clientOrderId === id);
  const stop = find(begun.stopId);
  const sell = find(begun.sellId);
  if (stop === undefined || sell === undefined) return endBegun(view, begun);
  if (isUnsettled(stop)) return resolveStops(view, gate, false) ?? endBegun(view, begun);
  const clientOrderId = sell.clientOrderId ?? "";
  const rest: Permit = { kind: "exit_rest" };
  if (sell.status === "unknown") {
    return resolve(view, rest, { ...sell, clientOrderId }) ?? endBegun(view, begun);
  }
  if (sell.status !== "pending") return endBegun(view, begun);
  return sellFreed(view, begun, stop.orderId ?? "") ?? sendSell(view, sell, rest);
}

/** @returns `null` once the shares are free. */
function sellFreed(view: View, { shrinks, sinceMs, sellId }: Begun, newId: string): Move | null {
  const { sight, availableQty, entries, world: { seen }, underWay, position: { symbol } } = view;
  const oldId = shrinks ?? "";
  const old = sight.book.get(oldId)?.order;
  const qty = entries.find((entry) => entry.clientOrderId === sellId)?.qty ?? 0;
  if (old !== undefined && isFinal(old) && availableQty >= qty) return null;
  // Taken and then rejected, while the old stop lives on: nothing becomes free.
  const isTakenBack = isReplaceRefused(sight.book, oldId);
  const leftAtMs = Math.max(sinceMs, seen.changes.last.get(symbol)?.atMs ?? 0);
  const looks = [oldId, newId].filter((orderId) => isLookedAt(view, orderId))
    .map((orderId) => (seen.orderLooks.get(orderId)?.atMs ?? 0) - leftAtMs);
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
    ...(sellId === null ? [] : [{ kind: "not_sent", clientOrderId: sellId } as const]),
    unfinishedPart(view, { underWay: { ...underWay, begun: null, tried } }),
  ], [note(view, { kind: "not_freed" })]);
}
