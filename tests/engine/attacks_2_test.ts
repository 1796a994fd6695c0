import type { BrokerPort, EngineConfig, MarketDataPort } from "../../src/engine/ports.ts";
import { assert, assertEquals } from "../assert.ts";
import { buildLedgerEntry } from "../../src/domain/order/ledger.ts";
import type { BrokerOrder } from "../../src/domain/order/orders.ts";
import { at, LIVE_PASS, MINUTE_MS, SECOND_MS, World } from "./support.ts";

// A second hostile reading: what the repairs of the first one broke, and what it did not reach.

const TODAY = "2026-11-23";
const TUESDAY = "2026-11-24";

function gate(world: World): string {
  return world.said("Gate mode=").at(-1)?.replace(/^info /, "") ?? "";
}

/** A process that a timer starts for one cycle. */
async function runOnce(world: World): Promise<void> {
  await world.restart();
  const ports = world.engine.ports as { config: EngineConfig };
  ports.config = { ...ports.config, isRunOnce: true };
  await world.cycle();
}

Deno.test("a timer's one cycle a process turns the day where the host's clock is off", async () => {
  const world = new World();
  await world.buy();
  world.goTo(at("09:35:00", TUESDAY));
  world.list([]);
  // The host is 45 s behind: entries are refused, exits and protection go on.
  world.exchange.behaviour.clockSkewMs = 45_000;
  for (let run = 0; run < 3; run++) {
    world.pass(MINUTE_MS);
    await runOnce(world);
  }
  assertEquals(gate(world), LIVE_PASS);
  assertEquals(world.ledger.dateNy, TUESDAY);
});

Deno.test("one wrong date in a timer's process does not turn the ledger", async () => {
  const world = new World();
  await world.buy();
  world.exchange.behaviour.clockSkewMs = 86_400_000;
  await runOnce(world);
  world.exchange.behaviour.clockSkewMs = 0;
  await runOnce(world);
  assertEquals([gate(world), world.ledger.dateNy], [LIVE_PASS, TODAY]);
});

Deno.test("a day that is not turned at the first look is looked at again soon", async () => {
  const world = new World();
  await world.buy();
  world.goTo(at("09:35:00", TUESDAY));
  world.list([]);
  world.exchange.behaviour.clockSkewMs = 45_000;
  await world.cycle();
  const nowMs = world.engine.nowMs();
  assert(world.engine.wakeAtMs.some((ms) => ms - nowMs < 15 * SECOND_MS));
});

Deno.test("what the closed market would stop is not recorded again and again", async () => {
  const world = new World({ startMs: at("17:00:00") });
  await world.restart({ EXEC_V2_IGNORE_MARKET_HOURS: "1" });
  const data = world.engine.ports.marketData as {
    -readonly [K in keyof MarketDataPort]: MarketDataPort[K];
  };
  data.listBars = () => {
    const startMs = Math.floor(world.nowMs / 600_000) * 600_000;
    const bars = [startMs - 1_200_000, startMs - 600_000]
      .map((barMs) => ({ startMs: barMs, closeUsd: 100 }));
    const rows = new Map([["NVDA", bars]]);
    return Promise.resolve({ kind: "answered", rows, malformed: [] });
  };
  data.listLatestTrades = () => {
    const rows = new Map([["NVDA", { priceUsd: 100, atMs: world.nowMs }]]);
    return Promise.resolve({ kind: "answered", rows, malformed: [] });
  };
  await world.cycles(20, MINUTE_MS);
  assertEquals(gate(world), LIVE_PASS);
  assert(world.events.filter((event) => event.type === "intent").length > 10);
  assertEquals(world.said("SKIP NVDA: market closed").length, 1);
  assertEquals(world.ledger.entries.length, 0);
});

/** The broker lists one order more for the day: the first one, with this changed. */
function listOneMore(world: World, change: Partial<BrokerOrder>): void {
  const broker = world.engine.ports.broker as { -readonly [K in keyof BrokerPort]: BrokerPort[K] };
  const list = broker.listOrders;
  broker.listOrders = async (query, requestClass) => {
    const listing = await list(query, requestClass);
    const orders = listing.rows;
    const [model] = orders;
    if (query.status !== "all" || query.symbols !== undefined || model === undefined) {
      return listing;
    }
    return { ...listing, rows: [...orders, { ...model, orderClass: "", legs: [], ...change }] };
  };
}

