import { assert, assertEquals, assertFalse } from "../assert.ts";
import { AutomatonBench } from "./automaton_bench.ts";
import { CASES } from "./cases.ts";
import { SimulatorBench } from "./simulator_bench.ts";

for (const { says, mood = {}, habits = {}, troubles = [], steps } of CASES) {
  Deno.test(`automaton and simulator: ${says}`, () => {
    const automaton = new AutomatonBench(habits, troubles);
    const simulator = new SimulatorBench(mood);
    for (const [at, step] of steps.entries()) {
      const possible = automaton.go(step);
      const answered = simulator.go(step);
      if (!("ask" in step)) continue;
      const where = `step ${at + 1}, ${JSON.stringify(step.ask)}`;
      assertEquals(answered, [step.is], `the simulator, ${where}`);
      assert(possible.includes(step.is), `the automaton, ${where}: ${possible.join(" / ")}`);
      for (const part of step.never ?? []) {
        const offences = possible.filter((text) => text.includes(part));
        assertEquals(offences, [], `the automaton, ${where}`);
        assertFalse(step.is.includes(part));
      }
    }
  });
}
