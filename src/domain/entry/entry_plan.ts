import { decideBreakout } from "./breakout.ts";
import type { Candidate } from "./candidate.ts";
import { buildEntryId } from "../order/client_order_id.ts";
import type { EntryIntent } from "../account/entry_intent.ts";
import { completeLevels } from "../exit/levels.ts";
import type { Bar, Session } from "../time/market.ts";
import { buildQty } from "./sizing.ts";

/** An intent that is not submitted within this of its scheduled time is worth nothing (pipeline 4, **[ours]**). */
export const INTENT_LIFE_MS = 15 * 60_000;

/** What one candidate's bars came to in this cycle, for the event log. Prices in USD per share. */
export type SignalRecord =
  | {
    /** `intent`: a new one; `waiting`: one was there already; `no_shares`: the size came to 0, so none. */
    readonly outcome: "intent" | "waiting" | "no_shares" | "not_confirmed";
    readonly symbol: string;
    readonly pivotUsd: number;
    readonly b1: Bar;
    readonly b2: Bar;
    /** Shares of the new intent; 0 where there is none. */
    readonly qty: number;
  }
  | {
    /** `barred`: confirmed, and no intent is made in the symbol now; `stale`: its bars say nothing. */
    readonly outcome: "barred" | "stale";
    readonly symbol: string;
    readonly pivotUsd: number;
    readonly reason: string;
  };

/** A candidate whose bars are missing or too old to say anything, which is not the same as "no breakout". */
export interface StaleSymbol {
  readonly symbol: string;
  readonly reason: string;
}

/** What a cycle makes of watchlist and bars. */
export interface EntryPlan {
  /** New intents only, in the order of the watchlist. */
  readonly intents: readonly EntryIntent[];
  /** One a candidate, in the order of the watchlist. */
  readonly signals: readonly SignalRecord[];
  readonly stale: readonly StaleSymbol[];
}

/** What new intents are made from, read for this cycle. */
export interface EntryPlanInputs {
  readonly candidates: readonly Candidate[];
  /** 10-minute bars by symbol, in any order; a symbol without bars may be absent. */
  readonly bars: ReadonlyMap<string, readonly Bar[]>;
  readonly nowMs: number;
  readonly dateNy: string;
  /** `null`, or not around `nowMs`, where market hours are ignored outside a session. */
  readonly session: Session | null;
  /** The account's equity at the broker. */
  readonly equityUsd: number;
  /** Whose entries' ids these are. */
  readonly accountId: string;
  /** Symbols that have a waiting intent. */
  readonly waiting: ReadonlySet<string>;
  /** Why no intent is made in the symbol now (pipeline 4: it is held, was entered, the close is near); `null` where one is. */
  readonly findBar: (symbol: string) => string | null;
  /** Entries in the symbol that the broker itself rejected today. */
  readonly countRejections: (symbol: string) => number;
  readonly delayMinSeconds: number;
  readonly delayMaxSeconds: number;
  /** Uniform in [0, 1): what is chance of a new intent's delay, by its symbol and when its second bar began. */
  readonly uniform: (symbol: string, b2StartMs: number) => number;
}

/**
 * Builds one intent for each confirmed candidate that has none waiting (pipeline 2, 3 and 4).
 * Says of every candidate what its bars came to; 0 shares make no intent.
 */
export function buildEntryIntents(inputs: EntryPlanInputs): EntryPlan {
  const intents: EntryIntent[] = [];
  const signals: SignalRecord[] = [];
  const stale: StaleSymbol[] = [];
  const taken = new Set(inputs.waiting);
  for (const candidate of inputs.candidates) {
    const { symbol, pivotUsd } = candidate;
    const breakout = decideBreakout(inputs.bars.get(symbol) ?? [], pivotUsd, inputs.nowMs);
    if (breakout.kind === "stale") {
      stale.push({ symbol, reason: breakout.reason });
      signals.push({ outcome: "stale", symbol, pivotUsd, reason: breakout.reason });
      continue;
    }
    const facts = { symbol, pivotUsd, b1: breakout.b1, b2: breakout.b2 };
    const isNew = breakout.kind === "confirmed" && !taken.has(symbol);
    const bar = isNew ? inputs.findBar(symbol) : null;
    if (breakout.kind === "not_confirmed") {
      signals.push({ outcome: "not_confirmed", ...facts, qty: 0 });
    } else if (taken.has(symbol)) {
      signals.push({ outcome: "waiting", ...facts, qty: 0 });
    } else if (bar !== null) {
      signals.push({ outcome: "barred", symbol, pivotUsd, reason: bar });
    } else {
      const qty = buildQty(inputs.equityUsd, candidate);
      signals.push({ outcome: qty === 0 ? "no_shares" : "intent", ...facts, qty });
      if (qty === 0) continue;
      // Two intents of one symbol would share one client order id.
      taken.add(symbol);
      intents.push(buildIntent(inputs, candidate, { qty, b2: breakout.b2 }));
    }
  }
  return { intents, signals, stale };
}

