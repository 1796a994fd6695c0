import type { SellReason } from "../domain/client_order_id.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import { type ExitRecord, findExitRecord } from "../domain/plan/exit_record.ts";
import { listPastEntries } from "./archive.ts";
import type { Engine } from "./engine.ts";
import { readLedger } from "./ledger_store.ts";

/** Reads what became of a position's trim or close today. @throws {StateError} Where the records are lost. */
export function readExitRecord(
  engine: Engine,
  { positionId }: ManagedPosition,
  reason: SellReason,
): ExitRecord {
  return findExitRecord(readLedger(engine).entries, engine.book, positionId, reason);
}

/** What became of a trim, today's or one of the last days'. @throws {StateError} Where ledger or archive can't be read. */
export async function readTrimRecord(
  engine: Engine,
  position: ManagedPosition,
  reason: SellReason,
): Promise<ExitRecord> {
  const record = readExitRecord(engine, position, reason);
  return record !== "none"
    ? record
    : findExitRecord(await listPastEntries(engine), new Map(), position.positionId, reason);
}
