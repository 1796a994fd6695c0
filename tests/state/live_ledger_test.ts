import * as fc from "fast-check";
import { InvariantError } from "../../src/domain/assert.ts";
import type { LiveLedger } from "../../src/domain/order/ledger.ts";
import { type LiveLedgerPort, StateError } from "../../src/engine/ports.ts";
import { createDenoFileSystem } from "../../src/state/deno_file_system.ts";
import { buildLedgerText } from "../../src/state/ledger_format.ts";
import { createLiveLedger } from "../../src/state/live_ledger.ts";
import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "../assert.ts";
import { CrashError, MemoryDisk } from "./memory_disk.ts";
import { makeLinks, withDir } from "./real_disk.ts";
import { buildFate, draws, ledgers, SIMPLE_LEDGER, STATE_DIR } from "./support.ts";

const PATH = `${STATE_DIR}/live_orders_today.json`;
const ARCHIVE = `${STATE_DIR}/archive`;

function buildWorld(
  content: string | Uint8Array | null,
): { disk: MemoryDisk; ledger: LiveLedgerPort } {
  const disk = new MemoryDisk();
  disk.putDir(STATE_DIR);
  if (content !== null) disk.put(PATH, content);
  return { disk, ledger: createLiveLedger({ fs: disk, stateDir: STATE_DIR }) };
}

async function readOk(ledger: LiveLedgerPort): Promise<LiveLedger> {
  const read = await ledger.read();
  if (read.kind !== "ok") throw new Error(`${read.kind}: ${read.message}`);
  return read.ledger;
}

const READS: { when: string; place: (disk: MemoryDisk) => void; kind: string; words: string }[] = [
  { when: "there is no file", place: () => {}, kind: "missing", words: "does not exist" },
  {
    when: "it is a directory",
    place: (disk) => disk.putDir(PATH),
    kind: "unreadable",
    words: "a directory",
  },
  {
    when: "it is a link to a good ledger",
    place: (disk) => {
      disk.put("/good.json", buildLedgerText(SIMPLE_LEDGER));
      disk.putLink(PATH, "/good.json");
    },
    kind: "unreadable",
    words: "a symbolic link",
  },
  {
    when: "it is a broken link",
    place: (disk) => disk.putLink(PATH, "/nothing"),
    kind: "unreadable",
    words: "a symbolic link",
  },
  {
    when: "it is a pipe",
    place: (disk) => disk.putOther(PATH),
    kind: "unreadable",
    words: "not a regular file",
  },
  {
    when: "it is over 5 MB",
    place: (disk) => disk.put(PATH, buildLedgerText(SIMPLE_LEDGER) + " ".repeat(5 * 1024 * 1024)),
    kind: "unreadable",
    words: "too large",
  },
  {
    when: "it is not UTF-8",
    place: (disk) => disk.put(PATH, new Uint8Array([0x7b, 0xff, 0x7d])),
    kind: "unreadable",
    words: "UTF-8",
  },
  {
    when: "it begins with a byte-order mark",
    place: (disk) => disk.put(PATH, `\uFEFF${buildLedgerText(SIMPLE_LEDGER)}`),
    kind: "unreadable",
    words: "not JSON",
  },
  {
    when: "it is empty",
    place: (disk) => disk.put(PATH, ""),
    kind: "unreadable",
    words: "not JSON",
  },
  {
    when: "it is JSON of another shape",
    place: (disk) => disk.put(PATH, "[]"),
    kind: "invalid",
    words: PATH,
  },
  {
    when: "the disk fails to look",
    place: (disk) => disk.fault = (step) => step.op === "lstat" ? "permission denied" : null,
    kind: "unreadable",
    words: "permission denied",
  },
  {
    when: "the disk fails to read",
    place: (disk) => {
      disk.put(PATH, buildLedgerText(SIMPLE_LEDGER));
      disk.fault = (step) => step.op === "read" ? "input/output error" : null;
    },
    kind: "unreadable",
    words: "input/output error",
  },
];
for (const { when, place, kind, words } of READS) {
  Deno.test(`the live ledger reads as ${kind} when ${when}`, async () => {
    const { disk, ledger } = buildWorld(null);
    place(disk);
    const read = await ledger.read();
    assertEquals(read.kind, kind);
    assert("message" in read);
    assertStringIncludes(read.message, words);
  });
}

