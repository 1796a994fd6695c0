import { InvariantError } from "../../src/domain/assert.ts";
import { KEPT_BODY_MAX } from "../../src/broker/redact.ts";
import type { SubmitOutcome } from "../../src/domain/order/order_request.ts";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertObjectMatch,
  assertRejects,
} from "../assert.ts";
import {
  BRACKET,
  buildWireBracket,
  buildWireError,
  buildWireOrder,
  buildWorld,
  type Step,
  type World,
} from "./scripted.ts";

const SELL = { clientOrderId: "avwap-x-r1_trim-1", symbol: "SPY", qty: 2 };
const STOP = { clientOrderId: "avwap-x-stop-1", symbol: "SPY", qty: 5, stopUsd: 490.05 };
const REPLACE = { orderId: "old-1", clientOrderId: "avwap-x-stop-2", qty: 4, stopUsd: 0.98765 };

const SELL_ORDER = buildWireOrder({ client_order_id: SELL.clientOrderId, side: "sell" });
const STOP_ORDER = buildWireOrder({
  client_order_id: STOP.clientOrderId,
  side: "sell",
  type: "stop",
});
const REPLACED = buildWireOrder({
  client_order_id: REPLACE.clientOrderId,
  side: "sell",
  replaces: "old-1",
});

interface Submission {
  readonly name: string;
  readonly run: (world: World) => Promise<SubmitOutcome>;
  readonly answer: Readonly<Record<string, unknown>>;
  readonly method: "POST" | "PATCH";
  readonly path: string;
  readonly body: unknown;
}

const SUBMISSIONS: readonly Submission[] = [
  {
    name: "submitBracket()",
    run: ({ client }) => client.submitBracket(BRACKET),
    answer: buildWireBracket(),
    method: "POST",
    path: "/v2/orders",
    body: {
      client_order_id: BRACKET.clientOrderId,
      symbol: "SPY",
      side: "buy",
      qty: "3",
      type: "market",
      time_in_force: "day",
      order_class: "bracket",
      take_profit: { limit_price: "520.10" },
      stop_loss: { stop_price: "490.05" },
    },
  },
  {
    name: "submitMarketSell()",
    run: ({ client }) => client.submitMarketSell(SELL),
    answer: SELL_ORDER,
    method: "POST",
    path: "/v2/orders",
    body: {
      client_order_id: SELL.clientOrderId,
      symbol: "SPY",
      side: "sell",
      qty: "2",
      type: "market",
      time_in_force: "day",
    },
  },
  {
    name: "submitStop()",
    run: ({ client }) => client.submitStop(STOP),
    answer: STOP_ORDER,
    method: "POST",
    path: "/v2/orders",
    body: {
      client_order_id: STOP.clientOrderId,
      symbol: "SPY",
      side: "sell",
      qty: "5",
      type: "stop",
      time_in_force: "gtc",
      stop_price: "490.05",
    },
  },
  {
    name: "replaceOrder()",
    run: ({ client }) => client.replaceOrder(REPLACE),
    answer: REPLACED,
    method: "PATCH",
    path: "/v2/orders/old-1",
    body: { client_order_id: REPLACE.clientOrderId, qty: "4", stop_price: "0.9877" },
  },
];

