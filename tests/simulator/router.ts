import {
  type AccountFacts,
  buildAccountJson,
  buildAccountValue,
  buildCalendarJson,
  buildClockJson,
  buildConfigurationJson,
  buildOrderListJson,
} from "./account_view.ts";
import type { Exchange } from "./exchange.ts";
import { listBars, listLatestTrades } from "./market_data.ts";
import { buildOrderJson, findPast, type SimOrder } from "./order.ts";
import {
  parseClientOrderId,
  type Parsed,
  parseFields,
  parseOrderBody,
  parsePrice,
  parseQty,
} from "./order_body.ts";
import { listOrders, parseOrderFilter } from "./order_list.ts";
import {
  deleteOrders,
  deletePosition,
  deletePositions,
  getPosition,
  getPositions,
} from "./position_routes.ts";
import type { ReplaceChanges } from "./order_rules.ts";
import {
  buildJsonText,
  buildRefusal,
  parseMoment,
  type SimRequest,
  type SimResponse,
} from "./wire.ts";

const ORDERS = "/v2/orders/";
const POSITIONS = "/v2/positions/";

/** The answer to a request whose keys were right. */
export function answer(exchange: Exchange, request: SimRequest): SimResponse {
  const { method, path } = request;
  if (method === "GET") return answerGet(exchange, request);
  if (method === "POST" && path === "/v2/orders") return postOrder(exchange, request);
  if (method === "PATCH" && path.startsWith(ORDERS)) return patchOrder(exchange, request);
  if (method === "DELETE") return answerDelete(exchange, request);
  return buildRefusal(404, 40410000, "endpoint not found.");
}

function answerGet(exchange: Exchange, request: SimRequest): SimResponse {
  const { path, query } = request;
  const { nowMs, sessions, behaviour, portfolio, quotes } = exchange;
  switch (path) {
    case "/v2/clock":
      return buildJsonText(200, buildClockJson(sessions, nowMs, behaviour.clockSkewMs));
    case "/v2/positions":
      return getPositions(exchange);
    case "/v2/orders":
      return getOrders(exchange, query);
    case "/v2/stocks/bars":
      return listBars(exchange, query);
    case "/v2/stocks/trades/latest":
      return listLatestTrades(exchange, query);
    case "/v2/account":
      return buildJsonText(
        200,
        buildAccountJson(buildFacts(exchange), buildAccountValue(portfolio, quotes, nowMs)),
      );
    case "/v2/account/configurations":
      return buildJsonText(200, buildConfigurationJson(buildFacts(exchange)));
    case "/v2/calendar":
      return getCalendar(exchange, query);
    case "/v2/orders:by_client_order_id":
      return getByClientOrderId(exchange, query);
  }
  if (path.startsWith(ORDERS)) return getOrder(exchange, request);
  if (path.startsWith(POSITIONS)) return getPosition(exchange, path);
  return buildRefusal(404, 40410000, "endpoint not found.");
}

function answerDelete(exchange: Exchange, request: SimRequest): SimResponse {
  const { path, query } = request;
  if (path === "/v2/orders") return deleteOrders(exchange);
  if (path === "/v2/positions") return deletePositions(exchange, query);
  if (path.startsWith(POSITIONS)) return deletePosition(exchange, path, query);
  if (path.startsWith(ORDERS)) {
    const order = findById(exchange, path);
    if (order === null) return refuseUnknown(path.slice(ORDERS.length));
    return exchange.desk.cancel(order) ?? { status: 204, headers: {}, body: "" };
  }
  return buildRefusal(404, 40410000, "endpoint not found.");
}

function buildFacts(exchange: Exchange): AccountFacts {
  const { accountId, portfolio, marginMultiplier, behaviour } = exchange;
  return {
    accountId,
    cashUsd: portfolio.cashUsd,
    buyingPowerUsd: exchange.buyingPowerUsd(),
    multiplier: marginMultiplier,
    isTradingBlocked: behaviour.isTradingBlocked,
    isSuspended: behaviour.isSuspended,
    isShortingEnabled: behaviour.isShortingAllowed,
  };
}

function getCalendar(exchange: Exchange, query: URLSearchParams): SimResponse {
  const start = query.get("start");
  const end = query.get("end");
  for (const text of [start, end]) {
    if (text !== null && parseMoment(text) === null) {
      return buildRefusal(422, 40010001, `invalid date: ${text}`);
    }
  }
  const fromNy = start?.slice(0, 10) ?? "1970-01-01";
  const toNy = end?.slice(0, 10) ?? "2029-12-31";
  return buildJsonText(200, buildCalendarJson(exchange.sessions, { fromNy, toNy }));
}

