import type { OrderSide } from "../order/orders.ts";

// The audit trail `events-YYYY-MM-DD.jsonl` (interface, Files): one JSON object a line. The log puts `v` (the version of
// this format, 1), `at` (ISO 8601 UTC, the host's clock) and `type` in front. Names are snake_case and end in their unit:
// `_usd` (per share where it is a price), `_seconds`, `_ms` (Unix milliseconds); other times are ISO 8601 UTC. A reader
// passes over types and fields that it does not know; a change that an old reader would misread raises `v`.

/** Mode under which something was decided. */
export type EventMode = "LIVE" | "DRY_RUN";

/** The process began: which release, and whose money it trades. */
export type EngineStartedEvent = {
  readonly type: "engine_started";
  readonly version: string;
  /** `paper`, `live-money` or `custom`, by the host itself. */
  readonly endpoint: string;
  readonly host: string;
  readonly poll_seconds: number;
};

/**
 * A record as the process found it at its start, whole, in parts whose texts in their order are the file's (credentials
 * aside). Before the process's other lines.
 */
export type RecordsEvent = {
  readonly type: "records";
  /** `execution_state.json` or `live_orders_today.json`. */
  readonly file: string;
  /** From 1 to `parts`. */
  readonly part: number;
  readonly parts: number;
  /** `null`: there is none, or it can't be read; `why` says it. */
  readonly text: string | null;
  readonly why: string | null;
};

/** The process ended as it was told to; a crash leaves no such line. */
export type EngineStoppedEvent = { readonly type: "engine_stopped" };

/** The broker's clock, at each change. `null`: it could not be read, which counts as closed. */
export type MarketEvent = {
  readonly type: "market";
  readonly is_open: boolean | null;
  readonly next_open: string | null;
  readonly next_close: string | null;
};

/** What the gate was decided from; tokens only as whether they are there. */
export type GateInputsRecord = {
  readonly is_dry_run: boolean;
  readonly is_kill_switch_env: boolean;
  readonly is_kill_switch_file: boolean;
  readonly is_live_trading: boolean;
  readonly has_env_token: boolean;
  readonly has_file_token: boolean;
  readonly invalid_configuration: string | null;
  readonly ledger_problem: string | null;
  readonly positions_problem: string | null;
};

/** The gate's decision, once a cycle and at each change, with its inputs. */
export type GateEvent = {
  readonly type: "gate";
  readonly mode: EventMode;
  readonly reason: string;
  /** `ALL`, the sorted tickers, or `invalid`. */
  readonly allowlist: string;
  readonly caps: {
    readonly orders_per_day: number;
    readonly positions: number;
    readonly gross_notional_usd: number;
    readonly notional_per_symbol_usd: number;
  } | null;
  readonly inputs: GateInputsRecord | null;
};

/** The kill switch changed, or was found on at the start. */
export type KillSwitchEvent = {
  readonly type: "kill_switch";
  readonly is_active: boolean;
  readonly source: "env" | "file" | null;
  /** Who says so: an engine that saw it, or `flatten`, which made it. */
  readonly by: "engine" | "flatten";
};

/** The operator paused entries or let them go on, or they were found paused at the start. */
export type EntriesPausedEvent = {
  readonly type: "entries_paused";
  readonly is_active: boolean;
};

/** The day's loss reached its limit: no further entry that day (interface, `MAX_LIVE_LOSS_PER_DAY`). */
export type DailyLossEvent = {
  readonly type: "daily_loss";
  readonly result_usd: number;
  readonly limit_usd: number;
};

/** A version of the watchlist as the freshness gate and the parser judged it. */
export type WatchlistEvent = {
  readonly type: "watchlist";
  /** `fresh`, `stale`, `missing`, `unreadable` or `refused`. */
  readonly status: string;
  readonly candidates: number;
  readonly dropped: readonly {
    readonly line: number;
    readonly symbol: string;
    readonly reason: string;
  }[];
  readonly message: string | null;
};

/** A candidate whose last two closed bars confirmed a breakout. */
export type SignalEvent = {
  readonly type: "signal";
  readonly symbol: string;
  /** `intent`, `waiting` (one was there already) or `no_shares` (the size came to 0). */
  readonly outcome: string;
  readonly pivot_usd: number;
  readonly b1_close_usd: number;
  readonly b2_close_usd: number;
  readonly b2_start: string;
  readonly qty: number;
};

