import type { LedgerEntry } from "../domain/ledger.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import { isFinal } from "../domain/orders.ts";
import type { SellGroup } from "../domain/protection.ts";
import { lookUpOrder } from "./asking.ts";
import { cancelGroups, noteCancelled } from "./cancelling.ts";
import type { Engine } from "./engine.ts";
import {
  type ExitPlan,
  isLate,
  noteSellRefusal,
  noteStopRefusal,
  planSell,
  planStop,
  recordAgain,
  recordBeforeCancel,
  RETRY_MS,
  sayFailure,
  sayStop,
  splitQty,
} from "./exit_records.ts";
import { settleByOrder } from "./ledger_store.ts";
import { findHeld, refresh } from "./observe.ts";
import { putBackLower } from "./put_back.ts";
import { roundStop, type SellResult, sendSell, settleUnsent } from "./sell_orders.ts";
import type { Permit } from "../domain/plan/step.ts";
import { readAvailable, readShares } from "./shares.ts";
import { readStopLevel } from "./stop_level.ts";
import { isBare } from "./unfinished.ts";

/** `again`: the broker never got the sell, and its stop rests: it may be sent again, with the same id. */
type ExitOutcome = "sold" | "not_sold" | "again";

/**
 * Records sell and stop, cancels the working sells and waits for their end, sells, and puts the stop for the rest back
 * (pipeline 5, "How, at the broker").
 * @throws {StateError} Where the records can't be written; nothing has left then.
 */
export async function sellAfterCancel(
  engine: Engine,
  gate: Permit,
  plan: ExitPlan,
  groups: readonly SellGroup[],
): Promise<ExitOutcome> {
  if (isLate(engine, plan, { kind: "exit", groups: groups.length })) return "not_sold";
  const plans = plan.restQty > 0 ? [planSell(plan), planStop(plan, null)] : [planSell(plan)];
  const wasBare = isBare(engine, plan.position.positionId);
  const entries = await recordBeforeCancel(engine, plan.position, plans, groups);
  const cancelled = await cancelGroups(engine, gate, groups);
  const permit = noteCancelled(engine, plan.position, { gate, wasBare }, cancelled);
  if (cancelled.kind !== "ended") {
    await settleUnsent(engine, entries);
    const why = cancelled.kind === "stopped" ? cancelled.reason : cancelled.message;
    engine.ports.log.warn(`${plan.position.symbol} ${plan.reason} waits: ${why}`);
    if (cancelled.kind === "stuck") engine.wakeAt(engine.nowMs() + RETRY_MS);
    return "not_sold";
  }
  await refresh(engine);
  const sellable = readAvailable(engine, plan.position);
  // Absent, and not sold by what was cancelled: one empty answer is no position that is gone (pipeline 5).
  if (!isShown(engine, plan.position) && sellable > 0) {
    const restQty = Math.min(Math.floor(cancelled.unfilledQty), sellable);
    const restUsd = readStopLevel(engine, plan.position);
    await restoreBlind(engine, permit, { ...plan, restQty, restUsd }, { entries, groups });
    return "not_sold";
  }
  if (sellable <= 0) {
    await settleUnsent(engine, entries);
    return "not_sold";
  }
  return await sellAndStop(engine, permit, plan, { entries, sellable, groups });
}

/** Whether positions show the position at all, as last read. */
function isShown(engine: Engine, { symbol }: ManagedPosition): boolean {
  const held = findHeld(engine, symbol);
  return held !== null && held !== undefined;
}

/** The position can't be read: nothing is sold, and what lost its protection gets a stop (pipeline 5). */
async function restoreBlind(
  engine: Engine,
  permit: Permit,
  plan: ExitPlan,
  { entries, groups }: {
    readonly entries: readonly LedgerEntry[];
    readonly groups: readonly SellGroup[];
  },
): Promise<void> {
  const { symbol } = plan.position;
  engine.sayError(
    `${symbol}: its position can't be read in the middle of an exit; stop for ${plan.restQty} shares`,
  );
  engine.wakeAt(engine.nowMs() + RETRY_MS);
  const isDropped = (entry: LedgerEntry) => entry.reason !== "stop" || plan.restQty <= 0;
  await settleUnsent(engine, entries.filter(isDropped));
  if (plan.restQty <= 0) return;
  const stop = planStop(plan, null);
  const entry = await recordAgain(engine, stop, entries);
  const placed = await sendSell(engine, permit, stop, entry);
  if (placed.kind === "done") return;
  sayFailure(engine, plan, "the stop", placed);
  if (noteStopRefusal(engine, plan.position, placed)) {
    await putBackLower(engine, permit, stop, groups);
  }
}

