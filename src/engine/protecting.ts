import { isFlatten, isOurs } from "../domain/client_order_id.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import type { LiveDecision } from "../domain/gate.ts";
import { isFinal } from "../domain/orders.ts";
import { roundToIncrement } from "../domain/price_increment.ts";
import {
  countCovered,
  decideProtection,
  isStopOrder,
  type ProtectionDecision,
} from "../domain/protection.ts";
import { cancelGroups } from "./cancelling.ts";
import type { Engine } from "./engine.ts";
import { LAST_EXIT_MS, recordAgain, RETRY_MS, sendExit } from "./exit_order.ts";
import { closeMsOf, findHeld, findSellGroups, refresh } from "./observe.ts";
import { findEntryOrder, isActionable, isEntryWorking, PARTIAL_MAX_MS } from "./positions.ts";
import { StateError } from "./ports.ts";
import { recordSells, resolveStops, type SellPlan, sendSell, settleUnsent } from "./sell_orders.ts";
import { type Permit, sendLive } from "./send.ts";

/** From so long before the real close, day orders of a managed position give way to a good-till-canceled stop. */
export const CONVERT_BEFORE_CLOSE_MS = 10 * 60_000;
/** The second look, for what the first could not do. */
export const CONVERT_AGAIN_MS = 3 * 60_000;
/** So near to the close a partly filled entry is not waited for: what it holds must get its overnight stop in time. */
const LATE_PARTIAL_MS = 2 * 60_000;
/** Steps of protection in one cycle: place, replace, convert, and one look more. */
const STEPS_MAX = 4;
const SETTLE_POLL_MS = 500;

/**
 * Brings the protection of every managed position to where it belongs (pipeline 5). LIVE only.
 * @param sellable Positions that may be sold where the broker refuses their stop, because the market is at or below it:
 *   their last trade is of this session, and they were not adopted in this cycle.
 */
export async function protectPositions(
  engine: Engine,
  decision: LiveDecision,
  sellable: ReadonlySet<string>,
): Promise<void> {
  for (const position of engine.state.positions) {
    try {
      await endPartialEntry(engine, decision, position);
      await protect(engine, decision, position, sellable.has(position.positionId));
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      engine.sayError(
        `${position.symbol}: no stop sent, its record can't be written: ${error.message}`,
      );
    }
  }
  await cancelOrphans(engine, decision);
}

