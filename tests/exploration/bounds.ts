import { buildBare, buildBought, buildBuying, buildRaised, buildStopped } from "./begins.ts";
import { closeMarket } from "./broker_moves.ts";
import type { Habits } from "./broker_state.ts";
import type { Bound } from "./edge.ts";
import { Explorer, type Figures } from "./explorer.ts";
import { PlannedClient, type PlannedState } from "./planned_client.ts";
import { BETWEEN, EXTRAS, joinThemes, PIVOT, R1, R2, STOP, type Theme, THEMES } from "./themes.ts";

/** How much is looked at: one theme at a time, or all pairs of them. */
export type BoundSize = "small" | "standard";
/** All of them. */
export const BOUND_SIZES: readonly BoundSize[] = ["small", "standard"];

/** One complete search. */
export interface Exploration {
  readonly name: string;
  readonly build: () => Explorer<PlannedState>;
}

/** A moment of a session, with the prices that the position meets. */
interface Moment {
  readonly name: string;
  readonly untilCloseMs: number;
  /** Where the price stands at first: with the bracket at rest, and with nothing at rest. */
  readonly boughtLevel: number;
  readonly bareLevel: number;
  readonly habits: Partial<Habits>;
  /** Whether the entry works at first, without a fill and with one share; or a stop of the engine's own rests. */
  readonly isBuying?: boolean;
  readonly isStopped?: boolean;
  /** Whether a hand has raised that stop above where the price stands, and it has ended. */
  readonly isRaised?: boolean;
  /** Whether the themes are not looked at in it, but what `EXTRAS` has. */
  readonly isOfExtras?: boolean;
}

/** A night does not know how late it was. */
const LATE_MS = 10 * 60_000;

/**
 * Nothing presses; day orders are about to die; one trim is due, all exits are; an entry works; one trim, beside our own stop; the
 * last look before the close; a hand's stop is where the market is no more.
 */
const MOMENTS: readonly Moment[] = [
  {
    name: "quiet",
    untilCloseMs: 5 * 3_600_000,
    boughtLevel: BETWEEN,
    bareLevel: BETWEEN,
    habits: {},
  },
  { name: "late", untilCloseMs: 5 * 60_000, boughtLevel: BETWEEN, bareLevel: BETWEEN, habits: {} },
  {
    name: "half",
    untilCloseMs: 5 * 3_600_000,
    boughtLevel: R1,
    bareLevel: R1,
    habits: { firstStatus: "new" },
  },
  {
    name: "due",
    untilCloseMs: 5 * 3_600_000,
    boughtLevel: R2,
    bareLevel: STOP,
    habits: { firstStatus: "new" },
  },
  {
    name: "entry",
    untilCloseMs: 5 * 3_600_000,
    boughtLevel: BETWEEN,
    bareLevel: BETWEEN,
    habits: {},
    isBuying: true,
  },
  {
    name: "shrink",
    untilCloseMs: 5 * 3_600_000,
    boughtLevel: R1,
    bareLevel: R1,
    habits: { firstStatus: "new" },
    isStopped: true,
    isOfExtras: true,
  },
  {
    name: "near",
    untilCloseMs: 150_000,
    boughtLevel: STOP,
    bareLevel: STOP,
    habits: {},
    isOfExtras: true,
  },
  {
    name: "raised",
    untilCloseMs: 5 * 3_600_000,
    boughtLevel: PIVOT,
    bareLevel: PIVOT,
    habits: { firstStatus: "new", stopAboveMarket: "refuses" },
    isRaised: true,
    isOfExtras: true,
  },
];

/** What the rules leave of a position when the price stands at a level, whatever was sold before (pipeline 5). */
function countLeft(qty: number, level: number): number {
  if (level <= STOP) return 0;
  if (level < R1) return qty;
  const afterR1 = qty - Math.floor(qty / 2);
  return level < R2 ? afterR1 : afterR1 - Math.floor(afterR1 / 2);
}

function buildExploration(
  name: string,
  {
    budget,
    habits: own = {},
    isClosed = false,
    levels = [STOP, R2],
    isBare = false,
    refuses = null,
    obstacle = null,
  }: Theme,
  {
    untilCloseMs,
    boughtLevel,
    bareLevel,
    habits: common,
    isBuying = false,
    isStopped = false,
    isRaised = false,
  }: Moment,
  { qty, isWhole }: { readonly qty: number; readonly isWhole: boolean },
): Exploration {
  const habits = { ...common, ...own, isDating: isWhole || own.isLagging === true };
  const bound: Bound = {
    name,
    budget,
    levels,
    hands: { stop: 1, limit: R2 },
    countLeft: (level) => countLeft(qty, level),
  };
  const begins = isBuying
    ? [buildBuying(habits, qty, 0), buildBuying(habits, qty, 1)]
    : isStopped
    ? [buildStopped(habits, qty)]
    : isRaised
    ? [buildRaised(habits, qty, BETWEEN)]
    : [buildBought(habits, qty), buildBare(habits, qty)];
  const brokers = begins
    .map((broker, at) => ({ ...broker, refuses, priceLevel: at === 0 ? boughtLevel : bareLevel }))
    .slice(isBare ? 1 : 0)
    .map((broker) => isClosed ? closeMarket(broker) : broker);
  return {
    name,
    build: () =>
      new Explorer(new PlannedClient(brokers, { untilCloseMs, isWhole, obstacle }), bound),
  };
}

function listThemes(size: BoundSize): readonly Theme[] {
  if (size === "small") return THEMES;
  return THEMES.flatMap((one, at) => THEMES.slice(at + 1).map((other) => joinThemes(one, other)));
}

/** Hands and nights are visited where all exits are due: where one trim is, they add time and nothing else. */
const NOT_HALF: ReadonlySet<string> = new Set(["hand", "night"]);

function isSearched({ name, isClosed }: Theme, moment: Moment): boolean {
  if (moment.isOfExtras === true) return false;
  if (moment.name === "half" && name.split("+").some((each) => NOT_HALF.has(each))) return false;
  return isClosed !== true || (moment.untilCloseMs > LATE_MS && moment.isBuying !== true);
}

/**
 * The searches of a bound: each of them complete, together what the bound says.
 * @param options `isWhole`: states are told apart by what decides nothing, too; none of them comes to an end then.
 */
export function listExplorations(
  size: BoundSize,
  { isWhole = false }: { readonly isWhole?: boolean } = {},
): readonly Exploration[] {
  const common = size === "small" ? 2 : 4;
  return MOMENTS.flatMap((moment) => {
    const all = listThemes(size).filter((theme) => isSearched(theme, moment))
      .map((theme) => ({ theme, qty: common }));
    const extras = size === "small" ? EXTRAS.filter((each) => each.moment === moment.name) : [];
    return [...all, ...extras].map(({ theme, qty }) =>
      buildExploration(`${moment.name} ${theme.name}`, theme, moment, { qty, isWhole })
    );
  });
}

/** Of the figures what is kept in the repository: a change of behaviour shows in its difference. */
export function keepFigures({ states, transitions, depth, digest }: Figures): KeptFigures {
  return { states, transitions, depth, graph: digest };
}

/** Figures of one search as they are kept. */
export interface KeptFigures {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  readonly graph: string;
}
