import { assert, assertEquals } from "../assert.ts";
import type { Fault } from "../simulator/faults.ts";
import { AAPL, at, LIVE_PASS, MINUTE_MS, NVDA, SECOND_MS, World } from "./support.ts";

/** Somebody else's shares in a symbol, with the ledger made and the gate LIVE. */
async function holdForeign(
  { symbol = "AAPL", qty = 10, rows = [AAPL], environment = {} as Record<string, string> } = {},
): Promise<World> {
  const world = new World({ rows });
  world.exchange.setPosition(symbol, qty, 100);
  await world.restart({ DRY_RUN: "1" });
  await world.cycle();
  await world.restart({ DRY_RUN: "0", ...environment });
  world.forget();
  world.pass(5 * SECOND_MS);
  return world;
}

Deno.test("what the engine bought is managed, and stays so when it leaves the list", async () => {
  const world = new World();
  await world.buy();
  assertEquals([world.held(), world.position()?.qty], [10, 10]);
  world.list([AAPL]);
  world.exchange.setPrice("AAPL", 50);
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.sells(), ["5 filled"]);
  assertEquals(world.position()?.isTrimmedR1, true);
});

Deno.test("a position bought in a cycle whose end was lost is taken in from the ledger", async () => {
  const world = new World();
  await world.buy();
  world.state = { ...world.state, positions: [] };
  await world.restart();
  await world.cycles(1, MINUTE_MS);
  assertEquals(world.position()?.qty, 10);
  assertEquals(world.position()?.stopUsd, 95);
  assertEquals(world.changes, []);
});

Deno.test("a listed position of somebody else is adopted with a warning and only protected", async () => {
  const world = await holdForeign();
  world.exchange.setPrice("AAPL", 106); // At R1: a trim is due, but not in this cycle.
  await world.cycle();
  assertEquals(world.stops("AAPL"), ["10@95 gtc"]);
  assertEquals(world.sells("AAPL"), []);
  assertEquals(world.said("warn AAPL adopted: 10 shares").length, 1);
  assertEquals(world.alerted("AAPL adopted").map((each) => each.level), ["WARNING"]);
  await world.cycles(1, MINUTE_MS);
  assertEquals(world.sells("AAPL"), ["5 filled"]);
  assertEquals(world.stops("AAPL"), ["5@99 gtc"]);
  assertEquals(world.alerted("AAPL adopted").length, 1);
});

const unadoptable: {
  readonly when: string;
  readonly change: Parameters<typeof holdForeign>[0];
  readonly priceUsd?: number;
}[] = [
  { when: "it is not on today's list", change: { rows: [NVDA] } },
  {
    when: "it is on the list as a short",
    change: { rows: [{ ...AAPL, direction: "Short" }, NVDA] },
  },
  { when: "the allowlist lacks it", change: { environment: { ALLOWLIST_SYMBOLS: "NVDA" } } },
  { when: "it is short", change: { qty: -10 } },
  { when: "it is less than a share", change: { qty: 0.5 } },
  {
    when: "it is worth more than two entries may be",
    change: { environment: { MAX_LIVE_NOTIONAL_PER_SYMBOL: "499.99" } },
  },
  { when: "its price is at the stop", change: {}, priceUsd: 95 },
  { when: "its price is below the stop", change: {}, priceUsd: 90 },
];
for (const { when, change, priceUsd } of unadoptable) {
  Deno.test(`a position of somebody else is foreign when ${when}`, async () => {
    const world = await holdForeign(change);
    const heldQty = world.held("AAPL");
    if (priceUsd !== undefined) world.exchange.setPrice("AAPL", priceUsd);
    await world.cycles(3, MINUTE_MS);
    assert(world.said(LIVE_PASS).length > 0);
    assertEquals(world.position("AAPL"), undefined);
    assertEquals(world.orders((order) => order.symbol === "AAPL"), []);
    assertEquals([world.held("AAPL"), heldQty], [heldQty, heldQty]);
    assertEquals(world.alerted("Adopted").length, 0);
  });
}

Deno.test("a position whose price is not known is not adopted", async () => {
  const world = await holdForeign();
  world.setFaults([{ path: "/v2/stocks/trades/latest", fault: { kind: "status", status: 500 } }]);
  await world.cycle();
  assertEquals([world.position("AAPL"), world.changes], [undefined, []]);
});

