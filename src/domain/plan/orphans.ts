import { buildOpenOrders } from "../account/order_book.ts";
import { findOurName } from "../account/our_orders.ts";
import type { Sight } from "../account/sight.ts";
import { isFlatten, isOurs, readPositionId } from "../order/client_order_id.ts";
import type { EngineState } from "../account/engine_state.ts";
import { closedKey } from "../account/managed_position.ts";
import { type BrokerOrder, type BrokerPosition, flattenOrders, isFinal } from "../order/orders.ts";
import { isBound, isStopOrder } from "../order/protection.ts";
import { type Move, note, readLists, send } from "./move.ts";
import { findTimeObstacle } from "./time_left.ts";
import { areListsAfterChange, areListsYoung } from "./view.ts";
import type { Listed, Look, World } from "./world.ts";

/** A stop of ours, and the position that it was for, whatever its name is. */
interface Orphan {
  readonly order: BrokerOrder;
  readonly positionId: string;
  /** Whether that position was seen to end: what is held in its symbol now is somebody else's. */
  readonly isOfClosed: boolean;
}

/**
 * What the table of protection has no position for: a stop of ours whose position is gone is cancelled (pipeline 5), once a
 * cycle: gone twice, in two answers. A leg, or what came in the place of a stop, only where the engine saw its position end: it
 * may rest where nobody has told whose shares it protects. LIVE only.
 * @returns `null` where there is none, or it can't be told.
 */
export function planOrphans(world: World, records: EngineState, sight: Sight): Move | null {
  const { now, turn, operator: { gate }, seen } = world;
  if (gate?.mode !== "LIVE" || seen.clock?.isOpen !== true || turn.stepsLeft <= 0) return null;
  const [orphan] = listOrphans(world, records, sight)
    .filter(({ order }) => !turn.sendings.has(order.orderId));
  if (orphan === undefined) return null;
  const { order: { symbol, orderId }, positionId } = orphan;
  const isFresh = areListsYoung(world) && areListsAfterChange(seen, symbol);
  // One empty answer is no position that is gone.
  const isTwice = orphan.isOfClosed || isGone(seen.positions?.before, symbol);
  if (!isFresh || !isTwice) return readLists();
  const why = findTimeObstacle(now, { kind: "orphan" });
  const about = { position: { symbol, positionId } };
  const say = [note(about, { kind: "orphan", orderId, waits: why })];
  if (why !== null) return { kind: "rest", wakeAtMs: null, say, isExitDue: false };
  const request = { op: "cancel", symbol, orderId } as const;
  const permit = { kind: "gate", decision: gate } as const;
  return send(about, request, permit, { say });
}

/** Whether an answer lacks the symbol: a row that can't be read is there. */
function isGone(look: Look<Listed<BrokerPosition>> | null | undefined, symbol: string): boolean {
  if (look?.kind !== "ok") return false;
  return ![...look.value.rows, ...look.value.unreadable].some((each) => each.symbol === symbol);
}

function listOrphans({ seen }: World, records: EngineState, sight: Sight): Orphan[] {
  const { book, areOrdersRead, unreadable } = sight;
  if (sight.positions === null || !areOrdersRead) return [];
  const look = seen.positions?.look;
  const managed = new Set(records.positions.map(({ symbol }) => symbol));
  return flattenOrders(buildOpenOrders(book)).filter((order) =>
    isStopOrder(order) && !isFinal(order) && order.status !== "pending_cancel" && !isBound(order)
  ).flatMap((order) => {
    const { symbol } = order;
    const positionId = findOwner(sight, order);
    if (positionId === null || managed.has(symbol) || unreadable.has(symbol)) return [];
    const isOfClosed = isClosed(records, positionId);
    if (isLeftAlone(records, symbol, isOfClosed)) return [];
    const isOrphan = isOfClosed || (isOurs(order.clientOrderId) && isGone(look, symbol));
    return isOrphan ? [{ order, positionId, isOfClosed }] : [];
  });
}

/** The position that a stop of ours was for; `null` for somebody else's. */
function findOwner({ book }: Sight, { orderId }: BrokerOrder): string | null {
  const name = findOurName(book, book.get(orderId));
  return name === null || isFlatten(name) ? null : readPositionId(name) ?? name;
}

function isClosed({ alerted }: EngineState, positionId: string): boolean {
  return alerted[closedKey(positionId)] !== undefined;
}

/**
 * Whether the stop's symbol is the operator's. Where he released it every order is his, also one of a position that he had
 * released before, which is closed for the engine; where a hand took the symbol over at a position's end, the ended one's stop
 * is still an orphan.
 */
function isLeftAlone(records: EngineState, symbol: string, isOfClosed: boolean): boolean {
  const release = records.released.find((each) => each.symbol === symbol);
  if (release === undefined) return false;
  return !isOfClosed || !isClosed(records, release.positionId);
}
