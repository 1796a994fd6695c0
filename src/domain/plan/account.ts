import { ABSENT } from "../account/standing.ts";
import { explain, type Explained, findSearch, type Searched } from "../account/explain.ts";
import { findKnownStop } from "../account/known_stop.ts";
import { findEntry, findShown, type Sight } from "../account/sight.ts";
import type { EngineState, ManagedPosition } from "../account/engine_state.ts";
import { decideEntryEnd } from "../entry/entry_end.ts";
import { closedKey } from "../account/managed_position.ts";
import { findChangedAtMs, mayTrade } from "../order/orders.ts";
import { roundQty } from "../order/usd_flow.ts";
import { floorQty, type Holding, isSplit, SPLIT_AFTER_MS } from "../account/position_account.ts";
import { findUnfinished } from "../account/unfinished.ts";
import { findRenamed } from "../account/renamed.ts";
import { note } from "./move.ts";
import type { Note, PositionNote } from "./note.ts";
import type { RecordPart, Settled } from "./step.ts";

/** How soon a position is looked at again that does not show its fills yet. Milliseconds. */
const LAG_LOOK_MS = 5_000;
/** How soon orders are asked again for what they do not explain yet. Milliseconds. */
const LOOK_AGAIN_MS = 15_000;

/** One look at the positions. */
export interface PositionsLook {
  readonly sight: Sight;
  readonly dateNy: string;
  /** What was asked for beyond the lists, by position id. */
  readonly searched: ReadonlyMap<string, Searched>;
}

/** Evidence on one position that the lists do not have. */
export interface Search {
  readonly position: ManagedPosition;
  /** `past`: its orders from its beginning on; `orders`: those at work, by their ids. */
  readonly what: "past" | "orders";
  /** Whether the lists are then read again: positions were read before the orders. */
  readonly isListed: boolean;
}

/** What a look makes of the records; first, what else has to be asked for before that is known. */
export type Accounted =
  | { readonly kind: "asks"; readonly searches: readonly Search[] }
  /** `wakesAtMs`: when to look again, Unix ms by the broker's clock. */
  | ({ readonly kind: "done"; readonly wakesAtMs: readonly number[] } & Settled);

/** What one position adds to that. */
interface Outcome extends Partial<Settled> {
  readonly search?: Search;
  readonly wakeAtMs?: number;
}

/**
 * Brings the managed positions up to what the broker shows: explains changes of quantity, ends what is gone, marks what nobody
 * can explain, raises stops that were higher already (pipeline 5, "Which positions"), and notes since when an entry has been
 * partly filled (pipeline 4). Pure and total.
 */
export function account(records: EngineState, look: PositionsLook): Accounted {
  const raised = records.positions.map((position) => raiseKnown(records, look, position));
  const tracked = raised.map(({ position }) => trackPartial(records, look, position));
  const outcomes = [
    ...[...raised, ...tracked].map(({ outcome }) => outcome),
    ...tracked.map(({ position }) => accountOne(records, look, position)),
  ];
  const searches = outcomes.flatMap(({ search }) => search ?? []);
  if (searches.length > 0) return { kind: "asks", searches };
  return {
    kind: "done",
    change: outcomes.flatMap(({ change }) => change ?? []),
    say: outcomes.flatMap(({ say }) => say ?? []),
    wakesAtMs: outcomes.flatMap(({ wakeAtMs }) => wakeAtMs ?? []),
  };
}

/** A position as the next step has it, and what that adds. */
interface Tracked {
  readonly position: ManagedPosition;
  readonly outcome: Outcome;
}

/**
 * Since when the entry has been partly filled, and when its order is to be looked at again for that. Its last change may be a
 * later fill: the first one came after the order was submitted, and after the cycle before, which saw none.
 */
