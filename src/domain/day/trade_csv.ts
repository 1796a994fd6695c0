import { formatUtc } from "../time/ny_time.ts";
import { findHeldMs, findLastFillNy, type Trade } from "./trades.ts";

/** One column: its name with its unit, and its value; `null` is an empty field. */
type Column = readonly [name: string, read: (trade: Trade) => string | number | null];

const COLUMNS: readonly Column[] = [
  ["symbol", ({ symbol }) => symbol],
  ["opened_at", ({ openedAtMs }) => openedAtMs === null ? null : formatUtc(openedAtMs)],
  ["closed_at", ({ closedAtMs }) => closedAtMs === null ? null : formatUtc(closedAtMs)],
  ["closed_date_ny", findLastFillNy],
  ["held_minutes", (trade) => {
    const heldMs = findHeldMs(trade, 0);
    return heldMs === null ? null : Math.floor(heldMs / 60_000);
  }],
  ["qty", ({ result }) => result.soldQty],
  ["entry_price_usd", ({ result }) => result.entryPriceUsd],
  ["exit_price_usd", ({ result }) => result.exitPriceUsd],
  ["initial_stop_usd", ({ initialStopUsd }) => initialStopUsd],
  ["risk_usd", ({ result }) => result.riskUsd],
  ["result_usd", ({ result }) => result.resultUsd],
  ["result_r", ({ result }) => result.resultR],
  ["entry_slippage_usd", ({ slippage }) => slippage.entryUsd],
  ["exit_slippage_usd", ({ slippage }) => slippage.exitUsd],
  ["mfe_r", ({ excursion }) => excursion.bestR],
  ["mae_r", ({ excursion }) => excursion.worstR],
  ["exit_reason", ({ fills }) => fills.at(-1)?.reason ?? null],
  ["adopted", ({ isAdopted }) => isAdopted ? "yes" : "no"],
];

/** The names of the columns, in their order. */
export const TRADE_CSV_COLUMNS: readonly string[] = COLUMNS.map(([name]) => name);

/** Trades as CSV (RFC 4180), a line a trade after the header; numbers with up to six decimals, times ISO 8601 UTC. */
export function buildTradeCsv(trades: readonly Trade[]): string {
  const lines = trades.map((trade) =>
    COLUMNS.map(([, read]) => formatField(read(trade))).join(",")
  );
  return `${[TRADE_CSV_COLUMNS.join(","), ...lines].join("\r\n")}\r\n`;
}

function formatField(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return `${Number(value.toFixed(6))}`;
  // What a spreadsheet would take for a formula is text.
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
