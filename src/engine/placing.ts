import { isReplaceRefused } from "../domain/account/order_book.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import type { LiveDecision } from "../domain/gate.ts";
import { roundToIncrement } from "../domain/price_increment.ts";
import type { ProtectionDecision } from "../domain/protection.ts";
import { convert } from "./converting.ts";
import type { Engine } from "./engine.ts";
import { sendExit } from "./exit_order.ts";
import { isRefusedItself, noteStopRefusal } from "./exit_records.ts";
import { findSellGroups, isOfThisSession, refresh } from "./observe.ts";
import { isActionable } from "./positions.ts";
import { readPrices } from "./prices.ts";
import { recordSells, resolveStops, type SellPlan, sendSell } from "./sell_orders.ts";
import { readAvailable } from "./shares.ts";

/** What a step of protection acts under. */
export interface Mandate {
  readonly decision: LiveDecision;
  readonly isSellable: boolean;
}

/**
 * Replaces a resting stop; one that the broker won't have replaced gives way to a new one (pipeline 5).
 * @returns Whether the next step may be looked for.
 */
export async function replaceStop(
  engine: Engine,
  mandate: Mandate,
  position: ManagedPosition,
  next: Extract<ProtectionDecision, { readonly kind: "replace" }>,
): Promise<boolean> {
  const { order, qty, stopUsd, isQtyKept } = next;
  const plan: SellPlan = {
    position,
    reason: "stop",
    qty,
    stopUsd,
    replaces: order.orderId,
    isQtyKept,
  };
  if (!isReplaceRefused(engine.book, order.orderId)) {
    const placed = await place(engine, mandate, plan);
    if (placed !== "refused") return placed === "placed";
  }
  await refresh(engine);
  const groups = findSellGroups(engine, position.symbol) ?? [];
  const unchanged = groups.filter((group) =>
    group.orders.some((each) => each.orderId === order.orderId)
  );
  return unchanged.length > 0 && await convert(engine, mandate.decision, position, unchanged);
}

/**
 * Places a stop for bare shares, once nothing is left of those that nobody knows of.
 * @returns Whether the next step may be looked for.
 */
export async function placeStop(
  engine: Engine,
  mandate: Mandate,
  position: ManagedPosition,
  qty: number,
): Promise<boolean> {
  if (!await resolveStops(engine, position)) return false;
  await refresh(engine);
  const groups = findSellGroups(engine, position.symbol);
  if (groups === null || !isActionable(engine, position)) return false;
  const uncoveredQty = Math.min(qty, readAvailable(engine, position));
  if (uncoveredQty <= 0) return true;
  const plan: SellPlan = {
    position,
    reason: "stop",
    qty: uncoveredQty,
    stopUsd: position.stopUsd,
    replaces: null,
  };
  return await place(engine, mandate, plan) === "placed";
}

/** `refused`: the broker will not have this order itself, whoever asks and whenever. */
type Placing = "placed" | "refused" | "not_placed";

/**
 * Whether the price, looked at again, is at or below the position's stop: a refused stop is a reason to look, never by
 * itself to sell (pipeline 5).
 */
async function isAtStop(engine: Engine, { symbol, stopUsd }: ManagedPosition): Promise<boolean> {
  const prices = await readPrices(engine, [symbol], "; its stop is looked at again soon");
  const trade = prices.get(symbol);
  // In the broker's increments: where the stop would rest, it would sell.
  const restsUsd = Math.max(stopUsd, roundToIncrement(stopUsd));
  return trade !== undefined && isOfThisSession(engine, trade) && trade.priceUsd <= restsUsd;
}

/** Records and sends one stop. Where the broker refuses it and the price has come to it, the shares are sold instead. */
async function place(
  engine: Engine,
  { decision, isSellable }: Mandate,
  plan: SellPlan,
): Promise<Placing> {
  const [entry] = await recordSells(engine, [plan]);
  if (entry === undefined) return "not_placed";
  const placed = await sendSell(engine, { kind: "gate", decision }, plan, entry);
  if (placed.kind === "done") {
    engine.ports.log.info(
      `STOP ${plan.position.symbol}: qty=${plan.qty} at ${entry.stopUsd} order_id=${placed.order.orderId}`,
    );
    return "placed";
  }
  const isBelow = noteStopRefusal(engine, plan.position, placed);
  if (isBelow && isSellable && await isAtStop(engine, plan.position)) {
    engine.ports.log.warn(`${plan.position.symbol}: the market is at or below its stop; selling`);
    await sendExit(engine, decision, plan.position, "stop_exit", plan.position.stopUsd);
    return "not_placed";
  }
  const why = placed.kind === "rejected"
    ? placed.message
    : placed.kind === "stopped"
    ? placed.reason
    : "no usable answer yet";
  engine.sayError(`${plan.position.symbol}: stop not placed: ${why}`);
  return isRefusedItself(placed) ? "refused" : "not_placed";
}
