import fc from "fast-check";
import { listAllOrders, ORDER_PAGES_MAX, ORDERS_PER_PAGE } from "../../src/broker/order_paging.ts";
import type { OrderPage } from "../../src/broker/order_wire.ts";
import type { BrokerOrder } from "../../src/domain/order/orders.ts";
import { BrokerError, type OrderQuery } from "../../src/engine/ports.ts";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "../assert.ts";

const START_MS = Date.UTC(2026, 0, 20, 14, 30);

function buildOrder(orderId: string, submittedAtMs: number, legs: BrokerOrder[] = []): BrokerOrder {
  return {
    orderId,
    clientOrderId: `c-${orderId}`,
    symbol: "SPY",
    side: "buy",
    type: "market",
    orderClass: legs.length === 0 ? "" : "bracket",
    timeInForce: "day",
    status: "new",
    qty: 1,
    filledQty: 0,
    filledAvgPriceUsd: null,
    limitPriceUsd: null,
    stopPriceUsd: null,
    submittedAtMs,
    updatedAtMs: submittedAtMs,
    filledAtMs: null,
    replacedBy: null,
    replaces: null,
    legs,
  };
}

/** A broker that sorts by time, keeps `after` exclusive and cuts at the limit; it counts legs as rows or not. */
function buildBroker(orders: readonly BrokerOrder[], isCountingLegs = false) {
  const paths: string[] = [];
  const readPage = (path: string): Promise<OrderPage> => {
    paths.push(path);
    const query = new URL(path, "http://localhost").searchParams;
    const after = Date.parse(query.get("after") ?? "1970-01-01");
    const page: BrokerOrder[] = [];
    let rows = 0;
    for (const order of orders) {
      if (order.submittedAtMs <= after) continue;
      rows += isCountingLegs ? 1 + order.legs.length : 1;
      if (rows > Number(query.get("limit"))) break;
      page.push(order);
    }
    return Promise.resolve(buildPageOf(page));
  };
  return { paths, readPage };
}

function buildPageOf(rows: readonly BrokerOrder[]): OrderPage {
  const wireRows = rows.reduce((sum, order) => sum + 1 + order.legs.length, 0);
  return { rows, unreadable: [], wireRows };
}

function idsOf(orders: readonly BrokerOrder[]): string[] {
  return orders.map(({ orderId }) => orderId).sort();
}

const ALL: OrderQuery = { status: "all" };

Deno.test("listAllOrders() asks one page for a short list, held legs included", async () => {
  const broker = buildBroker([buildOrder("a", START_MS)]);
  const query: OrderQuery = { status: "open", symbols: ["SPY", "BRK.B"], afterMs: START_MS - 1 };
  assertEquals(idsOf((await listAllOrders(query, broker.readPage)).rows), ["a"]);
  assertEquals(broker.paths, [
    "/v2/orders?status=open&limit=500&direction=asc&nested=true" +
    "&after=2026-01-20T14%3A29%3A59.999Z&symbols=SPY,BRK.B",
  ]);
});

