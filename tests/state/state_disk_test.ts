import { StateError } from "../../src/engine/ports.ts";
import { createDenoFileSystem } from "../../src/state/deno_file_system.ts";
import { replaceFile } from "../../src/state/durable_file.ts";
import {
  createStateDisk,
  findDiskFault,
  PIECES,
  readReserveBytes,
  RESERVE_BYTES,
  RESERVE_FILE,
  type StateDisk,
} from "../../src/state/state_disk.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import { MemoryDisk } from "./memory_disk.ts";
import { withDir } from "./real_disk.ts";
import { STATE_DIR } from "./support.ts";

const KB = 1024;
const RESERVE_KB = 64;
const RESERVE_PATH = `${STATE_DIR}/${RESERVE_FILE}`;
const RECORD_PATH = `${STATE_DIR}/execution_state.json`;
const record = (byte: number, sizeBytes = 2 * KB) => new Uint8Array(sizeBytes).fill(byte);

interface Stage {
  readonly fs: MemoryDisk;
  readonly disk: StateDisk;
  /** Leaves so many bytes free. */
  fill(freeBytes: number): void;
}

function openDisk(fs: MemoryDisk, freeBytes: number | null = null): StateDisk {
  return createStateDisk({
    fs,
    stateDir: STATE_DIR,
    readFreeBytes: () => Promise.resolve(freeBytes),
    reserveBytes: RESERVE_KB * KB,
  });
}

/** A disk with its reserve and one record. */
async function setUp(): Promise<Stage> {
  const fs = new MemoryDisk();
  fs.putDir(STATE_DIR);
  const disk = openDisk(fs);
  assertEquals(await disk.look(), null);
  await replaceFile(disk.records, RECORD_PATH, record(1));
  return {
    fs,
    disk,
    fill: (freeBytes) => void (fs.capacityBytes = fs.usedBytes + freeBytes),
  };
}

async function readRecord(fs: MemoryDisk): Promise<Uint8Array> {
  return await fs.readBytes(RECORD_PATH, KB * KB);
}

Deno.test("the reserve is 4 MB of real blocks, mode 0600, on the real disk, and stays as it is", () =>
  withDir(async (dir) => {
    const fs = createDenoFileSystem();
    const options = { fs, stateDir: dir, readFreeBytes: () => Promise.resolve(null) };
    assertEquals(await createStateDisk(options).look(), null);
    const found = await Deno.lstat(`${dir}/${RESERVE_FILE}`);
    assertEquals([found.size, (found.mode ?? 0) & 0o7777], [RESERVE_BYTES, 0o600]);
    assert((found.blocks ?? 0) * 512 >= RESERVE_BYTES, `${found.blocks} blocks`);
    assertEquals(await readReserveBytes(fs, dir), RESERVE_BYTES);
    const disk = createStateDisk(options);
    assertEquals(await disk.look(), null);
    await disk.prove();
    assertEquals(await fs.listDir(dir), [RESERVE_FILE]);
    assertEquals((await Deno.lstat(`${dir}/${RESERVE_FILE}`)).ino, found.ino);
    await fs.truncate(`${dir}/${RESERVE_FILE}`, 5);
    assertEquals((await Deno.lstat(`${dir}/${RESERVE_FILE}`)).size, 5);
  }));

Deno.test("a record that finds no room is made from a piece of the reserve; what is no record gets none", async () => {
  const { fs, disk, fill } = await setUp();
  fill(0);
  await assertRejects(() => replaceFile(fs, `${STATE_DIR}/report.html`, record(9)), StateError);
  assertEquals([disk.fault, await readReserveBytes(fs, STATE_DIR)], [null, RESERVE_KB * KB]);
  for (let turn = 2; turn < 100; turn++) {
    await replaceFile(disk.records, RECORD_PATH, record(turn));
    assertEquals(await readRecord(fs), record(turn));
  }
  assertEquals(disk.fault?.kind, "full");
  assertStringIncludes(disk.fault?.message ?? "", RECORD_PATH);
  const pieceBytes = RESERVE_KB * KB / PIECES;
  assertEquals(await readReserveBytes(fs, STATE_DIR), RESERVE_KB * KB - pieceBytes);
  assert(disk.isKeptForRecords());
});

Deno.test("whoever takes each piece at once leaves room for as many records as there are pieces", async () => {
  const { fs, disk, fill } = await setUp();
  for (let turn = 0; turn < PIECES; turn++) {
    fill(0);
    await replaceFile(disk.records, RECORD_PATH, record(turn + 2));
  }
  fill(0);
  const refused = () => replaceFile(disk.records, RECORD_PATH, record(99));
  await assertRejects(refused, StateError, "ENOSPC");
  assertEquals(await readRecord(fs), record(PIECES + 1), "the record before stays whole");
});

for (const code of ["ENOSPC", "EDQUOT"]) {
  for (const op of ["open", "write", "sync", "rename", "syncDir"]) {
    Deno.test(`a record is made again from the reserve when ${op} meets ${code}`, async () => {
      const { fs, disk } = await setUp();
      let isMet = false;
      fs.fault = (step) => {
        if (isMet || step.op !== op) return null;
        isMet = true;
        return code;
      };
      await replaceFile(disk.records, RECORD_PATH, record(2));
      assertEquals(await readRecord(fs), record(2));
      assertEquals(fs.afterCrash(() => 0).textOf(RECORD_PATH)?.length, 2 * KB, "durable");
      assertEquals([disk.fault?.kind, isMet], ["full", true]);
    });
  }
}

