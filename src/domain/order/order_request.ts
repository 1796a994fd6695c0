import type { BrokerOrder } from "./orders.ts";

/** How a broker read failed, as the gate names it. */
export type ReadFailure = "http" | "timeout" | "network" | "malformed";

/** A market sell, day. */
export interface MarketSellRequest {
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly qty: number;
}

/** A plain sell stop, good till canceled. */
export interface StopRequest {
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly qty: number;
  readonly stopUsd: number;
}

/** A change of quantity or price of a resting stop; the broker answers with a new order that replaces the old. */
export interface ReplaceRequest {
  readonly orderId: string;
  readonly clientOrderId: string;
  readonly qty?: number;
  readonly stopUsd?: number;
}

/** A bracket entry: market buy, day, with take-profit limit and stop (pipeline 4). Prices already in the broker's increments. */
export interface BracketRequest {
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly qty: number;
  readonly takeProfitUsd: number;
  readonly stopUsd: number;
}

/** A live request for an entry. */
export interface EntryRequest {
  readonly op: "bracket";
  readonly request: BracketRequest;
  /** Its moment, broker time: nothing is recorded or sent before it; `null` where that has come. */
  readonly notBeforeMs: number | null;
  /** When the intent expires or its record is too old, broker time: it leaves before, or not at all. */
  readonly notAfterMs: number;
  /** What is known of a sending of its id before this one; `null` where none has ever left. */
  readonly earlier: { readonly notFoundSinceMs: number | null } | null;
}

/** One simulated submission (interface, Files): `{"YYYY-MM-DD:SYM": {symbol, qty, ts}}`. */
export interface DryRunOrder {
  readonly dateNy: string;
  readonly symbol: string;
  readonly qty: number;
  /** ISO 8601 UTC. */
  readonly ts: string;
}

/** A live request of the sell side: what it changes at the broker is one of these. */
export type SellSideRequest =
  | { readonly op: "sell"; readonly request: MarketSellRequest }
  | { readonly op: "stop"; readonly request: StopRequest }
  | { readonly op: "replace"; readonly symbol: string; readonly request: ReplaceRequest }
  | { readonly op: "cancel"; readonly symbol: string; readonly orderId: string };

/** A live request that changes an order. */
export type OrderRequest = EntryRequest | SellSideRequest;

/**
 * The broker's refusal of an order-changing request, classified by status, code and message together (broker.md).
 * `unauthorized` is about the keys, `account` about what the account may do.
 */
export type RefusalKind =
  | "insufficient_qty"
  | "wash_trade"
  | "buying_power"
  | "stop_price"
  | "price_increment"
  | "unauthorized"
  | "account"
  | "rate_limited"
  | "not_cancelable"
  | "not_found"
  | "other";

/** A definitive no. `body` is the raw answer, cut and without credentials, for the event log. */
export interface Refusal {
  readonly kind: "rejected";
  readonly why: RefusalKind;
  readonly httpStatus: number;
  readonly code: number | null;
  readonly message: string;
  readonly body: string;
}

/** No usable answer: the order may or may not exist (broker.md, "Ambiguous"). */
export interface NoAnswer {
  readonly kind: "unknown";
  readonly why: "timeout" | "network" | "server_error" | "malformed";
  readonly httpStatus: number | null;
  readonly body: string;
}

/** The answer to a submission. `duplicate`: an order with this client order id exists, look it up and adopt it. */
export type SubmitOutcome =
  | { readonly kind: "accepted"; readonly order: BrokerOrder; readonly body: string }
  | { readonly kind: "duplicate"; readonly body: string }
  | Refusal
  | NoAnswer;

/** The answer to a cancel: `requested` means on its way, not final. */
export type CancelOutcome = { readonly kind: "requested" } | Refusal | NoAnswer;

/** The broker's answer, or why nothing was sent. */
export type SendResult =
  | SubmitOutcome
  | CancelOutcome
  | { readonly kind: "stopped"; readonly reason: string };

/** The answer to a look-up of one order. `not_found` is a real 404 and nothing else. */
export type LookupOutcome =
  | { readonly kind: "found"; readonly order: BrokerOrder }
  | { readonly kind: "not_found" }
  | { readonly kind: "unknown"; readonly why: ReadFailure };

/** Whether a refusal says nothing of the order: it was not looked at, for the keys or the rate. */
export function isUnjudged({ why }: Pick<Refusal, "why">): boolean {
  return why === "unauthorized" || why === "rate_limited";
}

/**
 * Whether the broker will not have this order itself, whoever asks and whenever: by 422, or by a 403 that is about the order
 * (pipeline 5). Keys, account and rate say nothing of it; nor does a market below the stop.
 */
export function isRefusedItself({ httpStatus, why, code }: Refusal): boolean {
  if (httpStatus === 422) return why !== "stop_price";
  return httpStatus === 403 && code !== null && (why === "insufficient_qty" || why === "other");
}

/** Refusals of a stop that say nothing of the next one: the market, other orders, the rate and the keys pass. */
const PASSING: ReadonlySet<RefusalKind> = new Set<RefusalKind>([
  "stop_price",
  "insufficient_qty",
  "wash_trade",
  "not_cancelable",
  "not_found",
  "rate_limited",
  "unauthorized",
]);

/** Whether a refusal of a new stop lasts: the next one in the symbol would be refused too (pipeline 5). */
export function isLasting({ why }: Pick<Refusal, "why">): boolean {
  return !PASSING.has(why);
}