Deno.test("listAllOrders() loses and doubles no order, whatever moments they share", async () => {
  const shape = fc.record({
    gapsMs: fc.array(fc.constantFrom(0, 0, 0, 1, 2, 1_000), { minLength: 0, maxLength: 2_500 }),
    isBracket: fc.boolean(),
    isCountingLegs: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(shape, async ({ gapsMs, isBracket, isCountingLegs }) => {
      let atMs = START_MS;
      const orders = gapsMs.map((gapMs, index) => {
        atMs += gapMs;
        const legs = isBracket
          ? [buildOrder(`t${index}`, atMs), buildOrder(`s${index}`, atMs)]
          : [];
        return buildOrder(`o${index}`, atMs, legs);
      });
      const broker = buildBroker(orders, isCountingLegs);
      const listed = await listAllOrders({ ...ALL, afterMs: START_MS - 1 }, broker.readPage);
      assertEquals(idsOf(listed.rows), idsOf(orders));
    }),
    { numRuns: 40 },
  );
});

for (const isCountingLegs of [true, false]) {
  Deno.test(`listAllOrders() finds all brackets where the limit ${isCountingLegs ? "counts" : "does not count"} legs`, async () => {
    const orders = Array.from({ length: ORDERS_PER_PAGE }, (_, index) => {
      const atMs = START_MS + index;
      return buildOrder(`o${index}`, atMs, [
        buildOrder(`t${index}`, atMs),
        buildOrder(`s${index}`, atMs),
      ]);
    });
    const broker = buildBroker(orders, isCountingLegs);
    assertEquals(idsOf((await listAllOrders(ALL, broker.readPage)).rows), idsOf(orders));
  });
}

Deno.test("listAllOrders() finds the orders of one moment on both sides of a page's edge", async () => {
  const orders = [
    ...Array.from(
      { length: ORDERS_PER_PAGE - 2 },
      (_, index) => buildOrder(`a${index}`, START_MS + index),
    ),
    ...Array.from({ length: 5 }, (_, index) => buildOrder(`b${index}`, START_MS + 10_000)),
  ];
  const broker = buildBroker(orders);
  assertEquals(idsOf((await listAllOrders(ALL, broker.readPage)).rows), idsOf(orders));
  assertEquals(broker.paths.length, 2);
});

Deno.test("listAllOrders() keeps the later version of an order that changed between two pages", async () => {
  const full = Array.from(
    { length: ORDERS_PER_PAGE },
    (_, index) => buildOrder(`o${index}`, START_MS + index),
  );
  const last = full.at(-1);
  assert(last !== undefined);
  const pages = [full, [{ ...last, status: "filled" }]];
  const listed = await listAllOrders(ALL, () => Promise.resolve(buildPageOf(pages.shift() ?? [])));
  assertEquals(listed.rows.length, ORDERS_PER_PAGE);
  assertEquals(listed.rows.at(-1)?.status, "filled");
});

Deno.test("listAllOrders() goes on after a full page whose rows can't all be read, and names each of them once", async () => {
  const half = Array.from(
    { length: ORDERS_PER_PAGE / 2 },
    (_, index) => buildOrder(`o${index}`, START_MS + index),
  );
  const row = {
    what: "order",
    symbol: "TSLA",
    clientOrderId: "c-1",
    orderId: "o-1",
    mayBeOpen: true,
    problem: "qty is missing or not what it should be",
  } as const;
  const pages: OrderPage[] = [
    { rows: half, unreadable: [row], wireRows: ORDERS_PER_PAGE },
    { rows: [buildOrder("last", START_MS + 1_000)], unreadable: [{ ...row }], wireRows: 2 },
  ];
  const empty = buildPageOf([]);
  const listed = await listAllOrders(ALL, () => Promise.resolve(pages.shift() ?? empty));
  assertEquals(listed.rows.length, ORDERS_PER_PAGE / 2 + 1);
  assertEquals(listed.unreadable, [row]);
});

Deno.test("listAllOrders() fails where a full page holds nothing that can be read", async () => {
  const page = { rows: [], unreadable: [], wireRows: ORDERS_PER_PAGE };
  const error = await failureOf(listAllOrders(ALL, () => Promise.resolve(page)));
  assertEquals(error.failure, "malformed");
});

async function failureOf(list: Promise<unknown>): Promise<BrokerError> {
  const error = await assertRejects(() => list);
  assertInstanceOf(error, BrokerError);
  return error;
}

const ENDLESS: { when: string; buildPage: (call: number) => BrokerOrder[]; pagesMax: number }[] = [
  {
    when: "more orders share one moment than a page holds",
    buildPage: () =>
      Array.from({ length: ORDERS_PER_PAGE }, (_, index) => buildOrder(`o${index}`, START_MS)),
    pagesMax: 2,
  },
  {
    when: "the broker ignores where the page starts",
    buildPage: () =>
      Array.from(
        { length: ORDERS_PER_PAGE },
        (_, index) => buildOrder(`o${index}`, START_MS + index),
      ),
    pagesMax: 2,
  },
  {
    when: "the broker gives the newest first",
    buildPage: () =>
      Array.from(
        { length: ORDERS_PER_PAGE },
        (_, index) => buildOrder(`o${index}`, START_MS - index),
      ),
    pagesMax: 1,
  },
  {
    when: "the pages never end",
    buildPage: (call) =>
      Array.from(
        { length: ORDERS_PER_PAGE },
        (_, index) => buildOrder(`o${call}-${index}`, START_MS + call * 1_000 + index),
      ),
    pagesMax: ORDER_PAGES_MAX,
  },
];
for (const { when, buildPage, pagesMax } of ENDLESS) {
  Deno.test(`listAllOrders() fails, and not with half a list, when ${when}`, async () => {
    let calls = 0;
    const error = await failureOf(
      listAllOrders(ALL, () => Promise.resolve(buildPageOf(buildPage(calls++)))),
    );
    assertEquals([error.failure, calls], ["malformed", pagesMax]);
  });
}
