import { type ClientOrderId, isFlatten, parseOurId } from "../order/client_order_id.ts";
import type { ManagedPosition } from "./engine_state.ts";
import { NOTHING_TRIMMED } from "../exit/exit_rules.ts";
import { guessLevels, pickLevels, type PlanLevels } from "../exit/levels.ts";
import type { LedgerEntry } from "../order/ledger.ts";

/** What a position is managed by (pipeline 5). Prices USD per share. */
export interface PositionPlan extends PlanLevels {
  readonly symbol: string;
  /** Of its entry, or its adoption. */
  readonly clientOrderId: ClientOrderId;
  readonly stopUsd: number;
}

/** A position as its entry's plan has it, before anything is filled. */
export function buildManaged(
  plan: PositionPlan,
  openedAtMs: number,
): ManagedPosition {
  return {
    symbol: plan.symbol,
    positionId: plan.clientOrderId,
    adoptedQty: 0,
    besideQty: 0,
    ...pickLevels(plan),
    stopUsd: plan.stopUsd,
    // It starts at the price of the first look at what is held, never at what was paid.
    highWaterUsd: 0,
    ...NOTHING_TRIMMED,
    qty: null,
    costBasisUsd: null,
    unexplainedQty: null,
    unexplainedSinceMs: null,
    openedAtMs,
    partialSinceMs: null,
  };
}

/** The plan that an accepted entry of ours was recorded with; `null` for anything else. */
export function buildPlan(entry: LedgerEntry): PositionPlan | null {
  const clientOrderId = parseOurId(entry.clientOrderId ?? "");
  if (clientOrderId === null || isFlatten(clientOrderId)) return null;
  if (entry.side !== "buy" || entry.status !== "accepted" || entry.stopUsd === null) return null;
  const filledUsd = entry.broker?.filledAvgPriceUsd ?? 0;
  const paidUsd = filledUsd > 0 ? filledUsd : entry.refPriceUsd ?? entry.stopUsd;
  const { symbol, stopUsd } = entry;
  return { clientOrderId, symbol, ...guessLevels(entry, paidUsd), stopUsd };
}

/**
 * What one share of it cost, USD: the broker's cost basis goes down with the shares, and holds what is beside ours too.
 * @returns `null` where nothing is held, or nobody knows.
 */
export function readCostEach(
  { qty, besideQty, costBasisUsd }: Pick<ManagedPosition, "qty" | "besideQty" | "costBasisUsd">,
): number | null {
  return costBasisUsd === null || qty === null || qty <= 0
    ? null
    : costBasisUsd / (qty + besideQty);
}

const CLOSED_PREFIX = "closed:";

/** Under which key it is kept that a position has ended, so that its entry is not taken in again. */
export function closedKey(positionId: string): string {
  return `${CLOSED_PREFIX}${positionId}`;
}

/** Whether a key says that a position has ended. */
export function isClosedKey(key: string): boolean {
  return key.startsWith(CLOSED_PREFIX);
}
