import { ONE_BOUNDS } from "../../src/broker/answer_bounds.ts";
import type { LookupOutcome } from "../../src/domain/order/order_request.ts";
import { BrokerError } from "../../src/engine/ports.ts";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertObjectMatch,
  assertRejects,
} from "../assert.ts";
import {
  buildWireBracket,
  buildWireError,
  buildWireOrder,
  buildWorld,
  KEY_ID,
  SECRET_KEY,
  type Step,
} from "./scripted.ts";

const ID = "avwap-2026-01-20-SPY-abc";
const NOT_FOUND: Step = {
  status: 404,
  body: buildWireError(40410000, `order not found for ${ID}`),
};

async function failureOf(read: Promise<unknown>): Promise<BrokerError> {
  const error = await assertRejects(() => read);
  assertInstanceOf(error, BrokerError);
  return error;
}

function without(wire: Readonly<Record<string, unknown>>, field: string) {
  return Object.fromEntries(Object.entries(wire).filter(([name]) => name !== field));
}

const POSITION = {
  asset_id: "x",
  symbol: "SPY",
  exchange: "ARCA",
  qty: "7",
  qty_available: "0",
  avg_entry_price: "500.5",
  side: "long",
  market_value: "3510",
  cost_basis: "3503.5",
  current_price: "501.43",
  appeared_without_notice: { deep: [1] },
};
const ACCOUNT = { id: "acc-1", status: "ACTIVE", equity: "123346.11", trading_blocked: false };
const CLOCK = {
  timestamp: "2026-01-20T09:45:00.123456789-05:00",
  is_open: true,
  next_open: "2026-01-21T09:30:00-05:00",
  next_close: "2026-01-20T16:00:00-05:00",
};

Deno.test("every request goes to the configured host with both keys in its headers and nowhere else", async () => {
  const world = buildWorld([{ body: ACCOUNT }], {
    tradingUrl: "https://paper-api.alpaca.markets/v2/",
  });
  await world.client.readAccount();
  const [request] = world.requests;
  assertEquals(world.client.host, "paper-api.alpaca.markets");
  assertEquals(request, {
    method: "GET",
    url: "https://paper-api.alpaca.markets/v2/account",
    headers: {
      "apca-api-key-id": KEY_ID,
      "apca-api-secret-key": SECRET_KEY,
      "accept": "application/json",
      "user-agent": "avwap-execution",
    },
    body: null,
    timeoutMs: 10_000,
    bounds: ONE_BOUNDS,
  });
});

Deno.test("readClock() reads offsets and nanoseconds", async () => {
  const { client } = buildWorld([{ body: CLOCK }]);
  assertEquals(await client.readClock(), {
    timestampMs: Date.UTC(2026, 0, 20, 14, 45, 0, 123),
    isOpen: true,
    nextOpenMs: Date.UTC(2026, 0, 21, 14, 30),
    nextCloseMs: Date.UTC(2026, 0, 20, 21),
  });
});

Deno.test("readAccount() reads equity, and takes each kind of block for one", async () => {
  const { client } = buildWorld([
    { body: ACCOUNT },
    { body: { ...ACCOUNT, equity: 100.5, account_blocked: true } },
    { body: { ...ACCOUNT, trading_blocked: true } },
    { body: { ...ACCOUNT, trade_suspended_by_user: true } },
  ]);
  assertEquals(await client.readAccount(), {
    accountId: "acc-1",
    status: "ACTIVE",
    equityUsd: 123346.11,
    blockFlags: [],
  });
  const flags = ["account_blocked", "trading_blocked", "trade_suspended_by_user"];
  for (const flag of flags) assertEquals((await client.readAccount()).blockFlags, [flag]);
});

Deno.test("readAccountConfiguration() reads what is there and needs nothing", async () => {
  const { client } = buildWorld([
    { body: { no_shorting: true, max_margin_multiplier: "1", suspend_trade: false, new_field: 1 } },
    { body: {} },
  ]);
  assertEquals(await client.readAccountConfiguration(), {
    noShorting: true,
    maxMarginMultiplier: "1",
    isSuspended: false,
  });
  assertEquals(await client.readAccountConfiguration(), {
    noShorting: null,
    maxMarginMultiplier: null,
    isSuspended: null,
  });
});

