import { readNumber, readTimeMs, type RecordedEvent } from "./events.ts";
import { roundQty } from "../order/usd_flow.ts";

/** A symbol in the account as one look showed it. Shares, USD per share; `null` where the look did not say. */
export interface AccountRow {
  readonly symbol: string;
  readonly qty: number;
  readonly priceUsd: number | null;
  readonly lastCloseUsd: number | null;
  readonly isManaged: boolean;
  /** Shares of this engine's; all, in a trail of a release that did not say. */
  readonly managedQty: number;
  /** Whether orders account for how many there are; `null` in a trail of a release that did not say. */
  readonly isExplained: boolean | null;
}

/** The account at a moment, Unix ms; `rows` is `null` where its positions could not be read. */
export interface AccountLook {
  readonly atMs: number;
  readonly equityUsd: number | null;
  readonly rows: readonly AccountRow[] | null;
}

/** The looks at the account that a trail holds: recorded whenever something had changed, in their order. */
export function listAccountLooks(events: readonly RecordedEvent[]): AccountLook[] {
  return events.flatMap((event) => {
    const atMs = readTimeMs(event);
    if (event.type !== "equity" || atMs === null) return [];
    const { positions } = event;
    const rows = Array.isArray(positions) ? positions.flatMap(readRow) : null;
    return [{ atMs, equityUsd: readNumber(event, "equity_usd"), rows }];
  });
}

function readRow(row: unknown): AccountRow[] {
  if (typeof row !== "object" || row === null) return [];
  const wire: Readonly<Record<string, unknown>> = { ...row };
  const { symbol, is_managed: isManaged } = wire;
  const qty = readFinite(wire["qty"]);
  if (typeof symbol !== "string" || qty === null) return [];
  return [{
    symbol,
    qty,
    priceUsd: readFinite(wire["price_usd"]),
    lastCloseUsd: readFinite(wire["last_close_usd"]),
    isManaged: isManaged === true,
    managedQty: readFinite(wire["managed_qty"]) ?? (isManaged === true ? qty : 0),
    isExplained: typeof wire["is_explained"] === "boolean" ? wire["is_explained"] : null,
  }];
}

function readFinite(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

/** A sale, as far as whose shares it sold is concerned. */
interface Sale {
  readonly symbol: string;
  readonly atMs: number;
  readonly qty: number;
  readonly reason: string;
}

/**
 * Counts, sale by sale, oldest first, how many of the engine's shares each one sold: a hand's, and the operator's
 * `flatten`, take the hand's own first (pipeline 5), as the last look before it showed them, less what was sold of them since.
 */
export function createOwnCounter(looks: readonly AccountLook[]): (sale: Sale) => number {
  const sold = new Map<string, { readonly lookMs: number; readonly qty: number }>();
  return ({ symbol, atMs, qty, reason }) => {
    if (reason !== "other" && reason !== "flatten") return qty;
    const look = looks.findLast((each) => each.atMs < atMs && each.rows !== null);
    const row = look?.rows?.find((each) => each.symbol === symbol);
    if (look === undefined || row === undefined) return qty;
    const before = sold.get(symbol);
    const soldQty = before?.lookMs === look.atMs ? before.qty : 0;
    const ofHand = Math.min(qty, Math.max(0, row.qty - row.managedQty - soldQty));
    sold.set(symbol, { lookMs: look.atMs, qty: soldQty + ofHand });
    return roundQty(qty - ofHand);
  };
}
