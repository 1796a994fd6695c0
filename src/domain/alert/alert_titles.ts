/** The titles of the messages to the operator (interface, Slack). Another one does not compile. */
export const ALERT_TITLES = [
  "Execution started",
  "Execution not running",
  "Live trading enabled",
  "Execution heartbeat",
  "Daily execution summary (DRY_RUN)",
  "Daily execution summary (LIVE)",
  "Kill switch active",
  "Entries paused",
  "Daily loss limit",
  "Position without stop",
  "Execution error",
  "Execution recovered",
  "Disk full",
  "Watchlist in doubt",
  "Symbols left out",
  "Corporate action",
  "Foreign position",
  "Foreign sell cancelled",
  "Position adopted",
  "Position not adopted",
  "Position released",
  "Shares moved by hand",
  "Stop put back",
  "Healthcheck unreachable",
  "Order submitted",
  "Position trimmed",
  "Position closed",
  "Slack test",
] as const;

/** What an order of ours that filled is told by: a sentence, and no title of the list. */
export type TradeTitle = `${string} bought ${string}` | `${string}: sold ${string}`;

/** What a message can be headed by; an empty one takes a state back without a message (`buildWithdrawal`). */
export type AlertTitle = typeof ALERT_TITLES[number] | TradeTitle | "";
