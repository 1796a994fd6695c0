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
/** What each takes or sets, where it stands in a rest. */
const COST_OF = packEach(BOUNDED, (at) => 1 << (at * BITS));
const FLAG_OF = packEach(FLAGS, (at) => 1 << (FLAGS_AT + at));

function packEach<Name extends string>(
  names: readonly Name[],
  pack: (at: number) => number,
): Readonly<Record<Name, number>> {
  return Object.fromEntries(names.map((name, at) => [name, pack(at)])) as Record<Name, number>;
}

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

/** One of each of these, packed as they are in a rest. Of one kind there is at most one. */
export function packCosts(...names: readonly (Bounded | null)[]): number {
  let packed = 0;
  for (const name of names) if (name !== null) packed |= COST_OF[name];
  return packed;
}

/** These flags, packed as they are in a rest. */
export function packFlags(...flags: readonly Flag[]): number {
  let packed = 0;
  for (const flag of flags) packed |= FLAG_OF[flag];
  return packed;
}

/** What is left after packed costs; `null` where there was none left of one. */
export function spend(rest: number, costs: number): number | null {
  // Of two bits that count what is left one is enough.
  const left = rest | (rest >>> 1);
  return (left & costs) === costs ? rest - costs : null;
}

/** Whether there is one left of a kind; `null` costs nothing. */
export function isPaid(rest: number, name: Bounded | null): boolean {
  return name === null || (rest & (COST_OF[name] * EACH_MAX)) !== 0;
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
  return (rest & FLAG_OF[flag]) !== 0;
}

/** What is true of one cycle alone. */
export const OF_CYCLE: number = packFlags("objected", "mandated");

/** The highest level that a stop of the client's has had at the broker; 0 for none. */
export function readStopLevel(rest: number): number {
  return (rest >>> STOP_AT) & STOP_MAX;
}

/** The rest where a stop at this level was taken, too. */
export function raiseStopLevel(rest: number, level: number): number {
  const highest = Math.max(readStopLevel(rest), Math.min(level, STOP_MAX));
  return ((rest & ~(STOP_MAX << STOP_AT)) | (highest << STOP_AT)) >>> 0;
}
