import { formatPriceUsd } from "../../domain/order/money.ts";
import { formatFillReason } from "../../domain/order/fill_reason.ts";
import { findHeldMs, type Trade } from "../../domain/day/trades.ts";
import { readNyTime } from "../../domain/time/ny_time.ts";
import { type Markup, markup } from "./markup.ts";
import { buildTable } from "./table.ts";
import { formatDuration, formatMoney, formatRisk, UNKNOWN } from "./words.ts";

/**
 * Trades with their result against the entry, slippage, best and worst price and time held.
 * @param dateNy The day whose report it is; moments of other days name theirs. `null`: all do.
 */
export function buildTradeTable(
  caption: string,
  trades: readonly Trade[],
  { nowMs, dateNy }: { readonly nowMs: number; readonly dateNy: string | null },
): Markup {
  const moment = (ms: number | null) => ms === null ? UNKNOWN : formatMoment(ms, dateNy);
  return buildTable<Trade>(caption, trades, [
    { head: "Symbol", cell: (trade) => trade.symbol },
    {
      head: "Opened",
      cell: (trade) => `${moment(trade.openedAtMs)}${trade.isAdopted ? ", adopted" : ""}`,
    },
    {
      head: "Ended",
      cell: (trade) =>
        trade.closedAtMs === null ? "open" : `${moment(trade.closedAtMs)}, ${describeEnd(trade)}`,
    },
    { head: "Held", cell: (trade) => formatDuration(findHeldMs(trade, nowMs)) },
    {
      head: "Shares",
      isNumber: true,
      cell: (trade) => `${trade.result.boughtQty || trade.result.soldQty}`,
    },
    { head: "Entry", isNumber: true, cell: (trade) => formatPrice(trade.result.entryPriceUsd) },
    { head: "Exit", isNumber: true, cell: formatExit },
    { head: "Result", isNumber: true, cell: (trade) => formatMoney(trade.result.resultUsd) },
    { head: "R", isNumber: true, cell: (trade) => formatRisk(trade.result.resultR) },
    { head: "Best, worst", isNumber: true, cell: formatExcursion },
    { head: "Slippage", isNumber: true, cell: formatSlippage },
  ]);
}

/** What the columns mean, in a sentence each. */
export function buildTradeNote(): Markup {
  return markup`<p class="note below">Result in USD against the entry; R: in multiples of what the entry risked down to its
    first stop. Best and worst price that the engine saw while it held, in R. Slippage in USD against the price that the
    order was decided at, entry and exits; above 0 is lost.</p>`;
}

function formatMoment(ms: number, dateNy: string | null): string {
  const { dateNy: day, timeNy } = readNyTime(ms);
  return day === dateNy ? timeNy.slice(0, 5) : `${day.slice(5)} ${timeNy.slice(0, 5)}`;
}

function describeEnd({ result, fills, leftWhy }: Trade): string {
  if (leftWhy === "released") return `released with ${result.leftQty}`;
  if (leftWhy === "gone") return `gone, sale of ${result.leftQty} in no record`;
  const reason = fills.at(-1)?.reason ?? "other";
  return reason === "other" ? "by hand" : formatFillReason(reason);
}

function formatPrice(priceUsd: number | null): string {
  return priceUsd === null ? UNKNOWN : formatPriceUsd(priceUsd);
}

/** The average of what was sold; of what is left the price that it is marked at. */
function formatExit({ result, lastPriceUsd }: Trade): string {
  const sold = result.soldQty > 0 ? formatPrice(result.exitPriceUsd) : "";
  if (result.leftQty === 0) return sold;
  const left = `${result.leftQty} left at ${formatPrice(lastPriceUsd)}`;
  return sold === "" ? left : `${sold}; ${left}`;
}

function formatExcursion({ excursion }: Trade): Markup | string {
  const { bestUsd, worstUsd, bestR, worstR } = excursion;
  if (bestUsd === null || worstUsd === null) return UNKNOWN;
  if (bestR === null || worstR === null) {
    return `${formatPriceUsd(bestUsd)}, ${formatPriceUsd(worstUsd)}`;
  }
  return markup`<span>${formatRisk(bestR)}, ${formatRisk(worstR)}</span>`;
}

function formatSlippage({ slippage: { entryUsd, exitUsd } }: Trade): string {
  const parts = [entryUsd, exitUsd].map((usd) => usd === null ? "–" : formatLoss(usd));
  return parts.join(", ");
}

function formatLoss(usd: number): string {
  return Math.abs(usd) < 0.005 ? "0.00" : usd.toFixed(2);
}
