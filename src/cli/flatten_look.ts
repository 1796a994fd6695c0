import type { AlpacaClient } from "../broker/alpaca_client.ts";
import type { OrderBook } from "../domain/account/order_book.ts";
import {
  type FlattenScope,
  isSurelyInScope,
  isToClose,
  listWorking,
} from "../domain/flatten_plan.ts";
import type { BrokerOrder, BrokerPosition } from "../domain/orders.ts";
import type { UnreadableRow } from "../domain/unreadable_row.ts";
import type { ClockPort, EventPort } from "../engine/ports.ts";

/** How soon the account is looked at again while something is waited for. */
export const LOOK_MS = 250;

/** The account as it is, as far as `flatten` cares. */
export interface Look {
  readonly positions: readonly BrokerPosition[];
  /** Nested. */
  readonly orders: readonly BrokerOrder[];
  /** Rows of either list that can't be read; none of them stops the rest. */
  readonly unreadable: readonly UnreadableRow[];
}

/** What the act needs. */
export interface FlattenWorld {
  readonly broker: AlpacaClient;
  readonly clock: ClockPort;
  readonly events: EventPort;
  readonly scope: FlattenScope;
  /** The broker's clock minus the host's; 0 where it can't be read. */
  readonly clockAheadMs: number;
  /** When this call began, by the host's clock: part of its order ids. */
  readonly startedAtMs: number;
  readonly isMarketOpen: boolean;
  /** Takes a line of progress. */
  readonly say: (line: string) => void;
}

/** What this call has sent and learnt so far. */
export interface Progress {
  /** Orders as all answers have them: positions lag behind fills, and lists behind both (pipeline 5). */
  book: OrderBook;
  readonly attempts: Map<string, number>;
  /** Order ids of its own sells and closes, which must not be cancelled again. */
  readonly sent: Set<string>;
  /** Symbols that the broker refuses for good. */
  readonly refused: Set<string>;
}

/** The moment by the broker's clock, Unix ms. */
export function readBrokerMs({ clock, clockAheadMs }: FlattenWorld): number {
  return clock.nowMs() + clockAheadMs;
}

/** Reads positions and open orders. @throws {BrokerError} */
export async function readLook({ broker }: Pick<FlattenWorld, "broker">): Promise<Look> {
  const orders = await broker.listOrders({ status: "open" }, "protect");
  const positions = await broker.listPositions("protect");
  return {
    orders: orders.rows,
    positions: positions.rows,
    unreadable: [...orders.unreadable, ...positions.unreadable],
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

/** Whether nothing is left that is to be cancelled or closed. */
export function isDone(world: FlattenWorld, progress: Progress, look: Look): boolean {
  return listLeft(world, progress, look).length === 0 &&
    listUnreadableIds(world, look).length === 0 &&
    listToClose(world, progress, look).length === 0 &&
    listUnreadableHeld(world, progress, look).length === 0;
}
