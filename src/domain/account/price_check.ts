import type { Trade } from "../time/market.ts";

/** A price further than this from the last one is no price until a second trade says so (pipeline 5, "One print"). */
const JUMP_MAX_SHARE = 0.15;

/** What is remembered of a position's prices, over restarts. */
export interface PriceMemory {
  /** The last trade whose price counted; its price is the one that counted. */
  readonly lastTrade?: Trade;
  /** A trade too far from it, which waits for a later one. */
  readonly doubtedTrade?: Trade;
}

/** The price that the rules may be held against; `null` while one print alone says it. */
export interface PriceDecision {
  readonly priceUsd: number | null;
  readonly memory: PriceMemory;
}

/**
 * Whether a trade's price may enter the high and the rules: one print decides nothing alone (pipeline 5). Of a jump and the
 * later trade that confirms it the price nearer to the last one counts: a rule that holds there holds at both.
 * @param trade Of this session.
 * @param closeUsd The close of the session before; `null` where it is not known.
 */
export function checkPrice(
  memory: PriceMemory,
  trade: Trade,
  { openMs, closeUsd }: { readonly openMs: number; readonly closeUsd: number | null },
): PriceDecision {
  const { lastTrade, doubtedTrade } = memory;
  const isLastOfToday = lastTrade !== undefined && lastTrade.atMs >= openMs;
  const nearUsd = isLastOfToday ? lastTrade.priceUsd : closeUsd ?? lastTrade?.priceUsd ?? null;
  if (nearUsd !== null && isNear(trade.priceUsd, nearUsd)) return count(trade, trade.priceUsd);
  const keep = (doubted: Trade): PriceDecision => ({
    priceUsd: null,
    memory: { ...memory, doubtedTrade: doubted },
  });
  if (doubtedTrade === undefined || doubtedTrade.atMs < openMs) return keep(trade);
  if (!isLater(trade, doubtedTrade)) return keep(doubtedTrade);
  if (nearUsd === null) {
    return isNear(trade.priceUsd, doubtedTrade.priceUsd)
      ? count(trade, trade.priceUsd)
      : keep(trade);
  }
  const isUp = trade.priceUsd > nearUsd;
  if (isUp !== doubtedTrade.priceUsd > nearUsd) return keep(trade);
  const nearer = isUp ? Math.min : Math.max;
  return count(trade, nearer(trade.priceUsd, doubtedTrade.priceUsd));
}

function isNear(priceUsd: number, nearUsd: number): boolean {
  return Math.abs(priceUsd - nearUsd) <= JUMP_MAX_SHARE * nearUsd;
}

/** Another trade, and not one from before. */
function isLater(trade: Trade, before: Trade): boolean {
  return trade.atMs > before.atMs ||
    (trade.atMs === before.atMs && trade.tradeId !== before.tradeId);
}

function count(trade: Trade, priceUsd: number): PriceDecision {
  return { priceUsd, memory: { lastTrade: { ...trade, priceUsd } } };
}
