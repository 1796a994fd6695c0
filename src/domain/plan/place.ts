import { isExitReason } from "../exit/exit_rules.ts";
import { roundToIncrement } from "../order/price_increment.ts";
import { type Move, note, read, readLists, rest, RETRY_MS, send, unfinishedPart } from "./move.ts";
import { isEndedUnfilled } from "../account/exit_record.ts";
import type { NamedEntry } from "./named_entry.ts";
import type { Note } from "./note.ts";
import { buildRequest, resolveStops } from "./resolve.ts";
import { buildSellRecord, nextAttempt, renewDeadline } from "./sell_record.ts";
import type { Permit, RecordPart } from "./step.ts";
import { areListsFresh, findChange, type View } from "./view.ts";

/** Places a stop for bare shares, of which there are some for sure, once nothing is left of those that nobody knows of. */
export function placeStop(view: View, permit: Permit, mostQty: number): Move {
  const open = resolveStops(view, permit, true);
  if (open !== null) return open;
  if (view.begun === null && !areListsFresh(view)) return readLists();
  const qty = Math.min(mostQty, view.availableQty);
  const price = decidePrice(view);
  if (typeof price !== "number") return price;
  const entry = buildStopRecord(view, { qty, stopUsd: price, replaces: null });
  const say = view.begun === null ? [note(view, { kind: "protection", step: "place", qty })] : [];
  return sendStop(view, permit, entry, say);
}

/** Replaces a resting stop, by quantity or price, once nothing of its stops is out (`resolveStops`). */
export function replaceStop(
  view: View,
  permit: Permit,
  facts: {
    readonly orderId: string;
    readonly qty: number;
    readonly stopUsd: number;
    readonly done: readonly Note[];
  },
): Move {
  if (!areListsFresh(view)) return readLists();
  if (readRefused(view) !== null) return lookBelow(view) ?? rest(view, { afterMs: RETRY_MS });
  const { orderId: replaces, qty, stopUsd } = facts;
  const entry = buildStopRecord(view, { qty, stopUsd, replaces });
  const say = [note(view, { kind: "protection", step: "replace", qty })];
  return sendStop(view, permit, entry, say, facts.done);
}

function sendStop(
  view: View,
  permit: Permit,
  entry: NamedEntry,
  say: readonly Note[],
  done: readonly Note[] = [],
): Move {
  const { entries, begun: under } = view;
  const made = entries.find((each) => each.clientOrderId === entry.clientOrderId);
  const isMade = made?.status === "pending" && made.qty === entry.qty &&
    made.stopUsd === entry.stopUsd && made.deadlineAtMs === entry.deadlineAtMs;
  const change: RecordPart[] = isMade ? [] : [{ kind: "orders", entries: [entry] }];
  if (view.begun !== null && under?.stopId !== entry.clientOrderId) {
    const begun = { ...view.begun, stopId: entry.clientOrderId };
    change.push(unfinishedPart(view, { underWay: { ...view.underWay, begun } }));
  }
  const request = buildRequest(view, entry);
  return send(view, request, permit, { change, done, say });
}

/** The record of a stop: the one that was made before the cancel where there is one. */
export function buildStopRecord(
  { position, entries, begun, world: { now } }: View,
  facts: { readonly qty: number; readonly stopUsd: number; readonly replaces: string | null },
): NamedEntry {
  const made = entries.find((entry) =>
    entry.clientOrderId === begun?.stopId && entry.status === "pending"
  );
  if (made !== undefined && facts.replaces === null) {
    const entry = { ...made, qty: facts.qty, stopUsd: roundToIncrement(facts.stopUsd) };
    return renewDeadline(entry, now.brokerMs);
  }
  const attempt = nextAttempt(entries, position, "stop", now.dateNy);
  return buildSellRecord({ position, reason: "stop", ...facts }, attempt, now.brokerMs);
}

/**
 * Where a stop is tried: at its level, and where the market was at or below that a moment ago, at the highest price that the
 * broker may still take, the engine's own or one where a cancelled one was (pipeline 5).
 * @returns USD per share; or what is done instead, where the price has come to the stop.
 */
function decidePrice(view: View): number | Move {
  const refusedUsd = readRefused(view);
  if (refusedUsd === null) return readLevel(view);
  const below = lookBelow(view);
  if (below !== null) return below;
  const lower = [view.leastUsd, ...view.begun?.cancels.map(({ stopUsd }) => stopUsd) ?? []]
    .filter((usd) => usd > 0 && usd < refusedUsd);
  return lower.length === 0 ? rest(view, { afterMs: RETRY_MS }) : Math.max(...lower);
}

/** After a trim the stop for the rest goes in at its new level at once; what was not sold keeps its own (pipeline 5). */
function readLevel({ begun, entries, levelUsd }: View): number {
  if (begun === null || !isExitReason(begun.reason)) return levelUsd;
  const sell = entries.find((entry) => entry.clientOrderId === begun.sellId);
  const isSold = sell?.status === "unknown" ||
    (sell?.status === "accepted" && !isEndedUnfilled(sell.broker));
  return isSold ? Math.max(levelUsd, begun.restUsd) : levelUsd;
}

/** The price of this cycle's stop that the market was at or below; `null` for none. */
function readRefused({ underWay: { belowStop }, world }: View): number | null {
  return belowStop !== null && belowStop.atMs >= world.turn.startedMs ? belowStop.stopUsd : null;
}

/**
 * A refused stop is a reason to look at the price again, never by itself to sell (pipeline 5).
 * @returns `null` where the price is above the stop, or may not be sold by.
 */
function lookBelow(view: View): Move | null {
  const { position, leastUsd, world: { seen, turn, operator } } = view;
  const { symbol, positionId } = position;
  if (operator.gate?.mode !== "LIVE") return null;
  if (seen.clock?.isOpen !== true || view.isExitSpent) return null;
  const before = seen.trades.get(symbol);
  const isSellable = before !== undefined && before.trade !== null && !turn.fresh.has(positionId);
  if (!isSellable) return null;
  if (before.afterChange < findChange(seen, symbol).number) return read([{ ask: "trade", symbol }]);
  // In the broker's increments: where the stop would rest, it would sell.
  const restsUsd = Math.max(position.stopUsd, leastUsd);
  if (before.trade === null || before.trade.priceUsd > restsUsd) return null;
  return rest(view, { afterMs: RETRY_MS, isExitDue: true });
}
