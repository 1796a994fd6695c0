import { buildLedgerText } from "../../src/state/ledger_format.ts";
import { assert, assertEquals } from "../assert.ts";
import type { SimOrder } from "../simulator/order.ts";
import {
  at,
  LEDGER_PATH,
  LIVE_PASS,
  MINUTE_MS,
  NVDA,
  SECOND_MS,
  STATE_DIR,
  STATE_PATH,
  World,
} from "./support.ts";

const BLOCKED = "Gate mode=DRY_RUN status=FAIL reason=invalid configuration (execution_state.json)";
const TUESDAY = "2026-11-24";
const WEDNESDAY = "2026-11-25";

/** What release 0.1.0 left, or a lost archive: no copy of the document. */
function loseCopies(world: World): void {
  const archive = `${STATE_DIR}/archive`;
  for (const name of [...world.disk.namesIn(archive)]) {
    if (name.startsWith("execution_state_")) world.disk.remove(`${archive}/${name}`);
  }
}

function working(world: World): SimOrder[] {
  return world.orders((order) => order.status === "new");
}

function gates(world: World): string[] {
  return world.said("Gate mode=").map((line) => line.replace(/^info /, ""));
}

/** A trimmed position: five shares, the stop raised to the pivot. */
async function trimmed(): Promise<World> {
  const world = new World();
  await world.buy();
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.held(), world.stops()], [5, ["5@99 gtc"]]);
  world.forget();
  return world;
}

const losses: { readonly what: string; readonly lose: (world: World) => void | Promise<void> }[] = [
  { what: "missing", lose: (world) => world.disk.remove(STATE_PATH) },
  { what: "damaged", lose: (world) => world.disk.put(STATE_PATH, "{") },
  {
    what: "damaged",
    lose: (world) =>
      world.disk.put(
        STATE_PATH,
        (world.disk.textOf(STATE_PATH) ?? "").replace('"stop": 99', '"stop": -99'),
      ),
  },
];
for (
  const [{ what, lose }, isCopied] of losses.flatMap((each) =>
    [[each, true], [each, false]] as const
  )
) {
  const from = isCopied ? "its copy" : "the ledger alone";
  Deno.test(`a state that is ${what} is rebuilt from ${from} and the broker, and blocks LIVE for the cycle`, async () => {
    const world = await trimmed();
    const before = world.position();
    if (!isCopied) loseCopies(world);
    await lose(world);
    const damaged = world.disk.textOf(STATE_PATH);
    await world.restart();
    await world.cycles(1, MINUTE_MS);
    assertEquals(gates(world), [BLOCKED]);
    assertEquals(world.changes, []);
    const after = world.position();
    assertEquals([after?.positionId, after?.stopUsd], [before?.positionId, 99]);
    assertEquals([after?.pivotUsd, after?.r1Usd, after?.r2Usd], [99, 105, 111]);
    assertEquals([after?.isTrimmedR1, after?.isTrimmedR2, after?.qty], [true, false, 5]);
    assertEquals(world.alerted(`execution_state.json was ${what}: rebuilt`).length, 1);
    if (damaged !== null) {
      const copies = world.disk.namesIn(`${STATE_DIR}/archive`)
        .map((name) => world.disk.textOf(`${STATE_DIR}/archive/${name}`));
      assert(copies.includes(damaged));
    }
    await world.cycles(2, MINUTE_MS);
    assertEquals(gates(world).slice(1), [LIVE_PASS, LIVE_PASS]);
    assertEquals([world.sells(), world.stops(), world.buys().length], [
      ["5 filled"],
      ["5@99 gtc"],
      1,
    ]);
  });
}

for (const isCopied of [true, false]) {
  Deno.test(`a lost state is rebuilt from the archive on a later day, ${isCopied ? "with" : "without"} a copy`, async () => {
    const world = await trimmed();
    world.goTo(at("10:00:30", TUESDAY));
    world.list([]);
    await world.cycle();
    if (!isCopied) loseCopies(world);
    await world.disk.remove(STATE_PATH);
    await world.restart();
    await world.cycles(2, MINUTE_MS);
    assertEquals([world.position()?.stopUsd, world.position()?.isTrimmedR1], [99, true]);
    assertEquals(world.stops(), ["5@99 gtc"]);
  });
}

Deno.test("a lost state has the high that its copy saw, and what was done since", async () => {
  const world = await trimmed();
  world.goTo(at("10:00:30", TUESDAY));
  world.list([]);
  world.exchange.setPrice("NVDA", 108);
  await world.cycles(2, MINUTE_MS);
  const seenUsd = world.position()?.highWaterUsd;
  world.goTo(at("10:00:30", WEDNESDAY));
  world.exchange.setPrice("NVDA", 111);
  await world.cycles(3, MINUTE_MS);
  assertEquals([seenUsd, world.position()?.isTrimmedR2, world.held()], [108, true, 3]);
  const before = world.stops();
  await world.disk.remove(STATE_PATH);
  await world.restart();
  await world.cycles(3, MINUTE_MS);
  const after = world.position();
  assertEquals([after?.isTrimmedR1, after?.isTrimmedR2, after?.stopUsd], [true, true, 105]);
  assert((after?.highWaterUsd ?? 0) >= 108);
  assertEquals([world.stops(), world.held()], [before, 3]);
});

