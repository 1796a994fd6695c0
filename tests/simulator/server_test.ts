import { z } from "zod";
import { assert, assertEquals, assertObjectMatch, assertRejects } from "../assert.ts";
import { buildFaultPlan, type Fault } from "./faults.ts";
import { BRACKET, buildMarket, KEYS, TEN_MS } from "./harness.ts";
import { type Simulator, type SimulatorOptions, startSimulator } from "./server.ts";

/** Serves an ordinary market while the test runs; time stands still unless the test brings a clock. */
async function serve(
  options: Omit<SimulatorOptions, "exchange">,
  run: (simulator: Simulator) => Promise<void>,
): Promise<void> {
  const simulator = startSimulator({ exchange: buildMarket().exchange, ...options });
  try {
    await run(simulator);
  } finally {
    await simulator.stop();
  }
}

/** A request whose connection ends with it, so that nothing outlives the test. */
async function request(
  simulator: Simulator,
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; text: string; headers: Headers }> {
  const client = Deno.createHttpClient({});
  try {
    const response = await fetch(simulator.url + path, { headers: KEYS, ...init, client });
    return { status: response.status, text: await response.text(), headers: response.headers };
  } finally {
    client.close();
  }
}

function post(simulator: Simulator, path: string, body: unknown): ReturnType<typeof request> {
  return request(simulator, path, { method: "POST", body: JSON.stringify(body) });
}

const stateSchema = z.looseObject({ now_ms: z.number(), speed: z.number(), is_open: z.boolean() });

Deno.test("the server answers trading and data on one origin, with the rate-limit headers", async () => {
  await serve({}, async (simulator) => {
    const clock = await request(simulator, "/v2/clock");
    assertEquals(clock.status, 200);
    assertEquals(clock.headers.get("x-ratelimit-limit"), "200");
    assertObjectMatch(JSON.parse(clock.text), { is_open: true });
    const trades = await request(simulator, "/v2/stocks/trades/latest?symbols=BRK.B%2CNVDA");
    assertEquals(Object.keys(JSON.parse(trades.text).trades), ["BRK.B", "NVDA"]);
    assertEquals((await request(simulator, "/v2/clock", { headers: {} })).status, 401);
  });
});

Deno.test("one connection carries many requests", async () => {
  await serve({}, async (simulator) => {
    const client = Deno.createHttpClient({ poolMaxIdlePerHost: 1 });
    for (let count = 0; count < 20; count++) {
      const response = await fetch(`${simulator.url}/v2/clock`, { headers: KEYS, client });
      await response.text();
    }
    client.close();
    assertEquals(simulator.exchange.requestCount, 20);
  });
});

Deno.test("an order goes through, and time that is set fills it", async () => {
  await serve({}, async (simulator) => {
    const placed = await post(simulator, "/v2/orders", BRACKET);
    const { id } = JSON.parse(placed.text);
    simulator.advanceTo(simulator.nowMs() + 1000);
    const found = await request(simulator, `/v2/orders/${id}?nested=true`);
    assertObjectMatch(JSON.parse(found.text), { status: "filled", filled_qty: "10" });
    const canceled = await request(simulator, `/v2/orders/${JSON.parse(found.text).legs[0].id}`, {
      method: "DELETE",
    });
    assertEquals([canceled.status, canceled.text], [204, ""]);
  });
});

Deno.test("virtual time runs at a multiple of real time, and the speed can change", async () => {
  let realMs = 5_000;
  await serve({ speed: 60, realNowMs: () => realMs }, async (simulator) => {
    assertEquals(simulator.nowMs(), TEN_MS);
    realMs += 1000;
    assertEquals(simulator.nowMs(), TEN_MS + 60_000);
    simulator.setSpeed(0);
    realMs += 1000;
    assertEquals(simulator.nowMs(), TEN_MS + 60_000);
    simulator.setSpeed(2);
    realMs += 1000;
    assertEquals(simulator.nowMs(), TEN_MS + 62_000);
    const { text } = await request(simulator, "/v2/clock");
    assertEquals(JSON.parse(text).timestamp, "2026-11-23T10:01:02.000482917-05:00");
  });
});

