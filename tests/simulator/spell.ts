import type { Book } from "./book.ts";
import { isDone, rootOf, type SimOrder, touch } from "./order.ts";

/**
 * A time in which an order is neither at work nor over (broker.md): `done_for_day`, `suspended`, `accepted_for_bidding`,
 * `stopped` (a trade that is guaranteed), `calculated` (one that is done and not settled), or a status nobody knows yet.
 */
export interface Spell {
  readonly status: string;
  /** How long; `Infinity`: until the order is cancelled, or expires. Ends at the next open where it is `done_for_day`. */
  readonly ms: number;
  /** What follows; `calculated` fills as it begins, whatever this says. */
  readonly then: "resumes" | "fills" | "ends";
}

/** Statuses in which a trade is as good as done, so that a cancel is refused. */
export const BOUND_STATUSES: ReadonlySet<string> = new Set(["stopped", "calculated"]);

function findPriceUsd({ host, symbol }: Book, ms: number): number | null {
  return host.quotes.lastTrade(symbol, ms)?.priceUsd ?? null;
}

/** Takes an order out of the trading for a while. */
export function beginSpell(book: Book, order: SimOrder, spell: Spell, ms: number): void {
  if (isDone(order) || order.asleep !== null) return;
  order.asleep = { spell, statusBefore: order.status };
  order.turnedMs = ms;
  order.status = spell.status;
  touch(order, ms);
  const priceUsd = findPriceUsd(book, ms);
  if (spell.status === "calculated" && priceUsd !== null) book.forceFill(order, priceUsd, ms);
  if (Number.isFinite(spell.ms)) book.at(ms + spell.ms, (dueMs) => endSpell(book, order, dueMs));
}

/** Ends a spell as it says; a cancel that was asked meanwhile goes its own way. */
export function endSpell(book: Book, order: SimOrder, ms: number): void {
  const { asleep } = order;
  if (asleep === null || isDone(order)) return;
  order.asleep = null;
  order.turnedMs = ms;
  if (order.filledQty >= order.qty) return book.finish(order, ms);
  if (order.status === "pending_cancel") return;
  order.status = order.filledQty > 0 ? "partially_filled" : asleep.statusBefore;
  touch(order, ms);
  if (asleep.spell.then === "ends") {
    const root = rootOf(order);
    // One order of a bracket or OCO takes the group with it, as a cancel does.
    for (const each of [root, ...root.legs]) if (!isDone(each)) book.close(each, "canceled", ms);
    return;
  }
  const priceUsd = findPriceUsd(book, ms);
  if (asleep.spell.then === "fills" && priceUsd !== null) book.forceFill(order, priceUsd, ms);
  else book.match(ms);
}
