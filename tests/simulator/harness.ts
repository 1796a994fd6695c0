import { z } from "zod";
import type { Behaviour } from "./behaviour.ts";
import { Exchange, type ExchangeOptions, SIM_KEY_ID, SIM_SECRET_KEY } from "./exchange.ts";
import { buildSampleSessions, SAMPLE_DAY_NY } from "./scenario.ts";
import { nyMoment } from "./sessions.ts";
import type { SimRequest } from "./wire.ts";

/** An object of the wire, as tests look at it. */
export type Wire = Readonly<Record<string, unknown>>;

const wireSchema = z.record(z.string(), z.unknown());

/** One answer, parsed. */
export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The object in the body; empty where the body is a list or nothing. */
  readonly json: Wire;
  /** The objects of a list in the body; empty where it is none. */
  readonly list: readonly Wire[];
}

/** The account's keys. */
export const KEYS: Readonly<Record<string, string>> = {
  "apca-api-key-id": SIM_KEY_ID,
  "apca-api-secret-key": SIM_SECRET_KEY,
};

/** A request with the account's keys. @param query Text such as `status=open`. */
export function buildRequest(
  method: string,
  path: string,
  query = "",
  body: unknown = null,
): SimRequest {
  const text = body === null ? null : typeof body === "string" ? body : JSON.stringify(body);
  return { method, path, query: new URLSearchParams(query), body: text, headers: KEYS };
}

/** Reads the objects of a list. @throws Where it is not a list of objects. */
export function readList(value: unknown): Wire[] {
  return z.array(wireSchema).parse(value);
}

/** A text field. @throws Where it is not a text. */
export function readText(wire: Wire | undefined, field: string): string {
  return z.string().parse(wire?.[field]);
}

/** An exchange to talk to in a line. */
export interface Market {
  readonly exchange: Exchange;
  call(method: string, path: string, query?: string, body?: unknown): Answered;
  /** Lets virtual time pass. */
  pass(ms: number): void;
}

/** Where the tests' time starts: Monday 2026-11-23, 10:00 New York. */
export const TEN_MS = nyMoment(SAMPLE_DAY_NY, "10:00");

/** An exchange where everything costs 100 USD until a test says otherwise, in the sample week. */
export function buildMarket(
  behaviour: Partial<Behaviour> = {},
  options: Partial<ExchangeOptions> = {},
): Market {
  const sessions = buildSampleSessions();
  const isOpen = (ms: number) => sessions.some((each) => ms >= each.openMs && ms < each.closeMs);
  const exchange = new Exchange({
    sessions,
    script: { priceAtUsd: (_symbol, ms) => isOpen(ms) ? 100 : null },
    startMs: TEN_MS,
    behaviour,
    ...options,
  });
  return {
    exchange,
    call(method, path, query, body) {
      const { status, headers, body: text } = exchange.handle(
        buildRequest(method, path, query, body),
      );
      const value: unknown = text === "" ? {} : JSON.parse(text);
      const isList = Array.isArray(value);
      return {
        status,
        headers,
        json: isList ? {} : wireSchema.parse(value),
        list: isList ? readList(value) : [],
      };
    },
    pass: (ms) => exchange.advanceTo(exchange.nowMs + ms),
  };
}

/** A market buy of ten shares with its exits at 110 and 95, as the engine sends it. */
export const BRACKET: Wire = {
  symbol: "NVDA",
  qty: "10",
  side: "buy",
  type: "market",
  time_in_force: "day",
  order_class: "bracket",
  take_profit: { limit_price: "110" },
  stop_loss: { stop_price: "95" },
};

/** A plain sell stop for ten shares at 95, good till canceled. */
export const STOP: Wire = {
  symbol: "NVDA",
  qty: "10",
  side: "sell",
  type: "stop",
  stop_price: "95",
  time_in_force: "gtc",
};

/** A market sell of ten shares. */
export const SELL: Wire = {
  symbol: "NVDA",
  qty: "10",
  side: "sell",
  type: "market",
  time_in_force: "day",
};

/** Holds ten NVDA by a bracket whose exits rest. */
export function buildBracketed(
  behaviour: Partial<Behaviour> = {},
): Market & { readonly id: string } {
  const market = buildMarket(behaviour);
  const placed = market.call("POST", "/v2/orders", "", { ...BRACKET, client_order_id: "avwap-1" });
  market.pass(1000);
  return { ...market, id: readText(placed.json, "id") };
}

/** The order as the broker shows it, its legs too. */
export function readOrder(market: Market, id: string): Wire {
  return market.call("GET", `/v2/orders/${id}`, "nested=true").json;
}

/** The legs under an order. */
export function readLegs(market: Market, id: string): Wire[] {
  return readList(readOrder(market, id)["legs"]);
}

/** The statuses of an order and its legs. */
export function readStatuses(market: Market, id: string): string[] {
  const order = readOrder(market, id);
  return [order, ...readList(order["legs"])].map((each) => readText(each, "status"));
}
