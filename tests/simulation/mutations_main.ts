import { isPassing, type MutationResult, runMutation, runTestedBug } from "./mutate.ts";
import { MUTATIONS } from "./mutations.ts";
import type { TestedBug } from "./tested_bug.ts";
import { TESTED_BUGS } from "./tested_bugs.ts";

/** Runs a bug and says what caught it, or why that is no proof. */
interface Trial {
  readonly name: string;
  readonly run: (source: Source) => Promise<Verdict>;
}

/** `isProof`: the bug was caught, by what the source without it passes. */
interface Verdict {
  readonly isProof: boolean;
  readonly text: string;
}

const NOT_CAUGHT = "NOT CAUGHT";

/** The source without any bug, and which test files it passes: each is run once. */
class Source {
  readonly #passing = new Map<string, Promise<boolean>>();

  constructor(readonly root: URL) {}

  passes(test: string): Promise<boolean> {
    const passing = this.#passing.get(test) ?? isPassing(this.root, test);
    this.#passing.set(test, passing);
    return passing;
  }
}

async function tryTested(source: Source, bug: TestedBug): Promise<Verdict> {
  for (const test of bug.tests) {
    if (await source.passes(test)) continue;
    return { isProof: false, text: `NO PROOF: ${test} fails without the bug too` };
  }
  const { isCaught, output } = await runTestedBug(source.root, bug);
  if (!isCaught) return { isProof: false, text: `${NOT_CAUGHT} ${output.slice(-200)}` };
  return {
    isProof: true,
    text: `test: ${/^(.+?) => /m.exec(output)?.[1] ?? bug.tests.join(", ")}`,
  };
}

function formatMutation({ caught, falseAlarms, output }: MutationResult): Verdict {
  const alarms = falseAlarms.map(({ seed, invariant }) =>
    `; NO PROOF: seed ${seed} breaks without the bug too: ${invariant}`
  ).join("");
  const what = caught === null
    ? `${NOT_CAUGHT} ${output.slice(-200)}`
    : `seed ${caught.seed}: ${caught.invariant}`;
  return { isProof: caught !== null && falseAlarms.length === 0, text: `${what}${alarms}` };
}

const TRIALS: readonly Trial[] = [
  ...TESTED_BUGS.map((bug): Trial => ({
    name: bug.name,
    run: (source) => tryTested(source, bug),
  })),
  ...MUTATIONS.map((mutation): Trial => ({
    name: mutation.name,
    run: async ({ root }) => formatMutation(await runMutation(root, mutation)),
  })),
];

/**
 * Runs every deliberate bug, two at a time, and says what caught it; exit 1 where one was not caught, or where what caught it
 * fails on the source without the bug too.
 */
async function main(): Promise<number> {
  const source = new Source(new URL("../../", import.meta.url));
  const only = Deno.args[0] ?? "";
  const waiting = TRIALS.filter(({ name }) => name.includes(only));
  let missed = 0;
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { isProof, text } = await next.run(source);
      if (!isProof) missed++;
      await print(`${next.name}  ->  ${text}\n`);
    }
  };
  await Promise.all([work(), work()]);
  return missed === 0 ? 0 : 1;
}

async function print(text: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(text));
}

Deno.exit(await main());
