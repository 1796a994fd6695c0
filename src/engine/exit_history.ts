import type { SellReason } from "../domain/client_order_id.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import { type ExitRecord, findExitRecord } from "../domain/plan/exit_record.ts";
import { readPastEntries } from "./archive.ts";
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

/**
 * What became of a trim, today's or one of the last days'; of these nothing where the archive can't be read.
 * @throws {StateError} Where the records are lost.
 */
export async function readTrimRecord(
  engine: Engine,
  position: ManagedPosition,
  reason: SellReason,
): Promise<ExitRecord> {
  const record = readExitRecord(engine, position, reason);
  if (record !== "none") return record;
  const past = await readPastEntries(engine);
  return past.kind === "ok"
    ? findExitRecord(past.entries, new Map(), position.positionId, reason)
    : "none";
}
