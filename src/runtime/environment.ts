/** What the program was started with: each variable's text, `undefined` where it is not set. */
export type Environment = Readonly<Partial<Record<EnvironmentVariable, string>>>;

/**
 * Every environment variable that the program may read, in the order of interface.md (run options first), and after
 * them those that the runtime obeys and that an operator must hear of. The permission list of the start task and of the compiled binary is this list, and nothing else is ever read.
 */
export const ENVIRONMENT_VARIABLES = [
  "DRY_RUN",
  "LIVE_TRADING",
  "LIVE_CONFIRM_TOKEN",
  "KILL_SWITCH",
  "ALLOWLIST_SYMBOLS",
  "MAX_LIVE_ORDERS_PER_DAY",
  "MAX_LIVE_POSITIONS",
  "MAX_LIVE_GROSS_NOTIONAL",
  "MAX_LIVE_NOTIONAL_PER_SYMBOL",
  "MAX_LIVE_LOSS_PER_DAY",
  "HEALTHCHECK_URL",
  "AVWAP_BASE_DIR",
  "AVWAP_STATE_DIR",
  "APCA_API_KEY_ID",
  "APCA_API_SECRET_KEY",
  "ALPACA_PAPER",
  "APCA_API_BASE_URL",
  "APCA_API_DATA_URL",
  "ALPACA_DATA_FEED",
  "SLACK_WEBHOOK_URL",
  "SLACK_ENABLED",
  "SLACK_ALERTS_ENABLED",
  "SLACK_ALERTS_MIN_LEVEL",
  "SLACK_ALERTS_CHANNEL",
  "SLACK_ALERTS_USERNAME",
  "SLACK_VERBOSE",
  "SLACK_HEARTBEAT_MINUTES",
  "SLACK_DAILY_SUMMARY_TIME",
  "DRY_RUN_LEDGER_PATH",
  "EXEC_V2_IGNORE_MARKET_HOURS",
  "EXECUTION_POLL_SECONDS",
  "WATCHLIST_FILE",
  "ENTRY_DELAY_MIN_SECONDS",
  "ENTRY_DELAY_MAX_SECONDS",
  "DENO_CERT",
  "DENO_TLS_CA_STORE",
  "NODE_EXTRA_CA_CERTS",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "SSLKEYLOGFILE",
  "OTEL_DENO",
] as const;

/** The name of one of them. */
export type EnvironmentVariable = typeof ENVIRONMENT_VARIABLES[number];

/** Reads the listed variables and no other, through `get` (the process's environment, or a test's). */
export function readEnvironment(get: (name: string) => string | undefined): Environment {
  const environment: Partial<Record<EnvironmentVariable, string>> = {};
  for (const name of ENVIRONMENT_VARIABLES) {
    const text = get(name);
    if (text !== undefined) environment[name] = text;
  }
  return environment;
}
