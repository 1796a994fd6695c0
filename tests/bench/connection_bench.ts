import { createChangeClient, createHttp } from "../../src/runtime/http.ts";
import { buildSelfSigned } from "../support/self_signed.ts";

// What a connection of its own costs an order: without the way to the broker, which adds one round trip for TCP and one
// for TLS 1.3.

const tls = await buildSelfSigned();
const address = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
const answer = () => new Response("{}");
const body = JSON.stringify({ symbol: "NVDA", qty: "7", side: "buy", type: "market" });
const signal = new AbortController().signal;

for (const isTls of [false, true]) {
  const trust = isTls ? { caCerts: [tls.cert] } : {};
  const server = isTls
    ? Deno.serve({ ...address, cert: tls.cert, key: tls.key }, answer)
    : Deno.serve(address, answer);
  server.unref();
  const url = `${isTls ? "https" : "http"}://127.0.0.1:${server.addr.port}/v2/orders`;
  const pool = Deno.createHttpClient(trust);
  const http = createHttp(fetch, createChangeClient(trust));
  const group = isTls ? "an order over TLS on loopback" : "an order over TCP on loopback";
  Deno.bench({
    name: "on a kept connection (not done)",
    group,
    baseline: true,
    fn: async () => {
      const kept = await fetch(url, { method: "POST", headers: {}, body, client: pool });
      await kept.text();
    },
  });
  Deno.bench({
    name: "on a connection of its own",
    group,
    fn: async () => {
      await (await http.change({ method: "POST", url, headers: {}, body, signal })).text();
    },
  });
}