Deno.test("the live ledger reads what it wrote, on another process's side too", async () => {
  await fc.assert(
    fc.asyncProperty(ledgers, async (written) => {
      const { disk, ledger } = buildWorld(null);
      await ledger.write(written);
      assertEquals(await readOk(ledger), written);
      const other = createLiveLedger({ fs: disk.afterCrash(() => 0), stateDir: STATE_DIR });
      assertEquals(await readOk(other), written);
    }),
    { numRuns: 50 },
  );
});

Deno.test("the live ledger gives the same object for the same content, another for another", async () => {
  const { disk, ledger } = buildWorld(buildLedgerText(SIMPLE_LEDGER));
  const first = await readOk(ledger);
  assertStrictEquals(await readOk(ledger), first);
  disk.put(PATH, buildLedgerText({ ...SIMPLE_LEDGER, mismatches: 1 }));
  assertEquals((await readOk(ledger)).mismatches, 1);
  disk.put(PATH, "{");
  assertEquals((await ledger.read()).kind, "unreadable", "damage is seen at once");
});

Deno.test("the live ledger loses nothing at any crash of a write", async () => {
  const old = buildLedgerText(SIMPLE_LEDGER);
  const next = { ...SIMPLE_LEDGER, mismatches: 1 };
  await fc.assert(
    fc.asyncProperty(fc.nat(14), draws, async (crashAtStep, fates) => {
      const { disk, ledger } = buildWorld(old);
      disk.crashAtStep = crashAtStep;
      let isDone = true;
      await ledger.write(next).catch((error) => {
        if (!(error instanceof CrashError)) throw error;
        isDone = false;
      });
      const after = disk.afterCrash(buildFate(fates));
      const read = await readOk(createLiveLedger({ fs: after, stateDir: STATE_DIR }));
      if (isDone) assertEquals(read, next);
      else assert([0, 1].includes(read.mismatches));
    }),
    { numRuns: 300 },
  );
});

Deno.test("a damaged live ledger is in the archive before it is gone, at any crash", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(30), draws, async (crashAtStep, fates) => {
      const { disk, ledger } = buildWorld("{damaged");
      disk.crashAtStep = crashAtStep;
      await ledger.write(SIMPLE_LEDGER).catch((error) => {
        if (!(error instanceof CrashError)) throw error;
      });
      const after = disk.afterCrash(buildFate(fates));
      const copies = after.namesIn(ARCHIVE).map((name) => after.textOf(`${ARCHIVE}/${name}`));
      assert(after.textOf(PATH) === "{damaged" || copies.includes("{damaged"));
    }),
    { numRuns: 400 },
  );
});

for (const content of ["{damaged", "[]", "x".repeat(5 * 1024 * 1024)]) {
  Deno.test(`write() copies a damaged file of ${content.length} bytes aside first`, async () => {
    const { disk, ledger } = buildWorld(content);
    await ledger.write(SIMPLE_LEDGER);
    const [name] = disk.namesIn(ARCHIVE);
    assertEquals(name, "live_orders_today.damaged-20261123T150000000Z.json");
    assertEquals(disk.textOf(`${ARCHIVE}/${name}`), content);
    assertEquals(await readOk(ledger), SIMPLE_LEDGER);
  });
}

Deno.test("write() leaves a damaged file where it can't be copied aside", async () => {
  const { disk, ledger } = buildWorld("{damaged");
  disk.fault = ({ op, path }) => op === "sync" && path.includes("archive") ? "no space left" : null;
  await assertRejects(() => ledger.write(SIMPLE_LEDGER), StateError, "no space left");
  assertEquals(disk.textOf(PATH), "{damaged");
});