/** A new entry intent with everything that its size and its time came from. */
export type IntentEvent = {
  readonly type: "intent";
  readonly symbol: string;
  readonly client_order_id: string;
  readonly qty: number;
  readonly pivot_usd: number;
  readonly r1_usd: number;
  readonly r2_usd: number;
  readonly stop_usd: number;
  readonly ref_price_usd: number;
  /** The watchlist's own price, which the size is made with. */
  readonly list_price_usd: number | null;
  readonly equity_usd: number;
  readonly distance_pct: number;
  /** The 10-minute bars that were looked at, oldest first: start and close. */
  readonly bars: readonly { readonly start: string; readonly close_usd: number }[];
  readonly scheduled_at: string;
  readonly expires_at: string;
};

/** A due intent that was dropped without asking the caps, or a confirmed symbol that got none (no id then). */
export type SkipEvent = {
  readonly type: "skip";
  readonly symbol: string;
  readonly client_order_id: string | null;
  readonly mode: EventMode;
  readonly reason: string;
};

/** An entry's verdict under a LIVE gate, with what it was measured against. */
export type VerdictEvent = {
  readonly type: "verdict";
  readonly symbol: string;
  readonly client_order_id: string;
  readonly mode: "LIVE";
  readonly qty: number;
  readonly ref_price_usd: number;
  /** Start of the second bar that confirmed: what tells a denial from the same one of the same pair of bars. */
  readonly b2_start: string;
  readonly last_price_usd: number | null;
  readonly notional_usd: number | null;
  readonly is_allowed: boolean;
  readonly reason: string;
  readonly detail: string | null;
  readonly open_symbols: number | null;
  readonly used_orders: number | null;
  readonly used_gross_usd: number | null;
  readonly used_symbol_usd: number | null;
  readonly clock_skew_seconds: number | null;
};

/** An order that DRY_RUN would have sent. */
export type DryRunOrderEvent = {
  readonly type: "dry_run_order";
  readonly symbol: string;
  readonly client_order_id: string;
  readonly qty: number;
  readonly stop_usd: number;
  readonly take_profit_usd: number;
  readonly ref_price_usd: number;
  readonly notional_usd: number;
  readonly is_allowlisted: boolean;
};

/** An order is durable in the live ledger; nothing of it has left yet. */
export type OrderRecordedEvent = {
  readonly type: "order_recorded";
  readonly symbol: string;
  readonly client_order_id: string | null;
  readonly side: OrderSide;
  readonly qty: number | null;
  readonly notional_usd: number;
  /** A sell's reason: one of `EXIT_RULES`, or `stop` for a resting one. */
  readonly reason: string | null;
  readonly stop_usd: number | null;
  readonly pivot_usd: number | null;
  readonly r1_usd: number | null;
  readonly r2_usd: number | null;
};

/** What an order-changing request says: `bracket`, `sell`, `stop`, `replace` or `cancel`. */
export type OrderRequestFields = {
  readonly symbol: string;
  readonly op: "bracket" | "sell" | "stop" | "replace" | "cancel";
  readonly client_order_id: string | null;
  /** The order that is replaced or cancelled. */
  readonly order_id: string | null;
  readonly qty: number | null;
  readonly stop_usd: number | null;
  readonly take_profit_usd: number | null;
};

/** An order-changing request is about to be asked for; the gate looks once more before it leaves. */
export type OrderRequestEvent = { readonly type: "order_request" } & OrderRequestFields;

/** What the engine made of the answer, or `stopped` where nothing left. The wire itself is in `exchange`. */
export type OrderAnswerEvent = {
  readonly type: "order_answer";
  /** `accepted`, `duplicate`, `rejected`, `unknown`, `requested` (a cancel under way) or `stopped`. */
  readonly outcome: string;
  readonly answer_order_id: string | null;
  readonly order_status: string | null;
  /** Why it was rejected, is not known, or was stopped. */
  readonly why: string | null;
  readonly http_status: number | null;
  readonly code: number | null;
  readonly message: string | null;
} & OrderRequestFields;

