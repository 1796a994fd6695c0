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
}

/**
 * Rebuilds today's live ledger: entries of a usable one are kept (what the broker does not show goes on counting), an
 * earlier day's unsettled ones carried over, the broker's orders added. The mismatches of the day begin anew.
 */
export function rebuildLedger(inputs: RebuildInputs): LiveLedger {
  const { orders, positions, account } = inputs;
  const { ledger } = reconcile(buildBase(inputs), orders);
  return {
    ...ledger,
    entries: ledger.entries.map((entry) => addPlan(entry, positions)),
    mismatches: 0,
    host: account.host,
    accountId: account.accountId,
  };
}

/** A ledger of a day still to come is of no use. */
function buildBase({ present, newest, todayNy }: RebuildInputs): LiveLedger {
  for (const past of [present, newest]) {
    if (past === null || past.dateNy > todayNy) continue;
    return past.dateNy === todayNy ? past : startNewDay(past, todayNy);
  }
  return buildEmptyLedger(todayNy);
}

/** What the state remembers of a position's plan belongs into its rebuilt entry. */
function addPlan(entry: LedgerEntry, positions: readonly ManagedPosition[]): LedgerEntry {
  const position = positions.find((each) => each.positionId === entry.clientOrderId);
  if (position === undefined || entry.pivotUsd !== null) return entry;
  const { pivotUsd, r1Usd, r2Usd, stopUsd } = position;
  return { ...entry, pivotUsd, r1Usd, r2Usd, stopUsd };
}
