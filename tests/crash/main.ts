import { parseArgs } from "@std/cli/parse-args";
import { z } from "zod";
import { createTextWriter } from "../../src/runtime/standard_stream.ts";
import { formatFailure, formatResults } from "./kills_report.ts";
import { runWorlds, WORLDS } from "./worlds.ts";

const OptionsWire = z.strictObject({
  _: z.tuple([]),
  kills: z.coerce.number().int().min(1).default(200),
  seed: z.coerce.number().int().min(0).default(1),
  worlds: z.coerce.number().int().min(1).default(WORLDS),
});

const EXIT = { done: 0, violation: 1, usage: 64 } as const;

const print = createTextWriter(Deno.stdout);

/** Kills the program so often, in some worlds at once, and says what came of it. */
async function main(args: string[]): Promise<number> {
  const options = OptionsWire.safeParse(parseArgs(args, { string: ["kills", "seed", "worlds"] }));
  if (!options.success) {
    print("usage: deno task crash --kills N --seed S [--worlds N]\n");
    return EXIT.usage;
  }
  const beganMs = performance.now();
  const results = await runWorlds(options.data);
  for (const result of results) if (result.violations.length > 0) print(formatFailure(result));
  print(formatResults(results, (performance.now() - beganMs) / 1000));
  return results.some((result) => result.violations.length > 0) ? EXIT.violation : EXIT.done;
}

Deno.exit(await main(Deno.args));
