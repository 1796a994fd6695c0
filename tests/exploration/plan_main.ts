import { describePlan, parseWorld, WorldError } from "./world_file.ts";

/** Prints what the planner does next in the world that the standard input holds. */
async function main(): Promise<number> {
  const text = await new Response(Deno.stdin.readable).text();
  try {
    await Deno.stdout.write(new TextEncoder().encode(describePlan(parseWorld(text))));
    return 0;
  } catch (error) {
    if (!(error instanceof WorldError)) throw error;
    await Deno.stderr.write(new TextEncoder().encode(`${error.message}\n`));
    return 65;
  }
}

Deno.exit(await main());
