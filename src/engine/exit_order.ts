import type { ManagedPosition } from "../domain/engine_state.ts";
import type { ExitReason } from "../domain/exit_plan.ts";
import type { LiveDecision } from "../domain/gate.ts";
import type { LedgerEntry } from "../domain/ledger.ts";
import { type BrokerOrder, type BrokerPosition, isFinal } from "../domain/orders.ts";
import type { SellGroup } from "../domain/protection.ts";
import { cancelGroups } from "./cancelling.ts";
import type { Engine } from "./engine.ts";
import { closeMsOf, findHeld, findSellGroups, refresh } from "./observe.ts";
import { settleByOrder } from "./ledger_store.ts";
import { StateError } from "./ports.ts";
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

/** No cancel is begun later than this before the close: its stop might not get in. */
export const LAST_EXIT_MS = 20_000;

/** What an exit sells and what it keeps, from the shares that the broker holds at that moment. */
function splitQty(reason: ExitReason, heldQty: number): { sellQty: number; restQty: number } {
  const sellQty = reason === "stop_exit" ? heldQty : Math.floor(heldQty / 2);
  return { sellQty, restQty: heldQty - sellQty };
}

/**
 * One exit at the broker, safe at each step (pipeline 5, "How, at the broker"): records of sell and stop are durable
 * first; the working sells are cancelled and their end awaited (our own plain stop is shrunk by replacing instead); sell;
 * stop for the rest.
 * @param isRepeat The second time in a cycle, after a sell that the broker never got; there is no third.
 * @returns Whether the sell was accepted.
 * @throws {StateError} Where the records can't be written; nothing has left then.
 */
export async function sendExit(
  engine: Engine,
  decision: LiveDecision,
  position: ManagedPosition,
  reason: ExitReason,
  priceUsd: number,
  isRepeat = false,
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
  if (sellQty === 0 || isTooLate(engine)) return false;
  const gate: Permit = { kind: "gate", decision };
  engine.ports.log.info(
    `EXIT ${position.symbol}: ${reason} qty=${sellQty} of ${held.qty} at ${priceUsd}`,
  );
  const shrinkable = findShrinkable(groups, held.qty, restQty);
  if (shrinkable !== null) {
    return await sellAfterShrink(engine, gate, { position, reason, sellQty, restQty }, shrinkable);
  }
  const plan = { position, reason, sellQty, restQty };
  const outcome = await sellAfterCancel(engine, gate, plan, groups);
  if (outcome !== "again" || isRepeat) return outcome === "sold";
  return await sendExit(engine, decision, position, reason, priceUsd, true);
}

/** `again`: the broker never got the sell, and its stop rests: it may be sent again, with the same id. */
type ExitOutcome = "sold" | "not_sold" | "again";

/** An exit begun in the last moments could not end before the close; what rests at the broker stays as it is. */
function isTooLate(engine: Engine): boolean {
  const closeMs = engine.observation === null ? null : closeMsOf(engine.observation);
  return closeMs !== null && engine.nowMs() > closeMs - LAST_EXIT_MS;
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
): Promise<ExitOutcome> {
  const plans = plan.restQty > 0 ? [planSell(plan), planStop(plan, null)] : [planSell(plan)];
  const entries = await recordSells(engine, plans);
  const cancelled = await cancelGroups(engine, gate, groups);
  if (cancelled.kind !== "ended") {
    await settleUnsent(engine, entries);
    const why = cancelled.kind === "stopped" ? cancelled.reason : cancelled.message;
    engine.ports.log.warn(`${plan.position.symbol} ${plan.reason} waits: ${why}`);
    if (cancelled.kind === "stuck") {
      if (cancelled.isLeft) engine.bare.add(plan.position.positionId);
      engine.wakeAt(engine.nowMs() + RETRY_MS);
    }
    return "not_sold";
  }
  const permit: Permit = cancelled.isLeft ? { kind: "exit_rest" } : gate;
  await refresh(engine);
  const held = findHeld(engine, plan.position.symbol);
  const keptQty = (plan.position.qty ?? 0) - cancelled.soldQty;
  // Absent, and not sold by what was cancelled: one empty answer is no position that is gone (pipeline 5).
  if (held === null || (held === undefined && keptQty > 0)) {
    await restoreBlind(engine, permit, { ...plan, restQty: cancelled.unfilledQty }, entries);
    return "not_sold";
  }
  const sellable = Math.min(held?.qty ?? 0, keptQty);
  if (held === undefined || sellable <= 0) {
    await settleUnsent(engine, entries);
    return "not_sold";
  }
  return await sellAndStop(engine, permit, plan, { entries, sellable, held });
}

