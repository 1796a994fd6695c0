import type { ExitReason } from "./exit_plan.ts";

/**
 * What a position's sells and stops left unfinished, and what the broker refused of them: a restart is a longer pause, and
 * decides from the same (pipeline 5, "How, at the broker"). Times Unix ms by the broker's clock.
 */
export interface Unfinished {
  readonly positionId: string;
  /** Its protection was cancelled and not put back yet: only the operator may keep that from happening. */
  readonly isBare: boolean;
  /** When the broker last refused its stop because the market is at or below it. */
  readonly stopRefusedAtMs: number | null;
  /** A hand's price, USD a share, that the market has come below: no stop is taken there any more. */
  readonly spentHandStopUsd: number | null;
  /** When the broker last refused its stop as a wash trade, beside a buy that works. */
  readonly besideBuyAtMs: number | null;
  /** When the broker last refused an exit's sell, by its reason. */
  readonly sellRefusedAtMs: Readonly<Partial<Record<ExitReason, number>>>;
}

/** What is unfinished of a position: nothing, where no record says otherwise. */
export function findUnfinished(all: readonly Unfinished[], positionId: string): Unfinished {
  return all.find((each) => each.positionId === positionId) ?? {
    positionId,
    isBare: false,
    stopRefusedAtMs: null,
    spentHandStopUsd: null,
    besideBuyAtMs: null,
    sellRefusedAtMs: {},
  };
}

/** The records with one position's changed; one that says nothing any more is left out. */
export function putUnfinished(
  all: readonly Unfinished[],
  positionId: string,
  change: Partial<Omit<Unfinished, "positionId">>,
): readonly Unfinished[] {
  const next = { ...findUnfinished(all, positionId), ...change };
  const others = all.filter((each) => each.positionId !== positionId);
  const isNothing = !next.isBare && next.stopRefusedAtMs === null &&
    next.spentHandStopUsd === null && next.besideBuyAtMs === null &&
    Object.keys(next.sellRefusedAtMs).length === 0;
  return isNothing ? others : [...others, next];
}
