import type { EngineState } from "../domain/account/engine_state.ts";
import { deriveOnce } from "../domain/derive_once.ts";
import type { CopyRead, StateRead, UnusableFile } from "../domain/account/records_read.ts";
import { StateError, type StatePort } from "../engine/ports.ts";
import { copyAside, ensureDir, replaceFile } from "./durable_file.ts";
import { type FileSystem, joinPath } from "./file_system.ts";
import { ARCHIVE_DIR, listArchived } from "./live_ledger.ts";
import { createSerial } from "./serial.ts";
import { assertState, buildStateText, parseState } from "./state_format.ts";
import { LastContent, STATE_BYTES_MAX } from "./text_file.ts";

/** Name of the engine's memory in the state directory (interface, Files). */
export const STATE_FILE = "execution_state.json";

const COPY = /^execution_state_(\d{4}-\d{2}-\d{2})\.json$/;

/**
 * The engine's state in its file (pipeline 6). Reads never throw. A damaged file is copied to `archive/` before it is
 * replaced; one that can't be read is never replaced, nor one of another format: it belongs to the release that wrote it.
 */
export function createExecutionState(
  { fs, stateDir }: { readonly fs: FileSystem; readonly stateDir: string },
): StatePort {
  const path = joinPath(stateDir, STATE_FILE);
  const archiveDir = joinPath(stateDir, ARCHIVE_DIR);
  const inTurn = createSerial();
  const last = new LastContent<EngineState>();
  const read = () => readState(fs, path, last);
  return {
    read,
    prepare: (state) => void buildStateBytes(state),
    write: (state, use = "record") =>
      inTurn(async () => {
        const bytes = checkSize(buildStateBytes(state), path);
        const present = await read();
        if (present.kind === "newer" || present.kind === "unreadable") {
          throw new StateError(present.message);
        }
        if (present.kind === "damaged") {
          await copyAside(fs, path, archiveDir);
        }
        await replaceFile(fs, path, bytes, { use });
        last.keep(bytes, state);
      }),
    setAside: () =>
      inTurn(async () => {
        await copyAside(fs, path, archiveDir);
      }),
    keepCopy: (state) =>
      inTurn(async () => {
        const copy = joinPath(archiveDir, `execution_state_${state.ledger.dateNy}.json`);
        const bytes = checkSize(buildStateBytes(state), copy);
        await ensureDir(fs, archiveDir);
        await fs.syncDir(stateDir);
        // It is no record of an exit: the reserve is theirs (pipeline 5).
        await replaceFile(fs, copy, bytes, { use: "note" });
      }),
    readCopy: () => readNewestCopy(fs, archiveDir),
  };
}

/** A copy that is of no use takes none of the older ones with it; one that can't be read may be the newest. */
async function readNewestCopy(fs: FileSystem, archiveDir: string): Promise<CopyRead> {
  const listed = await listArchived(fs, archiveDir, COPY);
  if (listed.kind !== "ok") return listed;
  const unusable: UnusableFile[] = [];
  for (const name of listed.names) {
    const path = joinPath(archiveDir, name);
    const read = await readState(fs, path, new LastContent());
    if (read.kind === "unreadable") return { kind: "unreadable", path, message: read.message };
    const isOfDay = read.kind === "ok" && read.state.ledger?.dateNy === COPY.exec(name)?.[1];
    if (isOfDay) return { kind: "ok", state: read.state, unusable };
    const message = `Cannot use ${JSON.stringify(path)}: it is not of its day`;
    unusable.push({ path, message: read.kind === "ok" ? message : read.message });
  }
  return { kind: "ok", state: null, unusable };
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

// Once where a moment is prepared for, or a copy follows.
const buildStateBytes = deriveOnce((state: EngineState): Uint8Array => {
  assertState(state);
  return new TextEncoder().encode(buildStateText(state));
});

function checkSize(bytes: Uint8Array, path: string): Uint8Array {
  if (bytes.length <= STATE_BYTES_MAX) return bytes;
  throw new StateError(
    `Cannot write ${JSON.stringify(path)}: it would be larger than ${STATE_BYTES_MAX} bytes and ` +
      "could not be read back",
  );
}
