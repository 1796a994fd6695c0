import { readText, type RecordedEvent } from "./events.ts";
import type { LedgerEntry, LiveLedger } from "../order/ledger.ts";
import { isFlatten } from "../order/client_order_id.ts";
import { formatUtc } from "../time/ny_time.ts";

/**
 * What a day's ledger knows of orders that its trail lacks (a lost or damaged event file): their records and what they
 * filled, as events. A bracket's legs have no fills there.
 */
export function listLedgerEvents(
  ledger: LiveLedger,
  trail: readonly RecordedEvent[],
): RecordedEvent[] {
  const known = new Set(
    trail.filter((event) => event.type === "fill" || event.type === "order_recorded")
      .map((event) => `${event.type} ${readText(event, "client_order_id")}`),
  );
  return ledger.entries.flatMap((entry) => {
    const events = [buildRecorded(entry), ...buildFill(entry)];
    return events.filter((event) => !known.has(`${event.type} ${entry.clientOrderId}`));
  });
}

function buildRecorded(entry: LedgerEntry): RecordedEvent {
  return {
    at: entry.timestamp,
    type: "order_recorded",
    symbol: entry.symbol,
    client_order_id: entry.clientOrderId,
    side: entry.side,
    qty: entry.qty,
    notional_usd: entry.notionalUsd,
    reason: entry.side === "sell" ? entry.reason : null,
    stop_usd: entry.stopUsd,
    pivot_usd: entry.pivotUsd,
    r1_usd: entry.r1Usd,
    r2_usd: entry.r2Usd,
  };
}

function buildFill(entry: LedgerEntry): RecordedEvent[] {
  const { broker, clientOrderId, orderId, side, symbol } = entry;
  if (broker === null || broker.filledQty <= 0 || clientOrderId === null) return [];
  const at = formatUtc(broker.updatedAtMs);
  return [{
    at,
    type: "fill",
    symbol,
    side,
    order_id: orderId ?? clientOrderId,
    client_order_id: clientOrderId,
    reason: isFlatten(clientOrderId)
      ? "flatten"
      : side === "buy"
      ? "entry"
      : entry.reason ?? "other",
    filled_qty: broker.filledQty,
    qty: entry.qty,
    filled_avg_price_usd: broker.filledAvgPriceUsd,
    filled_at: at,
  }];
}
