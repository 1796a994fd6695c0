import type { Candidate } from "./candidate.ts";

/**
 * Shares for a candidate (pipeline 3).
 * @param equityUsd The account's equity at the broker.
 * @returns Whole shares; 0 means no intent, also where the equity is not a number above 0.
 */
export function buildQty(
  equityUsd: number,
  candidate: Pick<Candidate, "distancePct" | "priceUsd">,
): number {
  // Two negative numbers would make a positive quantity.
  if (!(equityUsd > 0 && candidate.priceUsd > 0)) return 0;
  const norm = Math.min(Math.abs(candidate.distancePct) / 6, 1);
  const scale = Math.max(0.25, 1 - norm);
  const dollarsUsd = Math.min(equityUsd * 0.02 * scale, equityUsd * 0.10);
  const qty = Math.floor(dollarsUsd / candidate.priceUsd);
  return Number.isSafeInteger(qty) && qty > 0 ? qty : 0;
}