Deno.test("nothing is adopted with a stale list, and nothing outside LIVE", async () => {
  const world = await holdForeign();
  world.disk.put(
    "/scan/daily_candidates.csv",
    world.disk.textOf("/scan/daily_candidates.csv") ?? "",
    {
      modifiedAtMs: world.nowMs - 86_400_000,
    },
  );
  await world.cycles(2, SECOND_MS);
  assertEquals(world.position("AAPL"), undefined);
  world.list([AAPL]);
  world.disk.put("/state/KILL_SWITCH", "");
  await world.cycles(2, SECOND_MS);
  assertEquals([world.position("AAPL"), world.changes], [undefined, []]);
});

Deno.test("in DRY_RUN a position to adopt gets the lines that its exits would have", async () => {
  const world = await holdForeign({ environment: { DRY_RUN: "1" } });
  world.exchange.setPrice("AAPL", 112);
  await world.cycle();
  assertEquals(world.said("DRY_RUN: would trim").map((line) => line.replace(/^info /, "")), [
    "DRY_RUN: would trim AAPL qty=5 reason=r1_trim",
    "DRY_RUN: would trim AAPL qty=2 reason=r2_trim",
  ]);
  assertEquals([world.position("AAPL"), world.changes], [undefined, []]);
});

Deno.test("a buy of ours whose answer is not known is not adopted as somebody else's", async () => {
  const world = new World();
  await world.restart();
  await world.cycle();
  world.pass(5 * SECOND_MS);
  world.exchange.behaviour.visibilityDelayMs = 30 * SECOND_MS;
  world.setFaults([{
    method: "POST",
    path: "/v2/orders",
    times: 1,
    fault: { kind: "lost_after" },
  }]);
  await world.cycle();
  assertEquals(world.held(), 10);
  await world.cycles(1, 10 * SECOND_MS);
  await world.cycles(1, 30 * SECOND_MS);
  assertEquals(world.said("Adopted").length, 0);
  assertEquals(world.engine.state.positions.length, 1);
  assertEquals(world.position()?.positionId, world.entries()[0]?.clientOrderId);
  assertEquals(world.stops(), ["10@95 day"]);
});

Deno.test("a foreign position and its orders are reported once a day and never touched", async () => {
  const world = new World();
  world.exchange.setPosition("TSLA", 10, 100);
  world.exchange.placeByHand({
    symbol: "TSLA",
    qty: "10",
    side: "sell",
    type: "stop",
    stop_price: "90",
    time_in_force: "gtc",
  });
  await world.restart();
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.said("warn Foreign position TSLA qty=10").length, 1);
  assertEquals(world.said("warn Foreign order TSLA sell qty=10").length, 1);
  await world.restart();
  await world.cycles(1, MINUTE_MS);
  assertEquals(world.said("warn Foreign position TSLA").length, 1);
  world.goTo(at("10:00", "2026-11-24"));
  world.list([NVDA]);
  await world.cycles(1, SECOND_MS);
  assertEquals(world.said("warn Foreign position TSLA").length, 2);
  assertEquals(world.said("warn Foreign order TSLA").length, 2);
  assertEquals(world.stops("TSLA"), ["10@90 gtc"]);
  assertEquals(world.changes.filter((each) => each.body["symbol"] === "TSLA"), []);
});

Deno.test("a new foreign position is told in Slack once, over days and restarts, and several in one message", async () => {
  const world = new World();
  world.exchange.setPosition("TSLA", 10, 100);
  world.exchange.setPosition("MSFT", 2, 100);
  world.exchange.setPosition("META", -2, 100); // Short: an error of its own.
  await world.restart();
  await world.cycles(3, MINUTE_MS);
  const [alert, ...others] = world.alerted("Foreign position");
  assertEquals(others, []);
  assert(alert?.text.startsWith("MSFT 2 shares, TSLA 10 shares:"), alert?.text);
  assert(alert?.text.includes("avwap-execution adopt MSFT --stop PRICE --yes"), alert?.text);
  await world.restart();
  world.goTo(at("10:00", "2026-11-24"));
  world.list([NVDA]);
  world.exchange.setPosition("KO", 1, 50);
  await world.cycles(3, MINUTE_MS);
  const texts = world.alerted("Foreign position").slice(1).map(({ text }) => text);
  assertEquals([texts.length, texts[0]?.includes("KO 1 share"), texts[0]?.includes("TSLA")], [
    1,
    true,
    false,
  ]);
});

