import * as fc from "fast-check";
import { StateError } from "../../src/engine/ports.ts";
import { appendBytes, copyAside, ensureDir, replaceFile } from "../../src/state/durable_file.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import { CrashError, MemoryDisk } from "./memory_disk.ts";
import { buildFate, draws, STATE_DIR } from "./support.ts";

const PATH = `${STATE_DIR}/file.json`;
const ARCHIVE = `${STATE_DIR}/archive`;
const encode = (text: string) => new TextEncoder().encode(text);

function buildDisk(content: string | null): MemoryDisk {
  const disk = new MemoryDisk();
  disk.putDir(STATE_DIR);
  if (content !== null) disk.put(PATH, content);
  return disk;
}

async function appendToFile(disk: MemoryDisk, text: string): Promise<void> {
  const before = await disk.lstat(PATH);
  await appendBytes(disk, PATH, encode(text), { before, isSynced: true });
  if (before === null) await disk.syncDir(STATE_DIR);
}

/** The steps that change something, in their order. */
function listChanges(disk: MemoryDisk): string[] {
  return disk.steps.filter(({ op }) => !["lstat", "stat", "read", "list"].includes(op))
    .map(({ op, path }) => `${op} ${path.slice(path.lastIndexOf("/") + 1)}`);
}

async function runToCrash(act: () => Promise<unknown>): Promise<boolean> {
  try {
    await act();
    return true;
  } catch (error) {
    if (error instanceof CrashError) return false;
    throw error;
  }
}

Deno.test("replaceFile() writes, syncs, renames, syncs the directory, in this order", async () => {
  const disk = buildDisk("old");
  await replaceFile(disk, PATH, encode("new"));
  assertEquals(listChanges(disk), [
    "open file.json.tmp",
    "write file.json.tmp",
    "sync file.json.tmp",
    "rename file.json",
    "syncDir avwap",
  ]);
  assertEquals(disk.textOf(PATH), "new");
  assertEquals((await disk.lstat(PATH))?.mode, 0o600);
  assertEquals(disk.namesIn(STATE_DIR), ["file.json"]);
});

Deno.test("replaceFile() leaves the old or the new file, never a part, at every crash", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(9),
      draws,
      fc.option(fc.constantFrom("", "old content")),
      async (crashAtStep, fates, old) => {
        const disk = buildDisk(old);
        disk.crashAtStep = crashAtStep;
        const isDone = await runToCrash(() => replaceFile(disk, PATH, encode("new content")));
        const seen = disk.afterCrash(buildFate(fates)).textOf(PATH);
        if (isDone) assertEquals(seen, "new content");
        else assert(seen === old || seen === "new content", `saw ${seen}`);
      },
    ),
    { numRuns: 400 },
  );
});

for (const op of ["open", "write", "sync", "rename"]) {
  Deno.test(`replaceFile() throws and keeps the old file whole when ${op} fails`, async () => {
    const disk = buildDisk("old");
    disk.fault = (step) => step.op === op ? "no space left on the device" : null;
    const error = await assertRejects(() => replaceFile(disk, PATH, encode("new")), StateError);
    assertStringIncludes(error.message, "no space left");
    assertEquals(disk.textOf(PATH), "old");
    assertEquals(disk.namesIn(STATE_DIR), ["file.json"], "no temporary file stays");
    disk.fault = () => null;
    await replaceFile(disk, PATH, encode("new"));
    assertEquals(disk.afterCrash(() => 0).textOf(PATH), "new");
  });
}

Deno.test("replaceFile() throws when the directory can't be synced, and a repeat makes it durable", async () => {
  const disk = buildDisk("old");
  disk.fault = (step) => step.op === "syncDir" ? "input/output error" : null;
  await assertRejects(() => replaceFile(disk, PATH, encode("new")), StateError);
  assertEquals(disk.afterCrash(() => 0).textOf(PATH), "old");
  disk.fault = () => null;
  await replaceFile(disk, PATH, encode("new"));
  assertEquals(disk.afterCrash(() => 0).textOf(PATH), "new");
});

Deno.test("replaceFile() reports the first failure when the clean-up fails too", async () => {
  const disk = buildDisk("old");
  disk.fault = (step) => step.op === "sync" ? "first" : step.op === "remove" ? "second" : null;
  const error = await assertRejects(() => replaceFile(disk, PATH, encode("new")), StateError);
  assertStringIncludes(error.message, "first");
});

Deno.test("replaceFile() clears what a crash left at the temporary name", async () => {
  for (
    const leave of [
      (d: MemoryDisk) => d.put(`${PATH}.tmp`, "half"),
      (d: MemoryDisk) => d.putLink(`${PATH}.tmp`, "/etc/passwd"),
    ]
  ) {
    const disk = buildDisk("old");
    disk.put("/etc/passwd", "root");
    leave(disk);
    await replaceFile(disk, PATH, encode("new"));
    assertEquals(disk.textOf(PATH), "new");
    assertEquals(disk.textOf("/etc/passwd"), "root", "nothing is written through a link");
  }
});

