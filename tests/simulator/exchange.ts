import { buildAccountValue } from "./account_view.ts";
import { type Behaviour, buildBehaviour } from "./behaviour.ts";
import { leftQty, type SimOrder } from "./order.ts";
import { OrderDesk } from "./order_desk.ts";
import { Portfolio, type SimPosition } from "./portfolio.ts";
import { type PriceScript, Quotes } from "./quotes.ts";
import { RateLimit } from "./rate_limit.ts";
import { answer } from "./router.ts";
import { SessionBook, type SimSession } from "./sessions.ts";
import { buildRefusal, type SimRequest, type SimResponse } from "./wire.ts";

/** What a simulated market starts with. */
export interface ExchangeOptions {
  readonly script: PriceScript;
  readonly sessions: readonly SimSession[];
  /** Virtual time at the start, Unix ms. */
  readonly startMs: number;
  readonly cashUsd?: number;
  readonly keyId?: string;
  readonly secretKey?: string;
  readonly accountId?: string;
  /** Buying power as a multiple of equity. */
  readonly marginMultiplier?: number;
  /** The grid on which prices are looked at. */
  readonly tickMs?: number;
  readonly behaviour?: Partial<Behaviour>;
  /** Tickers that exist; absent: all. */
  readonly symbols?: ReadonlySet<string>;
  /** Requests kept for inspection; 0: none. */
  readonly requestLogMax?: number;
  readonly rateLimitPerMinute?: number;
}

/** A request as the broker saw it. */
export interface RequestRecord {
  readonly atMs: number;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string | null;
  readonly status: number;
}

interface Delivery {
  readonly atMs: number;
  readonly run: () => void;
}

/** Keys that the exchange takes where none are given. */
export const SIM_KEY_ID = "SIMKEYID";
export const SIM_SECRET_KEY = "sim-secret-key";

const REQUEST_LOG_MAX = 10_000;

/**
 * The broker of broker.md in memory: orders, positions, clock and market data over a scripted market, in virtual time.
 * Synchronous and deterministic: the same requests at the same times give the same answers.
 */
export class Exchange {
  readonly behaviour: Behaviour;
  readonly sessions: SessionBook;
  readonly quotes: Quotes;
  readonly portfolio: Portfolio;
  readonly desk: OrderDesk;
  readonly accountId: string;
  readonly marginMultiplier: number;
  readonly requests: RequestRecord[] = [];
  readonly barCache = new Map<string, string>();
  /** Positions under another name in answers, by their true symbol. */
  readonly shownSymbols = new Map<string, string>();
  /** Answers to come that leave the symbol's position out. */
  readonly hiddenAnswers = new Map<string, number>();
  /** Answers to come that show no position at all. */
  emptyAnswers = 0;
  requestCount = 0;
  readonly #deliveries: Delivery[] = [];
  readonly #options: ExchangeOptions;
  readonly #rateLimit: RateLimit;
  #nowMs: number;

  /** @throws {RangeError} Where there is no session, or they are not in order. */
  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#nowMs = options.startMs;
    this.behaviour = buildBehaviour(options.behaviour);
    this.sessions = new SessionBook(options.sessions);
    this.quotes = new Quotes(options.script, this.sessions);
    this.portfolio = new Portfolio(options.cashUsd ?? 100_000);
    this.accountId = options.accountId ?? "9f1c2d34-0000-4000-8000-00000000a001";
    this.marginMultiplier = options.marginMultiplier ?? 2;
    this.#rateLimit = new RateLimit(options.rateLimitPerMinute ?? 200);
    const { behaviour, quotes, sessions, portfolio } = this;
    this.desk = new OrderDesk(
      { behaviour, quotes, sessions, portfolio, tickMs: options.tickMs ?? 1000 },
      { buyingPowerUsd: () => this.buyingPowerUsd(), symbols: options.symbols ?? null },
    );
    this.desk.advanceTo(this.#nowMs);
  }

  /** Virtual time, Unix ms. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** All orders ever, legs included, in the sequence of their acceptance. */
  get orders(): readonly SimOrder[] {
    return this.desk.orders;
  }

