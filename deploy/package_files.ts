import { z } from "zod";
import { BuildError } from "./build_error.ts";

/** By condition, in the order of the author's; or in a list, of which nothing here has one. */
type Target = string | null | { readonly [condition: string]: Target };
const Target: z.ZodType<Target> = z.lazy(() =>
  z.union([z.string(), z.null(), z.record(z.string(), Target)])
);
const PackageJson = z.looseObject({
  exports: Target.optional(),
  imports: z.record(z.string(), Target).optional(),
});
type PackageJson = z.output<typeof PackageJson>;

/** What the runtime is, when it asks a package what to load. */
const CONDITIONS = ["deno", "node", "import", "module-sync", "default"];
/** Each import, export or require of a file, but not those on lines of a comment, which show how to import it. */
const REFERENCE =
  /(?<!^\s*(?:\*|\/\/).*)(?:\bfrom|\bimport|\brequire)\s*\(?\s*["']([^"'\s]+)["']/gm;
/** `@scope/name/sub/path` in two parts. */
const BARE = /^((?:@[^/]+\/)?[^/]+)(\/.+)?$/;

/**
 * Files of packages that imports reach, over as many steps as it takes: what else a package holds cannot be loaded.
 * @param packageDirs Folder of each package, by name.
 * @param imports As sources write them: `name` or `name/sub/path`.
 * @returns Paths, `package.json` of each package among them.
 * @throws {BuildError} Where a package has not what is imported from it.
 */
export async function listReachable(
  packageDirs: ReadonlyMap<string, string>,
  imports: readonly string[],
): Promise<Set<string>> {
  const reached = new Set<string>();
  const open: string[] = [];
  const enter = async (specifier: string): Promise<void> => {
    const [, name = "", path = ""] = BARE.exec(specifier) ?? [];
    const dir = packageDirs.get(name);
    if (dir === undefined) return; // A module of the runtime.
    const { exports = null } = await readPackageJson(dir);
    const target = resolve(isMap(exports) ? exports : { ".": exports }, `.${path}`);
    if (target === null) throw new BuildError(`Package ${name} exports no .${path}`);
    reached.add(`${dir}/package.json`);
    open.push(join(dir, target));
  };
  for (const specifier of imports) await enter(specifier);
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const text = reached.has(path) ? null : await readTextIfThere(path);
    if (text === null) continue;
    reached.add(path);
    for (const [, specifier = ""] of text.matchAll(REFERENCE)) {
      if (specifier.startsWith(".")) open.push(join(path, `../${specifier}`));
      else if (specifier.startsWith("#")) {
        const dir = [...packageDirs.values()].find((dir) => path.startsWith(`${dir}/`)) ?? "";
        const target = resolve((await readPackageJson(dir)).imports ?? {}, specifier);
        if (target !== null) open.push(join(dir, target));
      } else await enter(specifier);
    }
  }
  return reached;
}

/** Whether the keys are paths; they may be conditions of the one path `.` too. */
function isMap(exports: Target): exports is { readonly [path: string]: Target } {
  return typeof exports === "object" && exports !== null &&
    Object.keys(exports).some((key) => key.startsWith("."));
}

function resolve(map: { readonly [path: string]: Target }, wanted: string): string | null {
  const exact = map[wanted];
  if (exact !== undefined) return choose(exact);
  for (const [pattern, target] of Object.entries(map)) {
    const [before = "", after] = pattern.split("*");
    if (after === undefined || !wanted.startsWith(before) || !wanted.endsWith(after)) continue;
    return choose(target)?.replace(
      "*",
      wanted.slice(before.length, wanted.length - after.length),
    ) ??
      null;
  }
  return null;
}

function choose(target: Target): string | null {
  if (target === null || typeof target === "string") return target;
  for (const [condition, inner] of Object.entries(target)) {
    const chosen = CONDITIONS.includes(condition) ? choose(inner) : null;
    if (chosen !== null) return chosen;
  }
  return null;
}

function join(base: string, path: string): string {
  const parts: string[] = [];
  for (const part of `${base}/${path}`.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}

async function readPackageJson(dir: string): Promise<PackageJson> {
  const parsed = PackageJson.safeParse(JSON.parse(await Deno.readTextFile(`${dir}/package.json`)));
  if (parsed.success) return parsed.data;
  throw new BuildError(`Cannot read the exports of ${dir}/package.json`);
}

async function readTextIfThere(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}
