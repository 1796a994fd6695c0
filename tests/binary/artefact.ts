import { z } from "zod";
import { LineReader } from "../support/line_reader.ts";

/** The repository, with a slash at its end. */
export const ROOT = new URL("../../", import.meta.url).pathname;

const ManifestFile = z.strictObject({
  name: z.literal("avwap-execution"),
  version: z.string(),
  commit: z.string(),
  runtime: z.string(),
  deno_version: z.string(),
  runtime_sha256: z.string().regex(/^[0-9a-f]{64}$/),
  base_dir: z.string(),
  state_dir: z.string(),
  extra_hosts: z.array(z.string()),
  healthcheck_host: z.string().nullable(),
  has_self_test: z.boolean(),
  size_bytes: z.int(),
  sha256: z.string(),
  flags: z.array(z.string()),
  sbom: z.strictObject({
    bomFormat: z.literal("CycloneDX"),
    specVersion: z.literal("1.5"),
    version: z.literal(1),
    components: z.array(z.looseObject({ name: z.string(), version: z.string() })),
  }),
});
type Manifest = z.output<typeof ManifestFile>;

/** A compiled binary with the directories and the one extra port that it was built for. */
export interface Artefact {
  readonly path: string;
  readonly root: string;
  readonly baseDir: string;
  readonly stateDir: string;
  readonly port: number;
  /** The file beside the binary. */
  readonly manifest: Manifest;
  remove(): Promise<void>;
}

/** A port that is free now; the binary must know it before anything listens there. */
export function findFreePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/** Compiles as an operator of a closed network would, into a directory of its own. */
export async function buildArtefact(options: readonly string[] = []): Promise<Artefact> {
  const root = await Deno.makeTempDir({ prefix: "avwap-artefact-" });
  const baseDir = `${root}/base`;
  const stateDir = `${baseDir}/state`;
  const path = `${root}/dist/avwap-execution`;
  const port = findFreePort();
  await Deno.mkdir(stateDir, { recursive: true, mode: 0o700 });
  const manifest = await compileAt({
    root: ROOT,
    path,
    options: [
      "--runtime=npm",
      `--base-dir=${baseDir}`,
      `--state-dir=${stateDir}`,
      `--allow-host=127.0.0.1:${port}`,
      ...options,
    ],
  });
  const remove = () => Deno.remove(root, { recursive: true });
  return { path, root, baseDir, stateDir, port, manifest, remove };
}

/** Compiles what is in `root` to `path`, and reads the manifest beside it. */
export async function compileAt(
  { root, path, options, env = {} }: {
    readonly root: string;
    readonly path: string;
    readonly options: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
  },
): Promise<Manifest> {
  const built = await new Deno.Command(Deno.execPath(), {
    args: ["task", "compile", `--output=${path}`, ...options],
    cwd: root,
    env,
    stdin: "null",
  }).output();
  if (!built.success) throw new Error(new TextDecoder().decode(built.stderr));
  return ManifestFile.parse(JSON.parse(await Deno.readTextFile(`${path}.manifest.json`)));
}

/** A line that has not come by then never will: the process is ended, and the test fails with what it said. */
const LINE_MS_MAX = 60_000;

/** The running binary. */
export class ArtefactProcess {
  readonly #child: Deno.ChildProcess;
  readonly #reader: LineReader;
  readonly #read: Promise<unknown>;

  constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#reader = new LineReader(() => {});
    this.#read = Promise.all([
      this.#reader.read(child.stdout, false),
      this.#reader.read(child.stderr, true),
    ]);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Lines of both streams so far. */
  get lines(): readonly string[] {
    return this.#reader.lines;
  }

  /** How many lines hold `text` so far. */
  count(text: string): number {
    return this.lines.filter((line) => line.includes(text)).length;
  }

  /** Resolves when so many lines hold `text`; rejects where the process ends without them. */
  async waitFor(text: string, times = 1): Promise<void> {
    const has = () => this.count(text) >= times;
    if (has()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = this.#reader.listen(() => {
      if (has()) resolve();
    });
    const late = setTimeout(() => this.kill("SIGKILL"), LINE_MS_MAX);
    await Promise.race([promise, this.#read]);
    clearTimeout(late);
    stop();
    if (!has()) throw new Error(`no line with ${text}; it said:\n${this.lines.join("\n")}`);
  }

  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  async end(): Promise<{ status: number; lines: readonly string[]; errors: readonly string[] }> {
    const { code } = await this.#child.status;
    await this.#read;
    return { status: code, lines: this.lines, errors: this.#reader.errors };
  }
}

/** Starts the binary from another directory with nothing in its environment but `env`. */
export function startArtefact(
  { path }: Pick<Artefact, "path">,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ArtefactProcess {
  // Through env(1), so that a test needs leave to run that one alone; it becomes the binary.
  const child = new Deno.Command("env", {
    args: ["-i", "-C", "/", ...Object.entries(env).map(([k, v]) => `${k}=${v}`), path, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return new ArtefactProcess(child);
}

/** Runs it to its end. */
export function runArtefact(...start: Parameters<typeof startArtefact>) {
  return startArtefact(...start).end();
}

/**
 * The most memory that a process has had resident so far, MB. Through cat(1): the runtime lets nobody read that directory
 * who has not every permission.
 */
export async function readPeakMb(pid: number): Promise<number> {
  const { stdout } = await new Deno.Command("cat", { args: [`/proc/${pid}/status`] }).output();
  return Number(/^VmHWM:\s+(\d+) kB/m.exec(new TextDecoder().decode(stdout))?.[1]) / 1024;
}
