import {
  type AlertMessage,
  formatPosition,
  formatSignedUsd,
  type PositionFact,
  unprotectedQty,
} from "./alert_facts.ts";
import { formatCounted } from "../counted.ts";
import {
  buildTradeResult,
  formatR,
  type TradeFacts,
  type TradeResult,
} from "../account/trade_result.ts";
import type { TradeTitle } from "./alert_titles.ts";
import { type FillReason, formatSale } from "../order/fill_reason.ts";
import { formatHeldTime } from "../time/held_time.ts";
import { formatCents, formatPriceUsd } from "../order/money.ts";
import { formatNy } from "../time/ny_time.ts";

/** An order of ours that filled, at its end or while it still works. Prices USD per share, times Unix ms. */
export interface FilledOrder {
  readonly symbol: string;
  readonly reason: FillReason;
  readonly qty: number;
  /** Shares that it was for; `null` where the broker does not say. */
  readonly askedQty: number | null;
  readonly priceUsd: number | null;
  readonly filledAtMs: number;
  readonly isWorking: boolean;
}

/** One fill with its trade, and how its position stands now. */
export interface TradeMessageFacts {
  readonly order: FilledOrder;
  /** The trade up to this order, and with it; without later sales. */
  readonly trade: TradeFacts;
  /** `null` where it is not known. */
  readonly openedAtMs: number | null;
  /** The managed position as it stands now; `null` where it has ended. */
  readonly position: PositionFact | null;
  /** Where the first half is sold, and the rest's target; `null` where not known. */
  readonly r1Usd: number | null;
  readonly targetUsd: number | null;
}

/**
 * Builds the TRADE message of an order of ours that filled (interface, Slack): its title is the sentence that a person wants
 * to know first, its text what he would ask next.
 */
export function buildTradeMessage(facts: TradeMessageFacts): AlertMessage {
  const result = buildTradeResult(facts.trade, null);
  const isEntry = facts.order.reason === "entry";
  return {
    level: "TRADE",
    title: isEntry ? formatBought(facts, result) : formatSold(facts, result),
    text: (isEntry ? listBoughtLines(facts) : listSoldLines(facts, result)).join("\n"),
  };
}

function formatBought(facts: TradeMessageFacts, { riskUsd }: TradeResult): TradeTitle {
  const { order, position, targetUsd, trade } = facts;
  const { symbol, qty, askedQty } = order;
  const count = askedQty === null || askedQty === qty ? `${qty}` : `${qty} of ${askedQty}`;
  const terms = [
    formatPlannedStop(trade.initialStopUsd, position),
    targetUsd === null ? "target unknown" : `target ${formatPriceUsd(targetUsd)}`,
    riskUsd === null ? "risk unknown" : `risk ${formatRisk(riskUsd)} USD`,
  ].join(", ");
  return `${symbol} bought ${count} at ${formatPrice(order.priceUsd)}, ${terms}`;
}

/** The stop that the risk is counted to, however late it is told; what rests now where that leaves shares bare. */
function formatPlannedStop(plannedUsd: number | null, position: PositionFact | null): string {
  const isCovered = position === null ||
    (position.stops !== null && position.stops.length > 0 && unprotectedQty(position) === 0);
  if (!isCovered || (plannedUsd === null && position !== null)) return formatStop(position);
  return plannedUsd === null ? "stop unknown" : `stop ${formatPriceUsd(plannedUsd)}`;
}

/** Small sums in cents: `risk 0 USD` would be wrong. */
function formatRisk(riskUsd: number): string {
  return riskUsd < 10 ? formatCents(riskUsd) : riskUsd.toFixed(0);
}

