import { isActionable, readShares } from "../account/position_shares.ts";
import { isEntryWorking, type Sight } from "../account/sight.ts";
import type { EngineState, ManagedPosition } from "../account/engine_state.ts";
import { markTrimmed, unmarkTrimmed } from "../exit/decide_exit.ts";
import { EXIT_RULES, TRIM_REASONS, type TrimReason } from "../exit/exit_rules.ts";
import type { LedgerEntry, LiveLedger } from "../order/ledger.ts";
import { type ExitRecord, findExitRecord } from "../account/exit_record.ts";
import { note } from "./move.ts";
import type { Settled } from "./step.ts";

/** What trims are held against, beside the records. */
export interface TrimsLook {
  readonly sight: Sight;
  /** What the last days' ledgers recorded; nothing of these is known where they can't be read. */
  readonly past: readonly LedgerEntry[];
  /** Positions adopted in this cycle, which it only protects. */
  readonly fresh: ReadonlySet<string>;
}

/**
 * Brings the trim flags to what the records show: a trim whose order the broker took and then ended without a share sold is
 * due again (pipeline 5, "When"); one whose lost answer was found later, or that a crash kept from being noted, is done,
 * wherever the price is by now, and whether or not there is one. Without a ledger nothing is known of sells: the flags stay.
 */
export function reviseTrims({ positions, ledger }: EngineState, look: TrimsLook): Settled {
  const { sight, fresh } = look;
  const revised = ledger === null ? [] : positions.flatMap((position) => {
    if (fresh.has(position.positionId) || sight.unreadable.has(position.symbol)) return [];
    if (!isActionable(position, readShares(sight, position))) return [];
    return isEntryWorking(sight, position) ? [] : [revise(ledger, look, position)];
  });
  return {
    change: revised.flatMap(({ change }) => change),
    say: revised.flatMap(({ say }) => say),
  };
}

function revise(ledger: LiveLedger, look: TrimsLook, position: ManagedPosition): Settled {
  const records = new Map(
    TRIM_REASONS.map((reason) => [reason, findTrimRecord(ledger, look, position, reason)]),
  );
  const marked = TRIM_REASONS.filter((reason) => records.get(reason) === "done")
    .reduce((each, reason) => isMarked(each, reason) ? each : markTrimmed(each, reason), position);
  const undone = TRIM_REASONS.filter((reason) =>
    isMarked(marked, reason) && records.get(reason) === "unfilled"
  );
  const next = undone.reduce<ManagedPosition>(unmarkTrimmed, marked);
  return {
    change: next === position ? [] : [{ kind: "position", position: next }],
    say: undone.length > 0 ? [note({ position }, { kind: "trim_undone" })] : [],
  };
}

function isMarked(position: ManagedPosition, reason: TrimReason): boolean {
  return position[EXIT_RULES[reason].flag];
}

/** What became of a trim, today's or one of the last days'. */
function findTrimRecord(
  { entries }: LiveLedger,
  { sight, past }: TrimsLook,
  { positionId }: ManagedPosition,
  reason: TrimReason,
): ExitRecord {
  const record = findExitRecord(entries, sight.book, positionId, reason);
  return record === "none" ? findExitRecord(past, new Map(), positionId, reason) : record;
}
