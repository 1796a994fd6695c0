import { readNyTime } from "../domain/ny_time.ts";
import type { FileStat } from "../state/file_system.ts";
import type { LockProbe } from "../state/lock_probe.ts";
import { RESERVE_BYTES } from "../state/state_disk.ts";
import { formatHolder, type Holder } from "./holders.ts";
import {
  advice,
  type CheckItem,
  command,
  editService,
  fail,
  moveAway,
  objectToLive,
  pass,
  quoteForShell,
  warn,
} from "./check_item.ts";

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
      `New York time is wrong: ${text} reads as ${found}`,
      advice("install the binary again: its time zone data is damaged"),
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
    : fail("permissions", problem, advice("use a path or host it was built for, or build it anew"));
}

/** What was found in the state directory's place, and what writing in it came to. */
export interface StateDirFacts {
  readonly path: string;
  /** `null` where nothing is there. */
  readonly found: FileStat | null;
  /** Why the write-sync-rename probe failed; `null` where it did not, or there was nothing to write in. */
  readonly writeProblem: string | null;
}

/** The state directory: there, writable and durable, private. */
export function checkStateDir(facts: StateDirFacts, isLiveAsked: boolean): CheckItem {
  const { path, found, writeProblem } = facts;
  const word = quoteForShell(path);
  if (found === null && writeProblem === null) {
    return warn(
      "state directory",
      `${path} does not exist; run makes it`,
      command(`mkdir -m 700 -p ${word}`),
    );
  }
  if (found !== null && found.kind !== "dir") {
    return fail(
      "state directory",
      `${path} is no directory`,
      command(`${moveAway(path)} && mkdir -m 700 -p ${word}`),
    );
  }
  if (found === null || writeProblem !== null) {
    return fail(
      "state directory",
      `${path} can't be written durably: ${writeProblem}`,
      advice("make it writable for the service's user, or set AVWAP_STATE_DIR"),
    );
  }
  const mode = found.mode ?? 0;
  const shown = mode.toString(8).padStart(3, "0");
  if ((mode & 0o022) !== 0) {
    return objectToLive(
      "state directory",
      `${path} has mode ${shown}: others could remove the kill switch or plant a token`,
      { isLiveAsked, remedy: command(`chmod 700 ${word}`) },
    );
  }
  if ((mode & 0o077) !== 0) {
    return warn(
      "state directory",
      `${path} has mode ${shown}: others can look into it`,
      command(`chmod 700 ${word}`),
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
  const remedy = command(`df -h ${quoteForShell(path)}`);
  if (reserveBytes !== null && !(reserveBytes >= RESERVE_BYTES)) {
    return fail(
      "disk space",
      `the disk was full: of the reserve for records of exits ${reserveBytes} of ${RESERVE_BYTES} ` +
        `bytes are left, and there are no entries until it is whole again (${
          formatFree(freeBytes)
        })`,
      remedy,
    );
  }
  if (freeBytes === null) {
    return warn("disk space", "free space is not known to this process", remedy);
  }
  const shown = formatFree(freeBytes);
  if (!(freeBytes >= FREE_BYTES_MIN)) return fail("disk space", shown, remedy);
  return freeBytes < FREE_BYTES_LOW ? warn("disk space", shown, remedy) : pass("disk space", shown);
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
      editService(`AVWAP_STATE_DIR=${other.dir} for this call too, or stop that process`),
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
        command(moveAway(path)),
      );
    }
  }
}
