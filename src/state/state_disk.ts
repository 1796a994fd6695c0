import type { DiskFault } from "../domain/alert/alert_facts.ts";
import { type DiskPort, type RoomUse, StateError } from "../engine/ports.ts";
import { findCode, isDiskFull } from "./deno_file_system.ts";
import { FILE_MODE } from "./durable_file.ts";
import { type FileSystem, formatKind, joinPath, parentOf } from "./file_system.ts";

/** Name of the reserve in the state directory (pipeline 5). */
export const RESERVE_FILE = "disk_reserve.bin";
/** What it holds while the disk has room. */
export const RESERVE_BYTES = 4 * 1024 * 1024;
/**
 * It is given up in so many pieces: whoever filled the disk goes on writing, and would take all of it at once. A replacement
 * that went well leaves as much free again as it took, so that one piece is enough on a disk where nobody does. Where somebody
 * does, all but the first are for the records of exits and protection.
 */
export const PIECES = 16;
/** Of the reserve's size, the room that there must be beside a whole reserve before a full disk counts as over. */
const ROOM_PART = 1 / 4;
/** The same, of what is written and removed at the start, to see whether records can be made at all. */
const PROOF_PART = 1 / 64;
/** Written at once; the reserve takes no more memory than this. */
const CHUNK_BYTES = 64 * 1024;

const FAILING = new Set(["EROFS", "EIO"]);

/** What of an error is the disk's own, in the two kinds that differ in their remedy; `null` where it is something else. */
export function findDiskFault(error: unknown): DiskFault["kind"] | null {
  if (isDiskFull(error)) return "full";
  return findCode(error, FAILING) === null ? null : "failing";
}

/** The state directory's disk as the program uses it. */
export interface StateDisk extends DiskPort {
  /** For records: a replacement that finds no room takes it from the reserve. */
  readonly records: FileSystem;
  /** Whether what is no record of exits and protection has to leave the room to them. */
  isKeptForRecords(): boolean;
  /** Takes note of a failure that something else met on this disk. */
  note(error: unknown): void;
  /**
   * Shows that a record can be made now, from the reserve where need be.
   * @throws {StateError} Where not even that can be had.
   */
  prove(): Promise<void>;
}

/** What the state directory's disk is made of. */
export interface StateDiskOptions {
  readonly fs: FileSystem;
  readonly stateDir: string;
  readonly readFreeBytes: (path: string) => Promise<number | null>;
  readonly reserveBytes?: number;
}

/** Builds the disk of a state directory that this process holds; the reserve is made by the first `look`. */
export function createStateDisk(
  { fs, stateDir, readFreeBytes, reserveBytes = RESERVE_BYTES }: StateDiskOptions,
): StateDisk {
  const path = joinPath(stateDir, RESERVE_FILE);
  let fault: DiskFault | null = null;
  const note = (error: unknown): DiskFault["kind"] | null => {
    const kind = findDiskFault(error);
    // A full disk that fails too stays full: the last room is kept until there is more.
    if (kind !== null && fault?.kind !== "full") {
      fault = { kind, message: error instanceof Error ? error.message : String(error) };
    }
    return kind;
  };
  const makeRoom = async (error: unknown, use: RoomUse) =>
    note(error) === "full" &&
    (use === "record" || (await readReserveBytes(fs, stateDir) ?? 0) >= reserveBytes) &&
    await giveUpPiece(fs, path, Math.ceil(reserveBytes / PIECES));
  const roomBytes = Math.ceil(reserveBytes * ROOM_PART);
  const readFree = () => readFreeBytes(stateDir);
  return {
    stateDir,
    records: withMakeRoom(fs, makeRoom),
    get fault() {
      return fault;
    },
    isKeptForRecords: () => fault?.kind === "full",
    note: (error) => void note(error),
    readFreeBytes: readFree,
    async look() {
      try {
        await fillReserve(fs, { path, reserveBytes, roomBytes, readFreeBytes: readFree });
        if (fault !== null) await tryWrite(fs, stateDir, roomBytes);
        fault = null;
        return null;
      } catch (error) {
        if (!(error instanceof StateError)) throw error;
        note(error);
        return error.message;
      }
    },
    async prove() {
      for (;;) {
        try {
          return await tryWrite(fs, stateDir, Math.ceil(reserveBytes * PROOF_PART));
        } catch (error) {
          if (!await makeRoom(error, "record")) throw error;
        }
      }
    },
  };
}

/**
 * What the reserve of a state directory holds, for a command that does not hold the directory.
 * @returns Bytes; `null` where none was ever made, or it can't be looked at.
 */
