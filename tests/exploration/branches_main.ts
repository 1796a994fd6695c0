import { cpuUsage } from "node:process";
import { describeUntaken, listUntaken, watchSellSide } from "./sell_side.ts";

/**
 * Visits the small bound, of it the searches whose names contain one of the arguments where there are any, and prints the branches
 * of the sell side that none of them took, each with the reason that is known for it.
 * @returns 1 where there is none for one of them.
 */
async function main(): Promise<number> {
  const watch = await watchSellSide();
  // Loaded once that is watched: a function that nothing calls is not seen otherwise.
  const { listExplorations } = await import("./bounds.ts");
  for (const { name, build } of listExplorations("small")) {
    if (Deno.args.length > 0 && !Deno.args.some((only) => name.includes(only))) continue;
    const explorer = build();
    while (explorer.advance(100_000));
    explorer.checkProgress();
  }
  const { untaken, taken } = await listUntaken(watch);
  for (const each of untaken) await print(describeUntaken(each));
  for (const name of taken) await print(`taken after all: ${name}`);
  const unknown = untaken.filter(({ outside }) => outside === null).length;
  const { user, system } = cpuUsage();
  await print(
    `${untaken.length} branches not taken, ${unknown} of them without a reason; ` +
      `${((user + system) / 1e6).toFixed(1)} CPU s`,
  );
  return unknown > 0 ? 1 : 0;
}

async function print(line: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${line}\n`));
}

Deno.exit(await main());
