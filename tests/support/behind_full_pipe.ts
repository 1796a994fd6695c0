// Starts the program with a standard output and a standard error that are full and that nobody reads, says by a file
// that it did, passes SIGTERM on, kills it at SIGINT, and ends with its status. Arguments: the file, then the program's
// own command line.

const [startedFile = "", ...args] = Deno.args;
const BYTES = new TextEncoder().encode(".".repeat(1023) + "\n");
/** So long nothing is taken by a pipe that is full. */
const FULL_MS = 300;

async function fill(stream: typeof Deno.stdout): Promise<void> {
  for (let isFull = false; !isFull;) {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const full = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(true), FULL_MS);
    });
    isFull = await Promise.race([stream.write(BYTES).then(() => false), full]);
    clearTimeout(timer);
  }
}

await Promise.all([fill(Deno.stdout), fill(Deno.stderr)]);
const child = new Deno.Command(Deno.execPath(), {
  args,
  stdin: "null",
  stdout: "inherit",
  stderr: "inherit",
}).spawn();
Deno.addSignalListener("SIGTERM", () => child.kill("SIGTERM"));
Deno.addSignalListener("SIGINT", () => child.kill("SIGKILL"));
Deno.writeTextFileSync(startedFile, "");
const { code } = await child.status;
Deno.exit(code);
