import { runMutation, runTestedBug } from "./mutate.ts";
import { MUTATIONS } from "./mutations.ts";
import { TESTED_BUGS } from "./tested_bugs.ts";

/** Runs a bug and says what caught it, or `NOT CAUGHT`. */
interface Trial {
  readonly name: string;
  readonly run: (root: URL) => Promise<string>;
}

const NOT_CAUGHT = "NOT CAUGHT";

const TRIALS: readonly Trial[] = [
  ...TESTED_BUGS.map((bug): Trial => ({
    name: bug.name,
    run: async (root) => {
      const { isCaught, output } = await runTestedBug(root, bug);
      if (!isCaught) return `${NOT_CAUGHT} ${output.slice(-200)}`;
      return `test: ${/^(.+?) => /m.exec(output)?.[1] ?? bug.tests.join(", ")}`;
    },
  })),
  ...MUTATIONS.map((mutation): Trial => ({
    name: mutation.name,
    run: async (root) => {
      const { caught, output } = await runMutation(root, mutation);
      if (caught === null) return `${NOT_CAUGHT} ${output.slice(-200)}`;
      return `seed ${caught.seed}: ${caught.invariant}`;
    },
  })),
];

/** Runs every deliberate bug, two at a time, and says what caught it; exit 1 where one was not caught. */
async function main(): Promise<number> {
  const root = new URL("../../", import.meta.url);
  const only = Deno.args[0] ?? "";
  const waiting = TRIALS.filter(({ name }) => name.includes(only));
  let missed = 0;
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const what = await next.run(root);
      if (what.startsWith(NOT_CAUGHT)) missed++;
      await print(`${next.name}  ->  ${what}\n`);
    }
  };
  await Promise.all([work(), work()]);
  return missed === 0 ? 0 : 1;
}

async function print(text: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(text));
}

Deno.exit(await main());
