import { buildAdoptionId } from "../order/client_order_id.ts";
import type { ManagedPosition } from "../account/engine_state.ts";
import { NOTHING_TRIMMED } from "../exit/exit_rules.ts";
import { completeLevels, type ListedLevels } from "../exit/levels.ts";
import { dateNyOf } from "../time/ny_time.ts";
import type { AdoptPlan } from "../account/operator_request.ts";
import type { BrokerPosition } from "../order/orders.ts";

/** The levels that an adopted position is managed by, USD per share. */
export type AdoptionLevels = ListedLevels & { readonly stopUsd: number };

/** A target that no price comes to: protection and `stop_exit` alone (interface, `adopt`). */
export const NO_TARGET_USD = 1_000_000_000;

/** The levels of the operator's own plan: the pivot is the price at take-up. */
export function buildOwnLevels(plan: AdoptPlan, priceUsd: number): AdoptionLevels {
  const r2Usd = plan.r2Usd ?? NO_TARGET_USD;
  return { pivotUsd: priceUsd, r1Usd: plan.r1Usd ?? r2Usd, r2Usd, stopUsd: plan.stopUsd };
}

/** Why a position can't be taken over at a price, or `null`: stop < price < r2 (interface, `adopt`). */
export function findAdoptionFault(
  { stopUsd, r2Usd }: AdoptionLevels,
  priceUsd: number,
): string | null {
  if (!(stopUsd < priceUsd)) return `its stop ${stopUsd} is not below the price ${priceUsd}`;
  if (!(priceUsd < r2Usd)) return `its price ${priceUsd} is not below r2 ${r2Usd}`;
  return null;
}

/**
 * A position that the engine did not buy, from now on managed; a fraction of a share is left out.
 * @param facts `soldQty`: what sells still at work have sold already, whose counts are cumulative; `seenAtMs`: when the broker
 *   showed it, Unix ms.
 */
export function buildAdoption(
  held: BrokerPosition,
  levels: AdoptionLevels,
  { seenAtMs, soldQty }: { readonly seenAtMs: number; readonly soldQty: number },
): ManagedPosition {
  const { symbol } = held;
  const qty = Math.floor(held.qty);
  return {
    symbol,
    positionId: buildAdoptionId({ dateNy: dateNyOf(seenAtMs), symbol, adoptedAtMs: seenAtMs }),
    adoptedQty: qty + soldQty,
    // In the broker's nine decimals.
    besideQty: Math.round((held.qty - qty) * 1e9) / 1e9,
    ...completeLevels(levels),
    stopUsd: levels.stopUsd,
    // It starts at the price of the first look at what is held, never at what was paid.
    highWaterUsd: 0,
    ...NOTHING_TRIMMED,
    qty,
    costBasisUsd: held.costBasisUsd,
    unexplainedQty: null,
    unexplainedSinceMs: null,
    openedAtMs: seenAtMs,
    partialSinceMs: null,
  };
}