Deno.test("an order with our prefix that names the price 0 does not end the engine", async () => {
  const world = new World();
  await world.buy();
  listOneMore(world, {
    orderId: "zero",
    clientOrderId: `avwap-${TODAY}-QQQ-9`,
    symbol: "QQQ",
    stopPriceUsd: 0,
    limitPriceUsd: 0,
  });
  await world.cycles(1, MINUTE_MS);
  assertEquals(
    gate(world),
    "Gate mode=DRY_RUN status=FAIL reason=ledger unavailable (broker mismatch)",
  );
});

Deno.test("two orders at the broker with one client order id do not end the engine", async () => {
  const world = new World();
  await world.buy();
  listOneMore(world, { orderId: "second" });
  await world.cycles(1, MINUTE_MS);
  assertEquals(
    gate(world),
    "Gate mode=DRY_RUN status=FAIL reason=ledger unavailable (broker mismatch)",
  );
  // Recorded and counted, and no mismatch again.
  await world.cycles(1, MINUTE_MS);
  assertEquals([gate(world), world.entries().length], [LIVE_PASS, 2]);
});

Deno.test("nothing of a state is given up while nobody knows whose account the keys open", async () => {
  const world = new World();
  await world.buy();
  const { positions } = world.state;
  // Another account's keys: there the symbol was bought and sold too.
  const target = world.orders((order) => order.side === "sell" && order.limitPriceUsd !== null)[0];
  assert(target !== undefined);
  world.exchange.desk.cancel(target);
  world.ledger = { ...world.ledger, accountId: "somebody-else" };
  world.state = { ...world.state, accountId: "somebody-else" };
  world.pass(SECOND_MS);
  world.exchange.placeByHand({
    symbol: "NVDA",
    qty: "10",
    side: "sell",
    type: "market",
    time_in_force: "day",
  });
  world.pass(SECOND_MS);
  await world.restart();
  world.setFaults([{ path: "/v2/account", fault: { kind: "status", status: 503 } }]);
  await world.cycle();
  assertEquals(world.state.positions, positions);
});

for (const path of ["/v2/clock", "/v2/account"]) {
  Deno.test(`no stop is put back at another account, also while ${path} does not answer`, async () => {
    const world = new World();
    await world.buy();
    const [entry] = world.buys();
    const target = world.orders((order) =>
      order.side === "sell" && order.limitPriceUsd !== null
    )[0];
    assert(entry !== undefined && target !== undefined);
    // Another account's keys: it holds the same symbol, and no stop of ours belongs there.
    world.exchange.desk.cancel(target);
    world.pass(SECOND_MS);
    world.state = { ...world.state, accountId: "somebody-else" };
    const unresolved = buildLedgerEntry({
      symbol: "NVDA",
      notionalUsd: 950,
      timestamp: new Date(world.nowMs - 2 * MINUTE_MS).toISOString(),
      side: "sell",
      qty: 10,
      clientOrderId: `${entry.clientOrderId}-stop-1`,
      reason: "stop",
      stopUsd: 95,
      positionId: entry.clientOrderId,
      attempt: 1,
      status: "unknown",
    });
    const { entries } = world.ledger;
    world.ledger = {
      ...world.ledger,
      accountId: "somebody-else",
      entries: [...entries, unresolved],
    };
    await world.restart();
    world.forget();
    const fault = { path, fault: { kind: "status", status: 503 } } as const;
    if (path === "/v2/account") world.setFaults([fault]);
    await world.cycle();
    world.setFaults([fault]);
    await world.cycles(2, MINUTE_MS);
    assertEquals([world.changes, world.lookUps()], [[], []]);
  });
}

Deno.test("an entry taken out of the ledger in the middle of a cycle does not make room for a second one", async () => {
  const world = new World();
  await world.buy();
  world.exchange.setPrice("NVDA", 112); // The take-profit sells all.
  await world.cycles(2, MINUTE_MS);
  world.exchange.setPrice("NVDA", 100);
  world.pass(25 * MINUTE_MS);
  world.forget();
  world.onEvent = (event) => {
    if (event.type === "gate") world.ledger = { ...world.ledger, entries: [] };
  };
  await world.cycles(2, MINUTE_MS);
  assert(world.events.some((event) => event.type === "gate"));
  assertEquals([world.buys().length, world.said("INTENT NVDA")], [1, []]);
});
