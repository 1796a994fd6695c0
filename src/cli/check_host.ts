import { readNyTime } from "../domain/time/ny_time.ts";
import type { FileStat } from "../state/file_system.ts";
import type { LockProbe } from "../state/lock_probe.ts";
import { RESERVE_BYTES } from "../state/state_disk.ts";
import { formatHolder, type Holder } from "./holders.ts";
import { type CheckItem, fail, objectToLive, pass, warn } from "./check_item.ts";
import { remedy } from "./check_remedies.ts";

/** Below this nothing can be recorded for long, so nothing may be sent. */
export const FREE_BYTES_MIN = 50 * 1024 * 1024;
/** Below this the operator should look. */
export const FREE_BYTES_LOW = 500 * 1024 * 1024;

/** Two moments, one in each half of the year, as New York's clocks show them. */
const KNOWN_TIMES = [
  { ms: Date.UTC(2026, 0, 15, 17), text: "2026-01-15 12:00:00 EST" },
  { ms: Date.UTC(2026, 6, 15, 16), text: "2026-07-15 12:00:00 EDT" },
];

/** Whether the runtime knows New York's time: every date of this program is New York's. */
export function checkTimeZone(format: (ms: number) => string): CheckItem {
  for (const { ms, text } of KNOWN_TIMES) {
    const found = formatOrFail(format, ms);
    if (found === text) continue;
    return fail(
      "time zone",
      `New York time is wrong: ${text} reads as ${found}; the binary is damaged`,
      remedy("verify_binary"),
    );
  }
  return pass("time zone", "America/New_York is known, with its summer time");
}

function formatOrFail(format: (ms: number) => string, ms: number): string {
  try {
    return format(ms);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** New York time as the program itself reads it. */
export function formatCheckedTime(ms: number): string {
  const { dateNy, timeNy, zone } = readNyTime(ms);
  return `${dateNy} ${timeNy} ${zone}`;
}

/** What this process may do against what it needs. `problem` is the first thing out of reach. */
export function checkPermitted(problem: string | null): CheckItem {
  return problem === null
    ? pass("permissions", "this process may do all that it needs")
    : fail("permissions", problem, remedy("look_at_build"));
}

/** What was found in the state directory's place, and what writing in it came to. */
export interface StateDirFacts {
  readonly path: string;
  /** `null` where nothing is there. */
  readonly found: FileStat | null;
  /** Why the write-sync-rename probe failed; `null` where it did not, or there was nothing to write in. */
  readonly writeProblem: string | null;
}

/** Whether what lies in it can be told: a directory is there, or nothing yet. */
export function isStateDirKnown({ found, writeProblem }: StateDirFacts): boolean {
  return found === null ? writeProblem === null : found.kind === "dir";
}

/** The state directory: there, writable and durable, private. */
export function checkStateDir(facts: StateDirFacts, isLiveAsked: boolean): CheckItem {
  const { path, found, writeProblem } = facts;
  if (found === null && writeProblem === null) {
    return warn(
      "state directory",
      `${path} does not exist; run makes it`,
      remedy("make_state_dir", path),
    );
  }
  if (found !== null && found.kind !== "dir") {
    return fail(
      "state directory",
      `${path} is no directory`,
      remedy("replace_state_dir", path),
    );
  }
  if (found === null || writeProblem !== null) {
    return fail(
      "state directory",
      `${path} can't be written durably: ${writeProblem}`,
      remedy("give_to_service", path),
    );
  }
  const mode = found.mode ?? 0;
  const shown = mode.toString(8).padStart(3, "0");
  if ((mode & 0o022) !== 0) {
    return objectToLive(
      "state directory",
      `${path} has mode ${shown}: others could remove the kill switch or plant a token`,
      { isLiveAsked, remedy: remedy("close_state_dir", path) },
    );
  }
  if ((mode & 0o077) !== 0) {
    return warn(
      "state directory",
      `${path} has mode ${shown}: others can look into it`,
      remedy("close_state_dir", path),
    );
  }
  return pass("state directory", `${path} is private, writable and durable`);
}

/** The disk of the state directory: both `null` where it is not known. */
export interface DiskFacts {
  readonly freeBytes: number | null;
  /** What the reserve for records of exits holds (pipeline 5). */
  readonly reserveBytes: number | null;
}

/** Free space on the disk of the state directory, and whether the reserve for a full one is whole. */
export function checkDiskSpace({ freeBytes, reserveBytes }: DiskFacts, path: string): CheckItem {
  const look = remedy("look_at_disk", path);
  if (reserveBytes !== null && !(reserveBytes >= RESERVE_BYTES)) {
    return fail(
      "disk space",
      `the disk was full: of the reserve for records of exits ${reserveBytes} of ${RESERVE_BYTES} ` +
        `bytes are left, and there are no entries until it is whole again (${
          formatFree(freeBytes)
        })`,
      look,
    );
  }
  if (freeBytes === null) {
    return warn("disk space", "free space is not known to this process", look);
  }
  const shown = formatFree(freeBytes);
  if (!(freeBytes >= FREE_BYTES_MIN)) return fail("disk space", shown, look);
  return freeBytes < FREE_BYTES_LOW ? warn("disk space", shown, look) : pass("disk space", shown);
}

function formatFree(freeBytes: number | null): string {
  return freeBytes === null
    ? "free space not known"
    : `${Math.floor(freeBytes / (1024 * 1024))} MiB free`;
}

/**
 * The instance lock: held by the running service is how it should be.
 * @param elsewhere Who runs in another directory of this host: what these commands say is not of it.
 */
export function checkLock(
  lock: LockProbe,
  { stateDir, elsewhere }: { readonly stateDir: string; readonly elsewhere: readonly Holder[] },
): CheckItem {
  const [other] = elsewhere;
  if (other !== undefined && lock.kind !== "unusable") {
    return warn(
      "lock",
      `${formatHolder(other)} runs in ${other.dir}, and this call goes by ${stateDir}`,
      remedy("choose_state_dir", other.dir),
    );
  }
  switch (lock.kind) {
    case "free":
      return pass("lock", "no process holds the state directory");
    case "held":
      return pass("lock", `held by ${lock.pid === null ? "a process" : `process ${lock.pid}`}`);
    case "unusable": {
      const path = `${stateDir}/execution.lock`;
      return fail(
        "lock",
        `the lock can't be used: ${lock.message}`,
        remedy("move_away", [path]),
      );
    }
  }
}
