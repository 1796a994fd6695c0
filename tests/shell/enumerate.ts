import type { Violation } from "../simulation/world.ts";
import { recordOpening } from "./opening.ts";
import { runTape, type TapeResult } from "./run_tape.ts";
import type { Scenario } from "./scenario.ts";
import type { Choice, Placement } from "./tape.ts";

/** A tape that breaks a promise. */
export interface Failure {
  readonly scenario: Scenario;
  readonly placements: readonly Placement[];
  readonly result: TapeResult;
}

/** What all placements of some faults in a scenario came to. */
export interface Tally {
  readonly scenario: Scenario;
  /** Of the run with nothing wrong. */
  readonly points: number;
  /** How often each thing went wrong. */
  readonly counts: ReadonlyMap<Choice, number>;
  runs: number;
  /** What can go wrong after each first fault: so many runs two of them are. */
  pairs: number;
  readonly failures: Failure[];
}

/** How much is tried, and who looks on. */
export interface Enumeration {
  readonly faults: 1 | 2;
  /** Every `of`th first fault alone, from the `number`th on: pieces of what is too long. Absent: all. */
  readonly part?: { readonly number: number; readonly of: number };
  /** Called after each run; `false` ends it all. */
  readonly onRun?: (tally: Tally) => boolean;
  /** Called with each tape that breaks a promise. */
  readonly onFailure?: (failure: Failure) => void;
}

/**
 * Runs a scenario with nothing wrong, with each thing at each point, and with two of them: whatever else can happen after each
 * first one.
 */
export async function enumerate(
  scenario: Scenario,
  { faults, part = { number: 1, of: 1 }, onRun = () => true, onFailure = () => {} }: Enumeration,
): Promise<Tally> {
  const opening = await recordOpening(scenario);
  const bare = await runTape(opening, []);
  const counts = new Map<Choice, number>();
  const points = bare.points.length;
  const tally: Tally = { scenario, points, counts, runs: 1, pairs: 0, failures: [] };
  const fail = (placements: readonly Placement[], result: TapeResult) => {
    const failure = { scenario, placements, result };
    tally.failures.push(failure);
    onFailure(failure);
  };
  const violation = findViolation(scenario, bare);
  if (violation !== null) fail([], { ...bare, violation });
  const run = async (placements: readonly Placement[]): Promise<TapeResult | null> => {
    const result = await runTape(opening, placements);
    tally.runs++;
    for (const { choice } of placements) counts.set(choice, (counts.get(choice) ?? 0) + 1);
    if (result.violation !== null) fail(placements, result);
    return onRun(tally) ? result : null;
  };
  for (const [index, first] of [...listPlacements(bare, 0)].entries()) {
    if (index % part.of !== part.number - 1) continue;
    const result = await run([first]);
    if (result === null) return tally;
    const seconds = [...listPlacements(result, first.at)];
    tally.pairs += seconds.length;
    if (faults === 1 || result.violation !== null) continue;
    for (const second of seconds) {
      if (await run([first, second]) === null) return tally;
    }
  }
  return tally;
}

/** What the run with nothing wrong breaks: where the act is not done in it, its faults prove nothing. */
function findViolation(scenario: Scenario, { violation, fills }: TapeResult): Violation | null {
  if (violation !== null || `${fills}` === `${scenario.fills}`) return violation;
  return { invariant: "with nothing wrong the act is done", detail: `filled: ${fills}` };
}

/** Everything that can go wrong in a run after one of its points. */
function* listPlacements({ points }: TapeResult, after: number): Generator<Placement> {
  for (const [index, choices] of points.entries()) {
    if (index + 1 <= after) continue;
    for (const choice of choices) yield { at: index + 1, choice };
  }
}
