/**
 * The levels that a plan gives a trade's exits, each by its field in the files of the records. They go together from a row of
 * the list over intent and ledger to the position, in memory and on disk: one that is added here goes with them.
 */
const LEVEL_FIELDS = { pivotUsd: "pivot", r1Usd: "r1", r2Usd: "r2" } as const;

type LevelName = keyof typeof LEVEL_FIELDS;

/** One value a level. */
export type Levels<Value> = { readonly [Name in LevelName]: Value };

/** The same, each under its field in a file. */
export type LevelFields<Value> = {
  readonly [Name in LevelName as (typeof LEVEL_FIELDS)[Name]]: Value;
};

/** Of a trade, USD per share. */
export interface PlanLevels extends Levels<number> {
  /** The price whose break made it a buy. */
  readonly pivotUsd: number;
  /** First trim level: `Target_R1`, else the pivot. */
  readonly r1Usd: number;
  /** `Target_R2`: the bracket's take-profit and the second trim level. */
  readonly r2Usd: number;
}

/** As a row of the list has them: a first trim level may be missing. */
export type ListedLevels = Omit<PlanLevels, "r1Usd"> & { readonly r1Usd: number | null };

/** What a row of the list leaves out. */
export function completeLevels({ pivotUsd, r1Usd, r2Usd }: ListedLevels): PlanLevels {
  return { pivotUsd, r1Usd: r1Usd ?? pivotUsd, r2Usd };
}

/** What a record leaves out, in whose place stands what was paid for the share, and nothing is sold below the target. */
export function guessLevels(
  { pivotUsd, r1Usd, r2Usd }: Levels<number | null>,
  paidUsd: number,
): PlanLevels {
  const pivot = pivotUsd ?? paidUsd;
  const r2 = r2Usd ?? pivot;
  return { pivotUsd: pivot, r1Usd: r1Usd ?? r2, r2Usd: r2 };
}

const LEVEL_NAMES = Object.keys(LEVEL_FIELDS).filter((name): name is LevelName =>
  Object.hasOwn(LEVEL_FIELDS, name)
);

/** Builds one value a level. */
function buildLevels<Value>(buildValue: (name: LevelName) => Value): Levels<Value> {
  // The names and their values are the type's own, which `fromEntries` loses.
  return Object.fromEntries(
    LEVEL_NAMES.map((name) => [name, buildValue(name)]),
  ) as Levels<Value>;
}

/** Of what has none. */
export const NO_LEVELS: Levels<null> = buildLevels(() => null);

/** The levels alone, of what has more. */
export function pickLevels<Value>(from: Levels<Value>): Levels<Value> {
  return buildLevels((name) => from[name]);
}

/** In one order. */
export function listLevels<Value>(from: Levels<Value>): Value[] {
  return LEVEL_NAMES.map((name) => from[name]);
}

/**
 * Each level that a record has, with its field: what says the same of a record before and after a release adds a level, which
 * that record lacks.
 */
export function listKnownLevels(from: Levels<number | null>): (readonly [string, number])[] {
  return Object.entries(writeLevelFields(from)).flatMap(([field, usd]) =>
    usd === null ? [] : [[field, usd] as const]
  );
}

/** The levels of a record that has all of them, else `null`. */
export function findLevels(from: Levels<number | null>): PlanLevels | null {
  return listLevels(from).includes(null) ? null : buildLevels((name) => from[name] ?? NaN);
}

/** Builds one value a level, each under its field in a file. */
export function buildLevelFields<Value>(
  buildValue: (name: LevelName) => Value,
): LevelFields<Value> {
  // As above.
  return Object.fromEntries(
    LEVEL_NAMES.map((name) => [LEVEL_FIELDS[name], buildValue(name)]),
  ) as LevelFields<Value>;
}

/** The levels as a file has them. */
export function readLevelFields<Value>(wire: LevelFields<Value>): Levels<Value> {
  return buildLevels((name) => wire[LEVEL_FIELDS[name]]);
}

/** The fields that a file has them in. */
export function writeLevelFields<Value>(levels: Levels<Value>): LevelFields<Value> {
  return buildLevelFields((name) => levels[name]);
}