export async function readReserveBytes(fs: FileSystem, stateDir: string): Promise<number | null> {
  try {
    const found = await fs.lstat(joinPath(stateDir, RESERVE_FILE));
    return found?.kind === "file" ? found.sizeBytes : null;
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return null;
  }
}

/** Every operation by its own call: a file system may be an object with private fields. */
function withMakeRoom(
  fs: FileSystem,
  makeRoom: NonNullable<FileSystem["makeRoom"]>,
): FileSystem {
  return {
    open: (path, how) => fs.open(path, how),
    rename: (from, to) => fs.rename(from, to),
    syncDir: (path) => fs.syncDir(path),
    lstat: (path) => fs.lstat(path),
    stat: (path) => fs.stat(path),
    readBytes: (path, maxBytes, found) => fs.readBytes(path, maxBytes, found),
    readChunk: (path, range) => fs.readChunk(path, range),
    remove: (path) => fs.remove(path),
    mkdir: (path, mode) => fs.mkdir(path, mode),
    listDir: (path) => fs.listDir(path),
    truncate: (path, sizeBytes) => fs.truncate(path, sizeBytes),
    makeRoom,
  };
}

/** @returns Whether there was a piece left. */
async function giveUpPiece(fs: FileSystem, path: string, pieceBytes: number): Promise<boolean> {
  try {
    const found = await fs.lstat(path);
    if (found?.kind !== "file" || found.sizeBytes === 0) return false;
    await fs.truncate(path, Math.max(0, found.sizeBytes - pieceBytes));
    return true;
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return false;
  }
}

interface ReservePlan {
  readonly path: string;
  readonly reserveBytes: number;
  readonly roomBytes: number;
  readonly readFreeBytes: () => Promise<number | null>;
}

/**
 * Makes the reserve whole. What there is no room for is not begun, and what failed is given back: half a reserve would hold
 * the last room of a disk that others need too.
 * @throws {StateError}
 */
async function fillReserve(
  fs: FileSystem,
  { path, reserveBytes, roomBytes, readFreeBytes }: ReservePlan,
): Promise<void> {
  const found = await fs.lstat(path);
  const quoted = JSON.stringify(path);
  if (found !== null && found.kind !== "file") {
    throw new StateError(
      `Cannot use ${quoted}: ${formatKind(found.kind)} is in its place; ` +
        "look at it and move it away by hand",
    );
  }
  const sizeBytes = found?.sizeBytes ?? 0;
  if (sizeBytes >= reserveBytes) return;
  const freeBytes = await readFreeBytes();
  if (freeBytes !== null && freeBytes < reserveBytes - sizeBytes + roomBytes) {
    throw new StateError(`Cannot make ${quoted}: no space left on the device`, {
      cause: Object.assign(new Error("short of free space"), { code: "ENOSPC" }),
    });
  }
  try {
    await append(fs, path, reserveBytes - sizeBytes);
    await fs.syncDir(parentOf(path));
  } catch (error) {
    await orFalse(fs.truncate(path, sizeBytes));
    throw error;
  }
}

async function append(fs: FileSystem, path: string, bytes: number): Promise<void> {
  const noise = buildNoise(Math.min(bytes, CHUNK_BYTES));
  const file = await fs.open(path, { kind: "append", mode: FILE_MODE });
  try {
    for (let left = bytes; left > 0; left -= noise.length) {
      await file.write(noise.subarray(0, left));
    }
    await file.sync();
  } finally {
    file.close();
  }
}

/** Bytes that no file system stores in fewer: real blocks, neither a hole nor compressed. */
function buildNoise(bytes: number): Uint8Array {
  const noise = new Uint8Array(bytes);
  let seed = 1;
  for (let at = 0; at < bytes; at++) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    noise[at] = seed >>> 24;
  }
  return noise;
}

/** Writes, syncs and removes so many bytes beside the records. @throws {StateError} */
async function tryWrite(fs: FileSystem, stateDir: string, bytes: number): Promise<void> {
  const path = joinPath(stateDir, `${RESERVE_FILE}.tmp`);
  if (await fs.lstat(path) !== null) await fs.remove(path);
  try {
    await append(fs, path, bytes);
  } finally {
    // One that stays is in nobody's way: the next one removes it first.
    await orFalse(fs.remove(path));
  }
}

/** A failure of clearing up is no news: what it leaves, the next look finds. */
async function orFalse(act: Promise<void>): Promise<boolean> {
  try {
    await act;
    return true;
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return false;
  }
}
