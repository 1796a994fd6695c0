import { runMutation } from "./mutate.ts";
import { MUTATIONS } from "./mutations.ts";

/** Runs every deliberate bug, two at a time, and says what caught it; exit 1 where one was not caught. */
async function main(): Promise<number> {
  const root = new URL("../../", import.meta.url);
  const only = Deno.args[0] ?? "";
  const waiting = MUTATIONS.filter(({ name }) => name.includes(only));
  let missed = 0;
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { mutation, caught, output } = await runMutation(root, next);
      const what = caught === null
        ? `NOT CAUGHT ${output.slice(-200)}`
        : `seed ${caught.seed}: ${caught.invariant}`;
      if (caught === null) missed++;
      await print(`issue ${mutation.issue}  ${mutation.name}  ->  ${what}\n`);
    }
  };
  await Promise.all([work(), work()]);
  return missed === 0 ? 0 : 1;
}

async function print(text: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(text));
}

Deno.exit(await main());