Deno.test("a foreign position on today's list is not called untouched: a LIVE cycle adopts it, and that is said before", async () => {
  const world = new World({ rows: [NVDA, AAPL] });
  world.exchange.setPosition("AAPL", 5, 100);
  await world.restart({ DRY_RUN: "1", ALLOWLIST_SYMBOLS: "AAPL" });
  await world.cycle();
  const [alert, ...others] = world.alerted("Foreign position");
  assertEquals(others, []);
  assert(alert?.text.includes("a LIVE cycle adopts it"), alert?.text);
  assertEquals([alert?.text.includes("never touched"), world.said("never touched")], [false, []]);
  await world.restart({ DRY_RUN: "0" });
  await world.cycles(2, SECOND_MS);
  assertEquals(world.position("AAPL")?.qty, 5);
});

Deno.test("a foreign position at or below its stop on today's list is not adopted, and both messages say so", async () => {
  const world = new World({ rows: [AAPL] });
  world.exchange.setPosition("AAPL", 5, 1);
  world.exchange.setPrice("AAPL", 1);
  await world.restart();
  await world.cycles(2, SECOND_MS);
  assertEquals(world.position("AAPL"), undefined);
  const but = "unless its price is at or below its stop there";
  assert(world.alerted("Foreign position")[0]?.text.includes(but));
  assertEquals(world.said("adopted in a LIVE cycle").map((line) => line.includes(but)), [true]);
});

Deno.test("what the operator released, or was told is too large, is no new foreign position", async () => {
  const world = new World({ rows: [AAPL] });
  world.exchange.setPosition("AAPL", 100, 100);
  await world.restart();
  await world.cycle();
  world.exchange.setPosition("TSLA", 10, 100);
  world.engine.updateState({
    released: [{ symbol: "TSLA", positionId: "p", releasedAtMs: world.nowMs }],
  });
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.alerted("Position not adopted").length, 1);
  assertEquals(world.alerted("Foreign position"), []);
});

Deno.test("no entry is made in the symbol of a foreign position", async () => {
  const world = new World({ rows: [AAPL] });
  world.exchange.setPosition("AAPL", 9.5, 100);
  await world.restart();
  await world.cycles(3, SECOND_MS);
  assertEquals(world.said("SKIP AAPL: open order/position exists").length, 1);
  assertEquals([world.said("INTENT AAPL"), world.state.intents], [[], []]);
  assertEquals(world.buys("AAPL"), []);
});

Deno.test("a position whose take-profit filled is gone: state dropped, nothing sent", async () => {
  const world = new World();
  await world.buy();
  world.exchange.setPrice("NVDA", 112);
  world.pass(2 * SECOND_MS);
  assertEquals(world.held(), 0);
  await world.cycle();
  assertEquals(world.position(), undefined);
  assertEquals(world.said("Position NVDA: closed").length, 1);
  assertEquals(world.changes, []);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.position(), world.buys().length], [undefined, 1]);
});

const absences: { readonly when: string; readonly make: (world: World) => void }[] = [
  { when: "one answer is empty", make: (world) => world.exchange.emptyAnswers = 1 },
  { when: "its symbol is hidden", make: (world) => world.exchange.hidePosition("NVDA", 20) },
  {
    when: "its symbol was renamed",
    make: (world) => world.exchange.renamePosition("NVDA", "NVDX"),
  },
];
for (const { when, make } of absences) {
  Deno.test(`a position is absent and kept, its orders untouched, when ${when}`, async () => {
    const world = new World();
    await world.buy();
    world.exchange.setPrice("NVDA", 94.99);
    world.exchange.setPrice("NVDA", 100);
    world.pass(MINUTE_MS); // Its fill is so old that positions must show it.
    make(world);
    await world.cycle();
    assertEquals(world.said("error Position NVDA is absent at the broker").length, 1);
    assertEquals(world.alerted("Position NVDA is absent").map((each) => each.level), ["ERROR"]);
    assertEquals([world.position()?.qty, world.stops()], [10, ["10@95 day"]]);
    assertEquals(world.changes, []);
  });
}