for (
  const [when, place] of Object.entries({
    "a symbolic link": (disk: MemoryDisk) => disk.putLink(PATH, "/elsewhere"),
    "a directory": (disk: MemoryDisk) => disk.putDir(PATH),
    "too large": (disk: MemoryDisk) => disk.put(PATH, "x".repeat(6 * 1024 * 1024)),
  })
) {
  Deno.test(`write() refuses ${when} in the ledger's place and names it`, async () => {
    const { disk, ledger } = buildWorld(null);
    place(disk);
    const error = await assertRejects(() => ledger.write(SIMPLE_LEDGER), StateError, when);
    assertStringIncludes(error.message, PATH);
  });
}

Deno.test("write() throws a StateError at every failing step and the ledger stays whole", async () => {
  for (const op of ["lstat", "open", "write", "sync", "rename", "syncDir"]) {
    const { disk, ledger } = buildWorld(buildLedgerText(SIMPLE_LEDGER));
    disk.fault = (step) => step.op === op ? "no space left on the device" : null;
    await assertRejects(() => ledger.write({ ...SIMPLE_LEDGER, mismatches: 1 }), StateError);
    disk.fault = () => null;
    const { mismatches } = await readOk(ledger);
    assertEquals(mismatches, op === "syncDir" ? 1 : 0, op);
  }
});

Deno.test("write() calls a ledger that could not be read back a bug, and leaves the file", async () => {
  const { disk, ledger } = buildWorld(null);
  const entries = SIMPLE_LEDGER.entries.map((entry) => ({ ...entry, notionalUsd: NaN }));
  await assertRejects(() => ledger.write({ ...SIMPLE_LEDGER, entries }), InvariantError);
  assertEquals(disk.namesIn(STATE_DIR), []);
});

Deno.test("write() refuses a ledger that would be too large to read back", async () => {
  const { disk, ledger } = buildWorld(null);
  const unknownFields = { note: "x".repeat(5 * 1024 * 1024) };
  await assertRejects(
    () => ledger.write({ ...SIMPLE_LEDGER, unknownFields }),
    StateError,
    "larger",
  );
  assertEquals(disk.namesIn(STATE_DIR), []);
});

Deno.test("writes that overlap happen one after the other, the last one last", async () => {
  const { disk, ledger } = buildWorld(null);
  const counts = [1, 2, 3, 4, 5];
  await Promise.all(counts.map((mismatches) => ledger.write({ ...SIMPLE_LEDGER, mismatches })));
  assertEquals((await readOk(ledger)).mismatches, 5);
  assertEquals(disk.namesIn(STATE_DIR), ["live_orders_today.json"]);
});

Deno.test("a failed write does not stop the next one", async () => {
  const { disk, ledger } = buildWorld(null);
  disk.fault = (step) => step.op === "write" ? "no space left" : null;
  await assertRejects(() => ledger.write(SIMPLE_LEDGER), StateError);
  disk.fault = () => null;
  await ledger.write(SIMPLE_LEDGER);
  assertEquals(await readOk(ledger), SIMPLE_LEDGER);
});

Deno.test("setAside() keeps what another hand wrote under a name that is no day's", async () => {
  const text = buildLedgerText(SIMPLE_LEDGER);
  const { disk, ledger } = buildWorld(text);
  const path = await ledger.setAside();
  assertEquals([disk.textOf(path), disk.textOf(PATH)], [text, text]);
  const archive = await ledger.readArchive(10);
  assertEquals(archive, { kind: "ok", ledgers: [], unusable: [] });
});

Deno.test("archive() keeps a day durably and does nothing where it is kept already", async () => {
  const { disk, ledger } = buildWorld(null);
  await ledger.archive(SIMPLE_LEDGER);
  const path = `${ARCHIVE}/live_orders_2026-11-23.json`;
  const kept = disk.textOf(path);
  assertEquals(disk.afterCrash(() => 0).textOf(path), kept);
  await ledger.archive({ ...SIMPLE_LEDGER, mismatches: 3 });
  assertEquals(disk.textOf(path), kept);
  assertEquals(disk.namesIn(ARCHIVE), ["live_orders_2026-11-23.json"]);
});

