import type { EngineState } from "../account/engine_state.ts";
import { isUnjudged, type SellSideRequest, type SendResult } from "../order/order_request.ts";
import { isExitReason } from "../exit/exit_rules.ts";
import { type Begun, findUnfinished } from "../account/unfinished.ts";
import { type About, type At, buildHandKey, NOTHING } from "./about.ts";
import { note, unfinishedPart } from "./move.ts";
import type { NoteValue } from "./note.ts";
import type { RecordPart, Settled } from "./step.ts";

/** The cancels of what is begun: their end is seen by the orders' ids. */
export function settleCancel(
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
    why: begun.reason === "entry"
      ? `its entry's rest is not cancelled: ${why}`
      : `what holds its shares at the broker is not cancelled: ${why}`,
    // What an exit or an entry's end could not cancel, the table of protection looks at.
    isOver: begun.reason === "stop",
  };
  return {
    change: [
      ...names.map((clientOrderId): RecordPart => ({ kind: "not_sent", clientOrderId })),
      unfinishedPart(about, { isBare, underWay: { ...about.underWay, begun: null, held } }),
    ],
    say: [note(about, nameWaiting(begun, why))],
  };
}

function nameWaiting({ reason }: Begun, why: string): NoteValue {
  if (isExitReason(reason)) return { kind: "not_cancelled", reason, why };
  return {
    kind: "waits",
    what: reason === "stop" ? "overnight stop" : "the cancel of its entry's rest",
    why,
  };
}
