import { UsageError } from "../src/cli/options.ts";
import type { BuildInfo } from "../src/runtime/build_facts.ts";
import { buildPermissionFlags } from "../src/runtime/permissions.ts";
import { createTextWriter } from "../src/runtime/standard_stream.ts";
import { findCacheDir, NPM_DENO_VERSION, PINS_FILE, readSha256 } from "./base_runtime.ts";
import { BuildError } from "./build_error.ts";
import { BUILD_HELP, type BuildOptions, parseBuildOptions } from "./build_options.ts";
import { runCommand } from "./command_line.ts";
import { compile } from "./compile.ts";
import { buildManifest, formatManifest } from "./manifest.ts";
import { V8_FLAGS } from "./v8_flags.ts";

// `deno task compile`: one file that can reach nothing but what is listed in its manifest.

const ROOT = decodeURIComponent(new URL("../", import.meta.url).pathname);
const writeOut = createTextWriter(Deno.stdout);

async function build(options: BuildOptions): Promise<void> {
  const { baseDir, stateDir, extraHosts, healthcheckHost, hasSelfTest, runtime, output } = options;
  const denoVersion = runtime === "npm" ? NPM_DENO_VERSION : Deno.version.deno;
  const commit = await readCommit();
  const facts: BuildInfo = {
    // Twelve digits are enough to read; the manifest has them all.
    commit: commit.replace(/(?<=^.{12})[0-9a-f]*/, ""),
    denoVersion,
    runtime,
    baseDir,
    stateDir,
    extraHosts,
    healthcheckHost,
    hasSelfTest,
  };
  const flags = [
    ...buildPermissionFlags(facts),
    "--no-code-cache",
    `--v8-flags=${V8_FLAGS.join()}`,
  ];
  const compiled = await compile({ root: ROOT, facts, flags, cacheDir: findCacheDir(), output });
  const sum = { sizeBytes: (await Deno.stat(output)).size, sha256: await readSha256(output) };
  const manifest = buildManifest({ facts, commit, flags, compiled, sum });
  await Deno.writeTextFile(`${output}.manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);
  writeOut(formatManifest(output, manifest));
}

/** The commit, marked where what is compiled differs from it; `unknown` outside a repository. */
async function readCommit(): Promise<string> {
  const git = (args: string[]) =>
    runCommand({ program: "git", args, cwd: ROOT }).catch(() => ({ isOk: false, stdout: "" }));
  const head = await git(["rev-parse", "HEAD"]);
  if (!head.isOk) return "unknown";
  const sources = ["main.ts", "src", "deno.json", "deno.lock", "deploy/*.ts", PINS_FILE];
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