for (const reason of [null, "r1_trim"]) {
  const what = reason ?? "the entry";
  Deno.test(`a state that is lost with the answer to ${what} is rebuilt with all that the record still holds`, async () => {
    const world = await trimmed();
    const before = world.position();
    // As a crash leaves it right after the request: the broker has the order, the record knows nothing of it.
    world.ledger = {
      ...world.ledger,
      entries: world.ledger.entries.map((entry) =>
        entry.reason === reason
          ? { ...entry, status: "pending", orderId: null, legs: [], broker: null }
          : entry
      ),
    };
    await world.disk.remove(STATE_PATH);
    await world.restart();
    await world.cycles(1, MINUTE_MS);
    const after = world.position();
    assertEquals([after?.positionId, after?.stopUsd], [before?.positionId, 99]);
    assertEquals([after?.pivotUsd, after?.r1Usd, after?.r2Usd], [99, 105, 111]);
    assertEquals([after?.isTrimmedR1, after?.isTrimmedR2], [true, false]);
    await world.cycles(2, MINUTE_MS);
    assertEquals([world.sells(), world.stops()], [["5 filled"], ["5@99 gtc"]]);
  });
}

Deno.test("a lost state is rebuilt from an archive of any age", async () => {
  const world = await trimmed();
  const { entries } = world.ledger;
  const oldMs = Date.parse("2026-08-03T12:00:00Z");
  for (let day = 0; day < 80; day++) {
    const dateNy = new Date(oldMs + day * 24 * 60 * MINUTE_MS).toISOString().slice(0, 10);
    const ledger = { ...world.ledger, dateNy, entries: day === 0 ? entries : [] };
    world.disk.put(`${STATE_DIR}/archive/live_orders_${dateNy}.json`, buildLedgerText(ledger));
  }
  world.ledger = { ...world.ledger, entries: [] };
  await world.disk.remove(STATE_PATH);
  await world.restart();
  await world.cycles(1, MINUTE_MS);
  const after = world.position();
  assertEquals([after?.pivotUsd, after?.r1Usd, after?.isTrimmedR1], [99, 105, true]);
});

Deno.test("an adopted position outlives its state and every copy, by the records of its stops", async () => {
  const world = new World();
  world.exchange.setPosition("NVDA", 10, 100);
  await world.restart();
  await world.cycles(3, MINUTE_MS);
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(3, MINUTE_MS);
  const before = world.position();
  assertEquals([before?.adoptedQty, world.stops()], [10, ["5@99 gtc"]]);
  loseCopies(world);
  await world.disk.remove(STATE_PATH);
  await world.restart();
  await world.cycles(3, MINUTE_MS);
  const { positionId, adoptedQty, isTrimmedR1, qty } = world.position() ?? {};
  assertEquals([positionId, adoptedQty, isTrimmedR1, qty], [before?.positionId, 10, true, 5]);
  assertEquals([world.stops(), world.sells()], [["5@99 gtc"], ["5 filled"]]);
});

Deno.test("an adopted position outlives a ledger that is lost, and then a state", async () => {
  const world = new World();
  world.exchange.setPosition("NVDA", 10, 100);
  await world.restart();
  await world.cycles(3, MINUTE_MS);
  const before = world.position();
  assertEquals([before?.adoptedQty, world.stops()], [10, ["10@95 gtc"]]);
  await world.loseLedger();
  await world.restart();
  await world.cycles(2, MINUTE_MS);
  await world.disk.remove(STATE_PATH);
  await world.restart();
  await world.cycles(2, MINUTE_MS);
  const after = world.position();
  assertEquals([after?.positionId, after?.adoptedQty], [before?.positionId, 10]);
  assertEquals([after?.pivotUsd, after?.r1Usd, after?.r2Usd], [99, 105, 111]);
  assertEquals(world.stops(), ["10@95 gtc"]);
});

