import { encodeHex } from "./hex.ts";
import { BuildError } from "./build_error.ts";
import { runCommand } from "./command_line.ts";

/** The runtime of the npm registry: the version of the command line and of the base must be the same. */
export const NPM_DENO_VERSION = "2.4.2";
/** A compiled Deno program of that version; what it carried is replaced by ours. */
const NPM_BASE_PACKAGE = "@vltpkg/cli-linux-x64@0.0.0-18";
const NPM_BASE_ARCHIVE = "vltpkg-cli-linux-x64-0.0.0-18.tgz";
const NPM_BASE_MEMBER = "package/vlt";
const NPM_BASE_SHA256 = "b38c4d77b5394feb3660d20f9d0ebabd01276534f139d579efd5d5f55c2a42bc";

/**
 * The base executable for `--runtime npm`, fetched once into `cacheDir` and checked each time.
 * @returns Its path.
 * @throws {BuildError} Where it can't be fetched, or is not the one that was pinned.
 */
export async function readNpmBase(cacheDir: string): Promise<string> {
  const path = `${cacheDir}/base-${NPM_BASE_SHA256.slice(0, 12)}`;
  if (await readSha256IfThere(path) === NPM_BASE_SHA256) return path;
  await Deno.mkdir(cacheDir, { recursive: true });
  const dir = await Deno.makeTempDir({ dir: cacheDir });
  try {
    const packed = await runCommand({
      program: "npm",
      args: ["pack", "--silent", "--pack-destination", dir, NPM_BASE_PACKAGE],
    });
    if (!packed.isOk) {
      throw new BuildError(`Cannot fetch ${NPM_BASE_PACKAGE} with npm: ${cutLines(packed.stderr)}`);
    }
    const taken = await runCommand({
      program: "tar",
      args: ["-xzf", `${dir}/${NPM_BASE_ARCHIVE}`, "-C", dir, NPM_BASE_MEMBER],
    });
    if (!taken.isOk) {
      throw new BuildError(`Cannot unpack ${NPM_BASE_ARCHIVE}: ${cutLines(taken.stderr)}`);
    }
    const sha256 = await readSha256(`${dir}/${NPM_BASE_MEMBER}`);
    if (sha256 !== NPM_BASE_SHA256) {
      throw new BuildError(
        `${NPM_BASE_PACKAGE} has SHA-256 ${sha256}, not ${NPM_BASE_SHA256}: it is not used`,
      );
    }
    await Deno.chmod(`${dir}/${NPM_BASE_MEMBER}`, 0o755);
    await Deno.rename(`${dir}/${NPM_BASE_MEMBER}`, path);
    return path;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
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

/** What a tool complained, from its first error on, as one line. */
export function cutLines(text: string): string {
  const lines = text.trim().split("\n").map((line) => line.trim());
  const first = lines.findIndex((line) => /error/i.test(line));
  return lines.slice(Math.max(0, first)).slice(0, 3).join(" ");
}
