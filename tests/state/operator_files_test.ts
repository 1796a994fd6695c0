import * as fc from "fast-check";
import { StateError } from "../../src/engine/ports.ts";
import { createDenoFileSystem } from "../../src/state/deno_file_system.ts";
import {
  createOperatorFiles,
  TOKEN_BYTES_MAX,
  writeToken,
} from "../../src/state/operator_files.ts";
import {
  KILL_SWITCH_FILE,
  lookForSwitch,
  removeSwitch,
  writeSwitch,
} from "../../src/state/switch_files.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import { CrashError, MemoryDisk } from "./memory_disk.ts";
import { makeLinks, withDir } from "./real_disk.ts";
import { buildFate, draws, STATE_DIR } from "./support.ts";

const KILL_SWITCH = `${STATE_DIR}/KILL_SWITCH`;
const TOKEN = `${STATE_DIR}/live_confirm_token.txt`;

const OWN = { dir: STATE_DIR, file: KILL_SWITCH_FILE } as const;
const OTHER_DIR = "/default/state";
const PLACES = { stateDir: STATE_DIR, otherStateDirs: [OTHER_DIR] };

function buildWorld() {
  const disk = new MemoryDisk();
  disk.putDir(STATE_DIR);
  return { disk, files: createOperatorFiles({ fs: disk, ...PLACES }) };
}

Deno.test("isKillSwitchOn() is off where nothing is, in a missing state directory too", async () => {
  assertEquals(await buildWorld().files.isKillSwitchOn(), false);
  const files = createOperatorFiles({
    fs: new MemoryDisk(),
    stateDir: STATE_DIR,
    otherStateDirs: [],
  });
  assertEquals(await files.isKillSwitchOn(), false);
});

const SWITCHES: { when: string; place: (disk: MemoryDisk) => void }[] = [
  { when: "a file is there", place: (disk) => disk.put(KILL_SWITCH, "why") },
  { when: "an empty file is there", place: (disk) => disk.put(KILL_SWITCH, "") },
  { when: "a directory is there", place: (disk) => disk.putDir(KILL_SWITCH) },
  { when: "a broken link is there", place: (disk) => disk.putLink(KILL_SWITCH, "/nothing") },
  { when: "a pipe is there", place: (disk) => disk.putOther(KILL_SWITCH) },
  { when: "nobody can look", place: (disk) => disk.fault = () => "permission denied" },
];
for (const { when, place } of SWITCHES) {
  Deno.test(`isKillSwitchOn() is on when ${when}`, async () => {
    const { disk, files } = buildWorld();
    place(disk);
    assertEquals(await files.isKillSwitchOn(), true);
  });
}

Deno.test("a switch that is seen in another place counts, and one that can't be looked at there does not", async () => {
  const { disk, files } = buildWorld();
  disk.put(`${OTHER_DIR}/KILL_SWITCH`, "");
  disk.put(`${OTHER_DIR}/ENTRIES_PAUSED`, "");
  assertEquals([await files.isKillSwitchOn(), await files.areEntriesPaused()], [true, true]);
  disk.fault = (step) => step.op === "lstat" && step.path.startsWith(OTHER_DIR) ? "EACCES" : null;
  assertEquals([await files.isKillSwitchOn(), await files.areEntriesPaused()], [false, false]);
  const [, other] = await lookForSwitch(disk, PLACES, KILL_SWITCH_FILE);
  assertEquals([other?.found, other?.isOwn], ["unknown", false]);
});

Deno.test("areEntriesPaused() is on for a file of any kind, and where nobody can look", async () => {
  const { disk, files } = buildWorld();
  assertEquals(await files.areEntriesPaused(), false);
  disk.putLink(`${STATE_DIR}/ENTRIES_PAUSED`, "/nothing");
  assertEquals([await files.areEntriesPaused(), await files.isKillSwitchOn()], [true, false]);
  disk.fault = () => "permission denied";
  assertEquals(await files.areEntriesPaused(), true);
});

