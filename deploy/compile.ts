import { PROGRAM } from "../src/cli/version.ts";
import type { BuildInfo } from "../src/runtime/build_facts.ts";
import {
  type BaseRuntime,
  formatRuntimeName,
  PINS_FILE,
  readNpmBase,
  readPinnedSha256,
} from "./base_runtime.ts";
import { BuildError } from "./build_error.ts";
import { cutLines, runCommand } from "./command_line.ts";
import { type Component, readComponents } from "./components.ts";
import { type Staging, writeStaging } from "./staging.ts";

/** What is compiled, with which permissions, and to where. */
export interface CompileJob {
  /** The repository, with a slash at its end. */
  readonly root: string;
  readonly facts: BuildInfo;
  readonly flags: readonly string[];
  /** Where archives and runtimes are kept from one build to the next. */
  readonly cacheDir: string;
  readonly output: string;
}

/** What a binary turned out to be made of. */
export interface Compiled {
  readonly runtimeSha256: string;
  readonly components: readonly Component[];
}

/**
 * Compiles in a folder of its own and moves the result into place once it was read back, so that a failed build leaves
 * the old one.
 * @throws {BuildError}
 */
export async function compile(job: CompileJob): Promise<Compiled> {
  const { root, facts, cacheDir, output } = job;
  const outputDir = output.replace(/[^/]*$/, "") || ".";
  await Deno.mkdir(outputDir, { recursive: true });
  const stagingDir = await Deno.makeTempDir({ prefix: "avwap-build-" });
  const resultDir = await Deno.makeTempDir({
    dir: await Deno.realPath(outputDir),
    prefix: ".building-",
  });
  try {
    const staging = await writeStaging({ root, dir: stagingDir, cacheDir, build: facts });
    // The newer compiler writes the name of the file into it, so it is always the same.
    const binary = `${resultDir}/${PROGRAM}`;
    const runtimeSha256 = await runCompiler(job, { staging, stagingDir, binary });
    const components = await readComponents({ binary, dir: stagingDir, ...staging });
    await Deno.rename(binary, output);
    return { runtimeSha256, components };
  } finally {
    await Deno.remove(stagingDir, { recursive: true });
    await Deno.remove(resultDir, { recursive: true });
  }
}

/** @returns SHA-256 of the runtime that went into it. */
async function runCompiler(
  { root, facts, flags, cacheDir }: CompileJob,
  { staging, stagingDir, binary }: {
    readonly staging: Staging;
    readonly stagingDir: string;
    readonly binary: string;
  },
): Promise<string> {
  const { entry, denoDir } = staging;
  const { program, first } = startCompiler(facts);
  const base = await readBase(facts, { root, cacheDir });
  // Checked apart: the heap that the flags give to the program would be too small for the type checker.
  const checked = await runCommand({
    program,
    args: [...first, "check", "--frozen", entry],
    cwd: stagingDir,
  });
  if (!checked.isOk) throw new BuildError(`Cannot compile: ${cutLines(checked.stderr)}`);
  const downloads = `${cacheDir}/dl`;
  await Deno.mkdir(downloads, { recursive: true });
  await Deno.symlink(downloads, `${denoDir}/dl`);
  const result = await runCommand({
    program,
    args: [
      ...first,
      "compile",
      "--frozen",
      "--cached-only",
      "--no-check",
      ...flags,
      `--output=${binary}`,
      entry,
    ],
    cwd: stagingDir,
    env: { ...listNetworkVariables(), DENO_DIR: denoDir, ...(base && { DENORT_BIN: base.path }) },
    isEnvCleared: true,
  });
  if (!result.isOk) throw buildFailure(facts, result.stderr, base);
  if (base !== null) return base.sha256;
  const version = facts.denoVersion;
  const file = `${downloads}/release/v${version}/denort-${Deno.build.target}.zip`;
  return await readPinnedSha256({ file, version, pins: await readPins(root) });
}

/** How the compiler begins: it has to be of the same version as the runtime. */
function startCompiler({ denoVersion }: BuildInfo): { program: string; first: readonly string[] } {
  if (Deno.version.deno === denoVersion) return { program: Deno.execPath(), first: [] };
  return { program: "npx", first: ["--yes", `deno@${denoVersion}`] };
}

/** The runtime to build on; `null` where the compiler is to download the official one. */
async function readBase(
  facts: BuildInfo,
  { root, cacheDir }: { readonly root: string; readonly cacheDir: string },
): Promise<BaseRuntime | null> {
  if (facts.runtime === "npm") return await readNpmBase(cacheDir);
  const path = Deno.env.get("DENORT_BIN");
  if (!path) return null;
  const pins = await readPins(root);
  const version = facts.denoVersion;
  return { path, sha256: await readPinnedSha256({ file: path, version, pins }) };
}

async function readPins(root: string): Promise<string> {
  return await Deno.readTextFile(`${root}${PINS_FILE}`);
}

/**
 * All that the compiler is told of its surroundings: from others (`DENO_V8_FLAGS`, `DENO_TLS_CA_STORE`) it would write
 * into the binary what it was told.
 */
function listNetworkVariables(): Record<string, string> {
  const names = ["PATH", "HOME", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "npm_config_cache"];
  return Object.fromEntries(names.flatMap((name) => {
    const value = Deno.env.get(name);
    return value === undefined ? [] : [[name, value]];
  }));
}

/** What the compiler says of a download that failed. */
const UNREACHABLE = /denort|download|error sending request|dns error|lookup address/i;

function buildFailure(facts: BuildInfo, stderr: string, base: BaseRuntime | null): BuildError {
  if (base !== null || !UNREACHABLE.test(stderr)) {
    return new BuildError(`Cannot compile: ${cutLines(stderr)}`);
  }
  return new BuildError(
    "Cannot compile: the runtime that goes into the binary could not be downloaded. " +
      `Either fetch ${
        formatRuntimeName(facts.denoVersion)
      } on a machine that can, and set DENORT_BIN to its path, ` +
      "or build with --runtime npm, which is for tests and not for production",
  );
}
