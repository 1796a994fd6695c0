import fc from "fast-check";
import { nyToMs } from "../../src/domain/time/ny_time.ts";
import { HEARD_FILE, type Past, readHeard, writeHeard } from "../../src/state/heard_file.ts";
import { assertEquals } from "../assert.ts";
import { MemoryDisk } from "./memory_disk.ts";

const NOW_MS = nyToMs("2026-11-23", "12:00");
const PATH = `/state/${HEARD_FILE}`;
const RUN = {
  sinceMs: NOW_MS - 3_600_000,
  saidMs: NOW_MS - 3_600_000,
  lastMs: NOW_MS - 60_000,
  times: 14,
  heldTimes: 13,
  isEnded: false,
  text: "Broker unreachable",
};
const PAST: Past = { start: "2026-11-23 1 2 3 4", heard: [["error Broker unreachable", RUN]] };
const NO_PAST: Past = { start: undefined, heard: [] };

function emptyDisk(): MemoryDisk {
  const disk = new MemoryDisk();
  disk.putDir("/state");
  return disk;
}

Deno.test("what a log remembers is read back by the next process, from a file for its owner alone", async () => {
  const fs = emptyDisk();
  const file = { fs, stateDir: "/state" };
  assertEquals(await readHeard(file, NOW_MS), NO_PAST);
  assertEquals(await writeHeard(file, PAST), true);
  assertEquals(await readHeard(file, NOW_MS), PAST);
});

Deno.test("what a log remembers of an earlier day is forgotten: its times have no date", async () => {
  const file = { fs: emptyDisk(), stateDir: "/state" };
  await writeHeard(file, PAST);
  const { heard } = await readHeard(file, nyToMs("2026-11-24", "09:30"));
  assertEquals(heard, []);
});

Deno.test("a disk that takes nothing costs what a log remembers, and nothing else", async () => {
  const fs = emptyDisk();
  fs.fault = () => "ENOSPC";
  assertEquals(await writeHeard({ fs, stateDir: "/state" }, PAST), false);
});

Deno.test("a file that is none of ours is nothing heard, whatever is in it", () =>
  fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
      const fs = emptyDisk();
      fs.put(PATH, text);
      assertEquals(await readHeard({ fs, stateDir: "/state" }, NOW_MS), NO_PAST);
    }),
  ));
