import { assert, assertEquals } from "../assert.ts";
import type { FaultRule } from "../simulator/faults.ts";
import { AAPL, at, LIVE_PASS, MINUTE_MS, NVDA, SECOND_MS, STATE_PATH, World } from "./support.ts";

const TUESDAY = "2026-11-24";

type Row = Readonly<Record<string, unknown>>;

/** The broker's list with its rows changed, taken out, or joined by others. */
function rewriteRows(path: string, change: (rows: readonly Row[]) => readonly Row[]): FaultRule {
  const rewrite = (body: string) => JSON.stringify(change(JSON.parse(body)));
  return { method: "GET", path, fault: { kind: "rewritten", rewrite } };
}

const POSITIONS = "/v2/positions";
/** Lists alone: not the address of one order. */
const ORDERS = { path: "/v2/orders", contains: "status=" };

function addRow(path: string, row: Row): FaultRule {
  return {
    ...rewriteRows(path, (rows) => [...rows, row]),
    ...(path === "/v2/orders" ? ORDERS : {}),
  };
}

function breakRows(path: string, symbol: string, change: Row): FaultRule {
  const rule = rewriteRows(
    path,
    (rows) => rows.map((row) => row["symbol"] === symbol ? { ...row, ...change } : row),
  );
  return { ...rule, ...(path === "/v2/orders" ? ORDERS : {}) };
}

const COINS: Row = {
  asset_id: "904837e3-3b76-47ec-b432-046db621571b",
  symbol: "BTCUSD",
  exchange: "",
  asset_class: "crypto",
  avg_entry_price: "100.0",
  qty: "0.5",
  qty_available: "0.5",
  side: "long",
  market_value: "600.0",
  cost_basis: "50",
  current_price: "120.0",
};
const NO_QTY_AVAILABLE = Object.fromEntries(
  Object.entries(COINS).filter(([name]) => name !== "qty_available"),
);
const SPREAD: Row = {
  id: "spread",
  client_order_id: "by-hand-1",
  created_at: "2026-11-23T15:00:00.123456789Z",
  submitted_at: "2026-11-23T15:00:00Z",
  qty: "1",
  filled_qty: "1",
  filled_avg_price: "-1.2",
  order_class: "mleg",
  type: "limit",
  time_in_force: "day",
  limit_price: "-1.25",
  status: "filled",
  notional: null,
  legs: [],
};
const LEG: Row = {
  ...SPREAD,
  id: "leg",
  client_order_id: "by-hand-2",
  symbol: "AAPL261218C00200000",
  side: "buy",
  order_class: "",
};

const FOREIGN: { what: string; rule: FaultRule; isNamed?: boolean }[] = [
  { what: "a position of coins", rule: addRow(POSITIONS, COINS) },
  { what: "a position without qty_available", rule: addRow(POSITIONS, NO_QTY_AVAILABLE) },
  {
    what: "a position whose cost basis has 19 decimals",
    rule: addRow(POSITIONS, { ...COINS, cost_basis: "50.1234567890123456789" }),
  },
  {
    what: "a position that can't be parsed",
    rule: addRow(POSITIONS, { ...COINS, qty: "half a coin" }),
    isNamed: true,
  },
  { what: "a filled option spread without a symbol", rule: addRow("/v2/orders", SPREAD) },
  {
    what: "a filled option spread whose symbol and side are empty",
    rule: addRow("/v2/orders", { ...SPREAD, symbol: "", side: "", legs: [LEG] }),
  },
  {
    what: "an order on a side that nobody knows",
    rule: addRow("/v2/orders", { ...LEG, side: "sell_short", status: "new" }),
    isNamed: true,
  },
];
for (const { what, rule, isNamed = false } of FOREIGN) {
  Deno.test(`${what} of somebody else keeps no stop from lasting the night`, async () => {
    const world = new World();
    await world.buy();
    world.goTo(at("15:49:00"));
    world.setFaults([rule]);
    world.forget();
    await world.cycles(10, MINUTE_MS);
    assertEquals(world.said("Gate mode").at(-1)?.endsWith(LIVE_PASS), true);
    world.goTo(at("16:30:00"));
    assertEquals([world.held(), world.stops()], [10, ["10@95 gtc"]]);
    assertEquals(world.said("can't be read").length, isNamed ? 1 : 0);
    assertEquals(world.alerted("Execution error"), []);
  });
}

