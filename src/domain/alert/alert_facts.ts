import type { AlertTitle } from "./alert_titles.ts";
import type { Standing } from "../account/standing.ts";
import type { Caps } from "../gate/caps.ts";
import { formatCounted } from "../counted.ts";
import type { DayLoss } from "../account/day_loss.ts";
import { formatCents, formatPriceUsd } from "../order/money.ts";
import { formatNy } from "../time/ny_time.ts";
import type { StopFact } from "../order/protection.ts";

/** A message to the operator as plain text; the alert adapter adds the mode mark and escapes it (interface, Slack). */
export interface AlertMessage {
  readonly level: "INFO" | "TRADE" | "WARNING" | "ERROR";
  readonly title: AlertTitle;
  readonly text: string;
}

/** A position as it was seen last. Shares. */
export interface LastSeenFact {
  readonly heldQty: number;
  readonly coveredQty: number;
  /** Of those covered, by good-till-canceled stops. */
  readonly gtcQty: number;
}

/** How a position stood at the end of the last cycle that looked at it; `null` where none saw shares or their cover. */
export function buildLastSeen(standing: Standing): LastSeenFact | null {
  const { mostHeldQty, coveredQty, gtcQty, isCoverRead } = standing;
  const isUnseen = !isCoverRead && coveredQty === 0 && gtcQty === 0;
  if (isUnseen || mostHeldQty === 0) return null;
  return { heldQty: mostHeldQty, coveredQty, gtcQty };
}

/** A managed position and its protection at the broker. */
export interface PositionFact {
  readonly symbol: string;
  /** Shares, fills that positions need not show yet counted; `null` where the broker was not asked, or did not answer. */
  readonly qty: number | null;
  /** Of these, what sells at work are about to sell. */
  readonly sellingQty: number;
  /** `null` where the broker was not asked, or did not answer; empty where it shows none. */
  readonly stops: readonly StopFact[] | null;
  /** What was held and covered at the last look that saw it, an earlier process's too; `null` where none did. */
  readonly lastSeen: LastSeenFact | null;
  /** What is bare or due, since when and why, as the position's standing has it; `null` where nothing is. */
  readonly trouble: string | null;
}

/** The market as the broker's clock gave it. Times in Unix ms. */
export type MarketFact =
  | { readonly kind: "open"; readonly nextCloseMs: number }
  | { readonly kind: "closed"; readonly nextOpenMs: number }
  | { readonly kind: "unknown"; readonly reason: string };

/**
 * What keeps records from being made as they should be (pipeline 5, "A reserve of 4 MB"). `full`: no room but the reserve's
 * (a quota too). `failing`: the device takes nothing (read-only, input/output error).
 */
export interface DiskFault {
  readonly kind: "full" | "failing";
  /** The operation that met it, with path and cause. */
  readonly message: string;
}

/** The watchlist's freshness (pipeline 1). Times in Unix ms. */
export type WatchlistFact =
  | {
    readonly kind: "fresh";
    readonly modifiedAtMs: number;
    readonly candidates: number;
    readonly dropped: number;
    /** What is odd of it, in words. */
    readonly doubts: readonly string[];
  }
  /** `listOfNy`: the earlier day whose list it is, `null` where its time alone is old. */
  | { readonly kind: "stale"; readonly modifiedAtMs: number; readonly listOfNy: string | null }
  | { readonly kind: "missing" }
  | { readonly kind: "unreadable" | "refused"; readonly reason: string };

/** What the day's entries have used of the caps. */
export interface CapUseFact {
  readonly orders: number;
  readonly grossNotionalUsd: number;
  /** Distinct symbols that count toward the position cap; `null` where the broker could not be asked. */
  readonly openSymbols: number | null;
  /** `null` where a cap is not valid. */
  readonly caps: Caps | null;
}

/** A list in a message ends here and says how many it leaves out. */
export const LIST_LINES_MAX = 20;

/** A result in USD with its sign, two decimals (`+12.30`, `-4.00`, `0.00`). */
export function formatSignedUsd(usd: number): string {
  const cents = formatCents(usd);
  return Number(cents) > 0 ? `+${cents}` : cents;
}

/** One position with its protection, on one line. A missing or partial stop is said in capitals. */
export function formatPosition(position: PositionFact): string {
  const { trouble } = position;
  return `${formatProtection(position)}${trouble === null ? "" : `; ${trouble}`}`;
}

function formatProtection(position: PositionFact): string {
  const { qty, sellingQty, stops, lastSeen } = position;
  const head = formatHead(position);
  if (stops === null) return `${head}: protection can't be seen now${formatLastSeen(lastSeen)}`;
  const texts = [
    ...stops.map((stop) =>
      `stop ${formatPriceUsd(stop.stopUsd)} for ${stop.qty}, ${formatTimeInForce(stop.timeInForce)}`
    ),
    ...(sellingQty > 0 ? [`${sellingQty} being sold`] : []),
  ];
  if (texts.length === 0) return qty === 0 ? head : `${head}: NO STOP at the broker`;
  const missingQty = unprotectedQty(position);
  return `${head}: ${texts.join("; ")}${missingQty > 0 ? `; ${missingQty} WITHOUT STOP` : ""}`;
}

function formatHead({ symbol, qty, lastSeen }: PositionFact): string {
  if (qty !== null) return `${symbol} ${formatCounted(qty, "share")}`;
  const held = lastSeen === null
    ? "shares unknown"
    : `${formatCounted(lastSeen.heldQty, "share")} when last seen`;
  return `${symbol} (${held})`;
}

