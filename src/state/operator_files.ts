import { type OperatorFilesPort, StateError } from "../engine/ports.ts";
import type { TokenFile } from "../domain/gate/gate.ts";
import { ensureDir, replaceFile } from "./durable_file.ts";
import { type FileSystem, joinPath } from "./file_system.ts";
import { listRequests, removeRequest } from "./operator_requests.ts";
import {
  ENTRIES_PAUSED_FILE,
  isSwitchOn,
  KILL_SWITCH_FILE,
  type SwitchPlaces,
} from "./switch_files.ts";
import { decodeUtf8 } from "./text_file.ts";

/** Name of the confirm token file in the state directory (runbook 10). */
export const TOKEN_FILE = "live_confirm_token.txt";
/** A token file larger than this holds no token. */
export const TOKEN_BYTES_MAX = 4096;

/** The operator's files, looked at afresh at each call (runbook 2; interface, Files). */
export function createOperatorFiles(
  { fs, ...places }: SwitchPlaces & { readonly fs: FileSystem },
): OperatorFilesPort {
  const { stateDir } = places;
  return {
    isKillSwitchOn: () => isSwitchOn(fs, places, KILL_SWITCH_FILE),
    areEntriesPaused: () => isSwitchOn(fs, places, ENTRIES_PAUSED_FILE),
    readToken: () => readToken(fs, stateDir),
    listRequests: () => listRequests(fs, stateDir),
    removeRequest: (name) => removeRequest(fs, stateDir, name),
  };
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
