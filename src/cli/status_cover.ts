import { formatPriceUsd } from "../domain/order/money.ts";
import { type BrokerOrder, type BrokerPosition, remainingQty } from "../domain/order/orders.ts";
import { roundToIncrement } from "../domain/order/price_increment.ts";
import {
  countCovered,
  countGtcCovered,
  countSelling,
  isStopOrder,
  listSellGroups,
  type SellStanding,
} from "../domain/order/protection.ts";

/** What stands at the broker for a managed position. Prices in USD per share. */
export interface CoverStatus {
  readonly qty: number;
  /** Shares that working sells protect or are about to sell, of these those that outlive the day, and those being sold. */
  readonly covered_qty: number;
  readonly gtc_covered_qty: number;
  readonly selling_qty: number;
  /** Those that work, now or from the next session on; what has another status protects nothing, and is none. */
  readonly stops: readonly {
    readonly qty: number;
    readonly stop_usd: number | null;
    readonly time_in_force: string;
  }[];
}

const STOPS: ReadonlySet<SellStanding> = new Set(["works", "sleeps"]);

/** Builds what `status --broker` shows of a position. */
export function buildCover(
  { symbol, stopUsd }: { readonly symbol: string; readonly stopUsd: number },
  broker: {
    readonly positions: readonly BrokerPosition[];
    readonly openOrders: readonly BrokerOrder[];
  },
): CoverStatus {
  const leastUsd = roundToIncrement(stopUsd);
  const groups = listSellGroups(broker.openOrders, symbol);
  return {
    qty: broker.positions.find((each) => each.symbol === symbol)?.qty ?? 0,
    covered_qty: countCovered(groups, leastUsd),
    gtc_covered_qty: countGtcCovered(groups, leastUsd),
    selling_qty: countSelling(groups),
    stops: groups.filter(({ standing }) => STOPS.has(standing)).flatMap((group) => group.orders)
      .filter(isStopOrder).map((order) => ({
        qty: remainingQty(order),
        stop_usd: order.stopPriceUsd,
        time_in_force: order.timeInForce,
      })),
  };
}

/** The same in a column's words. */
export function formatCover(cover: CoverStatus): string {
  const { qty, covered_qty, gtc_covered_qty, selling_qty, stops } = cover;
  if (qty === 0) return "no shares";
  const stoppedQty = covered_qty - selling_qty;
  const parts = [
    `${qty}`,
    ...(selling_qty > 0 ? [`selling ${selling_qty}`] : []),
    ...(stoppedQty > 0 ? [`stop ${formatStops(stops)} for ${stoppedQty}`] : []),
    ...(covered_qty === 0 && gtc_covered_qty > 0
      ? [`stop ${formatStops(stops)}, next session`]
      : []),
  ];
  return parts.length > 1 ? parts.join(", ") : `${qty}, NO STOP`;
}

function formatStops(stops: CoverStatus["stops"]): string {
  const prices = stops.map(({ stop_usd }) => stop_usd === null ? "?" : formatPriceUsd(stop_usd));
  const kinds = stops.map(({ time_in_force }) => time_in_force === "gtc" ? "gtc" : "DAY");
  return `${prices.join("/")} ${[...new Set(kinds)].join("/")}`;
}
