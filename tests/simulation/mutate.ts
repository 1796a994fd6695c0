import type { Mutation } from "./mutations.ts";

/** Days that a bug may hide in, from its recorded seed on. */
export const DAYS_MAX = 150;

/** What a run over a mutated copy said. */
export interface MutationResult {
  readonly mutation: Mutation;
  /** The seed and the promise that it broke; `null`: it was not caught. */
  readonly caught: { readonly seed: number; readonly invariant: string } | null;
  readonly output: string;
}

/**
 * Applies a bug to a temporary copy of the source, never to the tree itself, and lets the simulation loose on it.
 * @param root The project's directory, with a slash at its end.
 * @throws {Error} Where a text to be replaced is not in its file exactly once.
 */
export async function runMutation(root: URL, mutation: Mutation): Promise<MutationResult> {
  const copy = await Deno.makeTempDir({ prefix: "avwap-mutation-" });
  try {
    for (const dir of ["src", "tests/simulator", "tests/simulation"]) {
      await copyDir(new URL(`${dir}/`, root), `${copy}/${dir}`);
    }
    for (const file of ["deno.json", "deno.lock"]) {
      await Deno.copyFile(new URL(file, root), `${copy}/${file}`);
    }
    for (const file of new Set(mutation.edits.map((each) => each.file))) {
      const path = `${copy}/${file}`;
      await Deno.writeTextFile(path, mutate(await Deno.readTextFile(path), mutation, file));
    }
    return await simulate(copy, mutation);
  } finally {
    await Deno.remove(copy, { recursive: true });
  }
}

/** The file's text with the bug in it. @throws {Error} Where a text is not there exactly once. */
export function mutate(text: string, mutation: Mutation, file: string): string {
  let changed = text;
  for (const { file: each, find, replace } of mutation.edits) {
    if (each !== file) continue;
    const count = changed.split(find).length - 1;
    if (count !== 1) {
      throw new Error(`"${mutation.name}": its text is ${count} times in ${file}, not once`);
    }
    changed = changed.replace(find, () => replace);
  }
  return changed;
}

async function simulate(copy: string, mutation: Mutation): Promise<MutationResult> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      // A bug that does not compile proves nothing: it would be caught by its own exception.
      "--check",
      "--no-prompt",
      "tests/simulation/main.ts",
      "--days",
      String(DAYS_MAX),
      "--seed",
      String(mutation.seed),
      "--families",
      mutation.families.join(","),
    ],
    cwd: copy,
    stdout: "piped",
    stderr: "piped",
  }).output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  const found = /^seed (\d+) breaks: (.*)$/m.exec(output);
  const caught = found === null ? null : { seed: Number(found[1]), invariant: found[2] ?? "" };
  return { mutation, caught, output };
}

async function copyDir(from: URL, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyDir(new URL(`${name}/`, from), `${to}/${name}`);
    else await Deno.writeFile(`${to}/${name}`, await Deno.readFile(new URL(name, from)));
  }
}
