/** The repository's root. */
export const ROOT = new URL("../../", import.meta.url);

/** A text of the repository, by its path from the root. */
export async function readText(path: string): Promise<string> {
  return await Deno.readTextFile(new URL(path, ROOT));
}

const PASSED_OVER = [".git", "node_modules", "dist", "coverage", "vectors"];

/** Paths from the root of the files in a folder and below that end in one of `ends`, sorted. */
export async function listPaths(dir: string, ends: readonly string[]): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(dir, ROOT))) {
    if (PASSED_OVER.includes(name)) continue;
    if (isDirectory) paths.push(...await listPaths(`${dir}${name}/`, ends));
    else if (ends.some((end) => name.endsWith(end))) paths.push(`${dir}${name}`);
  }
  return paths.sort();
}
