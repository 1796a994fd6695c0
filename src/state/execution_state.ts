import type { EngineState } from "../domain/engine_state.ts";
import { StateError, type StatePort, type StateRead } from "../engine/ports.ts";
import { copyAside, replaceFile } from "./durable_file.ts";
import { type FileSystem, joinPath } from "./file_system.ts";
import { ARCHIVE_DIR } from "./live_ledger.ts";
import { createSerial } from "./serial.ts";
import { assertState, buildStateText, parseState } from "./state_format.ts";
import { LastContent, STATE_BYTES_MAX } from "./text_file.ts";

/** Name of the engine's memory in the state directory (interface, Files). */
export const STATE_FILE = "execution_state.json";

/**
 * The engine's state in its file (pipeline 6). Reads never throw. A damaged file is copied to `archive/` before it is
 * replaced; one that can't be read is never replaced, nor one of another format: it belongs to the release that wrote it.
 */
export function createExecutionState(
  { fs, stateDir }: { readonly fs: FileSystem; readonly stateDir: string },
): StatePort {
  const path = joinPath(stateDir, STATE_FILE);
  const inTurn = createSerial();
  const last = new LastContent<EngineState>();
  const read = () => readState(fs, path, last);
  return {
    read,
    write: (state) =>
      inTurn(async () => {
        const bytes = buildStateBytes(state, path);
        const present = await read();
        if (present.kind === "newer" || present.kind === "unreadable") {
          throw new StateError(present.message);
        }
        if (present.kind === "damaged") {
          await copyAside(fs, path, joinPath(stateDir, ARCHIVE_DIR));
        }
        await replaceFile(fs, path, bytes);
        last.keep(bytes, state);
      }),
    setAside: () =>
      inTurn(async () => {
        await copyAside(fs, path, joinPath(stateDir, ARCHIVE_DIR));
      }),
  };
}

async function readState(
  fs: FileSystem,
  path: string,
  last: LastContent<EngineState>,
): Promise<StateRead> {
  const read = await last.read(fs, path);
  if (read.kind === "known") return { kind: "ok", state: read.value };
  if (read.kind === "missing") return read;
  if (read.kind === "unreadable") {
    return { kind: read.isRead ? "damaged" : "unreadable", message: read.message };
  }
  const parsed = parseState(read.text);
  const quoted = JSON.stringify(path);
  if (parsed.kind === "damaged") {
    return { kind: "damaged", message: `Cannot use ${quoted}: ${parsed.message}` };
  }
  if (parsed.kind === "newer") {
    const remedy = "run the release that wrote it, or move the file away";
    return { kind: "newer", message: `Cannot use ${quoted}: ${parsed.message}; ${remedy}` };
  }
  assertState(parsed.state);
  last.keep(read.bytes, parsed.state);
  return parsed;
}

function buildStateBytes(state: EngineState, path: string): Uint8Array {
  assertState(state);
  const bytes = new TextEncoder().encode(buildStateText(state));
  if (bytes.length <= STATE_BYTES_MAX) return bytes;
  throw new StateError(
    `Cannot write ${JSON.stringify(path)}: it would be larger than ${STATE_BYTES_MAX} bytes and ` +
      "could not be read back",
  );
}
