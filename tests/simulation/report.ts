import { type AskedFamilies, formatFamilies } from "./profile.ts";
import { buildGapTimes, GAP_CAUSES, type GapCause } from "./gaps.ts";
import type { SeedResult } from "./run.ts";

/** What many seeds came to together. */
export interface Totals {
  days: number;
  seeds: number;
  readonly counts: Map<string, number>;
  /** How long shares were without a stop in session, in milliseconds. */
  readonly gapsMs: Record<GapCause, number[]>;
}

/** Nothing yet. */
export function buildTotals(): Totals {
  return { days: 0, seeds: 0, counts: new Map(), gapsMs: buildGapTimes() };
}

/** Adds one seed. */
export function addResult(totals: Totals, result: SeedResult): void {
  totals.days += result.days;
  totals.seeds++;
  for (const [what, count] of Object.entries(result.counts)) {
    totals.counts.set(what, (totals.counts.get(what) ?? 0) + count);
  }
  for (const cause of GAP_CAUSES) totals.gapsMs[cause].push(...result.gaps[cause]);
}

/** A failing seed: itself, the promise that was broken, the last steps, and the command that replays it. */
export function formatFailure(
  result: SeedResult,
  families: AskedFamilies | null = null,
): string {
  const { seed, violation, trace, hash } = result;
  return [
    ...trace,
    "",
    `seed ${seed} breaks: ${violation?.invariant}`,
    `  ${violation?.detail}`,
    `  trace ${hash}`,
    `  replay: ${formatReplay(seed, families)}`,
    "",
  ].join("\n");
}

/** The one command that runs this seed again, the same way. */
export function formatReplay(seed: number, families: AskedFamilies | null = null): string {
  const asked = families === null ? "" : ` --families ${formatFamilies(families)}`;
  return `deno task simulate --days 1 --seed ${seed}${asked}`;
}

/** The least value that at least this part of a list does not exceed (nearest rank); 0 for an empty one. */
export function findPercentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}

function formatGaps(gapsMs: readonly number[]): string {
  return `${gapsMs.length}, p50 ${findPercentile(gapsMs, 0.5)} ms, ` +
    `p99 ${findPercentile(gapsMs, 0.99)} ms, max ${findPercentile(gapsMs, 1)} ms`;
}

/** What happened in all of them. */
export function formatTotals(
  totals: Totals,
  { failures, seconds }: { readonly failures: number; readonly seconds: number },
): string {
  const { days, seeds, counts, gapsMs } = totals;
  const lines = [...counts].sort(([a], [b]) => a < b ? -1 : 1)
    .map(([what, count]) => `  ${String(count).padStart(9)}  ${what}`);
  return [
    ...lines,
    ...GAP_CAUSES.map((cause) => `without a stop, ${cause}: ${formatGaps(gapsMs[cause])}`),
    `${days} days in ${seeds} seeds, ${failures} with a violation, ${seconds.toFixed(1)} s`,
    "",
  ].join("\n");
}
