import { withBug } from "../simulation/mutate.ts";
import { EXPLORED_BUGS, type ExploredBug } from "./bugs.ts";

/** No bug may live longer in the small bound. CPU milliseconds. */
const DEATH_MS = 30_000;

const ROOT = new URL("../../", import.meta.url);

/** What the small bound said of a copy of the source. */
interface Death {
  /** The search and the property that it broke; `null`: it lives. */
  readonly property: string | null;
  /** Lines of its shortest story. */
  readonly lines: number;
  /** Of one core, the search alone. */
  readonly cpuMs: number;
}

/** Explores a copy of the source, the smallest searches first: nothing says where the bug is. */
async function explore(copy: string): Promise<Death> {
  const run = async (...args: readonly string[]) => {
    const command = new Deno.Command(Deno.execPath(), { cwd: copy, args: [...args] });
    return await command.output();
  };
  const decoder = new TextDecoder();
  // A bug that does not compile proves nothing.
  const checked = await run("check", "-q", MAIN);
  if (!checked.success) throw new Error(`it does not compile: ${decoder.decode(checked.stderr)}`);
  const { stdout } = await run(
    "run",
    "--no-check",
    "--no-prompt",
    "--allow-read",
    MAIN,
    "--cheapest",
  );
  const text = decoder.decode(stdout);
  const cpuMs = Number(/^(?<seconds>[\d.]+) CPU s$/m.exec(text)?.groups?.["seconds"]) * 1000;
  const found =
    /^(?<search>\w+ \w+): (?!\d+ states)(?<property>.+)\n(?<story>[\s\S]*)\n[\d.]+ CPU s/m
      .exec(text);
  const { search, property, story } = found?.groups ?? {};
  if (search === undefined) return { property: null, lines: 0, cpuMs };
  const lines = (story ?? "").trim().split("\n").length;
  return { property: `${search}: ${property}`, lines, cpuMs };
}

const MAIN = "tests/exploration/main.ts";

async function tryBug(bug: ExploredBug): Promise<boolean> {
  const { property, lines, cpuMs } = await withBug(ROOT, bug, explore);
  const seconds = (cpuMs / 1000).toFixed(1);
  await print(
    property === null
      ? `${bug.name}  ->  LIVES, ${seconds} CPU s\n`
      : `${bug.name}  ->  ${seconds} CPU s, ${lines} lines, ${property}\n`,
  );
  return property !== null && cpuMs <= DEATH_MS;
}

async function print(text: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(text));
}

/**
 * Puts the bugs whose names contain the argument into copies of the source, one after the other, and explores each; exit 1 where
 * one lives, or takes more than 30 s of one core to die.
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
