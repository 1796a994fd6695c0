import fc from "fast-check";
import { BURST_MAX, ENTRY_RESERVE, PROTECT_RESERVE } from "../../src/broker/request_budget.ts";
import { BrokerError } from "../../src/engine/ports.ts";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertObjectMatch,
  assertRejects,
} from "../assert.ts";
import {
  BRACKET,
  buildWireOrder,
  buildWorld,
  START_MS,
  type Step,
  type World,
} from "./scripted.ts";

const TIMEOUT_MS = 10_000;
const READS_AT_ONCE = BURST_MAX - PROTECT_RESERVE - ENTRY_RESERVE;

async function failureOf(read: Promise<unknown>): Promise<BrokerError> {
  const error = await assertRejects(() => read);
  assertInstanceOf(error, BrokerError);
  return error;
}

/** Uses up what reads may have of the budget, without moving the clock. */
async function spendReads(world: World, count = READS_AT_ONCE): Promise<void> {
  for (let each = 0; each < count; each++) await world.client.listPositions();
}

const RETRIED: { when: string; step: Step; failure: string; words: RegExp }[] = [
  { when: "500", step: { status: 500, body: {} }, failure: "http", words: /HTTP 500$/ },
  {
    when: "a 502 page",
    step: { status: 502, body: "<html>" },
    failure: "http",
    words: /HTTP 502$/,
  },
  { when: "504", step: { status: 504 }, failure: "http", words: /HTTP 504$/ },
  { when: "429", step: { status: 429 }, failure: "http", words: /HTTP 429; .*wait a minute$/ },
  {
    when: "a broken connection",
    step: { failure: "network" },
    failure: "network",
    words: /network$/,
  },
  {
    when: "a quick timeout",
    step: { failure: "timeout", tookMs: 50 },
    failure: "timeout",
    words: /t$/,
  },
];
for (const { when, step, failure, words } of RETRIED) {
  Deno.test(`a read is made three times and then fails after ${when}`, async () => {
    const world = buildWorld(() => step);
    const error = await failureOf(world.client.listPositions());
    assertEquals(error.failure, failure);
    assert(words.test(error.message), error.message);
    assert(error.message.startsWith("Cannot read positions from paper-api.alpaca.markets: "));
    assertEquals(world.requests.length, 3);
  });

  Deno.test(`a read succeeds where one attempt in three does, after ${when}`, async () => {
    const world = buildWorld([step, step, { body: [] }]);
    assertEquals((await world.client.listPositions()).rows, []);
  });

  Deno.test(`no order-changing request is made twice after ${when}`, async () => {
    const changes: ((world: World) => Promise<{ kind: string }>)[] = [
      ({ client }) => client.submitBracket(BRACKET),
      ({ client }) => client.submitMarketSell(BRACKET),
      ({ client }) => client.submitStop(BRACKET),
      ({ client }) => client.replaceOrder({ orderId: "o", clientOrderId: "avwap-r", qty: 1 }),
      ({ client }) => client.cancelOrder("o"),
      ({ client }) => client.cancelAllOrders(),
      ({ client }) => client.closeAllPositions({ cancelOrders: true }),
      ({ client }) => client.closePosition("SPY"),
    ];
    for (const change of changes) {
      const world = buildWorld(() => step);
      assertEquals((await change(world)).kind, step.status === 429 ? "rejected" : "unknown");
      assertEquals(world.requests.length, 1);
      assertEquals(world.exchanges.length, 1);
    }
  });
}

for (const status of [300, 302, 400, 401, 403, 404, 422]) {
  Deno.test(`a read is made once and fails after ${status}`, async () => {
    const world = buildWorld([{ status, body: { message: "no" } }]);
    const error = await failureOf(world.client.readAccount());
    assertEquals(error.failure, "http");
    assert(error.message.includes(`HTTP ${status} "no"`), error.message);
  });
}

