import type { PlanLevels } from "./levels.ts";

/** What the exit rules read of a position, but for which trims are done. USD per share. */
export interface ExitLevels extends PlanLevels {
  readonly stopUsd: number;
  readonly highWaterUsd: number;
}

/** Which part of the shares that are held for sure an exit sells, rounded down to whole shares. */
interface Part {
  readonly sells: number;
  readonly of: number;
}

/** A rule that sells a part, once, where the price comes up to its level. */
interface Trim {
  readonly kind: "trim";
  readonly part: Part;
  /** The price from which on it is due, USD per share. */
  readonly levelUsd: (levels: ExitLevels) => number;
  /** Below which the stop is not from the moment that it is due, USD per share; `null` where it leaves it alone. */
  readonly floorUsd: ((levels: ExitLevels) => number) | null;
  /** Whether the stop trails the high once it is done (rule 4). */
  readonly isTrailedAfter: boolean;
  /** Its level in messages and tables. */
  readonly name: string;
  /** Of what a position remembers of it: in the program, in the state file, and in `status --json`, where its level is too. */
  readonly flag: string;
  readonly field: string;
  readonly statusFlag: string;
  readonly statusLevel: string;
}

/** A rule that sells everything, however often. */
interface Close {
  readonly kind: "close";
  readonly part: Part;
  /** Whether it is due at a price, USD per share; the stop among the levels stands where rules 2 and 4 have it by then. */
  readonly isDue: (levels: ExitLevels, priceUsd: number) => boolean;
}

interface Words {
  /** What it is called in the log and the report. */
  readonly label: string;
  /** What it is called in the title of a message about its fill. */
  readonly sold: string;
}

/**
 * Every rule by which the engine sells at once, the first one due first (pipeline 5): the one place that says when an exit
 * is due, what it sells, what a trim makes of the stop, and what it is called. Its key is the reason in ids, records, the
 * state file and the trail; types, ids, quantities, labels and messages follow from here.
 */
export const EXIT_RULES = {
  r1_trim: {
    kind: "trim",
    part: { sells: 1, of: 2 },
    levelUsd: ({ r1Usd }: ExitLevels) => r1Usd,
    floorUsd: ({ pivotUsd }: ExitLevels) => pivotUsd,
    isTrailedAfter: false,
    name: "R1",
    flag: "isTrimmedR1",
    field: "trimmed_r1",
    statusFlag: "is_trimmed_r1",
    statusLevel: "r1_usd",
    label: "trim at R1",
    sold: "R1",
  },
  r2_trim: {
    kind: "trim",
    part: { sells: 1, of: 2 },
    levelUsd: ({ r2Usd }: ExitLevels) => r2Usd,
    floorUsd: null,
    isTrailedAfter: true,
    name: "R2",
    flag: "isTrimmedR2",
    field: "trimmed_r2",
    statusFlag: "is_trimmed_r2",
    statusLevel: "r2_usd",
    label: "trim at R2",
    sold: "R2",
  },
  stop_exit: {
    kind: "close",
    part: { sells: 1, of: 1 },
    isDue: ({ stopUsd }: ExitLevels, priceUsd: number) => priceUsd <= stopUsd,
    label: "stop exit",
    sold: "stopped out",
  },
} as const satisfies Readonly<Record<string, (Trim | Close) & Words>>;

type Rules = typeof EXIT_RULES;

/** Why shares are sold at once. */
export type ExitReason = keyof Rules;

/** An exit that sells a part, and is remembered. */
export type TrimReason = {
  [Reason in ExitReason]: Rules[Reason]["kind"] extends "trim" ? Reason : never;
}[ExitReason];

/** A trim's rule. */
export type TrimRule = Rules[TrimReason];

/** Every reason to sell at once, in the order of the rules. */
export const EXIT_REASONS: readonly ExitReason[] = Object.keys(EXIT_RULES).filter(isExitReason);

/** The trims among them. */
export const TRIM_REASONS: readonly TrimReason[] = EXIT_REASONS.filter(isTrim);

/** Whether a sell's reason is one of an exit, which sells at once, and not a resting stop's. */
export function isExitReason(reason: string | null): reason is ExitReason {
  return reason !== null && Object.hasOwn(EXIT_RULES, reason);
}

/** Whether a reason is a trim's, which is done once, and not a close's. */
export function isTrim(reason: string | null): reason is TrimReason {
  return isExitReason(reason) && EXIT_RULES[reason].kind === "trim";
}

/** Whether a reason is a close's: everything, as often as it takes. */
export function isClose(reason: string | null): reason is Exclude<ExitReason, TrimReason> {
  return isExitReason(reason) && !isTrim(reason);
}

type TrimName = "flag" | "field" | "statusFlag" | "statusLevel";

/** One value a trim, each under a name that its rule gives it. */
export type TrimFields<Name extends TrimName, Value> = {
  readonly [Rule in TrimRule as Rule[Name]]: Value;
};

/** Which trims of a position are done. */
export type TrimFlags = TrimFields<"flag", boolean>;

/** Builds one value a trim, each under the name that its rule gives it. */
export function buildTrimFields<Name extends TrimName, Value>(
  name: Name,
  buildValue: (rule: TrimRule) => Value,
): TrimFields<Name, Value> {
  const rules = TRIM_REASONS.map((reason) => EXIT_RULES[reason]);
  // The names and their values are the type's own, which `fromEntries` loses.
  return Object.fromEntries(
    rules.map((rule) => [rule[name], buildValue(rule)]),
  ) as TrimFields<Name, Value>;
}

/** A position of which nothing is trimmed. */
export const NOTHING_TRIMMED: TrimFlags = buildTrimFields("flag", () => false);

/** Trim flags in the form in which two of them are compared or set out: in the order of the rules. */
export function listTrimFlags(flags: TrimFlags): readonly boolean[] {
  return TRIM_REASONS.map((reason) => flags[EXIT_RULES[reason].flag]);
}
