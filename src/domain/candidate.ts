/** One usable row of the watchlist (pipeline 1). Prices in USD per share. */
export interface Candidate {
  readonly symbol: string;
  readonly priceUsd: number;
  readonly pivotUsd: number;
  readonly distancePct: number;
  readonly stopUsd: number;
  readonly r1Usd: number | null;
  readonly r2Usd: number;
  readonly anchor: string;
}

/** A row that is not traded, with its line in the file (the header is line 1) and why. */
export interface DroppedRow {
  readonly line: number;
  readonly symbol: string;
  readonly reason: string;
}

/** What a watchlist file says: its usable rows, or why the whole file is refused. */
export type Watchlist =
  | {
    readonly kind: "parsed";
    readonly candidates: readonly Candidate[];
    readonly dropped: readonly DroppedRow[];
    readonly scanDate: string | null;
  }
  | { readonly kind: "refused"; readonly reason: string };
