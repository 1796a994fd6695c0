import type { EngineState, ManagedPosition } from "../engine_state.ts";
import { type ExitReason, markTrimmed } from "../exit_plan.ts";
import { isExitReason, type LedgerEntry } from "../ledger.ts";
import type { BrokerOrder } from "../orders.ts";
import {
  isLasting,
  isRefusedItself,
  isUnjudged,
  type Refusal,
  type SellSideRequest,
  type SendResult,
} from "../order_request.ts";
import { roundToIncrement } from "../price_increment.ts";
import { type Begun, findUnfinished, type UnderWay, type Unfinished } from "../unfinished.ts";
import { note, unfinishedPart } from "./move.ts";
import type { Note } from "./note.ts";
import type { RecordPart, Settled } from "./step.ts";
import type { Now } from "./world.ts";

const NOTHING: Settled = { change: [], say: [] };

/** The moment of an answer. */
type At = Pick<Now, "brokerMs" | "monotonicMs">;

/** What an answer is about. */
interface About {
  readonly position: ManagedPosition;
  readonly unfinished: Unfinished;
  readonly underWay: UnderWay;
  readonly now: At;
}

/** A record that has a name. */
export type NamedEntry = LedgerEntry & { readonly clientOrderId: string };

/**
 * What the answer to a request makes of the records. Pure and total: an answer about what the records lack changes nothing.
 * @param answer The broker's, or why the request did not leave.
 */
export function settle(
  records: EngineState,
  request: SellSideRequest,
  answer: SendResult,
  now: At,
): Settled {
  if (request.op === "cancel") return settleCancel(records, request, answer, now);
  const { clientOrderId } = request.request;
  const found = records.ledger?.entries.find((each) => each.clientOrderId === clientOrderId);
  const entry = found === undefined ? undefined : { ...found, clientOrderId };
  const about = entry === undefined ? null : findAbout(records, entry, now);
  return entry === undefined || about === null ? NOTHING : settleOrder(about, entry, answer);
}

function findAbout(records: EngineState, { positionId }: LedgerEntry, now: At): About | null {
  const position = records.positions.find((each) => each.positionId === positionId);
  if (position === undefined) return null;
  const unfinished = findUnfinished(records.unfinished, position.positionId);
  return { position, unfinished, underWay: unfinished.underWay, now };
}

function settleOrder(about: About, entry: NamedEntry, answer: SendResult): Settled {
  const { clientOrderId, status } = entry;
  // What is said to a repeat says nothing of the request before it, which may have been taken.
  const isRepeat = status === "unknown";
  switch (answer.kind) {
    case "accepted":
      return settleTaken(about, entry, answer.order);
    case "unknown":
    case "duplicate":
    case "requested":
      return {
        change: [{ kind: "unknown", clientOrderId }],
        say: answer.kind === "unknown" && isStopWaiting(about, entry)
          ? [sayExitUndone(about, entry, "no usable answer yet")]
          : [],
      };
    case "stopped":
      return settleStopped(about, entry, { isRepeat, reason: answer.reason });
    case "rejected":
      if (isRepeat) return NOTHING;
      // A replacement can be done although it was refused (broker.md): its id is asked for.
      if (entry.replaces !== null && answer.httpStatus === 422) {
        const inQuestion = { clientOrderId, refusal: answer };
        return {
          change: [
            { kind: "unknown", clientOrderId },
            unfinishedPart(about, { underWay: { ...about.underWay, inQuestion } }),
          ],
          say: [],
        };
      }
      return settleRefusal(about, entry, answer);
  }
}

/** Whether a stop follows the sell, which no look-up may delay. */
function isStopWaiting({ underWay: { begun } }: About, { clientOrderId }: NamedEntry): boolean {
  return begun !== null && begun.sellId === clientOrderId && begun.stopId !== null &&
    begun.shrinks === null;
}

/** What the broker shows of an order whose answer was out. */
export function settleShown(
  records: EngineState,
  entry: NamedEntry,
  order: BrokerOrder,
  now: At,
): Settled {
  const about = findAbout(records, entry, now);
  return about === null ? NOTHING : settleTaken(about, entry, order);
}

