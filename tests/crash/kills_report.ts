import type { KillsResult } from "./random_kills.ts";

/** A seed that broke a promise: what happened last, which promise, and the command that runs it again. */
export function formatFailure({ seed, asked, violations, trace }: KillsResult): string {
  return [
    ...trace,
    "",
    ...violations.map(({ invariant, detail }) => `seed ${seed} breaks: ${invariant}: ${detail}`),
    `  again: deno task crash --worlds 1 --kills ${asked} --seed ${seed}`,
    "  (the moments are the same, their milliseconds are not)",
    "",
  ].join("\n");
}

/** What all worlds came to. */
export function formatResults(results: readonly KillsResult[], seconds: number): string {
  const lines = [...sumCounts(results)].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([what, count]) => `${String(count).padStart(7)}  ${what}`);
  const kills = results.reduce((sum, result) => sum + result.kills, 0);
  const failures = results.filter((result) => result.violations.length > 0).length;
  return [
    ...lines,
    `${kills} kills in ${results.length} worlds, ${failures} with a violation, ${
      seconds.toFixed(1)
    } s`,
    "",
  ].join("\n");
}

/** The counts of all worlds together. */
export function sumCounts(results: readonly KillsResult[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const { counts } of results) {
    for (const [what, count] of counts) sums.set(what, (sums.get(what) ?? 0) + count);
  }
  return sums;
}