Deno.test("listPositions() reads shares, and makes a short position negative whatever its sign", async () => {
  const short = { ...POSITION, symbol: "TSLA", side: "short", qty: "2", current_price: null };
  const { client } = buildWorld([{ body: [POSITION, short, { ...short, qty: "-2" }] }]);
  const { rows: [long, ...shorts], unreadable } = await client.listPositions();
  assertEquals(unreadable, []);
  assertEquals(long, {
    symbol: "SPY",
    assetId: "x",
    qty: 7,
    avgEntryPriceUsd: 500.5,
    costBasisUsd: 3503.5,
    currentPriceUsd: 501.43,
  });
  assertEquals(shorts.map(({ qty, currentPriceUsd }) => [qty, currentPriceUsd]), [[-2, null], [
    -2,
    null,
  ]]);
});

Deno.test("readCalendar() knows half days and both New York offsets", async () => {
  const days = [
    { date: "2026-11-27", open: "09:30", close: "13:00", session_open: "0400" },
    { date: "2026-10-30", open: "09:30", close: "16:00" },
  ];
  const world = buildWorld([{ body: days }]);
  const range = { fromNy: "2026-10-30", toNy: "2026-11-27" };
  const { sessions, ...others } = await world.client.readCalendar(range);
  assertEquals(others, { ...range, unknownDays: [] });
  assert(world.requests[0]?.url.endsWith("/v2/calendar?start=2026-10-30&end=2026-11-27"));
  assertEquals(sessions, [
    {
      dateNy: "2026-10-30",
      openMs: Date.UTC(2026, 9, 30, 13, 30),
      closeMs: Date.UTC(2026, 9, 30, 20),
    },
    {
      dateNy: "2026-11-27",
      openMs: Date.UTC(2026, 10, 27, 14, 30),
      closeMs: Date.UTC(2026, 10, 27, 18),
    },
  ]);
});

Deno.test("listOrders() reads every field, legs too", async () => {
  const { client } = buildWorld([{ body: [buildWireBracket({ replaces: "old" })] }]);
  const { rows: [order, ...others] } = await client.listOrders({ status: "open" });
  assertEquals(others, []);
  assert(order !== undefined);
  const { legs, ...parent } = order;
  assertEquals(parent, {
    orderId: "7b08df51-c1ac-453c-99f9-323a5f075f0d",
    clientOrderId: ID,
    assetId: "b0b6dd9d-8b9b-48a9-ba46-b9d54906e415",
    symbol: "SPY",
    side: "buy",
    type: "market",
    orderClass: "bracket",
    timeInForce: "day",
    status: "filled",
    qty: 3,
    filledQty: 3,
    filledAvgPriceUsd: 501.25,
    limitPriceUsd: null,
    stopPriceUsd: null,
    submittedAtMs: Date.UTC(2026, 0, 20, 14, 45, 0, 577),
    updatedAtMs: Date.UTC(2026, 0, 20, 14, 45, 1, 500),
    filledAtMs: Date.UTC(2026, 0, 20, 14, 45, 1, 250),
    replacedBy: null,
    replaces: "old",
  });
  assertEquals(legs.map((leg) => [leg.orderId, leg.status, leg.limitPriceUsd, leg.stopPriceUsd]), [
    ["leg-tp", "new", 520.1, null],
    ["leg-stop", "held", null, 490.05],
  ]);
});

Deno.test("listOrders() puts the legs of someone's option spread in its place, and hides nothing else", async () => {
  const leg = buildWireOrder({
    id: "leg",
    symbol: "AAPL241213C00250000",
    order_class: "mleg",
    type: "",
  });
  const spread = buildWireOrder({
    id: "spread",
    symbol: "",
    side: "",
    order_class: "mleg",
    legs: [leg],
  });
  const { client } = buildWorld([{ body: [spread, buildWireOrder({ id: "ours" })] }]);
  const { rows } = await client.listOrders({ status: "open" });
  assertEquals(rows.map(({ orderId }) => orderId), ["leg", "ours"]);
});

