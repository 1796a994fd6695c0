import type { EngineState, ManagedPosition } from "../engine_state.ts";
import type { LedgerEntry } from "../ledger.ts";
import {
  isLasting,
  isRefusedItself,
  isUnjudged,
  type Refusal,
  type SellSideRequest,
  type SendResult,
} from "../order_request.ts";
import { roundToIncrement } from "../price_increment.ts";
import { type Begun, findUnfinished, type UnderWay } from "../unfinished.ts";
import { note, unfinishedPart } from "./move.ts";
import type { RecordPart, Settled } from "./step.ts";
import type { Now } from "./world.ts";

const NOTHING: Settled = { change: [], say: [] };

/** The moment of an answer. */
type At = Pick<Now, "brokerMs" | "monotonicMs">;

/** What an answer is about. */
interface About {
  readonly position: ManagedPosition;
  readonly underWay: UnderWay;
  readonly isBare: boolean;
  readonly now: At;
}

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
  const entry = records.ledger?.entries.find((each) => each.clientOrderId === clientOrderId);
  const position = records.positions.find((each) => each.positionId === entry?.positionId);
  if (entry === undefined || position === undefined) return NOTHING;
  const { underWay, isBare } = findUnfinished(records.unfinished, position.positionId);
  return settleOrder(entry, clientOrderId, answer, { position, underWay, isBare, now });
}

function settleOrder(
  entry: LedgerEntry,
  clientOrderId: string,
  answer: SendResult,
  about: About,
): Settled {
  // What is said to a repeat says nothing of the request before it, which may have been taken.
  const isRepeat = entry.status === "unknown";
  switch (answer.kind) {
    case "accepted":
      return {
        change: [
          { kind: "shown", clientOrderId, order: answer.order },
          { kind: "kept", key: buildRefusedKey(entry.symbol), value: null },
          unfinishedPart(about, {
            underWay: { ...about.underWay, held: null, begun: endBegun(about, clientOrderId) },
          }),
        ],
        say: [note(about, {
          kind: "stop_rests",
          qty: entry.qty ?? 0,
          stopUsd: entry.stopUsd ?? 0,
          orderId: answer.order.orderId,
          as: nameStop(about, entry),
          belowUsd: about.underWay.belowStop?.stopUsd ?? null,
        })],
      };
    case "unknown":
    case "duplicate":
    case "requested":
      return { change: [{ kind: "unknown", clientOrderId }], say: [] };
    case "stopped":
      return settleStopped(about, clientOrderId, { isRepeat, reason: answer.reason });
    case "rejected":
      if (isRepeat) return NOTHING;
      // A replacement can be done although it was refused (broker.md): its id is asked for.
      return entry.replaces !== null && answer.httpStatus === 422
        ? {
          change: [
            { kind: "unknown", clientOrderId },
            unfinishedPart(about, {
              underWay: { ...about.underWay, inQuestion: { clientOrderId, refusal: answer } },
            }),
          ],
          say: [],
        }
        : settleRefusal(about, { ...entry, clientOrderId }, answer);
  }
}

/** Whether this order ends what was begun: its stop rests, or will not. */
function endBegun({ underWay: { begun } }: About, clientOrderId: string): Begun | null {
  return begun?.stopId === clientOrderId ? null : begun;
}

function nameStop(
  { underWay: { begun, belowStop }, isBare }: About,
  { replaces, stopUsd }: LedgerEntry,
): "placed" | "converted" | "put back" | "lower" {
  if (belowStop !== null && (stopUsd ?? 0) < belowStop.stopUsd) return "lower";
  if (replaces !== null) return "placed";
  return begun !== null ? "converted" : isBare ? "put back" : "placed";
}

