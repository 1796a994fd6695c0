import { SECOND_BAR_START_AGE_MAX_MS } from "../domain/breakout.ts";
import { parseOurId } from "../domain/client_order_id.ts";
import type { EntryIntent } from "../domain/entry_intent.ts";
import { isUnsettled, type LedgerEntry, NOT_SENT } from "../domain/ledger.ts";
import type { Engine } from "./engine.ts";
import { changeEntry, findEntry } from "./ledger_store.ts";

/**
 * Settles an entry that is not at the broker and won't be sent: `rejected`, reason `not sent` (pipeline 6). A repeat that
 * left after all has a record of its own, without the old evidence of absence, and is left alone.
 */
export async function settleUnrepeated(engine: Engine, clientOrderId: string): Promise<void> {
  const entry = findEntry(engine, clientOrderId);
  if (entry === null || !isUnsettled(entry) || entry.notFoundSinceMs === null) return;
  engine.ports.log.warn(`${entry.symbol} not sent: the broker has no order ${clientOrderId}`);
  await changeEntry(engine, clientOrderId, (each) => ({
    ...each,
    status: "rejected",
    reason: NOT_SENT,
  }));
}

/** The intent that an unresolved entry was recorded for; empty where its record does not hold one. */
export function buildRepeat(entry: LedgerEntry): EntryIntent[] {
  const clientOrderId = parseOurId(entry.clientOrderId ?? "");
  const { qty, pivotUsd, stopUsd, r1Usd, r2Usd, refPriceUsd, expiresAtMs } = entry;
  if (
    clientOrderId === null || qty === null || pivotUsd === null || stopUsd === null ||
    r1Usd === null || r2Usd === null || refPriceUsd === null || expiresAtMs === null
  ) return [];
  const recordedAtMs = Date.parse(entry.timestamp);
  return [{
    clientOrderId,
    dateNy: clientOrderId.slice(6, 16),
    symbol: entry.symbol,
    qty,
    pivotUsd,
    stopUsd,
    r1Usd,
    r2Usd,
    refPriceUsd,
    // The record has no bars: as early as the second can have started, had it confirmed when that was made.
    b2StartMs: recordedAtMs - SECOND_BAR_START_AGE_MAX_MS,
    distancePct: 0,
    confirmedAtMs: recordedAtMs,
    scheduledAtMs: recordedAtMs,
    expiresAtMs,
  }];
}