for (const { name, run, answer, method, path, body } of SUBMISSIONS) {
  Deno.test(`${name} sends exactly this, and reports it`, async () => {
    const world = buildWorld([{ body: answer, tookMs: 120 }]);
    const outcome = await run(world);
    assertObjectMatch(outcome, { kind: "accepted", body: JSON.stringify(answer) });
    assert(outcome.kind === "accepted" && outcome.order.orderId === answer["id"]);
    const [request] = world.requests;
    assert(request !== undefined && request.body !== null);
    assertEquals([request.method, request.url], [
      method,
      `https://paper-api.alpaca.markets${path}`,
    ]);
    assertEquals(request.headers["content-type"], "application/json");
    assertEquals(JSON.parse(request.body), body);
    assertEquals(world.exchanges, [{
      method,
      path,
      requestBody: request.body,
      httpStatus: 200,
      failure: null,
      answerBody: JSON.stringify(answer),
      tookMs: 120,
    }]);
  });

  Deno.test(`${name} tells a duplicate from a refusal`, async () => {
    const error = buildWireError(40010001, "client_order_id must be unique");
    const world = buildWorld([{ status: 422, body: error }]);
    assertEquals(await run(world), { kind: "duplicate", body: JSON.stringify(error) });
  });

  Deno.test(`${name} gives the broker's refusal`, async () => {
    const message = "insufficient qty available for order (requested: 37, available: 0)";
    const refusal = {
      ...buildWireError(40310000, message),
      held_for_orders: "37",
      related_orders: ["o"],
    };
    assertEquals(await run(buildWorld([{ status: 403, body: refusal }])), {
      kind: "rejected",
      why: "insufficient_qty",
      httpStatus: 403,
      code: 40310000,
      message,
      body: JSON.stringify(refusal),
    });
  });

  for (const failure of ["timeout", "network"] as const) {
    Deno.test(`${name} is unknown after a ${failure}, and says so in the report`, async () => {
      const world = buildWorld([{ failure, tookMs: 30 }]);
      assertEquals(await run(world), { kind: "unknown", why: failure, httpStatus: null, body: "" });
      assertObjectMatch(world.exchanges[0] ?? {}, {
        httpStatus: null,
        failure,
        answerBody: "",
        tookMs: 30,
      });
    });
  }

  const unusable: { when: string; step: Step; why: string }[] = [
    { when: "a 200 is no JSON", step: { body: "<html>OK</html>" }, why: "malformed" },
    { when: "a 200 is empty", step: {}, why: "malformed" },
    { when: "a 200 is cut", step: { body: JSON.stringify(answer).slice(0, -1) }, why: "malformed" },
    { when: "a 200 lacks the id", step: { body: { ...answer, id: undefined } }, why: "malformed" },
    { when: "a 200 is a list", step: { body: [answer] }, why: "malformed" },
    {
      when: "a 500 came",
      step: { status: 500, body: buildWireError(50010000, "internal") },
      why: "server_error",
    },
    { when: "a 502 page came", step: { status: 502, body: "<html>" }, why: "server_error" },
    { when: "a 307 came", step: { status: 307 }, why: "server_error" },
    { when: "a 403 page came", step: { status: 403, body: "<html>" }, why: "malformed" },
    {
      when: "an unheard-of status came",
      step: { status: 499, body: { message: "x" } },
      why: "malformed",
    },
  ];
  for (const { when, step, why } of unusable) {
    Deno.test(`${name} is unknown when ${when}`, async () => {
      const world = buildWorld([step]);
      assertObjectMatch(await run(world), { kind: "unknown", why, httpStatus: step.status ?? 200 });
      assertEquals(world.requests.length, 1);
    });
  }
}

const FOREIGN: { when: string; change: Record<string, unknown> }[] = [
  { when: "client order id", change: { client_order_id: "avwap-2026-01-20-SPY-abd" } },
  { when: "symbol", change: { symbol: "QQQ" } },
  { when: "side", change: { side: "sell" } },
];
for (const { when, change } of FOREIGN) {
  Deno.test(`submitBracket() is unknown when the answer has another ${when}`, async () => {
    const outcome = await buildWorld([{ body: buildWireBracket(change) }]).client.submitBracket(
      BRACKET,
    );
    assertObjectMatch(outcome, { kind: "unknown", why: "malformed", httpStatus: 200 });
  });
}

Deno.test("replaceOrder() takes the order that replaces ours, by either name, and no other", async () => {
  const replaceWith = (change: Record<string, unknown>) =>
    buildWorld([{ body: { ...REPLACED, ...change } }]).client.replaceOrder(REPLACE);
  assertEquals((await replaceWith({ replaces: null })).kind, "accepted");
  assertEquals((await replaceWith({ client_order_id: "broker-made" })).kind, "accepted");
  assertEquals((await replaceWith({ client_order_id: "x", replaces: "old-2" })).kind, "unknown");
});

Deno.test("replaceOrder() sends only what changes, and takes a 404 for an answer about the order", async () => {
  const world = buildWorld([{
    status: 404,
    body: buildWireError(40410000, "order not found for old-1"),
  }]);
  const outcome = await world.client.replaceOrder({
    orderId: "old-1",
    clientOrderId: "avwap-r",
    qty: 1,
  });
  assertEquals(world.requests[0]?.body, '{"client_order_id":"avwap-r","qty":"1"}');
  assertObjectMatch(outcome, { kind: "rejected", why: "not_found", httpStatus: 404 });
});

Deno.test("submitStop() sends a dear price without an exponent", async () => {
  const world = buildWorld([{ body: STOP_ORDER }]);
  await world.client.submitStop({ ...STOP, stopUsd: 725_000.004 });
  assert(world.requests[0]?.body?.includes('"stop_price":"725000.00"'));
});

