import { isOurs } from "../domain/order/client_order_id.ts";
import {
  formatUnreadable,
  listDistinct,
  type UnreadableRow,
} from "../domain/order/unreadable_row.ts";
import { END_ROW } from "../domain/alert/remedies.ts";
import type { Engine } from "./engine.ts";

/** Every row of the last answers that can't be read, each once. */
export function listUnreadable(engine: Engine): UnreadableRow[] {
  return engine.observation === null ? [] : listDistinct(engine.observation.unreadable);
}

/**
 * Whether a row about the symbol can't be read: in a managed symbol nothing is decided in this look, in a listed one there is
 * no entry (pipeline 6).
 */
export function isUnreadableIn(engine: Engine, symbol: string): boolean {
  return listUnreadable(engine).some((row) => row.symbol === symbol);
}

/** Whether one of the symbol's open orders can't be read. */
export function isOrderUnreadableIn(engine: Engine, symbol: string): boolean {
  return engine.observation?.unreadable.openOrders.some((row) => row.symbol === symbol) === true;
}

/** Whether the broker has the order, though it can't be read: no "not found" proves it absent. */
export function isShownUnreadable(
  engine: Engine,
  { clientOrderId, orderId }: {
    readonly clientOrderId: string | null;
    readonly orderId: string | null;
  },
): boolean {
  return listUnreadable(engine).some((row) =>
    (clientOrderId !== null && row.clientOrderId === clientOrderId) ||
    (orderId !== null && row.orderId === orderId)
  );
}

/** Names every row that can't be read, once a NY day and cause; one in a managed symbol, or of ours, as an error. */
export function reportUnreadable(engine: Engine): void {
  listUnreadable(engine).forEach((row) => sayUnreadable(engine, row));
}

/** Names one row that can't be read, once a NY day and cause. */
export function sayUnreadable(engine: Engine, row: UnreadableRow): void {
  const name = row.orderId ?? row.clientOrderId ?? row.symbol ?? "";
  const key = `unreadable:${row.what}:${row.symbol ?? ""}:${name}:${row.problem}`;
  if (!engine.isNews(key, engine.dateNy())) return;
  const isManaged = engine.state.positions.some((position) => position.symbol === row.symbol);
  const text = formatUnreadable(row);
  if (isManaged) {
    return engine.sayError(
      `${row.symbol}: ${text}: no exit and no change of its protection until it can be, what rests at the broker ` +
        "goes on protecting",
      END_ROW,
      { isDistinct: true },
    );
  }
  const counts = row.mayBeOpen ? "counts as one open symbol" : "is over";
  const where = row.symbol === null ? "" : `, no entry in ${row.symbol}`;
  if (isOurs(row.clientOrderId ?? "")) {
    return engine.sayError(
      `Order of ours: ${text}: ${counts}${where}`,
      END_ROW,
      { isDistinct: true },
    );
  }
  engine.ports.log.warn(`Foreign ${text}: ${counts}${where}`);
}
