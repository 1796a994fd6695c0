import type { ManagedPosition } from "../domain/engine_state.ts";
import type { LiveDecision } from "../domain/gate.ts";
import { cancelGroups, noteCancelled } from "./cancelling.ts";
import { findTimeObstacle } from "./closing.ts";
import type { Engine } from "./engine.ts";
import { recordAgain, recordBeforeCancel, RETRY_MS } from "./exit_records.ts";
import { sayUndone } from "./operator_acts.ts";
import { readAccountBlock } from "./account_look.ts";
import { noteStopRefusal } from "./exit_records.ts";
import { findHeld, hasWorkingBuy, refresh } from "./observe.ts";
import { putBackLower } from "./put_back.ts";
import { type SellPlan, sendSell, settleUnsent } from "./sell_orders.ts";
import type { Permit } from "../domain/plan/step.ts";
import { readAvailable, readShares } from "./shares.ts";
import { readStopLevel } from "./stop_level.ts";
import { noteHandCancel } from "./unclear_sells.ts";
import { isBare } from "./unfinished.ts";

/**
 * Day legs, or too many sells, give way to one good-till-canceled stop for what is held.
 * @returns Whether the next step may be looked for: also where the broker refuses the stop because the market is at or below
 *   it, so that the shares are sold instead.
 */
export async function convert(
  engine: Engine,
  decision: LiveDecision,
  position: ManagedPosition,
  groups: Parameters<typeof cancelGroups>[2],
): Promise<boolean> {
  if (hasWorkingBuy(engine, position.symbol)) {
    engine.ports.log.warn(
      `${position.symbol}: overnight stop waits: a buy works in the symbol, beside which no stop is taken`,
    );
    return false;
  }
  const block = readAccountBlock(engine);
  if (block !== null) {
    engine.ports.log.warn(
      `${position.symbol}: overnight stop waits: the account is blocked for trading (${block})`,
    );
    return false;
  }
  const late = findTimeObstacle(engine, { kind: "conversion", groups: groups.length });
  if (late !== null) {
    engine.ports.log.warn(
      `${position.symbol}: overnight stop waits: ${late}; its orders stay as they are`,
    );
    return false;
  }
  const qty = readShares(engine, position)?.sureQty ?? 0;
  const stop: SellPlan = {
    position,
    reason: "stop",
    qty,
    stopUsd: readStopLevel(engine, position),
    replaces: null,
  };
  const wasBare = isBare(engine, position.positionId);
  const entries = await recordBeforeCancel(engine, position, [stop], groups);
  const gate: Permit = { kind: "gate", decision };
  const cancelled = await cancelGroups(engine, gate, groups);
  const permit = noteCancelled(engine, position, { gate, wasBare }, cancelled);
  if (permit.kind === "exit_rest") noteHandCancel(engine, position, groups);
  if (cancelled.kind !== "ended") {
    await settleUnsent(engine, entries);
    const why = cancelled.kind === "stopped" ? cancelled.reason : cancelled.message;
    engine.ports.log.warn(`${position.symbol}: overnight stop waits: ${why}`);
    return false;
  }
  await refresh(engine);
  const held = findHeld(engine, position.symbol);
  const availableQty = readAvailable(engine, position);
  // Absent, and not sold by what was cancelled: one empty answer is no position that is gone.
  const isUnread = held === null || (held === undefined && availableQty > 0);
  if (isUnread) engine.wakeAt(engine.nowMs() + RETRY_MS);
  const stopQty = isUnread
    ? Math.min(Math.floor(cancelled.unfilledQty), availableQty)
    : availableQty;
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
    const text = `${position.symbol}: stop not placed after its day orders were cancelled`;
    sayUndone(engine, placed, text);
    if (!noteStopRefusal(engine, position, placed)) return false;
    await putBackLower(engine, permit, { ...stop, qty: stopQty }, groups);
    return true;
  }
  engine.ports.log.info(
    `STOP ${position.symbol}: qty=${stopQty} at ${entry.stopUsd} (good till canceled)`,
  );
  return true;
}
