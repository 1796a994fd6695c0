/**
 * A row of the broker's lists that can't be parsed: it costs itself and nothing else (pipeline 6, "A row of the broker's").
 * An order that names several symbols, by its legs, is one of these for each of them.
 */
export interface UnreadableRow {
  readonly what: "position" | "order";
  /** As the row or its legs name it; `null` where they name none. */
  readonly symbol: string | null;
  readonly clientOrderId: string | null;
  readonly orderId: string | null;
  /** Whether shares may be held or an order may be at work by it: all but an order whose statuses say that it is over. */
  readonly mayBeOpen: boolean;
  /** The first field that is wrong, in words. */
  readonly problem: string;
}

/** Rows of the broker's lists that can't be read, by the list they stood in (pipeline 6, "A row of the broker's"). */
export interface UnreadableRows {
  readonly positions: readonly UnreadableRow[];
  readonly openOrders: readonly UnreadableRow[];
  readonly dayOrders: readonly UnreadableRow[];
}

/** Every row of these lists, each once. */
export function listDistinct(
  { positions, openOrders, dayOrders }: UnreadableRows,
): UnreadableRow[] {
  const rows = [...positions, ...openOrders, ...dayOrders];
  return [...new Map(rows.map((row) => [JSON.stringify(row), row])).values()];
}

/** What a row is about, for people: `position BTCUSD`, `order 7b08df51 of NVDA`. */
export function nameUnreadable(
  { what, symbol, orderId, clientOrderId }: UnreadableRow,
): string {
  if (what === "position") return `position ${symbol ?? "?"}`;
  const id = orderId ?? clientOrderId ?? "without an id";
  return symbol === null ? `order ${id} without a symbol` : `order ${id} of ${symbol}`;
}

/** The row with the field that is wrong, for people. */
export function formatUnreadable(row: UnreadableRow): string {
  return `${nameUnreadable(row)} can't be read (${row.problem})`;
}

/**
 * What the row counts as in a count of distinct open symbols (pipeline 4, position cap): its symbol, or a name of its own
 * that is no ticker. `null` for what is over.
 */
export function openSymbolOf(row: UnreadableRow): string | null {
  if (!row.mayBeOpen) return null;
  return row.symbol ?? `(${row.orderId ?? row.clientOrderId ?? "?"})`;
}