const BROKEN: Fault[] = [{ kind: "lost_before" }, { kind: "lost_after" }];
for (const fault of BROKEN) {
  Deno.test(`the connection breaks before an answer for ${fault.kind}`, async () => {
    await serve({ faults: buildFaultPlan([{ method: "POST", fault }]) }, async (simulator) => {
      await assertRejects(() => post(simulator, "/v2/orders", BRACKET), TypeError);
      assertEquals(simulator.exchange.orders.length, fault.kind === "lost_after" ? 3 : 0);
    });
  });
}

Deno.test("a hang lasts until the client gives up", async () => {
  const faults = buildFaultPlan([{ path: "/v2/account", fault: { kind: "hang" } }]);
  await serve({ faults }, async (simulator) => {
    const stop = new AbortController();
    const hanging = request(simulator, "/v2/account", { headers: KEYS, signal: stop.signal });
    // Its answer shows that the server goes on while the other request hangs.
    assertEquals((await request(simulator, "/v2/clock")).status, 200);
    stop.abort();
    await assertRejects(() => hanging, DOMException);
  });
});

Deno.test("a late answer and a delayed request come when virtual time gets there", async () => {
  const faults = buildFaultPlan([
    { path: "/v2/account", fault: { kind: "late", ms: 5000 } },
    { path: "/v2/positions", fault: { kind: "delay", ms: 5000 } },
  ]);
  await serve({ faults }, async (simulator) => {
    const slow = Promise.all([
      request(simulator, "/v2/account"),
      request(simulator, "/v2/positions"),
    ]);
    while (simulator.exchange.requestCount < 1) await request(simulator, "/sim/state");
    while (simulator.exchange.requestCount < 2) {
      simulator.advanceTo(simulator.nowMs() + 1000);
      await request(simulator, "/sim/state");
    }
    simulator.advanceTo(simulator.nowMs() + 5000);
    const answers = await slow;
    assertEquals(answers.map((answer) => answer.status), [200, 200]);
  });
});

Deno.test("stop() ends hanging and waiting requests and leaves nothing open", async () => {
  const faults = buildFaultPlan([
    { path: "/v2/account", fault: { kind: "hang" } },
    { path: "/v2/clock", fault: { kind: "late", ms: 1e9 } },
  ]);
  const simulator = startSimulator({ exchange: buildMarket().exchange, faults, latencyMs: 1 });
  const hanging = ["/v2/account", "/v2/clock"].map((path) =>
    assertRejects(() => request(simulator, path), TypeError)
  );
  while (simulator.exchange.requestCount < 1) await request(simulator, "/sim/state");
  await simulator.stop();
  await Promise.all(hanging);
  await assertRejects(() => request(simulator, "/v2/clock"), TypeError);
});

Deno.test("an answer takes the latency that was asked for", async () => {
  await serve({ latencyMs: 20 }, async (simulator) => {
    const startMs = performance.now();
    await request(simulator, "/v2/clock");
    assert(performance.now() - startMs >= 19, "the answer came too early");
  });
});

Deno.test("what is not HTTP/1.1 ends the connection", async () => {
  await serve({}, async (simulator) => {
    for (const line of ["nonsense\r\n\r\n", "GET / HTTP/1.0\r\n\r\n", "GET x HTTP/1.1\r\n\r\n"]) {
      const conn = await Deno.connect({ hostname: "127.0.0.1", port: simulator.port });
      await conn.write(new TextEncoder().encode(line));
      assertEquals(await conn.read(new Uint8Array(10)), null);
      conn.close();
    }
  });
});

