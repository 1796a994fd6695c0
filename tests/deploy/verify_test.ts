import {
  createKeyText,
  formatPublicKey,
  formatSignature,
  parseKeyText,
  type SigningKey,
} from "../../deploy/minisign.ts";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "../assert.ts";
import { run } from "./host.ts";

const SCRIPT = new URL("../../deploy/verify.sh", import.meta.url).pathname;

/** A host with a binary that was copied to it. */
interface Copied {
  readonly root: string;
  readonly binary: string;
  readonly manifest: string;
  readonly signature: string;
  /** Where the host keeps its release key. */
  readonly keyFile: string;
  readonly key: SigningKey;
}

async function readKey(): Promise<SigningKey> {
  const key = await parseKeyText(createKeyText());
  assert(key !== null);
  return key;
}

async function sign({ key, manifest }: Copied, comment = "avwap-execution 0.1.0"): Promise<string> {
  return await formatSignature({ key, message: await Deno.readFile(manifest), comment });
}

async function withCopied(act: (copied: Copied) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "avwap-verify-" });
  try {
    const binary = `${root}/a binary`;
    await Deno.writeTextFile(binary, "the binary");
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode("the binary"));
    const facts = {
      name: "avwap-execution",
      version: "0.1.0",
      sha256: new Uint8Array(digest).toHex(),
      runtime: { sha256: "f".repeat(64) },
    };
    const manifest = `${binary}.manifest.json`;
    await Deno.writeTextFile(manifest, `${JSON.stringify(facts, null, 2)}\n`);
    await Deno.mkdir(`${root}/etc/avwap-execution`, { recursive: true });
    const keyFile = `${root}/etc/avwap-execution/release.pub`;
    await act({
      root,
      binary,
      manifest,
      signature: `${manifest}.minisig`,
      keyFile,
      key: await readKey(),
    });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** The same with the release key in place, and a signature beside the manifest. */
function withSigned(act: (copied: Copied) => Promise<void>): Promise<void> {
  return withCopied(async (copied) => {
    await Deno.writeTextFile(copied.keyFile, await formatPublicKey(copied.key));
    await Deno.writeTextFile(copied.signature, await sign(copied));
    await act(copied);
  });
}

function verify({ root, manifest, binary }: Copied, ...options: string[]) {
  return run("bash", [SCRIPT, "--root", root, ...options, manifest, binary]);
}

async function assertRefused(copied: Copied, why: string, ...options: string[]): Promise<void> {
  const { status, stdout, stderr } = await verify(copied, ...options);
  assertEquals([status, stdout], [1, ""], why);
  assertStringIncludes(stderr, why);
  assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
}

Deno.test("verify.sh takes a binary with the manifest's sum, and says that no key is here", () =>
  withCopied(async (copied) => {
    const { status, stdout, stderr } = await verify(copied);
    assertEquals([status, stderr], [0, ""]);
    assertMatch(
      stdout,
      /^verified: .* is avwap-execution 0\.1\.0, SHA-256 [0-9a-f]{64}; not signed: no release key on this host\n$/,
    );
  }));

Deno.test("verify.sh takes a signature of the host's key, and says its trusted comment", () =>
  withSigned(async (copied) => {
    await Deno.writeTextFile(copied.signature, await sign(copied, "release of\tmonday é"));
    const { status, stdout, stderr } = await verify(copied);
    assertEquals([status, stderr], [0, ""]);
    assertStringIncludes(stdout, `; signed with ${copied.keyFile}: release of monday`);
  }));

interface Change {
  readonly when: string;
  /** What the refusal says. */
  readonly why: string;
  readonly act: (copied: Copied) => Promise<void>;
}

/** One thing that is not as it was built. */
const CHANGES: readonly Change[] = [
  {
    when: "the binary differs by one byte",
    why: "its manifest says",
    act: ({ binary }) => Deno.writeTextFile(binary, "the binarY"),
  },
  {
    when: "the binary is missing",
    why: "is not a file",
    act: ({ binary }) => Deno.remove(binary),
  },
  {
    when: "the manifest is missing",
    why: "cannot be read: copy it",
    act: ({ manifest }) => Deno.remove(manifest),
  },
  {
    when: "the manifest is empty",
    why: "is no manifest of avwap-execution",
    act: ({ manifest }) => Deno.writeTextFile(manifest, ""),
  },
  {
    when: "the manifest names two sums",
    why: "it has not one sha256",
    act: (copied) => rewrite(copied.manifest, (text) => text.replace(/^ {2}"sha256".*\n/m, "$&$&")),
  },
  {
    when: "the manifest is another program's",
    why: "but of other",
    act: (copied) => rewrite(copied.manifest, (text) => text.replace("avwap-execution", "other")),
  },
];

