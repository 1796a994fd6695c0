import type { KnownOrder, OrderBook } from "../../src/domain/account/order_book.ts";
import type { LedgerEntry } from "../../src/domain/order/ledger.ts";
import type { BrokerOrder } from "../../src/domain/order/orders.ts";
import { UNDATED } from "./broker_state.ts";
import { toSubmittedMs } from "./wire_map.ts";

// Where nothing lags each answer is newer than all before. When an order changed then tells only whether a record is as new as
// what is known of its order, and how often it did is one state more for each: so answers are dated by what is known already.

/** What an answer is dated by, that shows an order for the first time: after anything that is on record. */
const FIRST = 3;
/** No order has more dates than this: what is later was dated by a record. */
const DATES_MAX = 9;

/** An order as an answer shows it, dated after what is known of it where it says something else, where the broker dates none. */
export function dateOrder(book: OrderBook, order: BrokerOrder): BrokerOrder {
  if (order.updatedAtMs !== order.submittedAtMs + UNDATED) return order;
  const legs = order.legs.map((leg) => dateOrder(book, leg));
  return { ...order, legs, updatedAtMs: dateNext(book.get(order.orderId)?.order, order) };
}

function dateNext(known: BrokerOrder | undefined, order: BrokerOrder): number {
  if (known === undefined) return order.submittedAtMs + FIRST;
  const isSame = known.status === order.status && known.filledQty === order.filledQty &&
    known.qty === order.qty && known.replacedBy === order.replacedBy &&
    known.stopPriceUsd === order.stopPriceUsd && known.limitPriceUsd === order.limitPriceUsd;
  return isSame ? known.updatedAtMs : known.updatedAtMs + 1;
}

function readDate(orderId: string, updatedAtMs: number): number | null {
  const date = updatedAtMs - toSubmittedMs(Number(orderId.slice(1)));
  return date > UNDATED && date <= DATES_MAX ? date : null;
}

/** What is known and what is on record, with no dates but those that tell which of two is the newer. */
export function rankDates(
  book: OrderBook,
  entries: readonly LedgerEntry[],
): { readonly book: OrderBook; readonly entries: readonly LedgerEntry[] } {
  const dates = new Map<string, Set<number>>();
  const note = (orderId: string, updatedAtMs: number) => {
    const date = readDate(orderId, updatedAtMs);
    if (date !== null) dates.set(orderId, (dates.get(orderId) ?? new Set()).add(date));
  };
  for (const [orderId, { order }] of book) note(orderId, order.updatedAtMs);
  for (const { orderId, broker } of entries) {
    if (orderId !== null && broker !== null) note(orderId, broker.updatedAtMs);
  }
  const rank = (orderId: string, updatedAtMs: number): number => {
    const date = readDate(orderId, updatedAtMs);
    if (date === null) return updatedAtMs;
    const before = [...dates.get(orderId) ?? []].filter((each) => each < date).length;
    return updatedAtMs - date + before + 1;
  };
  const ranked = [...book].map(([orderId, known]): [string, KnownOrder] => {
    const updatedAtMs = rank(orderId, known.order.updatedAtMs);
    const isSame = updatedAtMs === known.order.updatedAtMs;
    return [orderId, isSame ? known : { ...known, order: { ...known.order, updatedAtMs } }];
  });
  return {
    book: new Map(ranked),
    entries: entries.map((entry) => {
      const { orderId, broker } = entry;
      if (orderId === null || broker === null) return entry;
      const updatedAtMs = rank(orderId, broker.updatedAtMs);
      const isSame = updatedAtMs === broker.updatedAtMs;
      return isSame ? entry : { ...entry, broker: { ...broker, updatedAtMs } };
    }),
  };
}
