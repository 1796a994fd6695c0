import type { BrokerOrder } from "./orders.ts";
import type { SellStanding } from "./protection.ts";

/** What a sell is, for people. */
export function describeSell(
  { type, qty, stopPriceUsd, limitPriceUsd, orderId, status }: BrokerOrder,
): string {
  return `sell ${type} qty=${qty ?? "?"} at ${stopPriceUsd ?? limitPriceUsd ?? "market"}, ` +
    `order ${orderId}, is ${status}`;
}

/** What a sell that can't be judged, or protects nothing, means for its position. */
export function explainSell(
  position: { readonly symbol: string; readonly stopUsd: number } | undefined,
  { standing, isLeft }: { readonly standing: SellStanding; readonly isLeft: boolean },
): string {
  switch (standing) {
    case "bound":
      return "its shares may be sold already; nothing is done in the symbol before the broker says that it ended";
    case "unknown":
      return "this release does not know that status: it counts as no protection and is not cancelled; look at it in " +
        "the broker's dashboard, and cancel it there if it does not trade: the engine then places its own stop";
    default:
      return `it protects nothing at the engine's stop ${position?.stopUsd ?? "?"}` +
        (isLeft
          ? ", was cancelled twice and put back: it is left; cancel it in " +
            `the broker's dashboard, or have the position to yourself: avwap-execution release ${
              position?.symbol ?? ""
            }`
          : ": a stop takes its place, at most once a minute");
  }
}
