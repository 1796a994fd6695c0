import { isActionable, readShares } from "../account/position_shares.ts";
import { isEntryWorking, type Sight } from "../account/sight.ts";
import type { ManagedPosition } from "../account/engine_state.ts";
import { decideExit } from "../exit/decide_exit.ts";

/** What a price of this session is good for: nothing, the high-water price alone, or the exit rules. */
export type PriceUse = "nothing" | "high" | "rules";

/** What a price is taken in beside. */
export interface PriceUseLook {
  readonly sight: Sight;
  /** Whether a row in the symbol can't be read. */
  readonly isUnreadable: boolean;
  readonly areOrdersRead: boolean;
}

/** Whether the exit rules may be applied to a position now, or its high-water price alone goes on (pipeline 5). */
export function decidePriceUse(
  position: ManagedPosition,
  { sight, isUnreadable, areOrdersRead }: PriceUseLook,
): PriceUse {
  // A price on the other side of a split is no high of the shares before it.
  if (isUnreadable) return position.unexplainedQty === null ? "high" : "nothing";
  if (!isActionable(position, readShares(sight, position))) return "nothing";
  if (!isEntryWorking(sight, position)) return "rules";
  // Where nobody knows whether it works, the price is seen all the same.
  return areOrdersRead ? "nothing" : "high";
}

/** The position with its high-water price at a price seen, USD per share; the same value where it is no new high. */
export function raiseHigh(position: ManagedPosition, priceUsd: number): ManagedPosition {
  const { highWaterUsd } = decideExit(position, position.qty ?? 0, priceUsd);
  return highWaterUsd === position.highWaterUsd ? position : { ...position, highWaterUsd };
}
