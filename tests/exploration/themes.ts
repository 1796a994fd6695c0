import type { BrokerState, Habits } from "./broker_state.ts";
import type { Obstacle } from "./planned_client.ts";
import type { Bounded, Budget } from "./remainder.ts";

/** Prices as levels: the position's stop, its pivot, between that and R1, and both targets. */
export const STOP = 2;
export const PIVOT = 3;
export const BETWEEN = 4;
export const R1 = 5;
export const R2 = 7;

/** A kind of trouble by itself: what of it, how often, and in what broker. */
export interface Theme {
  readonly name: string;
  readonly budget: Budget;
  readonly habits?: Partial<Habits>;
  /** Whether it begins while the market is closed. */
  readonly isClosed?: boolean;
  /** Levels that the price may go to; where nothing is said, the stop and R2. */
  readonly levels?: readonly number[];
  /** Whether it begins with bare shares alone, and not with the bracket at rest as well. */
  readonly isBare?: boolean;
  /** What the broker refuses from the beginning. */
  readonly refuses?: BrokerState["refuses"];
  /** What the first cycle can't do. */
  readonly obstacle?: Obstacle | null;
}

export const THEMES: readonly Theme[] = [
  { name: "lag", budget: { lag: 1 }, habits: { isLagging: true } },
  { name: "loss", budget: { loss: 1 } },
  { name: "refusal", budget: { refusal: 1 } },
  { name: "hand", budget: { hand: 1 }, habits: { isReplacedAtOnce: false } },
  { name: "crash", budget: { crash: 1 } },
  { name: "switch", budget: { switch: 2 } },
  { name: "time", budget: { time: 1 } },
  { name: "night", budget: { time: 1 }, isClosed: true },
  { name: "cross", budget: { cross: 1, partial: 1 } },
  // The market comes to a level, or leaves it; and the broker takes no stop that it is at or below.
  { name: "price", budget: { price: 1 }, habits: { stopAboveMarket: "refuses" } },
];

/** In which troubles a stop that shrinks is looked at. */
const SHRUNK: ReadonlySet<string> = new Set([
  "lag",
  "loss",
  "refusal",
  "crash",
  "switch",
  "cross",
]);

/** In which moments a cycle is looked at that can't do what it would: where one of its branches is met there alone. */
const OBSTRUCTED: readonly (readonly [moment: string, obstacle: Obstacle, qty: number])[] = [
  ["late", "blocked", 2],
  ["due", "blocked", 2],
  ["due", "adopted", 2],
  ["late", "run", 2],
  ["due", "run", 2],
  ["shrink", "run", 4],
  ["entry", "last", 2],
  ["entry", "end", 2],
  ["due", "last", 2],
  ["due", "end", 2],
];

/** What one theme with two shares does not come to: each is small, and part of the small bound alone. */
export const EXTRAS: readonly {
  readonly moment: string;
  readonly theme: Theme;
  readonly qty: number;
}[] = [
  // Of two shares nothing is left to sell at R2: of four there is, with the stop of the rest where rule 4 wants it.
  { moment: "due", theme: { name: "calm", budget: {} }, qty: 4 },
  // Below the pivot, where the stop of a trim's rest belongs, and above the position's own.
  ...["half", "due"].map((moment) => ({
    moment,
    theme: {
      name: "dip",
      budget: { price: 1 },
      habits: { stopAboveMarket: "refuses" as const },
      levels: [PIVOT],
    },
    qty: 2,
  })),
  // A lost answer, and a repeat that is refused for another reason than its id.
  ...["quiet", "due"].map((moment) => ({
    moment,
    theme: { name: "doubt", budget: { loss: 1, refusal: 1 }, isBare: true },
    qty: 2,
  })),
  // A request of a process that died, and an answer about it that is lost, or its repeat's.
  ...["quiet", "due"].map((moment) => ({
    moment,
    theme: { name: "wake", budget: { crash: 1, loss: 1 }, isBare: true },
    qty: 2,
  })),
  // The same where what it has sent is not shown at first.
  ...["quiet", "due"].map((moment) => ({
    moment,
    theme: {
      name: "veil",
      budget: { crash: 1, lag: 1 },
      habits: { isLagging: true },
      isBare: true,
    },
    qty: 2,
  })),
  // The operator's word about bare shares at night.
  {
    moment: "quiet",
    theme: { name: "dark", budget: { switch: 1, loss: 1 }, isClosed: true, isBare: true },
    qty: 2,
  },
  // A market that turns the next stop, too, into one that does not trade.
  { moment: "quiet", theme: { name: "halt", budget: { time: 2 }, isBare: true }, qty: 1 },
  // The market comes to a stop, and the sell in its place is refused.
  {
    moment: "quiet",
    theme: {
      name: "fall",
      budget: { price: 1, refusal: 1 },
      habits: { stopAboveMarket: "refuses" },
      levels: [STOP],
      isBare: true,
    },
    qty: 1,
  },
  {
    moment: "shrink",
    theme: {
      name: "rejected",
      budget: { price: 1 },
      habits: { stopAboveMarket: "refuses", isReplacedAtOnce: false },
      levels: [STOP],
    },
    qty: 2,
  },
  // An account that may not sell, and says so only where its answer is not lost.
  {
    moment: "half",
    theme: {
      name: "unsold",
      budget: { loss: 1 },
      isBare: true,
      refuses: { kind: "sell", why: "account" },
    },
    qty: 2,
  },
  // No stop is taken, which is known: what protects is not taken away for a trim.
  {
    moment: "half",
    theme: { name: "unstopped", budget: {}, refuses: { kind: "stop", why: "account" } },
    qty: 2,
  },
  { moment: "raised", theme: { name: "calm", budget: {} }, qty: 2 },
  // A sell that ends unfilled minutes before the close.
  { moment: "near", theme: { name: "refusal", budget: { refusal: 1 }, isBare: true }, qty: 2 },
  // Our own stop gives up what is sold, and goes on holding the rest.
  ...THEMES.filter(({ name }) => SHRUNK.has(name)).map((theme) => ({
    moment: "shrink",
    theme,
    qty: 4,
  })),
  ...OBSTRUCTED.map(([moment, obstacle, qty]) => ({
    moment,
    theme: { name: obstacle, budget: {}, obstacle },
    qty,
  })),
];

const COUNT_MAX = 3;

/** Both troubles in one search, each as often as it is by itself. */
export function joinThemes(one: Theme, other: Theme): Theme {
  const budget: Partial<Record<Bounded, number>> = { ...one.budget };
  for (const [name, count] of Object.entries(other.budget)) {
    const kind = name as Bounded;
    budget[kind] = Math.min(COUNT_MAX, Math.max(budget[kind] ?? 0, count));
  }
  return {
    name: `${one.name}+${other.name}`,
    budget,
    habits: { ...one.habits, ...other.habits },
    isClosed: one.isClosed === true || other.isClosed === true,
  };
}