function settleStopped(
  about: About,
  clientOrderId: string,
  { isRepeat, reason }: { readonly isRepeat: boolean; readonly reason: string },
): Settled {
  const why = `its stop was not sent: ${reason}`;
  const held = { atMs: about.now.brokerMs, why, isOver: true };
  const underWay = { ...about.underWay, held, begun: endBegun(about, clientOrderId) };
  const change: RecordPart[] = [unfinishedPart(about, { underWay })];
  if (!isRepeat) change.unshift({ kind: "not_sent", clientOrderId });
  return { change, say: [sayUndone(about, reason, true)] };
}

function sayUndone(about: About, why: string, isOwn: boolean) {
  const after = about.underWay.begun !== null ? "cancel" : about.isBare ? "exit" : "nothing";
  return note(about, { kind: "stop_undone", why, after, isOwn });
}

/** A refusal that was in question, and is one: nothing took the replacement's name. */
export function settleInQuestion(
  records: EngineState,
  entry: LedgerEntry & { readonly clientOrderId: string },
  refusal: Refusal,
  now: At,
): Settled {
  const position = records.positions.find((each) => each.positionId === entry.positionId);
  if (position === undefined) return NOTHING;
  const { underWay, isBare } = findUnfinished(records.unfinished, position.positionId);
  const about = { position, underWay: { ...underWay, inQuestion: null }, isBare, now };
  return settleRefusal(about, entry, refusal);
}

function settleRefusal(
  about: About,
  entry: LedgerEntry & { readonly clientOrderId: string },
  refusal: Refusal,
): Settled {
  const { clientOrderId, symbol, replaces } = entry;
  const { position, now } = about;
  const isBelow = refusal.why === "stop_price";
  const isUnreplaceable = replaces !== null && isRefusedItself(refusal);
  const stopUsd = entry.stopUsd ?? 0;
  const held = {
    atMs: now.brokerMs,
    why: `broker refused its stop: ${refusal.message}`,
    // Where the market is below it a lower one is tried, and what can't be replaced gives way to a new one.
    isOver: !isBelow && !isUnreplaceable,
  };
  const change: RecordPart[] = [{ kind: "refused", clientOrderId, detail: refusal.message }];
  // What the broker says to a replacement is about the order that rests.
  if (replaces === null && isLasting(refusal)) {
    change.push({ kind: "kept", key: buildRefusedKey(symbol), value: refusal.message });
  }
  change.push(unfinishedPart(about, {
    underWay: {
      ...about.underWay,
      held,
      begun: isBelow ? about.underWay.begun : endBegun(about, clientOrderId),
      unreplaceable: isUnreplaceable ? replaces : about.underWay.unreplaceable,
      belowStop: isBelow ? { stopUsd, atMs: now.monotonicMs } : about.underWay.belowStop,
    },
    ...(isBelow ? { stopRefusedAtMs: now.brokerMs } : {}),
    // A hand's price that the market has come below: no stop is taken there any more.
    ...(isBelow && replaces === null && stopUsd > roundToIncrement(position.stopUsd)
      ? { spentHandStopUsd: stopUsd }
      : {}),
  }));
  return { change, say: [sayUndone(about, refusal.message, false)] };
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
  const { underWay, isBare } = findUnfinished(records.unfinished, position.positionId);
  const about = { position, underWay, isBare, now };
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
  about: Omit<About, "isBare">,
  begun: Begun,
  why: string,
  isBare: boolean,
): Settled {
  const names = [begun.sellId, begun.stopId].filter((id) => id !== null);
  const held = {
    atMs: about.now.brokerMs,
    why: `what holds its shares at the broker is not cancelled: ${why}`,
    isOver: true,
  };
  return {
    change: [
      ...names.map((clientOrderId): RecordPart => ({ kind: "not_sent", clientOrderId })),
      unfinishedPart(about, { isBare, underWay: { ...about.underWay, begun: null, held } }),
    ],
    say: [note(about, {
      kind: "waits",
      what: begun.reason === "stop" ? "overnight stop" : begun.reason,
      why,
    })],
  };
}
