import type { AlpacaClient } from "../broker/alpaca_client.ts";
import {
  EMPTY_BOOK,
  keepOrders,
  listUnlisted,
  type OrderBook,
} from "../domain/account/order_book.ts";
import { isPresumed, learnRecords } from "../domain/account/stand_ins.ts";
import {
  listVanished,
  noteShown,
  type ShownLeast,
  type ShownShares,
} from "../domain/account/vanished.ts";
import { isFlatten } from "../domain/order/client_order_id.ts";
import { isUnsettled, type LedgerEntry } from "../domain/order/ledger.ts";
import { isAbsentByNow } from "../domain/entry/absence.ts";
import {
  type BrokerOrder,
  type BrokerPosition,
  flattenOrders,
  isFinal,
} from "../domain/order/orders.ts";
import type { UnreadableRow } from "../domain/order/unreadable_row.ts";
import { type Asker, askMissing, learn, lookUpOrder } from "../engine/asker.ts";

/** Orders that are asked for by id after one list: an account has not many more at work. */
const ASKED_MAX = 30;

/**
 * Orders as all answers and the engine's records have them: positions lag behind fills, and lists behind both (pipeline 5). What
 * the engine sent a moment ago no list need show yet.
 */
export class FlattenBook implements Asker {
  book: OrderBook = EMPTY_BOOK;
  readonly ports: { readonly broker: AlpacaClient };
  /** What the engine may have sent, and nobody knows whether the broker has it. */
  #doubts: readonly LedgerEntry[];

  /** What positions have shown since it is kept. */
  #shown: ShownLeast = new Map();
  readonly #sinceMs: number;

  /**
   * @param entries The ledger's, where it is this account's.
   * @param nowMs Tells the moment by the broker's clock, Unix ms.
   */
  constructor(broker: AlpacaClient, readonly nowMs: () => number, entries: readonly LedgerEntry[]) {
    this.ports = { broker };
    this.#sinceMs = nowMs();
    this.book = learnRecords(EMPTY_BOOK, entries, this.#sinceMs);
    this.#doubts = entries.filter((entry) =>
      isUnsettled(entry) && entry.clientOrderId !== null && !isFlatten(entry.clientOrderId)
    );
  }

  /** Orders of unknown fate: each sell of them may have sold its shares. */
  get doubts(): readonly LedgerEntry[] {
    return this.#doubts;
  }

  putBook(book: OrderBook): void {
    this.book = book;
  }

  /** Takes an answer of the broker in. */
  learn(orders: readonly BrokerOrder[]): void {
    learn(this, orders);
  }

  /** Takes a list of positions in. @returns What was shown before, and is not shown now though no order has sold it. */
  learnPositions(
    positions: readonly BrokerPosition[],
    unreadable: readonly UnreadableRow[],
  ): ShownShares[] {
    const watch = { book: this.book, nowMs: this.nowMs(), sinceMs: this.#sinceMs };
    this.#shown = noteShown(this.#shown, positions, watch);
    const present = new Set([...positions, ...unreadable].flatMap(({ symbol }) => symbol ?? []));
    return listVanished(this.#shown, present, watch);
  }

  /** Takes a list of open orders in, and completes it by what it lacks and by what became of the orders of unknown fate. */
  async complete(
    orders: readonly BrokerOrder[],
    unreadable: readonly UnreadableRow[],
  ): Promise<void> {
    this.learn(orders);
    await this.#resolveDoubts();
    const listed = new Set([
      ...flattenOrders(orders).map(({ orderId }) => orderId),
      ...unreadable.flatMap(({ orderId }) => orderId ?? []),
    ]);
    // What the broker took and has not shown for a minute is not there.
    this.book = keepOrders(
      this.book,
      (known) =>
        isFinal(known.order) || listed.has(known.order.orderId) || isPresumed(known, this.nowMs()),
    );
    await this.askFor((known) => listUnlisted(this.book, listed).includes(known));
  }

  /** Asks by id for what is named, and for what came in the place of another unseen. */
  askFor(isMissing: Parameters<typeof askMissing>[1]["isMissing"]): Promise<void> {
    return askMissing(this, { isMissing, isOfInterest: () => true, most: ASKED_MAX });
  }

  /** What the broker does not have for long enough it never had. */
  async #resolveDoubts(): Promise<void> {
    const known = new Set([...this.book.values()].map(({ order }) => order.clientOrderId));
    const left: LedgerEntry[] = [];
    for (const entry of this.#doubts) {
      if (known.has(entry.clientOrderId ?? "")) continue;
      const { kind } = await lookUpOrder(this, entry.clientOrderId ?? "");
      const isAbsent = kind === "not_found" && isAbsentByNow(entry, this.nowMs());
      if (kind !== "found" && !isAbsent) left.push(entry);
    }
    this.#doubts = left;
  }
}
