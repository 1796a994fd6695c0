import { cpuUsage } from "node:process";
import { parseArgs } from "@std/cli/parse-args";
import { z } from "zod";
import { BOUND_SIZES, type Exploration, keepFigures, listExplorations } from "./bounds.ts";
import { Counterexample, type Figures } from "./explorer.ts";
import {
  addToLog,
  digestSource,
  readSearchLog,
  type SearchLog,
  writeSearchLog,
} from "./search_log.ts";

const USAGE = `usage: deno task explore [--bound small|standard] [--only TEXT] [--json]
                         [--log FILE] [--states N] [--memory MB] [--all] [--cheapest] [--part 1/2]
`;

const count = z.string().regex(/^[1-9]\d*$/).transform(Number);
const OptionsWire = z.object({
  bound: z.enum(BOUND_SIZES).default("small"),
  only: z.string().default(""),
  json: z.boolean(),
  log: z.string().min(1).optional(),
  states: count.default(Infinity),
  memory: count.default(3000),
  all: z.boolean(),
  cheapest: z.boolean(),
  part: z.string().default("1/1").transform((text, context) => {
    const [, number = 0, of = 0] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
    if (!(number >= 1 && number <= of)) context.addIssue("not a part");
    return { number, of };
  }),
  _: z.array(z.unknown()).max(0),
});
type Options = z.infer<typeof OptionsWire>;

/** States that are looked at before the clock is. */
const SLICE = 500;
const SAY_EACH_MS = 2000;

/** How a search ended: complete, cut off for want of room, or with a counterexample. */
type End =
  | { readonly kind: "whole"; readonly figures: Figures }
  | { readonly kind: "cut"; readonly figures: Figures; readonly why: string }
  | { readonly kind: "broken"; readonly message: string };

/** The most that this process has had. Bytes. */
let peakBytes = 0;

/**
 * Visits every state within a bound, search after search; prints the shortest story of the first counterexample, with `--all` of
 * each search's. `--only TEXT` takes the searches alone whose names contain it, `--json` prints their figures as they are kept,
 * and nothing else. With `--log FILE` those that were complete are not made again. `--states N` and `--memory MB` cut a search
 * off that needs more, and say so. `--cheapest` begins with the searches that have the fewest states in `small_bound.json`.
 * `--part 1/2` takes every other one, from the first on: for two processes, each with a log of its own.
 * @returns 0: all complete, 1: a counterexample, 2: some were cut off, 64: usage.
 */
async function main(): Promise<number> {
  const options = OptionsWire.safeParse(
    parseArgs(Deno.args, {
      string: ["bound", "only", "log", "states", "memory", "part"],
      boolean: ["json", "all", "cheapest"],
    }),
  );
  if (!options.success) {
    await print(USAGE);
    return 64;
  }
  const { bound, only, json: isJson, log: path, part } = options.data;
  const source = path === undefined ? "" : await digestSource();
  let log: SearchLog = path === undefined
    ? { source, whole: {}, cut: {} }
    : await readSearchLog(path, source);
  const startMs = performance.now();
  const tally = new Tally();
  const listed = listExplorations(bound);
  const sorted = options.data.cheapest ? await sortBySize(listed) : listed;
  const explorations = sorted.filter((_, at) => at % part.of === part.number - 1);
  for (const exploration of explorations) {
    const { name } = exploration;
    if (!name.includes(only) || log.whole[name] !== undefined) continue;
    if ((log.cut[name] ?? 0) >= options.data.states) continue;
    const end = await search(exploration, options.data);
    tally.add(end);
    if (!isJson) await print(`${name}: ${describeEnd(end)}\n`);
    if (end.kind === "broken" && isJson) await print(`${name}: ${end.message}\n`);
    if (end.kind === "broken" && !options.data.all) {
      if (!isJson) await print(describeCpu());
      return 1;
    }
    if (end.kind === "broken") continue;
    const kept = end.kind === "whole" ? keepFigures(end.figures) : end.figures.states;
    log = addToLog(log, name, kept);
    if (path !== undefined) await writeSearchLog(path, log);
  }
  await print(
    isJson
      ? `${JSON.stringify(log.whole, null, 2)}\n`
      : `${tally.describe(startMs, log)}${describeCpu()}`,
  );
  return tally.broken > 0 ? 1 : Object.keys(log.cut).length > 0 ? 2 : 0;
}

