/** A 10-minute bar, stamped with its start (broker.md, Time and data). */
export interface Bar {
  readonly startMs: number;
  readonly closeUsd: number;
}

/** The latest trade of a symbol. */
export interface Trade {
  readonly priceUsd: number;
  readonly atMs: number;
  /** The exchange's id of it, where it was readable: one beyond 2^53 is not exact, and only told apart by its time then. */
  readonly tradeId?: number;
}

/** What the broker's clock says. All times in Unix milliseconds. */
export interface MarketClock {
  readonly timestampMs: number;
  readonly isOpen: boolean;
  readonly nextOpenMs: number;
  readonly nextCloseMs: number;
}

/** One regular session from the calendar; half days have an earlier `closeMs`. */
export interface Session {
  readonly dateNy: string;
  readonly openMs: number;
  readonly closeMs: number;
}

/** Length of the bars that confirm a breakout. */
export const BAR_MINUTES = 10;
/** The same in milliseconds. */
export const BAR_MS = BAR_MINUTES * 60_000;
