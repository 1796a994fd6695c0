import type { Exchange } from "./exchange.ts";
import { deliver, type FaultPlan } from "./faults.ts";
import type { SimRequest, SimResponse } from "./wire.ts";

/** Time as the adapter needs it: the market's, not that of a host whose clock a fault may set wrong. */
export interface AdapterClock {
  nowMs(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** What the in-process adapter works with. */
export interface AdapterOptions {
  readonly exchange: Exchange;
  readonly clock: AdapterClock;
  readonly faults?: FaultPlan | null;
  /** Virtual time that every request takes. */
  readonly latencyMs?: number;
}

/** One request and its answer, or a rejection: `TypeError` for a broken connection, the signal's reason for a stop. */
export type SimTransport = (request: SimRequest, signal?: AbortSignal) => Promise<SimResponse>;

/** The signature of `fetch`, as far as a REST client uses it. */
export type SimFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

function buildAbort(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error
    ? reason
    : new DOMException("The signal has been aborted", "AbortError");
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw buildAbort(signal);
}

function waitForAbort(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal === undefined) {
      return reject(new TypeError("connection closed: nobody waits for it"));
    }
    if (signal.aborted) return reject(buildAbort(signal));
    signal.addEventListener("abort", () => reject(buildAbort(signal)), { once: true });
  });
}

/** A transport straight into the exchange: no sockets, virtual time, the faults of the plan. */
export function createSimulatedTransport(options: AdapterOptions): SimTransport {
  const { exchange, clock, faults = null, latencyMs = 0 } = options;
  let count = 0;
  return async (request, signal) => {
    throwIfAborted(signal);
    exchange.advanceTo(clock.nowMs());
    const fault = faults === null ? null : faults(request, ++count);
    const outcome = deliver(exchange, request, fault);
    if (outcome.kind === "hang") return await waitForAbort(signal);
    const waitMs = latencyMs + (outcome.kind === "answer" ? outcome.afterMs : 0);
    if (waitMs > 0) {
      await clock.sleep(waitMs, signal);
      exchange.advanceTo(clock.nowMs());
      throwIfAborted(signal);
    }
    if (outcome.kind === "broken") {
      throw new TypeError("connection closed before message completed");
    }
    return outcome.read();
  };
}

function readBody(init: RequestInit | undefined): string | null {
  const body = init?.body;
  if (body === undefined || body === null) return null;
  if (typeof body === "string") return body;
  throw new TypeError("the simulated fetch takes text bodies only");
}

function readHeaders(given: HeadersInit | undefined): Record<string, string> {
  const headers: Record<string, string> = {};
  new Headers(given).forEach((value, name) => {
    headers[name] = value;
  });
  return headers;
}

/** A `fetch` straight into the exchange; the host in the address does not matter. */
export function createSimulatedFetch(options: AdapterOptions): SimFetch {
  const transport = createSimulatedTransport(options);
  return async (input, init) => {
    if (input instanceof Request) {
      throw new TypeError("the simulated fetch takes an address, not a Request");
    }
    const url = new URL(input);
    const request: SimRequest = {
      method: init?.method ?? "GET",
      path: url.pathname,
      query: url.searchParams,
      body: readBody(init),
      headers: readHeaders(init?.headers),
    };
    const response = await transport(request, init?.signal ?? undefined);
    const isEmpty = response.status === 204;
    return new Response(isEmpty ? null : response.body, {
      status: response.status,
      headers: response.headers,
    });
  };
}

/** One request as a REST client's transport takes it; `timeoutMs` bounds all of it, in virtual time. */
export interface SendRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly timeoutMs: number;
}

/** The answer to it. */
export interface SendResponse {
  readonly status: number;
  readonly body: string;
  header(name: string): string | null;
}

/** What `createSimulatedSend` works with. */
export interface SendOptions extends AdapterOptions {
  /** Makes the client's own error for an answer that never came. */
  readonly fail: (failure: "timeout" | "network", message: string) => Error;
}

/** Header names in lower case, as they are; most clients send them so, and a million copies cost. */
function readLowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  const lower: Record<string, string> = {};
  for (const name in headers) lower[name.toLowerCase()] = headers[name] ?? "";
  return lower;
}

function buildRequest({ method, url, headers, body }: SendRequest): SimRequest {
  const pathAt = url.indexOf("/", url.indexOf("://") + 3);
  const target = pathAt < 0 ? "/" : url.slice(pathAt);
  const mark = target.indexOf("?");
  let query: URLSearchParams | null = null;
  return {
    method,
    path: mark < 0 ? target : target.slice(0, mark),
    // Most questions have none, or are not asked for it.
    get query() {
      return query ??= new URLSearchParams(mark < 0 ? "" : target.slice(mark + 1));
    },
    body,
    headers: readLowerCase(headers),
  };
}

/**
 * The transport of a REST client in virtual time: a hang or a late answer takes the whole `timeoutMs`, during which the
 * exchange lives on, and a delayed request still arrives after the client has given up.
 */
export function createSimulatedSend(
  options: SendOptions,
): (request: SendRequest) => Promise<SendResponse> {
  const { exchange, clock, faults = null, latencyMs = 0, fail } = options;
  let count = 0;
  const passMs = async (ms: number): Promise<void> => {
    if (ms > 0) await clock.sleep(ms);
    exchange.advanceTo(clock.nowMs());
  };
  return async (asked) => {
    exchange.advanceTo(clock.nowMs());
    const request = buildRequest(asked);
    const outcome = deliver(exchange, request, faults === null ? null : faults(request, ++count));
    const neededMs = latencyMs + (outcome.kind === "answer" ? outcome.afterMs : 0);
    if (outcome.kind === "hang" || neededMs >= asked.timeoutMs) {
      await passMs(asked.timeoutMs);
      throw fail("timeout", `no answer within ${asked.timeoutMs} ms`);
    }
    await passMs(neededMs);
    if (outcome.kind === "broken") throw fail("network", "connection closed before an answer");
    const { status, headers, body } = outcome.read();
    return { status, body, header: (name) => headers[name.toLowerCase()] ?? null };
  };
}