function isVisible(exchange: Exchange, order: SimOrder): boolean {
  return exchange.nowMs - order.submitted.ms >= exchange.behaviour.visibilityDelayMs;
}

function refuseUnknown(id: string): SimResponse {
  return buildRefusal(404, 40410000, `order not found for ${id}`);
}

function findById(exchange: Exchange, path: string): SimOrder | null {
  const order = exchange.desk.byId.get(decodeURIComponent(path.slice(ORDERS.length)));
  return order === undefined || !isVisible(exchange, order) ? null : order;
}

function getOrder(exchange: Exchange, { path, query }: SimRequest): SimResponse {
  const order = findById(exchange, path);
  if (order === null) return refuseUnknown(path.slice(ORDERS.length));
  const isNested = query.get("nested") === "true" || exchange.behaviour.isLookupNested;
  const legs = isNested ? order.legs : null;
  return buildJsonText(200, buildOrderJson(order, legs, exchange.behaviour));
}

function getByClientOrderId(exchange: Exchange, query: URLSearchParams): SimResponse {
  const id = query.get("client_order_id") ?? "";
  const order = exchange.desk.byClientOrderId.get(id);
  if (order === undefined || !isVisible(exchange, order)) return refuseUnknown(id);
  const legs = exchange.behaviour.isLookupNested ? order.legs : null;
  return buildJsonText(200, buildOrderJson(order, legs, exchange.behaviour));
}

function getOrders(exchange: Exchange, query: URLSearchParams): SimResponse {
  const filter = parseOrderFilter(query);
  if (typeof filter === "string") return buildRefusal(422, 40010001, filter);
  const { listsLagMs, openListsLagMs, openNestedShows } = exchange.behaviour;
  const lagMs = filter.status === "open" ? openListsLagMs ?? listsLagMs : listsLagMs;
  const atMs = exchange.nowMs - lagMs;
  const source = {
    orders: exchange.orders,
    working: exchange.desk.listLately(),
    see: (order: SimOrder) => lagMs === 0 ? order : findPast(order, atMs),
    openNestedShows,
    isVisible: (order: SimOrder) => isVisible(exchange, order),
  };
  return buildJsonText(200, buildOrderListJson(listOrders(source, filter), exchange.behaviour));
}

function postOrder(exchange: Exchange, request: SimRequest): SimResponse {
  const draft = parseOrderBody(request.body);
  if (draft.kind === "refused") return draft.response;
  return answerOrder(exchange, exchange.desk.place(draft.value));
}

function answerOrder(exchange: Exchange, placed: Parsed<SimOrder>): SimResponse {
  if (placed.kind === "refused") return placed.response;
  const { value: order } = placed;
  return buildJsonText(200, buildOrderJson(order, order.legs, exchange.behaviour));
}

function parseChanges(body: string | null): Parsed<ReplaceChanges> {
  const fields = parseFields(body);
  if (fields.kind === "refused") return fields;
  const clientOrderId = parseClientOrderId(fields.value["client_order_id"]);
  if (clientOrderId.kind === "refused") return clientOrderId;
  const limit = parsePrice(fields.value["limit_price"], "limit_price");
  if (limit.kind === "refused") return limit;
  const stop = parsePrice(fields.value["stop_price"], "stop_price");
  if (stop.kind === "refused") return stop;
  const given = fields.value["qty"];
  const qty = given === undefined ? null : parseQty(given);
  if (qty?.kind === "refused") return qty;
  const timeInForce = fields.value["time_in_force"];
  const value: ReplaceChanges = {
    clientOrderId: clientOrderId.value,
    qty: qty?.value ?? null,
    limitPriceUsd: limit.value,
    stopPriceUsd: stop.value,
    timeInForce: timeInForce === "day" || timeInForce === "gtc" ? timeInForce : null,
  };
  return { kind: "ok", value };
}

function patchOrder(exchange: Exchange, request: SimRequest): SimResponse {
  const order = findById(exchange, request.path);
  if (order === null) return refuseUnknown(request.path.slice(ORDERS.length));
  const changes = parseChanges(request.body);
  if (changes.kind === "refused") return changes.response;
  return answerOrder(exchange, exchange.desk.replace(order, changes.value));
}