Deno.test("a foreign row that can't be parsed is named once a day, across restarts, and keeps no trim from leaving", async () => {
  const world = new World();
  await world.buy();
  world.setFaults([addRow(POSITIONS, { ...COINS, side: "both" })]);
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.held(), world.stops()], [5, ["5@99 gtc"]]);
  await world.restart();
  await world.cycles(3, MINUTE_MS);
  const said = world.said("can't be read");
  assertEquals(said.length, 1);
  assert(said[0]?.includes("Foreign position BTCUSD can't be read (side is"), said[0]);
  assert(said[0]?.includes("counts as one open symbol, no entry in BTCUSD"), said[0]);
});

for (
  const [path, change] of [
    [POSITIONS, { qty: "?" }],
    ["/v2/orders", { status: "new", filled_qty: "?" }],
  ] as const
) {
  Deno.test(`there is no entry in a listed symbol with a row of ${path} that can't be parsed, and one beside it`, async () => {
    const world = new World({ rows: [NVDA, AAPL] });
    const row = { ...COINS, ...LEG, ...change, symbol: "NVDA" };
    world.setFaults([addRow(path, row)]);
    await world.buy();
    await world.cycles(2, MINUTE_MS);
    assertEquals([world.buys("NVDA").length, world.buys("AAPL").length], [0, 1]);
  });

  Deno.test(`a row of ${path} that can't be parsed counts as one open symbol`, async () => {
    for (const [cap, bought] of [["1", 0], ["2", 1]] as const) {
      const world = new World();
      const row = { ...COINS, ...LEG, ...change, symbol: "TSLA" };
      world.setFaults([addRow(path, row)]);
      await world.restart({ MAX_LIVE_POSITIONS: cap });
      await world.cycles(4, 5 * SECOND_MS);
      assertEquals(world.buys().length, bought, `cap ${cap}`);
      if (bought === 0) assert(world.said("Gate FAIL NVDA: max positions reached").length > 0);
    }
  });
}

Deno.test("a working order without a symbol counts as one open symbol, and a finished one as none", async () => {
  for (const [status, bought] of [["new", 0], ["canceled", 1]] as const) {
    const world = new World();
    const row = { ...SPREAD, order_class: "", side: "?", status };
    world.setFaults([addRow("/v2/orders", row)]);
    await world.restart({ MAX_LIVE_POSITIONS: "1" });
    await world.cycles(4, 5 * SECOND_MS);
    assertEquals(world.buys().length, bought, status);
  }
});

Deno.test("each order that can't be parsed is an error of its own, though their ids alone tell them apart", async () => {
  const world = new World();
  await world.buy();
  const rows = ["1", "2"].map((end) => ({
    ...LEG,
    id: `9e3779b1-0001-4000-8000-00000000000${end}`,
    client_order_id: `9e3779b1-0002-4000-8000-00000000000${end}`,
    symbol: "NVDA",
    side: "?",
    status: "new",
  }));
  world.setFaults([{ ...rewriteRows("/v2/orders", (all) => [...all, ...rows]), ...ORDERS }]);
  world.forget();
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.alerted("no change of its protection").length, 2);
  const errors = world.events.filter(({ type, message }) =>
    type === "error" && `${message}`.includes("no change of its protection")
  );
  assertEquals(errors.map((each) => each["is_distinct"]), [true, true]);
});

const MANAGED: { what: string; path: string; change: Row }[] = [
  { what: "position", path: POSITIONS, change: { qty: "ten" } },
  { what: "order", path: "/v2/orders", change: { side: "sideways" } },
];
for (const { what, path, change } of MANAGED) {
  Deno.test(`nothing is decided in a managed symbol whose ${what} can't be parsed, and it is said as an error once`, async () => {
    const world = new World();
    await world.buy();
    const before = world.position();
    world.setFaults([breakRows(path, "NVDA", change)]);
    world.exchange.setPrice("NVDA", 106);
    world.forget();
    await world.cycles(5, MINUTE_MS);
    assertEquals(world.changes, []);
    assertEquals([world.held(), world.stops()], [10, ["10@95 day"]]);
    const { lastTrade, ...after } = world.position() ?? {};
    assertEquals({ ...after, lastTrade: before?.lastTrade }, { ...before, highWaterUsd: 106 });
    assertEquals(lastTrade?.priceUsd, 106);
    const errors = world.alerted("no change of its protection");
    assertEquals(errors.map(({ level, title }) => [level, title]), [["ERROR", "Execution error"]]);
    for (const part of ["NVDA", what, Object.keys(change)[0] ?? "", "look at it at the broker"]) {
      assert(errors[0]?.text.includes(part), `${part}: ${errors[0]?.text}`);
    }
    // And its standing says for how long.
    assertEquals(world.alerted("since 2026-11-23 10:01:4").length, 1);
    assert(world.alerted("a row of this symbol can't be read").length > 0);
    // What can be read again is decided again.
    world.setFaults([]);
    await world.cycles(2, MINUTE_MS);
    assertEquals([world.held(), world.stops()], [5, ["5@99 gtc"]]);
  });

  Deno.test(`a managed symbol whose ${what} can't be parsed costs the other managed ones nothing`, async () => {
    const world = new World({ rows: [NVDA, AAPL] });
    await world.buy();
    await world.cycles(1, MINUTE_MS);
    assertEquals([world.held("NVDA"), world.held("AAPL")], [10, 10]);
    world.setFaults([breakRows(path, "NVDA", change)]);
    world.exchange.setPrice("AAPL", 106);
    await world.cycles(2, MINUTE_MS);
    assertEquals([world.held("AAPL"), world.stops("AAPL")], [5, ["5@99 gtc"]]);
    assertEquals([world.held("NVDA"), world.stops("NVDA")], [10, ["10@95 day"]]);
  });
}

