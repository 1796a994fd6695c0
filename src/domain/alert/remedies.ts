import { formatCloseCommand } from "./alert_facts.ts";

// What the operator can do about an error, as its message says it after `Do: `; each command is one of ours.

/** Keys are refused, or the broker is not there. */
export const ASK_BROKER =
  "`avwap-execution check` says why; look at the broker's status page and dashboard";
/** A file that can't be read or written. */
export const FREE_FILE =
  "make room, or let the file be written (`df -h`, `ls -l`); it is tried again by itself";
/** An order's fate that only the broker knows. */
export const LOOK_AT_ORDER = "look at the order in the broker's dashboard";
/** A row of the broker's that can't be understood. */
export const END_ROW = "look at it at the broker, and cancel or close it there";
/** Records that were put right by themselves, by whatever touched them. */
export const COMPARE_RECORDS =
  "compare with the broker, `avwap-execution ledger verify`; LIVE goes on by itself where nothing differs";

/** An exit or a stop that is not in place. */
export function lookAtPosition(symbol: string): string {
  return `nothing yet, it is tried again by itself; look at ${symbol} in the broker's dashboard, or close it: ` +
    formatCloseCommand(symbol);
}

/** A position that the engine keeps its hands off. */
export function takeOverOrClose(symbol: string): string {
  return `take it over: avwap-execution release ${symbol} --yes; or close it: ${
    formatCloseCommand(symbol)
  }`;
}
