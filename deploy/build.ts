import { UsageError } from "../src/cli/options.ts";
import { PROGRAM, VERSION } from "../src/cli/version.ts";
import type { BuildInfo } from "../src/runtime/build_facts.ts";
import { buildPermissionFlags } from "../src/runtime/permissions.ts";
import { createTextWriter } from "../src/runtime/standard_stream.ts";
import { cutLines, NPM_DENO_VERSION, readNpmBase, readSha256 } from "./base_runtime.ts";
import { BuildError } from "./build_error.ts";
import { BUILD_HELP, type BuildOptions, parseBuildOptions } from "./build_options.ts";
import { type CommandStart, runCommand } from "./command_line.ts";
import { writeStaging } from "./staging.ts";

// `deno task compile`: one file that can reach nothing but what is listed in its manifest.

/** Room for the heap, in MB: the README's measurement says how much of it is used. */
const HEAP_MB = 128;
/**
 * What is young is collected in 1 MB instead of 16, and memory goes before the last bit of speed: a cycle waits for the
 * broker, and a thousand breakouts take a quarter less memory.
 */
const V8_FLAGS = [
  `--max-old-space-size=${HEAP_MB}`,
  "--max-semi-space-size=1",
  "--optimize-for-size",
];
const ROOT = new URL("../", import.meta.url).pathname;
const writeOut = createTextWriter(Deno.stdout);

/** What a binary is and may do; the file beside it. */
interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly commit: string;
  readonly runtime: string;
  readonly deno_version: string;
  readonly base_dir: string;
  readonly state_dir: string;
  readonly extra_hosts: readonly string[];
  readonly has_self_test: boolean;
  readonly size_bytes: number;
  readonly sha256: string;
  readonly flags: readonly string[];
}

async function build(options: BuildOptions): Promise<void> {
  const { baseDir, stateDir, extraHosts, hasSelfTest, runtime, output } = options;
  const denoVersion = runtime === "npm" ? NPM_DENO_VERSION : Deno.version.deno;
  const commit = await readCommit();
  const facts: BuildInfo = {
    commit,
    denoVersion,
    runtime,
    baseDir,
    stateDir,
    extraHosts,
    hasSelfTest,
  };
  const flags = [
    ...buildPermissionFlags(facts),
    "--no-code-cache",
    `--v8-flags=${V8_FLAGS.join()}`,
  ];
  await compile({ facts, flags, output });
  const manifest: Manifest = {
    name: PROGRAM,
    version: VERSION,
    commit,
    runtime: runtime === "npm" ? "npm, not for production" : runtime,
    deno_version: denoVersion,
    base_dir: baseDir,
    state_dir: stateDir,
    extra_hosts: extraHosts,
    has_self_test: hasSelfTest,
    size_bytes: (await Deno.stat(output)).size,
    sha256: await readSha256(output),
    flags,
  };
  await Deno.writeTextFile(`${output}.manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);
  writeOut(formatManifest(output, manifest));
}

function formatManifest(output: string, manifest: Manifest): string {
  const { version, commit, runtime, size_bytes, sha256, flags } = manifest;
  return [
    `${output}: ${PROGRAM} ${version} (${commit}), runtime ${runtime}`,
    `size: ${(size_bytes / 1e6).toFixed(1)} MB`,
    `sha256: ${sha256}`,
    "flags:",
    ...flags.map((flag) => `  ${flag}`),
    "",
  ].join("\n");
}

/** Compiles in a folder of its own and moves the result into place, so that a failed build leaves the old one. */
async function compile(
  { facts, flags, output }: {
    readonly facts: BuildInfo;
    readonly flags: readonly string[];
    readonly output: string;
  },
): Promise<void> {
  const stagingDir = await Deno.makeTempDir({ prefix: "avwap-build-" });
  try {
    const entry = await writeStaging({ root: ROOT, dir: stagingDir, build: facts });
    await Deno.mkdir(output.replace(/[^/]*$/, "") || ".", { recursive: true });
    const binary = `${await Deno.realPath(
      output.replace(/[^/]*$/, "") || ".",
    )}/.${PROGRAM}-building`;
    // Checked apart: the heap that the flags give to the program would be too small for the type checker.
    const commands = [
      ["check", "--frozen", entry],
      ["compile", "--frozen", "--no-check", ...flags, `--output=${binary}`, entry],
    ];
    for (const args of commands) {
      const result = await runCommand({ ...await buildStart(facts, args), cwd: stagingDir });
      if (!result.isOk) throw buildFailure(facts, result.stderr);
    }
    await Deno.rename(binary, output);
  } finally {
    await Deno.remove(stagingDir, { recursive: true });
  }
}

async function buildStart(facts: BuildInfo, args: readonly string[]): Promise<CommandStart> {
  if (facts.runtime === "deno") return { program: Deno.execPath(), args };
  const env = { DENORT_BIN: await readNpmBase(buildCacheDir()) };
  if (Deno.version.deno === NPM_DENO_VERSION) return { program: Deno.execPath(), args, env };
  return { program: "npx", args: ["--yes", `deno@${NPM_DENO_VERSION}`, ...args], env };
}

function buildCacheDir(): string {
  const home = Deno.env.get("HOME");
  const cache = Deno.env.get("XDG_CACHE_HOME") || (home ? `${home}/.cache` : null);
  if (cache === null) throw new BuildError("HOME is not set: no place to keep the base runtime in");
  return `${cache}/${PROGRAM}-build`;
}

/** What the compiler says of a download that failed. */
const UNREACHABLE = /denort|download|error sending request|dns error|lookup address/i;

function buildFailure(facts: BuildInfo, stderr: string): BuildError {
  if (facts.runtime === "npm" || !UNREACHABLE.test(stderr) || Deno.env.get("DENORT_BIN")) {
    return new BuildError(`Cannot compile: ${cutLines(stderr)}`);
  }
  return new BuildError(
    "Cannot compile: the runtime that goes into the binary could not be downloaded. " +
      `Either fetch denort of Deno ${facts.denoVersion} on a machine that can, and set DENORT_BIN to its path, ` +
      "or build with --runtime npm, which is for tests and not for production",
  );
}

/** The commit, marked where what is compiled differs from it; `unknown` outside a repository. */
async function readCommit(): Promise<string> {
  const git = (args: string[]) =>
    runCommand({ program: "git", args, cwd: ROOT }).catch(() => ({ isOk: false, stdout: "" }));
  const head = await git(["rev-parse", "--short=12", "HEAD"]);
  if (!head.isOk) return "unknown";
  const sources = ["main.ts", "src", "deno.json", "deno.lock"];
  const changes = await git(["status", "--porcelain", "--", ...sources]);
  return `${head.stdout.trim()}${changes.isOk && changes.stdout === "" ? "" : "+changes"}`;
}

try {
  const options = parseBuildOptions(Deno.args);
  if (options.isHelp) writeOut(BUILD_HELP);
  else await build(options);
} catch (error) {
  if (!(error instanceof UsageError) && !(error instanceof BuildError)) throw error;
  createTextWriter(Deno.stderr)(`compile: ${error.message}\n`);
  Deno.exit(error instanceof UsageError ? 64 : 1);
}