Deno.test("writeSwitch() makes no state directory: one that is not there is the wrong one", async () => {
  const disk = new MemoryDisk();
  await assertRejects(
    () => writeSwitch(disk, { stateDir: STATE_DIR, file: KILL_SWITCH_FILE, reason: "why" }),
    StateError,
    "no directory",
  );
  assertEquals(await disk.stat(STATE_DIR), null);
});

Deno.test("readToken() gives the content as it is, also through a link", async () => {
  const { disk, files } = buildWorld();
  disk.put(TOKEN, " abc\n");
  assertEquals(await files.readToken(), { kind: "present", text: " abc\n" });
  disk.put(TOKEN, "");
  assertEquals(await files.readToken(), { kind: "present", text: "" });
  disk.put("/elsewhere", "linked");
  disk.putLink(TOKEN, "/elsewhere");
  assertEquals(await files.readToken(), { kind: "present", text: "linked" });
});

const NO_TOKENS: { when: string; place: (disk: MemoryDisk) => void }[] = [
  { when: "there is no file", place: () => {} },
  { when: "it is a directory", place: (disk) => disk.putDir(TOKEN) },
  { when: "it is a broken link", place: (disk) => disk.putLink(TOKEN, "/nothing") },
  { when: "it is a pipe", place: (disk) => disk.putOther(TOKEN) },
  { when: "it is not UTF-8", place: (disk) => disk.put(TOKEN, new Uint8Array([0xff])) },
  { when: "it is too large", place: (disk) => disk.put(TOKEN, "a".repeat(TOKEN_BYTES_MAX + 1)) },
  {
    when: "it can't be looked at",
    place: (disk) => {
      disk.put(TOKEN, "abc");
      disk.fault = (step) => step.op === "stat" ? "permission denied" : null;
    },
  },
  {
    when: "it can't be read",
    place: (disk) => {
      disk.put(TOKEN, "abc");
      disk.fault = (step) => step.op === "read" ? "permission denied" : null;
    },
  },
];
for (const { when, place } of NO_TOKENS) {
  Deno.test(`readToken() is missing when ${when}`, async () => {
    const { disk, files } = buildWorld();
    place(disk);
    assertEquals(await files.readToken(), { kind: "missing" });
  });
}

Deno.test("writeToken() makes the state directory and the file, mode 0600, replacing an old one", async () => {
  const disk = new MemoryDisk();
  await writeToken(disk, { stateDir: STATE_DIR, token: "first" });
  const path = await writeToken(disk, { stateDir: STATE_DIR, token: "second" });
  assertEquals(path, TOKEN);
  const after = disk.afterCrash(() => 0);
  assertEquals(after.textOf(TOKEN), "second");
  assertEquals((await after.lstat(TOKEN))?.mode, 0o600);
});

Deno.test("writeSwitch() is on and durable when it says so, at any crash", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(8), draws, async (crashAtStep, fates) => {
      const { disk } = buildWorld();
      disk.crashAtStep = crashAtStep;
      try {
        const outcome = await writeSwitch(disk, {
          stateDir: STATE_DIR,
          file: KILL_SWITCH_FILE,
          reason: "why",
        });
        assertEquals(outcome.kind, "made");
      } catch (error) {
        if (error instanceof CrashError) return;
        throw error;
      }
      assert(disk.afterCrash(buildFate(fates)).textOf(KILL_SWITCH) !== null);
    }),
  );
});

Deno.test("writeSwitch() leaves one that is on as it is, whatever it is", async () => {
  for (const { when, place } of SWITCHES.slice(0, 5)) {
    const { disk } = buildWorld();
    place(disk);
    const before = disk.namesIn(STATE_DIR);
    const outcome = await writeSwitch(disk, {
      stateDir: STATE_DIR,
      file: KILL_SWITCH_FILE,
      reason: "again",
    });
    assertEquals(outcome, { kind: "already_on", path: KILL_SWITCH }, when);
    assertEquals(disk.namesIn(STATE_DIR), before);
  }
});

