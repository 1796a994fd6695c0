import { buildDayResult, type DayHolding, type DayResult } from "../domain/day/day_result.ts";
import type { EngineState } from "../domain/engine_state.ts";
import type { LiveLedger } from "../domain/ledger.ts";
import { dateNyOf } from "../domain/ny_time.ts";
import { type BrokerOrder, type BrokerPosition, flattenOrders } from "../domain/orders.ts";

/** What the broker showed of the day. */
export interface DayFacts {
  readonly todayNy: string;
  readonly positions: readonly BrokerPosition[];
  /** The day's, nested. */
  readonly orders: readonly BrokerOrder[];
}

/**
 * The day result of what is managed now, and of what was bought or sold for the engine today (interface, Slack: one function
 * says it). A symbol that was held over night and is gone has no previous close any more, and is unknown.
 */
export function readDayResult(
  facts: DayFacts,
  { state, ledger }: { readonly state: EngineState | null; readonly ledger: LiveLedger | null },
): DayResult | null {
  if (state === null || ledger === null) return null;
  const managed = new Map(state.positions.map((position) => [position.symbol, position]));
  const recorded = ledger.dateNy === facts.todayNy ? ledger.entries : [];
  const symbols = new Set([
    ...managed.keys(),
    ...recorded.filter(({ status }) => status === "accepted").map(({ symbol }) => symbol),
  ]);
  return buildDayResult([...symbols].map((symbol) => {
    const position = managed.get(symbol);
    const isUnknown = position !== undefined &&
      (position.qty === null || position.unexplainedQty !== null);
    return buildHolding(facts, symbol, isUnknown ? null : position?.qty ?? 0);
  }));
}

function buildHolding(
  { todayNy, positions, orders }: DayFacts,
  symbol: string,
  endQty: number | null,
): DayHolding {
  const held = positions.find((each) => each.symbol === symbol);
  const fills = flattenOrders(orders).filter((order) =>
    order.symbol === symbol && order.filledQty > 0 &&
    dateNyOf(order.filledAtMs ?? order.updatedAtMs) === todayNy
  ).map(({ side, filledQty, filledAvgPriceUsd }) => ({
    side,
    qty: filledQty,
    priceUsd: filledAvgPriceUsd,
  }));
  const movedQty = fills.reduce((sum, { side, qty }) => sum + (side === "buy" ? qty : -qty), 0);
  const startQty = endQty === null ? null : endQty - movedQty;
  return {
    symbol,
    startQty: startQty === null || startQty < 0 ? null : startQty,
    previousCloseUsd: held?.lastCloseUsd ?? null,
    fills,
    lastPriceUsd: held?.currentPriceUsd ?? null,
  };
}
