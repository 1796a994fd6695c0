/** Levels that the operator gives a position, USD per share. */
export interface AdoptPlan {
  readonly stopUsd: number;
  readonly r1Usd: number | null;
  /** `null`: protection and `stop_exit` alone. */
  readonly r2Usd: number | null;
}

/** What the operator asked a running engine for (interface, Commands `release` and `adopt`). */
export type OperatorRequest =
  | {
    readonly kind: "release";
    readonly symbol: string;
    /** The position that he saw: another one is not released. */
    readonly positionId: string;
    readonly atMs: number;
  }
  | {
    readonly kind: "adopt";
    readonly symbol: string;
    /** `null`: the plan of today's list. */
    readonly plan: AdoptPlan | null;
    readonly atMs: number;
  };

/** A running engine does not take up what was asked for longer ago than this. Milliseconds. */
export const REQUEST_AGE_MAX_MS = 24 * 3_600_000;
