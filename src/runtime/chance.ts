import type { ChancePort } from "../engine/ports.ts";

/** The host's own randomness: spreads entries and retries over time; nothing secret is made from it. */
export function createChance(): ChancePort {
  return { uniform: () => Math.random() };
}
