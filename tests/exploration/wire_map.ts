import { deriveOnce } from "../../src/domain/derive_once.ts";
import type { ManagedPosition } from "../../src/domain/account/engine_state.ts";
import { NOTHING_TRIMMED } from "../../src/domain/exit/exit_rules.ts";
import type { Trade } from "../../src/domain/time/market.ts";
import type {
  Refusal as BrokerRefusal,
  SellSideRequest,
  SendResult,
} from "../../src/domain/order/order_request.ts";
import type { BrokerOrder, BrokerPosition } from "../../src/domain/order/orders.ts";
import type { Outcome, ShownOrder } from "./broker_answers.ts";
import type { Change, Order, Refusal } from "./broker_state.ts";

/** Now, in every decision: what was before is older, and time passes by making it older. Monday, 10:30 New York. */
export const NOW_MS = Date.UTC(2026, 10, 23, 15, 30);
export const SYMBOL = "NVDA";
/** The client order id of the entry. */
export const POSITION_ID = "avwap-2026-11-23-NVDA-0a1b2c3d-1";

/** The price that a level stands for, USD per share: stop 2, pivot 3, R1 5, R2 7; half of the way to R2 is two levels. */
export function toUsd(level: number): number {
  return 85 + 5 * level;
}

/** The level of a price. @throws {RangeError} Where there is none. */
export function toLevel(usd: number): number {
  const level = (usd - 85) / 5;
  if (!Number.isInteger(level)) throw new RangeError(`${usd} USD is at no level`);
  return level;
}

/** A position of the engine's own as it is before the first look at it. */
export function buildPosition(qty: number): ManagedPosition {
  return {
    symbol: SYMBOL,
    positionId: POSITION_ID,
    adoptedQty: 0,
    besideQty: 0,
    pivotUsd: toUsd(3),
    r1Usd: toUsd(5),
    r2Usd: toUsd(7),
    stopUsd: toUsd(2),
    highWaterUsd: toUsd(4),
    ...NOTHING_TRIMMED,
    qty,
    costBasisUsd: null,
    unexplainedQty: null,
    unexplainedSinceMs: null,
    openedAtMs: NOW_MS - 400_000,
    partialSinceMs: null,
  };
}

/** When an order was made, as the broker says it: a moment ago, and in the sequence of their ids. */
export function toSubmittedMs(id: number): number {
  return NOW_MS - 4_000 + id * 100;
}

const toFlat = deriveOnce((order: Order): BrokerOrder => {
  const { id, filledQty, level, replaces, replacedBy, version } = order;
  const submittedAtMs = toSubmittedMs(id);
  return {
    orderId: `o${id}`,
    clientOrderId: order.clientOrderId,
    symbol: SYMBOL,
    side: order.side,
    type: order.type,
    orderClass: order.side === "buy" || order.parentId !== 0 ? "bracket" : "",
    timeInForce: order.isGtc ? "gtc" : "day",
    status: order.status,
    qty: order.qty,
    filledQty,
    filledAvgPriceUsd: filledQty > 0 ? toUsd(4) : null,
    limitPriceUsd: order.type === "limit" ? toUsd(level) : null,
    stopPriceUsd: order.type === "stop" ? toUsd(level) : null,
    submittedAtMs,
    updatedAtMs: submittedAtMs + version,
    filledAtMs: null,
    replacedBy: replacedBy === 0 ? null : `o${replacedBy}`,
    replaces: replaces === 0 ? null : `o${replaces}`,
    legs: [],
  };
});

/** An order of the automaton as the broker's client reads it. */
export const toBrokerOrder = deriveOnce(({ order, legs }: ShownOrder): BrokerOrder => ({
  ...toFlat(order),
  legs: legs.map(toFlat),
}));

/** Positions as the broker's client reads them. */
export function toBrokerPosition(heldQty: number): BrokerPosition[] {
  if (heldQty === 0) return [];
  return [{
    symbol: SYMBOL,
    qty: heldQty,
    avgEntryPriceUsd: toUsd(4),
    costBasisUsd: toUsd(4) * heldQty,
    currentPriceUsd: toUsd(4),
  }];
}

/** The latest trade at a level. */
export function toTrade(level: number): Trade {
  return { priceUsd: toUsd(level), atMs: NOW_MS };
}

/** A request of the planner's in the automaton's words. */
export function readChange(request: SellSideRequest): Change {
  switch (request.op) {
    case "sell": {
      const { clientOrderId, qty } = request.request;
      return { kind: "sell", clientOrderId, qty };
    }
    case "stop": {
      const { clientOrderId, qty, stopUsd } = request.request;
      return { kind: "stop", clientOrderId, qty, level: toLevel(stopUsd) };
    }
    case "replace": {
      const { orderId, clientOrderId, qty, stopUsd } = request.request;
      return {
        kind: "replace",
        id: Number(orderId.slice(1)),
        clientOrderId,
        ...qty === undefined ? {} : { qty },
        ...stopUsd === undefined ? {} : { level: toLevel(stopUsd) },
      };
    }
    case "cancel":
      return { kind: "cancel", id: Number(request.orderId.slice(1)) };
  }
}

type Words = Pick<BrokerRefusal, "why" | "httpStatus" | "code" | "message">;

/** How the broker says each refusal (broker.md, Refusals). */
const REFUSALS: Readonly<Record<Exclude<Refusal, "duplicate">, Words>> = {
  insufficient_qty: {
    why: "insufficient_qty",
    httpStatus: 403,
    code: 40310000,
    message: "insufficient qty available for order",
  },
  wash_trade: {
    why: "wash_trade",
    httpStatus: 403,
    code: 40310000,
    message: "potential wash trade detected",
  },
  stop_price: {
    why: "stop_price",
    httpStatus: 422,
    code: 42210000,
    message: "stop price must be less than current price",
  },
  account: {
    why: "account",
    httpStatus: 403,
    code: 40310000,
    message: "account is not authorized to trade",
  },
  unauthorized: { why: "unauthorized", httpStatus: 401, code: null, message: "unauthorized." },
  rate_limited: { why: "rate_limited", httpStatus: 429, code: null, message: "too many requests." },
  not_cancelable: {
    why: "not_cancelable",
    httpStatus: 422,
    code: 42210000,
    message: "order is not cancelable",
  },
  not_replaceable: {
    why: "other",
    httpStatus: 422,
    code: 42210000,
    message: "order chain not fully replaced",
  },
  not_found: { why: "not_found", httpStatus: 404, code: 40410000, message: "order not found" },
  other: { why: "other", httpStatus: 422, code: 40010001, message: "invalid order" },
};

/** An answer of the automaton's as the broker's client classifies it. */
export function readOutcome(
  request: SellSideRequest,
  outcome: Outcome | { readonly kind: "stopped" },
): SendResult {
  switch (outcome.kind) {
    case "stopped":
      return { kind: "stopped", reason: "kill switch active" };
    case "accepted":
      return { kind: "accepted", order: toBrokerOrder(outcome.shown), body: "" };
    case "requested":
      return { kind: "requested" };
    case "refused":
      return outcome.why === "duplicate"
        ? { kind: "duplicate", body: "" }
        : { kind: "rejected", ...REFUSALS[outcome.why], body: "" };
    case "unknown":
      return { kind: "unknown", why: "timeout", httpStatus: null, body: "" };
    default:
      throw new RangeError(`no answer to ${request.op}: ${outcome.kind}`);
  }
}
