import type { OrderRecordedEvent, OrderUpdateEvent } from "../domain/day/events.ts";
import type { LedgerEntry } from "../domain/order/ledger.ts";
import type { Engine } from "./engine.ts";

/** Entries of the day as the records have them; none where they are lost. */
export function listEntries({ state }: Engine): readonly LedgerEntry[] {
  return state.ledger?.entries ?? [];
}

/** What the audit trail says of an order to come, once its record is durable. */
export function buildOrderRecorded(entry: LedgerEntry): OrderRecordedEvent {
  return {
    type: "order_recorded",
    symbol: entry.symbol,
    client_order_id: entry.clientOrderId,
    side: entry.side,
    qty: entry.qty,
    notional_usd: entry.notionalUsd,
    reason: entry.reason,
    stop_usd: entry.stopUsd,
    pivot_usd: entry.pivotUsd,
    r1_usd: entry.r1Usd,
    r2_usd: entry.r2Usd,
  };
}

/** What the audit trail says of a ledger entry as it is now. */
export function buildOrderUpdate(entry: LedgerEntry): OrderUpdateEvent {
  return {
    type: "order_update",
    symbol: entry.symbol,
    client_order_id: entry.clientOrderId,
    order_id: entry.orderId,
    side: entry.side,
    qty: entry.qty,
    reason: entry.reason,
    detail: entry.detail,
    status: entry.status,
    order_status: entry.broker?.status ?? null,
    filled_qty: entry.broker?.filledQty ?? 0,
    filled_avg_price_usd: entry.broker?.filledAvgPriceUsd ?? null,
  };
}
