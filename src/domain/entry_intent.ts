import type { ClientOrderId } from "./client_order_id.ts";

/** What the strategy wants to buy, and until when that is worth anything (pipeline 4). Kept in `execution_state.json`. */
export interface EntryIntent {
  /** A function of date, symbol and time of confirmation alone. */
  readonly clientOrderId: ClientOrderId;
  readonly dateNy: string;
  readonly symbol: string;
  readonly qty: number;
  readonly pivotUsd: number;
  readonly stopUsd: number;
  /** First trim level: `Target_R1`, else the pivot. */
  readonly r1Usd: number;
  /** `Target_R2`: the bracket's take-profit and the second trim level. */
  readonly r2Usd: number;
  /** Close of the bar that confirmed. */
  readonly refPriceUsd: number;
  readonly distancePct: number;
  readonly confirmedAtMs: number;
  readonly scheduledAtMs: number;
  /** The earlier of 15 minutes after `scheduledAtMs` and the end of the session it was made in. */
  readonly expiresAtMs: number;
}