Deno.test("an absent position that comes back is managed as before", async () => {
  const world = new World();
  await world.buy();
  world.exchange.emptyAnswers = 1;
  await world.cycle();
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, 5 * SECOND_MS);
  assertEquals([world.sells(), world.stops()], [["5 filled"], ["5@99 gtc"]]);
});

Deno.test("a split position gets no exit, its orders stay, and it is an error until dealt with", async () => {
  const world = new World();
  await world.buy();
  world.exchange.split("NVDA", 2);
  world.exchange.setPrice("NVDA", 97); // Below R1, above the stop at the broker.
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.position()?.unexplainedQty, 20);
  assertEquals(world.said("warn Position NVDA changed from 10 to 20 shares").length, 1);
  assertEquals(world.said("error Position NVDA changed from 10 to 20 shares").length, 1);
  assertEquals(world.alerted("no order behind it (a split?)").length, 1);
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.changes, world.sells()], [[], []]);
  assertEquals(world.stops(), ["10@95 day"]);
  // The operator closes it.
  world.exchange.placeByHand({
    symbol: "NVDA",
    qty: "10",
    side: "sell",
    type: "market",
    time_in_force: "day",
  });
  for (const order of world.orders((each) => each.symbol === "NVDA")) {
    if (order.status === "new") world.exchange.desk.cancel(order);
  }
  world.pass(SECOND_MS);
  world.exchange.placeByHand({
    symbol: "NVDA",
    qty: "10",
    side: "sell",
    type: "market",
    time_in_force: "day",
  });
  world.pass(SECOND_MS);
  assertEquals(world.held(), 0);
  await world.cycle();
  assertEquals(world.position(), undefined);
});

Deno.test("both exits filling in a fast market leave a short: an error, and nothing is sent after it", async () => {
  const world = new World();
  await world.buy();
  world.exchange.behaviour.isDoubleFillRace = true;
  world.exchange.setPrice("NVDA", 112);
  world.pass(2 * SECOND_MS);
  assertEquals(world.held(), -10);
  await world.cycles(3, MINUTE_MS);
  assert(world.said("error ").some((line) => line.includes("NVDA") && line.includes("-10")));
  assertEquals(world.alerts.some((each) => each.level === "ERROR"), true);
  assertEquals([world.changes, world.held()], [[], -10]);
});

const late: { readonly when: string; readonly fault: Fault }[] = [
  { when: "was answered late", fault: { kind: "late", ms: 9_000 } },
  { when: "was found after its deadline", fault: { kind: "hang", isAccepted: true } },
];
for (const { when, fault } of late) {
  Deno.test(`a position whose entry ${when} is not taken for a split, now or at its trim`, async () => {
    const world = new World();
    await world.restart();
    await world.cycle();
    world.pass(5 * SECOND_MS);
    world.setFaults([{ method: "POST", path: "/v2/orders", times: 1, fault }]);
    await world.cycles(2, SECOND_MS);
    assertEquals([world.held(), world.position()?.qty], [10, 10]);
    world.exchange.setPrice("NVDA", 106);
    await world.cycles(2, 10 * MINUTE_MS);
    assertEquals([world.held(), world.position()?.qty], [5, 5]);
    assertEquals(world.said("error "), []);
  });
}

Deno.test("a stop of ours whose position is gone is cancelled", async () => {
  const world = await holdForeign();
  await world.cycle();
  assertEquals(world.stops("AAPL"), ["10@95 gtc"]);
  const [stop] = world.orders((order) => order.type === "stop");
  assert(stop !== undefined);
  // Sold by hand, beside the stop: what the broker's own pages allow.
  world.exchange.setPosition("AAPL", 20, 100);
  world.exchange.placeByHand({
    symbol: "AAPL",
    qty: "10",
    side: "sell",
    type: "market",
    time_in_force: "day",
  });
  world.pass(SECOND_MS);
  world.exchange.setPosition("AAPL", 0, 100);
  world.list([{ ...NVDA, symbol: "QQQ", pivotUsd: 101, r1Usd: 106 }]);
  await world.cycles(2, MINUTE_MS);
  assertEquals(stop.status, "canceled");
  assertEquals(world.said("cancelling our stop").length, 1);
});

