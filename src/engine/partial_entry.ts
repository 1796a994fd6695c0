import type { ManagedPosition } from "../domain/engine_state.ts";
import type { LiveDecision } from "../domain/gate.ts";
import { type BrokerOrder, isFinal } from "../domain/orders.ts";
import { cancelGroups } from "./cancelling.ts";
import { LAST_FILL_MS, LATE_PARTIAL_MS, untilCloseMs } from "./closing.ts";
import type { Engine } from "./engine.ts";
import { RETRY_MS } from "./exit_records.ts";
import { findHeld, refresh } from "./observe.ts";
import { buildPositionEvent } from "./position_changes.ts";
import { isOrderUnreadableIn } from "./unreadable.ts";

/** An entry partly filled for longer has its rest cancelled (pipeline 4). */
export const PARTIAL_MAX_MS = 60_000;

/**
 * Since when the entry has been partly filled. Its last change may be a later fill: the first one came after the order was
 * submitted, and after the cycle before, which saw none.
 */
export async function trackPartial(engine: Engine, position: ManagedPosition): Promise<void> {
  const order = findEntryOrder(engine, position);
  const isPartial = order !== undefined && !isFinal(order) && order.filledQty > 0;
  if (!isPartial) {
    if (position.partialSinceMs !== null) engine.putPosition({ ...position, partialSinceMs: null });
    return;
  }
  const unfilledMs = Math.max(order.submittedAtMs, engine.state.lastCycleAtMs ?? 0);
  const sinceMs = position.partialSinceMs ??
    Math.min(order.updatedAtMs, unfilledMs, engine.nowMs());
  engine.wakeAt(sinceMs + PARTIAL_MAX_MS);
  if (position.partialSinceMs !== null) return;
  engine.putPosition({ ...position, partialSinceMs: sinceMs });
  await engine.event(buildPositionEvent(position, "entry partly filled", order.filledQty));
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
  return open.value.some((order) => order.clientOrderId === position.positionId && !isFinal(order));
}

/**
 * An entry partly filled for a minute has no active stop: its rest is cancelled, and what was filled gets one. In the last
 * moments before the close one without a fill is cancelled too.
 */
export async function endPartialEntry(
  engine: Engine,
  decision: LiveDecision,
  position: ManagedPosition,
): Promise<void> {
  const sinceMs = position.partialSinceMs;
  const order = findEntryOrder(engine, position);
  if (order === undefined || isFinal(order)) return;
  // A quantity that nobody can explain: its orders are left alone.
  if (position.unexplainedQty !== null) return;
  const isLate = untilCloseMs(engine) < (sinceMs === null ? LAST_FILL_MS : LATE_PARTIAL_MS);
  const isLong = sinceMs !== null && engine.nowMs() - sinceMs >= PARTIAL_MAX_MS;
  if (!isLong && !isLate) return;
  if (order.status === "pending_cancel") return sayHanging(engine, order);
  engine.ports.log.warn(
    `${position.symbol}: entry filled ${order.filledQty} of ${order.qty ?? "?"} ${
      isLong ? "for a minute" : "and the close is near"
    }: cancelling the rest`,
  );
  const group = {
    orders: [order],
    qty: 0,
    isPlainStop: false,
    isGtcStop: false,
    isLeaving: false,
  };
  const result = await cancelGroups(engine, { kind: "gate", decision }, [group]);
  if (result.kind !== "stopped" && result.isLeft) engine.bare.add(position.positionId);
  if (result.kind === "stopped") engine.wakeAt(engine.nowMs() + RETRY_MS);
  if (result.kind === "stuck") sayHanging(engine, order);
  await refresh(engine);
  const held = findHeld(engine, position.symbol);
  if (held === null || held === undefined || result.kind !== "ended") return;
  engine.putPosition({
    ...position,
    partialSinceMs: null,
    qty: held.qty,
    costBasisUsd: held.costBasisUsd,
  });
}

/** A cancel that hangs leaves what was bought without a stop: the broker takes no sell beside the buy. */
function sayHanging(engine: Engine, { symbol, filledQty }: BrokerOrder): void {
  engine.ports.log.warn(
    `${symbol}: the cancel of its entry's rest is still under way at the broker; ` +
      `${filledQty} shares have no stop until it ends`,
  );
  engine.wakeAt(engine.nowMs() + RETRY_MS);
}
