import { parseArgs } from "@std/cli/parse-args";
import { z } from "zod";
import { addResult, buildTotals, formatFailure, formatTotals } from "./report.ts";
import { parseFamilies } from "./profile.ts";
import { runSeed } from "./run.ts";

const OptionsWire = z.object({
  days: z.coerce.number().int().min(1).default(100),
  seed: z.coerce.number().int().min(0).default(1),
  all: z.boolean(),
  families: z.string().optional().transform((text, context) => {
    const families = text === undefined ? null : parseFamilies(text);
    if (text !== undefined && families === null) context.addIssue("not families of faults");
    return families;
  }),
});

/**
 * Runs seeds from the first on until their days come to at least as many as asked; stops at the first failure. With
 * `--all` a failing seed is one line, and the next one follows. `--families` asks for families instead of those that a seed
 * draws, with `+` before the list for families beside them.
 */
async function main(): Promise<number> {
  const options = OptionsWire.safeParse(
    parseArgs(Deno.args, { string: ["days", "seed", "families"], boolean: ["all"] }),
  );
  if (!options.success) {
    await print(
      "usage: deno task simulate --days N --seed S [--all] [--families [+]crash,net,...]\n",
    );
    return 64;
  }
  const { days, seed: first, all: isForAll, families } = options.data;
  const totals = buildTotals();
  let failures = 0;
  const startMs = performance.now();
  for (let seed = first; totals.days < days; seed++) {
    const result = await runSeed(seed, families);
    addResult(totals, result);
    if (result.violation === null) continue;
    failures++;
    if (!isForAll) {
      await print(formatFailure(result, families));
      return 1;
    }
    const { invariant, detail } = result.violation;
    await print(`seed ${seed}: ${invariant}: ${detail}\n`);
  }
  await print(formatTotals(totals, { failures, seconds: (performance.now() - startMs) / 1000 }));
  return failures === 0 ? 0 : 1;
}

async function print(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    written += await Deno.stdout.write(bytes.subarray(written));
  }
}

Deno.exit(await main());
