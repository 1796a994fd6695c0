// A small table of what the published documents of the trading API say; published_test.ts holds it against them.

/** Fields of a published schema. */
export interface PublishedFields {
  /** Its name in the document. */
  readonly schema: string;
  /** Those that an answer must have; all others may be absent. */
  readonly required: readonly string[];
  readonly optional: readonly string[];
  /** Those among them that may be `null`. */
  readonly nullable: readonly string[];
}

/** Values of a published enumeration; others appear without notice (broker.md). */
export interface PublishedValues {
  readonly schema: string;
  readonly values: readonly string[];
}

/** What an object of an answer can be. */
export type PublishedKind = "order" | "position" | "account" | "clock";

/** By kind, the fields of its schema. */
export const PUBLISHED_FIELDS: Readonly<Record<PublishedKind, PublishedFields>> = {
  order: {
    schema: "Order",
    required: ["notional", "time_in_force", "type"],
    optional: [
      "asset_class",
      "asset_id",
      "canceled_at",
      "client_order_id",
      "created_at",
      "expired_at",
      "expires_at",
      "extended_hours",
      "failed_at",
      "filled_at",
      "filled_avg_price",
      "filled_qty",
      "hwm",
      "id",
      "legs",
      "limit_price",
      "order_class",
      "order_type",
      "position_intent",
      "qty",
      "ratio_qty",
      "replaced_at",
      "replaced_by",
      "replaces",
      "side",
      "status",
      "stop_price",
      "submitted_at",
      "symbol",
      "trail_percent",
      "trail_price",
      "updated_at",
    ],
    nullable: [
      "canceled_at",
      "expired_at",
      "failed_at",
      "filled_at",
      "filled_avg_price",
      "hwm",
      "legs",
      "limit_price",
      "notional",
      "qty",
      "ratio_qty",
      "replaced_at",
      "replaced_by",
      "replaces",
      "stop_price",
      "submitted_at",
      "trail_percent",
      "trail_price",
      "updated_at",
    ],
  },
  position: {
    schema: "Position",
    required: [
      "asset_class",
      "asset_id",
      "asset_marginable",
      "avg_entry_price",
      "change_today",
      "cost_basis",
      "current_price",
      "exchange",
      "lastday_price",
      "market_value",
      "qty",
      "side",
      "symbol",
      "unrealized_intraday_pl",
      "unrealized_intraday_plpc",
      "unrealized_pl",
      "unrealized_plpc",
    ],
    optional: ["avg_entry_swap_rate", "prev_swap_rate", "qty_available", "swap_rate", "usd"],
    nullable: [],
  },
  account: {
    schema: "Account",
    required: ["id", "status"],
    optional: [
      "account_blocked",
      "account_number",
      "accrued_fees",
      "balance_asof",
      "buying_power",
      "cash",
      "created_at",
      "crypto_status",
      "currency",
      "daytrade_count",
      "daytrading_buying_power",
      "equity",
      "initial_margin",
      "intraday_adjustments",
      "last_equity",
      "last_maintenance_margin",
      "long_market_value",
      "maintenance_margin",
      "multiplier",
      "non_marginable_buying_power",
      "options_approved_level",
      "options_buying_power",
      "options_trading_level",
      "pattern_day_trader",
      "pending_reg_taf_fees",
      "pending_transfer_in",
      "pending_transfer_out",
      "portfolio_value",
      "regt_buying_power",
      "short_market_value",
      "shorting_enabled",
      "sma",
      "trade_suspended_by_user",
      "trading_blocked",
      "transfers_blocked",
    ],
    nullable: [],
  },
  clock: {
    schema: "legacy_clock",
    required: ["is_open", "next_close", "next_open", "timestamp"],
    optional: [],
    nullable: [],
  },
};

/** By field, the values of its enumeration. */
export const PUBLISHED_VALUES = {
  status: {
    schema: "OrderStatus",
    values: [
      "accepted",
      "accepted_for_bidding",
      "calculated",
      "canceled",
      "done_for_day",
      "expired",
      "filled",
      "held",
      "new",
      "partially_filled",
      "pending_cancel",
      "pending_new",
      "pending_replace",
      "rejected",
      "replaced",
      "stopped",
      "suspended",
    ],
  },
  type: { schema: "OrderType", values: ["limit", "market", "stop", "stop_limit", "trailing_stop"] },
  side: { schema: "OrderSide", values: ["buy", "sell"] },
  orderClass: { schema: "OrderClass", values: ["", "bracket", "mleg", "oco", "oto", "simple"] },
  timeInForce: { schema: "TimeInForce", values: ["cls", "day", "fok", "gtc", "ioc", "opg"] },
  assetClass: { schema: "AssetClass", values: ["crypto", "ipo", "us_equity", "us_option"] },
  accountStatus: {
    schema: "AccountStatus",
    values: [
      "ACCOUNT_CLOSED",
      "ACCOUNT_CLOSED_PENDING",
      "ACCOUNT_UPDATED",
      "ACTION_REQUIRED",
      "ACTIVE",
      "APPROVAL_PENDING",
      "APPROVED",
      "INACTIVE",
      "LIMITED",
      "ONBOARDING",
      "PAPER_ONLY",
      "REJECTED",
      "SUBMISSION_FAILED",
      "SUBMITTED",
    ],
  },
} as const satisfies Readonly<Record<string, PublishedValues>>;