Deno.test("a managed position whose row can't be parsed is not taken for gone: its stop stays", async () => {
  const world = new World();
  await world.buy();
  world.goTo(at("15:51:00"));
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.stops(), ["10@95 gtc"]);
  world.setFaults([breakRows(POSITIONS, "NVDA", { qty: null })]);
  world.forget();
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.changes, []);
  assertEquals([world.stops(), world.position()?.qty], [["10@95 gtc"], 10]);
  assertEquals(world.said("is absent at the broker"), []);
});

Deno.test("a stop of ours beside a position that can't be parsed is no orphan, though no record knows it any more", async () => {
  const world = new World();
  await world.buy();
  world.goTo(at("15:51:00"));
  await world.cycles(2, MINUTE_MS);
  world.state = { ...world.state, positions: [] };
  world.ledger = { ...world.ledger, dateNy: TUESDAY, entries: [] };
  world.goTo(at("10:00:00", TUESDAY));
  world.list([]);
  await world.restart();
  world.setFaults([breakRows(POSITIONS, "NVDA", { qty: null })]);
  world.forget();
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.said("Gate mode").at(-1)?.endsWith(LIVE_PASS), true);
  assertEquals([world.position(), world.changes], [undefined, []]);
  assertEquals(world.stops(), ["10@95 gtc"]);
});

Deno.test("what an exit laid bare gets its stop, though the position can't be parsed by then", async () => {
  const world = new World();
  await world.buy();
  world.exchange.setPrice("NVDA", 106);
  world.onEvent = (event) => {
    if (event.type === "order_answer" && event.op === "cancel") {
      world.setFaults([breakRows(POSITIONS, "NVDA", { qty: "?" })]);
    }
  };
  await world.cycles(2, MINUTE_MS);
  const covered = world.stops().reduce((sum, text) => sum + Number(text.split("@")[0]), 0);
  assertEquals(covered, world.held());
});

/** Under our prefix: each would go into the ledger, which refuses such a value. */
const UNRECORDABLE: { what: string; change: Row }[] = [
  { what: "a fill below 0 USD", change: { filled_avg_price: "-1" } },
  {
    what: "a limit below 0 USD and no fill",
    change: { limit_price: "-3", filled_avg_price: null, filled_qty: "0", status: "new" },
  },
  { what: "a symbol in lower case", change: { symbol: "aapl" } },
  { what: "a symbol with a blank", change: { symbol: " AAPL" } },
  { what: "a symbol of a hundred letters", change: { symbol: "A".repeat(100) } },
  { what: "a time before 1970", change: { updated_at: "1900-01-01T00:00:00Z" } },
  { what: "a time after 9999", change: { updated_at: "9999-12-31T23:59:59-10:00" } },
];
for (const { what, change } of UNRECORDABLE) {
  Deno.test(`an order under our prefix with ${what} is a row that can't be read, and ends no process`, async () => {
    const world = new World();
    await world.buy();
    world.exchange.setPrice("NVDA", 106);
    world.setFaults([addRow("/v2/orders", {
      id: "11111111-2222-4333-8444-555555555555",
      client_order_id: "avwap-20261123-AAPL-other",
      symbol: "AAPL",
      side: "buy",
      type: "market",
      time_in_force: "day",
      status: "filled",
      qty: "10",
      filled_qty: "10",
      filled_avg_price: "100",
      created_at: "2026-11-23T15:00:00Z",
      updated_at: "2026-11-23T15:00:01Z",
      ...change,
    })]);
    await world.cycles(3, MINUTE_MS);
    assertEquals(world.said("Order of ours: order 11111111-").length, 1);
    assertEquals([world.held(), world.ledger.entries.length > 1], [5, true]);
  });
}