Deno.test("archive() is durable when it returns, whatever an earlier process left undone", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(16), draws, async (stopAtStep, fates) => {
      const { disk, ledger } = buildWorld(null);
      disk.crashAtStep = stopAtStep;
      await ledger.archive(SIMPLE_LEDGER).catch((error) => {
        if (!(error instanceof CrashError)) throw error;
      });
      disk.crashAtStep = Infinity; // the process died, the host did not
      await createLiveLedger({ fs: disk, stateDir: STATE_DIR }).archive(SIMPLE_LEDGER);
      const after = disk.afterCrash(buildFate(fates));
      assertEquals(
        after.textOf(`${ARCHIVE}/live_orders_2026-11-23.json`),
        buildLedgerText(SIMPLE_LEDGER),
      );
    }),
    { numRuns: 200 },
  );
});

Deno.test("archive() copies a damaged archive aside and makes the day anew", async () => {
  const { disk, ledger } = buildWorld(null);
  const path = `${ARCHIVE}/live_orders_2026-11-23.json`;
  disk.put(path, "{torn");
  await ledger.archive(SIMPLE_LEDGER);
  assertEquals(disk.textOf(path), buildLedgerText(SIMPLE_LEDGER));
  assertEquals(
    disk.namesIn(ARCHIVE).map((name) => disk.textOf(`${ARCHIVE}/${name}`)),
    [
      buildLedgerText(SIMPLE_LEDGER),
      "{torn",
    ].sort((a, b) => a === "{torn" ? -1 : b === "{torn" ? 1 : 0),
  );
});

Deno.test("readArchive() gives the newest days first, names what is of no use, and stops", async () => {
  const { disk, ledger } = buildWorld(null);
  for (const dateNy of ["2026-11-17", "2026-11-18", "2026-11-20", "2026-11-23"]) {
    await ledger.archive({ ...SIMPLE_LEDGER, dateNy });
  }
  disk.put(`${ARCHIVE}/live_orders_2026-11-19.json`, "{");
  disk.put(`${ARCHIVE}/live_orders_2026-11-24.json`, buildLedgerText(SIMPLE_LEDGER)); // another day's
  disk.put(`${ARCHIVE}/notes.txt`, "x");
  disk.put(`${ARCHIVE}/live_orders_today.damaged-20261123T150000123Z.json`, "{");
  const read = async (limit: number) => {
    const archive = await ledger.readArchive(limit);
    assert(archive.kind === "ok");
    return { dates: archive.ledgers.map(({ dateNy }) => dateNy), unusable: archive.unusable };
  };
  const { dates, unusable } = await read(3);
  assertEquals(dates, ["2026-11-23", "2026-11-20", "2026-11-18"]);
  assertEquals(unusable.length, 2);
  assertStringIncludes(unusable[0]?.message ?? "", "live_orders_2026-11-24.json");
  assertStringIncludes(unusable[1]?.message ?? "", "live_orders_2026-11-19.json");
  assertEquals((await read(99)).dates.length, 4);
  assertEquals(await read(0), { dates: [], unusable: [] });
});

