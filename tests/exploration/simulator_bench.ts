import type { Behaviour } from "../simulator/behaviour.ts";
import { deliver } from "../simulator/faults.ts";
import {
  buildMarket,
  buildRequest,
  type Market,
  readList,
  type Wire,
} from "../simulator/harness.ts";
import type { SimRequest, SimResponse } from "../simulator/wire.ts";
import { SAMPLE_DAY_NY } from "../simulator/scenario.ts";
import { nyMoment } from "../simulator/sessions.ts";
import type { Bench, CaseStep, Loss } from "./bench.ts";
import { isQuestion, type Outcome, type Question, type ShownOrder } from "./broker_answers.ts";
import { type Change, type Order, type Refusal, type Status, STATUSES } from "./broker_state.ts";
import { describeOutcome } from "./story.ts";

const SYMBOL = "NVDA";
const PASS_MS = 5000;
/** When a request arrives that its client has given up. */
const LATE_MS = 2000;

/** The price that a level stands for, USD per share. */
function toUsd(level: number): number {
  return 90 + 5 * level;
}

/** Why the simulator says no, by status and message as broker.md has them. */
const REFUSALS: readonly (readonly [RegExp, Refusal])[] = [
  [/^422 .*client.order.id/i, "duplicate"],
  [/^403 insufficient qty/, "insufficient_qty"],
  [/^403 potential wash trade/, "wash_trade"],
  [/^422 (stop_loss|take_profit|stop price)/, "stop_price"],
  [/^403 .*account/, "account"],
  [/^401/, "unauthorized"],
  [/^429/, "rate_limited"],
  [/^404/, "not_found"],
];

/** One simulated symbol, its orders numbered in the sequence of their acceptance. */
export class SimulatorBench implements Bench {
  readonly #market: Market;
  #day = 0;

  constructor(behaviour: Partial<Behaviour>) {
    this.#market = buildMarket(behaviour);
    this.#market.exchange.setPrice(SYMBOL, toUsd(3));
  }