Deno.test("there is no entry in a listed symbol that a row spells with a blank", async () => {
  const world = new World({ rows: [AAPL] });
  await world.restart();
  await world.cycle();
  world.setFaults([addRow("/v2/orders", { ...SPREAD, order_class: "", symbol: " aapl" })]);
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.buys("AAPL"), []);
});

Deno.test("an order of ours that can't be parsed and names no symbol puts the symbol of its record in doubt", async () => {
  const world = new World();
  await world.buy();
  const nameless = { symbol: null, side: null };
  world.setFaults([breakRows("/v2/orders", "NVDA", nameless)]);
  world.exchange.setPrice("NVDA", 106);
  world.forget();
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.changes, []);
  assertEquals(world.alerted("NVDA: order").length, 1);
});

Deno.test("an entry whose order can't be parsed is neither absent nor rejected, though its id is not found", async () => {
  const world = new World();
  await world.restart();
  await world.cycle();
  world.setFaults([{
    method: "POST",
    path: "/v2/orders",
    times: 1,
    fault: { kind: "lost_after" },
  }, {
    path: "/v2/orders:by_client_order_id",
    fault: { kind: "status", status: 404, body: '{"code":40410000,"message":"order not found"}' },
  }, breakRows("/v2/orders", "NVDA", { qty: "?" })]);
  await world.cycles(12, 20 * SECOND_MS);
  assertEquals(world.buys().length, 1);
  const [entry] = world.entries();
  assert(entry !== undefined && entry.status !== "rejected", entry?.status);
  assertEquals(entry.notFoundSinceMs, null);
});

const ODD: readonly { readonly what: string; readonly change: Row }[] = [
  { what: "a symbol in small letters", change: { symbol: "aapl" } },
  { what: "a symbol with a blank", change: { symbol: "AAPL " } },
  { what: "a blank for a symbol", change: { symbol: " " } },
  { what: "a symbol of 70 letters", change: { symbol: "A".repeat(70) } },
  { what: "an update in 1960", change: { updated_at: "1960-01-01T00:00:00Z" } },
  { what: "a time in the year 10000", change: { submitted_at: "9999-12-31T23:59:59-05:00" } },
  { what: "a fill below 0", change: { filled_avg_price: "-1" } },
];
for (const { what, change } of ODD) {
  Deno.test(`an order under our prefix with ${what} ends no process: the rest of the day goes on`, async () => {
    const world = new World();
    await world.buy();
    world.exchange.placeByHand({
      symbol: "AAPL",
      qty: "3",
      side: "buy",
      type: "limit",
      limit_price: "50",
      time_in_force: "gtc",
      client_order_id: "avwap-2026-11-23-AAPL-elsewhere-1",
    });
    world.setFaults([breakRows("/v2/orders", "AAPL", change)]);
    world.exchange.setPrice("NVDA", 106);
    await world.cycles(3, MINUTE_MS);
    assertEquals(world.said("Gate mode").at(-1)?.endsWith(LIVE_PASS), true);
    assertEquals([world.held(), world.stops()], [5, ["5@99 gtc"]]);
  });
}

Deno.test("shares that cost less than nothing are adopted like others, and end no process", async () => {
  const world = new World();
  world.exchange.setPosition("NVDA", 10, 100);
  world.setFaults([breakRows(POSITIONS, "NVDA", { avg_entry_price: "-1", cost_basis: "-10" })]);
  await world.restart();
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.position()?.adoptedQty, world.stops()], [10, ["10@95 gtc"]]);
});

Deno.test("an order that came without a client order id in the place of ours is recorded, and ends no process", async () => {
  const world = new World();
  await world.buy();
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  const stop = world.orders((order) => order.stopPriceUsd === 99).at(-1);
  assert(stop !== undefined);
  world.exchange.desk.replace(stop, {
    clientOrderId: null,
    qty: null,
    limitPriceUsd: null,
    stopPriceUsd: 100,
    timeInForce: null,
  });
  const nameless = (rows: readonly Row[]) =>
    rows.map((row) => row["replaces"] === stop.id ? { ...row, client_order_id: null } : row);
  world.setFaults([{ ...rewriteRows("/v2/orders", nameless), ...ORDERS }]);
  await world.cycles(3, MINUTE_MS);
  const heirs = world.ledger.entries.filter((entry) => entry.replaces === stop.id);
  assertEquals(heirs.map((entry) => [entry.clientOrderId, entry.reason]), [[null, "stop"]]);
  assertEquals([world.ledger.mismatches, world.stops()], [0, ["5@100 gtc"]]);
  assertEquals(world.said("Gate mode").at(-1)?.endsWith(LIVE_PASS), true);
});

