/** Release 0.1.0 as it was last committed. */
const COMMIT_0_1_0 = "0ece04242bddc4ab9c78b0a36b95a5469cc3a04e";

const ROOT = new URL("../../", import.meta.url).pathname;

/**
 * Takes the source of release 0.1.0 out of the repository's history, and away again after `act`.
 * @param act Told the directory in which it lies.
 * @throws {Error} Where the history does not hold it.
 */
export async function withRelease010<T>(act: (dir: string) => Promise<T>): Promise<T> {
  const dir = await Deno.makeTempDir({ prefix: "avwap-old-" });
  try {
    // By an index of its own: the repository's is not touched.
    await git(dir, ["read-tree", COMMIT_0_1_0]);
    await git(dir, ["checkout-index", "--all", `--prefix=${dir}/`]);
    return await act(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

async function git(dir: string, args: readonly string[]): Promise<void> {
  const command = new Deno.Command("git", {
    args: ["-C", ROOT, ...args],
    env: { GIT_INDEX_FILE: `${dir}/index` },
    stdin: "null",
  });
  const { success, stderr } = await command.output();
  if (success) return;
  throw new Error(
    `release 0.1.0 (commit ${COMMIT_0_1_0.slice(0, 7)}) can't be taken out of the history: git ${
      args[0]
    }: ${new TextDecoder().decode(stderr).trim()}; a clone that was cut short gets the rest by ` +
      "git fetch --unshallow",
  );
}
