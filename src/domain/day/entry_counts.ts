import type { EntryCounts } from "../alert/alert_summary.ts";
import { isOurs } from "../order/client_order_id.ts";
import { findFate } from "./fate.ts";
import { readText, type RecordedEvent } from "./events.ts";
import {
  isEntryRecord,
  isNotSent,
  isUnsettled,
  type LedgerEntry,
  type LiveLedger,
  NOT_SENT,
} from "../order/ledger.ts";
import { dateNyOf } from "../time/ny_time.ts";
import { isFinal } from "../order/orders.ts";

/** What an entry is tried by: the events that a LIVE gate leaves of one. */
export const ENTRY_EVENTS = ["skip", "verdict", "order_recorded"] as const;

/** The reason of an intent that came too late (pipeline 4). */
export const EXPIRED = "intent expired";

/**
 * Counts what became of the day's entries under a LIVE gate, a symbol once (interface, Slack), and twice: `tried` from the
 * audit trail; what the broker has or had of them from the ledger. So an order that one of the two has lost sight of shows
 * as a gap.
 * @param events Of the day, of the types in `ENTRY_EVENTS`, oldest first; `null` where they can't be read: nobody knows then what
 *   was tried, and the ledger alone says what became of it.
 * @param ledger The day's; `null` where it can't be counted from: whatever was recorded is then a gap.
 */
export function countEntries(
  events: readonly RecordedEvent[] | null,
  ledger: LiveLedger | null,
): EntryCounts {
  const tried = listTried(events ?? []);
  const recorded = ledger === null ? [] : listDayBuys(ledger);
  const symbols = new Set([...tried.keys(), ...recorded.map((entry) => entry.symbol)]);
  let triedCount = 0;
  const counts = { accepted: 0, denied: 0, rejected: 0, expired: 0, unresolved: 0, unfilled: 0 };
  const notEntered: EntryCounts["notEntered"][number][] = [];
  for (const symbol of symbols) {
    const own = recorded.filter((entry) => entry.symbol === symbol);
    const last = tried.get(symbol);
    // That a symbol got no further intent says nothing of the order that it has on record.
    const isKnown = own.length === 0 ? last !== undefined : last?.isDecided === true;
    if (isKnown) triedCount++;
    const fate = decideFate(own, last?.event);
    if (fate === null) continue;
    counts[fate.kind]++;
    if (fate.kind !== "accepted") notEntered.push({ symbol, reason: fate.reason });
  }
  return { tried: events === null ? null : triedCount, ...counts, notEntered };
}

/** What became of a symbol, by the strongest thing that is known of it. */
interface Fate {
  readonly kind: Exclude<keyof EntryCounts, "tried" | "notEntered">;
  readonly reason: string;
}

/**
 * @param own The symbol's entries of the day in the ledger.
 * @param last The last event of the symbol that a LIVE gate left; `undefined` where the trail has none.
 * @returns `null` where nothing says what became of it.
 */
function decideFate(own: readonly LedgerEntry[], last: RecordedEvent | undefined): Fate | null {
  const taken = own.filter((entry) => entry.status === "accepted");
  if (taken.some((entry) => !isUnfilled(entry))) return { kind: "accepted", reason: "" };
  if (own.some(isUnsettled)) return { kind: "unresolved", reason: "unresolved" };
  if (taken.length > 0) return { kind: "unfilled", reason: "ended with nothing filled" };
  if (own.some((entry) => !isNotSent(entry))) {
    return { kind: "rejected", reason: "rejected by the broker" };
  }
  if (last === undefined) return null;
  if (last.type === "order_recorded") {
    // Recorded, so it may have left, and the ledger does not know it: nobody's denial.
    return own.length === 0 ? null : { kind: "denied", reason: NOT_SENT };
  }
  const reason = readText(last, "reason") ?? "unknown";
  return { kind: reason === EXPIRED ? "expired" : "denied", reason };
}

/** Whether the order has ended, and nobody bought by it: a halt (pipeline 4). */
function isUnfilled({ broker }: LedgerEntry): boolean {
  return broker !== null && broker.filledQty === 0 && isFinal(broker);
}

/** What became of a symbol that was tried, and whether any of it was of an intent. */
interface Tried {
  readonly event: RecordedEvent | undefined;
  readonly isDecided: boolean;
}

/** Each symbol that was tried. */
function listTried(events: readonly RecordedEvent[]): ReadonlyMap<string, Tried> {
  const decisions = Map.groupBy(events.filter(isOfEntry), ({ symbol }) => symbol ?? "");
  decisions.delete("");
  return new Map(
    [...decisions].map(([symbol, own]) => {
      const isDecided = own.some((event) => readText(event, "client_order_id") !== null);
      return [symbol, { event: findFate(own), isDecided }];
    }),
  );
}

function isOfEntry(event: RecordedEvent): boolean {
  return event.type === "skip" || event.type === "verdict"
    ? readText(event, "mode") === "LIVE"
    : event.type === "order_recorded" && readText(event, "side") === "buy";
}

/** Entries of this engine that were recorded on the ledger's own day; carried ones were tried before. */
function listDayBuys(ledger: LiveLedger): LedgerEntry[] {
  return ledger.entries.filter((entry) => {
    if (!isEntryRecord(entry) || !isOurs(entry.clientOrderId ?? "")) return false;
    const recordedAtMs = Date.parse(entry.timestamp);
    return Number.isFinite(recordedAtMs) && dateNyOf(recordedAtMs) === ledger.dateNy;
  });
}
