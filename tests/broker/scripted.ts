import { type AlpacaClient, createAlpacaClient } from "../../src/broker/alpaca_client.ts";
import type { BrokerExchange } from "../../src/broker/alpaca_client.ts";
import type { FeedChoice } from "../../src/broker/market_data_client.ts";
import { HttpFailure, type HttpRequest, type HttpResponse } from "../../src/broker/transport.ts";
import type { ClockPort, LogPort } from "../../src/engine/ports.ts";

export const KEY_ID = "PKTESTKEYID000000001";
export const SECRET_KEY = "tesTSecRetKey0000000000000000000000002";
export const TRADING_URL = "https://paper-api.alpaca.markets";
export const DATA_URL = "https://data.alpaca.markets";
export const START_MS = Date.UTC(2026, 0, 20, 14, 45);

/** A clock that only `sleep` and the script move. */
export class ManualClock implements ClockPort {
  readonly sleptMs: number[] = [];
  /** Added to the wall clock alone: the host's clock was set. */
  jumpMs = 0;
  constructor(public ms: number = START_MS) {}
  nowMs(): number {
    return this.ms + this.jumpMs;
  }
  monotonicMs(): number {
    return this.ms - START_MS;
  }
  sleep(ms: number): Promise<void> {
    this.sleptMs.push(ms);
    this.ms += ms;
    return Promise.resolve();
  }
}

/** One scripted answer, or what went wrong; `tookMs` moves the clock, a timeout by the request's own. */
export interface Step {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly failure?: HttpFailure["failure"];
  readonly tookMs?: number;
}

export interface World {
  readonly client: AlpacaClient;
  readonly clock: ManualClock;
  readonly requests: HttpRequest[];
  readonly exchanges: BrokerExchange[];
  readonly lines: string[];
}

export interface WorldOptions {
  readonly feed?: FeedChoice;
  readonly timeoutMs?: number;
  readonly endMs?: number;
  readonly readEndMs?: () => number;
  readonly uniform?: () => number;
  readonly tradingUrl?: string;
  readonly onExchange?: (exchange: BrokerExchange) => void;
}

/** The real client on a scripted transport. Past the end of a list of steps, a request is an error of the test. */
export function buildWorld(
  script: readonly Step[] | ((request: HttpRequest, index: number) => Step),
  options: WorldOptions = {},
): World {
  const clock = new ManualClock();
  const requests: HttpRequest[] = [];
  const exchanges: BrokerExchange[] = [];
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  const log: LogPort = { info: say, warn: say, error: say };
  const send = (request: HttpRequest): Promise<HttpResponse> => {
    const index = requests.push(request) - 1;
    const step = typeof script === "function" ? script(request, index) : script[index];
    if (step === undefined) throw new Error(`unexpected request ${request.method} ${request.url}`);
    return Promise.resolve().then(() => answer(step, request, clock));
  };
  const client = createAlpacaClient({
    tradingUrl: options.tradingUrl ?? TRADING_URL,
    dataUrl: DATA_URL,
    keyId: KEY_ID,
    secretKey: SECRET_KEY,
    send,
    clock,
    chance: { uniform: options.uniform ?? (() => 0.5) },
    feed: options.feed ?? "iex",
    timeoutMs: options.timeoutMs ?? 10_000,
    endMs: options.endMs ?? Infinity,
    readEndMs: options.readEndMs ?? (() => Infinity),
    log,
    onExchange: options.onExchange ?? ((exchange) => void exchanges.push(exchange)),
  });
  return { client, clock, requests, exchanges, lines };
}

function answer(step: Step, request: HttpRequest, clock: ManualClock): HttpResponse {
  const tookMs = step.tookMs ?? (step.failure === "timeout" ? request.timeoutMs : 0);
  clock.ms += Math.min(tookMs, request.timeoutMs);
  if (step.failure !== undefined) throw new HttpFailure(step.failure, `scripted ${step.failure}`);
  const { body = "", headers = {} } = step;
  return {
    status: step.status ?? 200,
    body: typeof body === "string" ? body : JSON.stringify(body),
    header: (name) => headers[name.toLowerCase()] ?? null,
  };
}

/** An order as the broker writes it. */
export function buildWireOrder(change: Readonly<Record<string, unknown>> = {}) {
  return {
    id: "7b08df51-c1ac-453c-99f9-323a5f075f0d",
    client_order_id: "avwap-2026-01-20-SPY-abc",
    created_at: "2026-01-20T14:45:00.668464435Z",
    updated_at: "2026-01-20T14:45:01.5Z",
    submitted_at: "2026-01-20T14:45:00.577215743Z",
    filled_at: null,
    expired_at: null,
    canceled_at: null,
    failed_at: null,
    replaced_at: null,
    replaced_by: null,
    replaces: null,
    asset_id: "b0b6dd9d-8b9b-48a9-ba46-b9d54906e415",
    symbol: "SPY",
    asset_class: "us_equity",
    notional: null,
    qty: "3",
    filled_qty: "0",
    filled_avg_price: null,
    order_class: "",
    order_type: "market",
    type: "market",
    side: "buy",
    time_in_force: "day",
    limit_price: null,
    stop_price: null,
    status: "accepted",
    extended_hours: false,
    legs: null,
    trail_percent: null,
    trail_price: null,
    hwm: null,
    ...change,
  };
}

/** A filled bracket with its two legs. */
export function buildWireBracket(change: Readonly<Record<string, unknown>> = {}) {
  const leg = { side: "sell", order_class: "bracket" };
  return buildWireOrder({
    order_class: "bracket",
    status: "filled",
    filled_qty: "3",
    filled_avg_price: "501.25",
    filled_at: "2026-01-20T14:45:01.25Z",
    legs: [
      buildWireOrder({
        ...leg,
        id: "leg-tp",
        client_order_id: "broker-1",
        type: "limit",
        limit_price: "520.1",
        status: "new",
      }),
      buildWireOrder({
        ...leg,
        id: "leg-stop",
        client_order_id: "broker-2",
        type: "stop",
        stop_price: "490.05",
        status: "held",
      }),
    ],
    ...change,
  });
}

/** A refusal's body as the broker writes it. */
export function buildWireError(code: number | null, message: string) {
  return code === null ? { message } : { code, message };
}

export const BRACKET = {
  clientOrderId: "avwap-2026-01-20-SPY-abc",
  symbol: "SPY",
  qty: 3,
  takeProfitUsd: 520.1,
  stopUsd: 490.05,
} as const;
