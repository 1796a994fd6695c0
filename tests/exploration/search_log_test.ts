import { assert, assertEquals, assertRejects } from "../assert.ts";
import { addToLog, digestSource, readSearchLog, writeSearchLog } from "./search_log.ts";

const FIGURES = { states: 10, transitions: 12, depth: 3, graph: "00ff" };

async function inFolder(use: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await use(`${folder}/log.json`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a search that was complete is remembered, and one that was cut off until it is", () =>
  inFolder(async (path) => {
    const none = await readSearchLog(path, "a");
    assertEquals(none, { source: "a", whole: {}, cut: {} });
    const cut = addToLog(addToLog(none, "one", FIGURES), "other", 500);
    await writeSearchLog(path, cut);
    assertEquals(await readSearchLog(path, "a"), {
      source: "a",
      whole: { one: FIGURES },
      cut: { other: 500 },
    });
    assertEquals(addToLog(cut, "other", FIGURES), {
      source: "a",
      whole: { one: FIGURES, other: FIGURES },
      cut: {},
    });
  }));

Deno.test("what another source has found is forgotten, and no other file is taken for a log", () =>
  inFolder(async (path) => {
    await writeSearchLog(path, { source: "a", whole: { one: FIGURES }, cut: {} });
    assertEquals(await readSearchLog(path, "b"), { source: "b", whole: {}, cut: {} });
    await Deno.writeTextFile(path, "{}");
    await assertRejects(() => readSearchLog(path, "a"), Error, "is no log of searches");
  }));

Deno.test("the digest of the source is a number for its text", async () => {
  const digest = await digestSource();
  assert(/^[0-9a-f]{16}$/.test(digest), digest);
  assertEquals(await digestSource(), digest);
});