function settleTaken(about: About, entry: NamedEntry, order: BrokerOrder): Settled {
  const { position, underWay } = about;
  const { clientOrderId } = entry;
  const shown: RecordPart = { kind: "shown", clientOrderId, order };
  const isQuestion = underWay.inQuestion?.clientOrderId === clientOrderId;
  const inQuestion = isQuestion ? null : underWay.inQuestion;
  if (isExitReason(entry.reason)) {
    const reason = entry.reason;
    const after = markTrimmed(position, reason);
    return {
      change: [
        shown,
        { kind: "position", position: after },
        unfinishedPart(about, { underWay: { ...underWay, inQuestion, held: null, tried: null } }),
      ],
      say: [note(about, { kind: "sold", reason, qty: entry.qty ?? 0 }), ...sayRaised(about, after)],
    };
  }
  const { begun } = underWay;
  const isShrunk = begun?.stopId === clientOrderId && begun.shrinks !== null;
  const change: RecordPart[] = [
    shown,
    { kind: "kept", key: buildRefusedKey(entry.symbol), value: null },
    unfinishedPart(about, {
      underWay: {
        ...underWay,
        inQuestion,
        held: null,
        begun: isShrunk ? { ...begun, hasLeft: true } : endBegun(about, clientOrderId),
      },
      besideBuyAtMs: null,
      // From here on shares are without protection, until the next look finds enough.
      ...(isShrunk ? { isBare: true } : {}),
    }),
  ];
  // The stop rests where rule 4 wants it now, whatever becomes of the sell: a stop never falls.
  const stopUsd = isShrunk && isExitReason(begun.reason)
    ? markTrimmed(position, begun.reason).stopUsd
    : position.stopUsd;
  if (stopUsd > position.stopUsd) {
    change.push({ kind: "position", position: { ...position, stopUsd } });
  }
  const rests = note(about, {
    kind: "stop_rests",
    qty: entry.qty ?? 0,
    stopUsd: entry.stopUsd ?? 0,
    orderId: order.orderId,
    as: nameStop(about, entry),
    belowUsd: underWay.belowStop?.stopUsd ?? null,
  });
  return { change, say: [rests] };
}

function sayRaised(about: About, after: ManagedPosition): Note[] {
  if (after.stopUsd === about.position.stopUsd) return [];
  return [note(about, { kind: "raised", stopUsd: after.stopUsd })];
}

/** Whether this order ends what was begun: its stop rests, or will not. */
function endBegun({ underWay: { begun } }: About, clientOrderId: string): Begun | null {
  return begun?.stopId === clientOrderId ? null : begun;
}

function nameStop(
  { underWay: { begun, belowStop }, unfinished }: About,
  { replaces, stopUsd }: LedgerEntry,
): "placed" | "converted" | "put back" | "lower" {
  if (belowStop !== null && (stopUsd ?? 0) < belowStop.stopUsd) return "lower";
  if (replaces !== null || isExitReason(begun?.reason ?? null)) return "placed";
  return begun !== null ? "converted" : unfinished.isBare ? "put back" : "placed";
}

function settleStopped(
  about: About,
  entry: NamedEntry,
  { isRepeat, reason }: { readonly isRepeat: boolean; readonly reason: string },
): Settled {
  const { clientOrderId } = entry;
  const why = `its ${nameEntry(entry)} was not sent: ${reason}`;
  const change: RecordPart[] = isRepeat ? [] : [{ kind: "not_sent", clientOrderId }];
  change.push(...endShrinking(about, entry));
  const underWay = {
    ...about.underWay,
    held: { atMs: about.now.brokerMs, why, isOver: isOver(about) },
    begun: endBegun(about, clientOrderId),
  };
  change.push(unfinishedPart(about, { underWay }));
  return { change, say: [sayUndone(about, entry, reason, null, true)] };
}

function nameEntry({ reason }: LedgerEntry): string {
  return reason === "stop" ? "stop" : `sell (${reason})`;
}

/** An exit's rest is tried once more by the table of protection; what that tries itself is over for the cycle. */
function isOver({ underWay: { begun } }: About): boolean {
  return begun === null || begun.reason === "stop";
}

