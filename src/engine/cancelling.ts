import { isOurs } from "../domain/client_order_id.ts";
import { type BrokerOrder, isFinal } from "../domain/orders.ts";
import type { SellGroup } from "../domain/protection.ts";
import type { Engine } from "./engine.ts";
import { type Permit, sendLive } from "./send.ts";

/** How long a cycle waits for cancels to end before it says so and leaves them to the next one. */
const CANCEL_WAIT_MS = 4_000;
/** Doubled from poll to poll: an order that hangs must not use up the requests that another position's stop needs. */
const CANCEL_POLL_MS = 250;

/** How cancelling a symbol's working sells went. */
export type CancelResult =
  | {
    readonly kind: "ended";
    /** Shares that they sold since they were last read. */
    readonly soldQty: number;
    /** Shares that they would still have sold: what has no protection now. */
    readonly unfilledQty: number;
    /** Whether a cancel left at all, so that the rest of the exit is only the operator's to stop. */
    readonly isLeft: boolean;
  }
  | { readonly kind: "stopped"; readonly reason: string }
  /** On its way, and not at its end within the wait: retried in the next cycle. */
  | { readonly kind: "stuck"; readonly message: string; readonly isLeft: boolean };

/**
 * Cancels groups of working sells and waits until the broker says that they ended (pipeline 5, "How, at the broker").
 * One that filled meanwhile is taken as it is.
 */
export async function cancelGroups(
  engine: Engine,
  permit: Permit,
  groups: readonly SellGroup[],
): Promise<CancelResult> {
  let current = permit;
  let isLeft = false;
  for (const group of groups) {
    const order = group.orders[0];
    if (order === undefined) continue;
    sayForeign(engine, group);
    if (group.isLeaving) continue;
    const result = await sendLive(engine, current, {
      op: "cancel",
      symbol: order.symbol,
      orderId: order.orderId,
    });
    engine.isStale = true;
    if (result.kind === "stopped") return { kind: "stopped", reason: result.reason };
    if (result.kind === "rejected" && result.why === "rate_limited") {
      return { kind: "stuck", message: result.message, isLeft };
    }
    isLeft = true;
    current = { kind: "exit_rest" };
  }
  return await waitForEnd(engine, groups, isLeft);
}

/** A sell of somebody else in a managed symbol is cancelled for an exit too, and named. */
function sayForeign(engine: Engine, group: SellGroup): void {
  for (const order of group.orders) {
    if (isOurs(order.clientOrderId) || order.orderClass === "bracket") continue;
    engine.ports.log.warn(
      `${order.symbol}: cancelling a working sell that is not ours: ${order.type} ` +
        `qty=${order.qty ?? "?"} order ${order.orderId}`,
    );
  }
}

async function waitForEnd(
  engine: Engine,
  groups: readonly SellGroup[],
  isLeft: boolean,
): Promise<CancelResult> {
  const { broker, clock } = engine.ports;
  const startMs = clock.monotonicMs();
  const pending = new Map<string, BrokerOrder>();
  for (const group of groups) for (const order of group.orders) pending.set(order.orderId, order);
  let soldQty = 0;
  let pollMs = CANCEL_POLL_MS;
  while (pending.size > 0) {
    for (const [orderId, before] of pending) {
      const found = await broker.readOrder(orderId, "protect");
      if (found.kind !== "found" || !isFinal(found.order)) continue;
      soldQty += Math.max(0, found.order.filledQty - before.filledQty);
      pending.delete(orderId);
    }
    if (pending.size === 0) break;
    const leftMs = CANCEL_WAIT_MS - (clock.monotonicMs() - startMs);
    if (leftMs <= 0) {
      const names = [...pending.values()].map((order) => `${order.orderId} (${order.status})`);
      const message = `cancel not confirmed within 4 s: ${names.join(", ")}`;
      return { kind: "stuck", message, isLeft };
    }
    await clock.sleep(Math.min(pollMs, leftMs));
    pollMs *= 2;
  }
  const reservedQty = groups.reduce((sum, group) => sum + group.qty, 0);
  return { kind: "ended", soldQty, unfilledQty: Math.max(0, reservedQty - soldQty), isLeft };
}
