import { assertEquals, assertObjectMatch } from "../assert.ts";
import { buildWireError, buildWireOrder, buildWorld, type Step } from "./scripted.ts";

const CANCELED = [
  { id: "o-1", status: 200 },
  { id: "o-2", status: 422, body: buildWireError(42210000, "order is not\ncancelable") },
  { id: "o-3", status: 500, body: null },
];
const CLOSED = [
  { symbol: "SPY", status: 200, body: buildWireOrder({ side: "sell" }) },
  { symbol: "TSLA", status: 403, body: buildWireError(40310000, "insufficient qty available") },
];

Deno.test("cancelAllOrders() tells what became of each order: 207 is not success of each", async () => {
  const world = buildWorld([{ status: 207, body: CANCELED }]);
  assertEquals(await world.client.cancelAllOrders(), {
    kind: "answered",
    items: [
      { name: "o-1", httpStatus: 200, isTaken: true, message: "" },
      { name: "o-2", httpStatus: 422, isTaken: false, message: "order is not cancelable" },
      { name: "o-3", httpStatus: 500, isTaken: false, message: "" },
    ],
  });
  const [request] = world.requests;
  assertEquals([request?.method, request?.url], [
    "DELETE",
    "https://paper-api.alpaca.markets/v2/orders",
  ]);
  assertObjectMatch(world.exchanges[0] ?? {}, {
    method: "DELETE",
    path: "/v2/orders",
    httpStatus: 207,
  });
});

Deno.test("closeAllPositions() tells what became of each position, and whether it cancels first", async () => {
  const world = buildWorld([{ status: 207, body: CLOSED }, { status: 207, body: [] }]);
  assertEquals(await world.client.closeAllPositions({ cancelOrders: true }), {
    kind: "answered",
    items: [
      { name: "SPY", httpStatus: 200, isTaken: true, message: "" },
      { name: "TSLA", httpStatus: 403, isTaken: false, message: "insufficient qty available" },
    ],
  });
  assertEquals(await world.client.closeAllPositions({ cancelOrders: false }), {
    kind: "answered",
    items: [],
  });
  assertEquals(world.requests.map(({ url }) => new URL(url).search), [
    "?cancel_orders=true",
    "?cancel_orders=false",
  ]);
});

const BULK: { step: Step; outcome: Record<string, unknown> }[] = [
  {
    step: { status: 207, body: [{ status: 200 }] },
    outcome: { kind: "unknown", why: "malformed" },
  },
  { step: { status: 207, body: [{ id: "o-1" }] }, outcome: { kind: "unknown", why: "malformed" } },
  {
    step: { status: 207, body: [{ id: "o-1", status: "200" }] },
    outcome: { kind: "unknown", why: "malformed" },
  },
  { step: { status: 207, body: {} }, outcome: { kind: "unknown", why: "malformed" } },
  { step: { status: 207, body: "" }, outcome: { kind: "unknown", why: "malformed" } },
  { step: { status: 500 }, outcome: { kind: "unknown", why: "server_error" } },
  { step: { status: 404 }, outcome: { kind: "unknown", why: "malformed" } },
  { step: { status: 401 }, outcome: { kind: "rejected", why: "unauthorized" } },
  { step: { status: 429 }, outcome: { kind: "rejected", why: "rate_limited" } },
  { step: { failure: "timeout" }, outcome: { kind: "unknown", why: "timeout" } },
];
for (const { step, outcome } of BULK) {
  Deno.test(`bulk requests give ${JSON.stringify(outcome)} after ${JSON.stringify(step)}`, async () => {
    const world = buildWorld(() => step);
    assertObjectMatch(await world.client.cancelAllOrders(), outcome);
    assertObjectMatch(await world.client.closeAllPositions({ cancelOrders: true }), outcome);
    assertEquals(world.requests.length, 2);
  });
}

const CLOSES: { step: Step; outcome: Record<string, unknown> }[] = [
  {
    step: { body: buildWireOrder({ symbol: "BRK.B", side: "sell" }) },
    outcome: { kind: "accepted", order: { symbol: "BRK.B", side: "sell" } },
  },
  { step: { body: buildWireOrder() }, outcome: { kind: "unknown", why: "malformed" } },
  { step: { body: "" }, outcome: { kind: "unknown", why: "malformed" } },
  {
    step: { status: 404, body: buildWireError(40410000, "position does not exist") },
    outcome: { kind: "rejected", why: "not_found" },
  },
  {
    step: { status: 403, body: buildWireError(40310000, "insufficient qty available for order") },
    outcome: { kind: "rejected", why: "insufficient_qty" },
  },
  { step: { failure: "network" }, outcome: { kind: "unknown", why: "network" } },
];
for (const { step, outcome } of CLOSES) {
  Deno.test(`closePosition() gives ${JSON.stringify(outcome)} after ${JSON.stringify(step)}`, async () => {
    const world = buildWorld([step]);
    assertObjectMatch(await world.client.closePosition("BRK.B"), outcome);
    assertEquals(
      world.requests.map(({ method, url }) => [method, url]),
      [["DELETE", "https://paper-api.alpaca.markets/v2/positions/BRK.B"]],
    );
  });
}
