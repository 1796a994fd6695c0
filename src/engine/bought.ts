import { countRecent } from "../domain/account/order_book.ts";
import { isFlatten, isOurs } from "../domain/client_order_id.ts";
import { isUnsettled, type LedgerEntry } from "../domain/ledger.ts";
import { buildManaged, buildPlan, closedKey } from "../domain/managed_position.ts";
import { isFinal } from "../domain/orders.ts";
import type { Engine } from "./engine.ts";
import { findHeld } from "./observe.ts";
import { listEntries } from "./ledger_store.ts";

/**
 * Entries of ours that the broker accepted and that no managed position stands for, for instance after a crash; before a day
 * turns, too, for its ledger forgets what is settled.
 */
export function takeInBought(engine: Engine): void {
  for (const entry of listEntries(engine)) {
    const plan = buildPlan(entry);
    if (plan === null || isAccountedFor(engine, plan.clientOrderId)) continue;
    const isWorking = entry.broker !== null && !isFinal(entry.broker);
    const isHeld = (entry.broker?.filledQty ?? 0) > 0 &&
      (findHeld(engine, entry.symbol) !== undefined || isFilledNow(engine, entry));
    if (!isWorking && !isHeld) continue;
    // One position a symbol: where another stands for it, its account takes in this entry's fills.
    if (engine.state.positions.some((each) => each.symbol === entry.symbol)) continue;
    engine.putPosition(buildManaged(plan, Date.parse(entry.timestamp)));
  }
}

/** Whether the records have a buy of ours that may hold shares and that no managed position stands for. */
export function hasBuyWithoutPosition(engine: Engine): boolean {
  return listEntries(engine).some((entry) => {
    const { clientOrderId, side, status, broker } = entry;
    if (side !== "buy" || clientOrderId === null || !isOurs(clientOrderId)) return false;
    if (isFlatten(clientOrderId) || isAccountedFor(engine, clientOrderId)) return false;
    if (isUnsettled(entry)) return true;
    return status === "accepted" && (broker === null || !isFinal(broker) || broker.filledQty > 0);
  });
}

/** Whether the entry was filled so short a time ago that positions need not show it yet. */
function isFilledNow(engine: Engine, { orderId }: LedgerEntry): boolean {
  const known = engine.book.get(orderId ?? "");
  return known !== undefined && countRecent(known, engine.nowMs()) > 0;
}

function isAccountedFor(engine: Engine, positionId: string): boolean {
  return engine.state.alerted[closedKey(positionId)] !== undefined ||
    engine.state.released.some((each) => each.positionId === positionId) ||
    engine.state.positions.some((position) => position.positionId === positionId);
}
