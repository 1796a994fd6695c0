import { isOurs } from "../order/client_order_id.ts";
import {
  buildCapUsage,
  type CapUsage,
  isEntryRecord,
  isOpenEntry,
  isUnsettled,
  type LiveLedger,
} from "../order/ledger.ts";
import { type BrokerOrder, type BrokerPosition, flattenOrders, isFinal } from "../order/orders.ts";
import { openSymbolOf, type UnreadableRow } from "../order/unreadable_row.ts";

/** What of the account an entry is held against, at one moment. */
export interface EntrySight {
  /** As positions were read last; `null` where they can't be read. */
  readonly positions: readonly BrokerPosition[] | null;
  /** All orders at work, nested; `null` where they can't be read. */
  readonly openOrders: readonly BrokerOrder[] | null;
  /** All orders submitted since the NY day began, nested; `null` where they can't be read. */
  readonly dayOrders: readonly BrokerOrder[] | null;
  /** Rows of these lists that can't be read (pipeline 6, "A row of the broker's"). */
  readonly unreadable: readonly UnreadableRow[];
  /** Symbols of managed positions. */
  readonly managed: ReadonlySet<string>;
  /** Symbols that are the operator's until their release has ended (pipeline 5): one empty answer ends none. */
  readonly released: ReadonlySet<string>;
  /** `null` where it can't be counted from. */
  readonly ledger: LiveLedger | null;
}

/** What is counted for an entry: its own record is left out where it is repeated, so that it does not deny itself. */
export interface EntryKey {
  readonly dateNy: string;
  readonly symbol: string;
  /** `null` where it has no record, or none that could count. */
  readonly clientOrderId: string | null;
}

/** Whether a row about the symbol can't be read: there is no entry in it (pipeline 6). */
export function isUnreadable({ unreadable }: EntrySight, symbol: string): boolean {
  return unreadable.some((row) => row.symbol === symbol);
}

/**
 * Whether nobody has an order or position in the symbol (pipeline 4, step 1); a broker that can't be asked counts as
 * "exists".
 */
export function isFree(
  sight: EntrySight,
  { symbol, clientOrderId }: Pick<EntryKey, "symbol" | "clientOrderId">,
): boolean {
  const { positions, openOrders, managed, released, ledger } = sight;
  if (positions === null || openOrders === null) return false;
  if (isUnreadable(sight, symbol)) return false;
  if (positions.some((position) => position.symbol === symbol)) return false;
  const orders = flattenOrders(openOrders);
  if (orders.some((order) => order.symbol === symbol && !isFinal(order))) return false;
  if (managed.has(symbol) || released.has(symbol)) return false;
  return ledger === null ||
    !ledger.entries.some((entry) =>
      entry.symbol === symbol && entry.clientOrderId !== clientOrderId &&
      isUnsettled(entry) && entry.clientOrderId !== null
    );
}

/**
 * Whether what the broker shows by now may be the intent's own order or fill, or nobody can say: until that is known it
 * goes on counting (pipeline 6).
 */
export function mayShow(
  sight: EntrySight,
  { clientOrderId, symbol, qty }: {
    readonly clientOrderId: string;
    readonly symbol: string;
    readonly qty: number;
  },
): boolean {
  const { positions, openOrders } = sight;
  if (positions === null || openOrders === null) return true;
  const held = positions.find((position) => position.symbol === symbol);
  const mayBeFill = held !== undefined && Number.isSafeInteger(held.qty) && held.qty > 0 &&
    held.qty <= qty;
  return mayBeFill || isUnreadable(sight, symbol) ||
    openOrders.some((order) => order.clientOrderId === clientOrderId);
}

/**
 * What the day's entries have used. One entry a symbol and day: also one that the broker showed in this cycle and that a
 * hand has taken out of the ledger (pipeline 4).
 */
export function countUsage(
  { dayOrders }: Pick<EntrySight, "dayOrders">,
  ledger: LiveLedger,
  own: EntryKey,
): CapUsage {
  const usage = buildCapUsage(ledger, own);
  const isSeen = dayOrders?.some((order) =>
    order.symbol === own.symbol && isEntryRecord(order) && order.status !== "rejected" &&
    order.clientOrderId !== own.clientOrderId && isOurs(order.clientOrderId)
  );
  return isSeen === true ? { ...usage, hasEntry: true } : usage;
}

/**
 * Distinct symbols with anyone's open position, a working buy (but `flatten`'s), or an entry of ours that is not settled
 * (pipeline 4); what can't be read and may be one of these counts as one (pipeline 6).
 * @param own Whose own record is left out.
 * @returns `null` where the broker could not be asked.
 */
export function countOpenSymbols(
  { positions, openOrders, unreadable, managed }: EntrySight,
  ledger: LiveLedger,
  own: Pick<EntryKey, "clientOrderId">,
): number | null {
  if (positions === null || openOrders === null) return null;
  const symbols = new Set([
    ...positions.map((position) => position.symbol),
    ...unreadable.map(openSymbolOf).filter((symbol) => symbol !== null),
  ]);
  for (const order of flattenOrders(openOrders)) {
    if (isEntryRecord(order) && !isFinal(order)) symbols.add(order.symbol);
  }
  for (const symbol of managed) symbols.add(symbol);
  for (const entry of ledger.entries) {
    const isOther = entry.clientOrderId !== own.clientOrderId;
    if (
      isOther && isEntryRecord(entry) && entry.clientOrderId !== null && isOpenEntry(entry)
    ) symbols.add(entry.symbol);
  }
  return symbols.size;
}