function formatLastSeen(lastSeen: LastSeenFact | null): string {
  if (lastSeen === null) return "";
  const { heldQty, coveredQty, gtcQty } = lastSeen;
  return `; when last seen ${Math.max(coveredQty, gtcQty)} of ${
    formatCounted(heldQty, "share")
  } had a stop, ` +
    `${gtcQty} of them good till canceled`;
}

/**
 * Shares that the stops at the broker do not cover, and no sell is about to sell.
 * @returns 0 where quantity or stops are not known: the line says that instead.
 */
export function unprotectedQty({ qty, sellingQty, stops }: PositionFact): number {
  if (qty === null || stops === null) return 0;
  return Math.max(0, qty - sellingQty - stops.reduce((sumQty, stop) => sumQty + stop.qty, 0));
}

/** The positions that need the operator first, then the rest, each group in the order given. */
export function sortPositions(positions: readonly PositionFact[]): PositionFact[] {
  const isUrgent = (position: PositionFact) =>
    position.trouble !== null || position.stops === null || position.stops.length === 0 ||
    unprotectedQty(position) > 0;
  return [...positions.filter(isUrgent), ...positions.filter((each) => !isUrgent(each))];
}

/** What heartbeat and summary say while the operator has paused entries; nothing else. */
export function formatPause(areEntriesPaused: boolean): string[] {
  return areEntriesPaused ? ["Entries PAUSED by the operator (ENTRIES_PAUSED)"] : [];
}

/** What heartbeat and summary say from when a day's loss has ended its entries on; nothing else. */
export function formatLossLimit(loss: DayLoss | null): string[] {
  if (loss === null) return [];
  const { resultUsd, limitUsd, reachedAtMs } = loss;
  return [
    `NO ENTRIES today: day result ${formatSignedUsd(resultUsd)} USD at ${formatNy(reachedAtMs)}, ` +
    `limit ${formatCents(limitUsd)} USD (MAX_LIVE_LOSS_PER_DAY)`,
  ];
}

/** Whether the market is open, and until when. */
export function formatMarket(market: MarketFact): string {
  if (market.kind === "open") return `open until ${formatNy(market.nextCloseMs)}`;
  if (market.kind === "closed") return `closed until ${formatNy(market.nextOpenMs)}`;
  return `unknown, counts as closed (${market.reason})`;
}

/** Whether the watchlist permits entries, and why not. */
export function formatWatchlist(watchlist: WatchlistFact): string {
  switch (watchlist.kind) {
    case "fresh":
      return `fresh, ${formatCounted(watchlist.candidates, "candidate")}, ${
        formatCounted(watchlist.dropped, "row")
      } dropped, ` +
        [`written ${formatNy(watchlist.modifiedAtMs)}`, ...watchlist.doubts].join("; ");
    case "stale":
      return watchlist.listOfNy === null
        ? `STALE, written ${formatNy(watchlist.modifiedAtMs)}: no entries`
        : `STALE, watchlist is the one of ${watchlist.listOfNy}: no entries`;
    case "missing":
      return "MISSING: no entries";
    default:
      return `${watchlist.kind.toUpperCase()} (${watchlist.reason}): no entries`;
  }
}

/**
 * Orders, notional and positions against their caps.
 * @param use `null` where the ledger can't be counted from.
 */
export function formatCapUse(use: CapUseFact | null): string {
  if (use === null) return "unknown, the ledger can't be counted from";
  const { caps } = use;
  const grossUsd = formatCents(use.grossNotionalUsd);
  const openSymbols = use.openSymbols ?? "unknown";
  if (caps === null) {
    return `${formatCounted(use.orders, "order")}, ${grossUsd} USD, ${
      formatCounted(use.openSymbols, "position")
    } (caps not valid)`;
  }
  return `${use.orders} of ${formatCounted(caps.ordersPerDay, "order")}, ${grossUsd} of ` +
    `${formatCents(caps.grossNotionalUsd)} USD, ${openSymbols} of ${
      formatCounted(caps.positions, "position")
    }`;
}

/** A heading with an indented line for each item, or `none`; what is past `LIST_LINES_MAX` is counted. */
export function formatList(heading: string, items: readonly string[]): string[] {
  if (items.length === 0) return [`${heading}: none`];
  const shown = items.slice(0, LIST_LINES_MAX).map((item) => `  ${item}`);
  const hiddenCount = items.length - shown.length;
  return [
    `${heading}: ${items.length}`,
    ...shown,
    ...(hiddenCount > 0 ? [`  and ${hiddenCount} more`] : []),
  ];
}

/** The operator's command that closes one position (runbook 7, interface Commands). */
export function formatCloseCommand(symbol: string): string {
  return `avwap-execution flatten --close-positions --symbol ${symbol} --yes`;
}

/**
 * The operator's command that has a position managed, as it works whatever today's list has (interface, `adopt`).
 * @param stopUsd The stop that it had, USD per share; `null` where it had none.
 */
export function formatAdoptCommand(symbol: string, stopUsd: number | null): string {
  const stop = stopUsd === null ? "PRICE" : formatPriceUsd(stopUsd);
  return `avwap-execution adopt ${symbol} --stop ${stop} --yes (without --stop by the plan of ` +
    "today's list)";
}

function formatTimeInForce(timeInForce: string): string {
  if (timeInForce === "gtc") return "good till canceled";
  return timeInForce === "day" ? "DAY ORDER, ends at the close" : timeInForce;
}