async function sellAndStop(
  engine: Engine,
  permit: Permit,
  before: ExitPlan,
  now: {
    readonly entries: readonly LedgerEntry[];
    /** Shares held for sure that nothing else sells or stops. */
    readonly sellable: number;
    /** What was cancelled. */
    readonly groups: readonly SellGroup[];
  },
): Promise<ExitOutcome> {
  const { groups, sellable } = now;
  const { sureQty } = readShares(engine, before.position) ?? { sureQty: 0 };
  const split = splitQty(before.reason, sureQty);
  const sellQty = Math.min(split.sellQty, sellable);
  // What something else still reserves can't be stopped twice; this cycle's protection looks at it again.
  const restQty = Math.min(split.restQty, sellable - sellQty);
  if (sellQty + restQty < sureQty) engine.wakeAt(engine.nowMs() + RETRY_MS);
  const plan = { ...before, sellQty, restQty };
  let [sellEntry, stopEntry] = now.entries;
  const isSame = plan.sellQty === before.sellQty && plan.restQty === before.restQty;
  if (!isSame) {
    // What is recorded again keeps its id and stays pending: should the ledger fail now, it stands for what leaves.
    const isDropped = (entry: LedgerEntry) =>
      (entry.reason === "stop" ? plan.restQty : plan.sellQty) <= 0;
    await settleUnsent(engine, now.entries.filter(isDropped));
    sellEntry = plan.sellQty > 0
      ? await recordAgain(engine, planSell(plan), now.entries)
      : undefined;
    stopEntry = plan.restQty > 0
      ? await recordAgain(engine, planStop(plan, null), now.entries)
      : undefined;
  }
  if (sellEntry === undefined) {
    await stopTheRest(engine, permit, plan, { recorded: stopEntry, sold: "none", groups });
    return "not_sold";
  }
  // Where all is sold, the market is at the stop: a stop would sell beside the one whose answer was lost. That one's id is
  // asked for and sent again first, which the broker's unique ids make harmless.
  const isStopWaiting = plan.reason !== "stop_exit";
  const sold = await sendSell(engine, permit, planSell(plan), sellEntry, { isStopWaiting });
  noteSellRefusal(engine, plan, sold);
  if (sold.kind !== "done") sayFailure(engine, plan, "its sell", sold);
  await stopTheRest(engine, permit, plan, { recorded: stopEntry, sold: sold.kind, groups });
  if (sold.kind === "unresolved") return await findLater(engine, sellEntry);
  return sold.kind === "done" ? "sold" : "not_sold";
}

/** A sell without an answer is asked for once its stop rests; at the first "not found" it is sent again (pipeline 6). */
async function findLater(engine: Engine, entry: LedgerEntry): Promise<ExitOutcome> {
  const { clientOrderId } = entry;
  if (clientOrderId === null) return "not_sold";
  const found = await lookUpOrder(engine, clientOrderId);
  if (found.kind === "not_found") {
    await settleUnsent(engine, [entry]);
    return "again";
  }
  if (found.kind === "unknown") return "not_sold";
  await settleByOrder(engine, clientOrderId, found.order);
  return found.order.filledQty > 0 || !isFinal(found.order) ? "sold" : "not_sold";
}

/** Puts the stop back at once, for what is held for sure and free by now: less what a sell of unknown fate may have sold. */
async function stopTheRest(
  engine: Engine,
  permit: Permit,
  plan: ExitPlan,
  { recorded, sold, groups }: {
    readonly recorded: LedgerEntry | undefined;
    readonly sold: SellResult["kind"] | "none";
    readonly groups: readonly SellGroup[];
  },
): Promise<void> {
  if (sold !== "done") await refresh(engine);
  const restQty = readAvailable(engine, plan.position);
  // What was not sold is not trimmed: its stop stays where it was.
  const isUnsold = sold === "none" || sold === "rejected" || sold === "stopped";
  const restUsd = isUnsold ? readStopLevel(engine, plan.position) : plan.restUsd;
  const stop = planStop({ ...plan, restQty, restUsd }, null);
  if (restQty <= 0) return await settleUnsent(engine, recorded === undefined ? [] : [recorded]);
  const entry = recorded?.qty === restQty && recorded.stopUsd === roundStop(stop)
    ? recorded
    : await recordAgain(engine, stop, recorded === undefined ? [] : [recorded]);
  const placed = await sendSell(engine, permit, stop, entry);
  if (placed.kind === "done") return sayStop(engine, stop, entry, placed.order);
  sayFailure(engine, plan, "the stop for the rest", placed);
  if (noteStopRefusal(engine, plan.position, placed)) {
    await putBackLower(engine, permit, stop, groups);
  }
}
