import { dateNyOf } from "../domain/time/ny_time.ts";
import { LEDGER_FILE, STATE_FILE } from "../domain/gate/rebuild_wait.ts";
import { type ClockPort, StateError } from "../engine/ports.ts";
import { explain } from "../state/deno_file_system.ts";
import { createDryRunLedger } from "../state/dry_run_ledger.ts";
import { replaceFile } from "../state/durable_file.ts";
import { buildEventPath } from "../state/event_line.ts";
import { type FileSystem, formatKind, joinPath } from "../state/file_system.ts";
import { LOCK_FILE } from "../state/instance_lock.ts";
import { ARCHIVE_DIR } from "../state/live_ledger.ts";
import { type LockProbe, probeLock } from "../state/lock_probe.ts";
import type { WriteProblem } from "./check_records.ts";

const PROBE_BYTES = 64 * 1024;

/** Writes, syncs, renames and removes a probe, as the engine replaces its files. @returns Why it can't. */
export async function probeWriting(fs: FileSystem, path: string): Promise<string | null> {
  try {
    await replaceFile(fs, path, new Uint8Array(PROBE_BYTES));
    await fs.remove(path);
    return null;
  } catch (error) {
    if (error instanceof StateError) return error.message;
    throw error;
  }
}

/** Who holds the state directory, and whether this process could: a look alone needs less than `run`. */
export async function probeOwnLock(
  fs: FileSystem,
  { stateDir, clock }: { readonly stateDir: string; readonly clock: ClockPort },
): Promise<LockProbe> {
  const lock = await probeLock({ stateDir, clock });
  if (lock.kind !== "free") return lock;
  const problem = await findAppendProblem(fs, joinPath(stateDir, LOCK_FILE));
  return problem === null ? lock : { kind: "unusable", message: problem.message };
}

/** What the engine would run into when it writes its records, the event log and the archive; nothing of it is changed. */
export async function readWriteProblems(
  fs: FileSystem,
  { stateDir, pid, nowMs }: {
    readonly stateDir: string;
    readonly pid: number;
    readonly nowMs: number;
  },
): Promise<WriteProblem[]> {
  // The state directory's own item says so.
  if (!await isDir(fs, stateDir)) return [];
  const problems = [
    await findAppendProblem(fs, buildEventPath(stateDir, dateNyOf(nowMs))),
    await findArchiveProblem(fs, joinPath(stateDir, ARCHIVE_DIR), pid),
    await findTemporaryProblem(fs, joinPath(stateDir, LEDGER_FILE)),
    await findTemporaryProblem(fs, joinPath(stateDir, STATE_FILE)),
  ];
  return problems.filter((problem) => problem !== null);
}

/** What DRY_RUN would run into at its next simulated entry. */
export async function readDryRunProblem(
  fs: FileSystem,
  { path, pid, dateNy }: {
    readonly path: string;
    readonly pid: number;
    readonly dateNy: string;
  },
): Promise<WriteProblem | null> {
  try {
    await createDryRunLedger({ fs, path }).list(dateNy);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return { inTheWay: path, message: error.message };
  }
  const temporary = await findTemporaryProblem(fs, path);
  if (temporary !== null) return temporary;
  const dir = path.slice(0, path.lastIndexOf("/"));
  // Where the state directory is still to be made, run makes it.
  if (!await isDir(fs, dir)) return null;
  const message = await probeWriting(fs, `${path}.check-${pid}`);
  return message === null ? null : { inTheWay: null, message };
}

async function isDir(fs: FileSystem, path: string): Promise<boolean> {
  try {
    return (await fs.stat(path))?.kind === "dir";
  } catch (error) {
    if (error instanceof StateError) return false;
    throw error;
  }
}

/** Opens for writing what is there, and writes nothing. */
async function findAppendProblem(fs: FileSystem, path: string): Promise<WriteProblem | null> {
  try {
    const found = await fs.lstat(path);
    if (found === null) return null;
    if (found.kind !== "file") {
      const message = `${formatKind(found.kind)} is in the place of ${path}`;
      return { inTheWay: path, message };
    }
    const file = await explain(`Cannot open ${path}`, () => Deno.open(path, { append: true }));
    file.close();
    return null;
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return { inTheWay: path, message: error.message };
  }
}

async function findArchiveProblem(
  fs: FileSystem,
  path: string,
  pid: number,
): Promise<WriteProblem | null> {
  try {
    const found = await fs.stat(path);
    if (found === null && await fs.lstat(path) === null) return null;
    if (found?.kind !== "dir") {
      return { inTheWay: path, message: `something is in the place of the directory ${path}` };
    }
    const message = await probeWriting(fs, joinPath(path, `.check-${pid}`));
    return message === null ? null : { inTheWay: null, message };
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return { inTheWay: path, message: error.message };
  }
}

/** Whatever a crash left under the temporary name is removed by the next write; a directory with files can't be. */
async function findTemporaryProblem(fs: FileSystem, path: string): Promise<WriteProblem | null> {
  const temporary = `${path}.tmp`;
  try {
    const found = await fs.lstat(temporary);
    if (found?.kind !== "dir" || (await fs.listDir(temporary)).length === 0) return null;
    return {
      inTheWay: temporary,
      message: `${temporary} is a directory with files in it: ${path} can't be replaced`,
    };
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return { inTheWay: temporary, message: error.message };
  }
}
