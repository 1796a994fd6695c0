import { formatSignedUsd } from "./alert_facts.ts";
import { buildTradeResult } from "../account/trade_result.ts";
import { formatCents } from "../order/money.ts";
import { sumResultsUsd } from "../order/usd_flow.ts";

/** A position that is open, as far as its result goes. Shares, USD per share; `null` where not known. */
export interface OpenFacts {
  readonly symbol: string;
  readonly qty: number | null;
  readonly entryPriceUsd: number | null;
  readonly lastPriceUsd: number | null;
}

/** What one open position makes at its last price, USD; `null` where that is not known. */
export interface OpenResult {
  readonly symbol: string;
  readonly openUsd: number | null;
}

/** What each open position makes against its entry, realised parts left out: the trade result's open part. */
export function listOpenResults(facts: readonly OpenFacts[]): OpenResult[] {
  return facts.map(({ symbol, qty, entryPriceUsd, lastPriceUsd }) => {
    if (qty === null) return { symbol, openUsd: null };
    if (qty === 0) return { symbol, openUsd: 0 };
    const fills = [{ side: "buy" as const, qty, priceUsd: entryPriceUsd }];
    const trade = { adoptedQty: 0, adoptedCostUsd: null, initialStopUsd: null, fills };
    return { symbol, openUsd: buildTradeResult(trade, lastPriceUsd).openUsd };
  });
}

/**
 * Equity and open result on one line, for heartbeat and summary: what is not known is said so, never 0.
 * @param results `null` where positions could not be read.
 */
export function formatEquity(
  equityUsd: number | null,
  results: readonly OpenResult[] | null,
): string {
  const equity = equityUsd === null ? "unknown" : `${formatCents(equityUsd)} USD`;
  return `Equity: ${equity}; open result ${formatOpen(results)}`;
}

function formatOpen(results: readonly OpenResult[] | null): string {
  if (results === null) return "unknown";
  if (results.length === 0) return "none, nothing is managed";
  const unknown = results.filter(({ openUsd }) => openUsd === null);
  const totalUsd = sumResultsUsd(results.flatMap(({ openUsd }) => openUsd ?? []));
  const total = unknown.length > 0 ? "unknown" : `${formatSignedUsd(totalUsd)} USD`;
  const each = results.map(({ symbol, openUsd }) =>
    `${symbol} ${openUsd === null ? "unknown" : formatSignedUsd(openUsd)}`
  );
  return `${total} (${each.join(", ")})`;
}