Deno.test("listOrders() keeps a status, type and class that it does not know", async () => {
  const wire = buildWireOrder({
    status: "pending_miracle",
    type: "peg",
    order_class: "quad",
    submitted_at: null,
  });
  const { client } = buildWorld([{ body: [wire] }]);
  assertObjectMatch((await client.listOrders({ status: "all" })).rows[0] ?? {}, {
    status: "pending_miracle",
    type: "peg",
    orderClass: "quad",
    submittedAtMs: Date.UTC(2026, 0, 20, 14, 45, 0, 668),
  });
});

Deno.test("listOrders() asks nothing for an empty list of symbols, which on the wire would be all", async () => {
  const world = buildWorld([]);
  assertEquals(await world.client.listOrders({ status: "open", symbols: [] }), {
    rows: [],
    unreadable: [],
  });
  assertEquals(world.requests, []);
});

/** Each breaks one thing in an order that is otherwise right. */
const ORDER_BREAKS: { field: string; value: unknown }[] = [
  ...["id", "symbol", "side", "status", "time_in_force", "qty"]
    .map((field) => ({ field, value: undefined })),
  { field: "id", value: "" },
  { field: "symbol", value: "" },
  { field: "side", value: "short" },
  { field: "side", value: "" },
  { field: "status", value: "" },
  { field: "filled_qty", value: "" },
  { field: "filled_qty", value: " 1" },
  { field: "filled_qty", value: "0x10" },
  { field: "filled_qty", value: "NaN" },
  { field: "filled_qty", value: "1e400" },
  { field: "filled_qty", value: "9".repeat(400) },
  { field: "filled_qty", value: true },
  { field: "filled_qty", value: "-1" },
  { field: "qty", value: "-3" },
  { field: "qty", value: "" },
  { field: "qty", value: [] },
  { field: "symbol", value: " tsla" },
  { field: "symbol", value: "TSLA ".padEnd(70, " ") },
  { field: "filled_avg_price", value: "-1" },
  { field: "limit_price", value: "-0.01" },
  { field: "stop_price", value: -5 },
  { field: "stop_price", value: "1,000.00" },
  { field: "updated_at", value: "1900-01-01T00:00:00Z" },
  { field: "updated_at", value: "9999-12-31T23:59:59-10:00" },
  { field: "submitted_at", value: "yesterday" },
  { field: "submitted_at", value: 1768920300 },
  { field: "updated_at", value: "2026-02-30T00:00:00Z" },
  { field: "filled_at", value: "" },
  { field: "legs", value: {} },
  { field: "legs", value: [{}] },
  { field: "legs", value: [buildWireOrder({ side: "" })] },
];
for (const { field, value } of ORDER_BREAKS) {
  Deno.test(`an order whose ${field} is ${JSON.stringify(value)} costs itself, and says which field it was`, async () => {
    const broken = { ...buildWireOrder({ id: "2", symbol: "TSLA" }), [field]: value };
    const { client } = buildWorld([{ body: [broken, buildWireOrder()] }]);
    const { rows, unreadable } = await client.listOrders({ status: "open" });
    assertEquals(rows.map(({ symbol }) => symbol), ["SPY"]);
    const named = Array.isArray(value) && field === "legs" && JSON.stringify(value) !== "[{}]"
      ? ["TSLA", "SPY"]
      : [field === "symbol" && (value ?? "") === "" ? null : "TSLA"];
    assertEquals(unreadable.map(({ symbol }) => symbol), named);
    for (const row of unreadable) {
      assertObjectMatch(row, { what: "order", clientOrderId: ID, mayBeOpen: true });
      assertEquals(row.orderId, field === "id" ? null : "2");
      assert(field === "legs" || row.problem.includes(field), row.problem);
    }
  });
}

Deno.test("an order without any time costs itself", async () => {
  const wire = buildWireOrder({ submitted_at: null, created_at: null });
  const { client } = buildWorld([{ body: [wire] }]);
  const { rows, unreadable } = await client.listOrders({ status: "open" });
  assertEquals(rows, []);
  assertEquals(unreadable.map(({ problem }) => problem), [
    "submitted_at and created_at are missing",
  ]);
});