/** One HTTP exchange that may have changed something at the broker, raw but without credentials. */
export type ExchangeEvent = {
  readonly type: "exchange";
  readonly method: string;
  readonly path: string;
  readonly request_body: unknown;
  readonly http_status: number | null;
  readonly failure: string | null;
  readonly answer_body: unknown;
  readonly took_ms: number;
};

/** A ledger entry's status, or the broker's view of it, changed. */
export type OrderUpdateEvent = {
  readonly type: "order_update";
  readonly symbol: string;
  readonly client_order_id: string | null;
  readonly order_id: string | null;
  readonly side: OrderSide;
  readonly qty: number | null;
  readonly reason: string | null;
  readonly detail: string | null;
  /** The ledger's: `pending`, `accepted`, `rejected` or `unknown`. */
  readonly status: string;
  /** The broker's, as on the wire. */
  readonly order_status: string | null;
  readonly filled_qty: number;
  readonly filled_avg_price_usd: number | null;
};

/** The engine decided to cancel an entry that the broker has: once, before the cancel is asked for. Since release 0.2.0. */
export type EntryEndEvent = {
  readonly type: "entry_end";
  readonly symbol: string;
  readonly client_order_id: string;
  readonly order_id: string;
  /** `unfilled`, `partly filled`, `close near` or `daily loss`. */
  readonly why: string;
  readonly qty: number | null;
  readonly filled_qty: number;
};

/**
 * The broker shows shares of ours traded: cumulative for its order, so the newest line of an order holds. In the file of the
 * day on which it was seen.
 */
export type FillEvent = {
  readonly type: "fill";
  readonly symbol: string;
  readonly side: OrderSide;
  readonly order_id: string;
  readonly client_order_id: string;
  /** `entry`; a sell's reason; `take_profit` or `stop` for a leg; `other` for an order that is not ours. */
  readonly reason: string;
  readonly filled_qty: number;
  readonly qty: number | null;
  readonly filled_avg_price_usd: number | null;
  readonly filled_at: string;
  /** The order id in whose place it came: what that one filled may be counted again here. Since release 0.2.0. */
  readonly replaces: string | null;
};

/** The broker showed orders of ours that the ledger lacked. */
export type ReconciliationEvent = {
  readonly type: "reconciliation";
  readonly mismatched: readonly string[];
};

/** A managed position's price and levels as the exit rules saw them. */
export type PriceEvent = {
  readonly type: "price";
  readonly symbol: string;
  readonly price_usd: number;
  readonly stop_usd: number;
  readonly high_water_usd: number;
  readonly pivot_usd: number;
  readonly r1_usd: number;
  readonly r2_usd: number;
  readonly qty: number | null;
};

/** An exit rule is due; in DRY_RUN that is all that happens. */
export type ExitEvent = {
  readonly type: "exit";
  readonly symbol: string;
  readonly mode: EventMode;
  readonly reason: string;
  readonly qty: number;
  readonly price_usd: number;
  readonly stop_usd: number;
};

/** What became of a managed position. */
export type PositionEvent = {
  readonly type: "position";
  readonly symbol: string;
  readonly position_id: string;
  /** `changed`, `gone`, `never_filled`, `absent`, `unexplained`, `adopted`, `released`, `entry partly filled`, `stop raised`. */
  readonly change: string;
  readonly qty: number | null;
  readonly opened_at: string;
  readonly adopted_qty: number;
  /** What the engine's shares of it cost, USD: of an adoption those adopted; `null` where that is not known. */
  readonly cost_basis_usd: number | null;
  readonly stop_usd: number;
  /** Of an adoption: how many of its shares were bought today, and at what, USD per share; `null` where that is not known. */
  readonly bought_today_qty?: number | null;
  readonly bought_today_usd?: number | null;
};

/** The next step that brings a position's stop to where it belongs. */
export type ProtectionEvent = {
  readonly type: "protection";
  readonly symbol: string;
  /** `wait`, `place`, `replace` or `convert`. */
  readonly step: string;
  readonly qty: number | null;
  readonly stop_usd: number;
};

