import { z } from "zod";
import type { BuildInfo } from "../src/runtime/build_facts.ts";
import type { LockedPackage } from "./npm_package.ts";
import { writePackages } from "./staged_packages.ts";

const Entry = z.looseObject({
  integrity: z.string(),
  dependencies: z.array(z.string()).optional(),
});

/** What of the lock file the build has to cut; the rest is kept as it is. */
const Lock = z.looseObject({
  specifiers: z.record(z.string(), z.string()),
  npm: z.record(z.string(), Entry),
  workspace: z.object({ dependencies: z.array(z.string()) }),
});
type Lock = z.output<typeof Lock>;

const Settings = z.looseObject({ imports: z.record(z.string(), z.string()) });

/** The name in an import of a package; a path of our own begins with a dot. */
const PACKAGE_IMPORT = /\b(?:from|import) "([^".][^"]*)"/g;
/** `npm:@scope/name@1.2.3/path` without the path. */
const NPM_SPECIFIER = /^npm:(?:@[^/]+\/)?[^/]+/;

/** What is compiled, in a folder of its own. */
export interface Staging {
  /** The file to compile. */
  readonly entry: string;
  /** The folder that the compiler is to take for its cache; there is nothing in it but the packages. */
  readonly denoDir: string;
  /** Where in it the packages are, each in NAME/VERSION. */
  readonly packagesDir: string;
  readonly packages: readonly LockedPackage[];
}

/**
 * Puts what is compiled into `dir`: the sources, the packages that they import, and the facts of this build. Each file
 * has the same content and the same time whenever and wherever it is done, since both go into the binary.
 * @param root The repository, with a slash at its end.
 * @param cacheDir Where archives of packages are kept.
 * @throws {BuildError} Where a package can't be had as it was locked.
 */
export async function writeStaging(
  { root, dir, cacheDir, build }: {
    readonly root: string;
    readonly dir: string;
    readonly cacheDir: string;
    readonly build: BuildInfo;
  },
): Promise<Staging> {
  await copyFolder(`${root}src`, `${dir}/src`);
  await Deno.copyFile(`${root}main.ts`, `${dir}/main.ts`);
  const settings = Settings.parse(JSON.parse(await Deno.readTextFile(`${root}deno.json`)));
  const used = await listImports(dir);
  const imports = pick(settings.imports, (name) => used.has(name));
  const lock = buildLock(
    Lock.parse(JSON.parse(await Deno.readTextFile(`${root}deno.lock`))),
    Object.values(imports),
  );
  const { nodeModulesDir, compilerOptions } = settings;
  await writeJson(`${dir}/deno.json`, { nodeModulesDir, compilerOptions, imports });
  await writeJson(`${dir}/deno.lock`, lock);
  await Deno.writeTextFile(`${dir}/src/runtime/build_info.ts`, formatBuildInfo(build));
  const entry = await writeEntry({ root, dir, build });
  const denoDir = `${dir}/deno_dir`;
  const packagesDir = `${denoDir}/npm/registry.npmjs.org`;
  const packages = await writePackages({
    locked: lock.npm,
    imports: Object.values(imports),
    packagesDir,
    cacheDir,
  });
  await setTimes(dir);
  return { entry, denoDir, packagesDir, packages };
}

async function writeEntry(
  { root, dir, build }: { readonly root: string; readonly dir: string; readonly build: BuildInfo },
): Promise<string> {
  if (!build.hasSelfTest) return `${dir}/main.ts`;
  await Deno.copyFile(`${root}tests/binary/sandbox_attempts.ts`, `${dir}/sandbox_attempts.ts`);
  await Deno.writeTextFile(`${dir}/self_test_main.ts`, SELF_TEST_MAIN);
  return `${dir}/self_test_main.ts`;
}

/** Gives each file below a folder one time. */
async function setTimes(dir: string): Promise<void> {
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    if (isDirectory) await setTimes(`${dir}/${name}`);
    else await Deno.utime(`${dir}/${name}`, 0, 0);
  }
}

/** Names of packages that any source below the folder imports. */
async function listImports(dir: string): Promise<Set<string>> {
  const names = new Set<string>();
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    const path = `${dir}/${name}`;
    const found = isDirectory
      ? await listImports(path)
      : [...(await Deno.readTextFile(path)).matchAll(PACKAGE_IMPORT)].map(([, name = ""]) => name);
    for (const each of found) names.add(each);
  }
  return names;
}

/** The attempts begin as main.ts does: without any proxy. */
const SELF_TEST_MAIN = `import { closeProxies } from "./src/runtime/host_network.ts";
if (Deno.args[0] === "self-test") {
  closeProxies((name, text) => Deno.env.set(name, text));
  await import("./sandbox_attempts.ts");
} else await import("./main.ts");
`;

function formatBuildInfo(build: BuildInfo): string {
  return [
    `import type { BuildInfo } from "./build_facts.ts";`,
    `export const BUILD_INFO: BuildInfo | null = ${JSON.stringify(build)};`,
    "",
  ].join("\n");
}

/** The lock of these imports alone: what they need, and what that needs, each still at its checksum. */
export function buildLock(lock: Lock, imports: readonly string[]): Lock {
  const specifiers = new Set(imports.flatMap((text) => NPM_SPECIFIER.exec(text)?.[0] ?? []));
  const kept = new Set<string>();
  const keep = (id: string): void => {
    // A dependency is written without its version where the lock has only one.
    const found = id in lock.npm
      ? id
      : Object.keys(lock.npm).find((each) => each.startsWith(`${id}@`));
    if (found === undefined || kept.has(found)) return;
    kept.add(found);
    for (const dependency of lock.npm[found]?.dependencies ?? []) keep(dependency);
  };
  for (const specifier of specifiers) {
    const version = lock.specifiers[specifier];
    if (version !== undefined) {
      keep(`${specifier.slice("npm:".length).replace(/(?<=.)@.*$/, "")}@${version}`);
    }
  }
  return {
    ...lock,
    specifiers: pick(lock.specifiers, (name) => specifiers.has(name)),
    npm: pick(lock.npm, (id) => kept.has(id)),
    workspace: { dependencies: lock.workspace.dependencies.filter((each) => specifiers.has(each)) },
  };
}

function pick<T>(record: Record<string, T>, has: (key: string) => boolean): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => has(key)));
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory, isFile } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(`${from}/${name}`, `${to}/${name}`);
    else if (isFile && name.endsWith(".ts")) {
      await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
    }
  }
}

async function writeJson(path: string, value: unknown): Promise<void> {
  await Deno.writeTextFile(path, `${JSON.stringify(value, null, 2)}\n`);
}