Deno.test("a state that is rebuilt after another account's file was moved away counts only once it is durable", async () => {
  const world = await trimmed();
  const foreign = `${STATE_DIR}/archive/live_orders_2026-11-20.json`;
  const other = { ...world.ledger, dateNy: "2026-11-20", accountId: "other", entries: [] };
  world.disk.put(foreign, buildLedgerText(other));
  await world.disk.remove(STATE_PATH);
  await world.restart();
  await world.cycles(1, MINUTE_MS);
  const reasons = () => gates(world).map((line) => line.replace(/^.*reason=/, ""));
  assertEquals(reasons(), ["invalid configuration (ALPACA_PAPER)"]);
  await world.disk.remove(foreign);
  world.disk.fault = ({ op, path }) =>
    op === "write" && path.startsWith(STATE_PATH) ? "no space left on the device" : null;
  await world.cycles(1, MINUTE_MS);
  assertEquals(reasons().at(-1), "ledger unavailable (state unreadable)");
  world.disk.fault = () => null;
  await world.cycles(2, MINUTE_MS);
  assertEquals(gates(world).slice(-2), [BLOCKED, LIVE_PASS]);
  assertEquals(world.position()?.qty, 5);
});

Deno.test("another account's days in the archive are all counted in one message", async () => {
  const world = await trimmed();
  for (const dateNy of ["2026-11-18", "2026-11-19", "2026-11-20"]) {
    const ledger = { ...world.ledger, dateNy, accountId: "other", entries: [] };
    world.disk.put(`${STATE_DIR}/archive/live_orders_${dateNy}.json`, buildLedgerText(ledger));
  }
  await world.restart();
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.said("live_orders_2026-11-20.json, with 2 more of the archive").length, 1);
});

Deno.test("a state that can't be written is said once a day with a remedy, and again when it fails anew", async () => {
  const world = new World();
  await world.buy();
  const fail = () => {
    world.disk.fault = ({ op, path }) =>
      op === "write" && path.startsWith(STATE_PATH) ? "no space left on the device" : null;
  };
  fail();
  await world.cycles(4, MINUTE_MS);
  assertEquals(world.said("Cannot save the engine's state").length, 1);
  assertEquals(world.alerted("make room, or let the file be written").length, 1);
  world.disk.fault = () => null;
  await world.cycles(1, MINUTE_MS);
  fail();
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.said("Cannot save the engine's state").length, 2);
});

Deno.test("a lost state is never started empty while the broker can't show what is held", async () => {
  const world = await trimmed();
  await world.disk.remove(STATE_PATH);
  await world.restart();
  world.setFaults([{ path: "/v2/positions", fault: { kind: "status", status: 503 } }]);
  await world.cycles(2, MINUTE_MS);
  const waits = "Gate mode=DRY_RUN status=FAIL reason=positions unavailable (http)";
  assertEquals([gates(world), world.disk.textOf(STATE_PATH)], [[waits, waits], null]);
  world.setFaults([]);
  await world.cycles(2, MINUTE_MS);
  assertEquals(gates(world).slice(2), [BLOCKED, LIVE_PASS]);
  assertEquals(world.position()?.qty, 5);
});

Deno.test("state and ledger both lost: rebuilt from what the broker shows", async () => {
  const world = await trimmed();
  loseCopies(world);
  await world.disk.remove(STATE_PATH);
  await world.disk.remove(LEDGER_PATH);
  await world.restart();
  await world.cycles(4, MINUTE_MS);
  assertEquals([world.entries().length, world.ledger.mismatches], [1, 0]);
  assertEquals(gates(world).at(-1), LIVE_PASS);
  assertEquals([world.position()?.qty, world.position()?.stopUsd], [5, 99]);
  assertEquals([world.sells(), world.stops(), world.buys().length], [
    ["5 filled"],
    ["5@99 gtc"],
    1,
  ]);
});

/** A new server, or an emptied state directory. */
function loseAll(world: World): void {
  for (const name of [...world.disk.namesIn(`${STATE_DIR}/archive`)]) {
    world.disk.remove(`${STATE_DIR}/archive/${name}`);
  }
  world.disk.remove(STATE_PATH);
  world.disk.remove(LEDGER_PATH);
}

for (const isBare of [false, true]) {
  const how = isBare ? "nothing works for it any more" : "its stop still rests";
  Deno.test(`everything lost days later, and ${how}: what this engine bought is known by its orders`, async () => {
    const world = await trimmed();
    const before = world.position();
    world.goTo(at("10:00:30", WEDNESDAY));
    world.list([]);
    await world.cycle();
    if (isBare) { for (const order of working(world)) world.exchange.desk.cancel(order); }
    world.pass(SECOND_MS);
    loseAll(world);
    await world.restart();
    world.forget();
    await world.cycle();
    assertEquals(gates(world), [BLOCKED]);
    assertEquals([world.changes, world.alerted("rebuilt").length], [[], 1]);
    await world.cycles(2, MINUTE_MS);
    const after = world.position();
    assertEquals([after?.positionId, after?.qty], [before?.positionId, 5]);
    // The broker knows neither pivot nor R1; what it filled the entry at stands for the one.
    assertEquals([after?.isTrimmedR1, after?.r2Usd], [true, 111]);
    assertEquals(world.stops(), [isBare ? `5@${after?.stopUsd} gtc` : "5@99 gtc"]);
    assert((after?.stopUsd ?? 0) >= 95);
    assertEquals([world.buys().length, world.said("Foreign position")], [1, []]);
  });
}

