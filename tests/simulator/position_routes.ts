import { buildPositionJson, type ShownPosition } from "./account_view.ts";
import type { Exchange } from "./exchange.ts";
import { buildOrderJson, findPast, isDone, type SimOrder } from "./order.ts";
import { findFreeQty } from "./order_rules.ts";
import type { SimPosition } from "./portfolio.ts";
import { buildJsonText, buildRefusal, type SimResponse } from "./wire.ts";

const POSITIONS = "/v2/positions/";

/** `DELETE /v2/orders`: 207, and a status for each item (broker.md). */
export function deleteOrders(exchange: Exchange): SimResponse {
  return buildJsonText(207, JSON.stringify(cancelAll(exchange)));
}

function cancelAll(exchange: Exchange): { id: string; status: number }[] {
  const { desk, behaviour } = exchange;
  const working = [...desk.active.values()].flatMap((book) => [...book.working]);
  // A group goes with the first of its orders, so what the request found pending is told from what it made so.
  const earlier = new Map(working.map((order) => [order, order.status]));
  return working.map((order) => {
    if (behaviour.failsBulkItem?.(order.id) === true) return { id: order.id, status: 500 };
    const isTaken = order.status === "pending_cancel" && earlier.get(order) !== "pending_cancel";
    const refusal = isTaken ? null : desk.cancel(order);
    return { id: order.id, status: refusal === null ? 200 : 500 };
  });
}

/** `GET /v2/positions`. */
export function getPositions(exchange: Exchange): SimResponse {
  const { quotes, nowMs, behaviour } = exchange;
  const atMs = nowMs - behaviour.positionsLagMs;
  const texts = listPositions(exchange, atMs)
    .map((shown) => buildPositionJson(shown, quotes, atMs));
  return buildJsonText(200, `[${texts.join(",")}]`);
}

/** What positions show of the moment `atMs`. */
function listPositions(exchange: Exchange, atMs: number): ShownPosition[] {
  if (exchange.emptyAnswers > 0) {
    exchange.emptyAnswers--;
    return [];
  }
  const shown: ShownPosition[] = [];
  const { portfolio, nowMs } = exchange;
  const held = atMs === nowMs ? portfolio.positions.values() : portfolio.listAt(atMs);
  for (const position of held) {
    const hidden = exchange.hiddenAnswers.get(position.symbol) ?? 0;
    if (hidden > 0) exchange.hiddenAnswers.set(position.symbol, hidden - 1);
    else shown.push(showPosition(exchange, position, atMs));
  }
  return shown;
}

function showPosition(
  exchange: Exchange,
  position: SimPosition,
  atMs: number,
): ShownPosition {
  const symbol = exchange.shownSymbols.get(position.symbol) ?? position.symbol;
  const { desk, nowMs } = exchange;
  const availableQty = atMs === nowMs
    ? desk.rules.availableQty(position.symbol)
    : findFreeQty(position.qty, listWorkingAt(exchange, position.symbol, atMs));
  return { symbol, position, availableQty };
}

/** The symbol's orders that were at work then. */
function listWorkingAt({ desk }: Exchange, symbol: string, atMs: number): SimOrder[] {
  const working: SimOrder[] = [];
  for (const order of desk.listLately()) {
    const then = order.symbol === symbol ? findPast(order, atMs) : null;
    if (then !== null && !isDone(then)) working.push(then);
  }
  return working;
}

function findPosition(exchange: Exchange, path: string, atMs: number): ShownPosition | null {
  const symbol = decodeURIComponent(path.slice(POSITIONS.length));
  return listPositions(exchange, atMs).find((shown) => shown.symbol === symbol) ?? null;
}

/** `GET /v2/positions/{symbol}`. */
export function getPosition(exchange: Exchange, path: string): SimResponse {
  const atMs = exchange.nowMs - exchange.behaviour.positionsLagMs;
  const shown = findPosition(exchange, path, atMs);
  if (shown === null) return buildRefusal(404, 40410000, "position does not exist");
  return buildJsonText(200, buildPositionJson(shown, exchange.quotes, atMs));
}

function readCloseQty(shown: ShownPosition, query: URLSearchParams): number {
  const held = Math.abs(shown.position.qty);
  const qty = query.get("qty");
  if (qty !== null) return Number(qty);
  const percentage = query.get("percentage");
  return percentage === null ? held : Math.floor(held * Number(percentage) / 100);
}

function closePosition(exchange: Exchange, symbol: string, qty: number): SimResponse {
  const placed = exchange.desk.closePosition(symbol, qty);
  if (placed.kind === "refused") return placed.response;
  return buildJsonText(200, buildOrderJson(placed.value, null, exchange.behaviour));
}

/** `DELETE /v2/positions/{symbol}`: refused while working orders reserve the shares. */
export function deletePosition(
  exchange: Exchange,
  path: string,
  query: URLSearchParams,
): SimResponse {
  const shown = findPosition(exchange, path, exchange.nowMs);
  if (shown === null) return buildRefusal(404, 40410000, "position does not exist");
  const qty = readCloseQty(shown, query);
  if (!(qty > 0) || qty > Math.abs(shown.position.qty)) {
    return buildRefusal(422, 40010001, "invalid qty or percentage");
  }
  return closePosition(exchange, shown.position.symbol, qty);
}

/** `DELETE /v2/positions`: 207, and a status for each item. */
export function deletePositions(exchange: Exchange, query: URLSearchParams): SimResponse {
  const { desk, portfolio, behaviour } = exchange;
  if (query.get("cancel_orders") === "true") {
    cancelAll(exchange);
    // The broker cancels first and closes after; a cancel that hangs keeps its shares reserved.
    desk.finishCancels();
  }
  const items = [...portfolio.positions.values()].map(({ symbol, qty }) => {
    if (behaviour.failsBulkItem?.(symbol) === true) {
      return `{"symbol":"${symbol}","status":500,"body":null}`;
    }
    const { status, body } = closePosition(exchange, symbol, Math.abs(qty));
    return `{"symbol":"${symbol}","status":${status},"body":${body}}`;
  });
  return buildJsonText(207, `[${items.join(",")}]`);
}