Deno.test("a read says what to do about wrong keys and about a redirect", async () => {
  for (const step of [{ status: 401 }, { status: 403, body: { message: "forbidden." } }]) {
    const keys = await failureOf(buildWorld([step]).client.readClock());
    assert(keys.areKeysRefused);
    assert(
      keys.message.endsWith(
        "check APCA_API_KEY_ID, APCA_API_SECRET_KEY and that ALPACA_PAPER matches the keys",
      ),
    );
  }
  const account = { status: 403, body: { message: "account is not authorized" } };
  const other = await failureOf(buildWorld([account]).client.readClock());
  assert(!other.areKeysRefused && !other.message.includes("APCA_API_KEY_ID"), other.message);
  const redirect = await failureOf(buildWorld([{ status: 301 }]).client.readClock());
  assert(redirect.message.includes("redirects are not followed"));
});

Deno.test("a read with its attempts and pauses ends within twice its timeout", async () => {
  const step = fc.record({
    failure: fc.constantFrom<"timeout" | "network" | undefined>("timeout", "network", undefined),
    tookMs: fc.integer({ min: 0, max: TIMEOUT_MS }),
    status: fc.constantFrom(429, 500, 503),
    reset: fc.integer({ min: -10, max: 100 }),
  });
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 3, maxLength: 3 }),
      chance,
      async (steps, uniform) => {
        const world = buildWorld((_, index) => {
          const { failure, tookMs, status, reset } = steps[index] ??
            { tookMs: 0, status: 500, reset: 0 };
          const headers = {
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset": String(START_MS / 1000 + reset),
          };
          const took = failure === "timeout" ? {} : { tookMs };
          return { status, headers, ...took, ...(failure === undefined ? {} : { failure }) };
        }, { timeoutMs: TIMEOUT_MS, uniform: () => uniform });
        await failureOf(world.client.readClock());
        assert(world.requests.length <= 3);
        for (const { timeoutMs } of world.requests) {
          assert(timeoutMs > 0 && timeoutMs <= TIMEOUT_MS);
        }
        assert(world.clock.ms - START_MS <= 2 * TIMEOUT_MS);
      },
    ),
  );
});

Deno.test("a read's timeouts together never pass twice its own", async () => {
  const world = buildWorld(() => ({ failure: "timeout" }), { timeoutMs: TIMEOUT_MS });
  assertEquals((await failureOf(world.client.readClock())).failure, "timeout");
  assertEquals(world.clock.ms - START_MS <= 2 * TIMEOUT_MS, true);
  assertEquals(world.requests.length, 2);
});

Deno.test("a read waits for a 429's reset before it tries again", async () => {
  const headers = {
    "x-ratelimit-remaining": "0",
    "x-ratelimit-reset": String(START_MS / 1000 + 7),
  };
  const world = buildWorld([{ status: 429, headers }, { body: [] }]);
  await world.client.listPositions();
  assertEquals(world.clock.ms, START_MS + 7_000);
});

Deno.test("a read fails at once where a 429's reset is beyond its deadline", async () => {
  const headers = { "x-ratelimit-reset": String(START_MS / 1000 + 55) };
  const world = buildWorld([{ status: 429, headers }]);
  assertEquals((await failureOf(world.client.listPositions())).failure, "http");
  const next = await failureOf(world.client.listPositions());
  assertEquals(next.failure, "http");
  assert(next.message.includes("rate budget"), next.message);
  assertEquals(world.requests.length, 1);
});

Deno.test("reads wait for the budget, and leave its reserve to what protects", async () => {
  const world = buildWorld(({ method }) => ({
    status: method === "DELETE" ? 204 : 200,
    body: method === "DELETE" ? "" : [],
  }));
  await spendReads(world);
  assertEquals(world.clock.sleptMs, []);
  for (let each = 0; each < PROTECT_RESERVE + ENTRY_RESERVE; each++) {
    await world.client.cancelOrder("o");
  }
  assertEquals(world.clock.sleptMs, []);
  const before = world.clock.ms;
  const error = await failureOf(world.client.listPositions());
  assertEquals([error.failure, world.clock.ms], ["http", before]);
  assert(error.message.includes("rate budget"));
  await world.client.listPositions("protect");
  assertEquals(world.clock.ms, before + 667);
});