  go(step: CaseStep): string[] {
    const { exchange, pass } = this.#market;
    if ("ask" in step) return [describeOutcome(this.#ask(step.ask, step.loss ?? null))];
    if ("pass" in step) pass(PASS_MS);
    else if ("price" in step) exchange.setPrice(SYMBOL, toUsd(step.price));
    else if ("held" in step) exchange.setPosition(SYMBOL, step.held, 90);
    else exchange.advanceTo(this.#findTurn(step.market));
    return [];
  }

  #findTurn(turn: "closes" | "opens"): number {
    const days = [SAMPLE_DAY_NY, "2026-11-24", "2026-11-25"];
    const atMs = nyMoment(days[this.#day] ?? "", turn === "closes" ? "16:00" : "09:30");
    if (turn === "closes") this.#day++;
    return atMs + 1000;
  }

  #ask(ask: Change | Question, loss: Loss | null): Outcome {
    const { exchange } = this.#market;
    const request = this.#buildRequest(ask);
    if (loss === null) return this.#read(ask, exchange.handle(request));
    const fault = loss === "late"
      ? { kind: "delay", ms: LATE_MS } as const
      : { kind: `lost_${loss}` } as const;
    deliver(exchange, request, fault);
    return { kind: "unknown" };
  }

  #idOf(id: number): string {
    return this.#market.exchange.orders[id - 1]?.id ?? "none";
  }

  #buildRequest(ask: Change | Question): SimRequest {
    switch (ask.kind) {
      case "order":
        return buildRequest("GET", `/v2/orders/${this.#idOf(ask.id)}`, "nested=true");
      case "look_up": {
        const query = `client_order_id=${ask.clientOrderId}`;
        return buildRequest("GET", "/v2/orders:by_client_order_id", query);
      }
      case "open_orders":
        return buildRequest("GET", "/v2/orders", "status=open&nested=true");
      case "all_orders":
        return buildRequest("GET", "/v2/orders", "status=all&nested=true");
      case "positions":
        return buildRequest("GET", "/v2/positions");
      case "trade":
        return buildRequest("GET", "/v2/stocks/trades/latest", `symbols=${SYMBOL}`);
      case "clock":
        return buildRequest("GET", "/v2/clock");
      case "cancel":
        return buildRequest("DELETE", `/v2/orders/${this.#idOf(ask.id)}`);
      case "replace":
        return buildRequest("PATCH", `/v2/orders/${this.#idOf(ask.id)}`, "", {
          client_order_id: ask.clientOrderId,
          ...ask.qty === undefined ? {} : { qty: String(ask.qty) },
          ...ask.level === undefined ? {} : { stop_price: String(toUsd(ask.level)) },
        });
      case "sell":
      case "stop":
      case "bracket":
        return buildRequest("POST", "/v2/orders", "", buildBody(ask));
    }
  }

  #read(ask: Change | Question, { status, body }: SimResponse): Outcome {
    const json: unknown = body === "" ? {} : JSON.parse(body);
    if (status === 404 && isQuestion(ask)) return { kind: "not_found" };
    if (status >= 400) return { kind: "refused", why: findRefusal(ask, status, asWire(json)) };
    switch (ask.kind) {
      case "order":
      case "look_up":
        return { kind: "found", shown: this.#readShown(asWire(json)) };
      case "open_orders":
      case "all_orders":
        return { kind: ask.kind, shown: readList(json).map((each) => this.#readShown(each)) };
      case "positions":
        return { kind: "positions", heldQty: Number(readList(json)[0]?.["qty"] ?? 0) };
      case "trade": {
        const trades = asWire(asWire(json)["trades"]);
        return { kind: "trade", priceLevel: toLevel(asWire(trades[SYMBOL])["p"]) };
      }
      case "clock":
        return { kind: "clock", isOpen: asWire(json)["is_open"] === true };
      case "cancel":
        return { kind: "requested" };
      case "replace":
      case "sell":
      case "stop":
      case "bracket":
        return { kind: "accepted", shown: this.#readShown(asWire(json)) };
    }
  }

  #numberOf(id: unknown): number {
    return this.#market.exchange.orders.findIndex((order) => order.id === id) + 1;
  }

  #readShown(wire: Wire): ShownOrder {
    const legs = wire["legs"] === null ? [] : readList(wire["legs"]);
    return { order: this.#readOrder(wire), legs: legs.map((leg) => this.#readOrder(leg)) };
  }

  #readOrder(wire: Wire): Order {
    const status = findStatus(wire["status"]);
    return {
      id: this.#numberOf(wire["id"]),
      clientOrderId: String(wire["client_order_id"]),
      side: wire["side"] === "buy" ? "buy" : "sell",
      type: wire["type"] === "stop" ? "stop" : wire["type"] === "limit" ? "limit" : "market",
      isGtc: wire["time_in_force"] === "gtc",
      qty: Number(wire["qty"]),
      filledQty: Number(wire["filled_qty"]),
      level: toLevel(wire["stop_price"] ?? wire["limit_price"]),
      status,
      restsAs: status,
      parentId: 0,
      replaces: this.#numberOf(wire["replaces"]),
      replacedBy: this.#numberOf(wire["replaced_by"]),
      isActive: true,
      version: 1,
      isTriggered: false,
      isHidden: false,
    };
  }
}

function findStatus(value: unknown): Status {
  const status = STATUSES.find((each) => each === value);
  if (status === undefined) throw new RangeError(`status ${value} is none of the automaton's`);
  return status;
}

function asWire(value: unknown): Wire {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {};
}

function toLevel(usd: unknown): number {
  return usd === null || usd === undefined ? 0 : (Number(usd) - 90) / 5;
}

function buildBody(change: Change & { readonly kind: "sell" | "stop" | "bracket" }): Wire {
  const { kind, clientOrderId, qty } = change;
  const common = { symbol: SYMBOL, client_order_id: clientOrderId, qty: String(qty) };
  if (kind === "sell") return { ...common, side: "sell", type: "market", time_in_force: "day" };
  if (kind === "stop") {
    const price = String(toUsd(change.level));
    return { ...common, side: "sell", type: "stop", stop_price: price, time_in_force: "gtc" };
  }
  return {
    ...common,
    side: "buy",
    type: "market",
    time_in_force: "day",
    order_class: "bracket",
    take_profit: { limit_price: String(toUsd(change.takeLevel)) },
    stop_loss: { stop_price: String(toUsd(change.stopLevel)) },
  };
}

/** The simulator's refusal in the automaton's words; what no row names is about what was asked. */
function findRefusal(ask: Change | Question, status: number, json: Wire): Refusal {
  const text = `${status} ${String(json["message"])}`;
  const found = REFUSALS.find(([pattern]) => pattern.test(text))?.[1];
  if (found !== undefined) return found;
  if (ask.kind === "cancel") return "not_cancelable";
  return ask.kind === "replace" ? "not_replaceable" : "other";
}
