import type { AlpacaClient } from "../broker/alpaca_client.ts";
import { buildOpenOrders } from "../domain/account/order_book.ts";
import { countRecentFills } from "../domain/account/share_count.ts";
import type { Sight } from "../domain/account/sight.ts";
import type { ShownShares } from "../domain/account/vanished.ts";
import {
  type FlattenScope,
  isInScope,
  isSurelyInScope,
  isToClose,
  listWorking,
} from "../domain/plan/flatten_plan.ts";
import type { LedgerEntry } from "../domain/order/ledger.ts";
import type { BrokerOrder, BrokerPosition } from "../domain/order/orders.ts";
import type { UnreadableRow } from "../domain/order/unreadable_row.ts";
import type { ClockPort, EventPort } from "../engine/ports.ts";
import type { FlattenBook } from "./flatten_book.ts";

/** The account as it is, as far as `flatten` cares. */
export interface Look {
  readonly positions: readonly BrokerPosition[];
  /** What an answer before has shown, and this one lacks though no order has sold it. */
  readonly vanished: readonly ShownShares[];
  /** At work by all that is known, nested. */
  readonly orders: readonly BrokerOrder[];
  /** Rows of either list that can't be read; none of them stops the rest. */
  readonly unreadable: readonly UnreadableRow[];
  /** Orders that the engine may have sent, and nobody knows whether the broker has them. */
  readonly doubts: readonly LedgerEntry[];
}

/** What the act needs. */
export interface FlattenWorld {
  readonly broker: AlpacaClient;
  readonly clock: ClockPort;
  readonly events: EventPort;
  readonly scope: FlattenScope;
  readonly book: FlattenBook;
  /** When this call began, by the host's clock: part of its order ids. */
  readonly startedAtMs: number;
  readonly isMarketOpen: boolean;
  /** Takes a line of progress. */
  readonly say: (line: string) => void;
}

/** What this call has sent so far. */
export interface Progress {
  readonly attempts: Map<string, number>;
  /** Order ids of its own sells and closes, which must not be cancelled again. */
  readonly sent: Set<string>;
  /** Symbols that the broker refuses for good. */
  readonly refused: Set<string>;
}

/** Reads positions and open orders, and what the list of these lacks. @throws {BrokerError} */
export async function readLook(
  { broker, book }: Pick<FlattenWorld, "broker" | "book">,
): Promise<Look> {
  const orders = await broker.listOrders({ status: "open" }, "protect");
  await book.complete(orders.rows, orders.unreadable);
  const positions = await broker.listPositions("protect");
  return {
    orders: buildOpenOrders(book.book),
    positions: positions.rows,
    vanished: book.learnPositions(positions.rows, positions.unreadable),
    unreadable: [...orders.unreadable, ...positions.unreadable],
    doubts: book.doubts,
  };
}

/** The look, as the count of shares reads it. */
export function sightOf({ book }: FlattenWorld, { positions, unreadable, doubts }: Look): Sight {
  const symbolsOf = (what: UnreadableRow["what"]) =>
    new Set(unreadable.flatMap((row) => row.what === what ? row.symbol ?? [] : []));
  return {
    book: book.book,
    positions,
    areOrdersRead: true,
    unreadable: symbolsOf("position"),
    unreadableOrders: symbolsOf("order"),
    pasts: new Set(),
    doubts: doubts.filter(({ side }) => side === "sell"),
    nowMs: book.nowMs(),
  };
}

/** Working orders in scope that are not this call's own. */
export function listLeft({ scope }: FlattenWorld, { sent }: Progress, look: Look): BrokerOrder[] {
  return listWorking(look.orders, scope).filter((order) => !sent.has(order.orderId));
}

/** Positions in scope that are to be closed and can be. */
export function listHeld(
  { scope }: FlattenWorld,
  { refused }: Progress,
  look: Look,
): BrokerPosition[] {
  return look.positions.filter(({ symbol, qty }) =>
    qty !== 0 && isToClose(scope, symbol) && !refused.has(symbol)
  );
}

/** What is to be closed, and may be held though positions lack it. */
export function listVanished({ scope }: Pick<FlattenWorld, "scope">, look: Look): ShownShares[] {
  return look.vanished.filter(({ symbol }) => isToClose(scope, symbol));
}

/** Symbols in which one of its own sells works. */
function listClosing({ scope }: FlattenWorld, { sent }: Progress, look: Look): Set<string> {
  const own = listWorking(look.orders, scope).filter((order) => sent.has(order.orderId));
  return new Set(own.map((order) => order.symbol));
}

/** Those that none of its own sells is closing yet. */
export function listToClose(world: FlattenWorld, progress: Progress, look: Look): BrokerPosition[] {
  const closing = listClosing(world, progress, look);
  return listHeld(world, progress, look).filter(({ symbol }) => !closing.has(symbol));
}

/** Orders that can't be read, are surely in scope and have an id to be cancelled by. */
export function listUnreadableIds({ scope }: FlattenWorld, look: Look): string[] {
  const rows = look.unreadable.filter((row) =>
    row.what === "order" && row.mayBeOpen && isSurelyInScope(scope, row)
  );
  return [...new Set(rows.map((row) => row.orderId).filter((id) => id !== null))];
}

/** Symbols whose position can't be read, and that are to be closed: the broker knows how many shares they are. */
export function listUnreadableHeld(world: FlattenWorld, progress: Progress, look: Look): string[] {
  const { scope } = world;
  const closing = listClosing(world, progress, look);
  return look.unreadable.filter((row) => row.what === "position")
    .map((row) => row.symbol).filter((symbol) => symbol !== null)
    .filter((symbol) => isToClose(scope, symbol))
    .filter((symbol) => !progress.refused.has(symbol) && !closing.has(symbol));
}

/** Whether nothing is left that is to be cancelled or closed, nor may come to be. */
export function isDone(world: FlattenWorld, progress: Progress, look: Look): boolean {
  return isEnded(world, progress, look) &&
    listToClose(world, progress, look).length === 0 &&
    listUnreadableHeld(world, progress, look).length === 0 &&
    listVanished(world, look).length === 0 &&
    !isBuying(world);
}

/** Whether no order in scope is left, nor one of which nobody knows whether it is there. */
export function isEnded(world: FlattenWorld, progress: Progress, look: Look): boolean {
  return listLeft(world, progress, look).length === 0 &&
    listUnreadableIds(world, look).length === 0 && listDoubts(world, look).length === 0;
}

/** Orders of unknown fate in scope. */
export function listDoubts({ scope }: Pick<FlattenWorld, "scope">, look: Look): LedgerEntry[] {
  return look.doubts.filter(({ symbol }) => isInScope(scope, symbol));
}

/** Whether something in scope was bought so short a time ago that positions need not show it yet. */
export function isBuying({ book, scope }: FlattenWorld): boolean {
  const meant = [...book.book.values()].filter(({ order }) => isInScope(scope, order.symbol));
  return countRecentFills(meant, book.nowMs()).boughtQty > 0;
}
