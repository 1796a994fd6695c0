import type { ManagedPosition } from "../domain/engine_state.ts";
import type { ExitReason } from "../domain/exit_plan.ts";
import type { LedgerEntry } from "../domain/ledger.ts";
import type { BrokerOrder } from "../domain/orders.ts";
import type { SellGroup } from "../domain/protection.ts";
import type { Sequence } from "../domain/sequence_time.ts";
import { CONVERT_AGAIN_MS, CONVERT_BEFORE_CLOSE_MS } from "../domain/plan/time_left.ts";
import { findTimeObstacle, untilCloseMs } from "./closing.ts";
import type { Engine } from "./engine.ts";
import { sayUndone } from "./operator_acts.ts";
import { StateError } from "./ports.ts";
import { recordSells, roundStop, type SellPlan, type SellResult } from "./sell_orders.ts";
import { isBare, noteBare, noteUnfinished, readUnfinished } from "./unfinished.ts";

/** How soon an exit that could not be finished is looked at again. */
export const RETRY_MS = 5_000;

/** From this age on a market sell is held up, by a halt for instance, and looked at less often. */
const STALLED_SELL_MS = 60_000;
const STALLED_LOOK_MS = 30_000;

/** In how long what waits for these sells is looked at again. */
export function findSellLookMs(engine: Engine, sells: readonly BrokerOrder[]): number {
  const isStalled = sells.length > 0 &&
    sells.every((sell) => engine.nowMs() - sell.submittedAtMs > STALLED_SELL_MS);
  return isStalled && untilCloseMs(engine) > CONVERT_BEFORE_CLOSE_MS ? STALLED_LOOK_MS : RETRY_MS;
}

/** What an exit sells and what it keeps, from the shares that the broker holds at that moment. */
export function splitQty(
  reason: ExitReason,
  heldQty: number,
): { sellQty: number; restQty: number } {
  const sellQty = reason === "stop_exit" ? heldQty : Math.floor(heldQty / 2);
  return { sellQty, restQty: heldQty - sellQty };
}

/** One exit as it was decided: shares to sell, and shares that keep a stop. */
export interface ExitPlan {
  readonly position: ManagedPosition;
  readonly reason: ExitReason;
  readonly sellQty: number;
  readonly restQty: number;
  /** Where the stop for the rest belongs once this exit has sold, USD per share (pipeline 5, rule 4). */
  readonly restUsd: number;
}

/** Whether the time left can't end an exit any more: said, and looked at again soon. */
export function isLate(
  engine: Engine,
  { position, reason }: Pick<ExitPlan, "position" | "reason">,
  sequence: Sequence,
): boolean {
  const late = findTimeObstacle(engine, sequence);
  if (late === null) return false;
  engine.ports.log.warn(`${position.symbol}: ${reason} waits: ${late}`);
  engine.wakeAt(engine.nowMs() + RETRY_MS);
  return true;
}

/** The market sell of an exit. */
export function planSell(plan: ExitPlan): SellPlan {
  const { position, reason, sellQty } = plan;
  return { position, reason, qty: sellQty, stopUsd: null, replaces: null };
}

/** The stop for the rest, where it belongs after the exit. @param replaces The broker's id of the order it replaces, if any. */
export function planStop(plan: ExitPlan, replaces: string | null): SellPlan {
  const { position, restQty, restUsd } = plan;
  return { position, reason: "stop", qty: restQty, stopUsd: restUsd, replaces };
}

/**
 * Records what follows a cancel, and in the same replacement that the cancel lays the position bare: a crash in between forgets
 * neither. Whoever cancels takes it back where the cancel did not leave.
 * @throws {StateError} Where the records can't be written; nothing has left then.
 */
export async function recordBeforeCancel(
  engine: Engine,
  { positionId }: ManagedPosition,
  plans: readonly SellPlan[],
  groups: readonly SellGroup[],
): Promise<LedgerEntry[]> {
  const wasBare = isBare(engine, positionId);
  noteBare(engine, positionId, wasBare || groups.length > 0);
  try {
    return await recordSells(engine, plans);
  } catch (error) {
    noteBare(engine, positionId, wasBare);
    throw error;
  }
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
  return { ...durable, qty: plan.qty, stopUsd: roundStop(plan) };
}

/**
 * Remembers that the market is at or below a position's stop, so that only a sell is left to close it.
 * @returns Whether that was the reason for the refusal.
 */
export function noteStopRefusal(
  engine: Engine,
  position: ManagedPosition,
  result: SellResult,
): boolean {
  const isBelow = result.kind === "rejected" && result.why === "stop_price";
  if (isBelow) noteUnfinished(engine, position.positionId, { stopRefusedAtMs: engine.nowMs() });
  return isBelow;
}

/** Whether the broker would not take the position's stop in this session's last minutes. */
export function isStopRefused(engine: Engine, positionId: string): boolean {
  const { stopRefusedAtMs: atMs } = readUnfinished(engine, positionId);
  return atMs !== null && engine.nowMs() - atMs < CONVERT_AGAIN_MS;
}

/** How long an exit that the broker refused for good is left alone, while a stop holds its shares. */
const REFUSED_PAUSE_MS = 5 * 60_000;

/** Remembers an exit's sell that the broker refuses for a reason that does not pass in a moment. */
export function noteSellRefusal(engine: Engine, plan: ExitPlan, result: SellResult): void {
  if (result.kind !== "rejected") return;
  if (result.why === "insufficient_qty" || result.why === "rate_limited") return;
  const { positionId } = plan.position;
  const { sellRefusedAtMs } = readUnfinished(engine, positionId);
  noteUnfinished(engine, positionId, {
    sellRefusedAtMs: { ...sellRefusedAtMs, [plan.reason]: engine.nowMs() },
  });
}

/** Whether the broker refused this exit a moment ago: its stop is not taken away for the same answer. */
export function isSellRefused(engine: Engine, positionId: string, reason: ExitReason): boolean {
  const atMs = readUnfinished(engine, positionId).sellRefusedAtMs[reason];
  return atMs !== undefined && engine.nowMs() - atMs < REFUSED_PAUSE_MS;
}

/** The stop that holds the rest after an exit, in the words of the protection's own. */
export function sayStop(
  engine: Engine,
  stop: SellPlan,
  entry: LedgerEntry,
  order: BrokerOrder,
): void {
  engine.ports.log.info(
    `STOP ${stop.position.symbol}: qty=${stop.qty} at ${entry.stopUsd} order_id=${order.orderId}`,
  );
}

/** Says which part of an exit failed and why, and has it looked at again soon. */
export function sayFailure(engine: Engine, plan: ExitPlan, what: string, result: SellResult): void {
  const why = result.kind === "rejected"
    ? `rejected by the broker (${result.httpStatus}): ${result.message}`
    : result.kind === "stopped"
    ? `stopped: ${result.reason}`
    : "no usable answer yet";
  engine.wakeAt(engine.nowMs() + RETRY_MS);
  sayUndone(engine, result, `${plan.position.symbol} ${plan.reason}: ${what}: ${why}`);
}
