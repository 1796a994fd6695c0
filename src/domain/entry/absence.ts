import { type Absence, findAbsence, goOnMissing, type Looker } from "../account/absences.ts";
import { CLOCK_SKEW_MAX_SECONDS } from "../gate/caps.ts";
import {
  applyBrokerOrder,
  isAnswerLost,
  isIdTaken,
  isUnsettled,
  type LedgerEntry,
  NOT_SENT,
} from "../order/ledger.ts";
import type { LookupOutcome } from "../order/order_request.ts";

/**
 * How long the broker must answer "not found" before what was sent is believed absent: 60 s (pipeline 6), and the deadline of
 * a clock read more, by which a late answer can put our time off.
 */
const NOT_FOUND_MS = 70_000;
/** The same where each process looks once: each had the broker's clock for its own, which may be 30 s off either way. */
const ONE_LOOK_NOT_FOUND_MS = NOT_FOUND_MS + 2 * CLOCK_SKEW_MAX_SECONDS * 1000;
/** A series of "not found" is over after this long without one: an outage is no evidence. */
const SERIES_GAP_MS_MAX = 65_000;
/** How soon an unresolved order is looked up again. Milliseconds. */
export const LOOK_UP_AGAIN_MS = 10_000;

/** When a look-up was answered, and by whom it was asked. */
export interface LookUpMoment extends Looker {
  /** By the broker's clock, Unix ms. */
  readonly nowMs: number;
  /** Whether the process looks once: it has nothing but the file. */
  readonly isRunOnce: boolean;
}

/** What a look-up makes of an order on record. */
export interface LookedUp {
  /** As it is on record from now on; the very same where nothing has changed. */
  readonly entry: LedgerEntry;
  /** The evidence of its absence from now on; `null` where there is none. */
  readonly absence: Absence | null;
  /** Whether a buy is proven absent at the broker: a new decision with the same id, or settled as not sent. */
  readonly isAbsent: boolean;
  /** Whether it is kept and counted though the broker does not show it, which is said. */
  readonly isUnseen: boolean;
  /** When it is looked up again, Unix ms by the broker's clock; `null` where the next cycle is soon enough. */
  readonly wakeAtMs: number | null;
}

/**
 * What the answer to a look-up says of an order that no list showed (pipeline 6). Pure and total.
 * @param absences All evidence on record; what another process gathered is none.
 */
export function settleLookUp(
  entry: LedgerEntry,
  outcome: LookupOutcome,
  absences: readonly Absence[],
  moment: LookUpMoment,
): LookedUp {
  const same = { entry, absence: null, isAbsent: false, isUnseen: false, wakeAtMs: null };
  const againMs = moment.nowMs + LOOK_UP_AGAIN_MS;
  if (outcome.kind === "found") return { ...same, entry: applyBrokerOrder(entry, outcome.order) };
  if (!isUnsettled(entry)) return { ...same, isUnseen: outcome.kind === "not_found" };
  if (outcome.kind === "unknown") {
    // Only an unbroken series of real "not found" is evidence.
    const broken = entry.notFoundSinceMs === null ? entry : { ...entry, notFoundSinceMs: null };
    return { ...same, entry: broken, wakeAtMs: againMs };
  }
  if (isIdTaken(entry)) return { ...same, isUnseen: true, wakeAtMs: againMs };
  const weighed = () => weighNotFound(entry, findAbsence(absences, aboutOf(entry), moment), moment);
  if (entry.side === "buy") return weighed();
  const absent = { ...same, entry: { ...entry, status: "rejected", detail: NOT_SENT } } as const;
  if (!isAnswerLost(entry, moment.nowMs)) return absent;
  const found = weighed();
  return found.isAbsent ? absent : found;
}

/**
 * Whether one "not found" now is the end of an order on record, for somebody who looks after the engine has stopped: once no
 * request for it can be in flight, and of a buy, or a sell whose answer was lost, only so long after as the engine would look it up.
 */
export function isAbsentByNow(entry: LedgerEntry, nowMs: number): boolean {
  const proofMs = entry.side === "buy" || isAnswerLost(entry, nowMs) ? NOT_FOUND_MS : 0;
  return !isIdTaken(entry) && nowMs >= (entry.deadlineAtMs ?? 0) + proofMs;
}

/** What the evidence about an order on record is kept by. */
export function aboutOf({ clientOrderId }: LedgerEntry): Pick<Absence, "what" | "id"> {
  return { what: "order", id: clientOrderId ?? "" };
}

/** A "not found" soon after a lost answer proves nothing: only 60 s of them after the request's deadline do. */
function weighNotFound(
  entry: LedgerEntry,
  before: Absence | null,
  moment: LookUpMoment,
): LookedUp {
  const { nowMs, monotonicMs, isRunOnce } = moment;
  const deadlineAtMs = entry.deadlineAtMs ?? nowMs;
  const wakeAtMs = Math.max(nowMs, deadlineAtMs) + LOOK_UP_AGAIN_MS;
  const same = { entry, absence: before, isAbsent: false, isUnseen: false, wakeAtMs };
  if (nowMs < deadlineAtMs) return same;
  const sinceMs = entry.notFoundSinceMs;
  const isGoingOn = before !== null && monotonicMs - before.lastMs <= SERIES_GAP_MS_MAX;
  // Two clocks must agree: the broker's may have been wrong once, and this process's began with it.
  const isPast = (ms: number) =>
    sinceMs !== null && nowMs - sinceMs >= ms &&
    (isRunOnce || (before !== null && monotonicMs - before.firstMs >= ms));
  // While the market is closed nothing looks more often than each five minutes: of a sell two looks tell, as where each process has one.
  const isByTwo = (isRunOnce || entry.side === "sell") && isPast(ONE_LOOK_NOT_FOUND_MS);
  const isKept = isGoingOn || isRunOnce || isByTwo;
  if (sinceMs === null || sinceMs > nowMs || !isKept) {
    const absence = goOnMissing(aboutOf(entry), null, moment);
    return { ...same, entry: { ...entry, notFoundSinceMs: nowMs, deadlineAtMs }, absence };
  }
  const absence = goOnMissing(aboutOf(entry), before, moment);
  const isAbsent = isByTwo || (isGoingOn && !isRunOnce && isPast(NOT_FOUND_MS));
  return { ...same, absence, isAbsent };
}

/** Evidence about orders that are settled, however that came, or are on record no more: nobody looks for them. */
export function listSettled(
  absences: readonly Absence[],
  entries: readonly LedgerEntry[],
): Absence[] {
  const open = new Set(entries.filter(isUnsettled).map(({ clientOrderId }) => clientOrderId));
  return absences.filter(({ what, id }) => what === "order" && !open.has(id));
}

/**
 * Those worth asking for, the unsettled ones first: a day's rejected ones, which the broker never shows, take no turn, and one
 * without a name can't be asked for.
 */
export function listAsked(missing: readonly LedgerEntry[]): LedgerEntry[] {
  const asked = missing.filter(({ status, clientOrderId }) =>
    status !== "rejected" && clientOrderId !== null
  );
  return [...asked.filter(isUnsettled), ...asked.filter((entry) => !isUnsettled(entry))];
}
