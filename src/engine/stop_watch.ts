import type { Standing } from "../domain/account/standing.ts";
import type { OrderRequest, SendResult } from "../domain/order/order_request.ts";
import { isAtWork } from "../domain/order/protection.ts";
import type { Engine } from "./engine.ts";

/** Notes that a cancel leaves: what works until then is taken down by the engine, and by nobody else. */
export function noteLeaving(engine: Engine, order: OrderRequest): void {
  if (order.op !== "cancel") return;
  const known = engine.book.get(order.orderId)?.order;
  if (known !== undefined && isAtWork(known)) engine.stopsTakenDown.add(order.orderId);
}

/** Notes a stop that the broker has taken: it may be gone before the end of its cycle. */
export function noteAnswered(engine: Engine, order: OrderRequest, result: SendResult): void {
  const isStop = order.op === "stop" || order.op === "replace";
  if (isStop && result.kind === "accepted") engine.stopsPlaced.add(result.order.orderId);
}

/** Of what has ended nothing more is asked. */
export function forgetEnded(engine: Engine, standings: readonly Standing[]): void {
  const resting = new Set(standings.flatMap(({ stops }) => stops.restingIds));
  for (const orderId of engine.stopsTakenDown) {
    if (!resting.has(orderId)) engine.stopsTakenDown.delete(orderId);
  }
  engine.stopsPlaced.clear();
}
