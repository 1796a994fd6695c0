import { isReplaceRefused } from "../domain/account/order_book.ts";
import type { ManagedPosition } from "../domain/engine_state.ts";
import type { LiveDecision } from "../domain/gate.ts";
import { isRefusedItself, isUnjudged } from "../domain/order_request.ts";
import type { BrokerOrder } from "../domain/orders.ts";
import { roundToIncrement } from "../domain/price_increment.ts";
import type { ProtectionDecision } from "../domain/protection_step.ts";
import { convert } from "./converting.ts";
import type { Engine } from "./engine.ts";
import { sendExit } from "./exit_order.ts";
import { noteStopRefusal } from "./exit_records.ts";
import { findSellGroups, isOfThisSession, refresh } from "./observe.ts";
import { isActionable } from "./positions.ts";
import { readPrices } from "./prices.ts";
import { putBackLower } from "./put_back.ts";
import type { Permit } from "../domain/plan/step.ts";
import { recordSells, resolveStops, type SellPlan, sendSell } from "./sell_orders.ts";
import { readAvailable } from "./shares.ts";
import { readHandMoves, readStopLevel } from "./stop_level.ts";

/** What a step of protection acts under. */
export interface Mandate {
  readonly decision: LiveDecision;
  readonly isSellable: boolean;
}

/** What a stop is placed under. */
export interface StopMandate {
  readonly permit: Permit;
  /** What sells the shares where the broker refuses their stop and the price has come to it; `null`: nothing does. */
  readonly sellUnder: LiveDecision | null;
}

/** The same, of a step of protection in an open market. */
export function buildStopMandate({ decision, isSellable }: Mandate): StopMandate {
  return { permit: { kind: "gate", decision }, sellUnder: isSellable ? decision : null };
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
  // A raise that a crash forgets would let the next process put the stop lower than this request asks.
  await engine.trySaveState();
  if (!isReplaceRefused(engine.book, order.orderId)) {
    const placed = await place(engine, buildStopMandate(mandate), plan);
    if (placed === "placed") sayPutBack(engine, position, order);
    if (placed !== "refused") return placed === "placed";
  }
  await refresh(engine);
  const groups = findSellGroups(engine, position.symbol) ?? [];
  const unchanged = groups.filter((group) =>
    group.orders.some((each) => each.orderId === order.orderId)
  );
  return unchanged.length > 0 && await convert(engine, mandate.decision, position, unchanged);
}

/** A stop of ours that a hand moved below the engine's is put back, and the operator is told (pipeline 5). */
function sayPutBack(engine: Engine, position: ManagedPosition, order: BrokerOrder): void {
  const { symbol } = position;
  const move = readHandMoves(engine, position).find((each) => each.order.orderId === order.orderId);
  const ownUsd = roundToIncrement(position.stopUsd);
  if (move === undefined || move.stopUsd > move.fromUsd || move.stopUsd >= ownUsd) return;
  const text = `${symbol}: its stop was moved by hand from ${move.fromUsd} to ${move.stopUsd}, ` +
    `below the engine's ${ownUsd}: put back; ` +
    `to have a stop of your own, take the position over: avwap-execution release ${symbol}`;
  engine.ports.log.warn(text);
  engine.alert({ level: "WARNING", title: "Stop put back", text });
}

/** Places a stop for bare shares, once nothing is left of those that nobody knows of. `placed` too where none is bare then. */
export async function placeStop(
  engine: Engine,
  mandate: StopMandate,
  position: ManagedPosition,
  qty: number,
): Promise<Placing> {
  if (!await resolveStops(engine, position)) return "not_placed";
  await refresh(engine);
  const groups = findSellGroups(engine, position.symbol);
  if (groups === null || !isActionable(engine, position)) return "not_placed";
  const uncoveredQty = Math.min(qty, readAvailable(engine, position));
  if (uncoveredQty <= 0) return "placed";
  const plan: SellPlan = {
    position,
    reason: "stop",
    qty: uncoveredQty,
    stopUsd: readStopLevel(engine, position),
    replaces: null,
  };
  return await place(engine, mandate, plan);
}

/**
 * What became of a stop. `refused`: the broker will not have this order itself, whoever asks and whenever; `rejected`: it said
 * no as things are (the market, an opposite order); `not_placed`: it has not judged the order.
 */
export type Placing = "placed" | "refused" | "rejected" | "not_placed";

/**
 * Whether the price, looked at again, is at or below the position's stop: a refused stop is a reason to look, never by
 * itself to sell (pipeline 5).
 */
async function isAtStop(engine: Engine, { symbol, stopUsd }: ManagedPosition): Promise<boolean> {
  const { rows } = await readPrices(engine, [symbol], "; its stop is looked at again soon");
  const trade = rows.get(symbol);
  // In the broker's increments: where the stop would rest, it would sell.
  const restsUsd = Math.max(stopUsd, roundToIncrement(stopUsd));
  return trade !== undefined && isOfThisSession(engine, trade) && trade.priceUsd <= restsUsd;
}

/** Records and sends one stop. Where the broker refuses it and the price has come to it, the shares are sold instead. */
async function place(
  engine: Engine,
  { permit, sellUnder }: StopMandate,
  plan: SellPlan,
): Promise<Placing> {
  const [entry] = await recordSells(engine, [plan]);
  if (entry === undefined) return "not_placed";
  const placed = await sendSell(engine, permit, plan, entry);
  if (placed.kind === "done") {
    engine.ports.log.info(
      `STOP ${plan.position.symbol}: qty=${plan.qty} at ${entry.stopUsd} order_id=${placed.order.orderId}`,
    );
    return "placed";
  }
  const isBelow = noteStopRefusal(engine, plan.position, placed);
  if (isBelow && sellUnder !== null && await isAtStop(engine, plan.position)) {
    engine.ports.log.warn(`${plan.position.symbol}: the market is at or below its stop; selling`);
    await sendExit(engine, sellUnder, plan.position, "stop_exit", plan.position.stopUsd);
    return "not_placed";
  }
  // Only a new stop leaves its shares bare; one that was to be replaced rests as it was.
  if (isBelow && plan.replaces === null) {
    await putBackLower(engine, permit, plan, []);
  }
  const why = placed.kind === "rejected"
    ? placed.message
    : placed.kind === "stopped"
    ? placed.reason
    : "no usable answer yet";
  const text = `${plan.position.symbol}: stop not placed: ${why}`;
  // What the engine itself did not send is told by the position's standing, once (interface, Slack).
  if (placed.kind === "stopped") engine.ports.log.error(text);
  else sayNotPlaced(engine, text);
  if (placed.kind !== "rejected") return "not_placed";
  if (isRefusedItself(placed)) return "refused";
  return isUnjudged(placed) ? "not_placed" : "rejected";
}

/** An error once a day and cause: the position's standing says for how long, and what the operator can do. */
function sayNotPlaced(engine: Engine, text: string): void {
  if (engine.isNews(`stop_not_placed:${text}`, engine.dateNy())) engine.sayError(text);
  else engine.ports.log.warn(text);
}