/** The stop would not give up what is sold: the sell that was recorded with it never leaves. */
function endShrinking({ underWay: { begun } }: About, { clientOrderId }: NamedEntry): RecordPart[] {
  if (begun === null || begun.shrinks === null || begun.stopId !== clientOrderId) return [];
  return begun.sellId === null ? [] : [{ kind: "not_sent", clientOrderId: begun.sellId }];
}

function sayUndone(
  about: About,
  entry: NamedEntry,
  why: string,
  httpStatus: number | null,
  isOwn: boolean,
): Note {
  const { underWay: { begun }, unfinished } = about;
  const isOfExit = isExitReason(entry.reason) || isExitReason(begun?.reason ?? null);
  if (isOfExit) return sayExitUndone(about, entry, why, httpStatus, isOwn);
  const after = begun !== null ? "cancel" : unfinished.isBare ? "exit" : "nothing";
  return note(about, { kind: "stop_undone", why, after, isOwn });
}

/** A part of an exit that did not come to be. */
function sayExitUndone(
  about: About,
  entry: NamedEntry,
  why: string,
  httpStatus: number | null = null,
  isOwn = false,
): Note {
  const { begun } = about.underWay;
  const begunFor = begun?.reason ?? null;
  const isShrinking = begun !== null && begun.shrinks !== null;
  const part = isExitReason(entry.reason) ? "sell" : isShrinking ? "shrinking" : "stop";
  const reasons = [entry.reason, begunFor].filter(isExitReason);
  const reason: ExitReason = reasons[0] ?? "stop_exit";
  return note(about, { kind: "exit_undone", reason, part, httpStatus, why, isOwn });
}

/** A refusal that was in question, and is one: nothing took the replacement's name. */
export function settleInQuestion(
  records: EngineState,
  entry: NamedEntry,
  refusal: Refusal,
  now: At,
): Settled {
  const about = findAbout(records, entry, now);
  if (about === null) return NOTHING;
  const underWay = { ...about.underWay, inQuestion: null };
  return settleRefusal({ ...about, underWay }, entry, refusal);
}

function settleRefusal(about: About, entry: NamedEntry, refusal: Refusal): Settled {
  const { clientOrderId } = entry;
  const refused: RecordPart = { kind: "refused", clientOrderId, detail: refusal.message };
  const say = [sayUndone(about, entry, refusal.message, refusal.httpStatus, false)];
  const change = isExitReason(entry.reason)
    ? refuseSell(about, entry.reason, refusal)
    : refuseStop(about, entry, refusal);
  return { change: [refused, ...endShrinking(about, entry), ...change], say };
}

/** An exit whose sell the broker refuses for a reason that does not pass in a moment is left alone for a while. */
function refuseSell(about: About, reason: ExitReason, { why, message }: Refusal): RecordPart[] {
  const { underWay, unfinished, now } = about;
  const isPassing = why === "insufficient_qty" || why === "rate_limited";
  const sellRefusedAtMs = isPassing
    ? unfinished.sellRefusedAtMs
    : { ...unfinished.sellRefusedAtMs, [reason]: now.brokerMs };
  const held = {
    atMs: now.brokerMs,
    why: `broker refused its sell (${reason}): ${message}`,
    isOver: false,
  };
  return [unfinishedPart(about, { sellRefusedAtMs, underWay: { ...underWay, held } })];
}

