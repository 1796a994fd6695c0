import type { ClosedTradeFact } from "./alert_summary.ts";
import { buildTradeResult } from "./day/trade_result.ts";
import { dateNyOf } from "./ny_time.ts";
import type { BrokerOrder } from "./orders.ts";

/** A position whose trade may have ended: one that is managed, or was until today. */
export interface TradeSubject {
  readonly symbol: string;
  /** Shares it was adopted with; 0 where this engine bought it. */
  readonly adoptedQty: number;
  /** What those cost in USD; `null` where that is not known. */
  readonly adoptedCostUsd: number | null;
  /** The stop that it was entered or adopted with, USD per share; `null` where the day's trail does not say. */
  readonly initialStopUsd: number | null;
  readonly openedAtMs: number;
}

/** Orders of a position were submitted after this before its own time: the two clocks differ a little. */
const OPENED_SLACK_MS = 5_000;

/** When the order filled, or last changed where it is filled in part. Unix ms. */
export function findFilledAtMs(
  order: Pick<BrokerOrder, "filledAtMs" | "updatedAtMs">,
): number {
  return order.filledAtMs ?? order.updatedAtMs;
}

/**
 * The trades that ended on a day: positions whose shares were all sold again, the last of them then. The result is
 * `buildTradeResult`'s, by the broker's average prices.
 * @param orders All orders of the subjects' symbols since they were opened, flat, each once.
 */
export function listClosedTrades(
  subjects: readonly TradeSubject[],
  orders: readonly BrokerOrder[],
  dateNy: string,
): ClosedTradeFact[] {
  return subjects.flatMap((subject) => {
    const mine = orders.filter((order) =>
      order.symbol === subject.symbol && order.filledQty > 0 &&
      findFilledAtMs(order) >= subject.openedAtMs - OPENED_SLACK_MS
    );
    const lastSoldMs = Math.max(
      -Infinity,
      ...mine.filter((order) => order.side === "sell").map(findFilledAtMs),
    );
    if (lastSoldMs === -Infinity || dateNyOf(lastSoldMs) !== dateNy) return [];
    const trade = readTrade(subject, mine);
    return trade === null ? [] : [trade];
  });
}

/**
 * Buys against sells. Whether a replaced order's fills are counted again in the order that replaces it is not documented,
 * so both readings are tried, and the one in which everything was sold holds.
 * @returns `null` where in neither of them all shares were sold.
 */
function readTrade(subject: TradeSubject, orders: readonly BrokerOrder[]): ClosedTradeFact | null {
  const replaced = new Set(orders.flatMap((order) => order.replaces ?? []));
  for (const isCarried of [true, false]) {
    const fills = orders
      .filter((order) => !(isCarried && replaced.has(order.orderId)))
      .map(({ side, filledQty, filledAvgPriceUsd }) => ({
        side,
        qty: filledQty,
        priceUsd: filledAvgPriceUsd,
      }));
    const result = buildTradeResult({ ...subject, fills }, null);
    const { boughtQty, soldQty, resultUsd, resultR } = result;
    if (boughtQty <= 0 || soldQty !== boughtQty) continue;
    return { symbol: subject.symbol, qty: boughtQty, resultUsd, resultR };
  }
  return null;
}
