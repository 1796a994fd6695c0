import { readNumber, readText, readTimeMs, type RecordedEvent } from "./events.ts";
import { isTrim } from "../exit/exit_rules.ts";

/** What a fill did to the position. */
export type FillKind = "entry" | "trim" | "exit" | "other";

/** An order's fill. Shares, USD per share (`null` where the broker named none), Unix ms. */
export interface DayFill {
  readonly atMs: number;
  readonly symbol: string;
  readonly side: "buy" | "sell";
  readonly kind: FillKind;
  /** What it was for, as `FillReason` has it. */
  readonly reason: string;
  readonly qty: number;
  readonly priceUsd: number | null;
  readonly orderId: string;
  readonly clientOrderId: string;
  /** Shares that the order was for; `null` where the trail does not say. */
  readonly askedQty: number | null;
  /** The order id in whose place it came; `null` where it replaced none. */
  readonly replaces: string | null;
}

/** The day's fills, each order once with its last count, oldest first. */
export function listFills(events: readonly RecordedEvent[]): DayFill[] {
  const fills = new Map<string, DayFill>();
  for (const event of events) {
    const fill = event.type === "fill" ? readFill(event) : null;
    if (fill !== null && fill.qty >= (fills.get(fill.orderId)?.qty ?? 0)) {
      fills.set(fill.orderId, fill);
    }
  }
  return [...fills.values()].sort((a, b) => a.atMs - b.atMs);
}

function readFill(event: RecordedEvent): DayFill | null {
  const atMs = readTimeMs(event, "filled_at") ?? readTimeMs(event);
  const qty = readNumber(event, "filled_qty");
  const orderId = readText(event, "order_id");
  const side = readText(event, "side") === "buy" ? "buy" : "sell";
  if (atMs === null || qty === null || orderId === null || event.symbol === undefined) return null;
  const reason = readText(event, "reason") ?? "other";
  return {
    atMs,
    symbol: event.symbol,
    side,
    kind: decideKind(reason, side),
    reason,
    qty,
    priceUsd: readNumber(event, "filled_avg_price_usd"),
    orderId,
    clientOrderId: readText(event, "client_order_id") ?? "",
    askedQty: readNumber(event, "qty"),
    replaces: readText(event, "replaces"),
  };
}

function decideKind(reason: string, side: "buy" | "sell"): FillKind {
  if (reason === "entry") return "entry";
  if (isTrim(reason)) return "trim";
  return side === "sell" ? "exit" : "other";
}
