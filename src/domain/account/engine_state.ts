import type { Absence } from "./absences.ts";
import type { Standing } from "./standing.ts";
import type { DayLoss } from "./day_loss.ts";
import type { EntryIntent } from "./entry_intent.ts";
import type { ExitLevels, TrimFlags } from "../exit/exit_rules.ts";
import { type LiveLedger, MISMATCHES_MAX } from "../order/ledger.ts";
import type { PriceMemory } from "./price_check.ts";
import type { Unfinished } from "./unfinished.ts";

/** A position that the engine manages, and what its exit rules remember of it (pipeline 5). Prices USD per share. */
export interface ManagedPosition extends PriceMemory, ExitLevels, TrimFlags {
  readonly symbol: string;
  /** The client order id of its entry, or the adoption id of a position that the engine did not buy. */
  readonly positionId: string;
  /** Shares it had when it was adopted; 0 for a position that this engine bought. */
  readonly adoptedQty: number;
  /** What was beside them then and is the operator's, for instance a part of a share. */
  readonly besideQty: number;
  /** Shares the broker showed when they were last accounted for, `null` before the first look; 0 before the first fill. */
  readonly qty: number | null;
  /** Cost basis in USD at that look: what tells a split from a fill. */
  readonly costBasisUsd: number | null;
  /** What the broker shows instead where no order explains the change (a split): hands off; else `null`. */
  readonly unexplainedQty: number | null;
  /** What it showed at the first such look, where that was another quantity: sells since then account for that one. */
  readonly unexplainedFromQty?: number;
  /** When the change was first seen that no order explains, Unix ms by the broker's clock; else `null`. */
  readonly unexplainedSinceMs: number | null;
  readonly openedAtMs: number;
  /** When the entry was first seen partly filled; `null` where it is not, or is completely filled. */
  readonly partialSinceMs: number | null;
}

/** A position that the operator took off the engine's hands (`release`; pipeline 5). */
export interface ReleasedPosition {
  readonly symbol: string;
  readonly positionId: string;
  readonly releasedAtMs: number;
}

/** What has been alerted, so that "once" holds across restarts (interface, Slack). Key to the last value delivered. */
export type Alerted = Readonly<Record<string, string>>;

/**
 * All that the engine knows between cycles and restarts, one value: `execution_state.json`. `live_orders_today.json` is written
 * from it (pipeline 6).
 */
export interface EngineState {
  /** Broker host and account that it belongs to; `null` in a file of an earlier release alone. */
  readonly host: string | null;
  readonly accountId: string | null;
  readonly intents: readonly EntryIntent[];
  readonly positions: readonly ManagedPosition[];
  /** Positions that are the operator's for as long as the broker shows them or their orders. */
  readonly released: readonly ReleasedPosition[];
  readonly alerted: Alerted;
  /** End of the last completed cycle, Unix ms. */
  readonly lastCycleAtMs: number | null;
  /** The gate line of the last cycle, for `status`. */
  readonly lastGate: string | null;
  /** Mismatches that a release before this one counted beside its ledger; the ledger has them where it is known. */
  readonly mismatches: number;
  /** How each managed position stood at the end of the last cycle: what is bare or due keeps its since over a restart. */
  readonly standings: readonly Standing[];
  /** What each managed position's sells and stops left unfinished or refused. */
  readonly unfinished: readonly Unfinished[];
  /** What was looked for and not found, for how long; over once it is found, or nobody looks for it. */
  readonly absences: readonly Absence[];
  /** NY date of the clock's answer to the last reconciliation; `null` where none was, or a release before this one ran it. */
  readonly dateSeenNy: string | null;
  /** The last day whose loss reached its limit; `null` where none did. */
  readonly dayLoss: DayLoss | null;
  /** The day's orders, each before its request leaves; `null` where a release before this one wrote the file. */
  readonly ledger: LiveLedger | null;
  /** Digests that the ledger's file may have by our own hand: one that a crash left is one write behind, and no change. */
  readonly ledgerVersions: readonly string[];
}

/** Whether the records show orders of ours twice that this engine never sent: until `ledger rebuild --yes` (pipeline 6). */
export function isLocked(
  { ledger, mismatches }: Pick<EngineState, "ledger" | "mismatches">,
): boolean {
  return (ledger?.mismatches ?? mismatches) >= MISMATCHES_MAX;
}

/** The state of a first start. */
export const EMPTY_STATE: EngineState = {
  host: null,
  accountId: null,
  intents: [],
  positions: [],
  released: [],
  alerted: {},
  lastCycleAtMs: null,
  lastGate: null,
  mismatches: 0,
  standings: [],
  unfinished: [],
  absences: [],
  dateSeenNy: null,
  dayLoss: null,
  ledger: null,
  ledgerVersions: [],
};
