import { EMPTY_BOOK, learnOrders } from "../account/order_book.ts";
import { unreachable } from "../assert.ts";
import type { BrokerAccount, BrokerOrder, BrokerPosition } from "../order/orders.ts";
import type { LookupOutcome, OrderRequest, SendResult } from "../order/order_request.ts";
import type { Fact, Listed, Look, Now, OrderLook, Seen, TradeLook } from "./world.ts";

/** The answer to one question (`Question`), with what it was about. */
export type Answer =
  | { readonly to: "order"; readonly orderId: string; readonly outcome: LookupOutcome }
  | { readonly to: "look_up"; readonly clientOrderId: string; readonly outcome: LookupOutcome }
  | { readonly to: "positions"; readonly look: Look<Listed<BrokerPosition>> }
  | { readonly to: "open_orders"; readonly look: Look<Listed<BrokerOrder>> }
  /** All orders submitted since the NY day began. */
  | { readonly to: "day_orders"; readonly look: Look<Listed<BrokerOrder>> }
  | { readonly to: "account"; readonly look: Look<BrokerAccount> }
  | { readonly to: "trade"; readonly symbol: string; readonly trade: TradeLook["trade"] };

/** What a process has seen that has not asked for anything yet. */
export const NOTHING_SEEN: Seen = {
  book: EMPTY_BOOK,
  changes: { count: 0, last: new Map() },
  positions: null,
  openOrders: null,
  dayOrders: null,
  account: null,
  clock: null,
  pasts: new Set(),
  trades: new Map(),
  orderLooks: new Map(),
  lookUps: new Map(),
  closed: new Map(),
};

/**
 * Takes answers in that were asked for together.
 * @param afterChange How many changes had left when they were asked for.
 */
export function learn(
  seen: Seen,
  answers: readonly Answer[],
  now: Pick<Now, "brokerMs" | "monotonicMs">,
  afterChange: number = seen.changes.count,
): Seen {
  return answers.reduce((each, answer) => learnOne(each, answer, now, afterChange), seen);
}

function learnOne(
  seen: Seen,
  answer: Answer,
  { brokerMs, monotonicMs: atMs }: Pick<Now, "brokerMs" | "monotonicMs">,
  afterChange: number,
): Seen {
  const learnFound = (outcome: LookupOutcome) =>
    outcome.kind === "found"
      ? learnOrders(seen.book, [outcome.order], brokerMs, "order")
      : seen.book;
  const learnRows = (look: Look<Listed<BrokerOrder>>) =>
    look.kind === "ok" ? learnOrders(seen.book, look.value.rows, brokerMs) : seen.book;
  const buildFact = <T>(before: Fact<T> | null, look: Look<T>): Fact<T> => ({
    look,
    before: before?.look ?? null,
    atMs,
    afterChange,
  });
  switch (answer.to) {
    case "order": {
      const look: OrderLook = { kind: answer.outcome.kind, atMs, afterChange };
      const orderLooks = new Map(seen.orderLooks).set(answer.orderId, look);
      return { ...seen, book: learnFound(answer.outcome), orderLooks };
    }
    case "look_up": {
      const look: OrderLook = { kind: answer.outcome.kind, atMs, afterChange };
      const lookUps = new Map(seen.lookUps).set(answer.clientOrderId, look);
      return { ...seen, book: learnFound(answer.outcome), lookUps };
    }
    case "positions":
      return { ...seen, positions: buildFact(seen.positions, answer.look) };
    case "account":
      return { ...seen, account: buildFact(seen.account, answer.look) };
    case "open_orders": {
      const openOrders = buildFact(seen.openOrders, answer.look);
      return { ...seen, book: learnRows(answer.look), openOrders };
    }
    case "day_orders": {
      const dayOrders = buildFact(seen.dayOrders, answer.look);
      return { ...seen, book: learnRows(answer.look), dayOrders };
    }
    case "trade": {
      const trades = new Map(seen.trades).set(answer.symbol, { trade: answer.trade, afterChange });
      return { ...seen, trades };
    }
    default:
      return unreachable(answer);
  }
}

/** Takes the answer to a request in: one that carries an order is a look at that order. What was stopped has changed nothing. */
export function learnAnswer(
  seen: Seen,
  request: OrderRequest,
  answer: SendResult,
  { brokerMs, monotonicMs: atMs }: Pick<Now, "brokerMs" | "monotonicMs">,
): Seen {
  if (answer.kind === "stopped") return seen;
  const number = seen.changes.count + 1;
  const last = new Map(seen.changes.last).set(symbolOf(request), { number, atMs });
  const book = answer.kind === "accepted"
    ? learnOrders(seen.book, [answer.order], brokerMs, "order")
    : seen.book;
  return { ...seen, book, changes: { count: number, last } };
}

/** The symbol that a request is about. */
export function symbolOf(request: OrderRequest): string {
  return request.op === "cancel" || request.op === "replace"
    ? request.symbol
    : request.request.symbol;
}
