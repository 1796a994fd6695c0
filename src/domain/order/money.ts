declare const brand: unique symbol;

/** USD as whole millionths, so that sums compared with a cap are exact. */
export type UsdMicros = number & { readonly [brand]: "UsdMicros" };

/** No amount. */
export const ZERO_USD: UsdMicros = 0 as UsdMicros;

const MICROS_PER_USD = 1_000_000;
const MICROS_PER_CENT = 10_000;

/** Saturates instead of losing precision: an absurdly large amount reaches every cap and is never wrapped to a small one. */
function toMicros(micros: number): UsdMicros {
  return Math.min(micros, Number.MAX_SAFE_INTEGER) as UsdMicros;
}

/**
 * USD from a file, a cap or a price to exact micro-dollars, rounded to the nearest.
 * @param usd Finite and not negative; a negative amount would give room back to a cap, so it becomes NaN, which denies.
 */
export function usdToMicros(usd: number): UsdMicros {
  return toMicros(usd < 0 ? NaN : Math.round(usd * MICROS_PER_USD));
}

/** Micro-dollars back to USD, for files and messages. */
export function microsToUsd(micros: UsdMicros): number {
  return micros / MICROS_PER_USD;
}

/** The exact sum of amounts; saturates at the largest safe integer. */
export function sumUsd(amounts: Iterable<UsdMicros>): UsdMicros {
  let total = 0;
  for (const amount of amounts) total = toMicros(total + amount);
  return total as UsdMicros;
}

/**
 * Notional of an order: shares x price, the price rounded once to a micro-dollar (pipeline 4).
 * @returns `null` where shares are not a whole number above 0 or the price is not finite and, rounded, above 0.
 */
export function buildNotional(qty: number, priceUsd: number): UsdMicros | null {
  if (!Number.isSafeInteger(qty) || qty <= 0) return null;
  if (!Number.isFinite(priceUsd)) return null;
  const priceMicros = Math.round(priceUsd * MICROS_PER_USD);
  return priceMicros > 0 ? toMicros(qty * priceMicros) : null;
}

/** USD as the gate prints it: at least one decimal (`5000.0`, `250.5`; interface, Gate). */
export function formatUsd(usd: number): string {
  return Number.isInteger(usd) ? usd.toFixed(1) : String(usd);
}

/**
 * USD for people: two decimals (`249.95`). Rounded once, from whole micro-dollars, halves away from 0 (a loss and a gain of the
 * same size show the same digits): 1.005 as a double lies below 1.005, and would be shown as 1.00.
 */
export function formatCents(usd: number): string {
  const micros = Math.round(Math.abs(usd) * MICROS_PER_USD);
  if (!Number.isSafeInteger(micros)) return usd.toFixed(2);
  const cents = Math.round(micros / MICROS_PER_CENT) / 100;
  return (usd < 0 && cents > 0 ? -cents : cents).toFixed(2);
}

/** A price for people, in the broker's increments: 2 decimals from 1 USD up, 4 below (pipeline 4). */
export function formatPriceUsd(priceUsd: number): string {
  return Math.abs(priceUsd) >= 1 ? priceUsd.toFixed(2) : priceUsd.toFixed(4);
}
