import {
  buildLedgerEntry,
  isEntryRecord,
  type LedgerEntry,
  type LiveLedger,
  NOT_SENT,
} from "./ledger.ts";
import { dateNyOf } from "./ny_time.ts";

/**
 * An entry that the broker rejected, as the state remembers it: rejections stand in the records and in the ledger, so that
 * neither file takes them away (pipeline 6).
 */
export interface Rejection {
  readonly symbol: string;
  readonly clientOrderId: string;
  /** When its entry was recorded, ISO 8601 UTC. */
  readonly timestamp: string;
  /** What the broker said. */
  readonly reason: string | null;
  /** The New York day that it counts on, `YYYY-MM-DD`. */
  readonly dateNy: string;
}

/** The entries of the ledger's own day that the broker rejected; one that was never sent is nobody's rejection. */
export function listRejections({ dateNy, entries }: LiveLedger): Rejection[] {
  return entries.flatMap((entry) => {
    const { symbol, clientOrderId, timestamp, reason, status } = entry;
    if (!isEntryRecord(entry) || status !== "rejected" || reason === NOT_SENT) return [];
    const isOfDay = dateNyOf(Date.parse(timestamp)) === dateNy;
    if (clientOrderId === null || !isOfDay) return [];
    return [{ symbol, clientOrderId, timestamp, reason, dateNy }];
  });
}

/**
 * What the state is to remember once the ledger was read.
 * @param kept What it remembers. Those of other days are dropped, and those that the ledger knows better: the broker's view
 *   replaces any settled status.
 * @returns `kept` itself where nothing changes.
 */
export function mergeRejections(
  kept: readonly Rejection[],
  ledger: LiveLedger,
): readonly Rejection[] {
  const recorded = new Set(ledger.entries.map((entry) => entry.clientOrderId));
  const left = kept.filter((each) =>
    each.dateNy === ledger.dateNy && !recorded.has(each.clientOrderId)
  );
  const merged = [...left, ...listRejections(ledger)];
  return JSON.stringify(merged) === JSON.stringify(kept) ? kept : merged;
}

/**
 * The ledger with the rejections of its day that it lacks, in the order of their time: a run of them is counted by it.
 * @returns `ledger` itself where it lacks none.
 */
export function addRejections(ledger: LiveLedger, kept: readonly Rejection[]): LiveLedger {
  const recorded = new Set(ledger.entries.map((entry) => entry.clientOrderId));
  const lacking = kept.filter((each) =>
    each.dateNy === ledger.dateNy && !recorded.has(each.clientOrderId)
  );
  if (lacking.length === 0) return ledger;
  return { ...ledger, entries: sortByTime([...ledger.entries, ...lacking.map(buildRejected)]) };
}

/** Entries in the order in which they were recorded; equal times stay as they are. */
export function sortByTime(entries: readonly LedgerEntry[]): LedgerEntry[] {
  return entries.toSorted((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp));
}

function buildRejected({ symbol, clientOrderId, timestamp, reason }: Rejection): LedgerEntry {
  return buildLedgerEntry({
    symbol,
    // Nothing was bought, and what is rejected counts toward no cap.
    notionalUsd: 0,
    timestamp,
    side: "buy",
    clientOrderId,
    status: "rejected",
    reason,
  });
}