const UNREADABLE_ARCHIVES: { when: string; place: (disk: MemoryDisk) => void; path: string }[] = [
  {
    when: "its directory can't be listed",
    place: (disk) => disk.fault = (step) => step.op === "list" ? "permission denied" : null,
    path: ARCHIVE,
  },
  {
    when: "a file is in its place",
    place: (disk) => {
      disk.remove(`${ARCHIVE}/live_orders_2026-11-23.json`);
      disk.remove(ARCHIVE);
      disk.put(ARCHIVE, "x");
    },
    path: ARCHIVE,
  },
  {
    when: "the disk fails to read a day",
    place: (disk) =>
      disk.fault = (step) =>
        step.op === "read" && step.path.includes("11-23") ? "input/output error" : null,
    path: `${ARCHIVE}/live_orders_2026-11-23.json`,
  },
  {
    when: "a day is a link",
    place: (disk) => disk.putLink(`${ARCHIVE}/live_orders_2026-11-25.json`, "/elsewhere"),
    path: `${ARCHIVE}/live_orders_2026-11-25.json`,
  },
  {
    when: "a day is a directory",
    place: (disk) => disk.putDir(`${ARCHIVE}/live_orders_2026-11-25.json`),
    path: `${ARCHIVE}/live_orders_2026-11-25.json`,
  },
];
for (const { when, place, path } of UNREADABLE_ARCHIVES) {
  Deno.test(`readArchive() is unreadable, and names the path, when ${when}`, async () => {
    const { disk, ledger } = buildWorld(null);
    await ledger.archive(SIMPLE_LEDGER);
    place(disk);
    const read = await ledger.readArchive(3);
    assert(read.kind === "unreadable");
    assertEquals(read.path, path);
    assertStringIncludes(read.message, path);
  });
}

Deno.test("readArchive() gives nothing without an archive", async () => {
  const { ledger } = buildWorld(null);
  assertEquals(await ledger.readArchive(3), { kind: "ok", ledgers: [], unusable: [] });
});

Deno.test("write() leaves a ledger that can't be read for a moment, and what it holds", async () => {
  const { disk, ledger } = buildWorld(null);
  await ledger.write(SIMPLE_LEDGER);
  let failures = 1;
  disk.fault = (step) => step.op === "read" && failures-- > 0 ? "input/output error" : null;
  await assertRejects(
    () => ledger.write({ ...SIMPLE_LEDGER, mismatches: 1 }),
    StateError,
    "input/output error",
  );
  assertEquals(disk.textOf(PATH), buildLedgerText(SIMPLE_LEDGER));
  assertEquals(disk.namesIn(ARCHIVE), []);
});

Deno.test("archive() leaves a day that can't be read as it is", async () => {
  const { disk, ledger } = buildWorld(null);
  await ledger.archive(SIMPLE_LEDGER);
  const path = `${ARCHIVE}/live_orders_2026-11-23.json`;
  disk.fault = (step) => step.op === "read" && step.path === path ? "input/output error" : null;
  await assertRejects(() => ledger.archive(SIMPLE_LEDGER), StateError, "input/output error");
  disk.fault = () => null;
  assertEquals(disk.textOf(path), buildLedgerText(SIMPLE_LEDGER));
});

Deno.test("the live ledger works on the real disk", () =>
  withDir(async (dir) => {
    const ledger = createLiveLedger({ fs: createDenoFileSystem(), stateDir: dir });
    assertEquals((await ledger.read()).kind, "missing");
    await Deno.writeTextFile(`${dir}/live_orders_today.json`, "{damaged");
    await ledger.write(SIMPLE_LEDGER);
    assertEquals(await readOk(ledger), SIMPLE_LEDGER);
    const info = await Deno.stat(`${dir}/live_orders_today.json`);
    assertEquals((info.mode ?? 0) & 0o777, 0o600);
    await ledger.archive(SIMPLE_LEDGER);
    assertEquals(await ledger.readArchive(9), {
      kind: "ok",
      ledgers: [SIMPLE_LEDGER],
      unusable: [],
    });
    const names: string[] = [];
    for await (const { name } of Deno.readDir(`${dir}/archive`)) names.push(name);
    assertEquals(names.length, 2);
    await Deno.remove(`${dir}/live_orders_today.json`);
    await makeLinks({ [`${dir}/live_orders_today.json`]: `${dir}/archive` });
    const read = await ledger.read();
    assertNotEquals(read.kind, "ok");
    await assertRejects(() => ledger.write(SIMPLE_LEDGER), StateError, "a symbolic link");
  }));