Deno.test("a bracket that the budget keeps back is rejected without a request", async () => {
  const headers = {
    "x-ratelimit-remaining": "10",
    "x-ratelimit-reset": String(START_MS / 1000 + 30),
  };
  const world = buildWorld([{ body: [], headers }]);
  await world.client.listPositions();
  assertObjectMatch(await world.client.submitBracket(BRACKET), {
    kind: "rejected",
    why: "rate_limited",
    httpStatus: 429,
  });
  assertEquals([world.requests.length, world.exchanges.length], [1, 0]);
  assertEquals(world.clock.sleptMs, []);
});

Deno.test("an order never waits for the budget: the gate's answer before it would grow old", async () => {
  const world = buildWorld(({ method }) => ({ body: method === "POST" ? buildWireOrder() : [] }));
  await spendReads(world);
  for (let each = 0; each < ENTRY_RESERVE; each++) {
    assertEquals((await world.client.submitBracket(BRACKET)).kind, "accepted");
  }
  assertObjectMatch(await world.client.submitBracket(BRACKET), { kind: "rejected" });
  assertEquals((await world.client.cancelOrder("o")).kind, "requested");
  assertEquals(world.clock.sleptMs, []);
  assertEquals(world.requests.at(-1)?.timeoutMs, TIMEOUT_MS);
});

Deno.test("what protects leaves at once where the broker's count is used up for long", async () => {
  const headers = {
    "x-ratelimit-remaining": "0",
    "x-ratelimit-reset": String(START_MS / 1000 + 50),
  };
  const world = buildWorld([{ status: 429, headers }, { status: 429, headers }, { body: [] }]);
  assertObjectMatch(await world.client.submitStop(BRACKET), {
    kind: "rejected",
    why: "rate_limited",
  });
  assertObjectMatch(await world.client.submitMarketSell(BRACKET), {
    kind: "rejected",
    why: "rate_limited",
  });
  assertEquals((await world.client.listOrders({ status: "open" }, "protect")).rows, []);
  assertEquals(world.clock.sleptMs, []);
});

Deno.test("a protective read does not wait for long either, though its deadline would allow it", async () => {
  const reset = String(START_MS / 1000 + 5);
  const headers = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset };
  const world = buildWorld([{ body: [], headers }, { body: [] }]);
  await world.client.listPositions();
  await world.client.listPositions("protect");
  assertEquals(world.clock.sleptMs, []);
});

Deno.test("a cancel leaves at once, also where the broker's count would come back soon", async () => {
  const headers = {
    "x-ratelimit-remaining": "0",
    "x-ratelimit-reset": String(START_MS / 1000 + 2),
  };
  const world = buildWorld([{ body: [], headers }, { status: 204 }]);
  await world.client.listPositions();
  assertEquals((await world.client.cancelOrder("o")).kind, "requested");
  assertEquals(world.clock.sleptMs, []);
});

Deno.test("the limit is the key's: market data counts, but its host's own count binds no order", async () => {
  const world = buildWorld(({ url, method }) => {
    if (method === "POST") return { body: buildWireOrder() };
    const headers = {
      "x-ratelimit-remaining": "0",
      "x-ratelimit-reset": String(START_MS / 1000 + 60),
    };
    return url.includes("data.") ? { body: { trades: {} }, headers } : { body: [] };
  });
  await world.client.listLatestTrades({ symbols: ["SPY"] });
  assertEquals((await world.client.submitBracket(BRACKET)).kind, "accepted");
  await spendReads(world, READS_AT_ONCE - 2);
  assertEquals(world.clock.sleptMs, []);
  await world.client.listPositions();
  assertEquals(world.clock.sleptMs, [667]);
});

