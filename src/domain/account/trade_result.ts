import { roundToIncrement } from "../order/price_increment.ts";
import { type SharesMoved, sumSide, toUsd, toValueMicros } from "../order/usd_flow.ts";

/** A trade: one position of this engine from its first share to its last. Shares, USD. */
export interface TradeFacts {
  /** Shares it was adopted with; 0 where this engine bought it. */
  readonly adoptedQty: number;
  /** What those cost; `null` where that is not known, of no meaning where there are none. */
  readonly adoptedCostUsd: number | null;
  /**
   * The structural stop that it was entered or adopted with, USD per share; never one that was raised since. As it was
   * decided or as it was sent: the risk is counted to the price that the broker takes (`findSentStop()`).
   */
  readonly initialStopUsd: number | null;
  /** Each order once, with all that it filled, whoever sent it. */
  readonly fills: readonly SharesMoved[];
}

/** What a trade made against its entry. `null`: not known, which is never 0. */
export interface TradeResult {
  readonly boughtQty: number;
  readonly soldQty: number;
  readonly leftQty: number;
  /** Average per share, adopted shares among them. */
  readonly entryPriceUsd: number | null;
  /** Average per share of what was sold; `null` also where nothing was. */
  readonly exitPriceUsd: number | null;
  /** What the entry risked: all bought shares from the average entry to the initial stop; `null` where that is not above 0. */
  readonly riskUsd: number | null;
  /** Proceeds of what was sold less its part of the cost; 0 where nothing was sold. */
  readonly realisedUsd: number | null;
  /** What is left at `lastPriceUsd` less its part of the cost; 0 where nothing is left. */
  readonly openUsd: number | null;
  /** Realised and open together: of a trade that is over, what it made. */
  readonly resultUsd: number | null;
  /** `resultUsd` in multiples of `riskUsd`. */
  readonly resultR: number | null;
}

/**
 * The *trade result*: what a trade made against its entry, without fees (interface, Slack). The only function that says
 * so: status, messages, summary, report and CSV ask it. The result of one sale is `realisedUsd` of the trade with that
 * sale as its only one.
 * @param lastPriceUsd Of the shares that are left, USD per share; `null` where it is not known or none is left.
 */
export function buildTradeResult(facts: TradeFacts, lastPriceUsd: number | null): TradeResult {
  const buys = sumSide(facts.fills, "buy");
  const sells = sumSide(facts.fills, "sell");
  const adoptedMicros = facts.adoptedQty === 0 ? 0 : readMicros(facts.adoptedCostUsd);
  const boughtQty = facts.adoptedQty + buys.qty;
  const costMicros = adoptedMicros === null || buys.usdMicros === null || boughtQty <= 0
    ? null
    : adoptedMicros + buys.usdMicros;
  const leftQty = Math.max(0, boughtQty - sells.qty);
  // More sold than bought: whose shares they were, and what they cost, nobody can say.
  const isExplained = sells.qty <= boughtQty;
  const soldCostMicros = costMicros === null || !isExplained
    ? null
    : leftQty === 0
    ? costMicros
    : Math.round(costMicros * sells.qty / boughtQty);
  const realisedMicros = sells.qty === 0 ? 0 : subtract(sells.usdMicros, soldCostMicros);
  const openMicros = leftQty === 0 ? 0 : subtract(
    lastPriceUsd === null ? null : toValueMicros(leftQty, lastPriceUsd),
    subtract(costMicros, soldCostMicros),
  );
  const resultMicros = realisedMicros === null || openMicros === null
    ? null
    : realisedMicros + openMicros;
  const riskMicros = readRisk(costMicros, boughtQty, facts.initialStopUsd);
  return {
    boughtQty,
    soldQty: sells.qty,
    leftQty,
    entryPriceUsd: costMicros === null ? null : toUsd(costMicros) / boughtQty,
    exitPriceUsd: sells.qty === 0 || sells.usdMicros === null
      ? null
      : toUsd(sells.usdMicros) / sells.qty,
    riskUsd: riskMicros === null ? null : toUsd(riskMicros),
    realisedUsd: realisedMicros === null ? null : toUsd(realisedMicros),
    openUsd: openMicros === null ? null : toUsd(openMicros),
    resultUsd: resultMicros === null ? null : toUsd(resultMicros),
    resultR: resultMicros === null || riskMicros === null ? null : resultMicros / riskMicros,
  };
}

function readMicros(usd: number | null): number | null {
  return usd === null ? null : toValueMicros(1, usd);
}

function subtract(from: number | null, what: number | null): number | null {
  return from === null || what === null ? null : from - what;
}

function readRisk(
  costMicros: number | null,
  boughtQty: number,
  initialStopUsd: number | null,
): number | null {
  const stopUsd = findSentStop(initialStopUsd);
  if (costMicros === null || stopUsd === null) return null;
  const riskMicros = costMicros - toValueMicros(boughtQty, stopUsd);
  return riskMicros > 0 ? riskMicros : null;
}

/**
 * The initial stop as it rests at the broker, in the increments of its price (pipeline 4): some records have the one that was
 * decided, others the one that was sent. USD per share; `null` where it is not known or no price.
 */
export function findSentStop(initialStopUsd: number | null): number | null {
  const isPrice = initialStopUsd !== null && initialStopUsd > 0 && Number.isFinite(initialStopUsd);
  return isPrice ? roundToIncrement(initialStopUsd) : null;
}

/** A multiple of the risk for people: `+1.3 R`, `-1.0 R`, `0.0 R`; halves away from 0, as with money. */
export function formatR(resultR: number): string {
  const tenths = Math.round(Math.abs(resultR) * 10);
  if (tenths === 0) return "0.0 R";
  return `${resultR > 0 ? "+" : "-"}${(tenths / 10).toFixed(1)} R`;
}
