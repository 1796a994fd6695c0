import type { HandLevels } from "./broker_hands.ts";
import type { Budget } from "./remainder.ts";

/** What an exploration does: which troubles, how often each, and where prices go. */
export interface Bound {
  readonly name: string;
  readonly budget: Budget;
  /** Levels that the price may go to. */
  readonly levels: readonly number[];
  readonly hands: HandLevels;
  /** The most shares that may be left when all is done at a level. */
  readonly countLeft: (level: number) => number;
}

/** What happens next, as numbers, with its words. */
export interface Edge {
  readonly broker: number;
  /** `null`: the client stays as it is. */
  readonly client: number | null;
  /** What it takes of the rest, and which flags it sets and clears there, packed. */
  readonly costs: number;
  readonly set: number;
  readonly clear: number;
  /** The level of a stop that the broker has taken by it; 0 for none. */
  readonly stopLevel: number;
  /** What kind of thing it is; its words have the rest. */
  readonly kind: string;
  readonly tell: () => string;
  /** A property that it breaks. */
  readonly broken: string | null;
  /** Flags under which that is nobody's fault. */
  readonly excuses: number;
}
