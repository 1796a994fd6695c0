import type { EngineState, ManagedPosition } from "../account/engine_state.ts";
import { markTrimmed } from "../exit/decide_exit.ts";
import { isExitReason } from "../exit/exit_rules.ts";
import { isAnswerLost, type LedgerEntry } from "../order/ledger.ts";
import type { BrokerOrder } from "../order/orders.ts";
import type { Refusal, SellSideRequest, SendResult } from "../order/order_request.ts";
import {
  type About,
  type At,
  buildRefusedKey,
  coverAgain,
  endBegun,
  endShrinking,
  findAbout,
  isOver,
  nameEntry,
  NOTHING,
  sayUndone,
} from "./about.ts";
import { note, unfinishedPart } from "./move.ts";
import { isNamed, type NamedEntry } from "./named_entry.ts";
import type { Note } from "./note.ts";
import { settleCancel } from "./settle_cancel.ts";
import { settleRefusal } from "./settle_refusal.ts";
import type { RecordPart, Settled } from "./step.ts";

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
  const entry = records.ledger?.entries.filter(isNamed)
    .find((each) => each.clientOrderId === clientOrderId);
  const about = entry === undefined ? null : findAbout(records, entry, now);
  return entry === undefined || about === null ? NOTHING : settleOrder(about, entry, answer);
}

function settleOrder(about: About, entry: NamedEntry, answer: SendResult): Settled {
  const { clientOrderId, status } = entry;
  const unknown = { kind: "unknown", clientOrderId, endedAtMs: about.now.brokerMs } as const;
  // What is said to a repeat says nothing of the request before it, which may have been taken.
  const isRepeat = status === "unknown";
  switch (answer.kind) {
    case "accepted":
      return settleTaken(about, entry, answer.order);
    case "unknown":
    case "duplicate":
    case "requested":
      return {
        change: [
          { ...unknown, isIdTaken: answer.kind === "duplicate" },
          // What was said to another request of this name says nothing of this one.
          unfinishedPart(about, { underWay: { ...about.underWay, inQuestion: null } }),
        ],
        say: answer.kind === "unknown" && isStopWaiting(about, entry)
          ? [sayUndone(about, entry, "no usable answer yet", null, false)]
          : [],
      };
    case "stopped":
      return settleStopped(about, entry, { isRepeat, reason: answer.reason });
    case "rejected":
      if (isRepeat) return settleRepeat(about, entry, answer);
      // A replacement can be done although it was refused (broker.md): its id is asked for.
      if (entry.replaces !== null && answer.httpStatus === 422) {
        const inQuestion = { clientOrderId, refusal: answer };
        return {
          change: [
            { ...unknown, isIdTaken: false },
            unfinishedPart(about, { underWay: { ...about.underWay, inQuestion } }),
          ],
          say: [],
        };
      }
      return settleRefusal(about, entry, answer);
  }
}

/**
 * The broker would not have it a second time, for another reason than its id: that proves nothing about the first, whose shares
 * stay doubtful until it is shown or time proves it absent (pipeline 6).
 */
function settleRepeat(about: About, entry: NamedEntry, { message, httpStatus }: Refusal): Settled {
  if (!isAnswerLost(entry, about.now.brokerMs)) return NOTHING;
  const why = `it may be at the broker, which did not answer and took no repeat: ${message}`;
  const held = {
    atMs: about.now.brokerMs,
    why: `its ${nameEntry(entry)} ${why.slice("it ".length)}`,
    isOver: false,
  };
  return {
    change: [unfinishedPart(about, { underWay: { ...about.underWay, held } })],
    say: [sayUndone(about, entry, why, httpStatus, false)],
  };
}

/** Whether a stop follows the sell, which no look-up may delay. */
function isStopWaiting({ underWay: { begun } }: About, { clientOrderId }: NamedEntry): boolean {
  return begun !== null && begun.sellId === clientOrderId && begun.stopId !== null &&
    begun.shrinks === null;
}

/** What the broker has taken, by its answer or by what it shows of an order whose answer was out. */
export function settleTaken(about: About, entry: NamedEntry, order: BrokerOrder): Settled {
  const { position, underWay } = about;
  const { clientOrderId } = entry;
  const shown: RecordPart = { kind: "shown", clientOrderId, order };
  const isQuestion = underWay.inQuestion?.clientOrderId === clientOrderId;
  const inQuestion = isQuestion ? null : underWay.inQuestion;
  if (isExitReason(entry.reason)) {
    const reason = entry.reason;
    const after = markTrimmed(position, reason);
    // What the broker takes it refuses no longer.
    const { [reason]: _refusedAtMs, ...sellRefusedAtMs } = about.unfinished.sellRefusedAtMs;
    return {
      change: [
        shown,
        { kind: "position", position: after },
        unfinishedPart(about, {
          sellRefusedAtMs,
          underWay: { ...underWay, inQuestion, held: null, tried: null },
        }),
      ],
      say: [note(about, { kind: "sold", reason, qty: entry.qty }), ...sayRaised(about, after)],
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
    qty: entry.qty,
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

function nameStop(
  { underWay: { begun, belowStop }, unfinished }: About,
  { replaces, stopUsd }: LedgerEntry,
): "placed" | "converted" | "put back" | "lower" {
  if (belowStop !== null && (stopUsd ?? 0) < belowStop.stopUsd) return "lower";
  if (begun !== null) return begun.reason === "stop" ? "converted" : "placed";
  return replaces === null && unfinished.isBare ? "put back" : "placed";
}

function settleStopped(
  about: About,
  entry: NamedEntry,
  { isRepeat, reason }: { readonly isRepeat: boolean; readonly reason: string },
): Settled {
  const { clientOrderId } = entry;
  const why = `its ${nameEntry(entry)} was not sent: ${reason}`;
  const change: RecordPart[] = isRepeat
    ? []
    : [{ kind: "not_sent", clientOrderId }, ...coverAgain(about, entry)];
  change.push(...endShrinking(about, entry));
  const underWay = {
    ...about.underWay,
    held: { atMs: about.now.brokerMs, why, isOver: isOver(about) },
    begun: endBegun(about, clientOrderId),
  };
  change.push(unfinishedPart(about, { underWay }));
  return { change, say: [sayUndone(about, entry, reason, null, true)] };
}
