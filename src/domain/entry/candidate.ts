import type { ListedLevels } from "../exit/levels.ts";

/** One usable row of the watchlist (pipeline 1). Prices in USD per share. */
export interface Candidate extends ListedLevels {
  readonly symbol: string;
  readonly priceUsd: number;
  readonly distancePct: number;
  readonly stopUsd: number;
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
    /** The oldest `ScanDate`, `YYYY-MM-DD`, and the line that it is on; `null` where no row has one. */
    readonly scanDate: { readonly line: number; readonly dateNy: string } | null;
    /** The first `ScanDate` that is no date, as it may be printed. */
    readonly oddScanDate: { readonly line: number; readonly text: string } | null;
  }
  | { readonly kind: "refused"; readonly reason: string };
