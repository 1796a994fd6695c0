import { createBoundedSend } from "../../src/broker/bounded_send.ts";
import { type HttpRequest, type HttpSend } from "../../src/broker/transport.ts";
import { assertEquals, assertRejects } from "../assert.ts";

function buildWorld() {
  const sent: HttpRequest[] = [];
  const clock = {
    ms: 5,
    nowMs: () => 0,
    monotonicMs: () => clock.ms,
    sleep: () => Promise.resolve(),
  };
  const send: HttpSend = (request) => {
    sent.push(request);
    return Promise.resolve({ status: 200, body: "[]", header: () => null });
  };
  return { clock, sent, bounded: createBoundedSend(send, { clock, maxMs: 20_000 }) };
}

function buildRequest(method: HttpRequest["method"]): HttpRequest {
  return {
    method,
    url: "https://broker.test/v2/orders",
    headers: {},
    body: null,
    timeoutMs: 10_000,
  };
}

Deno.test("createBoundedSend() leaves a request its own deadline while there is time", async () => {
  const { sent, bounded } = buildWorld();
  await bounded(buildRequest("GET"));
  assertEquals(sent[0]?.timeoutMs, 10_000);
});

Deno.test("createBoundedSend() gives a read what is left, and fails one that comes after the end", async () => {
  const { clock, sent, bounded } = buildWorld();
  clock.ms = 5 + 19_000;
  await bounded(buildRequest("GET"));
  assertEquals(sent[0]?.timeoutMs, 1_000);
  clock.ms = 5 + 20_000;
  await assertRejects(() => bounded(buildRequest("GET")), Error, "--run-once");
  assertEquals(sent.length, 1);
});

Deno.test("createBoundedSend() never cuts a request that changes an order below 3 s", async () => {
  const { clock, sent, bounded } = buildWorld();
  clock.ms = 5 + 30_000;
  await bounded(buildRequest("POST"));
  assertEquals(sent[0]?.timeoutMs, 3_000);
});
