import { listDoubts } from "../account/doubts.ts";
import { isReplaceRefused } from "../account/order_book.ts";
import { findAccountBlock } from "../account_block.ts";
import {
  findOwnGroups,
  isActionable,
  readAvailable,
  readShares,
  readStopLevel,
} from "../account/position_shares.ts";
import type { ShareCount } from "../account/share_count.ts";
import { findSellGroups, type Sight } from "../account/sight.ts";
import type { EngineState, ManagedPosition } from "../engine_state.ts";
import type { LedgerEntry } from "../ledger.ts";
import { roundToIncrement } from "../price_increment.ts";
import type { SellGroup } from "../protection.ts";
import { type Begun, findUnfinished, type UnderWay, type Unfinished } from "../unfinished.ts";
import type { Seen, World } from "./world.ts";

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
  /** `null` while its past is not known. */
  readonly count: ShareCount | null;
  readonly isActionable: boolean;
  /** Shares held for sure that nothing sells or stops. */
  readonly availableQty: number;
  /** Where its stop belongs, and the engine's own below which a stop protects nothing: in the broker's increments, USD. */
  readonly levelUsd: number;
  readonly leastUsd: number;
  /** Its sells and stops on record, oldest first. */
  readonly entries: readonly LedgerEntry[];
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
    isActionable: isActionable(position, count),
    availableQty: readAvailable(sight, position),
    levelUsd: readStopLevel(sight, position, unfinished.spentHandStopUsd),
    leastUsd: roundToIncrement(position.stopUsd),
    entries: (records.ledger?.entries ?? []).filter((entry) =>
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

/** Whether no change of the symbol has left since the lists were asked for. */
export function areListsAfterChange(seen: Seen, symbol: string): boolean {
  const number = seen.changes.last.get(symbol)?.number ?? 0;
  return [seen.positions, seen.openOrders].every((fact) => (fact?.afterChange ?? 0) >= number);
}

/** Whether an order was looked at by its id in this cycle, since the last change of its symbol left. */
export function isLookedAt(view: View, orderId: string): boolean {
  const { seen, turn } = view.world;
  const look = seen.orderLooks.get(orderId);
  const number = seen.changes.last.get(view.position.symbol)?.number ?? 0;
  return look !== undefined && look.atMs >= turn.startedMs && look.afterChange >= number;
}
