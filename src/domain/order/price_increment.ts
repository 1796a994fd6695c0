import { assertInvariant } from "../assert.ts";

const MICROS_PER_USD = 1_000_000;
const CENT_MICROS = 10_000;
const FINE_MICROS = 100;

/**
 * Rounds a price to the nearest one that the broker takes: whole cents from 1 USD up, hundredths of a cent below
 * (pipeline 4, "price increments"). Halves go up.
 * @param usd Finite and above 0.
 * @returns At least one increment, so that a price never becomes 0.
 * @throws {InvariantError} Where `usd` is not a price.
 */
export function roundToIncrement(usd: number): number {
  assertInvariant(Number.isFinite(usd) && usd > 0, "a price is not finite and above 0");
  // By way of micro-dollars: 1.005 as a double lies below 1.005, and would round down to 1.00.
  const micros = Math.round(usd * MICROS_PER_USD);
  // No price of anything; the broker refuses it, and our arithmetic must not overflow before.
  if (!Number.isSafeInteger(micros)) return usd;
  const incrementMicros = incrementOf(micros);
  const increments = Math.max(1, Math.round(micros / incrementMicros));
  return increments / (MICROS_PER_USD / incrementMicros);
}

/** Decimals of a price in its increment: 2 from 1 USD up, 4 below (pipeline 4). */
export function decimalsOf(usd: number): 2 | 4 {
  return incrementOf(Math.round(usd * MICROS_PER_USD)) === CENT_MICROS ? 2 : 4;
}

function incrementOf(micros: number): number {
  return micros >= MICROS_PER_USD ? CENT_MICROS : FINE_MICROS;
}