Deno.test("a ledger of the old pipeline whose order comes without a client order id loads, counts, and ends no process", async () => {
  const world = new World();
  await world.restart();
  world.exchange.placeByHand({
    symbol: "AAPL",
    qty: "3",
    side: "buy",
    type: "limit",
    limit_price: "50",
    time_in_force: "gtc",
  });
  const [order] = world.buys("AAPL");
  const entry = {
    order_id: order?.id,
    symbol: "AAPL",
    notional: 150,
    timestamp: "2026-11-23T15:00:00",
  };
  world.disk.put(
    "/state/live_orders_today.json",
    JSON.stringify({ date_ny: "2026-11-23", entries: [entry] }),
  );
  world.setFaults([breakRows("/v2/orders", "AAPL", { client_order_id: null })]);
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.entries().map((each) => [each.symbol, each.broker?.status]), [
    ["AAPL", "new"],
    ["NVDA", "filled"],
  ]);
});

Deno.test("a ledger that is lost is not rebuilt around an order of ours that can't be parsed", async () => {
  const world = new World();
  await world.buy();
  const entries = world.ledger.entries.length;
  await world.loseLedger();
  await world.restart();
  world.setFaults([breakRows("/v2/orders", "NVDA", { side: null })]);
  world.forget();
  await world.cycles(2, MINUTE_MS);
  assert(world.said("live_orders_today.json is not rebuilt").length > 0);
  world.setFaults([]);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.ledger.entries.length, entries);
});

Deno.test("a state that is lost is not rebuilt without a position of ours that can't be parsed", async () => {
  const world = new World();
  await world.buy();
  world.disk.put(STATE_PATH, "{");
  await world.restart();
  world.setFaults([breakRows(POSITIONS, "NVDA", { qty: null })]);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.disk.textOf(STATE_PATH), "{");
  world.setFaults([]);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.state.positions.map(({ symbol }) => symbol), ["NVDA"]);
});

Deno.test("a first start beside a foreign row that can't be parsed is a first start", async () => {
  const world = new World();
  world.setFaults([addRow(POSITIONS, { ...COINS, qty: "?" })]);
  await world.buy();
  assertEquals(world.held(), 10);
});

Deno.test("a day goes by as ever on answers without what the published documents do not require", async () => {
  const strip = (row: Row): Row => {
    const { updated_at: _1, filled_at: _2, replaces: _3, replaced_by: _4, ...kept } = row;
    const legs = Array.isArray(row["legs"])
      ? row["legs"].map((leg) => ({ ...strip(leg), client_order_id: undefined }))
      : undefined;
    return { ...kept, legs };
  };
  const world = new World();
  world.setFaults([
    { ...rewriteRows("/v2/orders", (rows) => rows.map(strip)), ...ORDERS },
    rewriteRows(POSITIONS, (rows) => rows.map((row) => ({ ...row, qty_available: undefined }))),
  ]);
  await world.buy();
  assertEquals([world.held(), world.stops()], [10, ["10@95 day"]]);
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.held(), world.stops()], [5, ["5@99 gtc"]]);
  world.exchange.setPrice("NVDA", 98);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.held(), world.stops()], [0, []]);
  assertEquals(world.ledger.mismatches, 0);
  assertEquals(world.alerted("Execution error"), []);
});

Deno.test("a row with neither a symbol nor a client order id makes the whole answer unreadable", async () => {
  const world = new World();
  await world.buy();
  world.setFaults([addRow(POSITIONS, { ...COINS, symbol: null })]);
  world.forget();
  await world.cycles(1, MINUTE_MS);
  assert(world.said("reason=positions unavailable (malformed)").length > 0);
});

for (const equity of [undefined, "", "much"]) {
  Deno.test(`an account whose equity is ${JSON.stringify(equity) ?? "absent"} makes no intent, says so once, and lets exits go on`, async () => {
    const world = new World();
    await world.buy();
    world.list([NVDA, AAPL]);
    const rewrite = (body: string) => JSON.stringify({ ...JSON.parse(body), equity });
    world.setFaults([{ path: "/v2/account", fault: { kind: "rewritten", rewrite } }]);
    world.exchange.setPrice("NVDA", 106);
    await world.cycles(3, MINUTE_MS);
    assertEquals(world.said("Account shows no equity").length, 1);
    assertEquals([world.buys("AAPL").length, world.held()], [0, 5]);
  });
}
