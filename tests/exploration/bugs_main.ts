import { withBug } from "../simulation/mutate.ts";
import { EXPLORED_BUGS, type ExploredBug } from "./bugs.ts";

/** No bug may live longer in the small bound. Milliseconds. */
const DEATH_MS = 30_000;

const ROOT = new URL("../../", import.meta.url);

/** What a search in a copy of the source said of it. */
interface Death {
  /** The search and the property that it broke; `null`: it lives. */
  readonly property: string | null;
  /** Lines of its shortest story. */
  readonly lines: number;
  readonly ms: number;
}

/** Explores a copy of the source, searches whose names contain a text alone. */
async function explore(copy: string, only: string): Promise<Death> {
  const startMs = performance.now();
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    cwd: copy,
    // A bug that does not compile proves nothing.
    args: ["run", "--check", "--no-prompt", "tests/exploration/main.ts", "--only", only],
    stderr: "null",
  }).output();
  const ms = performance.now() - startMs;
  const text = new TextDecoder().decode(stdout);
  const found = /^(?<search>\w+ \w+): (?!\d+ states)(?<property>.+)\n(?<story>[\s\S]*)/m.exec(text);
  const { search, property, story } = found?.groups ?? {};
  if (search === undefined) return { property: null, lines: 0, ms };
  const lines = (story ?? "").trim().split("\n").length;
  return { property: `${search}: ${property}`, lines, ms };
}

async function tryBug(bug: ExploredBug): Promise<boolean> {
  const death = await withBug(ROOT, bug, (copy) => explore(copy, bug.search));
  const { property, lines, ms } = death;
  const seconds = (ms / 1000).toFixed(1);
  await print(
    property === null
      ? `${bug.name}  ->  LIVES in "${bug.search}", ${seconds} s\n`
      : `${bug.name}  ->  ${seconds} s, ${lines} lines, ${property}\n`,
  );
  return property !== null && ms <= DEATH_MS;
}

async function print(text: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(text));
}

/**
 * Puts the bugs whose names contain the argument into copies of the source, one after the other, and explores each; exit 1 where
 * one lives, or takes longer than 30 s to die.
 */
async function main(): Promise<number> {
  const only = Deno.args[0] ?? "";
  let alive = 0;
  for (const bug of EXPLORED_BUGS) {
    if (bug.name.includes(only) && !await tryBug(bug)) alive++;
  }
  return alive === 0 ? 0 : 1;
}

Deno.exit(await main());