/** The account's equity and what it holds, whenever it changed from the cycle before. */
export type EquityEvent = {
  readonly type: "equity";
  /** `null` where the broker leaves it out. */
  readonly equity_usd: number | null;
  readonly positions:
    | readonly {
      readonly symbol: string;
      readonly qty: number;
      readonly price_usd: number | null;
      /** The previous session's close. Since release 0.2.0, as `managed_qty`. */
      readonly last_close_usd: number | null;
      readonly is_managed: boolean;
      /** Shares without those that a hand bought beside them; 0 where it is not managed. */
      readonly managed_qty: number;
      /** Whether orders account for how many there are (pipeline 5, "A quantity that changed"). */
      readonly is_explained: boolean;
    }[]
    | null;
};

/** The day in numbers, as the daily summary counted it: symbols, each once. */
export type SummaryEvent = {
  readonly type: "summary";
  readonly mode: EventMode;
  /** `null` where the day's events could not be read. */
  readonly tried: number | null;
  readonly accepted: number;
  readonly denied: number;
  readonly rejected: number;
  readonly expired: number;
  readonly unresolved: number;
  readonly unfilled: number;
  /** The trade results of what closed today, together. */
  readonly realised_usd: number | null;
  /** The day result; `null` where a part of it is not known. Since release 0.2.0. */
  readonly day_result_usd: number | null;
  readonly text: string;
};

/** A message that Slack took, or that was lost. Written by the alert adapter. */
export type AlertEvent = {
  readonly type: "alert";
  readonly level: string;
  readonly title: string;
  readonly text: string;
  readonly outcome: "delivered" | "lost";
  readonly attempts: number;
  readonly state_key?: string;
  readonly state_value?: string;
};

/** Something went wrong, in the words that log and Slack have. `stack` only for a bug. */
export type ErrorEvent = {
  readonly type: "error";
  readonly message: string;
  /** How often it was said since `since`, this time included, where it repeated. */
  readonly times?: number | undefined;
  readonly since?: string | undefined;
  /** Where its numbers and ids tell it from others with the same words. Since release 0.2.0. */
  readonly is_distinct?: true | undefined;
  readonly stack?: string | undefined;
};

/** A cycle ended; when the next one is due and what for. */
export type CycleEvent = {
  readonly type: "cycle";
  readonly next_wake_ms: number;
  readonly why: string;
};

/** Every line that this program writes, by its type. */
export type AuditEvent =
  | EngineStartedEvent
  | RecordsEvent
  | EngineStoppedEvent
  | MarketEvent
  | GateEvent
  | KillSwitchEvent
  | EntriesPausedEvent
  | DailyLossEvent
  | WatchlistEvent
  | SignalEvent
  | IntentEvent
  | SkipEvent
  | VerdictEvent
  | DryRunOrderEvent
  | OrderRecordedEvent
  | OrderRequestEvent
  | OrderAnswerEvent
  | ExchangeEvent
  | OrderUpdateEvent
  | EntryEndEvent
  | FillEvent
  | ReconciliationEvent
  | PriceEvent
  | ExitEvent
  | PositionEvent
  | ProtectionEvent
  | EquityEvent
  | SummaryEvent
  | AlertEvent
  | ErrorEvent
  | CycleEvent;

/** What a line of `events-YYYY-MM-DD.jsonl` can be about. */
export type EventType = AuditEvent["type"];

/** An event on its way into the log, which adds `v` and `at`. */
export interface EngineEvent {
  readonly type: EventType;
  readonly symbol?: string;
  readonly [field: string]: unknown;
}

/** One line of the audit trail as it was read back; nothing beyond `at` and `type` can be taken for granted. */
export interface RecordedEvent {
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly type: string;
  readonly symbol?: string | undefined;
  readonly [field: string]: unknown;
}

/** A number of a line read back; `null` where it is not there or is none. */
export function readNumber(event: RecordedEvent, field: string): number | null {
  const value = event[field];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** A text of a line read back; `null` where it is not there or is none. */
export function readText(event: RecordedEvent, field: string): string | null {
  const value = event[field];
  return typeof value === "string" ? value : null;
}

/** Unix ms of a time field of a line read back (`at` where none is named); `null` where it is no time. */
export function readTimeMs(event: RecordedEvent, field = "at"): number | null {
  const value = event[field];
  const ms = typeof value === "string" ? Date.parse(value) : NaN;
  return Number.isFinite(ms) ? ms : null;
}
