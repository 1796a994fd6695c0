import type { LedgerEntry } from "../ledger.ts";
import { isUnsettled } from "../ledger.ts";
import { isFinal } from "../orders.ts";
import { roundToIncrement } from "../price_increment.ts";
import type { SellSideRequest } from "../order_request.ts";
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
import { buildSellRecord, nextAttempt } from "./sell_record.ts";
import type { Note } from "./note.ts";
import { settleInQuestion } from "./settle.ts";
import type { Permit, RecordPart } from "./step.ts";
import { areListsFresh, type View } from "./view.ts";

/** How often one id is sent in a cycle: a second time at the first "not found" (pipeline 6). */
const SENDINGS_MAX = 2;

/**
 * What is to be found out of the position's stops whose answer is out, before another one leaves.
 * @param isAll Also of what was sent in another cycle: before a stop is placed beside it.
 * @returns `null` where nothing is out.
 */
export function resolveStops(view: View, permit: Permit, isAll: boolean): Move | null {
  const { turn } = view.world;
  for (const entry of view.entries) {
    const { clientOrderId } = entry;
    if (entry.reason !== "stop" || !isUnsettled(entry) || clientOrderId === null) continue;
    if (view.begun?.stopId === clientOrderId && !turn.sendings.has(clientOrderId)) continue;
    if (isAll || turn.sendings.has(clientOrderId)) {
      return resolve(view, permit, { ...entry, clientOrderId });
    }
  }
  return null;
}

function resolve(
  view: View,
  permit: Permit,
  entry: LedgerEntry & { readonly clientOrderId: string },
): Move {
  const { clientOrderId } = entry;
  const { seen, turn } = view.world;
  const { inQuestion } = view.underWay;
  const refusal = inQuestion?.clientOrderId === clientOrderId ? inQuestion.refusal : null;
  const known = [...seen.book.values()].find(({ order }) => order.clientOrderId === clientOrderId);
  const isOver = known !== undefined && isFinal(known.order) && known.order.filledQty === 0;
  if (known !== undefined && !(refusal !== null && isOver)) {
    const done = { ...view.underWay, inQuestion: null };
    return record(
      [
        { kind: "shown", clientOrderId, order: known.order },
        unfinishedPart(view, { underWay: done }),
      ],
      isOver ? [] : [note(view, {
        kind: "stop_rests",
        qty: entry.qty ?? 0,
        stopUsd: entry.stopUsd ?? 0,
        orderId: known.order.orderId,
        as: "placed",
        belowUsd: null,
      })],
    );
  }
  const look = seen.lookUps.get(clientOrderId);
  const number = seen.changes.last.get(view.position.symbol)?.number ?? 0;
  if (look === undefined || look.atMs < turn.startedMs || look.afterChange < number) {
    return read([{ ask: "look_up", symbol: view.position.symbol, clientOrderId }]);
  }
  if (refusal !== null) {
    const { change, say } = settleInQuestion(view.records, entry, refusal, view.world.now);
    return record(change, say);
  }
  const sendings = turn.sendings.get(clientOrderId) ?? 0;
  if (look.kind === "not_found" && sendings === 0) {
    return record([{ kind: "not_sent", clientOrderId }]);
  }
  if (look.kind === "not_found" && sendings < SENDINGS_MAX) return sendAgain(view, permit, entry);
  const why = "no usable answer to its stop yet";
  const say = [
    note(view, {
      kind: "stop_undone",
      why: "no usable answer yet",
      after: afterOf(view),
      isOwn: false,
    }),
  ];
  if (view.underWay.held?.isOver === true) return rest(view, { afterMs: RETRY_MS });
  const held = { atMs: view.world.now.brokerMs, why, isOver: true };
  return record([unfinishedPart(view, { underWay: { ...view.underWay, held } })], say);
}

/** What a stop came after, for the operator. */
function afterOf({ begun, unfinished }: View): "nothing" | "cancel" | "exit" {
  if (begun !== null) return "cancel";
  return unfinished.isBare ? "exit" : "nothing";
}

/** The same id is the same order, of which the broker takes one. */
function sendAgain(view: View, permit: Permit, entry: LedgerEntry): Move {
  const request = buildRequest(view, entry);
  const { positionId } = view.position;
  return {
    kind: "step",
    step: { do: "send", change: [], request, permit, positionId, notAfterMs: null, done: [] },
    say: [],
  };
}

