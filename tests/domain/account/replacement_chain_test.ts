import fc from "fast-check";
import { findNextAsked } from "../../../src/domain/account/asked.ts";
import {
  buildOpenOrders,
  EMPTY_BOOK,
  keepOrders,
  LAG_MS,
  learnOrders,
  listUnknownSuccessors,
  listUnlisted,
  noteUnshown,
  type OrderBook,
} from "../../../src/domain/account/order_book.ts";
import { isPresumed } from "../../../src/domain/account/stand_ins.ts";
import { type BrokerOrder, isFinal } from "../../../src/domain/order/orders.ts";
import { assert, assertEquals } from "../../assert.ts";
import { brokerOrder } from "../fixtures.ts";

const START_MS = 1_000_000;

/** A broker with one stop, which is replaced again and again, by the engine or by a hand; each order as it was at any time. */
class ChainBroker {
  nowMs = START_MS;
  readonly #past = new Map<string, BrokerOrder[]>();

  constructor() {
    this.#place("new", null);
  }

  get ids(): string[] {
    return [...this.#past.keys()];
  }

  /** An order as it was at a moment. */
  at(orderId: string, ms: number): BrokerOrder | undefined {
    return this.#past.get(orderId)?.findLast(({ updatedAtMs }) => updatedAtMs <= ms);
  }

  /** What is in force. */
  get inForce(): BrokerOrder | undefined {
    return this.ids.flatMap((id) => this.at(id, this.nowMs) ?? []).find((order) =>
      !isFinal(order) && !isWaiting(order)
    );
  }

  /** Takes a replacement of what is in force, which is made or rejected later. @returns What came of it. */
  replace(): BrokerOrder | undefined {
    const old = this.inForce;
    if (old === undefined || old.status === "pending_replace") return undefined;
    this.#keep({ ...old, status: "pending_replace" });
    return this.#place("pending_new", old.orderId);
  }

  /** The end of what was taken: made, or rejected while the old order lives on. */
  endReplace(isMade: boolean): void {
    const fresh = this.ids.flatMap((id) => this.at(id, this.nowMs) ?? []).find(isWaiting);
    const old = fresh === undefined ? undefined : this.at(fresh.replaces ?? "", this.nowMs);
    if (fresh === undefined || old === undefined) return;
    const replaced = { status: "replaced", replacedBy: fresh.orderId };
    this.#keep({ ...old, ...(isMade ? replaced : { status: "new" }) });
    this.#keep({ ...fresh, status: isMade ? "new" : "rejected" });
  }

  #place(status: string, replaces: string | null): BrokerOrder {
    const orderId = `s-${this.#past.size + 1}`;
    return this.#keep(brokerOrder({
      orderId,
      clientOrderId: `avwap-x-${orderId}`,
      side: "sell",
      type: "stop",
      orderClass: "",
      timeInForce: "gtc",
      status,
      qty: 10,
      filledQty: 0,
      stopPriceUsd: 95,
      submittedAtMs: this.nowMs,
      replaces,
    }));
  }

  #keep(order: BrokerOrder): BrokerOrder {
    const dated = { ...order, updatedAtMs: this.nowMs };
    this.#past.set(order.orderId, [...this.#past.get(order.orderId) ?? [], dated]);
    return dated;
  }
}

function isWaiting({ status, replaces }: BrokerOrder): boolean {
  return status === "pending_new" && replaces !== null;
}

interface Answering {
  readonly lagMs: number;
  readonly isDated: boolean;
  /** So young an order is not shown yet. */
  readonly hiddenMs: number;
  /** Whether questions by id have no answer. */
  readonly isMute: boolean;
}

function show(order: BrokerOrder, { isDated }: Answering): BrokerOrder {
  return isDated ? order : { ...order, updatedAtMs: order.submittedAtMs };
}

/** A look at the open orders, and by id at what they lack, as the engine makes it. */
function look(before: OrderBook, broker: ChainBroker, how: Answering): OrderBook {
  const { nowMs } = broker;
  const isSeen = (id: string) =>
    nowMs - (broker.at(id, Infinity)?.submittedAtMs ?? 0) >= how.hiddenMs;
  const rows = broker.ids.filter(isSeen)
    .flatMap((id) => broker.at(id, nowMs - how.lagMs) ?? [])
    .filter((order) => !isFinal(order) && !isWaiting(order));
  const listed = new Set(rows.map(({ orderId }) => orderId));
  let book = keepOrders(
    learnOrders(before, rows.map((row) => show(row, how)), nowMs),
    (known) => listed.has(known.order.orderId) || isPresumed(known, nowMs),
  );
  const asked = new Set<string>();
  for (;;) {
    const missing = listUnlisted(book, listed);
    const wanted = { isMissing: missing.includes.bind(missing), isOfInterest: () => true, asked };
    const id = findNextAsked(book, wanted);
    if (id === undefined) return book;
    asked.add(id);
    const order = broker.at(id, nowMs);
    book = how.isMute || order === undefined || !isSeen(id)
      ? noteUnshown(book, id, how.isMute)
      : learnOrders(book, [show(order, how)], nowMs, "order");
  }
}

const step = fc.record({
  afterMs: fc.integer({ min: 1, max: 15_000 }),
  act: fc.constantFrom("replace", "make", "reject", "look", "look", "look"),
  isAnswerLost: fc.boolean(),
  lagMs: fc.nat({ max: LAG_MS - 1 }),
  isDated: fc.boolean(),
  hiddenMs: fc.constantFrom(0, 0, 20_000),
  isMute: fc.constantFrom(false, false, false, true),
});

Deno.test("of a chain of replacements one order is at work, whatever is lost, late, hidden, without a date or rejected, and in the end the right one", () => {
  const chain = fc.property(fc.array(step, { minLength: 3, maxLength: 14 }), (steps) => {
    const broker = new ChainBroker();
    const first = broker.at("s-1", START_MS);
    let book = learnOrders(EMPTY_BOOK, first === undefined ? [] : [first], START_MS, "order");
    for (const { act, afterMs, isAnswerLost, ...how } of steps) {
      broker.nowMs += afterMs;
      const [known] = buildOpenOrders(book);
      // A hand replaces what is in force, and its answer is nobody's here.
      const isHand = known?.orderId !== broker.inForce?.orderId || known?.status !== "new";
      if (act === "look") book = look(book, broker, how);
      else if (act !== "replace") broker.endReplace(act === "make");
      else {
        const fresh = broker.replace();
        if (fresh !== undefined && !isHand && !isAnswerLost) {
          book = learnOrders(book, [show(fresh, how)], broker.nowMs, "order");
        }
      }
      const atWork = buildOpenOrders(book).map(({ orderId }) => orderId);
      // A link that nobody has seen may leave both of its ends.
      const isWhole = broker.ids.every((id) => book.has(id));
      assert(atWork.length <= 1 || !isWhole, `${atWork}`);
      assert(atWork.length > 0 || listUnknownSuccessors(book).length > 0);
      const isQuiet = broker.inForce?.status === "new" && how.hiddenMs === 0 && how.lagMs === 0;
      if (act === "look" && isQuiet && !how.isMute) {
        assertEquals(atWork, [broker.inForce?.orderId]);
      }
    }
  });
  fc.assert(chain, { numRuns: 200 });
});