/** What the published documents do not list as required, or have more of than anybody needs. */
const TOLERATED: {
  when: string;
  change: Record<string, unknown>;
  reads: Record<string, unknown>;
}[] = [
  {
    when: "no client order id",
    change: { client_order_id: undefined },
    reads: { clientOrderId: "" },
  },
  { when: "only the older order_type", change: { type: undefined }, reads: { type: "market" } },
  { when: "no order class", change: { order_class: undefined }, reads: { orderClass: "" } },
  {
    when: "no filled_qty while it is new",
    change: { filled_qty: undefined },
    reads: { filledQty: 0 },
  },
  {
    when: "no filled_qty when it is filled",
    change: { filled_qty: null, status: "filled" },
    reads: { filledQty: 3 },
  },
  {
    when: "a notional in place of shares",
    change: { qty: null, notional: "100.123456789" },
    reads: { qty: null },
  },
  {
    when: "a fraction with more decimals than anybody needs",
    change: { qty: "0.12345678901234567890123" },
    reads: { qty: 0.12345678901234568 },
  },
  {
    when: "exponents",
    change: { qty: "3E0", limit_price: "1.5e2" },
    reads: { limitPriceUsd: 150 },
  },
  {
    when: "a crypto pair",
    change: { symbol: "BTC/USD", time_in_force: "gtc" },
    reads: { symbol: "BTC/USD" },
  },
  { when: "an option", change: { symbol: "AAPL261218C00200000" }, reads: { qty: 3 } },
  { when: "no legs at all", change: { legs: undefined }, reads: { legs: [] } },
  { when: "no updated_at", change: { updated_at: undefined }, reads: { filledAtMs: null } },
];
for (const { when, change, reads } of TOLERATED) {
  Deno.test(`an order with ${when} is read`, async () => {
    const { client } = buildWorld([{ body: [buildWireOrder(change)] }]);
    const { rows, unreadable } = await client.listOrders({ status: "open" });
    assertEquals(unreadable, []);
    assertObjectMatch(rows[0] ?? {}, reads);
  });
}

Deno.test("an order that was partly filled needs its filled_qty: a guess would be shares that nobody has", async () => {
  for (const status of ["partially_filled", "canceled", "done_for_day", "news_to_us"]) {
    const { client } = buildWorld([{ body: [buildWireOrder({ filled_qty: null, status })] }]);
    const { rows, unreadable } = await client.listOrders({ status: "all" });
    assertEquals([rows.length, unreadable.length], [0, 1], status);
    assertEquals(unreadable[0]?.mayBeOpen, status !== "canceled");
  }
});

Deno.test("a bracket whose leg can't be read is unreadable as a whole, and may be open while a leg may be", async () => {
  const stop = { ...buildWireOrder({ id: "leg-stop", status: "held" }), stop_price: "n/a" };
  const { client } = buildWorld([{ body: [buildWireBracket({ legs: [stop] })] }]);
  const { rows, unreadable } = await client.listOrders({ status: "open" });
  assertEquals(rows, []);
  assertObjectMatch(unreadable[0] ?? {}, { symbol: "SPY", clientOrderId: ID, mayBeOpen: true });
  assert(unreadable[0]?.problem.includes("legs.0.stop_price"), unreadable[0]?.problem);
});

for (const symbol of [undefined, null, ""]) {
  Deno.test(`a finished option spread whose symbol is ${JSON.stringify(symbol)} is nothing to anybody`, async () => {
    const spread = buildWireOrder({ order_class: "mleg", status: "filled", symbol, side: symbol });
    const { client } = buildWorld([{ body: [spread, { ...spread, legs: [] }, buildWireOrder()] }]);
    const { rows, unreadable } = await client.listOrders({ status: "all" });
    assertEquals([rows.map((order) => order.symbol), unreadable], [["SPY"], []]);
  });
  Deno.test(`a working option spread without legs, its symbol ${JSON.stringify(symbol)}, is a row that can't be read`, async () => {
    const spread = buildWireOrder({ order_class: "mleg", symbol, side: symbol, qty: "1" });
    const { client } = buildWorld([{ body: [spread, buildWireOrder()] }]);
    const { rows, unreadable } = await client.listOrders({ status: "open" });
    assertEquals(rows.length, 1);
    assertEquals(unreadable.map((row) => [row.symbol, row.mayBeOpen]), [[null, true]]);
  });
}

