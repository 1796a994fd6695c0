import { assertEquals, assertGreaterOrEqual } from "../assert.ts";
import { enumerate } from "./enumerate.ts";
import { formatStory } from "./report.ts";
import type { Scenario } from "./scenario.ts";
import type { Choice } from "./tape.ts";

/** What each act has room for: an enumeration of nothing would keep every promise. */
const IN_EACH: readonly Choice[] = ["lost", "hang", "crash", "power", "fails", "kill", "stop"];
const RUNS_MIN = 150;

/**
 * Tests that a scenario keeps every promise whatever single thing goes wrong in it, and wherever; the first tape that breaks one
 * tells its story.
 */
export function testEveryFault(scenario: Scenario): void {
  Deno.test(`whatever goes wrong once in "${scenario.name}" breaks no promise, and ends protected or closed`, async () => {
    const { counts, runs, failures } = await enumerate(scenario, {
      faults: 1,
      onRun: (tally) => tally.failures.length === 0,
    });
    const [first] = failures;
    assertEquals(failures.length, 0, first === undefined ? "" : formatStory(first));
    assertGreaterOrEqual(runs, RUNS_MIN);
    for (const choice of IN_EACH) assertGreaterOrEqual(counts.get(choice) ?? 0, 1, choice);
  });
}
