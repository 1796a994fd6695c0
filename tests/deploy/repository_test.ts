import { assert, assertEquals } from "../assert.ts";
import { run } from "./host.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Files whose name makes them a unit or a drop-in. */
const UNIT_NAME =
  /\.(service|timer|socket|path|mount|automount|target|slice|scope|swap|link|network)$|\.(service|timer|socket)\.d\/|\.d\/[^/]+\.conf$/;
/** A unit's section on a line of its own, in a file that is neither a script nor prose nor a test. */
const UNIT_SECTION = /^\[(Unit|Service|Timer|Socket|Install)\]\s*$/m;
const MAY_SHOW_UNITS = /^(deploy\/[^/]+\.(sh|md)|tests\/.+\.(ts|sh)|README\.md)$/;

async function listTracked(): Promise<string[]> {
  const { status, stdout, stderr } = await run("git", ["-C", ROOT, "ls-files", "-z"]);
  assertEquals(status, 0, stderr);
  return stdout.split("\0").filter((path) => path !== "");
}

Deno.test("git tracks no systemd unit, timer or drop-in, under whatever name (runbook 1)", async () => {
  const tracked = await listTracked();
  assert(tracked.length > 100);
  assertEquals(tracked.filter((path) => UNIT_NAME.test(path)), []);
  const found: string[] = [];
  for (const path of tracked.filter((path) => !MAY_SHOW_UNITS.test(path))) {
    try {
      if (UNIT_SECTION.test(await Deno.readTextFile(`${ROOT}${path}`))) found.push(path);
    } catch (error) {
      // Deleted and not yet committed: it can't be a unit.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  assertEquals(found, []);
});

Deno.test("git ignores units, drop-ins and builds, so that add takes none by mistake", async () => {
  const paths = [
    "execution.service",
    "deploy/execution.timer",
    "execution.socket",
    "deploy/execution.service.d/override.conf",
    "dist/avwap-execution",
    ".env",
  ];
  for (const path of paths) {
    const { status } = await run("git", ["-C", ROOT, "check-ignore", "-q", "--no-index", path]);
    assertEquals(status, 0, path);
  }
});

Deno.test("shellcheck finds nothing in the scripts", async () => {
  const scripts = (await listTracked()).filter((path) =>
    path.endsWith(".sh") || path === ".ci/run"
  );
  assert(scripts.length >= 5);
  const { status, stdout, stderr } = await run("shellcheck", [
    "-x",
    "-P",
    "SCRIPTDIR",
    ...scripts.map((path) => `${ROOT}${path}`),
  ]);
  assertEquals([status, stdout, stderr], [0, "", ""]);
});

Deno.test("nothing is imported at run time, where the sandbox would not be asked", async () => {
  const sources = (await listTracked()).filter((path) => /^(src\/.*|main)\.ts$/.test(path));
  assert(sources.length > 50);
  for (const path of sources) {
    try {
      const text = await Deno.readTextFile(`${ROOT}${path}`);
      assert(!/\bimport\s*\(|\bnew Worker\b/.test(text), path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
});
