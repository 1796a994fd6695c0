import { assert, assertEquals } from "../assert.ts";
import { listPaths, readText, ROOT } from "./texts.ts";

Deno.test("what a document links to in the repository is there", async () => {
  const folders = await Promise.all(["tests/", "deploy/"].map((dir) => listPaths(dir, [".md"])));
  const paths = ["README.md", ...folders.flat()];
  const links = await Promise.all(paths.map(async (path) => {
    const found = (await readText(path)).matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g);
    return [...found].map(([, to = ""]) => ({ path, to }));
  }));
  const inside = links.flat().filter(({ to }) => !/^[a-z]+:/.test(to));
  assert(inside.length > 0);
  const dead: string[] = [];
  for (const { path, to } of inside) {
    const target = new URL(to, new URL(path, ROOT));
    const found = await Deno.stat(target).catch(() => null);
    if (found === null) dead.push(`${path}: ${to}`);
  }
  assertEquals(dead, []);
});

Deno.test("each source that README names is there", async () => {
  const sources = await listPaths("src/", [".ts"]);
  const named = [...(await readText("README.md")).matchAll(/`((?:domain|engine)\/[\w/]+\.ts)`/g)];
  assert(named.length > 5);
  const absent = named.filter(([, name]) => !sources.includes(`src/${name}`));
  assertEquals(absent.map(([, name]) => name), []);
});
