import { buildLedgerEntry } from "../../src/domain/order/ledger.ts";
import { buildEmptyLedger } from "../../src/domain/order/reconcile.ts";
import { buildLedgerText } from "../../src/state/ledger_format.ts";
import type { BrokerOrder } from "../../src/domain/order/orders.ts";
import type { BrokerPort } from "../../src/engine/ports.ts";
import { assert, assertEquals } from "../assert.ts";
import {
  AAPL,
  at,
  LEDGER_PATH,
  LIVE_PASS,
  MINUTE_MS,
  NVDA,
  PAPER_HOST,
  SECOND_MS,
  STATE_DIR,
  STATE_PATH,
  World,
} from "./support.ts";

// Each of these was found by reading the engine as somebody who wants to see it place an order it must not.

const TODAY = "2026-11-23";
const TUESDAY = "2026-11-24";

function gate(world: World): string {
  return world.said("Gate mode=").at(-1)?.replace(/^info /, "") ?? "";
}

async function ready(options: ConstructorParameters<typeof World>[0] = {}): Promise<World> {
  const world = new World(options);
  await world.restart();
  await world.cycle();
  world.pass(5 * SECOND_MS);
  world.forget();
  return world;
}

Deno.test("an unresolved order is looked up however many rejected ones stand before it", async () => {
  const world = await ready({ rows: [] });
  const rejected = Array.from({ length: 30 }, (_, index) =>
    buildLedgerEntry({
      symbol: "QQQ",
      notionalUsd: 1,
      timestamp: `${TODAY}T14:40:00.000Z`,
      side: "sell",
      qty: 1,
      clientOrderId: `avwap-${TODAY}-QQQ-x-stop-${index + 1}`,
      status: "rejected",
      reason: "stop",
    }));
  const unknown = buildLedgerEntry({
    symbol: "MSFT",
    notionalUsd: 700,
    timestamp: `${TODAY}T14:50:00.000Z`,
    side: "buy",
    qty: 7,
    clientOrderId: `avwap-${TODAY}-MSFT-x`,
    status: "unknown",
  });
  world.ledger = { ...world.ledger, entries: [...rejected, unknown] };
  await world.cycles(12, 10 * SECOND_MS);
  assert(world.lookUps().length > 0, "never looked up");
  assertEquals(world.entries().map((each) => [each.status, each.reason]), [[
    "rejected",
    "not sent",
  ]]);
});

Deno.test("a fraction bought by hand in a managed symbol does not end the engine", async () => {
  const world = new World();
  await world.buy();
  const [entry] = world.buys();
  assert(entry !== undefined);
  // The operator (or a dividend plan with an order) buys half a share.
  world.exchange.setPosition("NVDA", 10.5, 100);
  const broker = world.engine.ports.broker as { -readonly [K in keyof BrokerPort]: BrokerPort[K] };
  const list = broker.listOrders;
  broker.listOrders = async (query, requestClass) => {
    const listing = await list(query, requestClass);
    const orders = listing.rows;
    if (query.status !== "all") return listing;
    const model = orders.find((each) => each.clientOrderId === entry.clientOrderId);
    if (model === undefined) return listing;
    const byHand: BrokerOrder = {
      ...model,
      orderId: "by-hand",
      clientOrderId: "0b4d2a3c",
      orderClass: "",
      qty: 0.5,
      filledQty: 0.5,
      legs: [],
      submittedAtMs: model.submittedAtMs + SECOND_MS,
    };
    return { ...listing, rows: [...orders, byHand] };
  };
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.position()?.qty, 10);
  // The overnight stop and an exit work for the whole shares.
  world.goTo(at("15:51:00"));
  await world.cycles(2, SECOND_MS);
  assertEquals(world.stops(), ["10@95 gtc"]);
});

