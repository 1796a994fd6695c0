import { isOurs } from "../domain/client_order_id.ts";
import { type BrokerOrder, type BrokerPosition, flattenOrders, isFinal } from "../domain/orders.ts";
import type { Engine } from "./engine.ts";
import { sayShort } from "./daily_errors.ts";
import { listUnresolvedBuys } from "./ledger_store.ts";

/** Positions that the broker shows and the engine does not manage, as last read. */
export function listForeign(engine: Engine): BrokerPosition[] {
  const positions = engine.observation?.positions;
  const managed = new Set(engine.state.positions.map((position) => position.symbol));
  return (positions?.kind === "ok" ? positions.value : [])
    .filter((held) => !managed.has(held.symbol));
}

/** Reports, once a NY day, positions and orders that are nobody's business of ours (pipeline 5). */
export async function reportForeign(engine: Engine): Promise<void> {
  const { observation } = engine;
  // Until the state can be read, what is held may be ours.
  if (!engine.isStateLoaded) return;
  if (observation?.positions.kind !== "ok" || observation.openOrders.kind !== "ok") return;
  const managed = new Set([
    ...engine.state.positions.map((position) => position.symbol),
    ...await listUnresolvedBuys(engine),
  ]);
  for (const { symbol, qty } of observation.positions.value) {
    if (qty < 0 && !managed.has(symbol)) sayShort(engine, symbol, qty);
    if (managed.has(symbol) || !engine.isNews(`foreign:${symbol}`, engine.dateNy())) continue;
    engine.ports.log.warn(
      `Foreign position ${symbol} qty=${qty}: reported, never touched, no entry in it`,
    );
  }
  for (const order of flattenOrders(observation.openOrders.value)) {
    if (managed.has(order.symbol) || isOurs(order.clientOrderId) || isFinal(order)) continue;
    if (isLegOfOurs(order, observation.openOrders.value)) continue;
    if (!engine.isNews(`foreign:${order.orderId}`, engine.dateNy())) continue;
    engine.ports.log.warn(
      `Foreign order ${order.symbol} ${order.side} qty=${
        order.qty ?? "?"
      } ${order.orderId}: reported, never touched`,
    );
  }
}

function isLegOfOurs(order: BrokerOrder, orders: readonly BrokerOrder[]): boolean {
  return orders.some((parent) =>
    isOurs(parent.clientOrderId) && parent.legs.some((leg) => leg.orderId === order.orderId)
  );
}
