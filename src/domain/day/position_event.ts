import type { ManagedPosition } from "../account/engine_state.ts";
import type { PositionEvent } from "./events.ts";
import { readCostEach } from "../account/managed_position.ts";
import { formatUtc } from "../time/ny_time.ts";

/**
 * What the audit trail says of a managed position.
 * @param qty Shares that the change is about; `null` where it is about none.
 */
export function buildPositionEvent(
  position: ManagedPosition,
  change: string,
  qty: number | null,
): PositionEvent {
  return {
    type: "position",
    symbol: position.symbol,
    position_id: position.positionId,
    change,
    qty,
    opened_at: formatUtc(position.openedAtMs),
    adopted_qty: position.adoptedQty,
    cost_basis_usd: readCost(position, change),
    stop_usd: position.stopUsd,
  };
}

/** What the engine's shares cost: those beside them are the operator's. */
function readCost(position: ManagedPosition, change: string): number | null {
  const eachUsd = readCostEach(position);
  const qty = change === "adopted" ? position.adoptedQty : position.qty;
  return eachUsd === null || qty === null ? null : eachUsd * qty;
}