const FiguresWire = z.record(z.string(), z.object({ states: z.number() }));

/** The smallest first, as the kept figures have them: a mistake shows where there is little else to look at, mostly. */
async function sortBySize(explorations: readonly Exploration[]): Promise<Exploration[]> {
  const text = await Deno.readTextFile(new URL("small_bound.json", import.meta.url));
  const kept = FiguresWire.parse(JSON.parse(text));
  const sizeOf = ({ name }: Exploration) => kept[name]?.states ?? Number.MAX_SAFE_INTEGER;
  return explorations.toSorted((a, b) => sizeOf(a) - sizeOf(b));
}

/** Of one core, by this process. */
function describeCpu(): string {
  const { user, system } = cpuUsage();
  return `${((user + system) / 1e6).toFixed(1)} CPU s\n`;
}

async function search({ name, build }: Exploration, options: Options): Promise<End> {
  const startMs = performance.now();
  const explorer = build();
  let saidMs = startMs;
  try {
    while (explorer.advance(SLICE)) {
      const nowMs = performance.now();
      const { figures } = explorer;
      const why = findLimit(figures.states, options);
      if (why !== null) return { kind: "cut", figures, why };
      if (options.json || nowMs - saidMs < SAY_EACH_MS) continue;
      saidMs = nowMs;
      const perSecond = Math.round(figures.states / (nowMs - startMs) * 1000);
      await print(
        `${name}: ${figures.states} states, ${explorer.frontier} in the frontier, ` +
          `${perSecond} a second, ${formatMb(readMemory())}\n`,
      );
    }
    explorer.checkProgress();
    readMemory();
    return { kind: "whole", figures: explorer.figures };
  } catch (error) {
    if (!(error instanceof Counterexample)) throw error;
    return { kind: "broken", message: error.message };
  }
}

function findLimit(states: number, options: Options): string | null {
  if (states >= options.states) return `${options.states} states`;
  return readMemory() > options.memory * 2 ** 20 ? `${options.memory} MB` : null;
}

function readMemory(): number {
  const { rss } = Deno.memoryUsage();
  peakBytes = Math.max(peakBytes, rss);
  return rss;
}

function formatMb(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MB`;
}

function describeEnd(end: End): string {
  if (end.kind === "broken") return end.message;
  const { states, transitions, depth, digest } = end.figures;
  const reached = `${states} states, ${transitions} transitions, depth ${depth}`;
  return end.kind === "whole" ? `${reached}, graph ${digest}` : `${reached}, CUT OFF at ${end.why}`;
}

/** The sum of a run. */
class Tally {
  searches = 0;
  broken = 0;
  #states = 0;
  #transitions = 0;
  #depth = 0;

  add(end: End): void {
    this.searches++;
    if (end.kind === "broken") this.broken++;
    if (end.kind === "broken") return;
    this.#states += end.figures.states;
    this.#transitions += end.figures.transitions;
    this.#depth = Math.max(this.#depth, end.figures.depth);
  }

  describe(startMs: number, log: SearchLog): string {
    const seconds = (performance.now() - startMs) / 1000;
    const kept = Object.values(log.whole);
    const states = kept.reduce((sum, each) => sum + each.states, 0);
    return `${this.searches} searches, ${this.#states} states, ${this.#transitions} transitions, ` +
      `depth ${this.#depth}, ${seconds.toFixed(1)} s, ` +
      `${Math.round(this.#states / seconds)} states a second, at most ${formatMb(peakBytes)}; ` +
      `${this.broken} with a counterexample; with those of the log ${kept.length} complete ` +
      `(${states} states), ${Object.keys(log.cut).length} cut off\n`;
  }
}

async function print(text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) {
    written += await Deno.stdout.write(bytes.subarray(written));
  }
}

Deno.exit(await main());
