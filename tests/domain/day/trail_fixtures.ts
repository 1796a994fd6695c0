import type { RecordedEvent } from "../../../src/domain/day/events.ts";
import { nyToMs } from "../../../src/domain/time/ny_time.ts";

/** The day that the trails of these tests are of. */
export const DATE_NY = "2026-11-23";

/** The first trading day after it. */
export const NEXT_NY = "2026-11-24";

/** A line of a trail, at a New York time. */
export function at(
  timeNy: string,
  type: string,
  fields: Record<string, unknown> = {},
  dateNy = DATE_NY,
): RecordedEvent {
  return { at: new Date(nyToMs(dateNy, timeNy)).toISOString(), type, ...fields };
}

/** A fill of NVDA's. `reason` `entry` is a buy, any other a sale. */
export function fill(
  timeNy: string,
  reason: string,
  qty: number,
  usd: number | null,
  change: Record<string, unknown> = {},
  dateNy = DATE_NY,
): RecordedEvent {
  return at(timeNy, "fill", {
    symbol: "NVDA",
    side: reason === "entry" ? "buy" : "sell",
    order_id: `${reason}-${timeNy}`,
    client_order_id: `avwap-1-${reason}`,
    reason,
    filled_qty: qty,
    qty,
    filled_avg_price_usd: usd,
    filled_at: new Date(nyToMs(dateNy, timeNy)).toISOString(),
    ...change,
  }, dateNy);
}

/** A look at the account that shows NVDA, all of it the engine's unless `change` says otherwise. */
export function look(
  timeNy: string,
  qty: number,
  priceUsd: number,
  change: Record<string, unknown> = {},
  dateNy = DATE_NY,
): RecordedEvent {
  const row = {
    symbol: "NVDA",
    qty,
    price_usd: priceUsd,
    last_close_usd: 100,
    is_managed: true,
    managed_qty: qty,
  };
  const positions = qty === 0 ? [] : [{ ...row, ...change }];
  return at(timeNy, "equity", { equity_usd: 100_000, positions }, dateNy);
}

/** A price of NVDA as the exit rules saw it. */
export function price(timeNy: string, usd: number, dateNy = DATE_NY): RecordedEvent {
  return at(timeNy, "price", { symbol: "NVDA", price_usd: usd, stop_usd: 95 }, dateNy);
}
