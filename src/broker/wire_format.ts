import { assertInvariant } from "../domain/assert.ts";
import { decimalsOf, roundToIncrement } from "../domain/order/price_increment.ts";

/**
 * A price as the broker takes it: a decimal text in its increment, 2 decimals from 1 USD up and 4 below (broker.md,
 * "sub-penny increment"). One that is not in its increment is rounded to the nearest.
 * @throws {InvariantError} Where `usd` is not finite and above 0.
 */
export function formatPrice(usd: number): string {
  const rounded = roundToIncrement(usd);
  return rounded.toFixed(decimalsOf(rounded));
}

/**
 * Whole shares as the broker takes them.
 * @throws {InvariantError} Where `qty` is not a whole number above 0.
 */
export function formatQty(qty: number): string {
  assertInvariant(Number.isSafeInteger(qty) && qty > 0, "qty is not a whole number above 0");
  return String(qty);
}

/** Tickers as one query value; each is encoded, the commas between them are not. */
export function formatSymbols(symbols: readonly string[]): string {
  return symbols.map(encodeURIComponent).join(",");
}