Deno.test("two mismatches block LIVE until the ledger is rebuilt, also on the next day", async () => {
  const world = new World();
  await world.buy();
  world.ledger = { ...world.ledger, mismatches: 2 };
  await world.cycles(3, MINUTE_MS);
  assertEquals(
    gate(world),
    "Gate mode=DRY_RUN status=FAIL reason=ledger unavailable (broker mismatch)",
  );
  assertEquals(world.said("error LIVE is locked").length, 1, "once a day");
  world.goTo(at("10:00:30", TUESDAY));
  world.list([AAPL]);
  await world.cycles(2, SECOND_MS);
  assertEquals(
    gate(world),
    "Gate mode=DRY_RUN status=FAIL reason=ledger unavailable (broker mismatch)",
  );
  assertEquals(world.buys("AAPL"), []);
  const said = world.alerted("LIVE is locked").map(({ text }) => text);
  assertEquals(said.length, 2, "each day");
  assert(said.every((text) => text.includes("avwap-execution ledger rebuild --yes")));
});

Deno.test("an old file that names one order twice does not end the engine", async () => {
  const world = new World({ rows: [] });
  await world.restart();
  world.exchange.placeByHand({
    symbol: "MSFT",
    qty: "1",
    side: "buy",
    type: "market",
    time_in_force: "day",
  });
  world.pass(SECOND_MS);
  const [order] = world.orders();
  const entry = {
    order_id: order?.id,
    symbol: "MSFT",
    notional: 100,
    timestamp: `${TODAY}T14:59:00+00:00`,
  };
  world.disk.put(LEDGER_PATH, JSON.stringify({ date_ny: TODAY, entries: [entry, entry] }));
  await world.cycles(2, MINUTE_MS);
  assert(gate(world) !== "");
});

Deno.test("an order with our prefix for a fraction is a mismatch, not the engine's end", async () => {
  const world = new World();
  await world.buy();
  const broker = world.engine.ports.broker as { -readonly [K in keyof BrokerPort]: BrokerPort[K] };
  const list = broker.listOrders;
  broker.listOrders = async (query, requestClass) => {
    const listing = await list(query, requestClass);
    const orders = listing.rows;
    const [model] = orders;
    if (query.status !== "all" || query.symbols !== undefined || model === undefined) {
      return listing;
    }
    return {
      ...listing,
      rows: [...orders, {
        ...model,
        orderId: "notional",
        clientOrderId: `avwap-${TODAY}-QQQ-9`,
        symbol: "QQQ",
        orderClass: "",
        status: "new",
        qty: null,
        filledQty: 0,
        filledAvgPriceUsd: null,
        legs: [],
      }],
    };
  };
  await world.cycles(1, MINUTE_MS);
  assertEquals(
    gate(world),
    "Gate mode=DRY_RUN status=FAIL reason=ledger unavailable (broker mismatch)",
  );
});

Deno.test("an absurd target costs its own entry, not the engine", async () => {
  const world = await ready({ rows: [{ ...NVDA, r2Usd: 1e305 }, AAPL] });
  await world.cycles(2, SECOND_MS);
  assertEquals(world.buys("AAPL").length, 1);
});

Deno.test("no look-up with another account's keys, in the first cycle too", async () => {
  const world = new World();
  await world.buy();
  world.exchange.behaviour.visibilityDelayMs = 0;
  // The same files under keys of another account at the same host, a moment later.
  world.ledger = {
    ...world.ledger,
    accountId: "somebody-else",
    entries: [
      ...world.ledger.entries,
      buildLedgerEntry({
        symbol: "QQQ",
        notionalUsd: 1,
        timestamp: new Date(world.nowMs - 5000).toISOString(),
        side: "buy",
        qty: 1,
        clientOrderId: `avwap-${TODAY}-QQQ-x`,
        status: "accepted",
        orderId: "theirs",
      }),
    ],
  };
  await world.restart();
  world.forget();
  await world.cycle();
  assertEquals(
    gate(world),
    "Gate mode=DRY_RUN status=FAIL reason=invalid configuration (ALPACA_PAPER)",
  );
  assertEquals(world.lookUps(), []);
});

