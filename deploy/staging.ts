import { z } from "zod";
import type { BuildInfo } from "../src/runtime/build_facts.ts";

/** What of the lock file the build has to cut; the rest is kept as it is. */
const Lock = z.looseObject({
  specifiers: z.record(z.string(), z.string()),
  npm: z.record(z.string(), z.looseObject({ dependencies: z.array(z.string()).optional() })),
  workspace: z.object({ dependencies: z.array(z.string()) }),
});
type Lock = z.output<typeof Lock>;

const Settings = z.looseObject({ imports: z.record(z.string(), z.string()) });

/** Import names that only tests use: they don't belong into what trades. */
const TEST_IMPORTS = ["fast-check", "@std/assert"];
/** `npm:@scope/name@1.2.3/path` without the path. */
const NPM_SPECIFIER = /^npm:(?:@[^/]+\/)?[^/]+/;

/**
 * Puts what is compiled into `dir`: the sources, the dependencies that they use, and the facts of this build.
 * @param root The repository, with a slash at its end.
 * @returns The file to compile.
 */
export async function writeStaging(
  { root, dir, build }: { readonly root: string; readonly dir: string; readonly build: BuildInfo },
): Promise<string> {
  await copyFolder(`${root}src`, `${dir}/src`);
  await Deno.copyFile(`${root}main.ts`, `${dir}/main.ts`);
  const settings = Settings.parse(JSON.parse(await Deno.readTextFile(`${root}deno.json`)));
  const lock = Lock.parse(JSON.parse(await Deno.readTextFile(`${root}deno.lock`)));
  const imports = Object.fromEntries(
    Object.entries(settings.imports).filter(([name]) => !TEST_IMPORTS.includes(name)),
  );
  const { nodeModulesDir, compilerOptions } = settings;
  await writeJson(`${dir}/deno.json`, { nodeModulesDir, compilerOptions, imports });
  await writeJson(`${dir}/deno.lock`, buildLock(lock, Object.values(imports)));
  await Deno.writeTextFile(`${dir}/src/runtime/build_info.ts`, formatBuildInfo(build));
  if (!build.hasSelfTest) return `${dir}/main.ts`;
  await Deno.copyFile(`${root}tests/binary/sandbox_attempts.ts`, `${dir}/sandbox_attempts.ts`);
  await Deno.writeTextFile(`${dir}/self_test_main.ts`, SELF_TEST_MAIN);
  return `${dir}/self_test_main.ts`;
}

const SELF_TEST_MAIN =
  `if (Deno.args[0] === "self-test") await import("./sandbox_attempts.ts");\nelse await import("./main.ts");\n`;

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
