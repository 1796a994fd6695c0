import { hasWorkingBuy, isEntryWorking, isHidden } from "../account/sight.ts";
import { readStopLevel } from "../account/position_shares.ts";
import { decideExit, isCloseDue, markTrimmed, splitQty } from "../exit/decide_exit.ts";
import { type ExitReason, isClose, isExitReason } from "../exit/exit_rules.ts";
import { isAnswerLost } from "../order/ledger.ts";
import { countCovered, listMarketSells, type SellGroup } from "../order/protection.ts";
import { findExitRecord } from "../account/exit_record.ts";
import { giveWay, type Successors } from "./give_way.ts";
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
import type { NamedEntry } from "./named_entry.ts";
import type { Note } from "./note.ts";
import { findSellLookMs } from "./protect.ts";
import { resolve } from "./resolve.ts";
import { buildSellRecord, nextAttempt } from "./sell_record.ts";
import { buildRefusedKey } from "./about.ts";
import { findShrinkable, shrink } from "./shrink.ts";
import type { Permit } from "./step.ts";
import { CONVERT_AGAIN_MS, findTimeObstacle, LAST_EXIT_MS } from "./time_left.ts";
import { areListsFresh, isLookedAt, isUnreplaceable, readBlock, type View } from "./view.ts";

/** How long an exit that the broker refused for good is left alone, while a stop holds its shares. */
const REFUSED_PAUSE_MS = 5 * 60_000;

/**
 * Applies the exit rules to a position (pipeline 5). LIVE only.
 * @returns A rest where nothing is due, or what is due has to wait: its protection is looked at then.
 */
export function planExits(view: View, permit: Permit): Move {
  const { position, count, sight, world: { seen, turn } } = view;
  const open = resolveSells(view, permit);
  if (open !== null) return open;
  const trade = seen.trades.get(position.symbol)?.trade ?? null;
  if (trade === null || turn.fresh.has(position.positionId)) return rest(view);
  if (count === null || !view.isActionable || isEntryWorking(sight, position)) return rest(view);
  const { highWaterUsd, stopUsd, due } = decideExit(position, count.sureQty, trade.priceUsd);
  if (highWaterUsd !== position.highWaterUsd || stopUsd !== position.stopUsd) {
    const say = stopUsd === position.stopUsd ? [] : [note(view, { kind: "raised", stopUsd })];
    return record([{ kind: "position", position: { ...position, highWaterUsd, stopUsd } }], say);
  }
  if (due === null) return rest(view);
  const { priceUsd } = trade;
  // Of what positions do not show yet something may be left to sell: only of one share there is never anything.
  const first = due.qty === 0 && count.mostHeldQty > count.sureQty
    ? rest(view, { afterMs: RETRY_MS })
    : planExit(view, permit, due.reason, priceUsd);
  // What keeps a trim waiting keeps no close waiting (pipeline 5).
  const isCloseNext = first.kind === "rest" && !isClose(due.reason) &&
    isCloseDue(position, count.sureQty, priceUsd);
  return isCloseNext ? planExit(view, permit, "stop_exit", priceUsd) : first;
}

/** Whether the exit rules would sell now. */
export function isExitDue({ position, sureQty, world: { seen } }: View): boolean {
  const trade = seen.trades.get(position.symbol)?.trade ?? null;
  return trade !== null && decideExit(position, sureQty, trade.priceUsd).due !== null;
}

/**
 * A sell without an answer is asked for once its stop rests (pipeline 5); what was about to leave when a process ended before
 * anything is decided about the shares that it may hold.
 */
function resolveSells(view: View, permit: Permit): Move | null {
  for (const entry of view.entries) {
    if (!isAnswerLost(entry, view.world.now.brokerMs)) continue;
    if (!isExitReason(entry.reason) && entry.status !== "pending") continue;
    const move = resolve(view, permit, entry);
    if (move !== null) return move;
  }
  return null;
}

