import {
  buildOpenOrders,
  keepOrders,
  type KnownOrder,
  listUnlisted,
} from "../domain/account/order_book.ts";
import { isPresumed, learnRecords } from "../domain/account/stand_ins.ts";
import { isOurs } from "../domain/order/client_order_id.ts";
import { type BrokerOrder, flattenOrders, isFinal } from "../domain/order/orders.ts";
import { askMissing } from "./asker.ts";
import type { Read } from "../domain/plan/shown.ts";
import type { Engine } from "./engine.ts";
import { findIdentityProblem } from "./gate_reader.ts";
import type { SplitListing } from "./listing.ts";

/** Orders that are asked for by id after one list: more would eat the request budget of what protects. */
const ASKED_MAX = 6;

/**
 * The orders at work by all that is known: a list of open orders that was learnt, what it lacks and was asked for by id, and what the broker
 * took and does not show yet (pipeline 5, "Positions lag behind fills, and lists behind both").
 */
export async function completeOpen(
  engine: Engine,
  { read: open, unreadable }: SplitListing<BrokerOrder>,
): Promise<Read<readonly BrokerOrder[]>> {
  if (open.kind === "failed") return open;
  learnLedger(engine);
  // A row that can't be read is listed all the same.
  const listed = new Set([
    ...flattenOrders(open.value).map((order) => order.orderId),
    ...unreadable.flatMap((row) => row.orderId ?? []),
  ]);
  forgetUnlisted(engine, listed);
  await askUnlisted(engine, (known) => listUnlisted(engine.book, listed).includes(known));
  return { ...open, value: buildOpenOrders(engine.book) };
}

/** What the records have of orders, as far as they are this account's. */
function learnLedger(engine: Engine): void {
  const { ledger } = engine.state;
  if (ledger === null || findIdentityProblem(engine, ledger) !== null) return;
  // Whose account this is, nobody knows yet: no look-up of what may be another's.
  if (ledger.accountId !== null && engine.accountId === null) return;
  engine.putBook(learnRecords(engine.book, ledger.entries, engine.nowMs()));
}

/** Somebody else's order that is not listed any more has ended; one of ours, or in a managed symbol, is asked for. */
function forgetUnlisted(engine: Engine, ids: ReadonlySet<string>): void {
  const nowMs = engine.nowMs();
  const managed = listManagedSymbols(engine);
  const isKept = (known: KnownOrder) =>
    isFinal(known.order) || ids.has(known.order.orderId) ||
    ((managed.has(known.order.symbol) || isOfOurs(engine, known)) && isPresumed(known, nowMs));
  engine.putBook(keepOrders(engine.book, isKept));
}

function isOfOurs(engine: Engine, { order, parentId }: KnownOrder): boolean {
  const parent = engine.book.get(parentId ?? "")?.order;
  return isOurs(order.clientOrderId) || isOurs(parent?.clientOrderId ?? "");
}

function listManagedSymbols(engine: Engine): ReadonlySet<string> {
  return new Set(engine.state.positions.map((position) => position.symbol));
}

/** Forgets finished orders of symbols that are not managed any more, but for those that tell whose an order at work is. */
export function forgetEnded(engine: Engine): void {
  const managed = listManagedSymbols(engine);
  const telling = new Set<string>();
  for (const { order } of engine.book.values()) {
    if (isFinal(order)) continue;
    for (let at = engine.book.get(order.orderId); at !== undefined;) {
      if (at.parentId !== null) telling.add(at.parentId);
      const before = engine.book.get(at.order.replaces ?? "");
      at = before === undefined || telling.has(before.order.orderId) ? undefined : before;
      if (at !== undefined) telling.add(at.order.orderId);
    }
  }
  const isKept = ({ order }: KnownOrder) =>
    !isFinal(order) || managed.has(order.symbol) || telling.has(order.orderId);
  engine.putBook(keepOrders(engine.book, isKept));
}

/**
 * Asks by id for orders at work that `isMissing` names, and for those that came in the place of another of a managed symbol
 * unseen.
 */
export async function askUnlisted(
  engine: Engine,
  isMissing: (known: KnownOrder) => boolean,
): Promise<void> {
  const managed = listManagedSymbols(engine);
  const isOfInterest = (symbol: string) => managed.has(symbol);
  await askMissing(engine, { isMissing, isOfInterest, most: ASKED_MAX });
}
