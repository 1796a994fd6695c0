import {
  type AlertMessage,
  type CapUseFact,
  formatCapUse,
  formatList,
  formatLossLimit,
  formatPause,
  formatPosition,
  formatSignedUsd,
  type PositionFact,
  sortPositions,
} from "./alert_facts.ts";
import type { Caps } from "../gate/caps.ts";
import { formatCounted } from "../counted.ts";
import { formatFillReason } from "../order/fill_reason.ts";
import type { DayLoss } from "../account/day_loss.ts";
import type { DayResult } from "../account/day_result.ts";
import { formatR } from "../account/trade_result.ts";
import { formatCents, formatPriceUsd } from "../order/money.ts";
import { sumResultsUsd } from "../order/usd_flow.ts";

/**
 * What became of the symbols that the day confirmed. `tried` is counted apart from the other six, so that a lost one shows.
 */
export interface EntryCounts {
  /** `null` where the day's events can't be read: then nothing is held against the others. */
  readonly tried: number | null;
  readonly accepted: number;
  /** Gate, caps or skip rule said no. */
  readonly denied: number;
  /** The broker said no. */
  readonly rejected: number;
  readonly expired: number;
  /** No usable answer yet. */
  readonly unresolved: number;
  /** The broker took it, and it ended with nothing filled. */
  readonly unfilled: number;
  /** All but the accepted ones, each with its last reason. */
  readonly notEntered: readonly { readonly symbol: string; readonly reason: string }[];
}

/** The summary names so many symbols that were not entered; the rest it counts. */
const NOT_ENTERED_MAX = 20;

/** One order's fill; cumulative, as the broker says it. */
export interface FillFact {
  readonly symbol: string;
  readonly qty: number;
  /** Average price in USD per share; `null` where the broker named none. */
  readonly priceUsd: number | null;
}

/** A sell's fill with what it was for (`FillReason`). */
export interface ExitFact extends FillFact {
  readonly reason: string;
}

/** A trade that is over, with its trade result in USD and in multiples of its risk; `null` where it is not known. */
export interface ClosedTradeFact {
  readonly symbol: string;
  readonly qty: number;
  readonly resultUsd: number | null;
  readonly resultR: number | null;
}

/** An order that DRY_RUN would have sent; notional in USD, `null` where no price was recorded. */
export interface DryRunOrderFact {
  readonly symbol: string;
  readonly qty: number;
  readonly notionalUsd: number | null;
}

/** What both summaries say. */
interface DayFacts {
  readonly dateNy: string;
  /** The day's session; `closesAtNy` is `HH:MM`, `isOver` whether that has passed. */
  readonly session: {
    readonly kind: "full" | "half";
    readonly closesAtNy: string;
    readonly isOver: boolean;
  };
  /** Equity and open result in words (`formatEquity`). */
  readonly equityLine: string;
  /** Whether the operator has paused entries. */
  readonly areEntriesPaused: boolean;
  /** The day's loss where it reached its limit; else `null`. */
  readonly loss: DayLoss | null;
  /** What everything managed today made since the previous close or the entry (interface, Slack); `null` where the trail can't be read. */
  readonly dayResult: DayResult | null;
  /** Managed positions that stay open overnight. */
  readonly overnight: readonly PositionFact[];
}

/** The day in numbers, from the ledgers (interface, Slack). */
export type DailySummaryInputs =
  | DayFacts & {
    readonly mode: "LIVE";
    readonly entries: EntryCounts;
    /** Symbols of the entries that count toward the caps. */
    readonly symbols: readonly string[];
    /** Notional of the entries that count toward the caps, in USD. */
    readonly notionalUsd: number;
    readonly fills: readonly FillFact[];
    /** `null` where the ledger can't be counted from. */
    readonly capUse: CapUseFact | null;
    readonly exits: readonly ExitFact[];
    /** `null` where the trail can't be read. */
    readonly closedTrades: readonly ClosedTradeFact[] | null;
  }
  | DayFacts & {
    readonly mode: "DRY_RUN";
    readonly orders: readonly DryRunOrderFact[];
    readonly caps: Caps | null;
  };

/** The DRY_RUN summary names this many of the largest orders. */
export const LARGEST_ORDERS_MAX = 5;

/**
 * Builds the daily summary (interface, Slack). INFO; WARNING where every entry that reached the broker was rejected;
 * ERROR where the entries do not add up, because then an order has been lost sight of.
 */
export function buildDailySummary(inputs: DailySummaryInputs): AlertMessage {
  const { session } = inputs;
  const day = session.kind === "half" ? "HALF DAY" : "full day";
  const lines = [
    `${inputs.dateNy}, ${day}, ${
      session.isOver ? "closed" : "closes"
    } at ${session.closesAtNy} New York`,
    inputs.equityLine,
    ...formatPause(inputs.areEntriesPaused),
    ...formatLossLimit(inputs.loss),
    ...(inputs.mode === "LIVE" ? buildLiveLines(inputs) : buildDryRunLines(inputs)),
    formatDayResult(inputs.dayResult),
    ...formatList("Overnight", sortPositions(inputs.overnight).map(formatPosition)),
  ];
  return {
    level: inputs.mode === "LIVE" ? decideLevel(inputs.entries) : "INFO",
    title: `Daily execution summary (${inputs.mode})`,
    text: lines.join("\n"),
  };
}

/** Entries whose fate the other six counts do not name; 0 where the sum holds, or is not known. NaN never adds up. */
function countGap(entries: EntryCounts): number {
  const { tried, accepted, denied, rejected, expired, unresolved, unfilled } = entries;
  if (tried === null) return 0;
  return tried - (accepted + denied + rejected + expired + unresolved + unfilled);
}

