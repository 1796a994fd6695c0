import type { ManagedPosition } from "../domain/engine_state.ts";
import type { ExitReason } from "../domain/exit_plan.ts";
import type { LiveDecision } from "../domain/gate.ts";
import type { LedgerEntry } from "../domain/ledger.ts";
import type { BrokerOrder, BrokerPosition } from "../domain/orders.ts";
import type { SellGroup } from "../domain/protection.ts";
import { cancelGroups } from "./cancelling.ts";
import type { Engine } from "./engine.ts";
import { findHeld, findSellGroups, refresh } from "./observe.ts";
import {
  recordSells,
  type SellPlan,
  type SellResult,
  sendSell,
  settleUnsent,
} from "./sell_orders.ts";
import type { Permit } from "./send.ts";

/** How soon an exit that could not be finished is looked at again. */
export const RETRY_MS = 5_000;

/** What an exit sells and what it keeps, from the shares that the broker holds at that moment. */
function splitQty(reason: ExitReason, heldQty: number): { sellQty: number; restQty: number } {
  const sellQty = reason === "stop_exit" ? heldQty : Math.floor(heldQty / 2);
  return { sellQty, restQty: heldQty - sellQty };
}

/**
 * One exit at the broker, safe at each step (pipeline 5, "How, at the broker"): records of sell and stop are durable
 * first; the working sells are cancelled and their end awaited (our own plain stop is shrunk by replacing instead); sell;
 * stop for the rest.
 * @returns Whether the sell was accepted.
 * @throws {StateError} Where the records can't be written; nothing has left then.
 */
export async function sendExit(
  engine: Engine,
  decision: LiveDecision,
  position: ManagedPosition,
  reason: ExitReason,
  priceUsd: number,
): Promise<boolean> {
  await refresh(engine);
  const held = findHeld(engine, position.symbol);
  const groups = findSellGroups(engine, position.symbol);
  if (held === null || held === undefined || groups === null || held.qty !== position.qty) {
    return false;
  }
  if (groups.some((group) => group.orders.some((order) => order.type === "market"))) {
    engine.wakeAt(engine.nowMs() + RETRY_MS);
    return false;
  }
  const { sellQty, restQty } = splitQty(reason, held.qty);
  if (sellQty === 0) return false;
  const gate: Permit = { kind: "gate", decision };
  engine.ports.log.info(
    `EXIT ${position.symbol}: ${reason} qty=${sellQty} of ${held.qty} at ${priceUsd}`,
  );
  const shrinkable = findShrinkable(groups, held.qty, restQty);
  if (shrinkable !== null) {
    return await sellAfterShrink(engine, gate, { position, reason, sellQty, restQty }, shrinkable);
  }
  return await sellAfterCancel(engine, gate, { position, reason, sellQty, restQty }, groups);
}