/** One exit that is due. @param priceUsd The price that made it so. */
export function planExit(
  view: View,
  permit: Permit,
  reason: ExitReason,
  priceUsd: number,
): Move {
  const { position, entries, sureQty, allGroups: groups, sight } = view;
  const { sellQty, restQty } = splitQty(reason, sureQty);
  const due = note(view, { kind: "exit_due", reason, qty: sellQty, priceUsd });
  const exitRecord = findExitRecord(entries, sight.book, position.positionId, reason);
  // A trim without a share to sell, or done on record, for instance after a crash before its flag was saved: never a close.
  if (sellQty === 0 || exitRecord === "done") {
    return record([{ kind: "position", position: markTrimmed(position, reason) }], [due]);
  }
  if (exitRecord === "open") return rest(view, { say: [due] });
  if (isTried(view)) return rest(view, { afterMs: RETRY_MS, say: [due] });
  if (!areListsFresh(view)) return readLists();
  if (groups === null || !view.isActionable) return rest(view, { say: [due] });
  const facts = { reason, sellQty, restQty, priceUsd, groups };
  const sells = listMarketSells(groups);
  if (sells.length > 0) {
    const afterMs = findSellLookMs(view, sells);
    const isAlone = sells.length === groups.length && isClose(reason);
    const beside = isAlone ? closeBeside(view, permit, facts) : null;
    return beside ?? rest(view, { afterMs, say: [due] });
  }
  return findObstacle(view, facts, due) ?? begin(view, permit, facts, due);
}

/** Whether this cycle has tried an exit, and does not begin it again as things are. */
function isTried({ underWay: { tried }, allGroups, world: { turn } }: View): boolean {
  if (tried === null || tried.cycleStartedAtMs !== turn.cycleStartedAtMs) return false;
  return tried.again === "no" || (tried.again === "bare" && allGroups?.length !== 0);
}

/** An exit as it is decided now. */
interface Exit {
  readonly reason: ExitReason;
  readonly sellQty: number;
  readonly restQty: number;
  readonly priceUsd: number;
  readonly groups: readonly SellGroup[];
}

/** Why an exit could not end now: it is not begun then, so that none of the protection is taken away for it. */
function findObstacle(view: View, exit: Exit, due: Note): Move | null {
  const obstacle = nameObstacle(view, exit);
  if (obstacle === null) {
    if (!isTooLate(view, exit.reason)) return null;
    const isSaid = view.world.now.untilCloseMs >= LAST_EXIT_MS;
    const say = isSaid ? [note(view, { kind: "exit_too_late", reason: exit.reason })] : [];
    return rest(view, { say: [due, ...say] });
  }
  const { why, isBrief } = obstacle;
  const { held } = view.underWay;
  if (held === null || held.why !== why || held.atMs < view.world.turn.cycleStartedAtMs) {
    const next = { atMs: view.world.now.brokerMs, why, isOver: false };
    return record([unfinishedPart(view, { underWay: { ...view.underWay, held: next } })]);
  }
  const say = [due, note(view, { kind: "waits", what: exit.reason, why })];
  return rest(view, { afterMs: isBrief ? RETRY_MS : null, say });
}

function nameObstacle(
  view: View,
  { reason, groups }: Exit,
): { readonly why: string; readonly isBrief: boolean } | null {
  const block = readBlock(view);
  if (block !== null) {
    return { why: `the account is blocked for trading (${block})`, isBrief: false };
  }
  if (isHidden(view.sight.book, groups.flatMap((group) => group.orders))) {
    return { why: "the broker does not show one of its working sells yet", isBrief: true };
  }
  if (groups.some((group) => group.standing === "bound")) {
    return { why: "one of its sells is being executed, and its shares may be gone", isBrief: true };
  }
  const leaving = groups.filter((group) => group.isLeaving);
  if (leaving.length > 0 && leaving.length < groups.length) {
    return { why: "a cancel is still under way", isBrief: true };
  }
  if (hasWorkingBuy(view.sight, view.position.symbol)) {
    return {
      why: "a buy works in the symbol, beside which the broker takes no sell",
      isBrief: false,
    };
  }
  // Last: what holds up one exit and not the other.
  if (countCovered(groups, 0) < view.sureQty || !isSellRefused(view, reason)) return null;
  return { why: "the broker refused its sell; tried again after 5 minutes", isBrief: false };
}

/** Whether the broker refused this exit a moment ago: its stop is not taken away for the same answer. */
function isSellRefused({ unfinished, world: { now } }: View, reason: ExitReason): boolean {
  const atMs = unfinished.sellRefusedAtMs[reason];
  return atMs !== undefined && now.brokerMs - atMs < REFUSED_PAUSE_MS;
}

/**
 * An exit begun in the last moments could not end before the close; what rests at the broker stays as it is. So it does
 * where the market would not take this exit a moment ago: the overnight stop has come in its place.
 */
function isTooLate(view: View, reason: ExitReason): boolean {
  const { entries, sight, position, unfinished: { stopRefusedAtMs }, world: { now } } = view;
  if (now.untilCloseMs < LAST_EXIT_MS) return true;
  const isStopRefused = stopRefusedAtMs !== null &&
    now.brokerMs - stopRefusedAtMs < CONVERT_AGAIN_MS;
  if (now.untilCloseMs > CONVERT_AGAIN_MS || isStopRefused) return false;
  return findExitRecord(entries, sight.book, position.positionId, reason) === "unfilled";
}

