import type { OrderTerms, SimOrder } from "./order.ts";
import { buildAssetId, buildUuid, type Moment } from "./wire.ts";

/** What makes an order besides its terms. */
export interface OrderFacts {
  /** Counts orders; ids come from it. */
  readonly seq: number;
  /** `null`: the broker makes one up. */
  readonly clientOrderId: string | null;
  readonly parent: SimOrder | null;
  readonly submitted: Moment;
  readonly expiresAtMs: number;
  readonly nowMs: number;
  /** Of the first possible fill. */
  readonly activeAtMs: number;
}

/** A new order, not yet in force. @param terms May be another order's: only its terms are taken. */
export function buildOrder(terms: OrderTerms, facts: OrderFacts): SimOrder {
  const { seq, clientOrderId, parent, submitted, expiresAtMs, nowMs, activeAtMs } = facts;
  return {
    symbol: terms.symbol,
    side: terms.side,
    type: terms.type,
    orderClass: terms.orderClass,
    timeInForce: terms.timeInForce,
    qty: terms.qty,
    limitPriceUsd: terms.limitPriceUsd,
    stopPriceUsd: terms.stopPriceUsd,
    id: buildUuid(1, seq),
    clientOrderId: clientOrderId ?? buildUuid(2, seq),
    assetId: buildAssetId(terms.symbol),
    seq,
    submitted,
    expiresAtMs,
    status: "held",
    filledQty: 0,
    filledCostUsd: 0,
    fills: [],
    parent,
    legs: [],
    isActive: false,
    activeAtMs,
    isTriggered: false,
    plan: null,
    planFromMs: null,
    planStep: 0,
    updatedMs: nowMs,
    filledMs: null,
    canceledMs: null,
    expiredMs: null,
    failedMs: null,
    replacedMs: null,
    replacedBy: null,
    replaces: null,
    asleep: null,
    turnedMs: null,
    text: null,
    past: [],
  };
}
