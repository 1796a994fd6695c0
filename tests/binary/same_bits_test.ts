import { findCacheDir, formatRuntimeName, readNpmBase } from "../../deploy/base_runtime.ts";
import { readPayload } from "../../deploy/artefact.ts";
import { assert, assertEquals } from "../assert.ts";
import { run } from "../deploy/host.ts";
import { compileAt, ROOT } from "./artefact.ts";

/** A checkout of somebody else's, somewhere else. */
async function copyRepository(dir: string): Promise<string> {
  const root = `${dir}/checkout`;
  await Deno.mkdir(root, { recursive: true });
  const parts = ["main.ts", "src", "deploy", "deno.json", "deno.lock", ".git"];
  const copied = await run("cp", ["-r", ...parts.map((part) => `${ROOT}${part}`), root]);
  assertEquals([copied.status, copied.stderr], [0, ""]);
  return root;
}

/** Surroundings that have nothing in common with those of the test but the archives that were fetched before. */
async function buildSurroundings(dir: string): Promise<Record<string, string>> {
  const home = Deno.env.get("HOME") ?? "";
  const asked = await run(Deno.execPath(), ["info", "--json"]);
  const { denoDir } = JSON.parse(asked.stdout);
  for (const each of ["tmp", "home", "deno"]) await Deno.mkdir(`${dir}/${each}`);
  const linked = await run("bash", ["-c", 'ln -s "$0" "$1"', `${denoDir}/npm`, `${dir}/deno/npm`]);
  assertEquals([linked.status, linked.stderr], [0, ""]);
  return {
    TMPDIR: `${dir}/tmp`,
    HOME: `${dir}/home`,
    DENO_DIR: `${dir}/deno`,
    XDG_CACHE_HOME: Deno.env.get("XDG_CACHE_HOME") || `${home}/.cache`,
    npm_config_cache: `${home}/.npm`,
    USER: "somebody",
    LOGNAME: "somebody",
    TZ: "Asia/Tokyo",
    LANG: "de_DE.UTF-8",
    // What the compiler would write into the binary if it heard of it.
    DENO_V8_FLAGS: "--max-lazy",
    DENO_TLS_CA_STORE: "system",
  };
}

/**
 * Both compilers: the older with the runtime of the npm registry, and this one with that runtime in place of its own,
 * which is not to be had everywhere. It could not run, but its bits are as good.
 */
const RUNTIMES = ["npm", "deno"] as const;

for (const runtime of RUNTIMES) {
  Deno.test(`two builds with --runtime ${runtime} of one commit are one SHA-256, wherever and by whom they are made`, async () => {
    const dir = await Deno.makeTempDir({ prefix: "avwap-same-bits-" });
    try {
      const places = [`${dir}/here`, `${dir}/another folder/with a longer name`];
      const manifests = [];
      for (const [index, place] of places.entries()) {
        const root = await copyRepository(place);
        const base = await readNpmBase(findCacheDir());
        const pin = `${base.sha256}  ${formatRuntimeName(Deno.version.deno)}\n`;
        await Deno.writeTextFile(`${root}/deploy/denort.sha256`, pin);
        const env = index === 0 ? {} : await buildSurroundings(place);
        const path = `${place}/dist-${index}/binary-${index}`;
        const denort = runtime === "deno" ? { DENORT_BIN: base.path } : {};
        manifests.push(
          await compileAt({
            root,
            path,
            options: [`--runtime=${runtime}`],
            env: { ...env, ...denort },
          }),
        );
      }
      const [one, other] = manifests;
      assert(one !== undefined);
      assertEquals(one, other);
      await checkContents(`${places[0]}/dist-0/binary-0`, one);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  });
}

/** Where the compiler puts packages. */
const PACKAGES_DIR = ".deno_compile_node_modules/localhost/";

type Manifest = Awaited<ReturnType<typeof compileAt>>;

/** What is inside, read from the file, is what main.ts imports and what the manifest says. */
async function checkContents(path: string, { flags, sbom }: Manifest): Promise<void> {
  const { files, packages, permissions } = readPayload(await Deno.readFile(path));
  const { sources, imports } = await listGraph();
  const carried = files.map(({ path }) => path);
  assert(carried.includes("main.ts"));
  // Less, where a module has nothing but types.
  const strange = carried.filter((path) => !sources.has(path) && !path.startsWith(PACKAGES_DIR));
  assertEquals(strange, []);
  const ofStd = carried.filter((path) => path.startsWith(`${PACKAGES_DIR}deno-std/`));
  assertEquals(ofStd.map((path) => path.slice(PACKAGES_DIR.length)), [
    "deno-std/1.4.0/cli/parse_args.js",
    "deno-std/1.4.0/package.json",
  ]);
  const named = packages.map((id) => id.replace(/(?<=.)@.*$/, "")).toSorted();
  assertEquals(named, imports);
  assertEquals(
    sbom.components.map(({ name }) => name).toSorted(),
    [...imports, "avwap-execution", "denort"].toSorted(),
  );
  for (const name of ["read", "write", "net", "env", "sys"]) {
    const flag = flags.find((flag) => flag.startsWith(`--allow-${name}=`));
    const allowed = permissions[`allow_${name}`];
    assertEquals(allowed, flag?.split("=")[1]?.split(","), name);
  }
  for (const name of ["run", "ffi"]) assertEquals(permissions[`allow_${name}`], null);
  assert(permissions["allow_all"] !== true);
}

const IMPORT = /\b(?:from|import) "([^"\s]+)"/g;

/** Our sources and the packages that main.ts reaches, as names of the lock file's. */
async function listGraph(): Promise<{ sources: Set<string>; imports: string[] }> {
  const settings = JSON.parse(await Deno.readTextFile(`${ROOT}deno.json`));
  const sources = new Set<string>();
  const imports = new Set<string>();
  const open = [new URL("main.ts", `file://${ROOT}`)];
  for (let url = open.pop(); url !== undefined; url = open.pop()) {
    const path = url.pathname.slice(ROOT.length);
    if (sources.has(path)) continue;
    sources.add(path);
    for (const [, name = ""] of (await Deno.readTextFile(url)).matchAll(IMPORT)) {
      if (name.startsWith(".")) open.push(new URL(name, url));
      else if (!name.startsWith("node:")) {
        imports.add(/^npm:(@?[^@]+)@/.exec(settings.imports[name])?.[1] ?? name);
      }
    }
  }
  return { sources, imports: [...imports].toSorted() };
}
