import { findVersion, keepVersion, type Version } from "./past.ts";
import type { Spell } from "./spell.ts";
import { formatDecimal, formatUtc, type Moment } from "./wire.ts";

/** An execution of an order. */
export interface SimFill {
  readonly atMs: number;
  readonly qty: number;
  readonly priceUsd: number;
}

/** Part of a scripted partial fill: `qty` shares, `afterMs` after the order could first fill. */
export interface FillStep {
  readonly afterMs: number;
  /** `Infinity` is all that is left. */
  readonly qty: number;
}

/** What an order asks for; prices in USD per share. */
export interface OrderTerms {
  readonly symbol: string;
  readonly side: "buy" | "sell";
  readonly type: "market" | "limit" | "stop" | "stop_limit";
  readonly orderClass: "simple" | "bracket" | "oco";
  readonly timeInForce: "day" | "gtc";
  readonly qty: number;
  readonly limitPriceUsd: number | null;
  readonly stopPriceUsd: number | null;
}

/** An order as the simulated broker keeps it, for ever; tests read it, only the exchange changes it. */
export interface SimOrder {
  readonly id: string;
  readonly clientOrderId: string;
  readonly assetId: string;
  /** Counts orders in the sequence of their acceptance. */
  readonly seq: number;
  readonly symbol: string;
  readonly side: "buy" | "sell";
  readonly type: OrderTerms["type"];
  readonly orderClass: OrderTerms["orderClass"];
  readonly timeInForce: "day" | "gtc";
  readonly limitPriceUsd: number | null;
  readonly stopPriceUsd: number | null;
  readonly submitted: Moment;
  readonly expiresAtMs: number;
  qty: number;
  status: string;
  filledQty: number;
  /** USD paid or received for `filledQty`. */
  filledCostUsd: number;
  readonly fills: SimFill[];
  parent: SimOrder | null;
  legs: SimOrder[];
  /** False for the legs of an entry that is not completely filled, and for a replacement not yet in force. */
  isActive: boolean;
  activeAtMs: number;
  isTriggered: boolean;
  plan: readonly FillStep[] | null;
  planFromMs: number | null;
  planStep: number;
  updatedMs: number;
  filledMs: number | null;
  canceledMs: number | null;
  expiredMs: number | null;
  failedMs: number | null;
  replacedMs: number | null;
  replacedBy: string | null;
  replaces: string | null;
  /** While it is neither at work nor over: its status before, and what follows. */
  asleep: { readonly spell: Spell; readonly statusBefore: string } | null;
  /** When the last of these times began or ended; `null` where there was none. */
  turnedMs: number | null;
  /** The JSON text without its legs, until something changes. */
  text: string | null;
  /** What it was lately, itself included; empty once it has been final for longer than any list lags. */
  past: Version<SimOrder>[];
}

const FINAL: ReadonlySet<string> = new Set([
  "filled",
  "canceled",
  "expired",
  "rejected",
  "replaced",
]);

/** Whether the order can no longer change. */
export function isDone(order: SimOrder): boolean {
  return FINAL.has(order.status);
}

/** Shares that the order may still trade. */
export function leftQty(order: SimOrder): number {
  return isDone(order) ? 0 : order.qty - order.filledQty;
}

/** The order that a bracket or OCO hangs from; a plain order is its own. */
export function rootOf(order: SimOrder): SimOrder {
  return order.parent ?? order;
}

/** The two exits that stand for the same shares: a bracket's legs, or both halves of an OCO; else the order alone. */
export function exitsOf(order: SimOrder): readonly SimOrder[] {
  const root = rootOf(order);
  if (root.orderClass === "bracket") return order === root ? [root] : root.legs;
  return root.orderClass === "oco" ? [root, ...root.legs] : [order];
}

/** Notes a change, so that the next answer shows it. */
export function touch(order: SimOrder, ms: number): void {
  order.updatedMs = ms;
  order.text = null;
  keepPast(order, ms);
}

/** Keeps what the order is from `ms` on, for lists that lag. */
export function keepPast(order: SimOrder, ms: number): void {
  keepVersion(order.past, { atMs: ms, value: { ...order, text: null, past: [] } });
}

/** The order as it was at `ms`, at most `LAG_MS_MAX` ago; `null` where it did not exist yet. */
export function findPast(order: SimOrder, ms: number): SimOrder | null {
  return order.past.length === 0 ? order : findVersion(order.past, ms) ?? null;
}

function formatTime(ms: number | null, ns: number): string | null {
  return ms === null ? null : formatUtc(ms, ns);
}

function formatPrice(usd: number | null): string | null {
  return usd === null ? null : formatDecimal(usd);
}

function buildFields(order: SimOrder, status: string): Record<string, unknown> {
  const { ns } = order.submitted;
  const average = order.filledQty === 0 ? null : order.filledCostUsd / order.filledQty;
  const accepted = formatUtc(order.submitted.ms, ns);
  return {
    id: order.id,
    client_order_id: order.clientOrderId,
    created_at: accepted,
    updated_at: formatUtc(order.updatedMs, ns),
    submitted_at: accepted,
    filled_at: formatTime(order.filledMs, ns),
    expired_at: formatTime(order.expiredMs, ns),
    expires_at: Number.isFinite(order.expiresAtMs) ? formatUtc(order.expiresAtMs, 0) : null,
    canceled_at: formatTime(order.canceledMs, ns),
    failed_at: formatTime(order.failedMs, ns),
    replaced_at: formatTime(order.replacedMs, ns),
    replaced_by: order.replacedBy,
    replaces: order.replaces,
    asset_id: order.assetId,
    symbol: order.symbol,
    asset_class: "us_equity",
    notional: null,
    qty: formatDecimal(order.qty, 9),
    filled_qty: formatDecimal(order.filledQty, 9),
    filled_avg_price: formatPrice(average),
    order_class: order.orderClass === "simple" ? "" : order.orderClass,
    order_type: order.type,
    type: order.type,
    side: order.side,
    position_intent: order.side === "buy" ? "buy_to_open" : "sell_to_close",
    time_in_force: order.timeInForce,
    limit_price: formatPrice(order.limitPriceUsd),
    stop_price: formatPrice(order.stopPriceUsd),
    status,
    extended_hours: false,
    trail_percent: null,
    trail_price: null,
    hwm: null,
    subtag: null,
    source: null,
  };
}

/** How orders are shown, where that can be changed from outside. */
export interface OrderView {
  readonly shownStatus: ((order: SimOrder) => string) | null;
  readonly extraOrderFields: Readonly<Record<string, unknown>>;
}

function buildText(order: SimOrder, view: OrderView): string {
  const status = view.shownStatus === null ? order.status : view.shownStatus(order);
  const fields = { ...buildFields(order, status), ...view.extraOrderFields };
  return JSON.stringify(fields).slice(0, -1);
}

/**
 * The order as JSON.
 * @param legs Those to show under it; `null` sends `"legs": null`, as for an order that is not asked for nested.
 */
export function buildOrderJson(
  order: SimOrder,
  legs: readonly SimOrder[] | null,
  view: OrderView,
): string {
  // A view from outside may change between two answers, so only the plain text is kept.
  const text = view.shownStatus === null
    ? order.text ?? buildText(order, view)
    : buildText(order, view);
  if (view.shownStatus === null) order.text = text;
  const inner = legs === null || legs.length === 0
    ? "null"
    : `[${legs.map((leg) => buildOrderJson(leg, null, view)).join(",")}]`;
  return `${text},"legs":${inner}}`;
}
