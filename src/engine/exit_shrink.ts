import { isReplaceRefused } from "../domain/account/order_book.ts";
import { markTrimmed } from "../domain/exit_plan.ts";
import { isRefusedItself } from "../domain/order_request.ts";
import { isFinal } from "../domain/orders.ts";
import type { SellGroup } from "../domain/protection.ts";
import { askOrder } from "./asking.ts";
import type { Engine } from "./engine.ts";
import {
  type ExitPlan,
  isLate,
  noteSellRefusal,
  planSell,
  planStop,
  RETRY_MS,
  sayFailure,
  sayStop,
} from "./exit_records.ts";
import { recordSells, sendSell, settleUnsent } from "./sell_orders.ts";
import type { Permit } from "../domain/plan/step.ts";
import { readAvailable } from "./shares.ts";
import { noteBare } from "./unfinished.ts";

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

/** `refused`: the broker will not have the stop replaced, which rests as it was. */
type ShrinkOutcome = "sold" | "not_sold" | "refused";

/** The stop never leaves the book: it gives up what is sold, and goes on holding the rest. */
export async function sellAfterShrink(
  engine: Engine,
  gate: Permit,
  plan: ExitPlan,
  stopOrderId: string,
): Promise<ShrinkOutcome> {
  if (isLate(engine, plan, { kind: "shrinking exit" })) return "not_sold";
  const sell = planSell(plan);
  const stop = planStop(plan, stopOrderId);
  const [sellEntry, stopEntry] = await recordSells(engine, [sell, stop]);
  if (sellEntry === undefined || stopEntry === undefined) return "not_sold";
  const shrunk = await sendSell(engine, gate, stop, stopEntry);
  if (shrunk.kind !== "done") {
    await settleUnsent(engine, [sellEntry]);
    sayFailure(engine, plan, "shrinking its stop", shrunk);
    const isRefused = shrunk.kind === "rejected" && isRefusedItself(shrunk) &&
      await isUnchanged(engine, stopOrderId);
    return isRefused ? "refused" : "not_sold";
  }
  // From here on shares are without protection, until the next look finds enough.
  noteBare(engine, plan.position.positionId, true);
  sayStop(engine, stop, stopEntry, shrunk.order);
  raiseToRest(engine, plan);
  if (!await isFreed(engine, plan, stopOrderId, shrunk.order.orderId)) {
    await settleUnsent(engine, [sellEntry]);
    engine.ports.log.warn(`${plan.position.symbol}: shares not free yet after shrinking the stop`);
    engine.wakeAt(engine.nowMs() + RETRY_MS);
    return isReplaceRefused(engine.book, stopOrderId) ? "refused" : "not_sold";
  }
  const sold = await sendSell(engine, { kind: "exit_rest" }, sell, sellEntry);
  noteSellRefusal(engine, plan, sold);
  if (sold.kind !== "done") sayFailure(engine, plan, "its sell", sold);
  return sold.kind === "done" ? "sold" : "not_sold";
}

/** The stop rests where rule 4 wants it now, whatever becomes of the sell: a stop never falls. */
function raiseToRest(engine: Engine, { position, reason }: ExitPlan): void {
  const current = engine.state.positions.find((each) => each.positionId === position.positionId);
  const { stopUsd } = markTrimmed(position, reason);
  if (current !== undefined && current.stopUsd < stopUsd) {
    engine.putPosition({ ...current, stopUsd });
  }
}

/** Whether the order rests as it was: a replacement can be done although it was refused (broker.md). */
async function isUnchanged(engine: Engine, orderId: string): Promise<boolean> {
  const before = engine.book.get(orderId)?.order;
  const found = await askOrder(engine, orderId);
  return found.kind === "found" && !isFinal(found.order) && found.order.qty === before?.qty;
}

const FREED_POLLS_MAX = 12;

const FREED_POLL_MS = 250;

/** A replacement frees shares a moment after it was accepted: once the old stop has ended. */
async function isFreed(
  engine: Engine,
  { position, sellQty }: ExitPlan,
  oldId: string,
  newId: string,
): Promise<boolean> {
  for (let poll = 0; poll < FREED_POLLS_MAX; poll++) {
    await askOrder(engine, oldId);
    const old = engine.book.get(oldId)?.order;
    const isEnded = old !== undefined && isFinal(old);
    if (isEnded && readAvailable(engine, position) >= sellQty) return true;
    // Taken and then rejected, while the old stop lives on: nothing becomes free.
    if (!isEnded) await askOrder(engine, newId);
    if (engine.book.get(newId)?.order.status === "rejected") return false;
    await engine.ports.clock.sleep(FREED_POLL_MS);
  }
  return false;
}
