/** What a line of `events-YYYY-MM-DD.jsonl` can be about. */
export type EventType =
  | "engine_started"
  | "engine_stopped"
  | "market"
  | "gate"
  | "kill_switch"
  | "watchlist"
  | "signal"
  | "intent"
  | "skip"
  | "verdict"
  | "dry_run_order"
  | "order_recorded"
  | "order_request"
  | "order_answer"
  | "order_update"
  | "exchange"
  | "reconciliation"
  | "price"
  | "exit"
  | "position"
  | "protection"
  | "equity"
  | "alert"
  | "error"
  | "cycle";

/**
 * One line of the audit trail: what was decided from what, what was asked of the broker and what it said. `v` and `at`
 * are added by the log; money is in USD with the unit in the name, times are ISO 8601 UTC, names are snake_case.
 */
export interface EngineEvent {
  readonly type: EventType;
  readonly symbol?: string;
  readonly [field: string]: unknown;
}
