import { findOurName } from "../domain/account/our_orders.ts";
import { isFlatten, isOurs } from "../domain/client_order_id.ts";
import type { LiveDecision } from "../domain/gate.ts";
import { type BrokerOrder, flattenOrders, isFinal } from "../domain/orders.ts";
import { isBound, isStopOrder } from "../domain/protection.ts";
import { readPositionId } from "../domain/reconcile.ts";
import { closedKey } from "../domain/managed_position.ts";
import { findTimeObstacle } from "./closing.ts";
import type { Engine } from "./engine.ts";
import { refresh } from "./observe.ts";
import { sendLive } from "./send.ts";
import { isUnreadableIn } from "./unreadable.ts";

/** The position that a stop of ours was for, whatever its name is; `null` for somebody else's. */
function findOwner({ book }: Engine, { orderId }: BrokerOrder): string | null {
  const known = book.get(orderId);
  const name = known === undefined ? null : findOurName(book, known);
  return name === null || isFlatten(name) ? null : readPositionId(name) ?? name;
}

/** Whether the stop's own position is known to be gone: what is held in its symbol now is somebody else's. */
function isOfClosed(engine: Engine, order: BrokerOrder): boolean {
  const positionId = findOwner(engine, order);
  return positionId !== null && isClosed(engine, positionId);
}

function isClosed({ state }: Engine, positionId: string): boolean {
  return state.alerted[closedKey(positionId)] !== undefined;
}

/**
 * Whether the stop's symbol is the operator's. Where he released it every order is his, also one of a position that he had
 * released before, which is closed for the engine; where a hand took the symbol over at a position's end, the ended one's stop
 * is still an orphan.
 */
function isLeftAlone(engine: Engine, order: BrokerOrder): boolean {
  const release = engine.state.released.find(({ symbol }) => symbol === order.symbol);
  if (release === undefined) return false;
  return !isOfClosed(engine, order) || !isClosed(engine, release.positionId);
}

/**
 * A stop of ours whose position is gone is cancelled (pipeline 5): gone twice, in two answers. A leg, or what came in the place
 * of a stop, only where the engine saw its position end: it may rest where nobody has told whose shares it protects.
 */
export async function cancelOrphans(engine: Engine, decision: LiveDecision): Promise<void> {
  if (engine.isStale) await refresh(engine);
  const before = engine.observation;
  if (before?.positions.kind !== "ok" || before.openOrders.kind !== "ok") return;
  const managed = new Set(engine.state.positions.map((position) => position.symbol));
  const listOrphans = () => {
    const now = engine.observation;
    if (now?.positions.kind !== "ok" || now.openOrders.kind !== "ok") return [];
    const held = new Set(now.positions.value.map((position) => position.symbol));
    return flattenOrders(now.openOrders.value).filter((order) =>
      isStopOrder(order) && findOwner(engine, order) !== null &&
      (isOurs(order.clientOrderId) || isOfClosed(engine, order)) &&
      !isFinal(order) && order.status !== "pending_cancel" && !isBound(order) &&
      !managed.has(order.symbol) &&
      (!held.has(order.symbol) || isOfClosed(engine, order)) &&
      !isUnreadableIn(engine, order.symbol) && !isLeftAlone(engine, order)
    );
  };
  if (listOrphans().length === 0) return;
  await refresh(engine);
  for (const order of listOrphans()) {
    const late = findTimeObstacle(engine, { kind: "orphan" });
    if (late !== null) {
      engine.ports.log.warn(
        `${order.symbol}: our stop ${order.orderId}, whose position is gone, is left to the next cycle: ${late}`,
      );
      return;
    }
    engine.ports.log.info(
      `${order.symbol}: cancelling our stop ${order.orderId}, its position is gone`,
    );
    await sendLive(engine, { kind: "gate", decision }, {
      op: "cancel",
      symbol: order.symbol,
      orderId: order.orderId,
    });
    engine.isStale = true;
  }
}
