/** Longest lag that a list or the positions can have, ms: no older version of anything is kept. */
export const LAG_MS_MAX = 10_000;

/** What something was from `atMs` (Unix ms) on. */
export interface Version<T> {
  readonly atMs: number;
  readonly value: T;
}

/** Adds the newest version, and lets go of those that no answer can show any more. Changes the list. */
export function keepVersion<T>(versions: Version<T>[], version: Version<T>): void {
  if (versions.at(-1)?.atMs === version.atMs) versions.pop();
  versions.push(version);
  const oldestMs = version.atMs - LAG_MS_MAX;
  while ((versions[1]?.atMs ?? Infinity) <= oldestMs) versions.shift();
}

/** The version that held at `ms`; `undefined` where there was none yet. */
export function findVersion<T>(versions: readonly Version<T>[], ms: number): T | undefined {
  return versions.findLast(({ atMs }) => atMs <= ms)?.value;
}
