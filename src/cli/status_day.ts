import { EMPTY_BOOK, learnOrders } from "../domain/account/order_book.ts";
import type { DayResult } from "../domain/account/day_result.ts";
import type { DayTrail } from "../domain/day/day_trail.ts";
import { buildFillEvent } from "../domain/day/fill_event.ts";
import { readDayResult } from "../domain/day/period.ts";
import type { EngineState } from "../domain/account/engine_state.ts";
import type { RecordedEvent } from "../domain/day/events.ts";
import { formatUtc } from "../domain/time/ny_time.ts";
import { type BrokerOrder, type BrokerPosition, flattenOrders } from "../domain/order/orders.ts";

/** What the broker showed of the day. */
export interface BrokerDay {
  readonly nowMs: number;
  readonly positions: readonly BrokerPosition[];
  /** The day's, nested. */
  readonly orders: readonly BrokerOrder[];
}

/** What `status` has of the day. */
export interface DayFacts {
  readonly todayNy: string;
  /** As the audit trail has it; empty where there is no record of today. */
  readonly events: readonly RecordedEvent[];
  readonly earlier: readonly DayTrail[];
  readonly state: EngineState;
  /** `null` where the broker was not asked. */
  readonly broker: BrokerDay | null;
}

/**
 * The day result now: the trail's, with what the broker shows beyond it as the engine's next look would record it.
 */
export function readTodayResult(facts: DayFacts): DayResult {
  const { todayNy, events, earlier, broker, state } = facts;
  const seen = broker === null ? [] : listSeen(broker, state);
  return readDayResult([...events, ...seen], todayNy, earlier);
}

function listSeen({ nowMs, positions, orders }: BrokerDay, state: EngineState): RecordedEvent[] {
  const at = formatUtc(nowMs);
  const managed = new Map(state.positions.map((position) => [position.symbol, position]));
  const book = learnOrders(EMPTY_BOOK, orders, nowMs);
  const fills = flattenOrders(orders).flatMap((order) =>
    buildFillEvent(book, order, managed.has(order.symbol)) ?? []
  );
  const rows = positions.map(({ symbol, qty, currentPriceUsd, lastCloseUsd }) => {
    const position = managed.get(symbol);
    return {
      symbol,
      qty,
      price_usd: currentPriceUsd,
      last_close_usd: lastCloseUsd ?? null,
      is_managed: position !== undefined,
      managed_qty: position === undefined ? 0 : Math.max(0, qty - position.besideQty),
      is_explained: position === undefined || position.unexplainedQty === null,
    };
  });
  return [
    ...fills.map((fill) => ({ ...fill, at })),
    { at, type: "equity", equity_usd: null, positions: rows },
  ];
}