function decideLevel(entries: EntryCounts): AlertMessage["level"] {
  if (countGap(entries) !== 0) return "ERROR";
  const takenCount = entries.accepted + entries.unresolved + entries.unfilled;
  const isAllRejected = entries.rejected > 0 && takenCount === 0;
  return isAllRejected ? "WARNING" : "INFO";
}

function buildLiveLines(inputs: Extract<DailySummaryInputs, { mode: "LIVE" }>): string[] {
  const { entries, symbols, fills, exits } = inputs;
  const level = decideLevel(entries);
  return [
    formatEntries(entries),
    ...(level === "ERROR"
      ? [
        `ERROR: the entries do not add up, ${countGap(entries)} are not accounted for: ` +
        "run `avwap-execution ledger verify` and compare with the broker",
      ]
      : []),
    ...(level === "WARNING"
      ? ["WARNING: the broker rejected every entry that reached it: read its reasons in the log"]
      : []),
    `Symbols: ${symbols.length === 0 ? "none" : symbols.join(", ")}`,
    `Notional: ${formatCents(inputs.notionalUsd)} USD`,
    ...formatList("Fills", fills.map(formatFill)),
    `Caps used: ${formatCapUse(inputs.capUse)}`,
    ...formatList(
      "Exits",
      exits.map((exit) => `${formatFill(exit)} (${formatFillReason(exit.reason)})`),
    ),
    ...buildResultLines(inputs.closedTrades),
  ];
}

/** `5 confirmed: 2 entered, 3 not: TSLA allowlist blocked, ...` (interface, Slack). */
function formatEntries({ tried, accepted, notEntered, ...fates }: EntryCounts): string {
  const { denied, rejected, expired, unresolved, unfilled } = fates;
  const notCount = denied + rejected + expired + unresolved + unfilled;
  const named = notEntered.slice(0, NOT_ENTERED_MAX)
    .map(({ symbol, reason }) => `${symbol} ${reason}`);
  const more = notEntered.length - named.length;
  const names = [...named, ...(more > 0 ? [`and ${more} more`] : [])];
  const confirmed = tried === null
    ? "Confirmed not known (the day's events can't be read)"
    : `${tried} confirmed`;
  return `${confirmed}: ${accepted} entered, ${notCount} not` +
    (names.length === 0 ? "" : `: ${names.join(", ")}`);
}

function buildResultLines(trades: readonly ClosedTradeFact[] | null): string[] {
  if (trades === null) {
    return ["Trade results, against the entries: unknown (the day's events can't be read)"];
  }
  const known = trades.flatMap((trade) => trade.resultUsd ?? []);
  const unknownCount = trades.length - known.length;
  const totalUsd = sumResultsUsd(known);
  const lines = trades.map(({ symbol, qty, resultUsd, resultR }) =>
    `${symbol} ${formatCounted(qty, "share")}: ${
      resultUsd === null ? "result unknown" : `${formatSignedUsd(resultUsd)} USD`
    }${resultR === null ? "" : ` (${formatR(resultR)})`}`
  );
  return [
    ...formatList("Closed trades", lines),
    `Trade results, against the entries: ${formatSignedUsd(totalUsd)} USD${
      unknownCount > 0 ? ` (without ${unknownCount} of unknown result)` : ""
    }`,
  ];
}

/** `Day result, against the previous close: +6.00 USD (without TSLA: the previous close is not known)` */
export function formatDayResult(result: DayResult | null): string {
  if (result === null) {
    return "Day result, against the previous close: unknown (the day's events can't be read)";
  }
  const { knownUsd, symbols, unknown } = result;
  const reasons = unknown.map(({ symbol, why }) => `${symbol}: ${why}`).join("; ");
  const isAllUnknown = unknown.length > 0 && unknown.length === symbols.length;
  const amount = isAllUnknown ? "unknown" : `${formatSignedUsd(knownUsd)} USD`;
  const gap = unknown.length === 0 ? "" : isAllUnknown ? ` (${reasons})` : ` (without ${reasons})`;
  return `Day result, against the previous close: ${amount}${gap}`;
}

function buildDryRunLines(inputs: Extract<DailySummaryInputs, { mode: "DRY_RUN" }>): string[] {
  const { orders, caps } = inputs;
  const notionalUsd = orders.reduce((sumUsd, order) => sumUsd + (order.notionalUsd ?? 0), 0);
  const unpricedCount = orders.filter((order) => order.notionalUsd === null).length;
  const largest = [...orders]
    .sort((a, b) => (b.notionalUsd ?? 0) - (a.notionalUsd ?? 0))
    .slice(0, LARGEST_ORDERS_MAX);
  const symbolCount = new Set(orders.map((order) => order.symbol)).size;
  return [
    `Would have sent: ${formatCounted(orders.length, "order")} in ${
      formatCounted(symbolCount, "symbol")
    }, nothing left this host`,
    `Notional: ${formatCents(notionalUsd)} USD${
      unpricedCount > 0 ? ` (without ${unpricedCount} of unknown price)` : ""
    }`,
    caps === null
      ? "Caps: not valid"
      : `Caps in LIVE: ${formatCounted(caps.ordersPerDay, "order")}, ${
        formatCents(caps.grossNotionalUsd)
      } USD`,
    ...formatList("Largest", largest.map(formatDryRunOrder)),
  ];
}

function formatDryRunOrder({ symbol, qty, notionalUsd }: DryRunOrderFact): string {
  return `${symbol} ${formatCounted(qty, "share")}, ${
    notionalUsd === null ? "price unknown" : `${formatCents(notionalUsd)} USD`
  }`;
}

function formatFill({ symbol, qty, priceUsd }: FillFact): string {
  return `${symbol} ${qty} at ${priceUsd === null ? "unknown price" : formatPriceUsd(priceUsd)}`;
}