function formatSold(facts: TradeMessageFacts, result: TradeResult): TradeTitle {
  const { order, position } = facts;
  const why = formatSale(order.reason);
  const price = formatPrice(order.priceUsd);
  const sold = `${price}, ${formatResult(readSaleUsd(facts))}`;
  const sale: TradeTitle = `${order.symbol} ${why}: sold ${order.qty} at ${sold}`;
  if (result.leftQty > 0) {
    const stop = position === null ? "no longer managed" : formatStop(position);
    return `${sale}; ${result.leftQty} left, ${stop}`;
  }
  const multiple = result.resultR === null ? "" : ` (${formatR(result.resultR)})`;
  const isOnlySale = result.soldQty === order.qty;
  return isOnlySale
    ? `${sale}${multiple}`
    : `${sale}; whole trade ${formatResult(result.resultUsd)}${multiple}`;
}

/** The sale's own result: the trade's with this sale as its only one. */
function readSaleUsd({ order, trade }: TradeMessageFacts): number | null {
  const sale = { side: "sell" as const, qty: order.qty, priceUsd: order.priceUsd };
  const fills = [...trade.fills.filter(({ side }) => side === "buy"), sale];
  return buildTradeResult({ ...trade, fills }, null).realisedUsd;
}

function formatResult(resultUsd: number | null): string {
  return resultUsd === null ? "result unknown" : formatSignedUsd(resultUsd);
}

function formatPrice(priceUsd: number | null): string {
  return priceUsd === null ? "an unknown price" : formatPriceUsd(priceUsd);
}

/** The stops that rest now, by price, and what they leave bare. */
function formatStop(position: PositionFact): string {
  const { sellingQty, stops } = position;
  if (stops === null) return "stop unknown";
  if (stops.length === 0) return sellingQty > 0 ? `${sellingQty} being sold` : "NO STOP";
  const prices = [...new Set(stops.map(({ stopUsd }) => formatPriceUsd(stopUsd)))];
  const bareQty = unprotectedQty(position);
  return `stop ${prices.join(" and ")}${bareQty > 0 ? `, ${bareQty} WITHOUT STOP` : ""}`;
}

function listBoughtLines(facts: TradeMessageFacts): string[] {
  const { order, r1Usd } = facts;
  const costUsd = order.priceUsd === null ? null : order.qty * order.priceUsd;
  const details = [
    ...(costUsd === null ? [] : [`${formatCents(costUsd)} USD`]),
    ...(r1Usd === null ? [] : [`R1 ${formatPriceUsd(r1Usd)}`]),
  ];
  return [
    formatNow(facts),
    ...formatRest(order),
    ...(details.length === 0 ? [] : [details.join(", ")]),
    `Filled ${formatNy(order.filledAtMs)}`,
  ];
}

function listSoldLines(facts: TradeMessageFacts, result: TradeResult): string[] {
  const { order, openedAtMs } = facts;
  const { entryPriceUsd, exitPriceUsd, leftQty, resultUsd, realisedUsd, resultR } = result;
  const entry = `bought ${result.boughtQty} at ${formatPrice(entryPriceUsd)}`;
  const held = openedAtMs === null ? "" : `, held ${formatHeldTime(order.filledAtMs - openedAtMs)}`;
  const multiple = resultR === null ? "" : ` (${formatR(resultR)})`;
  const target = facts.targetUsd === null ? "" : `, target ${formatPriceUsd(facts.targetUsd)}`;
  return [
    formatNow(facts),
    ...formatRest(order),
    leftQty > 0
      ? `Trade so far: ${entry}, realised ${formatResult(realisedUsd)}${held}${target}`
      : `Trade: ${entry}, sold at ${formatPrice(exitPriceUsd)}: ` +
        `${formatResult(resultUsd)}${multiple}${held}`,
    `Filled ${formatNy(order.filledAtMs)}`,
  ];
}

function formatNow({ order, position }: TradeMessageFacts): string {
  return position === null ? `${order.symbol}: position closed` : formatPosition(position);
}

/** What became of the shares that an order was for and did not trade. */
function formatRest({ qty, askedQty, isWorking }: FilledOrder): string[] {
  if (askedQty === null || askedQty <= qty) return [];
  const rest = `${askedQty - qty} of its ${formatCounted(askedQty, "share")}`;
  return [isWorking ? `still at the broker: ${rest}` : `not traded: ${rest}`];
}
