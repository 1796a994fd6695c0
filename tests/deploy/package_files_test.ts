import { formatRuntimeName, readPinnedSha256 } from "../../deploy/base_runtime.ts";
import { BuildError } from "../../deploy/build_error.ts";
import { listReachable } from "../../deploy/package_files.ts";
import { writePackages } from "../../deploy/staged_packages.ts";
import { assertEquals, assertRejects } from "../assert.ts";

async function withFiles(
  files: Readonly<Record<string, string>>,
  act: (dir: string) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "avwap-packages-" });
  try {
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(`${dir}/${path}`.replace(/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(`${dir}/${path}`, text);
    }
    await act(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** Three packages that name what they export in the ways there are. */
const FILES = {
  "one/package.json": JSON.stringify({
    exports: { ".": { require: "./one.cjs", types: "./one.d.ts", import: "./one.js" } },
    imports: { "#util": { browser: "./browser.js", deno: "./deno.js", default: "./plain.js" } },
  }),
  "one/one.js":
    'import { a } from "./lib/a.js";\nimport util from "#util";\nexport * from "@s/two/deep/x.js";\n',
  "one/one.cjs": "",
  "one/lib/a.js":
    '/**\n * import { c } from "./c.js";\n */\n// from "./c.js"\nexport {\n  b,\n} from \'./b.js\';\n',
  "one/lib/b.js": 'import "node:util";\nexport const b = await import("./lazy.js");\n',
  "one/lib/c.js": "",
  "one/lib/lazy.js": 'import "./a.js"; require("./old.cjs");',
  "one/lib/old.cjs": "",
  "one/deno.js": "",
  "one/browser.js": "",
  "one/plain.js": "",
  "one/LICENSE": "",
  "two/package.json": JSON.stringify({ exports: { "./deep/*.js": "./dist/*.js" } }),
  "two/dist/x.js": "",
  "two/dist/y.js": "",
  "three/package.json": JSON.stringify({ exports: "./three.js" }),
  "three/three.js": "",
};

function listDirs(dir: string): Map<string, string> {
  return new Map([["one", `${dir}/one`], ["@s/two", `${dir}/two`], ["three", `${dir}/three`]]);
}

Deno.test("listReachable() follows imports through packages, and takes nothing else", () =>
  withFiles(FILES, async (dir) => {
    const reached = await listReachable(listDirs(dir), ["one"]);
    assertEquals([...reached].map((path) => path.slice(dir.length + 1)).toSorted(), [
      "one/deno.js",
      "one/lib/a.js",
      "one/lib/b.js",
      "one/lib/lazy.js",
      "one/lib/old.cjs",
      "one/one.js",
      "one/package.json",
      "two/dist/x.js",
      "two/package.json",
    ]);
    const third = await listReachable(listDirs(dir), ["three"]);
    assertEquals([...third].length, 2);
  }));

Deno.test("listReachable() refuses what a package does not export", () =>
  withFiles(FILES, async (dir) => {
    for (const specifier of ["one/lib/a.js", "@s/two", "@s/two/dist/x.js", "three/three.js"]) {
      await assertRejects(
        () => listReachable(listDirs(dir), [specifier]),
        BuildError,
        "exports no",
      );
    }
  }));

Deno.test("writePackages() builds in nothing of which it cannot say which archive it is", async () => {
  const cases = [
    { ids: ["a@1.0.0_b@2.0.0"], says: "packages with peers" },
    { ids: ["a"], says: "packages with peers" },
    { ids: ["@a/b@1.0.0", "@a/b@1.0.1"], says: "two versions of @a/b" },
  ];
  for (const { ids, says } of cases) {
    const locked = Object.fromEntries(ids.map((id) => [id, { integrity: "sha512-" }]));
    const job = { locked, imports: [], packagesDir: "/nowhere", cacheDir: "/nowhere" };
    await assertRejects(() => writePackages(job), BuildError, says);
  }
});

Deno.test("readPinnedSha256() takes the runtime that is pinned for its version, and no other", () =>
  withFiles({ "denort": "the runtime", "denort.zip": "the archive" }, async (dir) => {
    const name = formatRuntimeName("2.9.6");
    // Of the first file.
    const sum = "26fcc3f843e7378b323ac8a3cc9a6c67e478b287ed80cd2370eee32a8b1b8f8b";
    const read = (file: string, pins: string) =>
      readPinnedSha256({ file: `${dir}/${file}`, version: "2.9.6", pins });
    // With the line to add, once it was compared.
    await assertRejects(() => read("denort", ""), BuildError, `: ${sum}  ${name}`);
    assertEquals(await read("denort", `# a comment\n${sum}  ${name}\n`), sum);
    await assertRejects(() => read("denort.zip", `${sum}  ${name}\n`), BuildError, "says");
    await assertRejects(
      () => read("denort", `${sum}  ${formatRuntimeName("2.9.5")}\n`),
      BuildError,
      "has no sum",
    );
  }));
