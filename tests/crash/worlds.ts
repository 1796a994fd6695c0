import { type KillsResult, runKills } from "./random_kills.ts";

/** Worlds at once: a process that starts and one that waits for its disk fill two cores. */
export const WORLDS = 2;

/** Shares the kills among worlds with seeds of their own: the given one, the next one. */
export function runWorlds(
  { seed, kills, worlds = WORLDS }: {
    readonly seed: number;
    readonly kills: number;
    readonly worlds?: number;
  },
): Promise<readonly KillsResult[]> {
  const count = Math.min(worlds, kills);
  return Promise.all(
    Array.from(
      { length: count },
      (_, world) => runKills({ seed: seed + world, kills: Math.floor((kills + world) / count) }),
    ),
  );
}
