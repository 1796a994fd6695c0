import { type OperatorFilesPort, StateError } from "../engine/ports.ts";
import type { TokenFile } from "../domain/gate.ts";
import { ensureDir, FILE_MODE, replaceFile } from "./durable_file.ts";
import { type FileSystem, joinPath } from "./file_system.ts";
import { listRequests, removeRequest } from "./operator_requests.ts";
import { decodeUtf8 } from "./text_file.ts";

/** Name of the kill switch in the state directory (runbook 10). */
export const KILL_SWITCH_FILE = "KILL_SWITCH";
/** Name of the confirm token file in the state directory (runbook 10). */
export const TOKEN_FILE = "live_confirm_token.txt";
/** A token file larger than this holds no token. */
export const TOKEN_BYTES_MAX = 4096;

/** The operator's files in the state directory, looked at afresh at each call (runbook 2; interface, Files). */
export function createOperatorFiles(
  { fs, stateDir }: { readonly fs: FileSystem; readonly stateDir: string },
): OperatorFilesPort {
  return {
    isKillSwitchOn: () => isKillSwitchOn(fs, stateDir),
    readToken: () => readToken(fs, stateDir),
    listRequests: () => listRequests(fs, stateDir),
    removeRequest: (name) => removeRequest(fs, stateDir, name),
  };
}

async function isKillSwitchOn(fs: FileSystem, stateDir: string): Promise<boolean> {
  try {
    return await fs.lstat(joinPath(stateDir, KILL_SWITCH_FILE)) !== null;
  } catch (error) {
    // Can't look, so can't claim that it is off (runbook 2).
    if (error instanceof StateError) return true;
    throw error;
  }
}

/** A token file that can't be read is as good as none: both block LIVE. */
async function readToken(fs: FileSystem, stateDir: string): Promise<TokenFile> {
  const path = joinPath(stateDir, TOKEN_FILE);
  try {
    const found = await fs.stat(path);
    if (found === null) return { kind: "missing" };
    const text = decodeUtf8(await fs.readBytes(path, TOKEN_BYTES_MAX, found));
    return text === null ? { kind: "missing" } : { kind: "present", text };
  } catch (error) {
    if (error instanceof StateError) return { kind: "missing" };
    throw error;
  }
}

/**
 * Makes the state directory and the token file, mode 0600, replacing an old one (interface, `token`).
 * @returns The path of the token file.
 * @throws {StateError}
 */
export async function writeToken(
  fs: FileSystem,
  { stateDir, token }: { readonly stateDir: string; readonly token: string },
): Promise<string> {
  const path = joinPath(stateDir, TOKEN_FILE);
  await ensureDir(fs, stateDir);
  await replaceFile(fs, path, new TextEncoder().encode(token));
  return path;
}

/** What making the kill switch came to; in each case it is on. */
export type KillSwitchOutcome =
  | { readonly kind: "made" | "already_on"; readonly path: string }
  /** It is there now, and a power failure could take it away again. */
  | { readonly kind: "made_not_durable"; readonly path: string; readonly message: string };

/**
 * Makes the `KILL_SWITCH` file (interface, `kill`). That it exists is what counts, so it is made at its own name at
 * once, and a disk too full for its content does not undo it.
 * @throws {StateError} Where it could not be made: the kill switch is off.
 */
export async function writeKillSwitch(
  fs: FileSystem,
  { stateDir, reason }: { readonly stateDir: string; readonly reason: string },
): Promise<KillSwitchOutcome> {
  const path = joinPath(stateDir, KILL_SWITCH_FILE);
  await ensureDir(fs, stateDir);
  if (await fs.lstat(path) !== null) return { kind: "already_on", path };
  const file = await fs.open(path, { kind: "create", mode: FILE_MODE });
  try {
    await file.write(new TextEncoder().encode(`${reason}\n`));
    await file.sync();
    await fs.syncDir(stateDir);
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    return { kind: "made_not_durable", path, message: error.message };
  } finally {
    file.close();
  }
  return { kind: "made", path };
}

/**
 * Removes the kill switch, whatever it is (interface, `resume`).
 * @returns `absent` where there was none.
 * @throws {StateError} Where it can't be removed, for instance a directory with files in it: it stays on.
 */
export async function removeKillSwitch(
  fs: FileSystem,
  stateDir: string,
): Promise<"removed" | "absent"> {
  const path = joinPath(stateDir, KILL_SWITCH_FILE);
  const found = await fs.lstat(path);
  if (found === null) return "absent";
  if (found.kind === "dir" && (await fs.listDir(path)).length > 0) {
    throw new StateError(
      `Cannot remove ${JSON.stringify(path)}: it is a directory with files in it; ` +
        "look at them and remove it by hand",
    );
  }
  await fs.remove(path);
  await fs.syncDir(stateDir);
  return "removed";
}
