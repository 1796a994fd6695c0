import type { Trouble } from "./broker_moves.ts";

/** What has a bound in an exploration besides the broker's troubles: prices, the kill switch, crashes of the client. */
export type Bounded = Trouble | "price" | "switch" | "crash";

const BOUNDED: readonly Bounded[] = [
  "lag",
  "loss",
  "refusal",
  "hand",
  "time",
  "partial",
  "cross",
  "price",
  "switch",
  "crash",
];
const BITS = 2;
const EACH_MAX = (1 << BITS) - 1;
const FLAGS_AT = BOUNDED.length * BITS;

/** Facts about a path that decide what may be asked of the client. */
export type Flag =
  /** The kill switch is on. */
  | "killed"
  /** Something changed since the client last asked for positions and open orders. */
  | "stale"
  /** What no answer had shown came to light since then. */
  | "surprised"
  /** Lists and positions have lagged over one rest of the client already. */
  | "lagged"
  /** A hand, a split or a double fill made the shares other than the client's orders explain. */
  | "excused"
  /** The kill switch has stopped a request of this cycle. */
  | "objected"
  /** A cancel or a replacement has left in this cycle: only the operator stops what it has begun. */
  | "mandated";
const FLAGS: readonly Flag[] = [
  "killed",
  "stale",
  "surprised",
  "lagged",
  "excused",
  "objected",
  "mandated",
];
const STOP_AT = FLAGS_AT + FLAGS.length;
const STOP_MAX = 15;

/** How often each may still happen; what is not named never does. */
export type Budget = Readonly<Partial<Record<Bounded, number>>>;

/** Packs a budget without flags. @throws {RangeError} Where a count is above 3. */
export function packBudget(budget: Budget): number {
  return BOUNDED.reduce((packed, name, at) => {
    const count = budget[name] ?? 0;
    if (count < 0 || count > EACH_MAX) throw new RangeError(`${name}: at most ${EACH_MAX}`);
    return packed | (count << (at * BITS));
  }, 0);
}

/** What is left after one of a kind; `null` where there was none left. `null` costs nothing. */
export function spend(rest: number, name: Bounded | null): number | null {
  if (name === null) return rest;
  const shift = BOUNDED.indexOf(name) * BITS;
  return ((rest >>> shift) & EACH_MAX) === 0 ? null : rest - (1 << shift);
}

/** Whether there is one left of a kind; `null` costs nothing. */
export function isPaid(rest: number, name: Bounded | null): boolean {
  return spend(rest, name) !== null;
}

/** How many bits `listPaid` takes. */
export const PAID_BITS = BOUNDED.length;

/** Of which kinds there is one left, a bit for each. */
export function listPaid(rest: number): number {
  return BOUNDED.reduce(
    (bits, _name, at) => ((rest >>> (at * BITS)) & EACH_MAX) === 0 ? bits : bits | (1 << at),
    0,
  );
}

/** Whether the flag is set. */
export function hasFlag(rest: number, flag: Flag): boolean {
  return ((rest >>> (FLAGS_AT + FLAGS.indexOf(flag))) & 1) === 1;
}

/** The rest with the flag as it is to be. */
export function setFlag(rest: number, flag: Flag, isSet: boolean): number {
  const bit = 1 << (FLAGS_AT + FLAGS.indexOf(flag));
  return (isSet ? rest | bit : rest & ~bit) >>> 0;
}

/** What is true of one cycle alone. */
export const OF_CYCLE: readonly Flag[] = ["objected", "mandated"];

/** The highest level that a stop of the client's has had at the broker; 0 for none. */
export function readStopLevel(rest: number): number {
  return (rest >>> STOP_AT) & STOP_MAX;
}

/** The rest where a stop at this level was taken, too. */
export function raiseStopLevel(rest: number, level: number): number {
  const highest = Math.max(readStopLevel(rest), Math.min(level, STOP_MAX));
  return ((rest & ~(STOP_MAX << STOP_AT)) | (highest << STOP_AT)) >>> 0;
}
