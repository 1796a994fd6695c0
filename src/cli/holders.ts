import { type ClockPort, StateError } from "../engine/ports.ts";
import { BUILD_INFO } from "../runtime/build_info.ts";
import { type FileSystem, joinPath } from "../state/file_system.ts";
import { LOCK_FILE } from "../state/instance_lock.ts";
import { probeLock } from "../state/lock_probe.ts";
import type { SwitchPlaces } from "../state/switch_files.ts";

/** A process that holds a state directory. */
export interface Holder {
  readonly dir: string;
  /** Whether it is the directory that this command goes by. */
  readonly isOwn: boolean;
  /** `null` where it can't be read, or where nobody can say whether there is one. */
  readonly pid: number | null;
}

/** A directory has few subdirectories that are state directories too; more than these are not looked at. */
const SUBDIRS_MAX = 50;

/**
 * Who runs where the service of this host may run: in the command's own state directory, in the other places of its
 * switches, in the one that this binary was built for, and in a subdirectory of any of these, as an account of its own
 * has it. A lock of the own directory that nobody can look at counts as held.
 */
export async function listHolders(
  { fs, clock, builtDir = BUILD_INFO?.stateDir ?? null }: {
    readonly fs: FileSystem;
    readonly clock: ClockPort;
    readonly builtDir?: string | null;
  },
  { stateDir, otherStateDirs }: SwitchPlaces,
): Promise<Holder[]> {
  const roots = [stateDir, ...otherStateDirs, ...(builtDir === null ? [] : [builtDir])];
  const holders: Holder[] = [];
  for (const root of new Set(roots)) {
    for (const dir of [root, ...await listSubdirs(fs, root)]) {
      if (holders.some((each) => each.dir === dir)) continue;
      const isOwn = dir === stateDir;
      const lock = await probeLock({ stateDir: dir, clock });
      if (lock.kind === "held") holders.push({ dir, isOwn, pid: lock.pid });
      if (lock.kind === "unusable" && isOwn) holders.push({ dir, isOwn, pid: null });
    }
  }
  return holders.filter((each, index) =>
    // Two paths to one directory are one process.
    each.pid === null || holders.findIndex(({ pid }) => pid === each.pid) === index
  );
}

/** Subdirectories that a process has run in. */
async function listSubdirs(fs: FileSystem, root: string): Promise<string[]> {
  const found: string[] = [];
  try {
    for (const name of (await fs.listDir(root)).sort()) {
      const dir = joinPath(root, name);
      if (found.length >= SUBDIRS_MAX || (await fs.stat(dir))?.kind !== "dir") continue;
      if (await fs.lstat(joinPath(dir, LOCK_FILE)) !== null) found.push(dir);
    }
  } catch (error) {
    // What can't be looked at is no place that this command could say anything of.
    if (!(error instanceof StateError)) throw error;
  }
  return found;
}

/** A holder for people. */
export function formatHolder({ pid }: Holder): string {
  return pid === null ? "A process" : `Process ${pid}`;
}
