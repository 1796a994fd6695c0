import { assert, assertEquals, assertRejects } from "../assert.ts";
import { enumerate } from "./enumerate.ts";
import { recordOpening } from "./opening.ts";
import { formatFailure, formatTotals } from "./report.ts";
import { runTape } from "./run_tape.ts";
import type { Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios.ts";
import { CHOICES, formatTape, parseTape } from "./tape.ts";

function find(name: string): Scenario {
  const found = SCENARIOS.find((each) => each.name === name);
  if (found === undefined) throw new RangeError(`no scenario "${name}"`);
  return found;
}

Deno.test("parseTape() reads what formatTape() writes, and nothing else", () => {
  const placements = CHOICES.map((choice, index) => ({ at: index + 1, choice }));
  assertEquals(parseTape(formatTape(placements)), placements);
  for (
    const text of ["", "17", "0:crash", "17:", "17:nothing", "17:crash,", "x:crash", "1:crash 2"]
  ) {
    assertEquals(parseTape(text), null, text);
  }
});

Deno.test("a tape takes the same steps every time, and others than no tape", async () => {
  const opening = await recordOpening(find("R1 from the legs"));
  const bare = await runTape(opening, []);
  const last = bare.points.findLastIndex((choices) => choices.includes("lost_after"));
  const placements = [{ at: last + 1, choice: "lost_after" } as const];
  const first = await runTape(opening, placements);
  const second = await runTape(opening, placements);
  assertEquals(second.hash, first.hash);
  assert(first.hash !== bare.hash);
  // Up to its fault a run is the one without it.
  assertEquals(first.points.slice(0, last + 1), bare.points.slice(0, last + 1));
});

Deno.test("what the processes before the act did is at the broker as they left it", async () => {
  for (const scenario of SCENARIOS) {
    const { fills, violation } = await runTape(await recordOpening(scenario), []);
    assertEquals([violation, fills], [null, scenario.fills], scenario.name);
  }
});

Deno.test("a tape of another run is refused", async () => {
  const opening = await recordOpening(find("a quiet morning"));
  for (const placement of [{ at: 1, choice: "stuck" }, { at: 9_999, choice: "crash" }] as const) {
    await assertRejects(() => runTape(opening, [placement]), RangeError, `"${placement.choice}"`);
  }
});

Deno.test("two faults are tried in every pair of moments, until it is called off", async () => {
  const scenario = find("a quiet morning");
  const tapes: number[] = [];
  const { runs, failures } = await enumerate(scenario, {
    faults: 2,
    onRun: ({ counts }) => {
      tapes.push([...counts.values()].reduce((sum, count) => sum + count, 0));
      return tapes.length < 40;
    },
  });
  assertEquals([runs, failures.length], [41, 0]);
  // One run with a single fault, and then those with that one and another.
  assertEquals(tapes.slice(0, 3), [1, 3, 5]);
});

Deno.test("a part of an enumeration has every so many-th fault", async () => {
  const scenario = find("a quiet morning");
  const { points } = await runTape(await recordOpening(scenario), []);
  const faults = points.reduce((sum, choices) => sum + choices.length, 0);
  for (const number of [1, 100]) {
    const { runs } = await enumerate(scenario, { faults: 1, part: { number, of: 100 } });
    // And the run with nothing wrong.
    assertEquals(runs, 1 + Math.ceil((faults - number + 1) / 100), `part ${number}`);
  }
});

Deno.test("formatFailure() names the promise and the command that tells the story", () => {
  const scenario = find("entry");
  const text = formatFailure({
    scenario,
    placements: [{ at: 17, choice: "lost_after" }],
    result: {
      violation: { invariant: "never short", detail: "AAA -3" },
      points: [],
      story: [],
      hash: "",
      fills: [],
    },
  });
  for (
    const part of [
      "never short",
      "AAA -3",
      'deno task explore:shell --only "entry" --tape 17:lost_after',
    ]
  ) assert(text.includes(part), part);
});

Deno.test("formatTotals() says what was tried", () => {
  const scenario = find("entry");
  const tally = { scenario, points: 12, counts: new Map(), runs: 100, pairs: 900, failures: [] };
  assertEquals(
    formatTotals([tally, tally], 3.25),
    "2 scenarios, 24 points, 200 runs, 1800 pairs, 0 violations, 3.3 CPU s\n",
  );
});