function trackPartial(
  { lastCycleAtMs }: EngineState,
  { sight }: PositionsLook,
  before: ManagedPosition,
): Tracked {
  const { nowMs } = sight;
  const order = findEntry(sight, before.positionId);
  if (order === undefined || findShown(sight, before.symbol) === null) {
    return { position: before, outcome: {} };
  }
  const { filledQty: qty, submittedAtMs } = order;
  const isPartial = mayTrade(order) && qty > 0;
  const firstMs = Math.min(
    findChangedAtMs(order),
    Math.max(submittedAtMs, lastCycleAtMs ?? 0),
    nowMs,
  );
  const partialSinceMs = isPartial ? before.partialSinceMs ?? firstMs : null;
  const end = decideEntryEnd({
    order,
    partialSinceMs,
    isLate: false,
    isLossReached: false,
    nowMs,
  });
  // Only a moment ahead wakes: one that has passed while nothing may leave would make the loop spin.
  const wake = end.kind === "wait" ? { wakeAtMs: end.untilMs } : {};
  if (partialSinceMs === before.partialSinceMs) return { position: before, outcome: wake };
  const position = { ...before, partialSinceMs };
  const say = isPartial ? [note({ position }, { kind: "partly_filled", position, qty })] : [];
  return { position, outcome: { ...wake, change: put(position), say } };
}

function raiseKnown(
  records: EngineState,
  { sight }: PositionsLook,
  before: ManagedPosition,
): Tracked {
  const highestUsd = findKnownStop(records, sight, before);
  if (highestUsd === null) return { position: before, outcome: {} };
  const position = { ...before, stopUsd: highestUsd };
  const value = { kind: "stop_known", highestUsd, stopUsd: before.stopUsd } as const;
  const outcome = { change: put(position), say: [note({ position }, value)] };
  return { position, outcome };
}

function put(position: ManagedPosition): RecordPart[] {
  return [{ kind: "position", position }];
}

function accountOne(records: EngineState, look: PositionsLook, position: ManagedPosition): Outcome {
  const searched = look.searched.get(position.positionId);
  const explained = searched === "unread" ? null : explain(records, look.sight, position);
  if (explained === null) return {};
  const { change, holdings } = explained;
  const what = findSearch(position, change, { searched, nowMs: look.sight.nowMs });
  if (what !== null) {
    const isListed = what === "orders" && change.kind === "unexplained";
    return { search: { position, what, isListed } };
  }
  const hand = explained.isOwn ? sayHand(position, holdings) : [];
  const next = takeChange(records, look, position, explained);
  return { ...next, say: [...hand, ...next.say ?? []] };
}

function takeChange(
  records: EngineState,
  look: PositionsLook,
  before: ManagedPosition,
  { change, holdings }: Explained,
): Outcome {
  const { unexplainedFromQty: _, ...kept } = before;
  const position = { ...kept, unexplainedQty: null, unexplainedSinceMs: null };
  const { nowMs } = look.sight;
  switch (change.kind) {
    case "same":
    case "waiting":
      return {};
    case "changed": {
      const { qty, costBasisUsd } = change;
      const quantity = note({ position }, { kind: "quantity", position: before, qty });
      // While nobody could explain its quantity, its orders said nothing of its stop.
      const { position: now, outcome } = raiseKnown(records, look, {
        ...position,
        qty,
        costBasisUsd,
      });
      return { change: put(now), say: [quantity, ...outcome.say ?? []] };
    }
    case "lagging":
      return { change: put({ ...position, qty: change.qty }), wakeAtMs: nowMs + LAG_LOOK_MS };
    case "gone":
    case "never_filled":
      return end(look, before, holdings, change.kind);
    case "absent":
      return {
        change: endRestOfAbsent(records, nowMs, before),
        say: [sayAbsent(records, look.sight, before)],
      };
    case "unexplained":
      return holdUnexplained(nowMs, before, change.qty);
  }
}

/** What a hand bought beside a position that has ended stays the operator's, on today's list or not (pipeline 5). */
function end(
  { sight: { nowMs }, dateNy }: PositionsLook,
  position: ManagedPosition,
  holdings: readonly Holding[],
  how: "gone" | "never_filled",
): Outcome {
  const { symbol, positionId } = position;
  const besideQty = Math.min(...holdings.map((each) => each.handQty));
  const handQty = floorQty(besideQty) >= 1 ? roundQty(besideQty) : 0;
  const release = { symbol, positionId, releasedAtMs: nowMs };
  return {
    change: [
      handQty > 0 ? { kind: "released", release } : { kind: "ended", positionId },
      { kind: "kept", key: closedKey(positionId), value: dateNy },
    ],
    say: [note({ position }, { kind: "ended", position, how, handQty })],
  };
}