for (const code of ["EROFS", "EIO"]) {
  Deno.test(`${code} is a failing device: no piece is given up, and the next look that can write ends it`, async () => {
    const { fs, disk } = await setUp();
    fs.fault = ({ op }) => op === "write" || op === "open" ? code : null;
    await assertRejects(() => replaceFile(disk.records, RECORD_PATH, record(2)), StateError, code);
    assertEquals([disk.fault?.kind, disk.isKeptForRecords()], ["failing", false]);
    assertEquals(await readReserveBytes(fs, STATE_DIR), RESERVE_KB * KB);
    assertStringIncludes(await disk.look() ?? "", code);
    fs.fault = () => null;
    assertEquals([await disk.look(), disk.fault], [null, null]);
  });
}

Deno.test("a failure that is not the disk's own is no fault of it", async () => {
  const { fs, disk } = await setUp();
  fs.fault = ({ op }) => op === "rename" ? "EACCES" : null;
  await assertRejects(() => replaceFile(disk.records, RECORD_PATH, record(2)), StateError);
  assertEquals(disk.fault, null);
});

Deno.test("look() ends a full disk only where the reserve and room beside it can be had", async () => {
  const { fs, disk, fill } = await setUp();
  fill(0);
  await replaceFile(disk.records, RECORD_PATH, record(2));
  const missingBytes = RESERVE_KB * KB / PIECES;
  fill(missingBytes);
  assertEquals(await disk.look(), 'Cannot write "/var/lib/avwap/disk_reserve.bin.tmp": ENOSPC');
  assertEquals(disk.fault?.kind, "full");
  fill(RESERVE_KB * KB / 4);
  assertEquals([await disk.look(), disk.fault], [null, null]);
  assertEquals(await readReserveBytes(fs, STATE_DIR), RESERVE_KB * KB);
  assertEquals(fs.namesIn(STATE_DIR), [RESERVE_FILE, "execution_state.json"]);
});

Deno.test("look() gives back a reserve that it could not make whole, and begins none that it knows no room for", async () => {
  const fs = new MemoryDisk();
  fs.putDir(STATE_DIR);
  fs.capacityBytes = RESERVE_KB * KB / 2;
  const disk = openDisk(fs);
  assertStringIncludes(await disk.look() ?? "", "ENOSPC");
  assertEquals([disk.fault?.kind, fs.usedBytes], ["full", 0]);
  fs.steps.length = 0;
  const knowing = openDisk(fs, RESERVE_KB * KB);
  assertStringIncludes(await knowing.look() ?? "", "no space left on the device");
  assertEquals(knowing.fault?.kind, "full");
  assertEquals(fs.steps.filter(({ op }) => op === "write"), []);
});

for (const kind of ["dir", "symlink"]) {
  Deno.test(`look() names a ${kind} in the reserve's place, and blocks nothing for it`, async () => {
    const fs = new MemoryDisk();
    fs.putDir(STATE_DIR);
    if (kind === "dir") fs.putDir(RESERVE_PATH);
    else fs.putLink(RESERVE_PATH, "/etc/passwd");
    const disk = openDisk(fs);
    assertStringIncludes(await disk.look() ?? "", "look at it and move it away by hand");
    assertEquals(disk.fault, null);
  });
}

Deno.test("prove() takes what it needs from the reserve, and fails only where that has nothing left", async () => {
  const { fs, disk, fill } = await setUp();
  fill(0);
  await disk.prove();
  assertEquals(disk.fault?.kind, "full");
  await fs.truncate(RESERVE_PATH, 0);
  fill(0);
  await assertRejects(() => disk.prove(), StateError, "ENOSPC");
});

Deno.test("a real device without room is known as full, by the runtime's own errors", async () => {
  // In a process of its own: a device needs more permissions than these tests have.
  const script = `
    import { createDenoFileSystem } from "${new URL(
    "../../src/state/deno_file_system.ts",
    import.meta.url,
  )}";
    import { findDiskFault } from "${new URL("../../src/state/state_disk.ts", import.meta.url)}";
    const file = await createDenoFileSystem().open("/dev/full", { kind: "append", mode: 0o600 });
    await file.write(new Uint8Array(8)).catch((error) =>
      console.log(findDiskFault(error), error.message));
    file.close();`;
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-lock", "--config", config, script],
  }).output();
  const text = new TextDecoder().decode(stdout).trim();
  const expected = 'full Cannot write "/dev/full": no space left on the device';
  assertEquals(text, expected, new TextDecoder().decode(stderr));
});

const CAUSES: { code: string; kind: string | null }[] = [
  { code: "ENOSPC", kind: "full" },
  { code: "EDQUOT", kind: "full" },
  { code: "EROFS", kind: "failing" },
  { code: "EIO", kind: "failing" },
  { code: "EACCES", kind: null },
];
for (const { code, kind } of CAUSES) {
  Deno.test(`findDiskFault() calls ${code} ${kind}, however deep it lies`, () => {
    const cause = Object.assign(new Error("x"), { code });
    assertEquals(findDiskFault(new StateError("a", { cause: new Error("b", { cause }) })), kind);
  });
}