/** The one plain stop of ours that holds all shares, where it may stay for the rest. */
function findShrinkable(
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

interface ExitPlan {
  readonly position: ManagedPosition;
  readonly reason: ExitReason;
  readonly sellQty: number;
  readonly restQty: number;
}

function planSell(plan: ExitPlan): SellPlan {
  const { position, reason, sellQty } = plan;
  return { position, reason, qty: sellQty, stopUsd: null, replaces: null };
}

function planStop(plan: ExitPlan, replaces: string | null): SellPlan {
  const { position, restQty } = plan;
  return { position, reason: "stop", qty: restQty, stopUsd: position.stopUsd, replaces };
}

/** The stop never leaves the book: it gives up what is sold, and goes on holding the rest. */
async function sellAfterShrink(
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
  sayStop(engine, stop, stopEntry, shrunk.order);
  const available = await waitForAvailable(engine, plan.position, plan.sellQty);
  if (available === null || available.qtyAvailable < plan.sellQty) {
    await settleUnsent(engine, [sellEntry]);
    engine.ports.log.warn(`${plan.position.symbol}: shares not free yet after shrinking the stop`);
    engine.wakeAt(engine.nowMs() + RETRY_MS);
    return false;
  }
  const sold = await sendSell(engine, { kind: "exit_rest" }, sell, sellEntry);
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

async function sellAfterCancel(
  engine: Engine,
  gate: Permit,
  plan: ExitPlan,
  groups: readonly SellGroup[],
): Promise<boolean> {
  const plans = plan.restQty > 0 ? [planSell(plan), planStop(plan, null)] : [planSell(plan)];
  const entries = await recordSells(engine, plans);
  const cancelled = await cancelGroups(engine, gate, groups);
  if (cancelled.kind !== "ended") {
    await settleUnsent(engine, entries);
    const why = cancelled.kind === "stopped" ? cancelled.reason : cancelled.message;
    engine.ports.log.warn(`${plan.position.symbol} ${plan.reason} waits: ${why}`);
    if (cancelled.kind === "stuck") engine.wakeAt(engine.nowMs() + RETRY_MS);
    return false;
  }
  const permit: Permit = cancelled.isLeft ? { kind: "exit_rest" } : gate;
  await refresh(engine);
  const held = findHeld(engine, plan.position.symbol);
  if (held === null) {
    await settleUnsent(engine, entries);
    await restoreBlind(engine, permit, plan, cancelled.unfilledQty);
    return false;
  }
  const keptQty = (plan.position.qty ?? 0) - cancelled.soldQty;
  const sellable = Math.min(held?.qty ?? 0, keptQty);
  if (held === undefined || sellable <= 0) {
    await settleUnsent(engine, entries);
    return false;
  }
  return await sellAndStop(engine, permit, plan, { entries, sellable, held });
}

/** The position can't be read: nothing is sold, and what lost its protection gets a stop (pipeline 5). */
async function restoreBlind(
  engine: Engine,
  permit: Permit,
  plan: ExitPlan,
  unfilledQty: number,
): Promise<void> {
  const { symbol } = plan.position;
  engine.sayError(
    `${symbol}: positions can't be read in the middle of an exit; stop for ${unfilledQty} shares`,
  );
  engine.wakeAt(engine.nowMs() + RETRY_MS);
  if (unfilledQty <= 0) return;
  const stop = planStop({ ...plan, restQty: unfilledQty }, null);
  const [entry] = await recordSells(engine, [stop]);
  if (entry === undefined) return;
  const placed = await sendSell(engine, permit, stop, entry);
  if (placed.kind !== "done") sayFailure(engine, plan, "the stop", placed);
}

async function sellAndStop(
  engine: Engine,
  permit: Permit,
  before: ExitPlan,
  now: {
    readonly entries: readonly LedgerEntry[];
    readonly sellable: number;
    readonly held: BrokerPosition;
  },
): Promise<boolean> {
  const split = splitQty(before.reason, now.sellable);
  const plan = {
    ...before,
    ...split,
    sellQty: Math.min(split.sellQty, now.held.qtyAvailable),
  };
  let [sellEntry, stopEntry] = now.entries;
  const isSame = plan.sellQty === before.sellQty && plan.restQty === before.restQty;
  if (!isSame) {
    await settleUnsent(engine, now.entries);
    const plans = [planSell(plan), planStop(plan, null)]
      .filter((each) => each.qty > 0);
    const entries = await recordSells(engine, plans);
    sellEntry = entries.find((entry) => entry.reason === plan.reason);
    stopEntry = entries.find((entry) => entry.reason === "stop");
  }
  if (sellEntry === undefined) return await stopTheRest(engine, permit, plan, stopEntry, false);
  const sold = await sendSell(engine, permit, planSell(plan), sellEntry);
  if (sold.kind !== "done") sayFailure(engine, plan, "its sell", sold);
  return await stopTheRest(engine, permit, plan, stopEntry, sold.kind === "done");
}

/** Puts the stop back at once; where the sell's fate is not known, for what the broker says is available. */
async function stopTheRest(
  engine: Engine,
  permit: Permit,
  plan: ExitPlan,
  recorded: LedgerEntry | undefined,
  isSold: boolean,
): Promise<boolean> {
  let restQty = plan.restQty;
  if (!isSold) {
    await refresh(engine);
    const held = findHeld(engine, plan.position.symbol);
    restQty = held === null ? plan.restQty + plan.sellQty : held?.qtyAvailable ?? 0;
  }
  const stop = planStop({ ...plan, restQty }, null);
  if (recorded !== undefined && recorded.qty !== restQty) await settleUnsent(engine, [recorded]);
  if (restQty <= 0) return isSold;
  const [entry] = recorded?.qty === restQty ? [recorded] : await recordSells(engine, [stop]);
  if (entry === undefined) return isSold;
  const placed = await sendSell(engine, permit, stop, entry);
  if (placed.kind !== "done") sayFailure(engine, plan, "the stop for the rest", placed);
  else sayStop(engine, stop, entry, placed.order);
  return isSold;
}

/** The stop that holds the rest after an exit, in the words of the protection's own. */
function sayStop(engine: Engine, stop: SellPlan, entry: LedgerEntry, order: BrokerOrder): void {
  engine.ports.log.info(
    `STOP ${stop.position.symbol}: qty=${stop.qty} at ${entry.stopUsd} order_id=${order.orderId}`,
  );
}

function sayFailure(engine: Engine, plan: ExitPlan, what: string, result: SellResult): void {
  const why = result.kind === "rejected"
    ? `rejected by the broker (${result.httpStatus}): ${result.message}`
    : result.kind === "stopped"
    ? `stopped: ${result.reason}`
    : "no usable answer yet";
  engine.wakeAt(engine.nowMs() + RETRY_MS);
  engine.sayError(`${plan.position.symbol} ${plan.reason}: ${what}: ${why}`);
}
