import { parseBuildOptions } from "../../deploy/build_options.ts";
import { buildLock } from "../../deploy/staging.ts";
import { UsageError } from "../../src/cli/options.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "../assert.ts";
import { run } from "./host.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

Deno.test("a build with an official runtime that nobody has compared ends with the line that is missing, and makes nothing", async () => {
  const dir = await Deno.makeTempDir({ prefix: "avwap-unpinned-" });
  try {
    await Deno.writeTextFile(`${dir}/denort`, "a runtime from somewhere");
    await Deno.mkdir(`${dir}/dist`);
    const { status, stdout, stderr } = await run(Deno.execPath(), [
      "run",
      "--no-prompt",
      "--allow-read",
      "--allow-write",
      "--allow-env",
      "--allow-run",
      `${ROOT}deploy/build.ts`,
      `--output=${dir}/dist/avwap-execution`,
    ], { DENORT_BIN: `${dir}/denort`, XDG_CACHE_HOME: `${dir}/cache`, NO_COLOR: "1" });
    assertEquals([status, stdout], [1, ""], stderr);
    assertStringIncludes(stderr, "deploy/denort.sha256");
    assertStringIncludes(
      stderr,
      "a45c06f5e5864423364baf226156b0256ee41b544dc75762786be4ed98fcc27f",
    );
    assertEquals(await Array.fromAsync(Deno.readDir(`${dir}/dist`)), []);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("parseBuildOptions() bakes the runbook's directories in where none are named", () => {
  assertEquals(parseBuildOptions([]), {
    baseDir: "/root/avwap_r3k_scanner",
    stateDir: "/root/avwap_r3k_scanner/state",
    extraHosts: [],
    healthcheckHost: null,
    output: "dist/avwap-execution",
    runtime: "deno",
    hasSelfTest: false,
    isHelp: false,
  });
});

Deno.test("parseBuildOptions() takes several hosts and cuts final slashes", () => {
  const options = parseBuildOptions([
    "--allow-host=127.0.0.1:80,[::1]:8443",
    "--base-dir=/srv/scan/",
    "--runtime=npm",
  ]);
  assertEquals(options.extraHosts, ["127.0.0.1:80", "[::1]:8443"]);
  assertEquals([options.baseDir, options.runtime], ["/srv/scan", "npm"]);
});

Deno.test("parseBuildOptions() takes the host of the healthcheck by its name", () => {
  const { healthcheckHost } = parseBuildOptions(["--healthcheck-host=hc-ping.com"]);
  assertEquals(healthcheckHost, "hc-ping.com");
});

/** What would become a wider permission than the one that was meant. */
const REFUSED = [
  "--healthcheck-host=*",
  "--healthcheck-host=hc-ping.com:443",
  "--healthcheck-host=hc-ping.com,other.example",
  "--healthcheck-host=127.0.0.1",
  "--base-dir=scan",
  "--base-dir=./scan",
  "--base-dir=/",
  "--base-dir=/srv/..",
  "--base-dir=/srv/../etc",
  "--base-dir=/srv/./scan",
  "--base-dir=/srv,/etc",
  "--state-dir=/srv/$HOME",
  "--state-dir=/srv/a b",
  "--state-dir=/srv//state",
  "--state-dir=/srv\n/etc",
  "--allow-host=example.com",
  "--allow-host=https://example.com:443",
  "--allow-host=*:443",
  "--allow-host=example.com:443,",
  "--allow-host=example.com:443,10.0.0.1",
  "--allow-host=",
  "--runtime=node",
  "--allow-all",
];

for (const option of REFUSED) {
  Deno.test(`parseBuildOptions() refuses ${JSON.stringify(option)}`, () => {
    assertThrows(() => parseBuildOptions([option]), UsageError);
  });
}

Deno.test("buildLock() keeps what the imports need, at its checksum, and nothing else", () => {
  const lock = {
    version: "5",
    specifiers: { "npm:@a/b@1": "1.2.3", "npm:c@2": "2.0.0", "npm:test-only@3": "3.0.0" },
    npm: {
      "@a/b@1.2.3": { integrity: "sha512-ab", dependencies: ["deep"] },
      "c@2.0.0": { integrity: "sha512-c" },
      "deep@0.1.0": { integrity: "sha512-deep", dependencies: ["c@2.0.0"] },
      "test-only@3.0.0": { integrity: "sha512-t", dependencies: ["rand"] },
      "rand@1.0.0": { integrity: "sha512-r" },
    },
    workspace: { dependencies: ["npm:@a/b@1", "npm:c@2", "npm:test-only@3"] },
  };
  const cut = buildLock(lock, ["npm:@a/b@1/sub/path.js"]);
  assertEquals(cut, {
    version: "5",
    specifiers: { "npm:@a/b@1": "1.2.3" },
    npm: {
      "@a/b@1.2.3": { integrity: "sha512-ab", dependencies: ["deep"] },
      "c@2.0.0": { integrity: "sha512-c" },
      "deep@0.1.0": { integrity: "sha512-deep", dependencies: ["c@2.0.0"] },
    },
    workspace: { dependencies: ["npm:@a/b@1"] },
  });
});
