import { isOurs } from "../order/client_order_id.ts";
import { isEntryRecord, isUnsettled, type LedgerEntry, type LiveLedger } from "../order/ledger.ts";
import { isKnownStatus } from "../order/orders.ts";
import type { LoadingNote, Note, RecordsNote } from "./note.ts";
import { listRejections, noteEntry } from "./settle_entry.ts";

/** A note about the records. @param key It is told once a NY day by it; without one each time. */
export function noteRecords(
  entry: LedgerEntry | null,
  value: LoadingNote | RecordsNote,
  key: string | null = null,
): Note {
  const symbol = entry?.symbol ?? "";
  const positionId = entry?.clientOrderId ?? "";
  return { symbol, positionId, scope: key === null ? "always" : "day", key: key ?? "", value };
}

/** What became of our orders between two looks at the ledger (pipeline 6). */
export function listUpdates(before: LiveLedger, after: LiveLedger): Note[] {
  const known = new Map(before.entries.map((entry) => [entry.clientOrderId, entry]));
  return after.entries.flatMap((entry) => {
    const past = known.get(entry.clientOrderId);
    if (entry.clientOrderId === null || !isOurs(entry.clientOrderId) || past === entry) return [];
    const isUnchanged = past?.status === entry.status &&
      past.broker?.status === entry.broker?.status &&
      past.broker?.filledQty === entry.broker?.filledQty;
    if (isUnchanged) return [];
    const updated = noteRecords(entry, { kind: "order_updated", entry });
    return [updated, ...past === undefined ? [] : listEnds(after, past, entry)];
  });
}

/** How an order of unknown fate has ended, and what was refused after it was taken. */
function listEnds(ledger: LiveLedger, past: LedgerEntry, entry: LedgerEntry): Note[] {
  const notes: Note[] = [];
  // An entry whose answer was lost has its line all the same, once the broker shows it (pipeline 4).
  if (isUnsettled(past) && isEntryRecord(entry) && entry.status === "accepted") {
    const value = { kind: "submitted", entry, orderId: entry.orderId ?? "null" } as const;
    notes.push(noteEntry(entry, value));
  }
  if (past.status !== "rejected" && entry.status === "rejected") {
    notes.push(noteRecords(entry, { kind: "refused_late", entry }));
    if (entry.side === "buy") notes.push(...listRejections(ledger, entry.symbol));
  }
  return notes;
}

/** Orders of a status without notice: neither filled nor final, and said (broker.md, Orders). */
export function listUnknown({ entries }: LiveLedger): Note[] {
  return entries.flatMap((entry) => {
    const { broker, orderId } = entry;
    if (broker === null || isKnownStatus(broker.status)) return [];
    const value = { kind: "unknown_status", orderId, status: broker.status } as const;
    return [noteRecords(entry, value, `status:${orderId}:${broker.status}`)];
  });
}
