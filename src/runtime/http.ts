import type { HttpPort } from "../engine/ports.ts";

/**
 * A change gets a connection that was never used and never will be again. Why: the runtime repeats any request by itself
 * where a used connection ends before the answer, and over HTTP/2 also on a new one that refuses the stream.
 */
const ONCE = { poolMaxIdlePerHost: 0, http2: false } as const;

/** Makes what every change of a process may leave by: ready before the moment that one leaves at. @param trust A test's own. */
export function createChangeClient(
  trust: Pick<Deno.CreateHttpClientOptions, "caCerts"> = {},
): Deno.HttpClient {
  return Deno.createHttpClient({ ...trust, ...ONCE });
}

/**
 * HTTP as the program's adapters get it (pipeline 6, "Each sending of an order-changing request leaves once").
 * @param fetchHttp The runtime's own, or one around it, which must hand its options on: they carry the change's client.
 * @param kept Of `createChangeClient`, for all changes, and closed by who made it; absent: each change makes one and closes it.
 */
export function createHttp(
  fetchHttp: typeof fetch,
  kept: Deno.HttpClient | null = null,
): HttpPort {
  return {
    read: (url, { headers, signal }) =>
      fetchHttp(url, { method: "GET", headers, redirect: "manual", signal }),
    async change({ method, url, headers, body, signal }) {
      const client = kept ?? createChangeClient();
      try {
        return await fetchHttp(url, { method, headers, body, redirect: "manual", signal, client });
      } finally {
        // The answer's body holds its connection by itself.
        if (kept === null) client.close();
      }
    },
  };
}

/** HTTP whose changes can be called back. */
export interface StoppableHttp {
  readonly http: HttpPort;
  /** Ends every change whose answer has not begun: one that is still connecting never leaves. Later ones go as before. */
  readonly stopChanges: () => void;
}

/**
 * Makes changes that can be called back. Why: a change dials a connection of its own, and whoever stops the orders must
 * not wait for a handshake that takes seconds (runbook 2, "immediately"). One that had left already has no known answer
 * then, and is looked up like any other (pipeline 6).
 */
export function createStoppableHttp(http: HttpPort): StoppableHttp {
  const underWay = new Set<AbortController>();
  return {
    http: {
      read: http.read,
      async change(request) {
        const stop = new AbortController();
        underWay.add(stop);
        try {
          const signal = AbortSignal.any([request.signal, stop.signal]);
          return await http.change({ ...request, signal });
        } finally {
          underWay.delete(stop);
        }
      },
    },
    stopChanges: () => underWay.forEach((stop) => stop.abort()),
  };
}