Deno.test("prices that exits are decided from are asked for where other reads must wait", async () => {
  const world = buildWorld(({ url }) => ({ body: url.includes("data.") ? { trades: {} } : [] }));
  await spendReads(world);
  await world.client.listLatestTrades({ symbols: ["SPY"] }, "protect");
  assertEquals(world.clock.sleptMs, []);
  await world.client.listLatestTrades({ symbols: ["SPY"] });
  assertEquals(world.clock.sleptMs.length, 1);
});

Deno.test("neither deadline nor budget minds that the host's clock is set", async () => {
  for (const jumpMs of [-86_400_000, 86_400_000]) {
    const world = buildWorld((_, index) => {
      if (index < READS_AT_ONCE) return { body: [] };
      world.clock.jumpMs = jumpMs;
      return index === READS_AT_ONCE ? { status: 503 } : { body: [] };
    });
    await spendReads(world);
    await world.client.listPositions();
    assertEquals(world.clock.sleptMs, [667, 188, 479]);
  }
});

Deno.test("an error of the transport that is none of its own is not taken for an answer", async () => {
  const crash = new RangeError("simulated crash");
  const world = buildWorld(() => {
    throw crash;
  });
  assertEquals(await assertRejects(() => world.client.submitStop(BRACKET)), crash);
  assertEquals(await assertRejects(() => world.client.listPositions()), crash);
});

for (const requestClass of ["read", "protect"] as const) {
  Deno.test(`a ${requestClass} call waits for no budget past the process's end`, async () => {
    const endMs = 1_000;
    const world = buildWorld(() => ({ body: [] }), { endMs });
    await spendReads(world);
    for (let call = 0; call < BURST_MAX; call++) {
      await world.client.listPositions(requestClass).catch((error) =>
        assertInstanceOf(error, BrokerError)
      );
    }
    assert(world.clock.monotonicMs() <= endMs, `${world.clock.monotonicMs()} ms`);
  });
}

Deno.test("a read that protects nothing ends where the process is asked to stop meanwhile, and none follows", async () => {
  let readEndMs = Infinity;
  const world: World = buildWorld(() => {
    // Asked in the middle of the first attempt, which hangs to its end.
    readEndMs = Math.min(readEndMs, world.clock.monotonicMs() + 4_000);
    return { failure: "timeout", tookMs: 3_000 };
  }, { readEndMs: () => readEndMs });
  assertEquals((await failureOf(world.client.listPositions())).failure, "timeout");
  assertEquals(world.requests.length, 2);
  assert((world.requests[1]?.timeoutMs ?? Infinity) <= 1_000);
  assertEquals((await failureOf(world.client.listPositions())).failure, "timeout");
  assertEquals(world.requests.length, 2);
});

Deno.test("what an exit needs is read in full after the process was asked to stop", async () => {
  const world = buildWorld(() => ({ body: [] }), { readEndMs: () => -Infinity });
  await world.client.listPositions("protect");
  assertEquals(world.requests.map((request) => request.timeoutMs), [TIMEOUT_MS]);
});

Deno.test("a read gets the time that the process has left, and none is made after its end", async () => {
  const world = buildWorld(() => ({ body: [] }), { endMs: 20_000 });
  await world.client.listPositions();
  world.clock.ms += 19_000;
  await world.client.listPositions();
  assertEquals(world.requests.map((request) => request.timeoutMs), [TIMEOUT_MS, 1_000]);
  world.clock.ms += 1_000;
  assertEquals((await failureOf(world.client.listPositions())).failure, "timeout");
  assertEquals(world.requests.length, 2);
});

Deno.test("a request that changes an order has 3 s also after the process's end", async () => {
  const world = buildWorld(() => ({ body: buildWireOrder() }), { endMs: 20_000 });
  for (const laterMs of [0, 15_000, 30_000]) {
    world.clock.ms = START_MS + laterMs;
    await world.client.submitBracket(BRACKET);
  }
  assertEquals(world.requests.map((request) => request.timeoutMs), [TIMEOUT_MS, 5_000, 3_000]);
});
