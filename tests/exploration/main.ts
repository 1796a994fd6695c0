import { parseArgs } from "@std/cli/parse-args";
import { z } from "zod";
import { BOUND_SIZES, keepFigures, listExplorations } from "./bounds.ts";
import { Counterexample, type Figures } from "./explorer.ts";
import type { Explorer } from "./explorer.ts";
import type { PlannedState } from "./planned_client.ts";

const OptionsWire = z.object({
  bound: z.enum(BOUND_SIZES).default("small"),
  only: z.string().default(""),
  json: z.boolean(),
});

/** States that are looked at before the clock is. */
const SLICE = 500;
const SAY_EACH_MS = 2000;

/**
 * Visits every state within a bound, theme after theme; prints the shortest story of the first counterexample.
 * `--only text` takes the searches alone whose names contain it, `--json` prints their figures as they are kept, and nothing else.
 */
async function main(): Promise<number> {
  const options = OptionsWire.safeParse(
    parseArgs(Deno.args, { string: ["bound", "only"], boolean: ["json"] }),
  );
  if (!options.success) {
    await print("usage: deno task explore [--bound small|standard] [--only TEXT] [--json]\n");
    return 64;
  }
  const { bound, only, json: isJson } = options.data;
  const startMs = performance.now();
  const all: [name: string, figures: Figures][] = [];
  for (const { name, build } of listExplorations(bound)) {
    if (!name.includes(only)) continue;
    const explorer = build();
    try {
      await search(name, explorer, isJson);
    } catch (error) {
      if (!(error instanceof Counterexample)) throw error;
      await print(`${name}: ${error.message}\n`);
      return 1;
    }
    all.push([name, explorer.figures]);
    if (!isJson) await print(`${name}: ${formatFigures(explorer.figures)}\n`);
  }
  if (isJson) {
    const kept = all.map(([name, figures]) => [name, keepFigures(figures)]);
    await print(`${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`);
    return 0;
  }
  await print(formatTotal(all.map(([, figures]) => figures), performance.now() - startMs));
  return 0;
}

async function search(
  name: string,
  explorer: Explorer<PlannedState>,
  isQuiet: boolean,
): Promise<void> {
  const startMs = performance.now();
  let saidMs = startMs;
  while (explorer.advance(SLICE)) {
    const nowMs = performance.now();
    if (isQuiet || nowMs - saidMs < SAY_EACH_MS) continue;
    saidMs = nowMs;
    const { states } = explorer.figures;
    const perSecond = Math.round(states / (nowMs - startMs) * 1000);
    await print(
      `${name}: ${states} states, ${explorer.frontier} in the frontier, ${perSecond} a second, ` +
        `${formatMemory()}\n`,
    );
  }
  explorer.checkProgress();
}

function formatMemory(): string {
  return `${Math.round(Deno.memoryUsage().rss / 2 ** 20)} MB`;
}

function formatFigures({ states, transitions, depth, digest }: Figures): string {
  return `${states} states, ${transitions} transitions, depth ${depth}, graph ${digest}`;
}

function formatTotal(all: readonly Figures[], ms: number): string {
  const states = all.reduce((sum, each) => sum + each.states, 0);
  const transitions = all.reduce((sum, each) => sum + each.transitions, 0);
  const seconds = ms / 1000;
  return `${all.length} searches, ${states} states, ${transitions} transitions, ` +
    `${seconds.toFixed(1)} s, ${Math.round(states / seconds)} states a second, ${formatMemory()}\n`;
}

async function print(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    written += await Deno.stdout.write(bytes.subarray(written));
  }
}

Deno.exit(await main());
