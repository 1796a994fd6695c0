import { keepNewest, type LedgerEntry } from "../domain/ledger.ts";
import type { Engine } from "./engine.ts";

/** Days of archived ledgers that are looked at for what was left open over night. */
const PAST_DAYS = 3;

/**
 * What the last days' ledgers recorded, the newest first; read once a NY day. An entry that was carried into today's
 * ledger is settled there, not here.
 * @throws {StateError} Where the archive can't be read.
 */
export async function listPastEntries(engine: Engine): Promise<readonly LedgerEntry[]> {
  const dateNy = engine.dateNy();
  if (engine.archive?.dateNy === dateNy) return engine.archive.entries;
  const ledgers = await engine.ports.ledger.listArchived(PAST_DAYS);
  const entries = keepNewest(ledgers.flatMap((ledger) => [...ledger.entries].reverse()));
  const today = await engine.ports.ledger.read();
  // Until today's ledger has begun, yesterday's may still be missing in the archive.
  const isWhole = today.kind === "ok" && today.ledger.dateNy === dateNy;
  if (isWhole) engine.archive = { dateNy, entries };
  return entries;
}