const PLACES: { when: string; place: (disk: MemoryDisk) => void; words: string }[] = [
  { when: "a link", place: (disk) => disk.putLink(PATH, "/etc/target"), words: "a symbolic link" },
  { when: "a directory", place: (disk) => disk.putDir(PATH), words: "a directory" },
  { when: "a pipe", place: (disk) => disk.putOther(PATH), words: "not a regular file" },
];
for (const { when, place, words } of PLACES) {
  Deno.test(`replaceFile(), appendBytes() and copyAside() refuse ${when} in the place of the file`, async () => {
    const disk = buildDisk(null);
    place(disk);
    const acts = [
      () => replaceFile(disk, PATH, encode("new")),
      () => appendToFile(disk, "new"),
      () => copyAside(disk, PATH, ARCHIVE),
    ];
    for (const act of acts) {
      const error = await assertRejects(act, StateError, words);
      assertStringIncludes(error.message, PATH);
    }
    assertEquals(listChanges(disk), []);
  });
}

Deno.test("appendBytes() keeps what was synced at every crash, and all of it when it returned", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(6),
      draws,
      fc.option(fc.constant("one\n")),
      async (crashAtStep, fates, old) => {
        const disk = buildDisk(old);
        disk.crashAtStep = crashAtStep;
        const isDone = await runToCrash(() => appendToFile(disk, "two\n"));
        const seen = disk.afterCrash(buildFate(fates)).textOf(PATH);
        const whole = `${old ?? ""}two\n`;
        if (isDone) assertEquals(seen, whole);
        else if (old !== null) assert(seen?.startsWith(old) && whole.startsWith(seen), `${seen}`);
      },
    ),
    { numRuns: 300 },
  );
});

Deno.test("appendBytes() without a sync loses nothing when only the process ends", async () => {
  const disk = buildDisk("one\n");
  const before = await disk.lstat(PATH);
  await appendBytes(disk, PATH, encode("two\n"), { before, isSynced: false });
  assertEquals(disk.textOf(PATH), "one\ntwo\n");
  assertEquals(disk.steps.filter(({ op }) => op.startsWith("sync")), []);
});

Deno.test("appendBytes() throws when the sync fails", async () => {
  const disk = buildDisk("one\n");
  disk.fault = (step) => step.op === "sync" ? "input/output error" : null;
  await assertRejects(() => appendToFile(disk, "two\n"), StateError, "input/output");
});

Deno.test("copyAside() makes a durable copy named by the time of the damage", async () => {
  const disk = buildDisk(null);
  disk.put(PATH, "damaged", { modifiedAtMs: Date.UTC(2026, 10, 23, 15, 0, 0, 123) });
  const target = await copyAside(disk, PATH, ARCHIVE);
  assertEquals(target, `${ARCHIVE}/file.damaged-20261123T150000123Z.json`);
  assertEquals(disk.afterCrash(() => 0).textOf(target), "damaged");
  assertEquals(disk.textOf(PATH), "damaged", "the file itself stays");
});

Deno.test("copyAside() copies the same damage once, and other damage of the same time beside it", async () => {
  const disk = buildDisk("damaged");
  const first = await copyAside(disk, PATH, ARCHIVE);
  assertEquals(await copyAside(disk, PATH, ARCHIVE), first);
  assertEquals(disk.namesIn(ARCHIVE).length, 1);
  disk.put(PATH, "DAMAGED");
  const second = await copyAside(disk, PATH, ARCHIVE);
  assert(second !== first);
  assertEquals([disk.textOf(first), disk.textOf(second)], ["damaged", "DAMAGED"]);
});

Deno.test("copyAside() makes the archive's own name durable where an earlier process did not", async () => {
  const disk = buildDisk("damaged");
  await disk.mkdir(ARCHIVE, 0o700); // and ended here, without syncing the state directory
  const target = await copyAside(disk, PATH, ARCHIVE);
  assertEquals(disk.afterCrash(() => 0).textOf(target), "damaged");
});

Deno.test("copyAside() throws when any of its steps fails", async () => {
  for (const op of ["open", "write", "sync", "rename", "syncDir", "mkdir", "read"]) {
    const disk = buildDisk("damaged");
    disk.fault = (step) => step.op === op ? "no space left on the device" : null;
    await assertRejects(() => copyAside(disk, PATH, ARCHIVE), StateError, "no space left");
    assertEquals(disk.textOf(PATH), "damaged");
  }
});

Deno.test("copyAside() gives up after a hundred other copies of one name", async () => {
  const disk = buildDisk("damaged");
  const target = await copyAside(disk, PATH, ARCHIVE);
  const name = target.slice(target.lastIndexOf("/") + 1);
  disk.putDir(`${ARCHIVE}/${name}-x`);
  disk.put(target, "else");
  for (let number = 2; number <= 100; number++) disk.putDir(`${ARCHIVE}/${number}-${name}`);
  await assertRejects(() => copyAside(disk, PATH, ARCHIVE), StateError, "100 copies");
});

Deno.test("ensureDir() makes all missing directories durably and follows a link to one", async () => {
  const disk = new MemoryDisk();
  await ensureDir(disk, `${STATE_DIR}/a/b`);
  const after = disk.afterCrash(() => 0);
  assertEquals((await after.lstat(`${STATE_DIR}/a/b`))?.kind, "dir");
  disk.putLink("/link", STATE_DIR);
  disk.steps.length = 0;
  await ensureDir(disk, "/link");
  assertEquals(listChanges(disk), []);
});

Deno.test("ensureDir() refuses a file in the directory's place", async () => {
  const disk = buildDisk("text");
  await assertRejects(() => ensureDir(disk, PATH), StateError, "not a directory");
});
