import type { Mutation } from "./mutations.ts";
import type { TestedBug } from "./tested_bug.ts";

/** Days that a bug may hide in, from its recorded seed on. */
export const DAYS_MAX = 150;

/** A seed and the promise that it broke. */
export interface Alarm {
  readonly seed: number;
  readonly invariant: string;
}

/** What runs over a mutated copy said. */
export interface MutationResult {
  /** What the bug broke, and the source without it keeps; `null`: it was not caught. */
  readonly caught: Alarm | null;
  /** What the source breaks by itself: it catches nothing, and has to be seen to first. */
  readonly falseAlarms: readonly Alarm[];
  readonly output: string;
}

/** Seeds that the source itself may break before the search for a bug is given up. */
const FALSE_ALARMS_MAX = 3;

/** A deliberate bug as far as its texts go. */
export type Edited = Pick<TestedBug, "name" | "edits">;

/** What is copied for a bug: all that its tests may read. */
const COPIED_DIRS = ["src", "tests", "deploy"];
const COPIED_FILES = ["deno.json", "deno.lock", "main.ts", "README.md"];

/**
 * Applies a bug to a temporary copy of the source, never to the tree itself, and lets the simulation loose on it.
 * @param root The project's directory, with a slash at its end.
 * @throws {Error} Where a text to be replaced is not in its file exactly once.
 */
export function runMutation(root: URL, mutation: Mutation): Promise<MutationResult> {
  return withBug(root, mutation, (copy) => search(root, copy, mutation));
}

/** The first seed that the copy breaks and the source without the bug does not. */
async function search(root: URL, copy: string, mutation: Mutation): Promise<MutationResult> {
  const falseAlarms: Alarm[] = [];
  for (let from = mutation.seed;;) {
    const { alarm, output } = await simulate(copy, mutation, { seed: from, days: DAYS_MAX });
    if (alarm === null) return { caught: null, falseAlarms, output };
    const bare = await simulate(fromFileUrl(root), mutation, { seed: alarm.seed, days: 1 });
    if (bare.alarm === null) return { caught: alarm, falseAlarms, output };
    falseAlarms.push(bare.alarm);
    if (falseAlarms.length === FALSE_ALARMS_MAX) return { caught: null, falseAlarms, output };
    from = alarm.seed + 1;
  }
}

/** The same for a bug that tests catch. @returns What they printed; `isCaught` only where a test of theirs failed. */
export function runTestedBug(
  root: URL,
  bug: TestedBug,
): Promise<{ readonly isCaught: boolean; readonly output: string }> {
  return withBug(root, bug, async (copy) => {
    const output = await runTests(copy, bug.tests);
    // A bug that does not compile, or a test that is not there, has no count of tests.
    return { isCaught: /^FAILED \| \d+ passed.* [1-9]\d* failed/m.test(output), output };
  });
}

/** Whether a test file passes on the source without any bug: one that fails anyhow catches nothing. */
export async function isPassing(root: URL, test: string): Promise<boolean> {
  return /^ok \| [1-9]\d* passed/m.test(await runTests(fromFileUrl(root), [test]));
}

function runTests(dir: string, tests: readonly string[]): Promise<string> {
  return runDeno(dir, ["test", "--check", "--no-prompt", "-A", ...tests]);
}

function fromFileUrl(url: URL): string {
  return decodeURIComponent(url.pathname);
}

/** Applies a bug to a temporary copy, for as long as it is used. @throws {Error} As `mutate()` does. */
export async function withBug<T>(
  root: URL,
  bug: Edited,
  use: (copy: string) => Promise<T>,
): Promise<T> {
  const copy = await Deno.makeTempDir({ prefix: "avwap-mutation-" });
  try {
    for (const dir of COPIED_DIRS) await copyDir(new URL(`${dir}/`, root), `${copy}/${dir}`);
    for (const file of COPIED_FILES) {
      await Deno.copyFile(new URL(file, root), `${copy}/${file}`);
    }
    for (const file of new Set(bug.edits.map((each) => each.file))) {
      const path = `${copy}/${file}`;
      await Deno.writeTextFile(path, mutate(await Deno.readTextFile(path), bug, file));
    }
    return await use(copy);
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}

/** The file's text with the bug in it. @throws {Error} Where a text is not there exactly once. */
export function mutate(text: string, bug: Edited, file: string): string {
  let changed = text;
  for (const { file: each, find, replace } of bug.edits) {
    if (each !== file) continue;
    const count = changed.split(find).length - 1;
    if (count !== 1) {
      throw new Error(`"${bug.name}": its text is ${count} times in ${file}, not once`);
    }
    changed = changed.replace(find, () => replace);
  }
  return changed;
}

async function simulate(
  dir: string,
  { families }: Mutation,
  { seed, days }: { readonly seed: number; readonly days: number },
): Promise<{ readonly alarm: Alarm | null; readonly output: string }> {
  const output = await runDeno(dir, [
    "run",
    // A bug that does not compile proves nothing: it would be caught by its own exception.
    "--check",
    "--no-prompt",
    "tests/simulation/main.ts",
    "--days",
    String(days),
    "--seed",
    String(seed),
    "--families",
    families.join(","),
  ]);
  const found = /^seed (\d+) breaks: (.*)$/m.exec(output);
  const alarm = found === null ? null : { seed: Number(found[1]), invariant: found[2] ?? "" };
  return { alarm, output };
}

async function runDeno(cwd: string, args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
}

async function copyDir(from: URL, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyDir(new URL(`${name}/`, from), `${to}/${name}`);
    else await Deno.writeFile(`${to}/${name}`, await Deno.readFile(new URL(name, from)));
  }
}
