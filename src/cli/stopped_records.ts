import type { EngineState } from "../domain/account/engine_state.ts";
import { RecordStore } from "../engine/record_store.ts";
import type { OperatorFiles } from "./operator_world.ts";

/**
 * Writes the records as the engine would, while it is stopped and the caller holds the lock: the document, then the ledger's
 * file. A file that is not as the records left it stays for the engine, which takes in what it says (pipeline 6).
 * @param state As it was read; one of a release before this one takes its ledger from the file.
 * @throws {StateError}
 */
export async function writeStoppedRecords(
  files: Pick<OperatorFiles, "state" | "ledger">,
  state: EngineState,
  change: (records: EngineState) => EngineState,
): Promise<void> {
  const store = new RecordStore(files);
  const file = await files.ledger.read();
  store.take(state, file);
  // A release before this one has the day's orders in their file alone.
  if (state.ledger === null && file.kind === "ok") store.noteFile(file.ledger);
  const ledger = state.ledger ?? (file.kind === "ok" ? file.ledger : null);
  const next = change({ ...state, ledger });
  const isOurs = file.kind === "ok" && store.isKnown(file.ledger);
  if (isOurs) return await store.write(next);
  await files.state.write({ ...next, ledgerVersions: store.versions });
}
