import { CLOSED_BUGS } from "./bugs/closed.ts";
import { COMMANDS_BUGS } from "./bugs/commands.ts";
import { DISK_BUGS } from "./bugs/disk.ts";
import { DAY_BUGS } from "./bugs/day.ts";
import { ENTRIES_BUGS } from "./bugs/entries.ts";
import { LOSS_BUGS } from "./bugs/loss.ts";
import { MARKET_DATA_BUGS } from "./bugs/market_data.ts";
import { MESSAGES_BUGS } from "./bugs/messages.ts";
import { PROTECTION_BUGS } from "./bugs/protection.ts";
import { RECORDS_BUGS } from "./bugs/records.ts";
import { ROWS_BUGS } from "./bugs/rows.ts";
import { SELL_SIDE_BUGS } from "./bugs/sell_side.ts";
import { SHARES_BUGS } from "./bugs/shares.ts";
import { SHELL_BUGS } from "./bugs/shell.ts";
import { STANDING_BUGS } from "./bugs/standing.ts";
import { STATUS_BUGS } from "./bugs/statuses.ts";
import { TIME_BUGS } from "./bugs/time.ts";
import { TRANSPORT_BUGS } from "./bugs/transport.ts";
import { WATCHLIST_BUGS } from "./bugs/watchlist.ts";
import type { TestedBug } from "./tested_bug.ts";

/** The deliberate bugs that a test catches and the simulation need not. */
export const TESTED_BUGS: readonly TestedBug[] = [
  ...TRANSPORT_BUGS,
  ...ROWS_BUGS,
  ...MARKET_DATA_BUGS,
  ...RECORDS_BUGS,
  ...DISK_BUGS,
  ...ENTRIES_BUGS,
  ...WATCHLIST_BUGS,
  ...SELL_SIDE_BUGS,
  ...STANDING_BUGS,
  ...PROTECTION_BUGS,
  ...STATUS_BUGS,
  ...SHARES_BUGS,
  ...TIME_BUGS,
  ...MESSAGES_BUGS,
  ...COMMANDS_BUGS,
  ...CLOSED_BUGS,
  ...DAY_BUGS,
  ...LOSS_BUGS,
  ...SHELL_BUGS,
];
