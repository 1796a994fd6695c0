import { assertEquals, assertRejects, assertStringIncludes } from "../assert.ts";
import { buildFaultPlan, type Fault } from "./faults.ts";
import { BRACKET, buildMarket, KEYS, type Market } from "./harness.ts";
import { createSimulatedFetch, createSimulatedSend, type SendResponse } from "./in_process.ts";

class SentError extends Error {
  constructor(readonly failure: string) {
    super(failure);
  }
}

const TIMEOUT_MS = 10_000;

/** A client whose clock is the exchange's: sleeping lets virtual time pass. */
function buildClient(fault: Fault | null): Market & {
  post(clientOrderId: string, symbol?: string): Promise<SendResponse>;
  readonly clock: { nowMs(): number; sleep(ms: number): Promise<void> };
} {
  const market = buildMarket();
  let nowMs = market.exchange.nowMs;
  const clock = {
    nowMs: () => nowMs,
    sleep: (ms: number) => {
      nowMs += ms;
      return Promise.resolve();
    },
  };
  const faults = fault === null ? null : buildFaultPlan([{ method: "POST", times: 1, fault }]);
  const send = createSimulatedSend({
    exchange: market.exchange,
    clock,
    faults,
    latencyMs: 20,
    fail: (failure) => new SentError(failure),
  });
  const post = (clientOrderId: string, symbol = "NVDA") =>
    send({
      method: "POST",
      url: "http://broker.test/v2/orders?x=1",
      headers: { ...KEYS, "Content-Type": "application/json" },
      body: JSON.stringify({ ...BRACKET, symbol, client_order_id: clientOrderId }),
      timeoutMs: TIMEOUT_MS,
    });
  return { ...market, post, clock };
}

const FAULTS: {
  fault: Fault;
  sees: number | "timeout" | "network";
  hasOrder: boolean;
}[] = [
  { fault: { kind: "status", status: 503 }, sees: 503, hasOrder: false },
  { fault: { kind: "html" }, sees: 502, hasOrder: false },
  { fault: { kind: "html", isAccepted: true }, sees: 502, hasOrder: true },
  { fault: { kind: "hang" }, sees: "timeout", hasOrder: false },
  { fault: { kind: "hang", isAccepted: true }, sees: "timeout", hasOrder: true },
  { fault: { kind: "lost_before" }, sees: "network", hasOrder: false },
  { fault: { kind: "lost_after" }, sees: "network", hasOrder: true },
  { fault: { kind: "malformed" }, sees: 200, hasOrder: true },
  { fault: { kind: "duplicate" }, sees: 422, hasOrder: true },
  { fault: { kind: "duplicate", answer: "first" }, sees: 200, hasOrder: true },
  { fault: { kind: "repeat", ms: 500 }, sees: 422, hasOrder: true },
  { fault: { kind: "repeat", ms: 20_000 }, sees: "timeout", hasOrder: true },
  { fault: { kind: "late", ms: 500 }, sees: 200, hasOrder: true },
  { fault: { kind: "late", ms: 20_000 }, sees: "timeout", hasOrder: true },
  { fault: { kind: "delay", ms: 500 }, sees: 200, hasOrder: true },
];
for (const { fault, sees, hasOrder } of FAULTS) {
  Deno.test(`a request through ${JSON.stringify(fault)} is seen as ${sees}`, async () => {
    const client = buildClient(fault);
    const startMs = client.clock.nowMs();
    if (typeof sees === "number") assertEquals((await client.post("avwap-1")).status, sees);
    else assertEquals((await assertRejects(() => client.post("avwap-1"), SentError)).message, sees);
    assertEquals(client.exchange.findOrder("avwap-1") !== null, hasOrder);
    const tookMs = client.clock.nowMs() - startMs;
    assertEquals(tookMs, sees === "timeout" ? TIMEOUT_MS : "ms" in fault ? 520 : 20);
    // The rule is used up: the next request has no fault.
    assertEquals((await client.post("avwap-2", "AAPL")).status, 200);
  });
}

Deno.test("a delayed request arrives after the client has given up", async () => {
  const client = buildClient({ kind: "delay", ms: 25_000 });
  await assertRejects(() => client.post("avwap-1"), SentError);
  assertEquals(client.exchange.findOrder("avwap-1"), null);
  client.pass(15_000);
  const order = client.exchange.findOrder("avwap-1");
  assertEquals(order?.submitted.ms, client.exchange.nowMs);
});

Deno.test("a repeat does again what the first sending did, when nobody may want it any more", async () => {
  const client = buildClient({ kind: "repeat", ms: 25_000 });
  await assertRejects(() => client.post("avwap-1"), SentError);
  const order = client.exchange.findOrder("avwap-1");
  assertEquals(order?.filledQty, 10);
  const countBefore = client.exchange.requestCount;
  client.pass(15_000);
  assertEquals(client.exchange.requestCount, countBefore + 1, "the same request came again");
});

Deno.test("a malformed answer is cut in the middle, or what the fault says", async () => {
  const cut = await buildClient({ kind: "malformed" }).post("avwap-1");
  assertEquals(cut.body.endsWith("}"), false);
  const said = await buildClient({ kind: "malformed", body: "null" }).post("avwap-1");
  assertEquals(said.body, "null");
});

Deno.test("rules fit by method, path and content, wait, and are used up", () => {
  const fault: Fault = { kind: "hang" };
  const plan = buildFaultPlan([
    { method: "GET", path: "/v2/orders", skip: 1, times: 1, fault },
    { contains: "NVDA", fault: { kind: "lost_after" } },
  ]);
  const ask = (method: string, path: string, body: string | null = null) =>
    plan({ method, path, query: new URLSearchParams("a=1"), body, headers: {} }, 1)?.kind ?? null;
  assertEquals(ask("GET", "/v2/clock"), null);
  assertEquals(ask("POST", "/v2/orders"), null);
  assertEquals(ask("GET", "/v2/orders/1"), null);
  assertEquals(ask("GET", "/v2/orders/1"), "hang");
  assertEquals(ask("GET", "/v2/orders/1"), null);
  assertEquals(ask("POST", "/v2/orders", '{"symbol":"NVDA"}'), "lost_after");
});

Deno.test("the simulated fetch answers, breaks and stops like a network", async () => {
  const { exchange } = buildMarket();
  const clock = { nowMs: () => exchange.nowMs, sleep: () => Promise.resolve() };
  const faults = buildFaultPlan([
    { path: "/v2/account", fault: { kind: "lost_before" } },
    { path: "/v2/positions", fault: { kind: "hang" } },
  ]);
  const fetchSim = createSimulatedFetch({ exchange, clock, faults });
  const response = await fetchSim("http://broker.test/v2/clock?x=1", { headers: KEYS });
  assertEquals(response.status, 200);
  assertStringIncludes(await response.text(), '"is_open":true');
  await assertRejects(
    () => fetchSim("http://broker.test/v2/account", { headers: KEYS }),
    TypeError,
    "connection closed",
  );
  const stop = new AbortController();
  const hanging = fetchSim("http://broker.test/v2/positions", {
    headers: KEYS,
    signal: stop.signal,
  });
  stop.abort();
  await assertRejects(() => hanging, DOMException);
  const order = await fetchSim(new URL("http://broker.test/v2/orders"), {
    method: "POST",
    headers: KEYS,
    body: JSON.stringify(BRACKET),
  });
  const id: unknown = (await order.json()).id;
  const canceled = await fetchSim(`http://broker.test/v2/orders/${id}`, {
    method: "DELETE",
    headers: KEYS,
  });
  assertEquals([canceled.status, await canceled.text()], [204, ""]);
});