Deno.test("another process can drive the market over /sim", async () => {
  await serve({}, async (simulator) => {
    const send = async (path: string, body: unknown) => {
      const { status, text } = await post(simulator, `/sim/${path}`, body);
      assertEquals(status, 200, text);
      return JSON.parse(text);
    };
    await send("position", { symbol: "AAPL", qty: 5, avg_entry_price: 90 });
    await send("price", { symbol: "NVDA", price: 105 });
    await send("order", { ...BRACKET, client_order_id: "by-hand" });
    const state = stateSchema.parse(await send("time", { advance_ms: 1000 }));
    assertEquals(state, { ...state, now_ms: TEN_MS + 1000, speed: 0, is_open: true });
    assertEquals(simulator.exchange.position("NVDA")?.costUsd, 1050);
    await send("behaviour", { cancelDelayMs: 5000, isShortingAllowed: true });
    assertEquals(simulator.exchange.behaviour.cancelDelayMs, 5000);
    await send("halt", { symbol: "NVDA", is_halted: true });
    assertEquals(simulator.exchange.quotes.isHalted("NVDA", simulator.exchange.nowMs), true);
    await send("halt", { symbol: "NVDA", is_halted: false });
    await send("split", { symbol: "AAPL", ratio: 2 });
    assertEquals(simulator.exchange.position("AAPL")?.qty, 10);
    await send("behaviour", {
      positionsLagMs: 500,
      openListsLagMs: null,
      clockFault: "close_past",
      refusedSymbols: ["ODD"],
      symbolRefusal: "unnamed_422",
      extraPositions: [{ symbol: "BTCUSD", qty: "some" }],
      duplicateWording: "exists",
      accountStatus: "LIMITED",
      gtcLifeDays: 5,
    });
    assertEquals(simulator.exchange.behaviour.refusedSymbols, ["ODD"]);
    await send("replace-fault", { fault: "chain" });
    await send("substitute", { is_on: true });
    await send("spell", { client_order_id: "by-hand", status: "suspended" });
    await send("merge", { symbol: "AAPL", into: "MERGED", ratio: 0.5 });
    assertEquals(simulator.exchange.position("MERGED")?.qty, 5);
    await send("time", { now: "2026-11-23T11:00:00-05:00" });
    assertEquals(simulator.exchange.nowMs, TEN_MS + 3_600_000);
    await send("faults", [{ path: "/v2/clock", times: 1, fault: { kind: "html" } }]);
    assertEquals((await request(simulator, "/v2/clock")).status, 502);
    const orders = await request(simulator, "/sim/orders");
    assertEquals(JSON.parse(orders.text)[0].client_order_id, "by-hand");
    assertEquals((await request(simulator, "/v2/clock")).status, 200);
    const requests = await request(simulator, "/sim/requests");
    assertEquals(JSON.parse(requests.text).length, 1);
    await send("speed", { speed: 60 });
    assertEquals(simulator.speed, 60);
  });
});

const WRONG: { path: string; body: unknown; status: number }[] = [
  { path: "time", body: {}, status: 400 },
  { path: "time", body: { now: "later" }, status: 400 },
  { path: "time", body: { advance_ms: -1 }, status: 400 },
  { path: "speed", body: { speed: -1 }, status: 400 },
  { path: "price", body: { symbol: "NVDA", price: 0 }, status: 400 },
  { path: "behaviour", body: { cancelDelay: 1 }, status: 400 },
  { path: "behaviour", body: { positionsLagMs: 60_000 }, status: 400 },
  { path: "behaviour", body: { clockFault: "late" }, status: 400 },
  { path: "spell", body: { client_order_id: "nobody's", status: "suspended" }, status: 400 },
  { path: "replace-fault", body: { fault: "maybe" }, status: 400 },
  { path: "merge", body: { symbol: "NVDA" }, status: 400 },
  { path: "faults", body: [{ fault: { kind: "explode" } }], status: 400 },
  { path: "nothing", body: {}, status: 404 },
];
for (const { path, body, status } of WRONG) {
  Deno.test(`/sim/${path} answers ${status} to ${JSON.stringify(body)}`, async () => {
    await serve({}, async (simulator) => {
      assertEquals((await post(simulator, `/sim/${path}`, body)).status, status);
    });
  });
}