Deno.test("only a row with neither a symbol nor a client order id makes the whole list unreadable", async () => {
  const nameless = buildWireOrder({ symbol: undefined, client_order_id: undefined });
  for (const row of [nameless, { ...nameless, symbol: 7, client_order_id: null }, "text", 5]) {
    const { client } = buildWorld([{ body: [buildWireOrder(), row] }]);
    const error = await failureOf(client.listOrders({ status: "open" }));
    assertEquals(error.failure, "malformed");
    assert(
      error.message.includes("row 2 names neither a symbol nor a client order id"),
      error.message,
    );
  }
});

const NO_JSON = ["", "{", "<html>OK</html>", "null", "1", '"text"', "{}", "[[]]", "[null]"];
for (const body of NO_JSON) {
  Deno.test(`a 200 with ${JSON.stringify(body)} is malformed for every read`, async () => {
    const world = buildWorld(() => ({ body }));
    const { client } = world;
    const reads: (() => Promise<unknown>)[] = [
      () => client.readClock(),
      () => client.readAccount(),
      () => client.listPositions(),
      () => client.listOrders({ status: "open" }),
      () => client.readCalendar({ fromNy: "2026-01-20", toNy: "2026-01-20" }),
    ];
    for (const read of reads) {
      const error = await failureOf(read());
      assertEquals(error.failure, "malformed");
      assert(!error.message.includes("\n") && error.message.length < 200, error.message);
    }
    assertEquals(await client.lookUp(ID), { kind: "unknown", why: "malformed" });
    assertEquals(world.requests.length, reads.length + 1);
  });
}

const POSITION_BREAKS: { field: string; value: unknown }[] = [
  ...["side", "qty", "avg_entry_price", "cost_basis"].map((field) => ({ field, value: undefined })),
  { field: "qty", value: "-7" },
  { field: "qty", value: null },
  { field: "side", value: "both" },
  { field: "current_price", value: "n/a" },
];
for (const { field, value } of POSITION_BREAKS) {
  Deno.test(`a position whose ${field} is ${JSON.stringify(value)} costs itself, and says which field it was`, async () => {
    const broken = { ...POSITION, symbol: "TSLA", [field]: value };
    const { client } = buildWorld([{ body: [broken, POSITION] }]);
    const { rows, unreadable } = await client.listPositions();
    assertEquals(rows.map(({ symbol }) => symbol), ["SPY"]);
    assertEquals(unreadable.map(({ what, symbol, mayBeOpen }) => [what, symbol, mayBeOpen]), [
      ["position", "TSLA", true],
    ]);
    assert(unreadable[0]?.problem.includes(field), unreadable[0]?.problem);
  });
}

for (const value of [undefined, null, "", 7]) {
  Deno.test(`a position whose symbol is ${JSON.stringify(value)} makes the whole list unreadable`, async () => {
    const { client } = buildWorld([{ body: [POSITION, { ...POSITION, symbol: value }] }]);
    assertEquals((await failureOf(client.listPositions())).failure, "malformed");
  });
}

Deno.test("a position may lack fields that nobody needs and have more decimals than anybody needs", async () => {
  const coins = {
    ...without(POSITION, "qty_available"),
    symbol: "BTC/USD",
    qty: "0.5",
    cost_basis: "50.1234567890123456789",
    avg_entry_price: "1.002469135780246913578e2",
  };
  const { client } = buildWorld([{ body: [coins] }]);
  const { rows: [position], unreadable } = await client.listPositions();
  assertEquals(unreadable, []);
  assertObjectMatch(position ?? {}, {
    symbol: "BTC/USD",
    qty: 0.5,
    costBasisUsd: 50.123456789012344,
    avgEntryPriceUsd: 100.24691357802469,
  });
});

