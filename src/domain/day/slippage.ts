import { readNumber, readText, readTimeMs, type RecordedEvent } from "./events.ts";
import { isExitReason } from "../exit/exit_rules.ts";
import type { FillStep } from "./day_trail.ts";

/** What fills cost beyond the price that they were decided at, USD; above 0 is money lost. `null` where no price is known. */
export interface Slippage {
  readonly entryUsd: number | null;
  readonly exitUsd: number | null;
}

/**
 * Slippage against the decision's price (interface, `report`): of an entry the close of the bar that confirmed it, of an
 * exit the price that made its rule hold, of a resting stop its stop price. A sale that the engine did not decide (a
 * target's limit, a hand's) has none.
 */
export function sumSlippage(
  fills: readonly FillStep[],
  events: readonly RecordedEvent[],
): Slippage {
  const sum = (side: FillStep["side"]) => {
    let sumUsd: number | null = null;
    for (const fill of fills) {
      if (fill.side !== side || fill.priceUsd === null) continue;
      const decidedUsd = findDecisionPrice(fill, events);
      if (decidedUsd === null) continue;
      const lossUsd = side === "buy" ? fill.priceUsd - decidedUsd : decidedUsd - fill.priceUsd;
      sumUsd = (sumUsd ?? 0) + lossUsd * fill.qty;
    }
    return sumUsd;
  };
  return { entryUsd: sum("buy"), exitUsd: sum("sell") };
}

/** The price that a fill was decided at, USD per share; `null` where the engine decided none. */
export function findDecisionPrice(
  fill: FillStep,
  events: readonly RecordedEvent[],
): number | null {
  const ofOrder = (event: RecordedEvent) =>
    readText(event, "client_order_id") === fill.clientOrderId;
  switch (fill.reason) {
    case "entry":
      return find(
        events,
        "ref_price_usd",
        (event) => (event.type === "intent" || event.type === "verdict") && ofOrder(event),
      );
    case "stop":
      return find(
        events,
        "stop_usd",
        (event) => event.type === "order_recorded" && ofOrder(event),
      ) ??
        // A bracket's own leg has no record: it rests where the engine's stop is.
        find(
          events,
          "stop_usd",
          (event) =>
            event.type === "price" && event.symbol === fill.symbol && isBefore(event, fill),
        );
    default:
      return isExitReason(fill.reason)
        ? find(
          events,
          "price_usd",
          (event) =>
            event.type === "exit" && event.symbol === fill.symbol &&
            readText(event, "reason") === fill.reason && isBefore(event, fill),
        )
        : null;
  }
}

function isBefore(event: RecordedEvent, fill: FillStep): boolean {
  return (readTimeMs(event) ?? Infinity) <= fill.atMs;
}

function find(
  events: readonly RecordedEvent[],
  field: string,
  isWanted: (event: RecordedEvent) => boolean,
): number | null {
  const event = events.findLast((each) => isWanted(each) && readNumber(each, field) !== null);
  return event === undefined ? null : readNumber(event, field);
}