Deno.test("no look-up with another account's keys while the account can't be read", async () => {
  const world = new World();
  await world.buy();
  world.ledger = {
    ...world.ledger,
    accountId: "somebody-else",
    entries: [
      ...world.ledger.entries,
      buildLedgerEntry({
        symbol: "QQQ",
        notionalUsd: 1,
        timestamp: new Date(world.nowMs - 5000).toISOString(),
        side: "buy",
        qty: 1,
        clientOrderId: `avwap-${TODAY}-QQQ-x`,
        status: "accepted",
        orderId: "theirs",
      }),
    ],
  };
  await world.restart();
  world.setFaults([{ path: "/v2/account", fault: { kind: "status", status: 503 } }]);
  world.forget();
  await world.cycle();
  assertEquals(world.lookUps(), []);
});

Deno.test("a ledger that could not be read at the reconciliation blocks LIVE for the cycle", async () => {
  const world = await ready();
  let reads = 0;
  let isDone = false;
  world.disk.fault = (step) => {
    if (isDone || step.path !== LEDGER_PATH || !step.op.startsWith("read")) return null;
    reads++;
    // The first read in a cycle is the reconciliation's.
    if (reads !== 1) return null;
    isDone = true;
    return "input/output error";
  };
  await world.cycle();
  assert(isDone);
  assertEquals(world.said("error live_orders_today.json is not rebuilt").length, 1);
  assertEquals(
    gate(world),
    "Gate mode=DRY_RUN status=FAIL reason=ledger unavailable (ledger unreadable)",
  );
  assertEquals(world.buys(), []);
});

Deno.test("what the operator adds to the ledger during a look-up is not lost", async () => {
  const world = await ready({ rows: [] });
  const entry = (symbol: string) =>
    buildLedgerEntry({
      symbol,
      notionalUsd: 700,
      timestamp: `${TODAY}T14:50:00.000Z`,
      side: "buy",
      qty: 7,
      clientOrderId: `avwap-${TODAY}-${symbol}-x`,
      status: "unknown",
    });
  world.ledger = { ...world.ledger, entries: [entry("MSFT")] };
  const broker = world.engine.ports.broker as { -readonly [K in keyof BrokerPort]: BrokerPort[K] };
  const lookUp = broker.lookUp;
  let isEdited = false;
  broker.lookUp = async (id, requestClass) => {
    const found = await lookUp(id, requestClass);
    if (!isEdited) {
      isEdited = true;
      const { ledger } = world;
      world.putLedgerFile({ ...ledger, entries: [...ledger.entries, entry("TSLA")] });
    }
    return found;
  };
  await world.cycle();
  assertEquals(world.ledger.entries.map((each) => each.symbol), ["MSFT", "TSLA"]);
  await world.cycle();
  assertEquals(world.state.ledger?.entries.map((each) => each.symbol), ["MSFT", "TSLA"]);
  assertEquals(world.ledger.entries.map((each) => each.symbol), ["MSFT", "TSLA"]);
});

Deno.test("the notional is counted with the latest trade of the moment the order leaves", async () => {
  const world = await ready({ rows: [AAPL, { ...NVDA, r2Usd: 400 }] });
  let isFirst = true;
  world.onEvent = (event) => {
    if (event.type !== "order_request" || !isFirst) return;
    isFirst = false;
    // While the first entry's request hangs, the second symbol runs away.
    world.exchange.setPrice("NVDA", 250);
  };
  world.setFaults([{ method: "POST", path: "/v2/orders", times: 1, fault: { kind: "hang" } }]);
  await world.cycle();
  world.pass(SECOND_MS);
  // 10 shares at 250 are 2,500 USD, and the cap of a symbol is 2,000.
  assertEquals(world.buys("NVDA").map((order) => `${order.qty} ${order.status}`), []);
  assertEquals(world.said("Gate FAIL NVDA: max symbol notional reached").length, 1);
});

