import type { Failure, Tally } from "./enumerate.ts";
import { formatTape } from "./tape.ts";

/** A tape that breaks a promise: which one, and the command that tells its story. */
export function formatFailure({ scenario, placements, result }: Failure): string {
  const { violation } = result;
  const tape = placements.length === 0 ? "" : ` --tape ${formatTape(placements)}`;
  return [
    `${scenario.name}${tape}: ${violation?.invariant}`,
    `  ${violation?.detail}`,
    `  replay: deno task explore:shell --only "${scenario.name}"${
      tape === "" ? " --tape none" : tape
    }`,
    "",
  ].join("\n");
}

/** The same with its last steps. */
export function formatStory(failure: Failure): string {
  return [...failure.result.story, "", formatFailure(failure)].join("\n");
}

/** What one scenario came to. */
export function formatTally({ scenario, points, runs, pairs }: Tally): string {
  return `${scenario.name}: ${points} points, ${runs} runs, ${pairs} pairs of faults\n`;
}

/** What some scenarios came to. */
export function formatTotals(tallies: readonly Tally[], cpuSeconds: number): string {
  const sum = (of: (tally: Tally) => number) =>
    tallies.reduce((total, tally) => total + of(tally), 0);
  return [
    `${tallies.length} scenarios`,
    `${sum(({ points }) => points)} points`,
    `${sum(({ runs }) => runs)} runs`,
    `${sum(({ pairs }) => pairs)} pairs`,
    `${sum(({ failures }) => failures.length)} violations`,
    `${cpuSeconds.toFixed(1)} CPU s\n`,
  ].join(", ");
}
