import { type ClockPort, StateError } from "../engine/ports.ts";
import { createDenoFileSystem, explain, isDiskFull } from "./deno_file_system.ts";
import { FILE_MODE } from "./durable_file.ts";
import { formatKind } from "./file_system.ts";

/** Name of the lock in the state directory (interface, Files). */
export const LOCK_FILE = "execution.lock";
/** How long a runtime without `tryLock` is given to get a lock that is free. */
export const LOCK_WAIT_MS = 500;

/** Whether this process has the state directory for itself (pipeline 6: one process per state directory). */
export type LockOutcome =
  | {
    readonly kind: "held";
    /** Whether the lock file is still the one that is locked: someone may have removed it. */
    isHeld(): Promise<boolean>;
    release(): Promise<void>;
  }
  /**
   * `pid` of the process that holds it, where it can be read. The caller says so and ends by `Deno.exit`: where the
   * runtime has no `tryLock`, the wait for the lock goes on in the background.
   */
  | { readonly kind: "busy"; readonly pid: number | null };

/**
 * Takes the operating system's lock on the file, which ends with the process however it ends. The file itself stays:
 * removing it would let two processes lock two files of one name.
 * @param lock `pid` is written into the file for the message of a second process.
 * @throws {StateError} Where the file can't be opened, or is a link or anything but a regular file.
 */
export async function acquireLock(
  { path, pid, clock }: {
    readonly path: string;
    readonly pid: number;
    readonly clock: ClockPort;
  },
): Promise<LockOutcome> {
  const file = await explain(`Cannot lock ${JSON.stringify(path)}`, () => openLock(path));
  const isTaken = await explain(
    `Cannot lock ${JSON.stringify(path)}`,
    () => takeLock(file, { path, pid, clock }),
  );
  if (!isTaken) return { kind: "busy", pid: await readPid(path) };
  return {
    kind: "held",
    isHeld: () => isSameFile(file, path),
    release: async () => {
      // The lock ends with the handle; a number that stays behind on a disk that turned read-only names nobody.
      await file.truncate(0).catch(() => {});
      file.close();
    },
  };
}

async function openLock(path: string): Promise<Deno.FsFile> {
  const found = await createDenoFileSystem().lstat(path);
  if (found !== null && found.kind !== "file") {
    throw new StateError(`${formatKind(found.kind)} is in its place; look at it and move it away`);
  }
  return await Deno.open(path, { read: true, write: true, create: true, mode: FILE_MODE });
}

/** Closes the file unless the lock was taken and the file is still the one at the path. */
async function takeLock(
  file: Deno.FsFile,
  { path, pid, clock }: { readonly path: string; readonly pid: number; readonly clock: ClockPort },
): Promise<boolean> {
  if (!await isLockFree(file, clock)) return false;
  if (!await isSameFile(file, path)) {
    file.close();
    throw new StateError("it was replaced meanwhile; try again");
  }
  await writePid(file, pid);
  return true;
}

/** The number is for the message of a second process alone: on a full disk the lock is held without it. */
async function writePid(file: Deno.FsFile, pid: number): Promise<void> {
  try {
    await file.truncate(0);
    await file.write(new TextEncoder().encode(`${pid}\n`));
  } catch (error) {
    if (!isDiskFull(error)) throw error;
  }
}

/** Takes the lock where nobody has it; else closes the file. */
async function isLockFree(file: Deno.FsFile, clock: ClockPort): Promise<boolean> {
  // Deno 2.4 has no tryLock, and its types do not know it.
  if ("tryLock" in file && typeof file.tryLock === "function") {
    const isTaken: unknown = await file.tryLock(true);
    if (isTaken !== true) file.close();
    return isTaken === true;
  }
  const locked = file.lock(true);
  const done = new AbortController();
  const waited = clock.sleep(LOCK_WAIT_MS, done.signal);
  const isTaken = await Promise.race([locked.then(() => true), waited.then(() => false)]);
  done.abort();
  await waited;
  // Not awaited: it ends when the other process does. Whoever gets the lock that late gives it back.
  if (!isTaken) void locked.finally(() => file.close());
  return isTaken;
}

async function isSameFile(file: Deno.FsFile, path: string): Promise<boolean> {
  try {
    const [mine, there] = [await file.stat(), await Deno.lstat(path)];
    return mine.ino === there.ino && mine.dev === there.dev;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** The holder may be about to write it, or be of another user: then its pid is not known, which only the message needs. */
async function readPid(path: string): Promise<number | null> {
  try {
    const text = (await Deno.readTextFile(path)).trim();
    return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : null;
  } catch {
    return null;
  }
}