for (const equity of ["", "much", null, true, "9".repeat(300)]) {
  Deno.test(`an account whose equity is ${JSON.stringify(equity)} is read, without one`, async () => {
    const { client } = buildWorld([{ body: { id: "a", status: "ACTIVE", equity } }]);
    assertEquals((await client.readAccount()).equityUsd, null);
  });
}

Deno.test("an account may lack everything but its id and status", async () => {
  const { client } = buildWorld([{ body: { id: "acc-1", status: "ACTIVE" } }]);
  assertObjectMatch(await client.readAccount(), { accountId: "acc-1", equityUsd: null });
});

for (const field of Object.keys(CLOCK)) {
  Deno.test(`readClock() refuses an answer without ${field}`, async () => {
    const { client } = buildWorld([{ body: without(CLOCK, field) }]);
    assertEquals((await failureOf(client.readClock())).failure, "malformed");
  });
}

for (const field of ["id", "status"]) {
  Deno.test(`readAccount() refuses an answer without ${field}`, async () => {
    const { client } = buildWorld([{ body: without(ACCOUNT, field) }]);
    assertEquals((await failureOf(client.readAccount())).failure, "malformed");
  });
}

const WEEKS = { fromNy: "2026-01-12", toNy: "2026-01-29" };
const GOOD_DAY = { date: "2026-01-21", open: "09:30", close: "16:00" };

const BAD_DAYS: { row: unknown; problem: string }[] = [
  {
    row: { date: "2026-01-20", open: "9:30", close: "16:00" },
    problem: "open is missing or not what it should be",
  },
  {
    row: { date: "2026-01-20", open: "16:00", close: "09:30" },
    problem: "close is not after open",
  },
  {
    row: { date: "2026-01-20", open: "09:30", close: "24:00" },
    problem: "close is missing or not what it should be",
  },
  {
    row: { date: "2026-01-20", open: "09:30" },
    problem: "close is missing or not what it should be",
  },
  {
    row: { date: "2026-01-20", open: null, close: "16:00" },
    problem: "open is missing or not what it should be",
  },
];
for (const { row, problem } of BAD_DAYS) {
  Deno.test(`readCalendar() knows nothing of the day of ${JSON.stringify(row)}, and the others`, async () => {
    const { client } = buildWorld([{ body: [row, GOOD_DAY] }]);
    const { sessions, unknownDays } = await client.readCalendar(WEEKS);
    assertEquals(sessions.map(({ dateNy }) => dateNy), ["2026-01-21"]);
    assertEquals(unknownDays, [{ dateNy: "2026-01-20", problem }]);
  });
}

const NO_CALENDARS: { what: string; body: unknown }[] = [
  { what: "no day at all in more than two weeks", body: [] },
  { what: "days that nobody asked for", body: [{ ...GOOD_DAY, date: "2025-01-21" }] },
  { what: "a row without a day", body: [GOOD_DAY, { open: "09:30", close: "16:00" }] },
  { what: "a day that there is not", body: [GOOD_DAY, { ...GOOD_DAY, date: "2026-02-30" }] },
];
for (const { what, body } of NO_CALENDARS) {
  Deno.test(`readCalendar() refuses ${what}`, async () => {
    const { client } = buildWorld([{ body }]);
    assertEquals((await failureOf(client.readCalendar(WEEKS))).failure, "malformed");
  });
}

Deno.test("readCalendar() takes no row for no session where few days are asked for", async () => {
  const { client } = buildWorld([{ body: [] }]);
  const calendar = await client.readCalendar({ fromNy: "2026-01-17", toNy: "2026-01-19" });
  assertEquals([calendar.sessions, calendar.unknownDays], [[], []]);
});

