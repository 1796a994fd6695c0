import { assert, assertEquals } from "../assert.ts";
import { AAPL, at, MINUTE_MS, SECOND_MS, World } from "./support.ts";

const DOWN = { kind: "status", status: 503 } as const;

const BELOW_MARKET = {
  kind: "status",
  status: 422,
  body: '{"code":42210000,"message":"stop price must be less than current price"}',
} as const;
const NOT_AUTHORIZED = {
  kind: "status",
  status: 403,
  body: '{"code":40310000,"message":"account not authorized"}',
} as const;

async function bought(): Promise<World> {
  const world = new World();
  await world.buy();
  return world;
}

/** 5 shares left, `5@99 gtc` rests. */
async function trimmed(): Promise<World> {
  const world = await bought();
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  world.forget();
  return world;
}

async function startLive(world: World): Promise<void> {
  await world.restart({ DRY_RUN: "1" });
  await world.cycle();
  await world.restart({ DRY_RUN: "0" });
  world.pass(5 * SECOND_MS);
}

/** 10 AAPL of somebody else with these sells, adopted. */
async function adopted(...bodies: Readonly<Record<string, string>>[]): Promise<World> {
  const world = new World({ rows: [AAPL] });
  world.exchange.setPosition("AAPL", 10, 100);
  for (const body of bodies) {
    world.exchange.placeByHand({ symbol: "AAPL", side: "sell", ...body });
  }
  world.pass(SECOND_MS);
  await startLive(world);
  await world.cycles(2, 5 * SECOND_MS);
  assert(world.position("AAPL") !== undefined);
  world.forget();
  return world;
}

function covered(world: World, symbol = "NVDA"): number {
  return world.stops(symbol).reduce((sum, text) => sum + Number(text.split("@")[0]), 0);
}

for (const left of [0.5, 5.5]) {
  Deno.test(`a foreign sell of a fraction (${left} shares) beside our stop does not end the engine`, async () => {
    const world = await trimmed();
    world.exchange.setPosition("NVDA", 12, 100);
    world.exchange.placeByHand({
      symbol: "NVDA",
      qty: "7",
      side: "sell",
      type: "limit",
      limit_price: "200",
      time_in_force: "day",
    });
    const [order] = world.orders((each) => each.limitPriceUsd === 200);
    assert(order !== undefined);
    order.qty = left;
    world.exchange.setPosition("NVDA", 5.5, 100); // 0.5 more by hand, and on sale by hand
    let crashes = 0;
    for (let turn = 0; turn < 4; turn++) {
      world.pass(MINUTE_MS);
      await world.cycle().catch(async () => {
        crashes++;
        await world.restart(); // As the service manager does.
      });
    }
    assertEquals(crashes, 0);
    assertEquals(covered(world) + left >= 5, true);
  });
}

Deno.test("the overnight stop where positions can't be read is for all that was cancelled", async () => {
  const world = await adopted(
    { qty: "4", type: "stop", stop_price: "95", time_in_force: "gtc" },
    { qty: "6", type: "stop", stop_price: "95", time_in_force: "day" },
  );
  world.goTo(at("15:51"));
  world.onEvent = (event) => {
    if (event.type !== "order_answer" || event.op !== "cancel") return;
    world.setFaults([{ path: "/v2/positions", fault: DOWN }]);
  };
  await world.cycle();
  assertEquals([world.held("AAPL"), world.stops("AAPL")], [10, ["4@95 gtc", "6@95 gtc"]]);
});

Deno.test("a foreign sell that sold a fraction before the adoption does not end the engine", async () => {
  const world = new World({ rows: [AAPL] });
  world.exchange.behaviour.partialFills = (order) =>
    order.type === "limit" ? [{ afterMs: 0, qty: 0.5 }] : null;
  world.exchange.setPosition("AAPL", 10.5, 100);
  world.exchange.placeByHand({
    symbol: "AAPL",
    qty: "2",
    side: "sell",
    type: "limit",
    limit_price: "99",
    time_in_force: "gtc",
  });
  world.pass(5 * SECOND_MS);
  assertEquals(world.held("AAPL"), 10);
  await startLive(world);
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.position("AAPL")?.qty, 10);
});

Deno.test("a foreign sell that sells a fraction while it is cancelled for an exit does not end the engine", async () => {
  const world = await trimmed();
  world.exchange.behaviour.isWashTradeChecked = false;
  world.exchange.placeByHand({
    symbol: "NVDA",
    qty: "1",
    side: "buy",
    type: "market",
    time_in_force: "day",
  });
  world.pass(SECOND_MS);
  world.exchange.behaviour.isWashTradeChecked = true;
  const buy = world.buys()[1];
  assert(buy !== undefined);
  buy.qty = 0.5;
  buy.filledQty = 0.5;
  world.exchange.setPosition("NVDA", 12, 100);
  world.exchange.placeByHand({
    symbol: "NVDA",
    qty: "7",
    side: "sell",
    type: "limit",
    limit_price: "200",
    time_in_force: "day",
  });
  const [order] = world.orders((each) => each.limitPriceUsd === 200);
  assert(order !== undefined);
  order.qty = 0.5;
  world.exchange.setPosition("NVDA", 5.5, 100);
  world.exchange.behaviour.cancelOutcome = (each) => each.id === order.id ? "filled" : "canceled";
  world.engine.updateState({
    positions: world.engine.state.positions.map((each) => ({ ...each, costBasisUsd: 550 })),
  });
  world.exchange.setPrice("NVDA", 111);
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.held() <= 5, covered(world) > 0], [true, true]);
});

