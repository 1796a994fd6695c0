import type { Exchange } from "./exchange.ts";
import { deliver, type FaultPlan } from "./faults.ts";
import type { SimRequest, SimResponse } from "./wire.ts";

/** Time as the adapter needs it: virtual in a fault simulation. */
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
