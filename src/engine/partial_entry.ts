import { buildPositionEvent } from "../domain/day/position_event.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import type { LiveDecision } from "../domain/gate.ts";
import { type BrokerOrder, mayTrade } from "../domain/orders.ts";
import { decideEntryEnd, type EndReason, type EntryEnd } from "../domain/entry_end.ts";
import { askOrder } from "./asking.ts";
import { cancelGroups, noteCancelled } from "./cancelling.ts";
import { LATE_ENTRY_MS } from "../domain/plan/time_left.ts";
import { findTimeObstacle, untilCloseMs } from "./closing.ts";
import type { Engine } from "./engine.ts";
import { RETRY_MS } from "../domain/plan/move.ts";
import { settleByOrder } from "./ledger_store.ts";
import { findHeld, refresh } from "./observe.ts";
import type { Permit } from "../domain/plan/step.ts";
import { isOrderUnreadableIn } from "./unreadable.ts";
import { isBare } from "./unfinished.ts";

/**
 * Since when the entry has been partly filled, and when its order is to be looked at again for that. Its last change may be a later fill: the first one came after the order was
 * submitted, and after the cycle before, which saw none.
 */
export async function trackPartial(engine: Engine, position: ManagedPosition): Promise<void> {
  const order = findEntryOrder(engine, position);
  const isPartial = order !== undefined && mayTrade(order) && order.filledQty > 0;
  const unfilledMs = Math.max(order?.submittedAtMs ?? 0, engine.state.lastCycleAtMs ?? 0);
  const partialSinceMs = isPartial
    ? position.partialSinceMs ?? Math.min(order.updatedAtMs, unfilledMs, engine.nowMs())
    : null;
  if (order !== undefined) wakeForEnd(engine, order, partialSinceMs);
  if (partialSinceMs === position.partialSinceMs) return;
  engine.putPosition({ ...position, partialSinceMs });
  if (!isPartial) return;
  await engine.event(buildPositionEvent(position, "entry partly filled", order.filledQty));
}

/** Only a moment ahead wakes: one that has passed while nothing may leave would make the loop spin. */
function wakeForEnd(engine: Engine, order: BrokerOrder, partialSinceMs: number | null): void {
  const nowMs = engine.nowMs();
  const states = { isLate: false, isLossReached: false };
  const end = decideEntryEnd({ order, partialSinceMs, ...states, nowMs });
  if (end.kind === "wait") engine.wakeAt(end.untilMs);
}

/** Whether the entry's order is left to work, as things are. */
function decideEnd(
  engine: Engine,
  order: BrokerOrder,
  { partialSinceMs }: ManagedPosition,
): EntryEnd {
  return decideEntryEnd({
    order,
    partialSinceMs,
    isLate: untilCloseMs(engine) < LATE_ENTRY_MS,
    isLossReached: engine.dayLoss.kind === "reached",
    nowMs: engine.nowMs(),
  });
}

/** The position's entry order as this cycle saw it. */
export function findEntryOrder(
  engine: Engine,
  position: Pick<ManagedPosition, "positionId">,
): BrokerOrder | undefined {
  const { openOrders, dayOrders } = engine.observation ?? {};
  const lists = [openOrders, dayOrders].flatMap((read) => read?.kind === "ok" ? [read.value] : []);
  return lists.flat().find((order) => order.clientOrderId === position.positionId);
}

/**
 * Whether the entry's buy may still fill: a sell beside it would be refused as a wash trade. As last read; where open
 * orders can't be read, it may.
 */
export function isEntryWorking(
  engine: Engine,
  position: Pick<ManagedPosition, "positionId" | "symbol">,
): boolean {
  const open = engine.observation?.openOrders;
  if (open?.kind !== "ok" || isOrderUnreadableIn(engine, position.symbol)) return true;
  return open.value.some((order) => order.clientOrderId === position.positionId && mayTrade(order));
}

/**
 * Whether an entry holds shares and is not waited for any longer, but its order has not ended: its cancel hangs, or could not
 * be asked. Its shares are protected all the same, as far as the broker takes a stop beside the buy (pipeline 4).
 */