/** What a hand bought beside a managed position, and what it sold of it: each number once (pipeline 5). */
function sayHand(position: ManagedPosition, holdings: readonly Holding[]): Note[] {
  const sayOnce = (value: Extract<PositionNote, { kind: "hand_bought" | "hand_sold" }>) => {
    const { kind, qty } = value;
    const key = `${kind}:${position.positionId}`;
    return qty > 0 ? [note({ position }, value, { scope: { once: `${qty}` }, key })] : [];
  };
  // What fractions add up to is off by less than anybody has bought.
  const least = (of: (each: Holding) => number) => roundQty(Math.min(...holdings.map(of)));
  // What was beside them from the beginning was said then.
  const boughtQty = least((each) => each.handQty - position.besideQty);
  const leftQty = Math.max(0, least((each) => each.oursQty));
  return [
    ...sayOnce({ kind: "hand_bought", qty: boughtQty }),
    ...sayOnce({ kind: "hand_sold", qty: least((each) => each.takenQty), leftQty }),
  ];
}

/** So long a position is absent before nothing more of an exit is put back for it: one empty answer is no end. */
const ABSENT_MS = 60_000;

/**
 * What an exit's cancel laid bare is put back though positions can't be read; not where they have long shown none. What is
 * absent can have no stop: it would sell short (pipeline 5, "Gone means").
 */
function endRestOfAbsent(
  { standings, unfinished }: EngineState,
  nowMs: number,
  { positionId }: ManagedPosition,
): RecordPart[] {
  const before = standings.find((each) => each.positionId === positionId);
  const isLong = before?.cause === ABSENT.code && before.dueSinceMs !== null &&
    nowMs - before.dueSinceMs >= ABSENT_MS;
  return isLong && findUnfinished(unfinished, positionId).isBare
    ? [{ kind: "unfinished", positionId, change: { isBare: false } }]
    : [];
}

/** An absent position is told once a day, and again as soon as a foreign one is like it. */
function sayAbsent({ positions }: EngineState, sight: Sight, position: ManagedPosition): Note {
  const managed = new Set(positions.map(({ symbol }) => symbol));
  const renamed = findRenamed(
    position,
    [...sight.book.values()].map(({ order }) => order)
      .filter(({ symbol }) => symbol === position.symbol),
    (sight.positions ?? []).filter(({ symbol }) => !managed.has(symbol)),
  );
  const key = `absent:${position.positionId}:${renamed?.symbols.join(", ") ?? ""}`;
  return note({ position }, { kind: "absent", position, renamed }, { key });
}

/**
 * Keeps the engine's hands off a position whose quantity changed, by any fraction of a share, with no order behind it: from
 * the first look nothing is sold, stopped, cancelled or raised in it, and after a minute it is called a split, whatever
 * the cost basis, until orders explain it after all or the operator deals with it (pipeline 5).
 * @param qty What the broker shows instead.
 */
function holdUnexplained(nowMs: number, before: ManagedPosition, qty: number): Outcome {
  const unexplainedSinceMs = before.unexplainedSinceMs ?? nowMs;
  const { unexplainedFromQty = before.unexplainedQty ?? qty, ...kept } = before;
  const from = unexplainedFromQty === qty ? {} : { unexplainedFromQty };
  const position = { ...kept, unexplainedQty: qty, ...from, unexplainedSinceMs };
  const isCalled = isSplit(position, nowMs);
  const isNew = before.unexplainedQty !== qty || before.unexplainedSinceMs === null;
  const value = { kind: "unexplained", position: before, qty, isNew, isSplit: isCalled } as const;
  const say = [note({ position }, value, { key: `unexplained:${before.positionId}:${qty}` })];
  const change = isNew ? put(position) : [];
  if (qty < 0 || isCalled) return { change, say };
  const wakeAtMs = Math.min(nowMs + LOOK_AGAIN_MS, unexplainedSinceMs + SPLIT_AFTER_MS);
  return { change, say, wakeAtMs };
}