/** An entry partly filled for a minute has no active stop: its rest is cancelled, and what was filled gets one. */
async function endPartialEntry(
  engine: Engine,
  decision: LiveDecision,
  position: ManagedPosition,
): Promise<void> {
  const sinceMs = position.partialSinceMs;
  const order = findEntryOrder(engine, position);
  if (sinceMs === null || order === undefined || isFinal(order)) return;
  // A quantity that nobody can explain: its orders are left alone.
  if (position.unexplainedQty !== null) return;
  const closeMs = engine.observation === null ? null : closeMsOf(engine.observation);
  const isLate = closeMs !== null && engine.nowMs() > closeMs - LATE_PARTIAL_MS;
  const isLong = engine.nowMs() - sinceMs >= PARTIAL_MAX_MS;
  if (!isLong && !isLate) return;
  if (order.status === "pending_cancel") {
    engine.ports.log.warn(
      `${position.symbol}: the cancel of its entry's rest is still under way at the broker; ` +
        `${order.filledQty} shares have no stop until it ends`,
    );
    engine.wakeAt(engine.nowMs() + RETRY_MS);
    return;
  }
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
  if (result.kind !== "ended") engine.wakeAt(engine.nowMs() + RETRY_MS);
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

async function protect(
  engine: Engine,
  decision: LiveDecision,
  stale: ManagedPosition,
  isSellable: boolean,
): Promise<void> {
  for (let step = 0; step < STEPS_MAX; step++) {
    if (engine.isStale) await refresh(engine);
    const position = engine.state.positions.find((each) => each.positionId === stale.positionId);
    if (position === undefined || isEntryWorking(engine, position)) return;
    const held = findHeld(engine, position.symbol);
    const groups = findSellGroups(engine, position.symbol);
    if (groups === null) {
      engine.wakeAt(engine.nowMs() + RETRY_MS);
      return;
    }
    if (!isActionable(position, held)) return;
    const stopUsd = roundToIncrement(position.stopUsd);
    const next = decideProtection({ qty: held.qty, stopUsd }, groups, isConvertTime(engine));
    if (next.kind === "enough") {
      engine.bare.delete(position.positionId);
      return;
    }
    // A sell that works covers its own shares; around it only what is bare may be touched. One that still works minutes
    // before the close (a halt) would die with the day, and gives way to the overnight stop.
    const isSelling = groups.some((group) => group.orders.some((each) => each.type === "market"));
    const isDying = next.kind === "convert" && isConvertTime(engine, CONVERT_AGAIN_MS);
    if (isSelling && next.kind !== "place" && next.kind !== "wait" && !isDying) {
      engine.wakeAt(engine.nowMs() + RETRY_MS);
      return;
    }
    if (!await act(engine, { decision, isSellable }, position, next)) {
      engine.wakeAt(engine.nowMs() + RETRY_MS);
      return;
    }
  }
}

function isConvertTime(engine: Engine, beforeMs = CONVERT_BEFORE_CLOSE_MS): boolean {
  const closeMs = engine.observation === null ? null : closeMsOf(engine.observation);
  if (closeMs === null) return false;
  const leftMs = closeMs - engine.nowMs();
  return leftMs <= beforeMs && leftMs > LAST_EXIT_MS;
}

/** What a step of protection acts under. */
interface Mandate {
  readonly decision: LiveDecision;
  readonly isSellable: boolean;
}

/** @returns Whether the step was done and the next one may be looked for. */
async function act(
  engine: Engine,
  mandate: Mandate,
  position: ManagedPosition,
  next: Exclude<ProtectionDecision, { readonly kind: "enough" }>,
): Promise<boolean> {
  await engine.event({
    type: "protection",
    symbol: position.symbol,
    step: next.kind,
    qty: "qty" in next ? next.qty : position.qty,
    stop_usd: position.stopUsd,
  });
  switch (next.kind) {
    case "wait":
      return await waitOnce(engine, position);
    case "place":
      return await placeStop(engine, mandate, position, next.qty);
    case "replace":
      return await replaceStop(engine, mandate, position, next);
    case "convert":
      return await convert(engine, mandate.decision, position, next.groups);
  }
}

/** A stop that the broker won't have replaced gives way to a new one. */
async function replaceStop(
  engine: Engine,
  mandate: Mandate,
  position: ManagedPosition,
  next: Extract<ProtectionDecision, { readonly kind: "replace" }>,
): Promise<boolean> {
  const { order, qty, stopUsd, isQtyKept } = next;
  const plan: SellPlan = {
    position,
    reason: "stop",
    qty,
    stopUsd,
    replaces: order.orderId,
    isQtyKept,
  };
  const placed = await place(engine, mandate, plan);
  if (placed !== "refused") return placed === "placed";
  await refresh(engine);
  const groups = findSellGroups(engine, position.symbol) ?? [];
  const unchanged = groups.filter((group) =>
    group.orders.some((each) => each.orderId === order.orderId)
  );
  return unchanged.length > 0 && await convert(engine, mandate.decision, position, unchanged);
}

async function waitOnce(engine: Engine, position: ManagedPosition): Promise<boolean> {
  await engine.ports.clock.sleep(SETTLE_POLL_MS);
  await refresh(engine);
  const groups = findSellGroups(engine, position.symbol);
  if (groups === null || !groups.some((group) => group.isLeaving)) return groups !== null;
  engine.ports.log.warn(
    `${position.symbol}: a cancel or replacement is still under way at the broker; looked at again soon`,
  );
  return false;
}

async function placeStop(
  engine: Engine,
  mandate: Mandate,
  position: ManagedPosition,
  qty: number,
): Promise<boolean> {
  if (!await resolveStops(engine, position)) return false;
  await refresh(engine);
  const groups = findSellGroups(engine, position.symbol);
  const held = findHeld(engine, position.symbol);
  if (groups === null || held === null || held === undefined) return false;
  const uncoveredQty = Math.min(qty, held.qty - countCovered(groups));
  if (uncoveredQty <= 0) return true;
  const plan: SellPlan = {
    position,
    reason: "stop",
    qty: uncoveredQty,
    stopUsd: position.stopUsd,
    replaces: null,
  };
  return await place(engine, mandate, plan) === "placed";
}

/** `refused`: the broker will not have this order itself, whoever asks and whenever. */
type Placing = "placed" | "refused" | "not_placed";

/** Records and sends one stop. One that the broker refuses because the market is at or below it is an exit instead. */
async function place(
  engine: Engine,
  { decision, isSellable }: Mandate,
  plan: SellPlan,
): Promise<Placing> {
  const [entry] = await recordSells(engine, [plan]);
  if (entry === undefined) return "not_placed";
  const placed = await sendSell(engine, { kind: "gate", decision }, plan, entry);
  if (placed.kind === "done") {
    engine.ports.log.info(
      `STOP ${plan.position.symbol}: qty=${plan.qty} at ${entry.stopUsd} order_id=${placed.order.orderId}`,
    );
    return "placed";
  }
  if (placed.kind === "rejected" && placed.why === "stop_price" && isSellable) {
    engine.ports.log.warn(`${plan.position.symbol}: the market is at or below its stop; selling`);
    await sendExit(engine, decision, plan.position, "stop_exit", plan.position.stopUsd);
    return "not_placed";
  }
  const why = placed.kind === "rejected"
    ? placed.message
    : placed.kind === "stopped"
    ? placed.reason
    : "no usable answer yet";
  engine.sayError(`${plan.position.symbol}: stop not placed: ${why}`);
  // Another status may mean the account, which would not take the new one either.
  return placed.kind === "rejected" && placed.httpStatus === 422 ? "refused" : "not_placed";
}

/** Day legs, or too many sells, give way to one good-till-canceled stop for what is held. */
async function convert(
  engine: Engine,
  decision: LiveDecision,
  position: ManagedPosition,
  groups: Parameters<typeof cancelGroups>[2],
): Promise<boolean> {
  const qty = position.qty ?? 0;
  const stop: SellPlan = {
    position,
    reason: "stop",
    qty,
    stopUsd: position.stopUsd,
    replaces: null,
  };
  const entries = await recordSells(engine, [stop]);
  const cancelled = await cancelGroups(engine, { kind: "gate", decision }, groups);
  if (cancelled.kind !== "ended") {
    await settleUnsent(engine, entries);
    const why = cancelled.kind === "stopped" ? cancelled.reason : cancelled.message;
    engine.ports.log.warn(`${position.symbol}: overnight stop waits: ${why}`);
    if (cancelled.kind === "stuck" && cancelled.isLeft) engine.bare.add(position.positionId);
    return false;
  }
  const permit: Permit = cancelled.isLeft ? { kind: "exit_rest" } : { kind: "gate", decision };
  await refresh(engine);
  const held = findHeld(engine, position.symbol);
  const left = findSellGroups(engine, position.symbol) ?? [];
  const keptQty = qty - cancelled.soldQty;
  // Absent, and not sold by what was cancelled: one empty answer is no position that is gone.
  const isUnread = held === null || (held === undefined && keptQty > 0);
  const heldQty = isUnread ? cancelled.unfilledQty : Math.min(held?.qty ?? 0, keptQty);
  if (isUnread) engine.wakeAt(engine.nowMs() + RETRY_MS);
  const stopQty = heldQty - countCovered(left);
  if (stopQty <= 0) {
    await settleUnsent(engine, entries);
    return true;
  }
  const entry = stopQty === qty
    ? entries[0]
    : await recordAgain(engine, { ...stop, qty: stopQty }, entries);
  if (entry === undefined) return false;
  const placed = await sendSell(engine, permit, { ...stop, qty: stopQty }, entry);
  if (placed.kind !== "done") {
    engine.sayError(`${position.symbol}: stop not placed after its day orders were cancelled`);
    return false;
  }
  engine.ports.log.info(
    `STOP ${position.symbol}: qty=${stopQty} at ${entry.stopUsd} (good till canceled)`,
  );
  return true;
}

/**
 * Puts back what an exit's cancel took away, whatever the gate says by now: once the cancel has left, a failing ledger,
 * positions or clock read can't stop the rest, only the operator can (pipeline 5).
 */
export async function restoreBare(engine: Engine): Promise<void> {
  if (engine.bare.size === 0) return;
  await refresh(engine);
  for (const position of engine.state.positions) {
    if (!engine.bare.has(position.positionId) || isEntryWorking(engine, position)) continue;
    engine.wakeAt(engine.nowMs() + RETRY_MS);
    const groups = findSellGroups(engine, position.symbol);
    const held = findHeld(engine, position.symbol);
    if (groups === null || groups.some((group) => group.isLeaving)) continue;
    const heldQty = held === null ? position.qty ?? 0 : held?.qty ?? 0;
    const stopQty = heldQty - countCovered(groups);
    if (stopQty <= 0) {
      if (held !== undefined) engine.bare.delete(position.positionId);
      continue;
    }
    await restoreOne(engine, position, stopQty);
  }
}

async function restoreOne(
  engine: Engine,
  position: ManagedPosition,
  qty: number,
): Promise<void> {
  const { symbol, stopUsd } = position;
  const plan: SellPlan = { position, reason: "stop", qty, stopUsd, replaces: null };
  try {
    const [entry] = await recordSells(engine, [plan]);
    if (entry === undefined) return;
    const placed = await sendSell(engine, { kind: "exit_rest" }, plan, entry);
    if (placed.kind !== "done") return engine.sayError(`${symbol}: stop not put back yet`);
    engine.bare.delete(position.positionId);
    engine.ports.log.info(`STOP ${symbol}: qty=${qty} at ${entry.stopUsd}, put back`);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    engine.sayError(`${symbol}: stop not put back, its record can't be written: ${error.message}`);
  }
}

/** A stop of ours whose position is gone is cancelled (pipeline 5): gone twice, in two answers. */
async function cancelOrphans(engine: Engine, decision: LiveDecision): Promise<void> {
  if (engine.isStale) await refresh(engine);
  const before = engine.observation;
  if (before?.positions.kind !== "ok" || before.openOrders.kind !== "ok") return;
  const managed = new Set(engine.state.positions.map((position) => position.symbol));
  const listOrphans = () => {
    const now = engine.observation;
    if (now?.positions.kind !== "ok" || now.openOrders.kind !== "ok") return [];
    const held = new Set(now.positions.value.map((position) => position.symbol));
    return now.openOrders.value.filter((order) =>
      isOurs(order.clientOrderId) && !isFlatten(order.clientOrderId) && isStopOrder(order) &&
      !isFinal(order) && order.status !== "pending_cancel" && !managed.has(order.symbol) &&
      !held.has(order.symbol)
    );
  };
  if (listOrphans().length === 0) return;
  await refresh(engine);
  for (const order of listOrphans()) {
    engine.ports.log.info(
      `${order.symbol}: cancelling our stop ${order.orderId}, its position is gone`,
    );
    await sendLive(engine, { kind: "gate", decision }, {
      op: "cancel",
      symbol: order.symbol,
      orderId: order.orderId,
    });
    engine.isStale = true;
  }
}
