import { CLOCK_SKEW_MAX_SECONDS } from "../domain/caps.ts";
import {
  applyBrokerOrder,
  isIdTaken,
  isUnsettled,
  type LedgerEntry,
  type LiveLedger,
  NOT_SENT,
} from "../domain/ledger.ts";
import { lookUpOrder } from "./asker.ts";
import type { Engine } from "./engine.ts";
import type { LookupOutcome } from "../domain/order_request.ts";
import { isShownUnreadable } from "./unreadable.ts";

/**
 * How long the broker must answer "not found" before an entry is believed absent: 60 s (pipeline 6), and the deadline of
 * a clock read more, by which a late answer can put our time off.
 */
const NOT_FOUND_MS = 70_000;
/** The same where each process looks once: each had the broker's clock for its own, which may be 30 s off either way. */
const ONE_LOOK_NOT_FOUND_MS = NOT_FOUND_MS + 2 * CLOCK_SKEW_MAX_SECONDS * 1000;
/** A series of "not found" is over after this long without one: an outage is no evidence. */
const SERIES_GAP_MS_MAX = 65_000;
/** How soon an unresolved order is looked up again. */
export const LOOK_UP_AGAIN_MS = 10_000;
/** Look-ups in one cycle: more would eat the request budget of what protects. */
const LOOK_UPS_MAX = 30;

/** What looking up came to. */
export interface LookedUp {
  /** All of the ledger's, with what the broker said of some. */
  readonly entries: readonly LedgerEntry[];
  /** Buys proven absent at the broker. */
  readonly absent: readonly LedgerEntry[];
  readonly isChanged: boolean;
}

/**
 * Looks up, one by one, what the broker did not list (pipeline 6).
 * @param missing Entries of `ledger`.
 */
export async function lookUpMissing(
  engine: Engine,
  ledger: LiveLedger,
  missing: readonly LedgerEntry[],
): Promise<LookedUp> {
  const changed = new Map<LedgerEntry, LedgerEntry>();
  const absent: LedgerEntry[] = [];
  for (const entry of listAsked(missing).slice(0, LOOK_UPS_MAX)) {
    const resolved = await lookUpEntry(engine, entry);
    if (resolved.isAbsent) absent.push(resolved.entry);
    if (resolved.entry !== entry) changed.set(entry, resolved.entry);
  }
  return {
    entries: ledger.entries.map((entry) => changed.get(entry) ?? entry),
    absent,
    isChanged: changed.size > 0,
  };
}

/** Those worth asking for, the unsettled ones first: a day's rejected ones, which the broker never shows, take no turn. */
function listAsked(missing: readonly LedgerEntry[]): LedgerEntry[] {
  const asked = missing.filter((entry) => entry.status !== "rejected");
  return [...asked.filter(isUnsettled), ...asked.filter((entry) => !isUnsettled(entry))];
}

async function lookUpEntry(
  engine: Engine,
  entry: LedgerEntry,
): Promise<{ entry: LedgerEntry; isAbsent: boolean }> {
  const same = { entry, isAbsent: false };
  if (entry.clientOrderId === null) {
    sayUnknownOrder(engine, entry);
    return same;
  }
  if (entry.status === "rejected") return same;
  const found = await lookUp(engine, entry.clientOrderId, entry.orderId);
  if (found.kind === "found") {
    return { entry: applyBrokerOrder(entry, found.order), isAbsent: false };
  }
  if (!isUnsettled(entry)) {
    if (found.kind === "not_found") sayUnknownOrder(engine, entry);
    return same;
  }
  if (found.kind === "unknown") {
    engine.wakeAt(engine.nowMs() + LOOK_UP_AGAIN_MS);
    // Only an unbroken series of real "not found" is evidence.
    const isBroken = entry.notFoundSinceMs !== null;
    return isBroken ? { entry: { ...entry, notFoundSinceMs: null }, isAbsent: false } : same;
  }
  if (isIdTaken(entry)) {
    engine.wakeAt(engine.nowMs() + LOOK_UP_AGAIN_MS);
    sayUnknownOrder(engine, entry);
    return same;
  }
  return entry.side === "sell"
    ? { entry: { ...entry, status: "rejected", detail: NOT_SENT }, isAbsent: false }
    : weighNotFound(engine, entry);
}

/** What the broker lists, though it can't be read, is not absent. */
async function lookUp(
  engine: Engine,
  clientOrderId: string,
  orderId: string | null,
): Promise<LookupOutcome> {
  const found = await lookUpOrder(engine, clientOrderId);
  return found.kind === "not_found" && isShownUnreadable(engine, { clientOrderId, orderId })
    ? { kind: "unknown", why: "malformed" }
    : found;
}

/** A "not found" soon after a lost answer proves nothing: only 60 s of them after the request's deadline do. */
function weighNotFound(
  engine: Engine,
  entry: LedgerEntry,
): { entry: LedgerEntry; isAbsent: boolean } {
  const nowMs = engine.nowMs();
  const deadlineAtMs = entry.deadlineAtMs ?? nowMs;
  engine.wakeAt(Math.max(nowMs, deadlineAtMs) + LOOK_UP_AGAIN_MS);
  if (nowMs < deadlineAtMs) return { entry, isAbsent: false };
  const sinceMs = entry.notFoundSinceMs;
  // `--run-once` looks once a process: it has nothing but the file.
  const isOneLook = engine.ports.config.isRunOnce;
  const id = entry.clientOrderId ?? "";
  const monotonicMs = engine.ports.clock.monotonicMs();
  const series = engine.notFoundAtMs.get(id);
  const isGoingOn = series !== undefined && monotonicMs - series.lastMs <= SERIES_GAP_MS_MAX;
  if (sinceMs === null || sinceMs > nowMs || (!isGoingOn && !isOneLook)) {
    engine.notFoundAtMs.set(id, { firstMs: monotonicMs, lastMs: monotonicMs });
    return { entry: { ...entry, notFoundSinceMs: nowMs, deadlineAtMs }, isAbsent: false };
  }
  const firstMs = series?.firstMs ?? monotonicMs;
  engine.notFoundAtMs.set(id, { firstMs, lastMs: monotonicMs });
  if (isOneLook) return { entry, isAbsent: nowMs - sinceMs >= ONE_LOOK_NOT_FOUND_MS };
  // Two clocks must agree: the broker's may have been wrong once, and this process's began with it.
  const isLong = monotonicMs - firstMs >= NOT_FOUND_MS;
  return { entry, isAbsent: isLong && nowMs - sinceMs >= NOT_FOUND_MS };
}

function sayUnknownOrder(engine: Engine, entry: LedgerEntry): void {
  const name = entry.clientOrderId ?? entry.orderId ?? entry.timestamp;
  if (!engine.isNews(`unseen:${name}`, engine.dateNy())) return;
  engine.ports.log.warn(
    `Live ledger has ${entry.symbol} ${name}, which the broker does not show: kept and counted`,
  );
}
