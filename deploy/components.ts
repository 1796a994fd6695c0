import { readPayload } from "./artefact.ts";
import { BuildError } from "./build_error.ts";
import { encodeHex } from "./encoding.ts";
import type { LockedPackage } from "./npm_package.ts";

/** Where the compiler puts npm packages in a binary. */
const PACKAGES_DIR = ".deno_compile_node_modules/localhost/";

/** One thing that a binary carries: a package of npm, or (`null`) our own sources. */
export interface Component {
  readonly source: LockedPackage | null;
  readonly fileCount: number;
  readonly sizeBytes: number;
  /** SHA-256 over one line `SHA-256  path` for each file inside, in the order of their paths. */
  readonly sha256: string;
}

/**
 * Reads back what a binary carries, and compares it, file by file and byte by byte, with what was to be compiled.
 * @param dir The folder that was compiled.
 * @param packagesDir Where in it the packages were, each in NAME/VERSION.
 * @throws {BuildError} Where anything is in it that was not staged, or a package that was not meant.
 */
export async function readComponents(
  { binary, dir, packagesDir, packages }: {
    readonly binary: string;
    readonly dir: string;
    readonly packagesDir: string;
    readonly packages: readonly LockedPackage[];
  },
): Promise<Component[]> {
  const payload = readPayload(await Deno.readFile(binary));
  const meant = packages.map(({ name, version }) => `${name}@${version}`).toSorted().join(" ");
  const known = payload.packages.toSorted().join(" ");
  if (known !== meant) throw new BuildError(`The binary knows ${known} and not ${meant}`);
  const parts = new Map<LockedPackage | null, { path: string; bytes: Uint8Array }[]>();
  for (const file of payload.files.toSorted((a, b) => a.path < b.path ? -1 : 1)) {
    const place = file.path.startsWith(PACKAGES_DIR)
      ? `${packagesDir}/${file.path.slice(PACKAGES_DIR.length)}`
      : `${dir}/${file.path}`;
    if (!isSame(file.bytes, await readFileIfThere(place))) {
      throw new BuildError(`The binary carries ${file.path}, which was not to be compiled`);
    }
    const source = findSource(file.path, packages);
    parts.set(source, [...parts.get(source) ?? [], file]);
  }
  return await Promise.all(
    [...parts].map(async ([source, files]) => ({
      source,
      fileCount: files.length,
      sizeBytes: files.reduce((sum, { bytes }) => sum + bytes.length, 0),
      sha256: await sumUp(files),
    })),
  );
}

function findSource(path: string, packages: readonly LockedPackage[]): LockedPackage | null {
  if (!path.startsWith(PACKAGES_DIR)) return null;
  const source = packages.find(({ name, version }) =>
    path.startsWith(`${PACKAGES_DIR}${name}/${version}/`)
  );
  if (source === undefined) throw new BuildError(`The binary carries ${path} of no package`);
  return source;
}

async function sumUp(
  files: readonly { readonly path: string; readonly bytes: Uint8Array }[],
): Promise<string> {
  const lines: string[] = [];
  for (const { path, bytes } of files) {
    lines.push(`${await sum(bytes)}  ${path}\n`);
  }
  return await sum(new TextEncoder().encode(lines.join("")));
}

async function sum(bytes: Uint8Array): Promise<string> {
  return encodeHex(await crypto.subtle.digest("SHA-256", new Uint8Array(bytes)));
}

function isSame(one: Uint8Array, other: Uint8Array | null): boolean {
  return one.length === other?.length && one.every((byte, index) => byte === other[index]);
}

async function readFileIfThere(path: string): Promise<Uint8Array | null> {
  try {
    return await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