Deno.test("a stop that the broker keeps refusing does not fill the ledger", async () => {
  const world = new World();
  await world.buy();
  world.exchange.behaviour.refuseOrder = ({ side, type }) =>
    side === "sell" && type === "stop"
      ? {
        status: 403,
        headers: {},
        body: '{"code":40310000,"message":"account is not authorized"}',
      }
      : null;
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(60, 5 * SECOND_MS);
  assert(world.entries("stop").length < 10, `${world.entries("stop").length} records`);
});

Deno.test("an entry that the broker rejected, found by look-up, is said as an error", async () => {
  const world = await ready();
  world.exchange.behaviour.rejectsLater = () => true;
  world.setFaults([{
    method: "POST",
    path: "/v2/orders",
    times: 1,
    fault: { kind: "hang", isAccepted: true },
  }]);
  await world.cycles(2, SECOND_MS);
  assertEquals(world.entries().map((e) => e.status)[0], "rejected");
  assert(world.said("error ").length > 0);
});

Deno.test("an order of ours that was recorded before it had a price counts with its fill", async () => {
  const world = await ready({ rows: [] });
  await world.restart({ MAX_LIVE_GROSS_NOTIONAL: "1500" });
  world.exchange.halt("QQQ");
  world.exchange.placeByHand({
    symbol: "QQQ",
    qty: "10",
    side: "buy",
    type: "market",
    time_in_force: "day",
    client_order_id: `avwap-${TODAY}-QQQ-1`,
  });
  await world.cycles(1, MINUTE_MS);
  world.exchange.resume("QQQ");
  await world.cycles(1, MINUTE_MS);
  world.list([NVDA]);
  await world.cycles(2, MINUTE_MS);
  // 1,000 USD of QQQ and 1,000 USD of NVDA are over the cap of 1,500.
  assertEquals(world.entries().map((each) => [each.symbol, each.notionalUsd]), [["QQQ", 1000]]);
  assertEquals(world.buys("NVDA").length, 0);
});

Deno.test("a state in whose place a directory stands keeps LIVE blocked, by its own reason", async () => {
  const world = new World();
  await world.buy();
  await world.disk.remove(STATE_PATH);
  world.disk.putDir(`${STATE_PATH}/x`);
  await world.restart();
  await world.cycles(3, MINUTE_MS);
  assertEquals(
    gate(world),
    "Gate mode=DRY_RUN status=FAIL reason=ledger unavailable (state unreadable)",
  );
});

Deno.test("shares bought by hand after an entry that never filled are not ours, though the state was lost", async () => {
  const world = await ready({ rows: [NVDA] });
  world.exchange.halt("NVDA");
  await world.cycle();
  const [entry] = world.buys();
  assert(entry !== undefined);
  // The day ends; the entry expires unfilled.
  await world.cycles(1, MINUTE_MS);
  world.list([]);
  world.goTo(at("16:05:00"));
  await world.cycle();
  world.goTo(at("09:31:00", TUESDAY));
  world.list([]);
  world.exchange.resume("NVDA");
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.position(), world.held()], [undefined, 0]);
  world.exchange.placeByHand({
    symbol: "NVDA",
    qty: "3",
    side: "buy",
    type: "market",
    time_in_force: "day",
  });
  world.pass(SECOND_MS);
  await world.disk.remove(STATE_PATH);
  await world.restart();
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.held(), 3);
  assertEquals(world.position(), undefined);
  assertEquals(world.stops(), []);
});

Deno.test("shares bought by hand after an entry that was cancelled unfilled are not ours", async () => {
  const world = await ready();
  world.exchange.halt("NVDA");
  await world.cycle();
  const [entry] = world.buys();
  assert(entry !== undefined);
  world.list([]);
  world.exchange.desk.cancel(entry);
  world.pass(SECOND_MS);
  world.exchange.resume("NVDA");
  world.exchange.placeByHand({
    symbol: "NVDA",
    qty: "3",
    side: "buy",
    type: "market",
    time_in_force: "day",
  });
  world.pass(SECOND_MS);
  await world.cycles(2, MINUTE_MS);
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.held(), world.sells(), world.stops()], [3, [], []]);
  assertEquals(world.position(), undefined);
});