/** Records sell and stop, and makes room for the sell: by shrinking our own stop where that may be, else by cancelling. */
function begin(view: View, permit: Permit, exit: Exit, due: Note): Move {
  const { reason, sellQty, priceUsd, groups } = exit;
  const { position, sureQty, records, world: { now } } = view;
  const begins = note(view, {
    kind: "exit_begins",
    reason,
    qty: sellQty,
    ofQty: sureQty,
    priceUsd,
    isBeside: false,
  });
  const next = buildSuccessors(view, exit);
  const { sell, stop } = next;
  const oldId = stop === null ? null : findShrinkable(groups, sureQty);
  const isRefused = oldId !== null && isUnreplaceable(view, oldId);
  if (stop !== null && oldId !== null && !isRefused) {
    const late = findTimeObstacle(now, { kind: "shrinking exit" });
    if (late !== null) return wait(view, reason, late, due);
    const shrunk = { ...next, sell, stop: { ...stop, replaces: oldId } };
    return shrink(view, permit, oldId, { ...shrunk, say: [due, begins] });
  }
  // Reading it again must show it unchanged, before it is cancelled after all.
  if (oldId !== null && !isLookedAt(view, oldId)) {
    return read([{ ask: "order", symbol: position.symbol, orderId: oldId }]);
  }
  // What nothing holds is sold before anything is cancelled for it: a broker that is slow with cancels would hold it up for ever.
  const inTheWay = view.availableQty >= sellQty ? [] : groups;
  const refusal = records.alerted[buildRefusedKey(position.symbol)];
  if (refusal !== undefined && !isClose(reason) && inTheWay.length > 0) {
    const why = `the broker refused the last stop in the symbol (${refusal}), ` +
      "and what protects it is not cancelled for a trim";
    const say = [due, begins, note(view, { kind: "waits", what: reason, why })];
    return rest(view, { say });
  }
  const late = findTimeObstacle(now, { kind: "exit", groups: inTheWay.length });
  if (late !== null) return wait(view, reason, late, due);
  const say = isRefused ? [] : [due, begins];
  return giveWay(view, inTheWay, next, { permit, isBare: false, say });
}

function wait(view: View, reason: ExitReason, why: string, due: Note): Move {
  const say = [due, note(view, { kind: "waits", what: reason, why })];
  return rest(view, { afterMs: RETRY_MS, say });
}

/** The records of an exit: its sell, and the stop for the rest where it belongs once that has sold (rule 4). */
function buildSuccessors(
  { position, entries, sight, unfinished, world: { now } }: View,
  { reason, sellQty, restQty }: Exit,
): Successors & { readonly sell: NamedEntry } {
  const trimmed = markTrimmed(position, reason);
  const restUsd = readStopLevel(sight, trimmed, unfinished.spentHandStopUsd);
  const name = (of: ExitReason | "stop") => nextAttempt(entries, position, of, now.dateNy);
  const sell = { position, reason, qty: sellQty, stopUsd: null, replaces: null };
  const stop = { ...sell, reason: "stop", qty: restQty, stopUsd: restUsd } as const;
  return {
    reason,
    sell: buildSellRecord(sell, name(reason), now.brokerMs),
    stop: restQty > 0 ? buildSellRecord(stop, name("stop"), now.brokerMs) : null,
    restUsd,
  };
}

/**
 * At the stop, what a market sell that still works leaves bare is sold beside it: no stop can rest above the market, and
 * one that a halt keeps half filled would hold up the close of all the others.
 */
function closeBeside(view: View, permit: Permit, exit: Exit): Move | null {
  const { availableQty: qty, position, world: { now } } = view;
  const { reason, priceUsd } = exit;
  if (qty <= 0 || isSellRefused(view, reason)) return null;
  if (readBlock(view) !== null || hasWorkingBuy(view.sight, position.symbol)) return null;
  if (isTooLate(view, reason)) return null;
  const late = findTimeObstacle(now, { kind: "exit", groups: 0 });
  if (late !== null) return null;
  const beside = { ...exit, sellQty: qty, restQty: 0, groups: [] };
  const say = [note(view, {
    kind: "exit_begins",
    reason,
    qty,
    ofQty: qty,
    priceUsd,
    isBeside: true,
  })];
  const next = buildSuccessors(view, beside);
  return giveWay(view, [], next, { permit, isBare: false, say });
}