  /** Equity in USD at the last prices. */
  get equityUsd(): number {
    return buildAccountValue(this.portfolio, this.quotes, this.#nowMs).equityUsd;
  }

  /** Lets virtual time pass: orders trigger, fill, expire; late requests arrive. Never goes back. */
  advanceTo(ms: number): void {
    for (let next = this.#deliveries[0]; next !== undefined && next.atMs <= ms;) {
      this.#deliveries.shift();
      this.#passTo(next.atMs);
      next.run();
      next = this.#deliveries[0];
    }
    this.#passTo(ms);
  }

  /** Runs something when virtual time comes there: a request that a slow network delivers late. */
  deliverAt(atMs: number, run: () => void): void {
    let index = this.#deliveries.length;
    while (index > 0 && (this.#deliveries[index - 1]?.atMs ?? 0) > atMs) index--;
    this.#deliveries.splice(index, 0, { atMs, run });
  }

  /** Answers one request at the present virtual time. */
  handle(request: SimRequest): SimResponse {
    this.requestCount++;
    this.desk.advanceTo(this.#nowMs);
    const response = this.#answer(request);
    this.#keepRequest(request, response.status);
    return response;
  }

  /** The position as it really is, whatever answers show; `null` where there is none. */
  position(symbol: string): SimPosition | null {
    return this.portfolio.positions.get(symbol) ?? null;
  }

  /** The order with this client order id, or `null`. */
  findOrder(clientOrderId: string): SimOrder | null {
    return this.desk.byClientOrderId.get(clientOrderId) ?? null;
  }

  /** USD that new buys may cost: equity times the multiplier, less what is held and what open buys will cost. */
  buyingPowerUsd(): number {
    const value = buildAccountValue(this.portfolio, this.quotes, this.#nowMs);
    let openBuysUsd = 0;
    for (const book of this.desk.active.values()) {
      for (const order of book.working) {
        if (order.side !== "buy" || !order.isActive) continue;
        const priceUsd = order.limitPriceUsd ?? order.stopPriceUsd ??
          this.quotes.lastTrade(order.symbol, this.#nowMs)?.priceUsd ?? 0;
        openBuysUsd += leftQty(order) * priceUsd;
      }
    }
    const heldUsd = value.longUsd - value.shortUsd;
    return Math.max(0, value.equityUsd * this.marginMultiplier - heldUsd - openBuysUsd);
  }

  /** An order placed by hand at the broker: a plain POST with the account's keys, outside the request log. */
  placeByHand(body: Readonly<Record<string, unknown>>): SimResponse {
    return answer(this, {
      method: "POST",
      path: "/v2/orders",
      query: new URLSearchParams(),
      body: JSON.stringify(body),
      headers: {},
    });
  }

  /** Sets a position as it stands at the broker, cash untouched; 0 shares removes it. */
  setPosition(symbol: string, qty: number, averageUsd: number): void {
    // What is there at the start was there before it, for whoever looks at the past.
    const isStart = this.#nowMs === this.#options.startMs;
    this.portfolio.set(symbol, qty, averageUsd, isStart ? -Infinity : this.#nowMs);
  }

  /** Splits a stock: `ratio` times the shares at the same cost basis, the price divided; orders stay as they are. */
  split(symbol: string, ratio: number): void {
    this.portfolio.split(symbol, ratio, this.#nowMs);
    this.quotes.split(symbol, ratio, this.#nowMs);
  }

  /** Stops trading in a symbol: no bars, no fills, orders rest. */
  halt(symbol: string): void {
    this.quotes.halt(symbol, this.#nowMs);
  }

  /** Trading in the symbol goes on. */
  resume(symbol: string): void {
    this.quotes.resume(symbol, this.#nowMs);
  }

  /** Fixes a symbol's price from now on; `null` gives it back to the script. */
  setPrice(symbol: string, priceUsd: number | null): void {
    this.quotes.setPrice(symbol, priceUsd, this.#nowMs);
  }

  /** Leaves a position out of the next answers. */
  hidePosition(symbol: string, answers = 1): void {
    this.hiddenAnswers.set(symbol, answers);
  }

  /** Shows a position under another symbol, until it is shown under its own again. */
  renamePosition(symbol: string, shownSymbol: string): void {
    if (symbol === shownSymbol) this.shownSymbols.delete(symbol);
    else this.shownSymbols.set(symbol, shownSymbol);
  }

  #passTo(ms: number): void {
    if (ms <= this.#nowMs) return;
    this.#nowMs = ms;
    this.desk.advanceTo(ms);
  }

  #answer(request: SimRequest): SimResponse {
    const keyId = this.#options.keyId ?? SIM_KEY_ID;
    const secretKey = this.#options.secretKey ?? SIM_SECRET_KEY;
    const { headers } = request;
    if (headers["apca-api-key-id"] !== keyId || headers["apca-api-secret-key"] !== secretKey) {
      return buildRefusal(401, null, "unauthorized.");
    }
    const pool = request.path.startsWith("/v2/stocks/") ? "data" : "trading";
    const quota = this.#rateLimit.count(pool, this.#nowMs);
    const isOver = quota.isOver && this.behaviour.isRateLimitEnforced;
    const response = isOver ? buildRefusal(429, null, "too many requests.") : answer(this, request);
    response.headers["x-ratelimit-limit"] = quota.limit;
    response.headers["x-ratelimit-remaining"] = quota.remaining;
    response.headers["x-ratelimit-reset"] = quota.reset;
    return response;
  }

  #keepRequest(request: SimRequest, status: number): void {
    const max = this.#options.requestLogMax ?? REQUEST_LOG_MAX;
    if (max === 0) return;
    if (this.requests.length >= max) this.requests.splice(0, Math.ceil(max / 2));
    this.requests.push({
      atMs: this.#nowMs,
      method: request.method,
      path: request.path,
      query: request.query,
      body: request.body,
      status,
    });
  }
}
