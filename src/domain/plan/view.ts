import { listDoubts } from "../account/doubts.ts";
import { isReplaceRefused } from "../account/order_book.ts";
import { findAccountBlock } from "../account/account_block.ts";
import {
  countAvailable,
  findOwnGroups,
  isActionable,
  readShares,
  readStopLevel,
} from "../account/position_shares.ts";
import type { ShareCount } from "../account/share_count.ts";
import { findSellGroups, type Sight } from "../account/sight.ts";
import type { EngineState, ManagedPosition } from "../account/engine_state.ts";
import { roundToIncrement } from "../order/price_increment.ts";
import type { SellGroup } from "../order/protection.ts";
import {
  type Begun,
  findUnfinished,
  type UnderWay,
  type Unfinished,
} from "../account/unfinished.ts";
import { isNamed, type NamedEntry } from "./named_entry.ts";
import type { OrderLook, Seen, World } from "./world.ts";

/** What a decision about one managed position reads: the world, looked at from there. */
export interface View {
  readonly world: World;
  readonly records: EngineState;
  readonly sight: Sight;
  readonly position: ManagedPosition;
  readonly unfinished: Unfinished;
  readonly underWay: UnderWay;
  /** What this cycle has begun for it; `null` for nothing, and for another cycle's. */
  readonly begun: Begun | null;
  /** The sells that hold its own shares; `null` where they can't be read. */
  readonly groups: readonly SellGroup[] | null;
  /** All sells that work in its symbol, whosever; `null` where they can't be read. */
  readonly allGroups: readonly SellGroup[] | null;
  /** `null` while its past is not known; shares held for sure are none then. */
  readonly count: ShareCount | null;
  readonly sureQty: number;
  readonly isActionable: boolean;
  /** Shares held for sure that nothing sells or stops. */
  readonly availableQty: number;
  /** Where its stop belongs, and the engine's own below which a stop protects nothing: in the broker's increments, USD. */
  readonly levelUsd: number;
  readonly leastUsd: number;
  /** Its sells and stops on record, oldest first. */
  readonly entries: readonly NamedEntry[];
  /** Whether a sell in place of a refused stop was looked at, and has to wait. */
  readonly isExitSpent: boolean;
}

/** What is known of the account now. */
export function buildSight(world: World, records: EngineState): Sight {
  const { seen, now } = world;
  const lists = [seen.positions, seen.openOrders, seen.dayOrders];
  const rowsOf = (fact: typeof lists[number]) =>
    fact?.look.kind === "ok" ? fact.look.value.unreadable : [];
  const symbolsOf = (facts: typeof lists) =>
    new Set(facts.flatMap(rowsOf).flatMap((row) => row.symbol ?? []));
  return {
    book: seen.book,
    positions: seen.positions?.look.kind === "ok" ? seen.positions.look.value.rows : null,
    areOrdersRead: seen.openOrders?.look.kind === "ok",
    unreadable: symbolsOf(lists),
    unreadableOrders: symbolsOf([seen.openOrders]),
    pasts: seen.pasts,
    doubts: listDoubts(records, (begun) => isOfCycle(begun, world.turn, now)),
    nowMs: now.brokerMs,
  };
}

function isOfCycle(begun: Begun, turn: World["turn"], now: World["now"]): boolean {
  return begun.processId === now.processId && begun.cycleStartedAtMs === turn.cycleStartedAtMs;
}

/** Looks at the world from one position. */
export function buildView(
  world: World,
  records: EngineState,
  sight: Sight,
  position: ManagedPosition,
): View {
  const unfinished = findUnfinished(records.unfinished, position.positionId);
  const { underWay } = unfinished;
  const count = readShares(sight, position);
  return {
    world,
    records,
    sight,
    position,
    unfinished,
    underWay,
    begun: underWay.begun !== null && isOfCycle(underWay.begun, world.turn, world.now)
      ? underWay.begun
      : null,
    groups: findOwnGroups(sight, position),
    allGroups: findSellGroups(sight, position.symbol),
    count,
    sureQty: count?.sureQty ?? 0,
    isActionable: isActionable(position, count),
    availableQty: countAvailable(sight, position, count),
    levelUsd: readStopLevel(sight, position, unfinished.spentHandStopUsd),
    leastUsd: roundToIncrement(position.stopUsd),
    entries: (records.ledger?.entries ?? []).filter(isNamed).filter((entry) =>
      entry.positionId === position.positionId && entry.side === "sell"
    ),
    isExitSpent: false,
  };
}

/** Why the account takes no order, as last read; `null` where nothing says so. */
export function readBlock({ world: { seen } }: View): string | null {
  const look = seen.account?.look;
  return look?.kind === "ok" ? findAccountBlock(look.value) : null;
}

/** A list answers for this long, milliseconds (interface, Gate). */
export const FACT_AGE_MAX_MS = 5_000;

/** Whether positions and open orders are of this moment: young, and no change of the symbol has left since they were asked for. */
export function areListsFresh(view: View): boolean {
  return areListsYoung(view.world) && areListsAfterChange(view.world.seen, view.position.symbol);
}

/**
 * Whether the broker would not have the resting order replaced in this cycle, or took a replacement and would not make it; in
 * another cycle the first is tried again.
 */
export function isUnreplaceable(
  { sight, underWay, world: { turn } }: View,
  orderId: string,
): boolean {
  const { unreplaceable } = underWay;
  const isOfCycle = unreplaceable !== null && unreplaceable.atMs >= turn.startedMs;
  return isReplaceRefused(sight.book, orderId) ||
    (isOfCycle && unreplaceable.orderId === orderId);
}

/**
 * Whether positions and open orders are so young that what a sequence knows by ids completes them. A look that was made for this
 * answers, though the broker took longer for it: waiting for a younger one would never end.
 */
export function areListsYoung({ seen, now, turn }: World): boolean {
  return turn.isLookNew ||
    [seen.positions, seen.openOrders].every((fact) =>
      fact !== null && now.monotonicMs - fact.atMs <= FACT_AGE_MAX_MS
    );
}

/** The last change of a symbol that left: its number, and when, by monotonic time, ms; 0 where none has. */
export function findChange(
  { changes }: Seen,
  symbol: string,
): { readonly number: number; readonly atMs: number } {
  return changes.last.get(symbol) ?? { number: 0, atMs: 0 };
}

/** Whether no change of the symbol has left since the lists were asked for. */
export function areListsAfterChange(seen: Seen, symbol: string): boolean {
  const { number } = findChange(seen, symbol);
  return [seen.positions, seen.openOrders].every((fact) => (fact?.afterChange ?? 0) >= number);
}

/** The look at an order where it was made in this cycle, since the last change of its symbol left. */
export function findNewLook(
  { world: { seen, turn }, position }: View,
  look: OrderLook | undefined,
): OrderLook | undefined {
  const { number } = findChange(seen, position.symbol);
  const isNew = look !== undefined && look.atMs >= turn.startedMs && look.afterChange >= number;
  return isNew ? look : undefined;
}

/** Whether an order was looked at by its id in this cycle, since the last change of its symbol left. */
export function isLookedAt(view: View, orderId: string): boolean {
  return findNewLook(view, view.world.seen.orderLooks.get(orderId)) !== undefined;
}

/** How long after the last change of its symbol left these orders were looked at, where they were. Milliseconds. */
export function listWaits(view: View, orderIds: readonly string[], sinceMs: number): number[] {
  const { orderLooks } = view.world.seen;
  return orderIds.map((orderId) => findNewLook(view, orderLooks.get(orderId)))
    .flatMap((look) => look === undefined ? [] : [look.atMs - sinceMs]);
}
