import { isFlatten, isOurs } from "../order/client_order_id.ts";
import type { EngineState, ManagedPosition } from "./engine_state.ts";
import { isUnsettled, type LedgerEntry } from "../order/ledger.ts";
import { buildManaged, buildPlan, closedKey } from "./managed_position.ts";
import { isFinal } from "../order/orders.ts";
import { countRecent } from "./order_book.ts";
import { findHeld, type Sight } from "./sight.ts";

/**
 * Entries of ours that the broker accepted and that no managed position stands for, for instance after a crash, as positions;
 * before a day turns, too, for its ledger forgets what is settled (pipeline 5, "Which positions").
 */
export function listBought(records: EngineState, sight: Sight): ManagedPosition[] {
  const bought = new Map<string, ManagedPosition>();
  for (const entry of records.ledger?.entries ?? []) {
    const plan = buildPlan(entry);
    if (plan === null || isAccountedFor(records, plan.clientOrderId)) continue;
    const isWorking = entry.broker !== null && !isFinal(entry.broker);
    const isHeld = (entry.broker?.filledQty ?? 0) > 0 &&
      (findHeld(sight, entry.symbol) !== undefined || isFilledNow(sight, entry));
    if (!isWorking && !isHeld) continue;
    // One position a symbol: where another stands for it, its account takes in this entry's fills.
    const isTaken = records.positions.some((each) => each.symbol === entry.symbol);
    if (isTaken || bought.has(entry.symbol)) continue;
    bought.set(entry.symbol, buildManaged(plan, Date.parse(entry.timestamp)));
  }
  return [...bought.values()];
}

/** Buys of ours that may hold shares and that no managed position stands for, by the records alone. */
export function listBuysWithoutPosition(records: EngineState): LedgerEntry[] {
  return (records.ledger?.entries ?? []).filter((entry) => {
    const { clientOrderId, side, status, broker } = entry;
    if (side !== "buy" || clientOrderId === null || !isOurs(clientOrderId)) return false;
    if (isFlatten(clientOrderId) || isAccountedFor(records, clientOrderId)) return false;
    if (isUnsettled(entry)) return true;
    return status === "accepted" && (broker === null || !isFinal(broker) || broker.filledQty > 0);
  });
}

/** Whether the entry was filled so short a time ago that positions need not show it yet. */
function isFilledNow({ book, nowMs }: Sight, { orderId }: LedgerEntry): boolean {
  const known = book.get(orderId ?? "");
  return known !== undefined && countRecent(known, nowMs) > 0;
}

function isAccountedFor({ alerted, released, positions }: EngineState, id: string): boolean {
  return alerted[closedKey(id)] !== undefined ||
    [...released, ...positions].some(({ positionId }) => positionId === id);
}