function buildIntent(
  inputs: EntryPlanInputs,
  candidate: Candidate,
  { qty, b2 }: { readonly qty: number; readonly b2: Bar },
): EntryIntent {
  const { nowMs, dateNy, accountId } = inputs;
  const { symbol } = candidate;
  const scheduledAtMs = nowMs + buildDelayMs(inputs, inputs.uniform(symbol, b2.startMs));
  const attempt = inputs.countRejections(symbol) + 1;
  return {
    clientOrderId: buildEntryId({ accountId, dateNy, symbol, attempt }),
    dateNy,
    symbol,
    qty,
    ...completeLevels(candidate),
    stopUsd: candidate.stopUsd,
    refPriceUsd: b2.closeUsd,
    b2StartMs: b2.startMs,
    distancePct: candidate.distancePct,
    confirmedAtMs: nowMs,
    scheduledAtMs,
    expiresAtMs: Math.min(scheduledAtMs + INTENT_LIFE_MS, sessionEndMs(inputs)),
  };
}

/** Whole milliseconds, both ends of the range included; reversed ends are swapped (pipeline 4). */
function buildDelayMs(inputs: EntryPlanInputs, uniform: number): number {
  const minSeconds = Math.min(inputs.delayMinSeconds, inputs.delayMaxSeconds);
  const maxSeconds = Math.max(inputs.delayMinSeconds, inputs.delayMaxSeconds);
  return Math.round((minSeconds + uniform * (maxSeconds - minSeconds)) * 1000);
}

/** A session that does not hold this moment is not the one that the intent is made in, and bounds nothing. */
function sessionEndMs({ session, nowMs }: EntryPlanInputs): number {
  if (session === null || nowMs < session.openMs || nowMs >= session.closeMs) return Infinity;
  return session.closeMs;
}

/** Whether an intent or its unsent entry is past its worth; the last moment itself is. A time that is no number is past. */
export function isExpired(expiresAtMs: number, nowMs: number): boolean {
  return !(nowMs < expiresAtMs);
}

/** Intents by what this moment makes of them, each list by scheduled time, then symbol. */
export interface IntentsByTime {
  /** To be decided now, in this order. */
  readonly due: readonly EntryIntent[];
  /** To be dropped with `SKIP SYM: intent expired`, due or not. */
  readonly expired: readonly EntryIntent[];
  readonly waiting: readonly EntryIntent[];
}

/** Sorts intents into due, expired and waiting (pipeline 4); each is in exactly one of them. */
export function listDueIntents(intents: readonly EntryIntent[], nowMs: number): IntentsByTime {
  const due: EntryIntent[] = [];
  const expired: EntryIntent[] = [];
  const waiting: EntryIntent[] = [];
  for (const intent of [...intents].sort(bySchedule)) {
    if (isExpired(intent.expiresAtMs, nowMs)) expired.push(intent);
    else if (intent.scheduledAtMs <= nowMs) due.push(intent);
    else waiting.push(intent);
  }
  return { due, expired, waiting };
}

/** The intents that a cycle decides: what is due, and what comes due within the lead, by their time (pipeline 4). */
export function listPressing(
  intents: readonly EntryIntent[],
  nowMs: number,
  leadMs: number,
): readonly EntryIntent[] {
  const { due, waiting } = listDueIntents(intents, nowMs);
  return [...due, ...waiting.filter(({ scheduledAtMs }) => scheduledAtMs <= nowMs + leadMs)];
}

/** By code unit, not by locale: the order must be the same on every host. */
function bySchedule(a: EntryIntent, b: EntryIntent): number {
  if (a.scheduledAtMs !== b.scheduledAtMs) return a.scheduledAtMs - b.scheduledAtMs;
  if (a.symbol === b.symbol) return 0;
  return a.symbol < b.symbol ? -1 : 1;
}