Deno.test("the high is observed where open orders can't be read", async () => {
  const world = await bought();
  world.exchange.setPrice("NVDA", 104);
  world.setFaults([{ path: "/v2/orders", contains: "status=open", fault: DOWN }]);
  await world.cycles(1, MINUTE_MS);
  world.setFaults([]);
  world.exchange.setPrice("NVDA", 100);
  await world.cycles(1, MINUTE_MS);
  assertEquals(world.position()?.highWaterUsd, 104);
});

Deno.test("while not LIVE the last call comes though open orders can't be read just then", async () => {
  const world = await bought();
  world.disk.put("/state/KILL_SWITCH", "");
  await world.cycles(2, MINUTE_MS);
  world.goTo(at("15:30"));
  await world.cycle();
  world.forget();
  world.setFaults([{ path: "/v2/orders", contains: "status=open", fault: DOWN }]);
  world.goTo(at("15:41"));
  await world.cycles(8, 2 * MINUTE_MS);
  assert(world.alerted("Position without stop").length > 0);
});

Deno.test("positions that lag a second behind a fill: half of what is left is sold at R2, not all", async () => {
  const world = await bought();
  const { broker } = world.engine.ports;
  const { listPositions } = broker;
  let stale: Awaited<ReturnType<typeof listPositions>> | null = null;
  let staleUntilMs = 0;
  world.onEvent = (event) => {
    if (event.type === "order_request" && event.op === "sell" && staleUntilMs === 0) {
      staleUntilMs = world.nowMs + 1500;
    }
  };
  Object.assign(broker, {
    listPositions: async (requestClass: "read" | "protect") => {
      const answer = await listPositions(requestClass);
      if (staleUntilMs === 0) stale = answer;
      return world.nowMs < staleUntilMs && stale !== null ? stale : answer;
    },
  });
  for (const leg of world.orders((each) => each.parent !== null)) world.exchange.desk.cancel(leg);
  world.pass(SECOND_MS);
  await world.cycle();
  assertEquals(world.stops(), ["10@95 gtc"]);
  world.exchange.behaviour.fillLatencyMs = 1;
  world.exchange.setPrice("NVDA", 112);
  world.pass(MINUTE_MS);
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.sells(), world.held()], [["5 filled", "2 filled"], 3]);
});

Deno.test("a close whose sell is refused does not cost the lower stop that rested", async () => {
  const world = await adopted({
    qty: "10",
    type: "stop",
    stop_price: "95",
    time_in_force: "gtc",
  });
  assertEquals(world.stops("AAPL"), ["10@95 gtc"]);
  const position = world.position("AAPL");
  assert(position !== undefined);
  world.engine.putPosition({ ...position, stopUsd: 97 });
  world.setFaults([
    { method: "POST", contains: "stop_exit", fault: NOT_AUTHORIZED },
    { method: "POST", contains: '"97.00"', fault: BELOW_MARKET },
    { method: "PATCH", fault: BELOW_MARKET },
  ]);
  world.exchange.setPrice("AAPL", 96);
  await world.cycles(4, MINUTE_MS);
  assertEquals([world.held("AAPL"), covered(world, "AAPL")], [10, 10]);
});

for (const status of [401, 403, 429]) {
  Deno.test(`a cancel that is refused by ${status}, not for the order, is followed by no other one`, async () => {
    const world = await adopted(
      { qty: "4", type: "stop", stop_price: "95", time_in_force: "gtc" },
      { qty: "6", type: "stop", stop_price: "95", time_in_force: "day" },
    );
    const body = '{"message": "forbidden."}';
    world.setFaults([{ method: "DELETE", fault: { kind: "status", status, body } }]);
    world.exchange.setPrice("AAPL", 106);
    await world.cycle();
    const asked = world.sent.filter((each) => each.method === "DELETE").map((each) => each.path);
    assertEquals(new Set(asked).size, 1, asked.join(", "));
    assertEquals(world.stops("AAPL"), ["4@95 gtc", "6@95 day"]);
    world.setFaults([]);
    await world.cycles(1, 10 * SECOND_MS);
    assertEquals([world.held("AAPL"), world.stops("AAPL")], [5, ["5@99 gtc"]]);
  });
}
