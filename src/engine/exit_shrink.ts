import type { ManagedPosition } from "../domain/engine_state.ts";
import type { BrokerPosition } from "../domain/orders.ts";
import type { SellGroup } from "../domain/protection.ts";
import type { Engine } from "./engine.ts";
import {
  type ExitPlan,
  noteSellRefusal,
  planSell,
  planStop,
  RETRY_MS,
  sayFailure,
  sayStop,
} from "./exit_records.ts";
import { findHeld, refresh } from "./observe.ts";
import { recordSells, sendSell, settleUnsent } from "./sell_orders.ts";
import type { Permit } from "./send.ts";

/** The one plain stop of ours that holds all shares, where it may stay for the rest. */
export function findShrinkable(
  groups: readonly SellGroup[],
  heldQty: number,
  restQty: number,
): string | null {
  const [group] = groups;
  const order = group?.orders[0];
  if (groups.length !== 1 || group === undefined || order === undefined || restQty === 0) {
    return null;
  }
  const isWhole = group.isPlainStop && group.isGtcStop && !group.isLeaving &&
    group.qty === heldQty && order.filledQty === 0;
  return isWhole ? order.orderId : null;
}

/** The stop never leaves the book: it gives up what is sold, and goes on holding the rest. */
export async function sellAfterShrink(
  engine: Engine,
  gate: Permit,
  plan: ExitPlan,
  stopOrderId: string,
): Promise<boolean> {
  const sell = planSell(plan);
  const stop = planStop(plan, stopOrderId);
  const [sellEntry, stopEntry] = await recordSells(engine, [sell, stop]);
  if (sellEntry === undefined || stopEntry === undefined) return false;
  const shrunk = await sendSell(engine, gate, stop, stopEntry);
  if (shrunk.kind !== "done") {
    await settleUnsent(engine, [sellEntry]);
    sayFailure(engine, plan, "shrinking its stop", shrunk);
    return false;
  }
  // From here on shares are without protection, until the next look finds enough.
  engine.bare.add(plan.position.positionId);
  sayStop(engine, stop, stopEntry, shrunk.order);
  const available = await waitForAvailable(engine, plan.position, plan.sellQty);
  if (available === null || available.qtyAvailable < plan.sellQty) {
    await settleUnsent(engine, [sellEntry]);
    engine.ports.log.warn(`${plan.position.symbol}: shares not free yet after shrinking the stop`);
    engine.wakeAt(engine.nowMs() + RETRY_MS);
    return false;
  }
  const sold = await sendSell(engine, { kind: "exit_rest" }, sell, sellEntry);
  noteSellRefusal(engine, plan, sold);
  if (sold.kind !== "done") sayFailure(engine, plan, "its sell", sold);
  return sold.kind === "done";
}

const AVAILABLE_POLLS_MAX = 12;

const AVAILABLE_POLL_MS = 250;

/** A replacement frees shares a moment after it was accepted. */
async function waitForAvailable(
  engine: Engine,
  position: ManagedPosition,
  qty: number,
): Promise<BrokerPosition | null> {
  for (let poll = 0; poll < AVAILABLE_POLLS_MAX; poll++) {
    await refresh(engine);
    const held = findHeld(engine, position.symbol);
    if (held === undefined) return null;
    if (held !== null && held.qtyAvailable >= qty) return held;
    await engine.ports.clock.sleep(AVAILABLE_POLL_MS);
  }
  return findHeld(engine, position.symbol) ?? null;
}
