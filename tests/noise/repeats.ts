import { buildMeaning } from "../../src/domain/alert/repetition.ts";
import type { ToldLine } from "./day_story.ts";

const HOUR_MS = 3_600_000;

/** A meaning that one surface told too often, and how often in its worst hour. */
export interface Repeat {
  readonly worst: number;
  readonly line: string;
}

/** Finds what a surface told oftener than `timesMax` within an hour. */
export function findRepeats(lines: readonly ToldLine[], timesMax: number): Repeat[] {
  const told = new Map<string, number[]>();
  for (const { atMs, surface, text } of lines) {
    const meaning = `${surface}: ${buildMeaning(cutCount(readWords(text)))}`;
    told.set(meaning, [...told.get(meaning) ?? [], atMs]);
  }
  return [...told].map(([line, timesMs]) => ({ line, worst: countWorstHour(timesMs) }))
    .filter(({ worst }) => worst > timesMax)
    .sort((a, b) => b.worst - a.worst);
}

/** A message's title and first words; a line is itself. */
function readWords(text: string): string {
  return text.split("\n").slice(0, 2).join(" | ");
}

function cutCount(text: string): string {
  return text.replace(/ \(\d+ times since [^)]*\)/, "");
}

function countWorstHour(timesMs: readonly number[]): number {
  let worst = 0;
  let from = 0;
  timesMs.forEach((ms, at) => {
    while (ms - (timesMs[from] ?? ms) >= HOUR_MS) from++;
    worst = Math.max(worst, at - from + 1);
  });
  return worst;
}