export function isEntryStuck(engine: Engine, position: ManagedPosition): boolean {
  const order = findEntryOrder(engine, position);
  if (order === undefined || order.filledQty === 0) return false;
  return decideEnd(engine, order, position).kind === "cancel";
}

/**
 * Cancels an entry that is not waited for any longer: nothing filled a minute after it was accepted, partly filled for a
 * minute, at work in the last moments before the close, or when the day's loss reached its limit (pipeline 4). A cancel that hangs is asked again in each cycle;
 * one that loses to a fill is a fill.
 * @returns Whether the order has ended, so that the position must be accounted for anew.
 */
export async function endEntry(
  engine: Engine,
  decision: LiveDecision,
  position: ManagedPosition,
): Promise<boolean> {
  const order = findEntryOrder(engine, position);
  // A quantity that nobody can explain: its orders are left alone.
  if (order === undefined || position.unexplainedQty !== null) return false;
  const end = decideEnd(engine, order, position);
  if (end.kind !== "cancel") return false;
  const late = findTimeObstacle(engine, { kind: "entry end" });
  if (late !== null) {
    engine.ports.log.warn(`${position.symbol}: the cancel of its entry's rest waits: ${late}`);
    engine.wakeAt(engine.nowMs() + RETRY_MS);
    return false;
  }
  if (engine.isNews(`entry_end:${position.positionId}`, engine.dateNy())) {
    engine.ports.log.warn(describeEnd(order, end.why));
  }
  const group = {
    orders: [order],
    qty: 0,
    standing: "works" as const,
    stopUsd: 0,
    isOurs: true,
    isPlainStop: false,
    isGtcStop: false,
    isLeaving: false,
  };
  const gate: Permit = { kind: "gate", decision };
  const result = await cancelGroups(engine, gate, [group]);
  // Without a fill nothing is bare while the cancel hangs, and a cycle in seconds would only use up requests.
  if (order.filledQty > 0 || result.kind === "ended") {
    const wasBare = isBare(engine, position.positionId);
    noteCancelled(engine, position, { gate, wasBare }, result);
  }
  if (order.filledQty > 0 && result.kind !== "ended") engine.wakeAt(engine.nowMs() + RETRY_MS);
  if (result.kind === "stuck") sayHanging(engine, order);
  await refresh(engine);
  if (result.kind !== "ended") return false;
  // From now on the caps count it as what it is, not as it was seen last.
  const ended = await askOrder(engine, order.orderId);
  if (ended.kind === "found") await settleByOrder(engine, position.positionId, ended.order);
  const held = findHeld(engine, position.symbol);
  if (held !== null && held !== undefined) {
    engine.putPosition({
      ...position,
      partialSinceMs: null,
      qty: held.qty,
      costBasisUsd: held.costBasisUsd,
    });
  }
  return true;
}

function describeEnd(
  { symbol, filledQty, qty }: BrokerOrder,
  why: EndReason,
): string {
  const filled = `${symbol}: entry filled ${filledQty} of ${qty ?? "?"}`;
  if (why === "unfilled") {
    return `${filled} a minute after it was accepted (a halt?): cancelling it; it stays the symbol's entry of the day`;
  }
  return `${filled} ${END_WORDS[why]}: cancelling the rest`;
}

const END_WORDS: Readonly<Record<Exclude<EndReason, "unfilled">, string>> = {
  "partly filled": "for a minute",
  "close near": "and the close is near",
  "daily loss": "and the day's loss has reached its limit",
};

/** A cancel that hangs leaves what was bought without a stop: the broker takes no sell beside the buy. */
function sayHanging(engine: Engine, { symbol, filledQty, clientOrderId }: BrokerOrder): void {
  const isNews = engine.isNews(`entry_hangs:${clientOrderId}`, engine.dateNy());
  // What is bare meanwhile is told again.
  if (filledQty === 0 && !isNews) return;
  engine.ports.log.warn(
    `${symbol}: the cancel of its entry's rest is still under way at the broker; ` +
      `beside it the broker may take no stop for the ${filledQty} shares that it bought`,
  );
}
