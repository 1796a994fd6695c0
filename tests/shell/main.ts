import { parseArgs } from "@std/cli/parse-args";
import { cpuUsage } from "node:process";
import { z } from "zod";
import { enumerate, type Enumeration, type Tally } from "./enumerate.ts";
import { recordOpening } from "./opening.ts";
import { formatFailure, formatStory, formatTally, formatTotals } from "./report.ts";
import { runTape } from "./run_tape.ts";
import type { Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios.ts";
import { parseTape, type Placement } from "./tape.ts";

const USAGE =
  "usage: deno task explore:shell [--faults 1|2] [--only TEXT] [--part 3/20] [--tape 17:lost_after,...|none]\n";

const OptionsWire = z.object({
  faults: z.enum(["1", "2"]).default("1").transform((text) => text === "1" ? 1 : 2),
  only: z.string().default(""),
  part: z.string().default("1/1").transform((text, context) => {
    const [, number = 0, of = 0] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
    if (!(number >= 1 && number <= of)) context.addIssue("not a part");
    return { number, of };
  }),
  tape: z.string().optional().transform((text, context) => {
    if (text === undefined) return null;
    const tape = text === "none" ? [] : parseTape(text);
    if (tape === null) context.addIssue("not a tape");
    return tape;
  }),
});

const PROGRESS_MS = 2_000;

/** Tries each placement of one fault, or of two, in each act of which the name has a text in it; or plays one tape. */
async function main(): Promise<number> {
  const options = OptionsWire.safeParse(
    parseArgs(Deno.args, { string: ["faults", "only", "part", "tape"] }),
  );
  const { only, tape } = options.data ?? { only: "", tape: null };
  const scenarios = SCENARIOS.filter(({ name }) => name.includes(only));
  const [scenario] = scenarios;
  if (!options.success || scenario === undefined || (tape !== null && scenarios.length > 1)) {
    const names = SCENARIOS.map(({ name }) => `  ${name}\n`).join("");
    await print(`${USAGE}a tape needs one scenario:\n${names}`);
    return 64;
  }
  return tape === null ? await explore(scenarios, options.data) : await play(scenario, tape);
}

async function play(scenario: Scenario, placements: readonly Placement[]): Promise<number> {
  const result = await runTape(await recordOpening(scenario), placements);
  await print(
    result.violation === null
      ? `${result.story.join("\n")}\n\nno violation\n`
      : formatStory({ scenario, placements, result }),
  );
  return result.violation === null ? 0 : 1;
}

async function explore(
  scenarios: readonly Scenario[],
  { faults, part }: Required<Pick<Enumeration, "faults" | "part">>,
): Promise<number> {
  const tallies: Tally[] = [];
  for (const scenario of scenarios) {
    let saidMs = performance.now();
    let said: Promise<void> = Promise.resolve();
    const say = (text: string) => void (said = said.then(() => print(text)));
    const tally = await enumerate(scenario, {
      faults,
      part,
      onFailure: (failure) => say(formatFailure(failure)),
      onRun: ({ runs, failures }) => {
        if (performance.now() - saidMs < PROGRESS_MS) return true;
        saidMs = performance.now();
        say(`${scenario.name}: ${runs} runs, ${failures.length} violations\n`);
        return true;
      },
    });
    await said;
    tallies.push(tally);
    await print(formatTally(tally));
  }
  const { user, system } = cpuUsage();
  await print(formatTotals(tallies, (user + system) / 1e6));
  return tallies.every(({ failures }) => failures.length === 0) ? 0 : 1;
}

async function print(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    written += await Deno.stdout.write(bytes.subarray(written));
  }
}

Deno.exit(await main());