const LOOKUPS: { when: string; steps: readonly Step[]; outcome: LookupOutcome }[] = [
  { when: "the broker says 404", steps: [NOT_FOUND], outcome: { kind: "not_found" } },
  {
    when: "a proxy says 404",
    steps: [{ status: 404, body: "<html>Not Found</html>" }],
    outcome: { kind: "unknown", why: "http" },
  },
  {
    when: "an empty 404 came",
    steps: [{ status: 404 }],
    outcome: { kind: "unknown", why: "http" },
  },
  {
    when: "the keys are wrong",
    steps: [{ status: 401, body: { message: "unauthorized." } }],
    outcome: { kind: "unknown", why: "http" },
  },
  {
    when: "the broker is down",
    steps: [{ status: 503 }, { status: 503 }, { status: 503 }],
    outcome: { kind: "unknown", why: "http" },
  },
  {
    when: "nothing answers",
    steps: [{ failure: "timeout" }, { failure: "timeout" }],
    outcome: { kind: "unknown", why: "timeout" },
  },
  {
    when: "connections break",
    steps: [{ failure: "network" }, { failure: "network" }, { failure: "network" }],
    outcome: { kind: "unknown", why: "network" },
  },
  {
    when: "the answer is about another order",
    steps: [{ body: buildWireOrder({ id: "other", client_order_id: "avwap-other" }) }],
    outcome: { kind: "unknown", why: "malformed" },
  },
];
for (const { when, steps, outcome } of LOOKUPS) {
  Deno.test(`look-ups answer ${JSON.stringify(outcome)} when ${when}`, async () => {
    assertEquals(await buildWorld(steps).client.lookUp(ID), outcome);
    assertEquals(await buildWorld(steps).client.readOrder("o-1"), outcome);
  });
}

Deno.test("lookUp() finds a plain order with one request, its id encoded", async () => {
  const id = "avwap-a b&nested=x/../#";
  const world = buildWorld([{ body: buildWireOrder({ client_order_id: id }) }]);
  assertObjectMatch(await world.client.lookUp(id), { kind: "found", order: { clientOrderId: id } });
  assertEquals(
    world.requests.map(({ url }) => url),
    [`https://paper-api.alpaca.markets/v2/orders:by_client_order_id?client_order_id=${
      encodeURIComponent(id)
    }`],
  );
});

Deno.test("lookUp() brings a bracket's legs, in a second request where the first has none", async () => {
  const flat = { body: buildWireBracket({ legs: null }) };
  const world = buildWorld([flat, { body: buildWireBracket() }]);
  const outcome = await world.client.lookUp(ID);
  assertEquals(outcome.kind === "found" && outcome.order.legs.length, 2);
  assertEquals(
    world.requests[1]?.url,
    "https://paper-api.alpaca.markets/v2/orders/7b08df51-c1ac-453c-99f9-323a5f075f0d?nested=true",
  );
  const alone = await buildWorld([flat, NOT_FOUND]).client.lookUp(ID);
  assertEquals(alone.kind === "found" && alone.order.legs.length, 0);
  const whole = buildWorld([{ body: buildWireBracket() }]);
  assertEquals((await whole.client.lookUp(ID)).kind, "found");
  assertEquals(whole.requests.length, 1);
});

Deno.test("readOrder() asks for the legs and encodes the id", async () => {
  const world = buildWorld([{ body: buildWireOrder({ id: "../account" }) }]);
  assertEquals((await world.client.readOrder("../account")).kind, "found");
  assertEquals(
    world.requests[0]?.url,
    "https://paper-api.alpaca.markets/v2/orders/..%2Faccount?nested=true",
  );
});

for (const assetId of [undefined, null, 7, "", { deep: 1 }]) {
  Deno.test(`an asset_id that is ${JSON.stringify(assetId)} costs no position and no order`, async () => {
    const position = { ...POSITION, asset_id: assetId };
    const order = buildWireOrder({ asset_id: assetId });
    const { client } = buildWorld([{ body: [position] }, { body: [order] }]);
    const positions = await client.listPositions();
    const orders = await client.listOrders({ status: "open" });
    assertEquals([positions.unreadable, orders.unreadable], [[], []]);
    assertEquals([positions.rows[0]?.assetId, orders.rows[0]?.assetId], [undefined, undefined]);
  });
}
