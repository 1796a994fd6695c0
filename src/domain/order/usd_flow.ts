const MICROS_PER_USD = 1_000_000;

/** Shares that an order moved. `priceUsd` is the average per share; `null` where the broker named none. */
export interface SharesMoved {
  readonly side: "buy" | "sell";
  /** Shares, a part of one where a hand traded parts; above 0. */
  readonly qty: number;
  readonly priceUsd: number | null;
}

/** Shares and what they came to, of one side. `usdMicros` is `null` where a price is not known. */
export interface SideTotal {
  readonly qty: number;
  readonly usdMicros: number | null;
}

/** What shares are worth, in whole millionths of a USD: sums of them are exact. */
export function toValueMicros(qty: number, priceUsd: number): number {
  return Math.round(qty * priceUsd * MICROS_PER_USD);
}

/** A sum of money, signed, back from millionths. */
export function toUsd(usdMicros: number): number {
  return usdMicros / MICROS_PER_USD;
}

/** Results together, USD, exact to the millionths that each of them has: the sum is rounded where it is shown, and nowhere else. */
export function sumResultsUsd(amountsUsd: readonly number[]): number {
  return toUsd(amountsUsd.reduce((sumMicros, usd) => sumMicros + toValueMicros(1, usd), 0));
}

/** Shares of one side together. Parts of a share are summed without the error of a binary fraction. */
export function sumSide(moved: readonly SharesMoved[], side: SharesMoved["side"]): SideTotal {
  let qty = 0;
  let usdMicros: number | null = 0;
  for (const each of moved) {
    if (each.side !== side) continue;
    qty = roundQty(qty + each.qty);
    usdMicros = usdMicros === null || each.priceUsd === null
      ? null
      : usdMicros + toValueMicros(each.qty, each.priceUsd);
  }
  return { qty, usdMicros };
}

/** The broker counts parts of a share to nine decimals. */
export function roundQty(qty: number): number {
  return Math.round(qty * 1e9) / 1e9;
}