const CANCELS: { step: Step; outcome: Record<string, unknown> }[] = [
  { step: { status: 204 }, outcome: { kind: "requested" } },
  { step: { status: 200, body: "anything" }, outcome: { kind: "requested" } },
  {
    step: { status: 422, body: buildWireError(42210000, 'order is already in "filled" state') },
    outcome: { kind: "rejected", why: "not_cancelable" },
  },
  {
    step: { status: 422, body: buildWireError(42210000, "order pending cancel") },
    outcome: { kind: "rejected", why: "not_cancelable" },
  },
  {
    step: { status: 404, body: buildWireError(40410000, "order not found for o-1") },
    outcome: { kind: "rejected", why: "not_found" },
  },
  { step: { status: 404, body: "<html>" }, outcome: { kind: "unknown", why: "malformed" } },
  { step: { status: 500 }, outcome: { kind: "unknown", why: "server_error" } },
  { step: { failure: "timeout" }, outcome: { kind: "unknown", why: "timeout" } },
  { step: { failure: "network" }, outcome: { kind: "unknown", why: "network" } },
];
for (const { step, outcome } of CANCELS) {
  Deno.test(`cancelOrder() gives ${JSON.stringify(outcome)} after ${JSON.stringify(step)}`, async () => {
    const world = buildWorld([step]);
    assertObjectMatch(await world.client.cancelOrder("o/1"), outcome);
    assertEquals(
      world.requests.map(({ method, url, body }) => [method, url, body]),
      [["DELETE", "https://paper-api.alpaca.markets/v2/orders/o%2F1", null]],
    );
    assertEquals(world.exchanges.length, 1);
  });
}

const BUGS: { when: string; run: (world: World) => Promise<unknown> }[] = [
  { when: "half a share", run: ({ client }) => client.submitMarketSell({ ...SELL, qty: 1.5 }) },
  { when: "no share", run: ({ client }) => client.submitBracket({ ...BRACKET, qty: 0 }) },
  {
    when: "a stop that is no number",
    run: ({ client }) => client.submitStop({ ...STOP, stopUsd: NaN }),
  },
  {
    when: "a target of 0",
    run: ({ client }) => client.submitBracket({ ...BRACKET, takeProfitUsd: 0 }),
  },
  { when: "no symbol", run: ({ client }) => client.submitMarketSell({ ...SELL, symbol: "" }) },
  {
    when: "no id of ours",
    run: ({ client }) => client.submitMarketSell({ ...SELL, clientOrderId: "" }),
  },
  {
    when: "an id of 129 characters",
    run: ({ client }) => client.submitStop({ ...STOP, clientOrderId: "a".repeat(129) }),
  },
  {
    when: "a replacement of nothing",
    run: ({ client }) => client.replaceOrder({ orderId: "o", clientOrderId: "c" }),
  },
  // Without an id its path would cancel every order of the account.
  { when: "a cancel of no order", run: ({ client }) => client.cancelOrder("") },
  // Without a symbol its path would close every position.
  { when: "a close of no position", run: ({ client }) => client.closePosition("") },
];
for (const { when, run } of BUGS) {
  Deno.test(`no request leaves for ${when}`, async () => {
    const world = buildWorld(() => ({ status: 204 }));
    assertInstanceOf(await assertRejects(() => run(world)), InvariantError);
    assertEquals([world.requests.length, world.exchanges.length], [0, 0]);
  });
}

Deno.test("a report that fails changes no outcome, and is said", async () => {
  const world = buildWorld([{ body: buildWireBracket() }], {
    onExchange: () => {
      throw new Error("disk full");
    },
  });
  assertEquals((await world.client.submitBracket(BRACKET)).kind, "accepted");
  assertEquals(world.lines, ["Cannot record what the broker answered to POST /v2/orders"]);
});

Deno.test("outcomes and reports keep at most 4 KB of an answer", async () => {
  const page = "x".repeat(100_000);
  const world = buildWorld([{ status: 502, body: page }, { body: { ...STOP_ORDER, page } }]);
  const unknown = await world.client.submitStop(STOP);
  const accepted = await world.client.submitStop(STOP);
  assert(unknown.kind === "unknown" && accepted.kind === "accepted");
  const lengths = [
    unknown.body,
    accepted.body,
    ...world.exchanges.map(({ answerBody }) => answerBody),
  ]
    .map(({ length }) => length);
  assertEquals(lengths, [KEPT_BODY_MAX, KEPT_BODY_MAX, KEPT_BODY_MAX, KEPT_BODY_MAX]);
});
