import type { CapUse, DayView } from "../../domain/day/day_view.ts";
import type { OrderRow } from "../../domain/day/day_orders.ts";
import type { Span } from "../../domain/day/day_spans.ts";
import { formatUtc } from "../../domain/time/ny_time.ts";

/**
 * What the page of one day shows beyond trades and refusals, for `report --json` (interface, Commands): orders with their
 * fills, stops, caps used, gate changes, equity, what is left, messages and errors. Times ISO 8601 UTC, money in USD.
 */
export function buildDayJson(view: DayView) {
  const { orders, spans } = view;
  return {
    endpoint: view.endpoint,
    host: view.host,
    version: view.version,
    open_at: formatUtc(view.openMs),
    close_at: formatUtc(view.closeMs),
    is_live: view.isLive,
    orders: [
      ...orders.buys.map((row) => buildOrder(row, "entry")),
      ...orders.otherBuys.map((row) => buildOrder(row, "other buy")),
      ...orders.sells.map((row) => buildOrder(row, "exit")),
      ...orders.simulated.map((row) => buildOrder(row, "simulated")),
    ],
    stops: orders.stops.map((row) => ({
      symbol: row.symbol,
      count: row.count,
      first_at: formatUtc(row.firstMs),
      first_usd: row.firstUsd,
      last_at: formatUtc(row.lastMs),
      last_usd: row.lastUsd,
    })),
    caps: buildCaps(view.caps),
    gate: spans.gate.map(({ mode, reason, ...span }) => ({ ...buildSpan(span), mode, reason })),
    kill_switch: spans.killSwitch.map(buildSpan),
    equity: view.equity.map(({ atMs, usd }) => ({ at: formatUtc(atMs), usd })),
    positions: view.symbols.map(({ symbol, leftQty }) => ({ symbol, left_qty: leftQty })),
    alerts: view.alerts.map(({ atMs, level, title, text, isLost }) => ({
      at: formatUtc(atMs),
      level,
      title,
      text,
      is_lost: isLost,
    })),
    errors: view.errors.map(({ message, count, firstMs, lastMs }) => ({
      message,
      count,
      first_at: formatUtc(firstMs),
      last_at: formatUtc(lastMs),
    })),
  };
}

function buildOrder(row: OrderRow, kind: "entry" | "other buy" | "exit" | "simulated") {
  return {
    kind,
    symbol: row.symbol,
    side: row.side,
    what: row.what,
    client_order_id: row.clientOrderId,
    qty: row.qty,
    notional_usd: row.notionalUsd,
    stop_usd: row.stopUsd,
    status: row.status,
    placed_at: row.placedMs === null ? null : formatUtc(row.placedMs),
    filled_at: row.filledMs === null ? null : formatUtc(row.filledMs),
    filled_qty: row.filledQty,
    price_usd: row.priceUsd,
    detail: row.detail,
  };
}

function buildCaps({ orders, positions, grossUsd, symbolUsd }: CapUse) {
  return {
    orders_per_day: orders,
    positions,
    gross_notional_usd: grossUsd,
    notional_per_symbol_usd: symbolUsd,
  };
}

function buildSpan({ fromMs, toMs }: Span) {
  return { from: formatUtc(fromMs), to: formatUtc(toMs) };
}
