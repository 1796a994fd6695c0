/** Runs `run` with a directory of its own on the real disk, removed afterwards. */
export async function withDir(run: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await run(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/**
 * Makes symbolic links, path to target, in a process of its own: Deno lets only one with the whole disk's permissions
 * do that, and these tests do not have them.
 */
export async function makeLinks(links: Readonly<Record<string, string>>): Promise<void> {
  await runScript(
    `for (const [path, target] of Object.entries(${JSON.stringify(links)})) {
       Deno.symlinkSync(target, path);
     }`,
  );
}

/** Makes a named pipe, which would keep a reader waiting for ever. */
export async function makePipe(path: string): Promise<void> {
  await runScript(
    `const made = new Deno.Command("mkfifo", { args: [${JSON.stringify(path)}] }).outputSync();
     Deno.exit(made.code);`,
  );
}

async function runScript(script: string): Promise<void> {
  const command = new Deno.Command(Deno.execPath(), { args: ["eval", "--no-lock", script] });
  const { success, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}
