import type { OrderTerms } from "./order.ts";
import { buildRefusal, formatDecimal, type SimResponse } from "./wire.ts";

/** A new order as asked for: its own terms, and for a bracket or OCO those of its exits. */
export interface OrderDraft {
  readonly clientOrderId: string | null;
  readonly terms: OrderTerms;
  readonly legs: readonly OrderTerms[];
}

/** A parsed value or the broker's refusal. */
export type Parsed<T> =
  | { readonly kind: "ok"; readonly value: T }
  | { readonly kind: "refused"; readonly response: SimResponse };

type Fields = Readonly<Record<string, unknown>>;

const INVALID = 40010001;
const UNPROCESSABLE = 42210000;
const CLIENT_ORDER_ID_MAX = 128;

/** A refusal of an order's parameters. */
export function refuse(code: number, message: string, more: Fields = {}): Parsed<never> {
  return { kind: "refused", response: buildRefusal(422, code, message, more) };
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The JSON object in a request's body. */
export function parseFields(body: string | null): Parsed<Fields> {
  try {
    const value: unknown = JSON.parse(body ?? "");
    if (isFields(value)) return { kind: "ok", value };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  const response = buildRefusal(400, 40010000, "request body format is invalid");
  return { kind: "refused", response };
}

/** A number that may come as one or as text; `undefined` where it is neither. */
function readNumber(value: unknown): number | undefined {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value === "string" && /^\d+(\.\d+)?$/.test(value)) return Number(value);
  return undefined;
}

/** Checks a price: above 0, and in whole increments (2 decimals from 1 USD up, 4 below). */
export function parsePrice(value: unknown, name: string): Parsed<number | null> {
  if (value === undefined || value === null || value === "") return { kind: "ok", value: null };
  const price = readNumber(value);
  if (price === undefined) return refuse(INVALID, `invalid ${name}`);
  if (price <= 0) return refuse(UNPROCESSABLE, `${name} must be > 0`);
  const digits = price >= 1 ? 2 : 4;
  if (Math.abs(price - Number(price.toFixed(digits))) > 1e-9) {
    const text = `invalid ${name} ${formatDecimal(price, 9)}. sub-penny increment does not fulfill`;
    return refuse(UNPROCESSABLE, `${text} minimum pricing criteria`);
  }
  return { kind: "ok", value: price };
}

/** Checks a quantity: whole shares above 0. */
export function parseQty(value: unknown): Parsed<number> {
  const qty = readNumber(value);
  if (qty === undefined || qty <= 0) return refuse(INVALID, "qty is required and must be > 0");
  if (!Number.isInteger(qty)) return refuse(INVALID, "qty must be integer");
  return { kind: "ok", value: qty };
}

/** Checks a client order id; `null` where none is given. */
export function parseClientOrderId(value: unknown): Parsed<string | null> {
  if (value === undefined || value === null || value === "") return { kind: "ok", value: null };
  if (typeof value !== "string") return refuse(INVALID, "client_order_id must be a string");
  if (value.length > CLIENT_ORDER_ID_MAX) {
    return refuse(
      INVALID,
      `client_order_id must be no more than ${CLIENT_ORDER_ID_MAX} characters`,
    );
  }
  return { kind: "ok", value };
}

function parseChoice<T extends string>(
  value: unknown,
  name: string,
  choices: readonly T[],
): Parsed<T> {
  const found = choices.find((choice) => choice === value);
  return found === undefined ? refuse(INVALID, `invalid ${name}`) : { kind: "ok", value: found };
}

const NEEDS_LIMIT: ReadonlySet<string> = new Set(["limit", "stop_limit"]);
const NEEDS_STOP: ReadonlySet<string> = new Set(["stop", "stop_limit"]);

function parseTerms(fields: Fields): Parsed<OrderTerms> {
  const { symbol } = fields;
  if (typeof symbol !== "string" || symbol === "") return refuse(INVALID, "symbol is required");
  const qty = parseQty(fields["qty"]);
  if (qty.kind === "refused") return qty;
  const side = parseChoice(fields["side"], "side", ["buy", "sell"]);
  if (side.kind === "refused") return side;
  const types = ["market", "limit", "stop", "stop_limit"] as const;
  const type = parseChoice(fields["type"], "type", types);
  if (type.kind === "refused") return type;
  const timeInForce = parseChoice(fields["time_in_force"], "time_in_force", ["day", "gtc"]);
  if (timeInForce.kind === "refused") return timeInForce;
  const wanted = fields["order_class"] === "" ? "simple" : fields["order_class"] ?? "simple";
  const orderClass = parseChoice(wanted, "order_class", ["simple", "bracket", "oco"]);
  if (orderClass.kind === "refused") return orderClass;
  const prices = parsePrices(fields, type.value, orderClass.value);
  if (prices.kind === "refused") return prices;
  const terms: OrderTerms = {
    symbol,
    side: side.value,
    type: type.value,
    orderClass: orderClass.value,
    timeInForce: timeInForce.value,
    qty: qty.value,
    limitPriceUsd: prices.value.limitPriceUsd,
    stopPriceUsd: prices.value.stopPriceUsd,
  };
  return { kind: "ok", value: terms };
}

type Prices = Pick<OrderTerms, "limitPriceUsd" | "stopPriceUsd">;

function parsePrices(
  fields: Fields,
  type: OrderTerms["type"],
  orderClass: OrderTerms["orderClass"],
): Parsed<Prices> {
  const limit = parsePrice(fields["limit_price"], "limit_price");
  if (limit.kind === "refused") return limit;
  const stop = parsePrice(fields["stop_price"], "stop_price");
  if (stop.kind === "refused") return stop;
  const isPriced = orderClass === "oco";
  if (NEEDS_LIMIT.has(type) !== (limit.value !== null) && !isPriced) {
    const word = limit.value === null ? "require" : "must not have";
    return refuse(INVALID, `${type} orders ${word} limit_price`);
  }
  if (NEEDS_STOP.has(type) !== (stop.value !== null)) {
    const word = stop.value === null ? "require" : "must not have";
    return refuse(INVALID, `${type} orders ${word} stop_price`);
  }
  return { kind: "ok", value: { limitPriceUsd: limit.value, stopPriceUsd: stop.value } };
}

function readPart(fields: Fields, part: string, name: string): unknown {
  const inner = fields[part];
  return isFields(inner) ? inner[name] : undefined;
}

interface ExitPrices {
  readonly takeProfitUsd: number;
  readonly stopUsd: number;
  readonly stopLimitUsd: number | null;
}

function parseExitPrices(fields: Fields, orderClass: string): Parsed<ExitPrices> {
  const take = parsePrice(readPart(fields, "take_profit", "limit_price"), "limit_price");
  if (take.kind === "refused") return take;
  const stop = parsePrice(readPart(fields, "stop_loss", "stop_price"), "stop_price");
  if (stop.kind === "refused") return stop;
  const limit = parsePrice(readPart(fields, "stop_loss", "limit_price"), "limit_price");
  if (limit.kind === "refused") return limit;
  const missing = take.value === null
    ? "take_profit.limit_price"
    : stop.value === null
    ? "stop_loss.stop_price"
    : null;
  if (take.value === null || stop.value === null) {
    return refuse(INVALID, `${orderClass} orders require ${missing}`);
  }
  const value = { takeProfitUsd: take.value, stopUsd: stop.value, stopLimitUsd: limit.value };
  return { kind: "ok", value };
}

function buildExits(terms: OrderTerms, prices: ExitPrices): [OrderTerms, OrderTerms] {
  const side = terms.orderClass === "oco" ? terms.side : terms.side === "buy" ? "sell" : "buy";
  const common = { ...terms, side } as const;
  const takeProfit: OrderTerms = {
    ...common,
    type: "limit",
    limitPriceUsd: prices.takeProfitUsd,
    stopPriceUsd: null,
  };
  const stop: OrderTerms = {
    ...common,
    type: prices.stopLimitUsd === null ? "stop" : "stop_limit",
    limitPriceUsd: prices.stopLimitUsd,
    stopPriceUsd: prices.stopUsd,
  };
  return [takeProfit, stop];
}

/** A new order from the body of `POST /v2/orders`, or the refusal of its parameters (broker.md, Refusals). */
export function parseOrderBody(body: string | null): Parsed<OrderDraft> {
  const fields = parseFields(body);
  if (fields.kind === "refused") return fields;
  const clientOrderId = parseClientOrderId(fields.value["client_order_id"]);
  if (clientOrderId.kind === "refused") return clientOrderId;
  const terms = parseTerms(fields.value);
  if (terms.kind === "refused") return terms;
  const { orderClass } = terms.value;
  if (orderClass === "simple") {
    const value = { clientOrderId: clientOrderId.value, terms: terms.value, legs: [] };
    return { kind: "ok", value };
  }
  const prices = parseExitPrices(fields.value, orderClass);
  if (prices.kind === "refused") return prices;
  const [takeProfit, stop] = buildExits(terms.value, prices.value);
  const value = orderClass === "oco"
    ? { clientOrderId: clientOrderId.value, terms: takeProfit, legs: [stop] }
    : { clientOrderId: clientOrderId.value, terms: terms.value, legs: [takeProfit, stop] };
  return { kind: "ok", value };
}

/** Refuses exits on the wrong side of the base price: the limit of a limit entry, else the market (broker.md). */
export function checkBasePrice(draft: OrderDraft, marketUsd: number | null): Parsed<null> {
  const baseUsd = draft.terms.orderClass === "bracket"
    ? draft.terms.limitPriceUsd ?? marketUsd
    : marketUsd;
  if (baseUsd === null) return { kind: "ok", value: null };
  const more = { base_price: formatDecimal(baseUsd) };
  const exits = draft.terms.orderClass === "oco" ? [draft.terms, ...draft.legs] : draft.legs;
  for (const exit of exits) {
    const above = exit.side === "sell" ? 1 : -1;
    if (exit.stopPriceUsd !== null && (exit.stopPriceUsd - baseUsd) * above > -0.01 + 1e-9) {
      const rule = above === 1 ? "<= base_price - 0.01" : ">= base_price + 0.01";
      return refuse(UNPROCESSABLE, `stop_loss.stop_price must be ${rule}`, more);
    }
    if (exit.type === "limit" && ((exit.limitPriceUsd ?? 0) - baseUsd) * above < 0.01 - 1e-9) {
      const rule = above === 1 ? ">= base_price + 0.01" : "<= base_price - 0.01";
      return refuse(UNPROCESSABLE, `take_profit.limit_price must be ${rule}`, more);
    }
  }
  return { kind: "ok", value: null };
}
