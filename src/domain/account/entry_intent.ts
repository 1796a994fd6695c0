import type { PlanLevels } from "../exit/levels.ts";
import type { ClientOrderId } from "../order/client_order_id.ts";

/** What the strategy wants to buy, and until when that is worth anything (pipeline 4). Kept in `execution_state.json`. */
export interface EntryIntent extends PlanLevels {
  /** By what was known when it was made; named anew when it is decided (`buildEntryId`). */
  readonly clientOrderId: ClientOrderId;
  readonly dateNy: string;
  readonly symbol: string;
  readonly qty: number;
  readonly stopUsd: number;
  /** Close of the bar that confirmed. */
  readonly refPriceUsd: number;
  /** Start of that bar, Unix ms: a trade from before it is no price of the breakout. */
  readonly b2StartMs: number;
  readonly distancePct: number;
  readonly confirmedAtMs: number;
  readonly scheduledAtMs: number;
  /** The earlier of 15 minutes after `scheduledAtMs` and the end of the session it was made in. */
  readonly expiresAtMs: number;
}