/** The position can't be read: nothing is sold, and what lost its protection gets a stop (pipeline 5). */
async function restoreBlind(
  engine: Engine,
  permit: Permit,
  plan: ExitPlan,
  recorded: readonly LedgerEntry[],
): Promise<void> {
  const { symbol, positionId } = plan.position;
  engine.sayError(
    `${symbol}: its position can't be read in the middle of an exit; stop for ${plan.restQty} shares`,
  );
  engine.wakeAt(engine.nowMs() + RETRY_MS);
  engine.bare.add(positionId);
  const isDropped = (entry: LedgerEntry) => entry.reason !== "stop" || plan.restQty <= 0;
  await settleUnsent(engine, recorded.filter(isDropped));
  if (plan.restQty <= 0) return;
  const stop = planStop(plan, null);
  const entry = await recordAgain(engine, stop, recorded);
  const placed = await sendSell(engine, permit, stop, entry);
  if (placed.kind !== "done") sayFailure(engine, plan, "the stop", placed);
}

/**
 * Records a sell whose quantity is another than planned. Where the ledger fails in the middle of an exit, the record that
 * is durable already stands for it: a failing ledger must not cost the stop (pipeline 5).
 * @throws {StateError} Where no record of it is durable.
 */
export async function recordAgain(
  engine: Engine,
  plan: SellPlan,
  recorded: readonly LedgerEntry[],
): Promise<LedgerEntry> {
  const durable = recorded.find((entry) => entry.reason === plan.reason);
  try {
    const [entry] = await recordSells(engine, [plan]);
    if (entry !== undefined) return entry;
  } catch (error) {
    if (!(error instanceof StateError) || durable === undefined) throw error;
    engine.sayError(
      `${plan.position.symbol}: the ledger fails in the middle of an exit: ${error.message}`,
    );
  }
  if (durable === undefined) throw new StateError("no record of the sell");
  return { ...durable, qty: plan.qty };
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
): Promise<ExitOutcome> {
  const split = splitQty(before.reason, now.sellable);
  const sellQty = Math.min(split.sellQty, now.held.qtyAvailable);
  // What something else still reserves can't be stopped twice; this cycle's protection looks at it again.
  const restQty = Math.min(now.sellable - sellQty, Math.max(0, now.held.qtyAvailable - sellQty));
  if (restQty < now.sellable - sellQty) engine.wakeAt(engine.nowMs() + RETRY_MS);
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
    await stopTheRest(engine, permit, plan, stopEntry, "none");
    return "not_sold";
  }
  const sold = await sendSell(engine, permit, planSell(plan), sellEntry, { isStopWaiting: true });
  if (sold.kind !== "done") sayFailure(engine, plan, "its sell", sold);
  await stopTheRest(engine, permit, plan, stopEntry, sold.kind);
  if (sold.kind === "unresolved") return await findLater(engine, sellEntry);
  return sold.kind === "done" ? "sold" : "not_sold";
}

/** A sell without an answer is asked for once its stop rests; at the first "not found" it is sent again (pipeline 6). */
async function findLater(engine: Engine, entry: LedgerEntry): Promise<ExitOutcome> {
  const { clientOrderId } = entry;
  if (clientOrderId === null) return "not_sold";
  const found = await engine.ports.broker.lookUp(clientOrderId, "protect");
  if (found.kind === "not_found") {
    await settleUnsent(engine, [entry]);
    return "again";
  }
  if (found.kind === "unknown") return "not_sold";
  await settleByOrder(engine, clientOrderId, found.order);
  return found.order.filledQty > 0 || !isFinal(found.order) ? "sold" : "not_sold";
}

/** Puts the stop back at once; where the sell's fate is not known, for what the broker says is available. */
async function stopTheRest(
  engine: Engine,
  permit: Permit,
  plan: ExitPlan,
  recorded: LedgerEntry | undefined,
  sold: SellResult["kind"] | "none",
): Promise<void> {
  let restQty = plan.restQty;
  if (sold !== "done") {
    await refresh(engine);
    const held = findHeld(engine, plan.position.symbol);
    // Unreadable: a sell that may have gone through leaves only the rest for certain, one that was refused all of it.
    const certainQty = sold === "unresolved" ? plan.restQty : plan.restQty + plan.sellQty;
    restQty = held === null || held === undefined ? certainQty : held.qtyAvailable;
  }
  const stop = planStop({ ...plan, restQty }, null);
  if (restQty <= 0) return await settleUnsent(engine, recorded === undefined ? [] : [recorded]);
  const entry = recorded?.qty === restQty
    ? recorded
    : await recordAgain(engine, stop, recorded === undefined ? [] : [recorded]);
  const placed = await sendSell(engine, permit, stop, entry);
  if (placed.kind !== "done") sayFailure(engine, plan, "the stop for the rest", placed);
  else sayStop(engine, stop, entry, placed.order);
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
