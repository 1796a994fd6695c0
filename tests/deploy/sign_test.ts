import { formatRuntimeName } from "../../deploy/base_runtime.ts";
import { assertEquals, assertStringIncludes } from "../assert.ts";
import { run } from "./host.ts";

const DEPLOY = new URL("../../deploy/", import.meta.url).pathname;

const RELEASE = {
  name: "avwap-execution",
  version: "0.1.0",
  commit: "0123456789".repeat(4),
  runtime: "deno",
  deno_version: "2.9.6",
  runtime_sha256: "ab".repeat(32),
  extra_hosts: [],
  has_self_test: false,
};

/** A release of that manifest, and a key, in a folder. */
async function withRelease(
  change: Readonly<Record<string, unknown>>,
  act: (dir: string) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "avwap-sign-" });
  try {
    await Deno.writeTextFile(`${dir}/binary`, "the binary");
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("the binary"));
    const manifest = { ...RELEASE, sha256: new Uint8Array(digest).toHex(), ...change };
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    await Deno.writeTextFile(`${dir}/binary.manifest.json`, text);
    const { deno_version, runtime_sha256 } = RELEASE;
    await Deno.writeTextFile(
      `${dir}/pins`,
      `# compared\n${runtime_sha256}  ${formatRuntimeName(deno_version)}.zip\n`,
    );
    const { status, stderr } = await sign(`--new-key=${dir}/key`);
    assertEquals([status, stderr], [0, ""]);
    await act(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** With the permissions of the task. */
function sign(...args: string[]) {
  const flags = ["run", "--no-prompt", "--allow-read", "--allow-write"];
  return run(Deno.execPath(), [...flags, `${DEPLOY}sign.ts`, ...args], { NO_COLOR: "1" });
}

function signRelease(dir: string, ...args: string[]) {
  const files = [`--key=${dir}/key`, `--manifest=${dir}/binary.manifest.json`];
  return sign(...files, `--pins=${dir}/pins`, ...args);
}

function verify(dir: string) {
  const files = [`${dir}/binary.manifest.json`, `${dir}/binary`];
  return run("bash", [`${DEPLOY}verify.sh`, "--key", `${dir}/key.pub`, ...files]);
}

Deno.test("what sign.ts signs, verify.sh takes, with the release in its trusted comment", () =>
  withRelease({}, async (dir) => {
    const { status, stderr } = await signRelease(dir);
    assertEquals([status, stderr], [0, ""]);
    const verified = await verify(dir);
    assertEquals([verified.status, verified.stderr], [0, ""]);
    assertStringIncludes(verified.stdout, `avwap-execution 0.1.0, commit ${RELEASE.commit}`);
    // The same again: a signature holds no time and no chance.
    const before = await Deno.readTextFile(`${dir}/binary.manifest.json.minisig`);
    assertEquals((await signRelease(dir)).status, 0);
    assertEquals(await Deno.readTextFile(`${dir}/binary.manifest.json.minisig`), before);
  }));

const NOT_FOR_PRODUCTION = [
  { change: { runtime: "npm, not for production" }, says: "its runtime is npm" },
  { change: { runtime_sha256: "cd".repeat(32) }, says: "nobody has compared its runtime" },
  { change: { deno_version: "2.9.5" }, says: "nobody has compared its runtime" },
  { change: { extra_hosts: ["127.0.0.1:80"] }, says: "it may connect to 127.0.0.1:80" },
  { change: { has_self_test: true }, says: "the self-test is inside" },
  { change: { commit: "unknown" }, says: "its commit is unknown" },
  { change: { commit: `${RELEASE.commit}+changes` }, says: "+changes" },
];

for (const { change, says } of NOT_FOR_PRODUCTION) {
  Deno.test(`sign.ts does not sign ${JSON.stringify(change)} (${says}), but as a rehearsal that says so`, () =>
    withRelease(change, async (dir) => {
      const refused = await signRelease(dir);
      assertEquals([refused.status, refused.stdout], [1, ""]);
      assertStringIncludes(refused.stderr, says);
      assertEquals((await verify(dir)).status, 1);
      assertEquals((await signRelease(dir, "--rehearsal")).status, 0);
      assertStringIncludes((await verify(dir)).stdout, "rehearsal, not for production");
    }));
}

Deno.test("sign.ts refuses a binary that is not its manifest's, and a key that others can read", () =>
  withRelease({}, async (dir) => {
    await Deno.chmod(`${dir}/key`, 0o640);
    assertStringIncludes((await signRelease(dir)).stderr, "can be read by others: chmod 600");
    await Deno.chmod(`${dir}/key`, 0o600);
    await Deno.writeTextFile(`${dir}/binary`, "another");
    assertStringIncludes((await signRelease(dir)).stderr, "its manifest says");
    await Deno.writeTextFile(`${dir}/key`, "-----BEGIN PRIVATE KEY-----\nAAAA\n");
    assertStringIncludes((await signRelease(dir)).stderr, "is no Ed25519 key");
    const { status, stderr } = await sign(`--new-key=${dir}/key`);
    assertEquals(status, 1);
    assertStringIncludes(stderr, "a key is never overwritten");
    assertEquals((await sign()).status, 64);
  }));

Deno.test("sign.ts goes by the pins of the repository, where no other file is named", () =>
  withRelease({}, async (dir) => {
    const { status, stderr } = await sign(
      `--key=${dir}/key`,
      `--manifest=${dir}/binary.manifest.json`,
    );
    assertEquals(status, 1);
    assertStringIncludes(stderr, "nobody has compared its runtime");
  }));
