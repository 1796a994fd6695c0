import type { Waits } from "../domain/gate/rebuild_wait.ts";
import { keepNewest, type LedgerEntry } from "../domain/order/ledger.ts";
import { findPast, noteUnusable } from "../domain/plan/records_look.ts";
import type { Engine } from "./engine.ts";
import { tell } from "./teller.ts";

/** Days of archived ledgers that are looked at for what was left open over night. */
export const PAST_DAYS = 3;
/** How many past days' ledgers the rebuild of a state searches: a position may have been held for more than a year. */
export const ARCHIVE_DAYS_MAX = 400;

/** What the last days' ledgers recorded, the newest first; or what stands against them. */
export type PastEntriesRead = Waits | {
  readonly kind: "ok";
  readonly entries: readonly LedgerEntry[];
};

/**
 * What the last days' ledgers recorded; read once a NY day. An entry that was carried into today's ledger is settled there,
 * not here.
 */
export async function readPastEntries(engine: Engine): Promise<PastEntriesRead> {
  const dateNy = engine.dateNy();
  if (engine.archive?.dateNy === dateNy) return { kind: "ok", entries: engine.archive.entries };
  const read = await engine.ports.ledger.readArchive(PAST_DAYS);
  await tell(engine, noteUnusable(read));
  const past = findPast(engine.keys, read);
  if (past.kind === "waits") return past;
  const entries = keepNewest(past.ledgers.flatMap((ledger) => [...ledger.entries].reverse()));
  // Until today's ledger has begun, yesterday's may still be missing in the archive.
  const isWhole = engine.state.ledger?.dateNy === dateNy;
  // Whose they are is known only once the account is.
  if (isWhole && engine.accountId !== null) engine.archive = { dateNy, entries };
  return { kind: "ok", entries };
}
