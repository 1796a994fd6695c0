import { BuildError } from "./build_error.ts";
import { type LockedPackage, readArchive, unpack } from "./npm_package.ts";
import { listReachable } from "./package_files.ts";

/**
 * Unpacks the locked packages, each into NAME/VERSION, and leaves of them what imports reach. Of the rest (licences,
 * variants, what nobody imports) the compiler would take everything in, and with it what it found wrong with them, under
 * the path of its cache.
 * @param locked By `name@version`, as the lock file has them.
 * @param imports As the settings have them: `npm:name@version/path`.
 * @throws {BuildError} Where a package can't be had as it was locked.
 */
export async function writePackages(
  { locked, imports, packagesDir, cacheDir }: {
    readonly locked: Readonly<Record<string, { readonly integrity: string }>>;
    readonly imports: readonly string[];
    readonly packagesDir: string;
    readonly cacheDir: string;
  },
): Promise<LockedPackage[]> {
  const packages = listPackages(locked);
  const dirs = new Map<string, string>();
  for (const { name, version } of packages) {
    if (dirs.has(name)) throw new BuildError(`Cannot build with two versions of ${name}`);
    dirs.set(name, `${packagesDir}/${name}/${version}`);
  }
  for (const each of packages) {
    await unpack(await readArchive(each, cacheDir), dirs.get(each.name) ?? packagesDir);
  }
  const reached = await listReachable(dirs, imports.map((specifier) => cutVersion(specifier)));
  for (const dir of dirs.values()) await removeAllBut(reached, dir);
  return packages;
}

/** `name@1.2.3`; the lock file appends what a package was resolved with, where it has peers. */
const PLAIN_ID = /^(@?[^@]+)@(\d[^@_]*)$/;

function listPackages(
  locked: Readonly<Record<string, { readonly integrity: string }>>,
): LockedPackage[] {
  return Object.entries(locked).map(([id, { integrity }]) => {
    const [, name, version] = PLAIN_ID.exec(id) ?? [];
    if (name !== undefined && version !== undefined) return { name, version, integrity };
    throw new BuildError(`Cannot build with ${id}: packages with peers are not built in`);
  });
}

function cutVersion(specifier: string): string {
  return specifier.replace(/^npm:((?:@[^/]+\/)?[^@/]+)@[^/]+/, "$1");
}

async function removeAllBut(kept: ReadonlySet<string>, dir: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    const path = `${dir}/${name}`;
    if (isDirectory) await removeAllBut(kept, path);
    else if (!kept.has(path)) await Deno.remove(path);
  }
}
