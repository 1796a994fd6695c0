import type { HttpPort } from "../engine/ports.ts";

/**
 * A change gets a connection that was never used and never will be again. Why: the runtime repeats any request by itself
 * where a used connection ends before the answer, and over HTTP/2 also on a new one that refuses the stream.
 */
const ONCE = { poolMaxIdlePerHost: 0, http2: false } as const;

/**
 * HTTP as the program's adapters get it (pipeline 6, "Each sending of an order-changing request leaves once").
 * @param fetchHttp The runtime's own, or one around it, which must hand its options on: they carry the change's client.
 * @param createClient The runtime's own; a test adds the certificate that it trusts.
 */
export function createHttp(
  fetchHttp: typeof fetch,
  createClient = Deno.createHttpClient,
): HttpPort {
  return {
    read: (url, { headers, signal }) =>
      fetchHttp(url, { method: "GET", headers, redirect: "manual", signal }),
    async change({ method, url, headers, body, signal }) {
      const client = createClient(ONCE);
      try {
        return await fetchHttp(url, {
          method,
          headers,
          body,
          redirect: "manual",
          signal,
          client,
        });
      } finally {
        // The answer's body holds its connection by itself.
        client.close();
      }
    },
  };
}
