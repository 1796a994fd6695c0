import type { Prng } from "./prng.ts";

/** A kind of trouble that a seed may hold. */
export type Family =
  | "crash"
  | "disk"
  | "net"
  | "outage"
  | "clock"
  | "operator"
  | "files"
  | "account"
  | "market"
  | "fills"
  | "cancels"
  | "mood";

/** All of them, in the order in which a seed draws. */
export const FAMILIES: readonly Family[] = [
  "crash",
  "disk",
  "net",
  "outage",
  "clock",
  "operator",
  "files",
  "account",
  "market",
  "fills",
  "cancels",
  "mood",
];

/** What one seed is made of. */
export interface Profile {
  readonly dayCount: number;
  readonly families: ReadonlySet<Family>;
  /** Multiplies how often trouble strikes. */
  readonly intensity: number;
}

/** Draws a profile: some seeds are calm, most have one to three kinds of trouble, some have everything. */
export function buildProfile(chance: Prng): Profile {
  const dayCount = chance.pick([1, 1, 1, 2, 2, 3]);
  const mood = chance.uniform();
  const families = new Set<Family>();
  if (mood > 0.92) { for (const family of FAMILIES) families.add(family); }
  else if (mood > 0.08) {
    const count = chance.whole(1, 3);
    for (let at = 0; at < count; at++) families.add(chance.pick(FAMILIES));
  }
  return { dayCount, families, intensity: chance.pick([0.5, 1, 1, 2, 4]) };
}
