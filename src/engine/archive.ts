import { keepNewest, type LedgerEntry, type LiveLedger } from "../domain/order/ledger.ts";
import { waitForOwn } from "../domain/gate/rebuild_wait.ts";
import type { Engine } from "./engine.ts";
import { isOwnLedger } from "./gate_reader.ts";
import type { UnusableFile } from "./ports.ts";
import { waitFor, type Waits } from "./waiting.ts";

/** Days of archived ledgers that are looked at for what was left open over night. */
export const PAST_DAYS = 3;
/** How many past days' ledgers the rebuild of a state searches: a position may have been held for more than a year. */
export const ARCHIVE_DAYS_MAX = 400;

/** The archived ledgers, newest first, all of this account; or what stands against them. */
export type PastRead = Waits | { readonly kind: "ok"; readonly ledgers: readonly LiveLedger[] };

/** Reads the newest archived ledgers; one of another account is none of them (pipeline 6). */
export async function readPast(engine: Engine, limit: number): Promise<PastRead> {
  const read = await engine.ports.ledger.readArchive(limit);
  if (read.kind === "unreadable") {
    return waitFor({ kind: "archive unreadable", message: read.message });
  }
  sayUnusable(engine, read.unusable);
  const foreign = read.ledgers.filter((ledger) => !isOwnLedger(engine, ledger));
  if (foreign.length === 0) return { kind: "ok", ledgers: read.ledgers };
  return waitFor(waitForOwn(nameArchived(foreign)));
}

/** Names what of the archive is of no use, once a NY day each. */
export function sayUnusable(engine: Engine, files: readonly UnusableFile[]): void {
  for (const { message } of files) {
    if (!engine.isNews(`unusable:${message}`, engine.dateNy())) continue;
    engine.ports.log.warn(`Archived file left out: ${message}; move it away by hand`);
  }
}

/** All of them are in the way, and moving them one a cycle would take the day. */
function nameArchived([newest, ...others]: readonly LiveLedger[]): string {
  const file = `archive/live_orders_${newest?.dateNy}.json`;
  return others.length === 0 ? file : `${file}, with ${others.length} more of the archive`;
}

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
  const past = await readPast(engine, PAST_DAYS);
  if (past.kind === "waits") return past;
  const entries = keepNewest(past.ledgers.flatMap((ledger) => [...ledger.entries].reverse()));
  // Until today's ledger has begun, yesterday's may still be missing in the archive.
  const isWhole = engine.state.ledger?.dateNy === dateNy;
  // Whose they are is known only once the account is.
  if (isWhole && engine.accountId !== null) engine.archive = { dateNy, entries };
  return { kind: "ok", entries };
}
