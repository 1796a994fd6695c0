import type { EntryCounts } from "./alert_summary.ts";
import { isOurs } from "./client_order_id.ts";
import { readText, type RecordedEvent } from "./events.ts";
import {
  isEntryRecord,
  isUnsettled,
  type LedgerEntry,
  type LiveLedger,
  NOT_SENT,
} from "./ledger.ts";
import { dateNyOf } from "./ny_time.ts";

/** What an entry is tried by: the events that a LIVE gate leaves of one. */
export const ENTRY_EVENTS = ["skip", "verdict", "order_recorded"] as const;

/** The reason of an intent that came too late (pipeline 4). */
export const EXPIRED = "intent expired";

/**
 * Counts what became of the day's entries under a LIVE gate, twice: `tried` from the audit trail, by client order id;
 * what the broker has or had of them from the ledger. So an order that one of the two has lost sight of shows as a gap.
 * @param events Of the day, of the types in `ENTRY_EVENTS`, oldest first.
 * @param ledger The day's; `null` where it can't be counted from: whatever was recorded is then a gap.
 */
export function countEntries(
  events: readonly RecordedEvent[],
  ledger: LiveLedger | null,
): EntryCounts {
  const tried = listTried(events);
  const recorded = ledger === null ? [] : listDayBuys(ledger);
  const sent = recorded.filter((entry) => !isNotSent(entry));
  const sentIds = new Set(sent.map((entry) => entry.clientOrderId));
  let expired = 0;
  let denied = 0;
  for (const [id, last] of tried) {
    if (sentIds.has(id)) continue;
    const isRecordKept = ledger !== null && recorded.some((entry) => entry.clientOrderId === id);
    // Recorded, so it may have left, and the ledger does not know it: nobody's denial.
    if (last.type === "order_recorded" && !isRecordKept) continue;
    if (readText(last, "reason") === EXPIRED) expired++;
    else denied++;
  }
  return {
    tried: tried.size,
    accepted: sent.filter((entry) => entry.status === "accepted").length,
    rejected: sent.filter((entry) => entry.status === "rejected").length,
    unresolved: sent.filter(isUnsettled).length,
    denied,
    expired,
  };
}

/** Each entry that was tried, by its client order id, with the last event of it. */
function listTried(events: readonly RecordedEvent[]): ReadonlyMap<string, RecordedEvent> {
  const tried = new Map<string, RecordedEvent>();
  for (const event of events) {
    const id = readText(event, "client_order_id");
    const isDecision = event.type === "skip" || event.type === "verdict";
    const isEntry = isDecision
      ? readText(event, "mode") === "LIVE"
      : event.type === "order_recorded" && readText(event, "side") === "buy";
    if (id !== null && isEntry) tried.set(id, event);
  }
  return tried;
}

/** Entries of this engine that were recorded on the ledger's own day; carried ones were tried before. */
function listDayBuys(ledger: LiveLedger): LedgerEntry[] {
  return ledger.entries.filter((entry) => {
    if (!isEntryRecord(entry) || !isOurs(entry.clientOrderId ?? "")) return false;
    const recordedAtMs = Date.parse(entry.timestamp);
    return Number.isFinite(recordedAtMs) && dateNyOf(recordedAtMs) === ledger.dateNy;
  });
}

function isNotSent(entry: LedgerEntry): boolean {
  return entry.status === "rejected" && entry.reason === NOT_SENT;
}
