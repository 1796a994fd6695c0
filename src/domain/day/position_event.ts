import type { ManagedPosition } from "../engine_state.ts";
import type { PositionEvent } from "../events.ts";
import { formatUtc } from "../ny_time.ts";

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
    cost_basis_usd: position.costBasisUsd,
    stop_usd: position.stopUsd,
  };
}
