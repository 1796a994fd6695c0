import { type ExitReason, isExitReason } from "../exit/exit_rules.ts";
import { isLasting, isRefusedItself, type Refusal } from "../order/order_request.ts";
import { roundToIncrement } from "../order/price_increment.ts";
import {
  type About,
  buildRefusedKey,
  coverAgain,
  endBegun,
  endShrinking,
  isOver,
  sayUndone,
} from "./about.ts";
import { unfinishedPart } from "./move.ts";
import type { NamedEntry } from "./named_entry.ts";
import type { RecordPart, Settled } from "./step.ts";

/** A refusal that was in question, and is one: nothing took the replacement's name. */
export function settleInQuestion(about: About, entry: NamedEntry, refusal: Refusal): Settled {
  const underWay = { ...about.underWay, inQuestion: null };
  return settleRefusal({ ...about, underWay }, entry, refusal);
}

/** What the broker's refusal of a sell or stop makes of the records. */
export function settleRefusal(about: About, entry: NamedEntry, refusal: Refusal): Settled {
  const { clientOrderId } = entry;
  const refused: RecordPart = { kind: "refused", clientOrderId, detail: refusal.message };
  const say = [sayUndone(about, entry, refusal.message, refusal.httpStatus, false)];
  const change = isExitReason(entry.reason)
    ? refuseSell(about, entry.reason, refusal)
    : refuseStop(about, entry, refusal);
  const ended = [...endShrinking(about, entry), ...coverAgain(about, entry)];
  return { change: [refused, ...ended, ...change], say };
}

/** An exit whose sell the broker refuses for a reason that does not pass in a moment is left alone for a while. */
function refuseSell(about: About, reason: ExitReason, { why, message }: Refusal): RecordPart[] {
  const { underWay, unfinished, now } = about;
  // A buy beside it keeps the exit waiting for as long as it is seen to work, and no longer.
  const isPassing = ["insufficient_qty", "rate_limited", "wash_trade"].includes(why);
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
      unreplaceable: isUnreplaceable
        ? { orderId: replaces, atMs: now.monotonicMs }
        : underWay.unreplaceable,
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
