import { roundQty, type SharesMoved, sumSide, toUsd, toValueMicros } from "../order/usd_flow.ts";

/** A symbol of which this engine managed shares at any time of the day. Only those shares are meant. */
export interface DayHolding {
  readonly symbol: string;
  /** Shares held since the session before; 0 where all were bought today; `null` where that is not known (a split). */
  readonly startQty: number | null;
  /** The previous session's close, USD per share; `null` where it is not known. */
  readonly previousCloseUsd: number | null;
  /** Today's fills that moved these shares, each order once, whoever sent it. */
  readonly fills: readonly SharesMoved[];
  /** The symbol's last trade of today, USD per share; `null` where there was none: then the previous close stands. */
  readonly lastPriceUsd: number | null;
}

/** What a symbol's shares made on the day, in USD; `null` with the reason in words where that is not known. */
export type SymbolDayResult =
  & { readonly symbol: string }
  & (
    | { readonly resultUsd: number; readonly why: null }
    | { readonly resultUsd: null; readonly why: string }
  );

/** What the day made. */
export interface DayResult {
  /** Of all symbols; `null` where that of any is not known. 0 where nothing was managed. */
  readonly resultUsd: number | null;
  /** Of the symbols whose result is known: a part of the day's where `unknown` holds one. */
  readonly knownUsd: number;
  readonly symbols: readonly SymbolDayResult[];
  readonly unknown: readonly { readonly symbol: string; readonly why: string }[];
}

/**
 * The *day result*: what everything that was managed today made since the previous session's close, or since today's
 * entry, without fees (interface, `MAX_LIVE_LOSS_PER_DAY` and Slack). The only function that says so. Amounts are whole
 * millionths of a USD, so that a limit is compared exactly.
 * @param holdings Each symbol once.
 */
export function buildDayResult(holdings: readonly DayHolding[]): DayResult {
  const symbols = holdings.map(buildSymbolResult);
  const unknown = symbols.flatMap(({ symbol, why }) => why === null ? [] : [{ symbol, why }]);
  const knownMicros = symbols.reduce(
    (sumMicros, { resultUsd }) =>
      sumMicros + (resultUsd === null ? 0 : toValueMicros(1, resultUsd)),
    0,
  );
  const knownUsd = toUsd(knownMicros);
  return { resultUsd: unknown.length > 0 ? null : knownUsd, knownUsd, symbols, unknown };
}

/** One symbol's part of the day result: what left and what is held at the end, less what was held and what was paid. */
function buildSymbolResult(holding: DayHolding): SymbolDayResult {
  const { symbol, startQty, previousCloseUsd } = holding;
  const refuse = (why: string): SymbolDayResult => ({ symbol, resultUsd: null, why });
  if (startQty === null) return refuse("how many shares there were is not known");
  const buys = sumSide(holding.fills, "buy");
  const sells = sumSide(holding.fills, "sell");
  if (buys.usdMicros === null || sells.usdMicros === null) return refuse("a fill has no price");
  const endQty = roundQty(startQty + buys.qty - sells.qty);
  if (endQty < 0) return refuse("more was sold than is known to have been held");
  const startMicros = readValue(startQty, previousCloseUsd);
  if (startMicros === null) return refuse("the previous close is not known");
  const endMicros = readValue(endQty, holding.lastPriceUsd ?? previousCloseUsd);
  if (endMicros === null) return refuse("the price is not known");
  const resultUsd = toUsd(sells.usdMicros + endMicros - startMicros - buys.usdMicros);
  return { symbol, resultUsd, why: null };
}

/** No shares are worth nothing at any price; others need a real one. */
function readValue(qty: number, priceUsd: number | null): number | null {
  if (qty === 0) return 0;
  return priceUsd !== null && priceUsd > 0 ? toValueMicros(qty, priceUsd) : null;
}
