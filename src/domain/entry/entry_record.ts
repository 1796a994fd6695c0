import { SECOND_BAR_START_AGE_MAX_MS } from "./breakout.ts";
import { buildEntryId, parseOurId } from "../order/client_order_id.ts";
import type { EntryIntent } from "../account/entry_intent.ts";
import { findLevels, pickLevels } from "../exit/levels.ts";
import {
  buildCapUsage,
  buildLedgerEntry,
  isNotSent,
  isUnsettled,
  type LedgerEntry,
  type LiveLedger,
} from "../order/ledger.ts";
import { microsToUsd, type UsdMicros } from "../order/money.ts";
import { formatUtc } from "../time/ny_time.ts";

/**
 * The intent with its id by what the ledger says now. The one it was made with is of another release, or from before the
 * broker's last no, or of a moment in which the ledger could not be read (pipeline 6).
 */
export function nameAnew(
  intent: EntryIntent,
  ledger: LiveLedger | null,
  accountId: string | null,
): EntryIntent {
  if (ledger === null || accountId === null) return intent;
  const { dateNy, symbol } = intent;
  const usage = buildCapUsage(ledger, { dateNy, symbol, clientOrderId: null });
  const attempt = usage.symbolRejections + 1;
  return { ...intent, clientOrderId: buildEntryId({ accountId, dateNy, symbol, attempt }) };
}

/**
 * Whether a process that ended before it saved its list may have sent the intent: from its record on only 60 s of "not
 * found" lead to a repeat (pipeline 6). One that was not sent is nobody's order, and may be decided again under its id.
 */
export function isOnRecord({ clientOrderId }: EntryIntent, ledger: LiveLedger | null): boolean {
  return ledger !== null &&
    ledger.entries.some((entry) => entry.clientOrderId === clientOrderId && !isNotSent(entry));
}

/** The record of an entry to come, as the verdict counted it (pipeline 6). @param deadlineAtMs Of its request, Unix ms. */
export function buildEntryRecord(
  intent: EntryIntent,
  { notionalMicros, nowMs, deadlineAtMs }: {
    readonly notionalMicros: UsdMicros;
    readonly nowMs: number;
    readonly deadlineAtMs: number;
  },
): LedgerEntry {
  return buildLedgerEntry({
    symbol: intent.symbol,
    notionalUsd: microsToUsd(notionalMicros),
    timestamp: formatUtc(nowMs),
    side: "buy",
    clientOrderId: intent.clientOrderId,
    qty: intent.qty,
    ...pickLevels(intent),
    stopUsd: intent.stopUsd,
    refPriceUsd: intent.refPriceUsd,
    expiresAtMs: intent.expiresAtMs,
    deadlineAtMs,
  });
}

/**
 * Whether an entry is on record as absent from the broker: unsettled, with an unbroken series of "not found". A repeat that
 * left has a record of its own, without the old evidence.
 */
export function isFoundAbsent(entry: LedgerEntry): boolean {
  return isUnsettled(entry) && entry.notFoundSinceMs !== null;
}

/** The intent that an unresolved entry was recorded for; `null` where its record does not hold one. */
export function buildRepeat(entry: LedgerEntry): EntryIntent | null {
  const clientOrderId = parseOurId(entry.clientOrderId ?? "");
  const levels = findLevels(entry);
  const { qty, stopUsd, refPriceUsd, expiresAtMs } = entry;
  if (
    clientOrderId === null || levels === null || qty === null || stopUsd === null ||
    refPriceUsd === null || expiresAtMs === null
  ) return null;
  const recordedAtMs = Date.parse(entry.timestamp);
  return {
    clientOrderId,
    dateNy: clientOrderId.slice(6, 16),
    symbol: entry.symbol,
    qty,
    ...levels,
    stopUsd,
    refPriceUsd,
    // The record has no bars: as early as the second can have started, had it confirmed when that was made.
    b2StartMs: recordedAtMs - SECOND_BAR_START_AGE_MAX_MS,
    distancePct: 0,
    confirmedAtMs: recordedAtMs,
    scheduledAtMs: recordedAtMs,
    expiresAtMs,
  };
}
