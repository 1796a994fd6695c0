import { isFlatten, isOurs } from "../domain/client_order_id.ts";
import type { LiveDecision } from "../domain/gate.ts";
import { type BrokerOrder, isFinal } from "../domain/orders.ts";
import { isBound, isStopOrder } from "../domain/protection.ts";
import { readPositionId } from "../domain/reconcile.ts";
import { closedKey } from "./bought.ts";
import { findTimeObstacle } from "./closing.ts";
import type { Engine } from "./engine.ts";
import { refresh } from "./observe.ts";
import { isReleased } from "./releasing.ts";
import { sendLive } from "./send.ts";
import { isUnreadableIn } from "./unreadable.ts";

/** Whether the stop's own position is known to be gone: what is held in its symbol now is somebody else's. */
function isOfClosed(engine: Engine, order: BrokerOrder): boolean {
  const positionId = readPositionId(order.clientOrderId);
  return positionId !== null && engine.state.alerted[closedKey(positionId)] !== undefined;
}

/** A stop of ours whose position is gone is cancelled (pipeline 5): gone twice, in two answers. */
export async function cancelOrphans(engine: Engine, decision: LiveDecision): Promise<void> {
  if (engine.isStale) await refresh(engine);
  const before = engine.observation;
  if (before?.positions.kind !== "ok" || before.openOrders.kind !== "ok") return;
  const managed = new Set(engine.state.positions.map((position) => position.symbol));
  const listOrphans = () => {
    const now = engine.observation;
    if (now?.positions.kind !== "ok" || now.openOrders.kind !== "ok") return [];
    const held = new Set(now.positions.value.map((position) => position.symbol));
    return now.openOrders.value.filter((order) =>
      isOurs(order.clientOrderId) && !isFlatten(order.clientOrderId) && isStopOrder(order) &&
      !isFinal(order) && order.status !== "pending_cancel" && !isBound(order) &&
      !managed.has(order.symbol) &&
      (!held.has(order.symbol) || isOfClosed(engine, order)) &&
      !isUnreadableIn(engine, order.symbol) &&
      (isOfClosed(engine, order) || !isReleased(engine, order.symbol))
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
