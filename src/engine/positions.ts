import type { ManagedPosition } from "../domain/engine_state.ts";
import { type BrokerOrder, type BrokerPosition, flattenOrders, isFinal } from "../domain/orders.ts";
import {
  accountPosition,
  type FillHistory,
  hasEnded,
  isNeverFilled,
  isUnchanged,
  listFillHistories,
  type PositionChange,
} from "../domain/position_account.ts";
import { takeInBought } from "./bought.ts";
import type { Engine } from "./engine.ts";
import { recordFills } from "./fills.ts";
import { raiseKnownStops } from "./known_stops.ts";
import { readWhole } from "./listing.ts";
import { findHeld, refresh } from "./observe.ts";
import { trackPartial } from "./partial_entry.ts";
import { applyChange } from "./position_changes.ts";
import { sayUnreadable } from "./unreadable.ts";
import { listUnseen } from "./unseen_orders.ts";

/** Orders of a position were submitted after this before its own time: the two clocks differ a little. */
export const OPENED_SLACK_MS = 5_000;

/** How far back an adopted position's still working orders may have been submitted. */
const ADOPTED_ORDERS_MS = 90 * 86_400_000;

/** How soon a position is looked at again whose orders the broker does not show yet. */
const UNSEEN_LOOK_MS = 5_000;

/**
 * Brings the managed positions up to what the broker shows: takes in what was bought, drops what is gone, and marks what
 * nobody can explain (pipeline 5, "Which positions"). Sends nothing.
 */
export async function trackPositions(engine: Engine): Promise<void> {
  await takeInBought(engine);
  await raiseKnownStops(engine);
  if (engine.observation?.positions.kind !== "ok") return;
  for (const before of engine.state.positions) {
    const held = findHeld(engine, before.symbol);
    if (held === null) continue;
    await trackPartial(engine, before);
    const position = engine.state.positions.find((each) => each.positionId === before.positionId);
    if (position === undefined || isUnchanged(position, held)) continue;
    const change = await explain(engine, position, held);
    if (change !== null) await applyChange(engine, position, change);
  }
}

/** The orders of a position's symbol since it was opened, each once; `null` where they can't be told. */
export async function readHistory(
  engine: Engine,
  position: ManagedPosition,
): Promise<readonly BrokerOrder[] | null> {
  const backMs = position.adoptedQty > 0 ? ADOPTED_ORDERS_MS : OPENED_SLACK_MS;
  const afterMs = position.openedAtMs - backMs;
  const symbols = [position.symbol];
  const read = await readWhole(
    engine,
    () => engine.ports.broker.listOrders({ status: "all", afterMs, symbols }, "protect"),
    (row) => sayUnreadable(engine, row),
  );
  if (read.kind === "failed") {
    engine.ports.log.warn(`Orders of ${position.symbol} unavailable (${read.failure})`);
    return null;
  }
  const unseen = await listUnseen(
    engine,
    read.value,
    (entry) => entry.symbol === position.symbol,
  );
  if (unseen.hidden.length > 0) {
    // Its fills would look like a split: the broker shows in a moment what it accepted.
    engine.wakeAt(engine.nowMs() + UNSEEN_LOOK_MS);
    return null;
  }
  const shown = [...read.value, ...unseen.orders];
  await recordFills(engine, shown);
  return flattenOrders(shown).filter((order) =>
    position.adoptedQty === 0 ||
    (order.side === "buy" ? order.submittedAtMs : order.updatedAtMs) >= position.openedAtMs ||
    // One that worked already when it was adopted: `buildAdopted` counts with what it had sold by then.
    (order.side === "sell" && !isFinal(order))
  );
}

/**
 * Shares of a managed position by the broker's orders alone, for where positions can't be read: the least that they allow.
 * @returns `null` where they can't be read either, or nobody can explain the position.
 */
export async function countByOrders(
  engine: Engine,
  position: ManagedPosition,
): Promise<number | null> {
  const orders = position.unexplainedQty === null ? await readHistory(engine, position) : null;
  if (orders === null) return null;
  if (hasEnded(orders, position.adoptedQty)) return 0;
  const counts = listFillHistories(orders)
    .map((each) => position.adoptedQty + each.boughtQty - each.soldQty);
  return Math.max(0, Math.floor(Math.min(...counts)));
}

async function explain(
  engine: Engine,
  position: ManagedPosition,
  held: BrokerPosition | undefined,
): Promise<PositionChange | null> {
  const orders = await readHistory(engine, position);
  if (orders === null) return null;
  const entry = orders.find((order) => order.clientOrderId === position.positionId);
  if (isNeverFilled(position, orders)) return { kind: "never_filled" };
  // Sold off in between: what is held now was bought by somebody else since.
  if (hasEnded(orders, position.adoptedQty)) return { kind: "gone" };
  const histories: FillHistory[] = listFillHistories(orders);
  const isOver = await isEntryOver(engine, position, entry);
  const change = accountPosition(position, held, histories, isOver);
  if (change.kind !== "unexplained" || position.unexplainedQty !== null) return change;
  // Positions were read before the orders: a fill in between is no split.
  await refresh(engine);
  const again = findHeld(engine, position.symbol);
  return again === null ? null : accountPosition(position, again, histories, isOver);
}

async function isEntryOver(
  engine: Engine,
  position: ManagedPosition,
  order: BrokerOrder | undefined,
): Promise<boolean> {
  if (order !== undefined) return isFinal(order);
  const read = await engine.ports.ledger.read();
  if (read.kind !== "ok") return false;
  const entry = read.ledger.entries.find((each) => each.clientOrderId === position.positionId);
  return entry?.status === "rejected";
}

/** Whether the engine may act on the position: its quantity is known, explained, and above 0. */
export function isActionable(
  position: ManagedPosition,
  held: BrokerPosition | undefined | null,
): held is BrokerPosition {
  return held !== undefined && held !== null && position.unexplainedQty === null &&
    held.qty > 0 && position.qty === held.qty;
}
