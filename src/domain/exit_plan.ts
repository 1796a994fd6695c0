import type { SellReason } from "./client_order_id.ts";
import type { ManagedPosition } from "./engine_state.ts";

/** Why shares are sold at once. */
export type ExitReason = Exclude<SellReason, "stop">;

/** The part of a managed position that the exit rules read. */
export type ExitInputs = Pick<
  ManagedPosition,
  "pivotUsd" | "r1Usd" | "r2Usd" | "stopUsd" | "highWaterUsd" | "isTrimmedR1" | "isTrimmedR2"
>;

/** What the rules say at one price: what was observed, where the stop belongs now, and the first exit that is due. */
export interface ExitDecision {
  readonly highWaterUsd: number;
  readonly stopUsd: number;
  /** `qty` 0: the trim has nothing to sell and is done. */
  readonly due: { readonly reason: ExitReason; readonly qty: number } | null;
}

/**
 * The exit rules, first due one first (pipeline 5). Call it again with the trim marked done to get the next one.
 * @param qty Shares held at the broker, whole, 0 or more.
 * @param priceUsd Last price at the broker, from this session.
 * @returns The stop never below `position.stopUsd`; nothing changes where the target is not above the pivot.
 */
export function decideExit(position: ExitInputs, qty: number, priceUsd: number): ExitDecision {
  const moveUsd = position.r2Usd - position.pivotUsd;
  if (!(moveUsd > 0) || !(priceUsd > 0)) {
    return { highWaterUsd: position.highWaterUsd, stopUsd: position.stopUsd, due: null };
  }
  const highWaterUsd = Math.max(position.highWaterUsd, priceUsd);
  const halfQty = Math.floor(qty / 2);
  if (priceUsd >= position.r1Usd && !position.isTrimmedR1) {
    const stopUsd = Math.max(position.stopUsd, position.pivotUsd);
    return { highWaterUsd, stopUsd, due: { reason: "r1_trim", qty: halfQty } };
  }
  if (priceUsd >= position.r2Usd && !position.isTrimmedR2) {
    return { highWaterUsd, stopUsd: position.stopUsd, due: { reason: "r2_trim", qty: halfQty } };
  }
  const stopUsd = position.isTrimmedR2 ? trail({ ...position, highWaterUsd }) : position.stopUsd;
  const isStopped = priceUsd <= stopUsd && qty > 0;
  return { highWaterUsd, stopUsd, due: isStopped ? { reason: "stop_exit", qty } : null };
}

/** What an exit sells and what it keeps, from the shares that are held for sure at that moment. */
export function splitQty(
  reason: ExitReason,
  sureQty: number,
): { readonly sellQty: number; readonly restQty: number } {
  const sellQty = reason === "stop_exit" ? sureQty : Math.floor(sureQty / 2);
  return { sellQty, restQty: sureQty - sellQty };
}

/** The position after a trim is done, its stop where rules 2 and 4 want it then; as it was for an exit that is no trim. */
export function markTrimmed(position: ManagedPosition, reason: ExitReason): ManagedPosition {
  if (reason === "r1_trim") {
    const stopUsd = Math.max(position.stopUsd, position.pivotUsd);
    return { ...position, isTrimmedR1: true, stopUsd };
  }
  if (reason === "r2_trim") return { ...position, isTrimmedR2: true, stopUsd: trail(position) };
  return position;
}

/** Rule 4: the stop follows the high by half of the move, and never falls. */
function trail(position: ExitInputs): number {
  const moveUsd = position.r2Usd - position.pivotUsd;
  return Math.max(position.stopUsd, position.highWaterUsd - moveUsd / 2);
}

/** An exit as DRY_RUN prints it (pipeline 5). */
export function formatDryRunExit(symbol: string, reason: ExitReason, qty: number): string {
  return reason === "stop_exit"
    ? `DRY_RUN: would close ${symbol} (reason=${reason})`
    : `DRY_RUN: would trim ${symbol} qty=${qty} reason=${reason}`;
}

/**
 * Every exit that would be sent now, one after the other, each filled at once: what DRY_RUN prints. Trims without shares
 * are left out.
 */
export function listDryRunExits(
  position: ManagedPosition,
  qty: number,
  priceUsd: number,
): { readonly reason: ExitReason; readonly qty: number }[] {
  const exits: { reason: ExitReason; qty: number }[] = [];
  let current = position;
  let heldQty = qty;
  for (let turn = 0; turn < EXITS_MAX; turn++) {
    const { due, stopUsd, highWaterUsd } = decideExit(current, heldQty, priceUsd);
    if (due === null) break;
    if (due.qty > 0) exits.push(due);
    heldQty -= due.qty;
    current = markTrimmed({ ...current, stopUsd, highWaterUsd }, due.reason);
  }
  return exits;
}

/** R1, R2 and the stop: no pass can hold more. */
export const EXITS_MAX = 3;
