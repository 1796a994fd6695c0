import type { EnvironmentVariable } from "./environment.ts";

/** A variable that somebody set and nothing reads, and the one that was most likely meant. */
export interface Misspelling {
  readonly written: string;
  readonly meant: EnvironmentVariable;
}

/**
 * Names that look like ours and are not: a cap that is not read is no cap. A fixed list, because the binary may read
 * these variables and no other.
 */
export const MISSPELLINGS: readonly Misspelling[] = [
  { written: "DRYRUN", meant: "DRY_RUN" },
  { written: "DRY_RUN_MODE", meant: "DRY_RUN" },
  { written: "LIVE_TRADE", meant: "LIVE_TRADING" },
  { written: "LIVE_TRADING_ENABLED", meant: "LIVE_TRADING" },
  { written: "LIVETRADING", meant: "LIVE_TRADING" },
  { written: "LIVE_TOKEN", meant: "LIVE_CONFIRM_TOKEN" },
  { written: "LIVE_CONFIRMATION_TOKEN", meant: "LIVE_CONFIRM_TOKEN" },
  { written: "CONFIRM_TOKEN", meant: "LIVE_CONFIRM_TOKEN" },
  { written: "KILLSWITCH", meant: "KILL_SWITCH" },
  { written: "ALLOWLIST", meant: "ALLOWLIST_SYMBOLS" },
  { written: "ALLOWLIST_SYMBOL", meant: "ALLOWLIST_SYMBOLS" },
  { written: "ALLOW_LIST_SYMBOLS", meant: "ALLOWLIST_SYMBOLS" },
  { written: "WHITELIST_SYMBOLS", meant: "ALLOWLIST_SYMBOLS" },
  { written: "MAX_LIVE_ORDER_PER_DAY", meant: "MAX_LIVE_ORDERS_PER_DAY" },
  { written: "MAX_LIVE_ORDERS", meant: "MAX_LIVE_ORDERS_PER_DAY" },
  { written: "MAX_ORDERS_PER_DAY", meant: "MAX_LIVE_ORDERS_PER_DAY" },
  { written: "MAX_LIVE_POSITION", meant: "MAX_LIVE_POSITIONS" },
  { written: "MAX_POSITIONS", meant: "MAX_LIVE_POSITIONS" },
  { written: "MAX_LIVE_NOTIONAL", meant: "MAX_LIVE_GROSS_NOTIONAL" },
  { written: "MAX_GROSS_NOTIONAL", meant: "MAX_LIVE_GROSS_NOTIONAL" },
  { written: "MAX_NOTIONAL_PER_DAY", meant: "MAX_LIVE_GROSS_NOTIONAL" },
  { written: "MAX_LIVE_NOTIONAL_PER_DAY", meant: "MAX_LIVE_GROSS_NOTIONAL" },
  { written: "MAX_LIVE_GROSS_NOTIONAL_PER_DAY", meant: "MAX_LIVE_GROSS_NOTIONAL" },
  { written: "MAX_LIVE_GROSS_NOTIONAL_USD", meant: "MAX_LIVE_GROSS_NOTIONAL" },
  { written: "MAX_LIVE_NOTIONAL_PER_SYMBOLS", meant: "MAX_LIVE_NOTIONAL_PER_SYMBOL" },
  { written: "MAX_NOTIONAL_PER_SYMBOL", meant: "MAX_LIVE_NOTIONAL_PER_SYMBOL" },
  { written: "MAX_LIVE_SYMBOL_NOTIONAL", meant: "MAX_LIVE_NOTIONAL_PER_SYMBOL" },
  { written: "MAX_LIVE_LOSS", meant: "MAX_LIVE_LOSS_PER_DAY" },
  { written: "MAX_LOSS_PER_DAY", meant: "MAX_LIVE_LOSS_PER_DAY" },
  { written: "MAX_LIVE_DAILY_LOSS", meant: "MAX_LIVE_LOSS_PER_DAY" },
  { written: "MAX_DAILY_LOSS", meant: "MAX_LIVE_LOSS_PER_DAY" },
  { written: "AVWAP_STATE_DIRECTORY", meant: "AVWAP_STATE_DIR" },
  { written: "STATE_DIR", meant: "AVWAP_STATE_DIR" },
  { written: "BASE_DIR", meant: "AVWAP_BASE_DIR" },
  { written: "APCA_API_KEY", meant: "APCA_API_KEY_ID" },
  { written: "APCA_KEY_ID", meant: "APCA_API_KEY_ID" },
  { written: "ALPACA_API_KEY", meant: "APCA_API_KEY_ID" },
  { written: "APCA_SECRET_KEY", meant: "APCA_API_SECRET_KEY" },
  { written: "APCA_API_SECRET", meant: "APCA_API_SECRET_KEY" },
  { written: "ALPACA_SECRET_KEY", meant: "APCA_API_SECRET_KEY" },
  { written: "ALPACA_API_SECRET", meant: "APCA_API_SECRET_KEY" },
  { written: "APCA_BASE_URL", meant: "APCA_API_BASE_URL" },
  { written: "APCA_PAPER", meant: "ALPACA_PAPER" },
  { written: "ALPACA_PAPER_TRADING", meant: "ALPACA_PAPER" },
  { written: "ALPACA_FEED", meant: "ALPACA_DATA_FEED" },
  { written: "SLACK_WEBHOOK", meant: "SLACK_WEBHOOK_URL" },
  { written: "SLACK_URL", meant: "SLACK_WEBHOOK_URL" },
  { written: "HEALTHCHECK", meant: "HEALTHCHECK_URL" },
  { written: "HEALTHCHECKS_URL", meant: "HEALTHCHECK_URL" },
  { written: "SLACK_HEARTBEAT_MINUTE", meant: "SLACK_HEARTBEAT_MINUTES" },
  { written: "EXECUTION_POLL_SECOND", meant: "EXECUTION_POLL_SECONDS" },
  { written: "POLL_SECONDS", meant: "EXECUTION_POLL_SECONDS" },
  { written: "ENTRY_DELAY_MIN", meant: "ENTRY_DELAY_MIN_SECONDS" },
  { written: "ENTRY_DELAY_MAX", meant: "ENTRY_DELAY_MAX_SECONDS" },
  { written: "WATCHLIST", meant: "WATCHLIST_FILE" },
  { written: "WATCHLIST_PATH", meant: "WATCHLIST_FILE" },
];

/**
 * The misspellings that are set.
 * @param get Gives a variable's text, `undefined` also for one that this process may not read.
 */
export function listMisspelt(get: (name: string) => string | undefined): Misspelling[] {
  return MISSPELLINGS.filter(({ written }) => get(written) !== undefined);
}