/** The request of a stop that is on record. */
function buildRequest({ position, world }: View, entry: LedgerEntry): SellSideRequest {
  const { clientOrderId, qty, stopUsd, replaces } = entry;
  const name = clientOrderId ?? "";
  const shares = qty ?? 0;
  if (replaces === null) {
    const request = {
      clientOrderId: name,
      symbol: position.symbol,
      qty: shares,
      stopUsd: stopUsd ?? 0,
    };
    return { op: "stop", request };
  }
  const old = world.seen.book.get(replaces)?.order;
  // A leg's quantity can't be changed: one that stays is not sent.
  const isQtyKept = old !== undefined && (old.qty ?? 0) - old.filledQty === shares;
  const request = {
    orderId: replaces,
    clientOrderId: name,
    ...(isQtyKept ? {} : { qty: shares }),
    ...(stopUsd === null ? {} : { stopUsd }),
  };
  return { op: "replace", symbol: position.symbol, request };
}

/** Places a stop for bare shares, once nothing is left of those that nobody knows of. */
export function placeStop(view: View, permit: Permit, mostQty: number): Move {
  const open = resolveStops(view, permit, true);
  if (open !== null) return open;
  if (view.begun === null && !areListsFresh(view)) return readLists();
  const qty = Math.min(mostQty, view.availableQty);
  if (qty <= 0) return rest(view);
  const price = decidePrice(view);
  if (typeof price !== "number") return price;
  const entry = buildStopRecord(view, { qty, stopUsd: price, replaces: null });
  return sendStop(view, permit, entry, [
    note(view, { kind: "protection", step: "place", qty }),
  ]);
}

/** Replaces a resting stop, by quantity or price. */
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
  const open = resolveStops(view, permit, false);
  if (open !== null) return open;
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
  entry: LedgerEntry,
  say: readonly Note[],
  done: readonly Note[] = [],
): Move {
  const change: RecordPart[] = [{ kind: "orders", entries: [entry] }];
  if (view.begun !== null) {
    const begun = { ...view.begun, stopId: entry.clientOrderId };
    change.push(unfinishedPart(view, { underWay: { ...view.underWay, begun } }));
  }
  const request = buildRequest(view, entry);
  const { positionId } = view.position;
  return {
    kind: "step",
    step: { do: "send", change, request, permit, positionId, notAfterMs: null, done },
    say,
  };
}

/** The record of a stop: the one that was made before the cancel where there is one. */
export function buildStopRecord(
  { position, entries, begun, world: { now } }: View,
  facts: { readonly qty: number; readonly stopUsd: number; readonly replaces: string | null },
): LedgerEntry {
  const made = entries.find((entry) =>
    entry.clientOrderId === begun?.stopId && entry.status === "pending"
  );
  if (made !== undefined && facts.replaces === null) {
    return { ...made, qty: facts.qty, stopUsd: roundToIncrement(facts.stopUsd) };
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
  if (refusedUsd === null) return view.levelUsd;
  const below = lookBelow(view);
  if (below !== null) return below;
  const lower = [view.leastUsd, ...view.begun?.cancels.map(({ stopUsd }) => stopUsd) ?? []]
    .filter((usd) => usd > 0 && usd < refusedUsd);
  return lower.length === 0 ? rest(view, { afterMs: RETRY_MS }) : Math.max(...lower);
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
  const { position, world: { seen, turn, operator } } = view;
  const { symbol, positionId } = position;
  if (readRefused(view) === null || operator.gate?.mode !== "LIVE") return null;
  if (seen.clock?.isOpen !== true) return null;
  const before = seen.trades.get(symbol);
  const isSellable = before !== undefined && before.trade !== null && !turn.fresh.has(positionId);
  if (!isSellable) return null;
  const number = seen.changes.last.get(symbol)?.number ?? 0;
  if (before.afterChange < number) return read([{ ask: "trade", symbol }]);
  // In the broker's increments: where the stop would rest, it would sell.
  const restsUsd = Math.max(position.stopUsd, view.leastUsd);
  if (before.trade === null || before.trade.priceUsd > restsUsd) return null;
  if (turn.exitsTried.has(positionId)) return rest(view, { afterMs: RETRY_MS });
  return rest(view, { isExitDue: true, say: [note(view, { kind: "at_stop" })] });
}
