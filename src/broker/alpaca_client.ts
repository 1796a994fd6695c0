import { assertInvariant } from "../domain/assert.ts";
import type {
  BrokerPort,
  ChancePort,
  ClockPort,
  LogPort,
  MarketDataPort,
} from "../engine/ports.ts";
import { createFlattenBroker, type FlattenBroker } from "./flatten.ts";
import { type FeedChoice, MarketDataClient } from "./market_data_client.ts";
import { buildRedact } from "./redact.ts";
import { buildBucket } from "./request_budget.ts";
import { type BrokerExchange, RequestSender } from "./request_sender.ts";
import { createTradingChanges } from "./trading_changes.ts";
import { createTradingReads } from "./trading_reads.ts";
import type { HttpSend } from "./transport.ts";

export type { BrokerExchange } from "./request_sender.ts";

/** What the client is made of. Endpoints are checked by the configuration; credentials leave only in headers to them. */
export interface AlpacaClientOptions {
  /** For instance `https://paper-api.alpaca.markets`; a trailing `/` or `/v2` is taken off. */
  readonly tradingUrl: string;
  readonly dataUrl: string;
  readonly keyId: string;
  readonly secretKey: string;
  readonly send: HttpSend;
  readonly clock: ClockPort;
  readonly chance: ChancePort;
  readonly feed: FeedChoice;
  /** Deadline of one request, its body included. An order-changing call ends within it, a read within twice as long. */
  readonly timeoutMs: number;
  /**
   * Monotonic time by which the process is to end, for `--run-once` (pipeline 4); absent: none. Reads end by it, however
   * many hang or wait; a request that changes an order has at least 3 s.
   */
  readonly endMs?: number;
  /** By when reads that protect nothing have ended, asked at each attempt: a process that was asked to stop; absent: never. */
  readonly readEndMs?: () => number;
  readonly log: LogPort;
  /** Told of every order-changing request that left; must not throw. */
  readonly onExchange?: (exchange: BrokerExchange) => void;
}

/** The broker as engine and `flatten` see it. */
export type AlpacaClient = BrokerPort & MarketDataPort & FlattenBroker;

/**
 * Builds the client of one account (broker.md). It holds no connection and starts nothing.
 * @throws {InvariantError} Where a credential can't be a header's value; the message does not say it.
 */
export function createAlpacaClient(options: AlpacaClientOptions): AlpacaClient {
  const { keyId, secretKey, log } = options;
  assertInvariant(isHeaderValue(keyId), "the API key id holds characters that no key has");
  assertInvariant(isHeaderValue(secretKey), "the API secret key holds characters that no key has");
  const redact = buildRedact([keyId, secretKey]);
  const shared = {
    headers: {
      "apca-api-key-id": keyId,
      "apca-api-secret-key": secretKey,
      "accept": "application/json",
      "user-agent": "avwap-execution",
    },
    send: options.send,
    clock: options.clock,
    chance: options.chance,
    timeoutMs: options.timeoutMs,
    endMs: options.endMs ?? Infinity,
    readEndMs: options.readEndMs ?? (() => Infinity),
    // One count for both hosts: the limit is the key's (broker.md, Refusals).
    bucket: { current: buildBucket(options.clock.monotonicMs()) },
    redact,
    onExchange: buildReporter(options.onExchange, log),
  };
  const trading = new RequestSender({ ...shared, ...buildEndpoint(options.tradingUrl) });
  const data = new RequestSender({ ...shared, ...buildEndpoint(options.dataUrl) });
  const marketData = new MarketDataClient({ sender: data, redact, feed: options.feed, log });
  return {
    host: trading.host,
    ...createTradingReads(trading, redact),
    ...createTradingChanges(trading, redact),
    ...createFlattenBroker(trading, redact),
    listBars: (query) => marketData.listBars(query),
    listLatestTrades: (query, requestClass) => marketData.listLatestTrades(query, requestClass),
    listCorporateActions: (query) => marketData.listCorporateActions(query),
    get slowestAnswerMs() {
      return trading.slowestAnswerMs;
    },
    get feed() {
      return marketData.feed;
    },
  };
}

function isHeaderValue(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}

function buildEndpoint(url: string): { readonly baseUrl: string; readonly host: string } {
  const { origin, host, pathname } = new URL(url);
  const base = pathname.replace(/\/+$/, "").replace(/\/v2$/, "");
  return { baseUrl: origin + base, host };
}

/** An event log that fails must not turn an order that was sent into an exception. */
function buildReporter(
  onExchange: AlpacaClientOptions["onExchange"],
  log: LogPort,
): (exchange: BrokerExchange) => void {
  if (onExchange === undefined) return () => {};
  return (exchange) => {
    try {
      onExchange(exchange);
    } catch {
      log.error(`Cannot record what the broker answered to ${exchange.method} ${exchange.path}`);
    }
  };
}
