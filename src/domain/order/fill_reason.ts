import { EXIT_RULES, type ExitReason, isExitReason } from "../exit/exit_rules.ts";

/** What an order of ours was for, as `describeOurs` says it. */
export type FillReason = "entry" | ExitReason | "stop" | "take_profit" | "flatten" | "other";

const WORDS: Readonly<Record<string, string>> = {
  entry: "entry",
  stop: "stop",
  take_profit: "target",
  flatten: "flatten",
};

/** A fill's reason for people, as the log and the report have it. @param reason A `FillReason`, or what a trail has for one. */
export function formatFillReason(reason: string): string {
  return isExitReason(reason) ? EXIT_RULES[reason].label : WORDS[reason] ?? reason;
}

const SOLD: Readonly<Record<Exclude<FillReason, ExitReason>, string>> = {
  entry: "exit",
  stop: "stopped out",
  take_profit: "target reached",
  flatten: "flattened",
  other: "exit",
};

/** What a sale was, as the title of its message has it. */
export function formatSale(reason: FillReason): string {
  return isExitReason(reason) ? EXIT_RULES[reason].sold : SOLD[reason];
}