Deno.test("writeSwitch() is on all the same when the disk is full or does not sync", async () => {
  for (const op of ["write", "sync", "syncDir"]) {
    const { disk, files } = buildWorld();
    disk.fault = (step) => step.op === op ? "no space left on the device" : null;
    const outcome = await writeSwitch(disk, {
      stateDir: STATE_DIR,
      file: KILL_SWITCH_FILE,
      reason: "why",
    });
    assert(outcome.kind === "made_not_durable", op);
    assertStringIncludes(outcome.message, "no space left");
    assertEquals(await files.isKillSwitchOn(), true);
  }
});

Deno.test("writeSwitch() throws where it could not be made", async () => {
  const { disk } = buildWorld();
  disk.fault = (step) => step.op === "open" ? "the file system is read-only" : null;
  await assertRejects(
    () => writeSwitch(disk, { stateDir: STATE_DIR, file: KILL_SWITCH_FILE, reason: "why" }),
    StateError,
    "read-only",
  );
});

Deno.test("removeSwitch() removes whatever it is, and says where there was none", async () => {
  for (const { when, place } of SWITCHES.slice(0, 5)) {
    const { disk, files } = buildWorld();
    place(disk);
    assertEquals(await removeSwitch(disk, OWN), "removed", when);
    assertEquals(await files.isKillSwitchOn(), false, when);
    assertEquals(disk.afterCrash(() => 0).namesIn(STATE_DIR), [], "durably");
    assertEquals(await removeSwitch(disk, OWN), "absent");
  }
});

Deno.test("removeSwitch() leaves a directory with files in it and says what to do", async () => {
  const { disk, files } = buildWorld();
  disk.put(`${KILL_SWITCH}/notes.txt`, "why");
  const error = await assertRejects(() => removeSwitch(disk, OWN), StateError);
  assertStringIncludes(error.message, "remove it by hand");
  assertEquals(await files.isKillSwitchOn(), true);
});

Deno.test("removeSwitch() throws where it can't look or remove", async () => {
  for (const op of ["lstat", "remove", "syncDir"]) {
    const { disk } = buildWorld();
    disk.put(KILL_SWITCH, "");
    disk.fault = (step) => step.op === op ? "operation not permitted" : null;
    await assertRejects(() => removeSwitch(disk, OWN), StateError, "not permitted");
  }
});

Deno.test("the operator's files work on the real disk", () =>
  withDir(async (dir) => {
    const fs = createDenoFileSystem();
    const stateDir = `${dir}/state`;
    const files = createOperatorFiles({ fs, stateDir, otherStateDirs: [] });
    assertEquals(await files.isKillSwitchOn(), false);
    assertEquals(await files.readToken(), { kind: "missing" });
    const path = await writeToken(fs, { stateDir, token: "abc" });
    assertEquals(await files.readToken(), { kind: "present", text: "abc" });
    assertEquals(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    assertEquals(
      (await writeSwitch(fs, { stateDir, file: KILL_SWITCH_FILE, reason: "why" })).kind,
      "made",
    );
    assertEquals(await Deno.readTextFile(`${stateDir}/KILL_SWITCH`), "why\n");
    assertEquals(await removeSwitch(fs, { dir: stateDir, file: KILL_SWITCH_FILE }), "removed");
    await Deno.mkdir(`${stateDir}/KILL_SWITCH`);
    assertEquals(await files.isKillSwitchOn(), true);
    assertEquals(await removeSwitch(fs, { dir: stateDir, file: KILL_SWITCH_FILE }), "removed");
    await makeLinks({ [`${stateDir}/KILL_SWITCH`]: `${stateDir}/nothing` });
    assertEquals(await files.isKillSwitchOn(), true);
    assertEquals(await removeSwitch(fs, { dir: stateDir, file: KILL_SWITCH_FILE }), "removed");
    await makeLinks({ [`${stateDir}/KILL_SWITCH`]: dir });
    assertEquals(await removeSwitch(fs, { dir: stateDir, file: KILL_SWITCH_FILE }), "removed");
    assertEquals((await Deno.stat(dir)).isDirectory, true, "the link went, not what it led to");
    await Deno.writeTextFile(`${dir}/plain`, "");
    const odd = createOperatorFiles({ fs, stateDir: `${dir}/plain`, otherStateDirs: [] });
    assertEquals(await odd.isKillSwitchOn(), true, "a state directory that is none");
  }));
