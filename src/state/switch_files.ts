import { StateError } from "../engine/ports.ts";
import { FILE_MODE } from "./durable_file.ts";
import { type FileSystem, joinPath } from "./file_system.ts";

/** Name of the kill switch in the state directory (runbook 10). */
export const KILL_SWITCH_FILE = "KILL_SWITCH";
/** Name of the file that pauses entries (interface, Files). */
export const ENTRIES_PAUSED_FILE = "ENTRIES_PAUSED";

/** A file of the operator's that turns something off by being there; what is in it is ignored. */
export type SwitchFile = typeof KILL_SWITCH_FILE | typeof ENTRIES_PAUSED_FILE;

/** Where the operator's switches count (interface, Files). */
export interface SwitchPlaces {
  readonly stateDir: string;
  /** The default state directory and that of the base directory, where they are others: a literal `touch` lands there. */
  readonly otherStateDirs: readonly string[];
}

/** What one place showed. `unknown`: nobody can look. */
export interface SwitchLook {
  readonly path: string;
  readonly dir: string;
  readonly isOwn: boolean;
  readonly found: "present" | "absent" | "unknown";
  /** Why it can't be looked at; empty where it can. */
  readonly problem: string;
}

/** Looks at every place, the own state directory first; never throws for what the disk does. */
export async function lookForSwitch(
  fs: FileSystem,
  places: SwitchPlaces,
  file: SwitchFile,
): Promise<SwitchLook[]> {
  const looks = [await lookIn(fs, { dir: places.stateDir, isOwn: true, file })];
  for (const dir of places.otherStateDirs) {
    looks.push(await lookIn(fs, { dir, isOwn: false, file }));
  }
  return looks;
}

async function lookIn(
  fs: FileSystem,
  { dir, isOwn, file }: {
    readonly dir: string;
    readonly isOwn: boolean;
    readonly file: SwitchFile;
  },
): Promise<SwitchLook> {
  const place = { path: joinPath(dir, file), dir, isOwn };
  try {
    const found = await fs.lstat(place.path) === null ? "absent" : "present";
    return { ...place, found, problem: "" };
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return { ...place, found: "unknown", problem: error.message };
  }
}

/**
 * Whether a place turns the switch on: in the own state directory also one that can't be looked at, since nobody can claim
 * that it is off (runbook 2); elsewhere only one that is seen.
 */
export function countsAsOn({ isOwn, found }: SwitchLook): boolean {
  return found === "present" || (isOwn && found === "unknown");
}

/** Whether the switch is on anywhere. */
export async function isSwitchOn(
  fs: FileSystem,
  places: SwitchPlaces,
  file: SwitchFile,
): Promise<boolean> {
  return (await lookForSwitch(fs, places, file)).some(countsAsOn);
}

/** What making a switch came to; in each case it is on. */
export type SwitchOutcome =
  | { readonly kind: "made" | "already_on"; readonly path: string }
  /** It is there now, and a power failure could take it away again. */
  | { readonly kind: "made_not_durable"; readonly path: string; readonly message: string };

/**
 * Makes a switch in a state directory that exists: one that does not is the wrong one. That the file exists is what
 * counts, so it is made at its own name at once, and a disk too full for its content does not undo it.
 * @throws {StateError} Where it could not be made: the switch is off.
 */
export async function writeSwitch(
  fs: FileSystem,
  { stateDir, file, reason }: {
    readonly stateDir: string;
    readonly file: SwitchFile;
    readonly reason: string;
  },
): Promise<SwitchOutcome> {
  const path = joinPath(stateDir, file);
  if (await fs.stat(stateDir) === null) {
    throw new StateError(`There is no directory ${JSON.stringify(stateDir)}`);
  }
  if (await fs.lstat(path) !== null) return { kind: "already_on", path };
  const handle = await fs.open(path, { kind: "create", mode: FILE_MODE });
  try {
    await handle.write(new TextEncoder().encode(`${reason}\n`));
    await handle.sync();
    await fs.syncDir(stateDir);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return { kind: "made_not_durable", path, message: error.message };
  } finally {
    handle.close();
  }
  return { kind: "made", path };
}

/**
 * Removes a switch from one directory, whatever it is.
 * @returns `absent` where there was none.
 * @throws {StateError} Where it can't be removed, for instance a directory with files in it: it stays on.
 */
export async function removeSwitch(
  fs: FileSystem,
  { dir, file }: { readonly dir: string; readonly file: SwitchFile },
): Promise<"removed" | "absent"> {
  const path = joinPath(dir, file);
  const found = await fs.lstat(path);
  if (found === null) return "absent";
  if (found.kind === "dir" && (await fs.listDir(path)).length > 0) {
    throw new StateError(
      `Cannot remove ${JSON.stringify(path)}: it is a directory with files in it; ` +
        "look at them and remove it by hand",
    );
  }
  await fs.remove(path);
  await fs.syncDir(dir);
  return "removed";
}