Deno.test("a stop of ours is not cancelled for one empty answer", async () => {
  const world = await holdForeign();
  await world.cycle();
  world.state = { ...world.state, positions: [] };
  await world.restart();
  world.list([{ ...NVDA, symbol: "QQQ", pivotUsd: 101, r1Usd: 106 }]);
  world.exchange.emptyAnswers = 1;
  await world.cycles(1, MINUTE_MS);
  assertEquals(world.stops("AAPL"), ["10@95 gtc"]);
});

Deno.test("a working sell of somebody else in a managed symbol is protection, and is named when cancelled", async () => {
  const world = await holdForeign();
  world.exchange.placeByHand({
    symbol: "AAPL",
    qty: "10",
    side: "sell",
    type: "stop",
    stop_price: "96",
    time_in_force: "gtc",
  });
  world.pass(SECOND_MS);
  await world.cycle();
  assertEquals(world.stops("AAPL"), ["10@96 gtc"]);
  world.exchange.setPrice("AAPL", 106);
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.sells("AAPL"), world.stops("AAPL")], [["5 filled"], ["5@99 gtc"]]);
  assertEquals(world.said("warn AAPL: cancelling a working sell that is not ours: stop").length, 1);
});

Deno.test("a fraction of a share is left out of what is adopted, named, and neither sold nor stopped", async () => {
  const world = await holdForeign({ qty: 9.5 });
  await world.cycle();
  assertEquals([world.position("AAPL")?.qty, world.stops("AAPL")], [9, ["9@95 gtc"]]);
  assertEquals(world.alerted("0.5 of a share is left out").length, 1);
  world.exchange.setPrice("AAPL", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.sells("AAPL"), world.stops("AAPL")], [["4 filled"], ["5@99 gtc"]]);
  world.disk.remove("/state/execution_state.json");
  await world.restart();
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.position("AAPL")?.qty, world.stops("AAPL")], [5, ["5@99 gtc"]]);
  world.exchange.setPrice("AAPL", 98);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.held("AAPL"), world.position("AAPL")], [0.5, undefined]);
  assertEquals(world.said("error Position AAPL"), []);
});

Deno.test("what a fraction beside the adopted shares cost is in no trade's result", async () => {
  const world = new World({ rows: [NVDA] });
  world.exchange.setPosition("NVDA", 10.5, 100);
  await world.restart();
  await world.cycles(2, MINUTE_MS);
  const [adopted] = world.events.filter((event) =>
    event.type === "position" && event.change === "adopted"
  );
  assertEquals(adopted?.type === "position" ? adopted.cost_basis_usd : null, 1000);
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  world.exchange.setPrice("NVDA", 98);
  await world.cycles(2, MINUTE_MS);
  const told = world.said("NVDA R1: ").concat(world.said("NVDA stopped out: "));
  assertEquals(told.map((line) => line.replace(/^info /, "")), [
    "NVDA R1: sold 5 at 106.00, +30.00; 5 left, stop 99.00",
    "NVDA stopped out: sold 5 at 98.00, -10.00; whole trade +20.00 (+0.4 R)",
  ]);
});

Deno.test("what is too large to be adopted is named with its command once a day; at the limit it is adopted", async () => {
  const world = await holdForeign({ environment: { MAX_LIVE_NOTIONAL_PER_SYMBOL: "499" } });
  await world.cycles(3, MINUTE_MS);
  const [alert, ...others] = world.alerted("too large to be adopted");
  assert(alert?.text.includes("avwap-execution adopt AAPL --yes"), alert?.text);
  assertEquals([alert?.level, others, world.position("AAPL")], ["WARNING", [], undefined]);
  await world.restart({ MAX_LIVE_NOTIONAL_PER_SYMBOL: "500" });
  await world.cycles(1, MINUTE_MS);
  assertEquals(world.position("AAPL")?.qty, 10);
});