Deno.test("everything lost, and the broker can't show past orders: nothing is forgotten, LIVE waits", async () => {
  const world = await trimmed();
  world.goTo(at("10:00:30", WEDNESDAY));
  world.list([]);
  await world.cycle();
  loseAll(world);
  await world.restart();
  world.forget();
  world.setFaults([{ contains: "symbols=NVDA", fault: { kind: "status", status: 503 } }]);
  await world.cycles(2, MINUTE_MS);
  const reason = "ledger unavailable (broker unreachable)";
  const waits = Array.from({ length: 2 }, () => `Gate mode=DRY_RUN status=FAIL reason=${reason}`);
  assertEquals([gates(world), world.disk.textOf(STATE_PATH)], [waits, null]);
  world.setFaults([]);
  await world.cycles(2, MINUTE_MS);
  assertEquals([gates(world).at(-1), world.position()?.qty], [LIVE_PASS, 5]);
});

Deno.test("a first start asks what bought the shares it finds, by tickers only, and is still a first start", async () => {
  const world = new World({ rows: [] });
  for (const symbol of ["MSFT", "BTC/USD", "AAPL261218C00250000"]) {
    world.exchange.setPosition(symbol, 2, 50);
  }
  await world.restart();
  await world.cycles(2, SECOND_MS);
  const asked = world.exchange.requests.map((each) => each.query.get("symbols"))
    .filter((symbols) => symbols !== null);
  assertEquals(asked, ["MSFT"]);
  assertEquals([gates(world).at(-1), world.alerted("rebuilt")], [LIVE_PASS, []]);
});

Deno.test("everything lost: shares that a hand bought after ours were sold stay a hand's", async () => {
  const world = await trimmed();
  world.exchange.setPrice("NVDA", 98);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.held(), 0);
  world.exchange.placeByHand({
    symbol: "NVDA",
    qty: "3",
    side: "buy",
    type: "market",
    time_in_force: "day",
  });
  world.goTo(at("10:00:30", WEDNESDAY));
  world.list([]);
  await world.cycle();
  loseAll(world);
  await world.restart();
  world.forget();
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.held(), world.position(), world.changes], [3, undefined, []]);
  assertEquals(world.said("Foreign position NVDA qty=3").length, 1);
});

Deno.test("a state of a newer format is refused, kept, and blocks LIVE", async () => {
  const world = await trimmed();
  const newer = (world.disk.textOf(STATE_PATH) ?? "").replace('"major": 1', '"major": 2');
  world.disk.put(STATE_PATH, newer);
  await world.restart();
  world.exchange.setPrice("NVDA", 90);
  await world.cycles(3, MINUTE_MS);
  assertEquals(gates(world), [BLOCKED, BLOCKED, BLOCKED]);
  assertEquals(world.disk.textOf(STATE_PATH), newer);
  assertEquals(world.changes, []);
  assertEquals(world.said("error execution_state.json is not rebuilt").length, 1);
  // It remembers what the ledger would be made from.
  await world.disk.remove(LEDGER_PATH);
  await world.cycles(2, MINUTE_MS);
  assertEquals([gates(world).at(-1), world.disk.textOf(LEDGER_PATH)], [BLOCKED, null]);
  assertEquals(world.alerted("run the release that wrote it, or move the file away").length, 1);
});

Deno.test("a first start is no damage: LIVE waits for the ledger alone", async () => {
  const world = new World();
  await world.restart();
  await world.cycle();
  assertEquals(gates(world), [
    "Gate mode=DRY_RUN status=FAIL reason=ledger unavailable (ledger missing)",
  ]);
  assertEquals(world.alerted("rebuilt"), []);
  await world.cycles(1, SECOND_MS);
  assertEquals(gates(world).at(-1), LIVE_PASS);
});

Deno.test("intents survive a restart, and leave in the order of their time", async () => {
  const world = new World({ rows: [NVDA, { ...NVDA, symbol: "AAPL" }] });
  await world.restart({ ENTRY_DELAY_MIN_SECONDS: "60", ENTRY_DELAY_MAX_SECONDS: "60" });
  await world.cycle();
  assertEquals(world.state.intents.map((each) => each.symbol).sort(), ["AAPL", "NVDA"]);
  await world.restart();
  await world.cycles(1, 30 * SECOND_MS);
  assertEquals(world.changes, []);
  await world.cycles(1, 30 * SECOND_MS);
  assertEquals(world.changes.map((each) => each.body["symbol"]), ["AAPL", "NVDA"]);
});
