import { readPayload } from "../../deploy/artefact.ts";
import { BuildError } from "../../deploy/build_error.ts";
import { readComponents } from "../../deploy/components.ts";
import { assertEquals, assertRejects, assertThrows } from "../assert.ts";

const MAGIC = "d3n0l4nd";
const PLACE = ".deno_compile_node_modules/localhost";

function bytesOf(text: string): number[] {
  return [...new TextEncoder().encode(text)];
}

function uint32(value: number): number[] {
  return [...new Uint8Array(new Uint32Array([value]).buffer)];
}

function sized(bytes: readonly number[]): number[] {
  return [...uint32(bytes.length), ...uint32(0), ...bytes];
}

/** A runtime that holds the magic itself, and behind it what the compiler appends: these files and package names. */
function buildBinary(
  files: Readonly<Record<string, string>>,
  packages: readonly string[],
): Uint8Array {
  const data: number[] = [];
  const entries: unknown[] = [];
  for (const [path, text] of Object.entries(files)) {
    const [name = "", ...dirs] = path.split("/").toReversed();
    const file: unknown = { File: { n: name, o: [data.length, text.length], u: true, t: 0 } };
    entries.push(dirs.reduce((inner, dir) => ({ Dir: { n: dir, e: [inner] } }), file));
    data.push(...bytesOf(text));
  }
  const names = packages.flatMap((id) => [...uint32(id.length), ...bytesOf(id)]);
  const specifier = bytesOf("npm:a@1.0.0");
  return new Uint8Array([
    ...bytesOf(`ELF ${MAGIC} code `),
    ...bytesOf(MAGIC),
    ...sized(bytesOf(JSON.stringify({ argv: [], permissions: { allow_run: null } }))),
    ...sized([...uint32(packages.length), ...names]),
    ...[...uint32(1), ...uint32(specifier.length), ...specifier, ...uint32(0)],
    ...[...uint32(1), ...uint32(0), ...uint32(1)],
    ...uint32(0),
    ...sized(bytesOf(JSON.stringify(entries))),
    ...sized(data),
    ...bytesOf(`${MAGIC} trailer`),
  ]);
}

const FILES = { "main.ts": "main", [`${PLACE}/@s/a/1.0.0/lib/x.js`]: "of a" };
const PACKAGE = { name: "@s/a", version: "1.0.0", integrity: "sha512-" };

/** Reads a binary back that was compiled from {@link FILES}. */
async function readBack(binary: Uint8Array) {
  const dir = await Deno.makeTempDir({ prefix: "avwap-components-" });
  try {
    await Deno.mkdir(`${dir}/npm/@s/a/1.0.0/lib`, { recursive: true });
    await Deno.writeTextFile(`${dir}/npm/@s/a/1.0.0/lib/x.js`, "of a");
    await Deno.writeTextFile(`${dir}/main.ts`, "main");
    await Deno.writeFile(`${dir}/binary`, binary);
    const packages = [PACKAGE];
    return await readComponents({
      binary: `${dir}/binary`,
      dir,
      packagesDir: `${dir}/npm`,
      packages,
    });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("readPayload() reads packages, permissions and files back", () => {
  const { packages, permissions, files } = readPayload(buildBinary(FILES, ["@s/a@1.0.0"]));
  assertEquals([packages, permissions], [["@s/a@1.0.0"], { allow_run: null }]);
  const texts = files.map(({ path, bytes }) => [path, new TextDecoder().decode(bytes)]);
  assertEquals(texts, Object.entries(FILES));
});

Deno.test("readPayload() refuses a binary that it can't read to its end", () => {
  const whole = buildBinary(FILES, ["@s/a@1.0.0"]);
  assertThrows(() => readPayload(whole.subarray(0, whole.length - 12)), BuildError);
  assertThrows(
    () => readPayload(new Uint8Array(bytesOf(`ELF ${MAGIC} code ${MAGIC}`))),
    BuildError,
  );
  assertThrows(() => readPayload(new Uint8Array()), BuildError);
});

Deno.test("readComponents() counts what is inside, by where it came from", async () => {
  const components = await readBack(buildBinary(FILES, ["@s/a@1.0.0"]));
  assertEquals(
    components.map(({ source, fileCount, sizeBytes }) => [source, fileCount, sizeBytes]),
    [[PACKAGE, 1, 4], [null, 1, 4]],
  );
});

/** What a compiler that was tampered with, or changed its ways, would carry. */
const STRANGE: { when: string; files: Record<string, string>; packages: string[]; says: string }[] =
  [
    {
      when: "a file that was not staged",
      files: { ...FILES, "extra.ts": "x" },
      packages: ["@s/a@1.0.0"],
      says: "carries extra.ts",
    },
    {
      when: "a file with another content",
      files: { ...FILES, "main.ts": "mAin" },
      packages: ["@s/a@1.0.0"],
      says: "carries main.ts",
    },
    {
      when: "a longer file",
      files: { ...FILES, "main.ts": "main " },
      packages: ["@s/a@1.0.0"],
      says: "carries main.ts",
    },
    {
      when: "a file of a package that was not staged",
      files: { ...FILES, [`${PLACE}/b/1.0.0/x.js`]: "of b" },
      packages: ["@s/a@1.0.0"],
      says: "b/1.0.0/x.js",
    },
    {
      when: "a package that was not staged",
      files: FILES,
      packages: ["@s/a@1.0.0", "b@1.0.0"],
      says: "knows @s/a@1.0.0 b@1.0.0",
    },
    { when: "no package", files: FILES, packages: [], says: "and not @s/a@1.0.0" },
  ];

for (const { when, files, packages, says } of STRANGE) {
  Deno.test(`readComponents() refuses a binary with ${when}`, async () => {
    await assertRejects(() => readBack(buildBinary(files, packages)), BuildError, says);
  });
}
