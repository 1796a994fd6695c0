import {
  EXIT_REASONS,
  EXIT_RULES,
  type ExitLevels,
  type ExitReason,
  isClose,
  isTrim,
  TRIM_REASONS,
  type TrimFlags,
  type TrimReason,
} from "./exit_rules.ts";

/** The part of a managed position that the exit rules read. */
export type ExitInputs = ExitLevels & TrimFlags;

/** What a position remembers of the trims after which its stop trails the high. */
const TRAILED = TRIM_REASONS.filter((reason) => EXIT_RULES[reason].isTrailedAfter)
  .map((reason) => EXIT_RULES[reason].flag);

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
  // Also while a trim waits, which one that ended unsold is again.
  const isTrailing = TRAILED.some((flag) => position[flag]);
  const follow = (stopUsd: number) =>
    isTrailing ? trail({ ...position, stopUsd, highWaterUsd }) : stopUsd;
  const stopUsd = follow(position.stopUsd);
  for (const reason of EXIT_REASONS) {
    if (isTrim(reason)) {
      const { levelUsd, flag } = EXIT_RULES[reason];
      if (position[flag] || !(priceUsd >= levelUsd(position))) continue;
      const due = { reason, qty: splitQty(reason, qty).sellQty };
      return { highWaterUsd, stopUsd: follow(liftStop(position, reason)), due };
    }
    const isDue = EXIT_RULES[reason].isDue({ ...position, stopUsd, highWaterUsd }, priceUsd);
    if (isDue && qty > 0) return { highWaterUsd, stopUsd, due: { reason, qty } };
  }
  return { highWaterUsd, stopUsd, due: null };
}

/**
 * Whether rule 5 sells at this price: also where a trim is due before it, which may have to wait, and keeps no close waiting.
 * @param qty As for `decideExit`.
 */
export function isCloseDue(position: ExitInputs, qty: number, priceUsd: number): boolean {
  const { due, stopUsd } = decideExit(position, qty, priceUsd);
  return due !== null && qty > 0 && priceUsd <= stopUsd;
}

/** What an exit sells and what it keeps, from the shares that are held for sure at that moment. */
export function splitQty(
  reason: ExitReason,
  sureQty: number,
): { readonly sellQty: number; readonly restQty: number } {
  const { sells, of } = EXIT_RULES[reason].part;
  const sellQty = Math.floor(sureQty * sells / of);
  return { sellQty, restQty: sureQty - sellQty };
}

/** The position after a trim is done, its stop where rules 2 and 4 want it then; as it was for an exit that is no trim. */
export function markTrimmed<Position extends ExitInputs>(
  position: Position,
  reason: ExitReason,
): Position {
  if (!isTrim(reason)) return position;
  const { flag, isTrailedAfter } = EXIT_RULES[reason];
  const liftedUsd = liftStop(position, reason);
  const stopUsd = isTrailedAfter ? trail({ ...position, stopUsd: liftedUsd }) : liftedUsd;
  return { ...position, [flag]: true, stopUsd };
}

/** The position with a trim due again; its stop stays, which never falls. */
export function unmarkTrimmed<Position extends ExitInputs>(
  position: Position,
  reason: ExitReason,
): Position {
  return isTrim(reason) ? { ...position, [EXIT_RULES[reason].flag]: false } : position;
}

/** Where a trim that is due wants the stop at least. */
function liftStop(position: ExitInputs, reason: TrimReason): number {
  const { floorUsd } = EXIT_RULES[reason];
  return floorUsd === null ? position.stopUsd : Math.max(position.stopUsd, floorUsd(position));
}

/** Rule 4: the stop follows the high by half of the move, and never falls. */
function trail(position: ExitLevels): number {
  const moveUsd = position.r2Usd - position.pivotUsd;
  return Math.max(position.stopUsd, position.highWaterUsd - moveUsd / 2);
}

/** An exit as DRY_RUN prints it (pipeline 5). */
export function formatDryRunExit(symbol: string, reason: ExitReason, qty: number): string {
  return isClose(reason)
    ? `DRY_RUN: would close ${symbol} (reason=${reason})`
    : `DRY_RUN: would trim ${symbol} qty=${qty} reason=${reason}`;
}

/**
 * Every exit that would be sent now, one after the other, each filled at once: what DRY_RUN prints. Trims without shares
 * are left out.
 */
export function listDryRunExits(
  position: ExitInputs,
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

/** Each trim once, and the stop: no pass can hold more. */
export const EXITS_MAX = EXIT_REASONS.length;
