import type { ClockPort } from "../engine/ports.ts";
import { createDenoFileSystem, explain } from "./deno_file_system.ts";
import { formatKind, joinPath } from "./file_system.ts";
import { LOCK_FILE, LOCK_WAIT_MS } from "./instance_lock.ts";

/** Whether a process holds the state directory; `pid` where it can be read. */
export type LockProbe =
  | { readonly kind: "free" }
  | { readonly kind: "held"; readonly pid: number | null }
  | { readonly kind: "unusable"; readonly message: string };

const PID_BYTES_MAX = 64;

/**
 * Looks whether the state directory is held, and leaves no trace: it asks for a shared lock, on a file that it opens for
 * reading alone, and gives it back at once. Never throws for what the disk does.
 */
export async function probeLock(
  { stateDir, clock }: { readonly stateDir: string; readonly clock: ClockPort },
): Promise<LockProbe> {
  const path = joinPath(stateDir, LOCK_FILE);
  const fs = createDenoFileSystem();
  try {
    const found = await fs.lstat(path);
    if (found === null) return { kind: "free" };
    if (found.kind !== "file") {
      return { kind: "unusable", message: `${formatKind(found.kind)} is in the place of ${path}` };
    }
    const file = await explain(`Cannot open ${path}`, () => Deno.open(path, { read: true }));
    const isFree = await explain(`Cannot lock ${path}`, () => isShareable(file, clock));
    return isFree ? { kind: "free" } : { kind: "held", pid: await readPid(path) };
  } catch (error) {
    return { kind: "unusable", message: error instanceof Error ? error.message : String(error) };
  }
}

/** Takes the lock together with anybody who only looks, and closes the file, which gives it back. */
async function isShareable(file: Deno.FsFile, clock: ClockPort): Promise<boolean> {
  // Deno 2.4 has no tryLock, and its types do not know it.
  if ("tryLock" in file && typeof file.tryLock === "function") {
    const isTaken: unknown = await file.tryLock(false);
    file.close();
    return isTaken === true;
  }
  const locked = file.lock(false);
  const done = new AbortController();
  const waited = clock.sleep(LOCK_WAIT_MS, done.signal);
  const isTaken = await Promise.race([locked.then(() => true), waited.then(() => false)]);
  done.abort();
  await waited;
  if (isTaken) file.close();
  else void locked.finally(() => file.close());
  return isTaken;
}

async function readPid(path: string): Promise<number | null> {
  const { readBytes } = createDenoFileSystem();
  const text = new TextDecoder().decode(await readBytes(path, PID_BYTES_MAX)).trim();
  return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : null;
}
