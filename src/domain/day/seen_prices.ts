import { readNumber, readTimeMs, type RecordedEvent } from "./events.ts";
import type { FillStep } from "./day_trail.ts";

/** A price that the engine saw. Unix ms, USD per share. */
export interface SeenPrice {
  readonly atMs: number;
  readonly priceUsd: number;
}

/** The best and the worst price while held, USD per share, and how far they lay from the entry in multiples of the risk. */
export interface Excursion {
  readonly bestUsd: number | null;
  readonly worstUsd: number | null;
  /** Most favourable (MFE); 0 at the least. */
  readonly bestR: number | null;
  /** Most adverse (MAE); 0 at the most. */
  readonly worstR: number | null;
}

/** What the exit rules saw of each symbol, oldest first. */
export function listSeenPrices(events: readonly RecordedEvent[]): Map<string, SeenPrice[]> {
  const bySymbol = new Map<string, SeenPrice[]>();
  for (const event of events) {
    const atMs = readTimeMs(event);
    const priceUsd = event.type === "price" ? readNumber(event, "price_usd") : null;
    if (event.symbol === undefined || atMs === null || priceUsd === null) continue;
    const own = bySymbol.get(event.symbol) ?? [];
    own.push({ atMs, priceUsd });
    bySymbol.set(event.symbol, own);
  }
  return bySymbol;
}

/**
 * The best and worst price of a trade: what was seen while it was held, and what it was bought and sold at. Between two
 * looks the market may have gone further.
 */
export function findExcursion(
  held: readonly SeenPrice[],
  { fills, entryPriceUsd, initialStopUsd }: {
    readonly fills: readonly FillStep[];
    readonly entryPriceUsd: number | null;
    readonly initialStopUsd: number | null;
  },
): Excursion {
  const seen = [
    ...held.map(({ priceUsd }) => priceUsd),
    ...fills.flatMap(({ priceUsd }) => priceUsd ?? []),
  ];
  if (seen.length === 0 || entryPriceUsd === null) {
    return { bestUsd: null, worstUsd: null, bestR: null, worstR: null };
  }
  const bestUsd = seen.reduce((a, b) => Math.max(a, b));
  const worstUsd = seen.reduce((a, b) => Math.min(a, b));
  const riskUsd = initialStopUsd === null ? NaN : entryPriceUsd - initialStopUsd;
  const toR = (usd: number) => riskUsd > 0 ? (usd - entryPriceUsd) / riskUsd : null;
  const [bestR, worstR] = [toR(bestUsd), toR(worstUsd)];
  return {
    bestUsd,
    worstUsd,
    bestR: bestR === null ? null : Math.max(0, bestR),
    worstR: worstR === null ? null : Math.min(0, worstR),
  };
}