Deno.test("one wrong date in the broker's clock does not turn the ledger", async () => {
  const world = new World();
  await world.buy();
  world.exchange.behaviour.clockSkewMs = 86_400_000;
  await world.cycles(1, MINUTE_MS);
  world.exchange.behaviour.clockSkewMs = 0;
  await world.cycles(3, MINUTE_MS);
  assertEquals(gate(world), LIVE_PASS);
});

Deno.test("a trim and a stop exit of a position with a fraction sell whole shares", async () => {
  const world = new World();
  await world.buy();
  const [entry] = world.buys();
  world.exchange.setPosition("NVDA", 10.5, 100);
  const broker = world.engine.ports.broker as { -readonly [K in keyof BrokerPort]: BrokerPort[K] };
  const list = broker.listOrders;
  broker.listOrders = async (query, requestClass) => {
    const listing = await list(query, requestClass);
    const orders = listing.rows;
    const model = orders.find((each) => each.clientOrderId === entry?.clientOrderId);
    if (query.status !== "all" || model === undefined) return listing;
    return {
      ...listing,
      rows: [...orders, {
        ...model,
        orderId: "by-hand",
        clientOrderId: "0b4d2a3c",
        orderClass: "",
        qty: 0.5,
        filledQty: 0.5,
        legs: [],
        submittedAtMs: model.submittedAtMs + SECOND_MS,
      }],
    };
  };
  await world.cycles(2, MINUTE_MS);
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.sells(), world.stops(), world.held()], [["5 filled"], ["5@99 gtc"], 5.5]);
  world.exchange.setPrice("NVDA", 98);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.held(), 0.5);
});

Deno.test("a status that this program does not know is said", async () => {
  const world = new World();
  world.exchange.behaviour.shownStatus = (order) =>
    order.side === "buy" ? "under_review" : order.status;
  await world.restart();
  await world.cycles(4, 10 * SECOND_MS);
  assert(world.said("under_review").length > 0);
});

Deno.test("one wrong answer of the broker's clock does not make 60 s of 404 out of 15", async () => {
  const world = await ready();
  // The broker takes the order, its answer is lost, and lists and look-ups do not show it for 45 s.
  world.exchange.halt("NVDA");
  world.exchange.behaviour.visibilityDelayMs = 45 * SECOND_MS;
  world.setFaults([{
    method: "POST",
    path: "/v2/orders",
    times: 1,
    fault: { kind: "hang", isAccepted: true },
  }]);
  await world.cycle();
  await world.cycles(1, 9 * SECOND_MS); // The first 404 behind the deadline.
  // One answer is ahead by 90 s. The repeat is refused (system clock), so the entry is settled as not sent.
  world.exchange.behaviour.clockSkewMs = 90_000;
  await world.cycles(1, 5 * SECOND_MS);
  world.exchange.behaviour.clockSkewMs = 0;
  await world.cycles(6, 10 * SECOND_MS);
  assertEquals(world.buys().map((order) => order.qty), [10]);
});

Deno.test("a missing ledger is not rebuilt from another account's archive", async () => {
  const world = new World({ rows: [] });
  const theirs = buildLedgerText({
    ...buildEmptyLedger("2026-11-20"),
    host: PAPER_HOST,
    accountId: "somebody-else",
    entries: [buildLedgerEntry({
      symbol: "QQQ",
      notionalUsd: 700,
      timestamp: "2026-11-20T15:00:00.000Z",
      side: "buy",
      qty: 7,
      clientOrderId: "avwap-2026-11-20-QQQ-x",
      status: "unknown",
    })],
  });
  world.disk.put(`${STATE_DIR}/archive/live_orders_2026-11-20.json`, theirs);
  await world.restart();
  await world.cycles(3, 10 * SECOND_MS);
  assertEquals(world.lookUps(), []);
  assertEquals(world.disk.textOf(LEDGER_PATH), null);
});
