import { parseArgs } from "@std/cli/parse-args";
import { z } from "zod";
import { withRelease010 } from "../../support/release_0_1_0.ts";
import { type AskedFamilies, parseFamilies } from "../profile.ts";
import { compareDays, type ComparedDay } from "./differences.ts";
import { loadRelease, type Release } from "./release.ts";
import { runSameSeed } from "./same_seed.ts";
import { formatDay, formatTable } from "./table.ts";

const OptionsWire = z.object({
  days: z.coerce.number().int().min(1).default(100),
  seed: z.coerce.number().int().min(0).default(1),
  story: z.boolean(),
  families: z.string().optional().transform((text, context) => {
    const families = text === undefined ? null : parseFamilies(text);
    if (text !== undefined && families === null) context.addIssue("not families of faults");
    return families;
  }),
});

interface Options {
  readonly days: number;
  readonly seed: number;
  readonly story: boolean;
  readonly families: AskedFamilies | null;
}

/**
 * Runs the same seeds through release 0.1.0, taken out of the repository's history, and through the source as it is; prints what
 * differs, day by day, and a table of it. `--families ""` asks for days without faults; `--story` prints what happened on both sides.
 */
async function main(): Promise<number> {
  const options = OptionsWire.safeParse(
    parseArgs(Deno.args, { string: ["days", "seed", "families"], boolean: ["story"] }),
  );
  if (!options.success) {
    await print(
      "usage: deno task before --days N --seed S [--story] [--families [+]crash,net,...]\n",
    );
    return 64;
  }
  await withRelease010(async (dir) => compare(await loadRelease(dir), options.data));
  return 0;
}

async function compare(release: Release, { days, seed: first, story, families }: Options) {
  const compared: ComparedDay[] = [];
  for (let seed = first; compared.length < days; seed++) {
    const both = await runSameSeed(release, seed, families);
    if (story) await print([...both.before.story, "", ...both.now.story, ""].join("\n"));
    const found = compareDays(both);
    const text = found.map(formatDay).join("");
    if (text !== "") await print(`${text}  [${both.families.join(",") || "calm"}]\n`);
    compared.push(...found);
  }
  await print(formatTable(compared));
}

async function print(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    written += await Deno.stdout.write(bytes.subarray(written));
  }
}

Deno.exit(await main());