function refuseStop(about: About, entry: NamedEntry, refusal: Refusal): RecordPart[] {
  const { clientOrderId, symbol, replaces } = entry;
  const { position, underWay, now } = about;
  const { begun } = underWay;
  const isShrinking = begun?.stopId === clientOrderId && begun.shrinks !== null;
  const isBelow = refusal.why === "stop_price" && !isShrinking;
  const isUnreplaceable = replaces !== null && isRefusedItself(refusal);
  const stopUsd = entry.stopUsd ?? 0;
  const held = {
    atMs: now.brokerMs,
    why: `broker refused its stop: ${refusal.message}`,
    // Where the market is below it a lower one is tried, and what can't be replaced gives way to a new one.
    isOver: !isBelow && !isUnreplaceable && isOver(about),
  };
  const change: RecordPart[] = [];
  // What the broker says to a replacement is about the order that rests.
  if (replaces === null && isLasting(refusal)) {
    change.push({ kind: "kept", key: buildRefusedKey(symbol), value: refusal.message });
  }
  change.push(unfinishedPart(about, {
    underWay: {
      ...underWay,
      held,
      begun: isBelow ? begun : endBegun(about, clientOrderId),
      unreplaceable: isUnreplaceable ? replaces : underWay.unreplaceable,
      // What can't be shrunk is cancelled after all.
      tried: isShrinking && isUnreplaceable ? null : underWay.tried,
      belowStop: isBelow ? { stopUsd, atMs: now.monotonicMs } : underWay.belowStop,
    },
    ...(isBelow ? { stopRefusedAtMs: now.brokerMs } : {}),
    ...(refusal.why === "wash_trade" ? { besideBuyAtMs: now.brokerMs } : {}),
    // A hand's price that the market has come below: no stop is taken there any more.
    ...(isBelow && replaces === null && stopUsd > roundToIncrement(position.stopUsd)
      ? { spentHandStopUsd: stopUsd }
      : {}),
  }));
  return change;
}

/** Under which key it is kept that the broker refused the last stop in a symbol for a reason that lasts (pipeline 5). */
export function buildRefusedKey(symbol: string): string {
  return `stop_refused:${symbol}`;
}

/** Under which key it is counted how often what a hand had put in the engine's way was cancelled. */
export function buildHandKey({ positionId }: Pick<ManagedPosition, "positionId">): string {
  return `hand_cancels:${positionId}`;
}

/** The cancels of what is begun: their end is seen by the orders' ids. */
function settleCancel(
  records: EngineState,
  { orderId, symbol }: Extract<SellSideRequest, { readonly op: "cancel" }>,
  answer: SendResult,
  now: At,
): Settled {
  const position = records.positions.find((each) => each.symbol === symbol);
  if (position === undefined) return NOTHING;
  const unfinished = findUnfinished(records.unfinished, position.positionId);
  const { underWay } = unfinished;
  const about = { position, unfinished, underWay, now };
  const { begun } = underWay;
  if (begun === null) return NOTHING;
  if (answer.kind === "stopped") return endCancels(about, begun, answer.reason, begun.wasBare);
  // So it would be with the next one: nothing is asked for, and nothing taken away.
  if (answer.kind === "rejected" && isUnjudged(answer)) {
    return endCancels(about, begun, answer.message, begun.wasBare || begun.hasLeft);
  }
  const next: Begun = {
    ...begun,
    cancels: begun.cancels.map((each) =>
      each.orderId === orderId ? { ...each, isAsked: true } : each
    ),
    refusal: answer.kind === "rejected" ? answer.message : begun.refusal,
    hasLeft: true,
  };
  const change: RecordPart[] = [unfinishedPart(about, { underWay: { ...underWay, begun: next } })];
  if (begun.isOfHand && !begun.hasLeft) {
    const key = buildHandKey(position);
    const count = Number(records.alerted[key] ?? 0) + 1;
    change.push({ kind: "kept", key, value: String(count) });
  }
  return { change, say: [] };
}

/** What was begun ends without its cancels: what was recorded for it was never sent. */
export function endCancels(
  about: Pick<About, "position" | "underWay" | "now">,
  begun: Begun,
  why: string,
  isBare: boolean,
): Settled {
  const names = [begun.sellId, begun.stopId].filter((id) => id !== null);
  const held = {
    atMs: about.now.brokerMs,
    why: `what holds its shares at the broker is not cancelled: ${why}`,
    // What an exit could not cancel, the table of protection looks at.
    isOver: begun.reason === "stop",
  };
  return {
    change: [
      ...names.map((clientOrderId): RecordPart => ({ kind: "not_sent", clientOrderId })),
      unfinishedPart(about, { isBare, underWay: { ...about.underWay, begun: null, held } }),
    ],
    say: [note(
      about,
      begun.reason === "stop"
        ? { kind: "waits", what: "overnight stop", why }
        : { kind: "not_cancelled", reason: begun.reason, why },
    )],
  };
}