/** One thing that is not as it was signed. */
const FORGERIES: readonly Change[] = [
  {
    when: "the manifest was changed after it was signed",
    why: "does not fit",
    act: (copied) => rewrite(copied.manifest, (text) => text.replace("0.1.0", "0.1.1")),
  },
  {
    when: "the signature is missing",
    why: "is missing, and",
    act: ({ signature }) => Deno.remove(signature),
  },
  {
    when: "the signature is another key's",
    why: "was made with another key",
    act: async (copied) =>
      Deno.writeTextFile(copied.signature, await sign({ ...copied, key: await readKey() })),
  },
  {
    when: "the signature is another key's, which calls itself by the name of ours",
    why: "does not fit",
    act: async (copied) => {
      const foreign = await sign({ ...copied, key: await readKey() });
      await rewrite(copied.signature, (ours) => {
        const bytes = [foreign, ours].map((text) => decodeLine(text, 1));
        const [theirs = [], own = []] = bytes;
        return replaceLine(foreign, 1, [...own.slice(0, 10), ...theirs.slice(10)]);
      });
    },
  },
  {
    when: "the trusted comment was changed",
    why: "has a trusted comment that was changed",
    act: (copied) => rewrite(copied.signature, (text) => text.replace("0.1.0", "9.9.9")),
  },
  {
    when: "the signature is of an unknown kind",
    why: "of a kind that is not known",
    act: (copied) =>
      rewrite(copied.signature, (text) => {
        const [, , ...rest] = decodeLine(text, 1);
        return replaceLine(text, 1, [0x45, 0x65, ...rest]);
      }),
  },
  {
    when: "the signature is cut",
    why: "is no signature in minisign's format",
    act: (copied) => rewrite(copied.signature, (text) => text.split("\n").slice(0, 3).join("\n")),
  },
  {
    when: "the signature is a page of something else",
    why: "is no signature in minisign's format",
    act: ({ signature }) => Deno.writeTextFile(signature, "<html>\n404\ntrusted comment: x\ny\n"),
  },
  {
    when: "the release key is damaged",
    why: "is no public key in minisign's format",
    act: ({ keyFile }) => Deno.writeTextFile(keyFile, "untrusted comment: x\nRWQf6LRCGA9i\n"),
  },
  {
    when: "the release key is a link that leads nowhere",
    why: "the release key, cannot be read",
    act: async ({ keyFile }) => {
      await Deno.remove(keyFile);
      // The runtime makes a link for nobody who may not write everywhere.
      await run("bash", ["-c", 'ln -s /nowhere/release.pub "$0"', keyFile]);
    },
  },
];

async function rewrite(path: string, change: (text: string) => string): Promise<void> {
  const before = await Deno.readTextFile(path);
  const after = change(before);
  assert(after !== before, path);
  await Deno.writeTextFile(path, after);
}

function decodeLine(text: string, index: number): number[] {
  return [...Uint8Array.fromBase64(text.split("\n")[index] ?? "")];
}

function replaceLine(text: string, index: number, bytes: readonly number[]): string {
  return text.split("\n").with(index, new Uint8Array(bytes).toBase64()).join("\n");
}

for (const { when, why, act } of CHANGES) {
  Deno.test(`verify.sh refuses where ${when}`, () =>
    withCopied(async (copied) => {
      assertEquals((await verify(copied)).status, 0);
      await act(copied);
      await assertRefused(copied, why);
    }));
}

for (const { when, why, act } of FORGERIES) {
  Deno.test(`verify.sh refuses where ${when}`, () =>
    withSigned(async (copied) => {
      assertEquals((await verify(copied)).status, 0);
      await act(copied);
      await assertRefused(copied, why);
    }));
}

Deno.test("verify.sh asks an installed release for its sum alone with --sum-only", () =>
  withSigned(async (copied) => {
    await Deno.remove(copied.signature);
    const { status, stdout } = await verify(copied, "--sum-only");
    assertEquals(status, 0);
    assertStringIncludes(stdout, "signature not asked for");
    await Deno.writeTextFile(copied.binary, "another");
    await assertRefused(copied, "its manifest says", "--sum-only");
  }));

Deno.test("verify.sh refuses where the key that was named is not there", () =>
  withCopied((copied) => assertRefused(copied, "cannot be read", "--key", "/nowhere/release.pub")));

Deno.test("verify.sh reads a command line it does not understand as wrong usage", async () => {
  for (const args of [[], ["a"], ["a", "b", "c"], ["--kee", "a", "b"], ["a", "b", "--key"]]) {
    const { status, stderr } = await run("bash", [SCRIPT, ...args]);
    assertEquals(status, 64, stderr);
    assertStringIncludes(stderr, "Usage: verify.sh");
  }
  const help = await run("bash", [SCRIPT, "--help"]);
  assertEquals(help.status, 0);
  assertStringIncludes(help.stdout, "Exit status: 0 verified");
});

/** The key and the two kinds of signature of the four bytes `test` that minisign's own tools were published with. */
const PUBLISHED = {
  key: "untrusted comment: minisign public key E7620F1842B4E81F\n" +
    "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3\n",
  signatures: [
    "untrusted comment: signature from minisign secret key\n" +
    "RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=\n" +
    "trusted comment: timestamp:1556193335\tfile:test\n" +
    "y/rUw2y8/hOUYjZU71eHp/Wo1KZ40fGy2VJEDl34XMJM+TX48Ss/17u3IvIfbVR1FkZZSNCisQbuQY+bHwhEBg==\n",
    "untrusted comment: signature from minisign secret key\n" +
    "RWQf6LRCGA9i59SLOFxz6NxvASXDJeRtuZykwQepbDEGt87ig1BNpWaVWuNrm73YiIiJbq71Wi+dP9eKL8OC351vwIasSSbXxwA=\n" +
    "trusted comment: timestamp:1555779966\tfile:test\n" +
    "QtKMXWyYcwdpZAlPF7tE2ENJkRd1ujvKjlj1m9RtHTBnZPa5WKU5uWRs5GoP5M/VqE81QFuMKI5k/SfNQUaOAA==\n",
  ],
};

Deno.test("verify.sh reads both kinds of signature that minisign itself makes", () =>
  withCopied(async (copied) => {
    await Deno.writeTextFile(copied.keyFile, PUBLISHED.key);
    for (const signature of PUBLISHED.signatures) {
      await Deno.writeTextFile(copied.signature, signature);
      await Deno.writeTextFile(copied.manifest, "test");
      // Past the signature, and no further.
      await assertRefused(copied, "is no manifest of avwap-execution");
      await Deno.writeTextFile(copied.manifest, "Test");
      await assertRefused(copied, "does not fit");
    }
  }));
