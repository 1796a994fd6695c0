import { describeCopy } from "../domain/account/rebuild_records.ts";
import type { Engine } from "./engine.ts";
import { StateError } from "./ports.ts";

/**
 * Keeps a copy of the document in the archive, one a day, from which one that is lost is made again: at the day's turn, and anew
 * whenever what is managed or released has changed, or the day's loss has reached its limit (pipeline 6). Between two copies the ledger holds what was done.
 */
export async function keepCopy(engine: Engine): Promise<void> {
  const { state } = engine;
  const { ledger } = state;
  // The last room on a disk is for the records themselves.
  if (ledger === null || !engine.isStateSaved || engine.ports.disk.fault !== null) return;
  engine.copied ??= await readCopied(engine);
  const content = describeCopy(state);
  if (engine.copied === content) return;
  try {
    await engine.ports.state.keepCopy({ ...state, ledger });
    engine.copied = content;
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    if (!engine.isNews(`copy:${error.message}`, engine.dateNy())) return;
    engine.ports.log.warn(
      `No copy of the records in archive/: ${error.message}; the records themselves are whole. ` +
        "Let it be written, or move away by hand what is in its place",
    );
  }
}

/** What the newest copy has, for a process that begins; empty where there is none. */
async function readCopied({ ports }: Engine): Promise<string> {
  const read = await ports.state.readCopy();
  return read.kind === "ok" && read.state !== null ? describeCopy(read.state) : "";
}
