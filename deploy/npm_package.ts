import { BuildError } from "./build_error.ts";
import { encodeBase64 } from "./encoding.ts";
import { cutLines, runCommand } from "./command_line.ts";

/** A package of the npm registry at one version, with what the lock file says of its archive. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** Subresource integrity of the archive: `sha512-` and base64. */
  readonly integrity: string;
}

/**
 * The archive of a locked package, fetched once into `cacheDir` and compared with the lock file each time: what is built
 * comes out of it and not out of a cache that anybody may have written.
 * @returns Its path.
 * @throws {BuildError} Where it can't be fetched, or is not what was locked.
 */
export async function readArchive(
  { name, version, integrity }: LockedPackage,
  cacheDir: string,
): Promise<string> {
  const path = `${cacheDir}/${name.replace("/", "+")}-${version}.tgz`;
  if (await readIntegrity(path) === integrity) return path;
  return await withFetched(`${name}@${version}`, cacheDir, async (archive) => {
    const found = await readIntegrity(archive);
    if (found !== integrity) {
      throw new BuildError(
        `${name}@${version} has integrity ${found}, deno.lock says ${integrity}: it is not used`,
      );
    }
    await Deno.rename(archive, path);
    return path;
  });
}

/** Fetches a package's archive and gives it to `act`; what `act` leaves of it is removed. @throws {BuildError} */
export async function withFetched<T>(
  spec: string,
  cacheDir: string,
  act: (archive: string, dir: string) => Promise<T>,
): Promise<T> {
  await Deno.mkdir(cacheDir, { recursive: true });
  const dir = await Deno.makeTempDir({ dir: cacheDir });
  try {
    const args = ["pack", "--silent", "--pack-destination", dir, spec];
    const packed = await runCommand({ program: "npm", args });
    if (!packed.isOk) {
      throw new BuildError(`Cannot fetch ${spec} with npm: ${cutLines(packed.stderr)}`);
    }
    return await act(`${dir}/${packed.stdout.trim().split("\n").at(-1)}`, dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Unpacks an archive of npm, or one file of it, into a folder that is made. @throws {BuildError} */
export async function unpack(archive: string, dir: string, member = "package"): Promise<void> {
  await Deno.mkdir(dir, { recursive: true });
  const args = ["-xzf", archive, "-C", dir, "--strip-components=1", member];
  const unpacked = await runCommand({ program: "tar", args });
  if (!unpacked.isOk) {
    throw new BuildError(`Cannot unpack ${archive}: ${cutLines(unpacked.stderr)}`);
  }
}

async function readIntegrity(path: string): Promise<string | null> {
  try {
    const digest = await crypto.subtle.digest("SHA-512", await Deno.readFile(path));
    return `sha512-${encodeBase64(digest)}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
