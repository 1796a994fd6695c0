import { type RoomUse, StateError } from "../engine/ports.ts";
import {
  type FileStat,
  type FileSystem,
  formatKind,
  joinPath,
  parentOf,
  type WritableFile,
} from "./file_system.ts";
import { isSameBytes } from "./text_file.ts";

/** Mode of every file that the engine owns (interface, Files). */
export const FILE_MODE = 0o600;
/** Mode of directories made here: they hold a key and the account's orders. */
export const DIR_MODE = 0o700;
/** A damaged file larger than this is not copied aside; the operator has to move it. */
export const COPY_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Replaces a file whole: temporary file in the same directory, write, sync, rename, sync the directory (interface,
 * Files). Durable when it returns. Where it throws, the file is whole, as it was or (only where the last step failed)
 * as it was to become, and the caller must not count on either. One writer a target: the temporary name is fixed.
 * @throws {StateError} Also where a link, a directory or anything but a regular file is in the target's place.
 */
export async function replaceFile(
  fs: FileSystem,
  path: string,
  bytes: Uint8Array,
  { mode = FILE_MODE, use = "record" }: { readonly mode?: number; readonly use?: RoomUse } = {},
): Promise<void> {
  checkReplaceable(path, await fs.lstat(path));
  await withRoom(fs, use, () => replaceOnce(fs, path, { bytes, mode }));
}

async function replaceOnce(
  fs: FileSystem,
  path: string,
  { bytes, mode }: { readonly bytes: Uint8Array; readonly mode: number },
): Promise<void> {
  const temporary = `${path}.tmp`;
  const file = await openTemporary(fs, temporary, mode);
  try {
    await writeSynced(file, bytes);
    await fs.rename(temporary, path);
  } catch (error) {
    await removeLeftover(fs, temporary);
    throw error;
  }
  await fs.syncDir(parentOf(path));
}

/** Repeats what failed for lack of room for as long as the reserve gives up a piece for it, which ends: it has 16. */
async function withRoom<T>(fs: FileSystem, use: RoomUse, act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (fs.makeRoom === undefined || !await fs.makeRoom(error, use)) throw error;
    }
  }
}

/**
 * Appends. Where `isSynced`, all that was ever appended to the file is durable when it returns, and its name too.
 * @param before What is at the path, as just looked at.
 * @throws {StateError} With any part of `bytes` written.
 */
export async function appendBytes(
  fs: FileSystem,
  path: string,
  bytes: Uint8Array,
  { before, isSynced }: { readonly before: FileStat | null; readonly isSynced: boolean },
): Promise<void> {
  checkReplaceable(path, before);
  const file = await fs.open(path, { kind: "append", mode: FILE_MODE });
  try {
    await file.write(bytes);
    if (isSynced) await file.sync();
  } finally {
    file.close();
  }
}

/**
 * Copies a damaged file into the archive, durably, before something replaces it:
 * `live_orders_today.damaged-20261123T150000123Z.json`, by the time of its last change. The same content under the same
 * time is copied once, so that a full disk and its retries do not fill the archive.
 * @returns The path of the copy.
 * @throws {StateError} Where it can't be copied: it must not be replaced then.
 */
export async function copyAside(
  fs: FileSystem,
  path: string,
  archiveDir: string,
): Promise<string> {
  const found = await fs.lstat(path);
  checkReplaceable(path, found);
  const bytes = await fs.readBytes(path, COPY_BYTES_MAX);
  await ensureDir(fs, archiveDir);
  // Synced at every copy: a process that ended right after it made the archive may have left its name unsynced.
  await fs.syncDir(parentOf(archiveDir));
  const name = buildCopyName(path, found?.modifiedAtMs ?? 0);
  for (let number = 1; number <= COPIES_MAX; number++) {
    const target = joinPath(archiveDir, number === 1 ? name : `${number}-${name}`);
    const taken = await fs.lstat(target);
    if (taken === null) {
      await replaceFile(fs, target, bytes);
      return target;
    }
    if (taken.kind !== "file" || taken.sizeBytes !== bytes.length) continue;
    if (!isSameBytes(await fs.readBytes(target, bytes.length), bytes)) continue;
    await fs.syncDir(archiveDir);
    return target;
  }
  throw new StateError(
    `Cannot copy ${JSON.stringify(path)} aside: ${COPIES_MAX} copies named ${name} exist already`,
  );
}

const COPIES_MAX = 100;

function buildCopyName(path: string, modifiedAtMs: number): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  const time = new Date(modifiedAtMs).toISOString().replaceAll(/[-:.]/g, "");
  return `${name.slice(0, dot)}.damaged-${time}${name.slice(dot)}`;
}

/**
 * Makes a directory and the missing ones above it, durably; does nothing where it exists.
 * @throws {StateError} Where something else is in its place.
 */
export async function ensureDir(fs: FileSystem, path: string): Promise<void> {
  const found = await fs.stat(path);
  if (found?.kind === "dir") return;
  if (found !== null) {
    throw new StateError(
      `Cannot use ${JSON.stringify(path)}: it is ${formatKind(found.kind)}, not a directory`,
    );
  }
  const parent = parentOf(path);
  if (parent !== path && parent !== ".") await ensureDir(fs, parent);
  await withRoom(fs, "record", () => fs.mkdir(path, DIR_MODE));
  await fs.syncDir(parent);
}

/** Most often nothing is there, so that is tried first; what a crash left is removed. */
async function openTemporary(fs: FileSystem, path: string, mode: number): Promise<WritableFile> {
  const how = { kind: "create", mode } as const;
  try {
    return await fs.open(path, how);
  } catch (error) {
    if (!(error instanceof StateError) || await fs.lstat(path) === null) throw error;
    await fs.remove(path);
    return await fs.open(path, how);
  }
}

async function writeSynced(file: WritableFile, bytes: Uint8Array): Promise<void> {
  try {
    await file.write(bytes);
    await file.sync();
  } finally {
    file.close();
  }
}

/** What the failed write left is in nobody's way: the next one removes it first. So a second failure is no news. */
async function removeLeftover(fs: FileSystem, temporary: string): Promise<boolean> {
  try {
    await fs.remove(temporary);
    return true;
  } catch {
    return false;
  }
}

/** Throws where writing would go through a link or replace what is not ours to replace. */
function checkReplaceable(path: string, found: FileStat | null): void {
  if (found === null || found.kind === "file") return;
  throw new StateError(
    `Cannot write ${JSON.stringify(path)}: ${formatKind(found.kind)} is in its place; ` +
      "look at it and move it away by hand",
  );
}
