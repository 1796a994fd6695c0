import { buildSellId, type SellReason } from "../order/client_order_id.ts";
import type { ManagedPosition } from "../account/engine_state.ts";
import { pickLevels } from "../exit/levels.ts";
import { buildLedgerEntry, isUnsettled, type LedgerEntry } from "../order/ledger.ts";
import { dateNyOf, formatUtc } from "../time/ny_time.ts";
import { roundToIncrement } from "../order/price_increment.ts";
import type { NamedEntry } from "./named_entry.ts";

/** A sell or stop to come: what its record and its request say. */
export interface SellFacts {
  readonly position: ManagedPosition;
  readonly reason: SellReason;
  readonly qty: number;
  /** A stop's price; `null` for a market sell. Rounded to the broker's increments when it is recorded. */
  readonly stopUsd: number | null;
  /** The resting order that this one replaces, instead of being a new one. */
  readonly replaces: string | null;
}

/** A request leaves at most this long after its record, or not at all: the deadline on record counts on it. Milliseconds. */
export const RECORD_AGE_MAX_MS = 5_000;
/** No request takes longer, milliseconds. */
export const REQUEST_DEADLINE_MS = 10_000;

/** When evidence about an order recorded now begins to count. */
export function buildDeadlineMs(nowMs: number): number {
  return nowMs + RECORD_AGE_MAX_MS + REQUEST_DEADLINE_MS;
}

/**
 * The record of a request that leaves now, with a deadline that it meets: one that was made before a slow cancel would count as
 * never sent while its request is on its way.
 */
export function renewDeadline(entry: NamedEntry, nowMs: number): NamedEntry {
  const isMet = (entry.deadlineAtMs ?? 0) >= nowMs + REQUEST_DEADLINE_MS;
  return isMet ? entry : { ...entry, deadlineAtMs: buildDeadlineMs(nowMs) };
}

/** What a sell is worth for the record: at its stop, else at the last known high; sells count toward no cap. */
export function buildSellRecord(facts: SellFacts, attempt: number, nowMs: number): NamedEntry {
  const { position, reason, qty } = facts;
  const stopUsd = facts.stopUsd === null ? null : roundToIncrement(facts.stopUsd);
  const clientOrderId = buildSellId({ positionId: position.positionId, reason, attempt });
  const entry = buildLedgerEntry({
    symbol: position.symbol,
    notionalUsd: qty * (stopUsd ?? position.highWaterUsd),
    timestamp: formatUtc(nowMs),
    side: "sell",
    qty,
    clientOrderId,
    reason,
    stopUsd,
    positionId: position.positionId,
    attempt,
    replaces: facts.replaces,
    // An adopted position has no entry that its plan could be rebuilt from.
    ...(position.adoptedQty > 0 ? { ...pickLevels(position), besideQty: position.besideQty } : {}),
    deadlineAtMs: buildDeadlineMs(nowMs),
  });
  return { ...entry, clientOrderId, qty };
}

/**
 * The attempt that the next sell of this reason is: it rises only when the one before ended unfilled (pipeline 6). A stop whose
 * fate nobody knows keeps its name and its record to itself: what is stopped beside it are other shares.
 * @param entries The day's records.
 */
export function nextAttempt(
  entries: readonly LedgerEntry[],
  position: ManagedPosition,
  reason: SellReason,
  dateNy: string,
): number {
  let next = firstAttempt(position, reason, dateNy);
  for (const entry of entries) {
    if (entry.positionId !== position.positionId || entry.reason !== reason) continue;
    const attempt = entry.attempt ?? 1;
    // Never sent, or refused outright: the broker has no order of this id, and the record is taken again.
    const isUnused = entry.status === "rejected" && entry.orderId === null;
    const isSameShares = isUnsettled(entry) && (reason !== "stop" || entry.replaces !== null);
    next = Math.max(next, isUnused || isSameShares ? attempt : attempt + 1);
  }
  return next;
}

/** More stops than a position gets in a day: each look may raise it. */
const STOPS_A_DAY = 1_000;
const DAY_MS = 86_400_000;

/**
 * A day's stops begin beyond those of the days before, whose records are in the archive and whose ids are used up. An
 * exit begins at 1 again: where its id is known to the broker, that is how a forgotten one is found.
 */
function firstAttempt(position: ManagedPosition, reason: SellReason, dateNy: string): number {
  if (reason !== "stop") return 1;
  const openedNy = Date.parse(dateNyOf(position.openedAtMs));
  const days = Math.max(0, Math.round((Date.parse(dateNy) - openedNy) / DAY_MS));
  return days % STOPS_A_DAY * STOPS_A_DAY + 1;
}
