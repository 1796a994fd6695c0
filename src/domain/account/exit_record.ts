import type { OrderBook } from "./order_book.ts";
import type { SellReason } from "../order/client_order_id.ts";
import { isTrim } from "../exit/exit_rules.ts";
import { isUnsettled, type LedgerEntry } from "../order/ledger.ts";
import { isFinal } from "../order/orders.ts";

/**
 * What the records show of a trim or close: `done` where it was accepted and did not end unfilled (a close is never done
 * while shares are held), `open` while it works or nobody knows, `unfilled` where the broker took it and it sold nothing.
 */
export type ExitRecord = "none" | "open" | "done" | "unfilled";

/**
 * Reads what became of a position's trim or close, by its records and every answer since.
 * @param entries The records that are looked at.
 */
export function findExitRecord(
  entries: readonly LedgerEntry[],
  book: OrderBook,
  positionId: string,
  reason: SellReason,
): ExitRecord {
  const mine = entries.filter((entry) => entry.positionId === positionId && entry.reason === reason)
    .map((entry) => correct(entry, book));
  // Shares that the broker showed as sold are sold, whatever a hand has made of the record's status.
  const taken = mine.filter((entry) =>
    (entry.status === "accepted" || (entry.broker?.filledQty ?? 0) > 0) &&
    !isEndedUnfilled(entry.broker)
  );
  if (isTrim(reason) && taken.length > 0) return "done";
  if (mine.some(isUnsettled)) return "open";
  if (taken.some((entry) => entry.broker === null || !isFinal(entry.broker))) return "open";
  return mine.some((entry) => entry.orderId !== null) ? "unfilled" : "none";
}

/** An entry as it is by now: what an answer by id has shown is on record a cycle later. */
function correct(entry: LedgerEntry, book: OrderBook): LedgerEntry {
  const known = book.get(entry.orderId ?? "")?.order;
  if (known === undefined || entry.broker === null) return entry;
  const { status, filledQty, filledAvgPriceUsd, updatedAtMs } = known;
  return { ...entry, broker: { status, filledQty, filledAvgPriceUsd, updatedAtMs } };
}

/** Whether an order, as the broker last showed it, ended without a share filled. */
export function isEndedUnfilled(
  view: { readonly status: string; readonly filledQty: number } | null,
): boolean {
  return view !== null && isFinal(view) && view.filledQty === 0;
}
