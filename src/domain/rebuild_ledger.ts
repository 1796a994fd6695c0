import type { ManagedPosition } from "./engine_state.ts";
import type { LedgerEntry, LiveLedger } from "./ledger.ts";
import type { BrokerOrder } from "./orders.ts";
import { buildEmptyLedger, reconcile, startNewDay } from "./reconcile.ts";

/** What a live ledger is rebuilt from (pipeline 6). */
export interface RebuildInputs {
  /** The ledger that is there, `null` where it can't be used. */
  readonly present: LiveLedger | null;
  /** The newest of the archive. */
  readonly newest: LiveLedger | null;
  /** The broker's orders of today, nested, all statuses. */
  readonly orders: readonly BrokerOrder[];
  readonly positions: readonly ManagedPosition[];
  readonly todayNy: string;
  readonly account: { readonly host: string; readonly accountId: string };
  /** The day's mismatches as far as they are remembered; `null`: the operator rebuilds, and they begin anew. */
  readonly mismatches: number | null;
}

/**
 * Rebuilds today's live ledger: entries of a usable one are kept (what the broker does not show goes on counting), an
 * earlier day's unsettled ones carried over, the broker's orders added.
 */
export function rebuildLedger(inputs: RebuildInputs): LiveLedger {
  const { orders, positions, account, mismatches } = inputs;
  const base = buildBase(inputs);
  const { ledger } = reconcile(base, orders);
  return {
    ...ledger,
    // A run of rejections is counted in the order of the entries.
    entries: sortByTime(ledger.entries).map((entry) => addPlan(entry, positions)),
    mismatches: mismatches === null ? 0 : Math.max(base.mismatches, mismatches),
    host: account.host,
    accountId: account.accountId,
  };
}

function sortByTime(entries: readonly LedgerEntry[]): LedgerEntry[] {
  return entries.toSorted((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp));
}

/** A ledger of a day still to come is of no use. */
function buildBase({ present, newest, todayNy }: RebuildInputs): LiveLedger {
  for (const past of [present, newest]) {
    if (past === null || past.dateNy > todayNy) continue;
    return past.dateNy === todayNy ? past : startNewDay(past, todayNy);
  }
  return buildEmptyLedger(todayNy);
}

/** What the state remembers of a position's plan belongs into its rebuilt record. */
function addPlan(entry: LedgerEntry, positions: readonly ManagedPosition[]): LedgerEntry {
  const position = positions.find((each) => isPlanOf(entry, each));
  if (position === undefined || entry.pivotUsd !== null) return entry;
  const { pivotUsd, r1Usd, r2Usd } = position;
  // The broker knows the stop that it was placed with; the state's may have been raised since.
  return { ...entry, pivotUsd, r1Usd, r2Usd, stopUsd: entry.stopUsd ?? position.stopUsd };
}

/** The record that holds a position's plan: its entry, or the stops of one that was adopted and has none (pipeline 6). */
function isPlanOf(entry: LedgerEntry, { positionId, adoptedQty }: ManagedPosition): boolean {
  return adoptedQty > 0
    ? entry.positionId === positionId && entry.reason === "stop"
    : entry.clientOrderId === positionId;
}
