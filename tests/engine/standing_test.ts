import { runLoop } from "../../src/engine/loop.ts";
import { buildConfig, NO_RUN_FLAGS } from "../../src/runtime/config.ts";
import { assert, assertEquals } from "../assert.ts";
import { at, KILL_PATH, MINUTE_MS, NVDA, SECOND_MS, World } from "./support.ts";

const DOWN = { kind: "status", status: 503 } as const;
const NOT_CANCELABLE = {
  kind: "status",
  status: 422,
  body: '{"code":42210000,"message":"order is not cancelable"}',
} as const;

/** Errors as the operator gets them; withdrawals have no title. */
function alarms(world: World): string[] {
  return world.alerts.filter((each) => each.title !== "" && each.level === "ERROR")
    .map((each) => `${each.title}: ${each.text}`);
}

/** Those that standings raise. */
function standingAlarms(world: World): string[] {
  return alarms(world).filter((each) =>
    /^Position without stop: |^Execution error: Exits wait/.test(each)
  );
}

async function bought(): Promise<World> {
  const world = new World({ rows: [NVDA] });
  await world.buy();
  return world;
}

/** Five of ten sold at R1, the rest under a good-till-canceled stop. */
async function trimmed(): Promise<World> {
  const world = await bought();
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.stops(), ["5@99 gtc"]);
  world.forget();
  return world;
}

/** Both legs of the entry's bracket cancelled by hand: ten shares bare. */
function takeLegs(world: World): void {
  for (const leg of world.orders((order) => order.parent !== null && order.status === "new")) {
    world.exchange.desk.cancel(leg);
  }
  world.pass(SECOND_MS);
}

function buyByHand(world: World): void {
  world.exchange.behaviour.isWashTradeChecked = false;
  world.exchange.placeByHand({
    symbol: "NVDA",
    qty: "5",
    side: "buy",
    type: "limit",
    limit_price: "80",
    time_in_force: "gtc",
  });
  world.exchange.behaviour.isWashTradeChecked = true;
}

Deno.test("a partly filled entry whose cancel hangs is told after two minutes, hourly and in the last ten minutes, and is stopped at the close", async () => {
  const world = new World();
  world.exchange.behaviour.partialFills = (order) =>
    order.side === "buy" ? [{ afterMs: 0, qty: 3 }] : null;
  world.exchange.behaviour.cancelOutcome = () => "stuck";
  await world.buy();
  await world.cycles(1, MINUTE_MS);
  assertEquals(standingAlarms(world), []);
  await world.cycles(2, MINUTE_MS);
  assertEquals(standingAlarms(world).length, 1);
  const [first] = standingAlarms(world);
  for (
    const part of [
      "Position without stop: NVDA 3 shares: NO STOP at the broker; 3 of 3 shares without a stop since 2026-11-23 10:00:",
      "its entry still works at the broker",
      "Do: cancel the entry's order at the broker",
      "avwap-execution flatten --close-positions --symbol NVDA --yes",
    ]
  ) assert(first?.includes(part), `${part}: ${first}`);
  const saidAt: string[] = [];
  for (const time of ["11:00", "11:30", "12:00", "15:45", "15:51", "16:01", "16:30", "18:00"]) {
    world.forget();
    world.goTo(at(time));
    await world.cycle();
    if (standingAlarms(world).length > 0) saidAt.push(time);
  }
  assertEquals(saidAt, ["11:00", "12:00", "15:45", "15:51"]);
  assertEquals([world.held(), world.stops()], [3, ["3@95 gtc"]]);
});

Deno.test("what is bare at night is said once more thirty minutes before the open", async () => {
  const world = await bought();
  world.disk.put(KILL_PATH, "");
  world.goTo(at("15:58"));
  await world.cycle();
  const saidAt: string[] = [];
  for (
    const [day, time] of [
      ["2026-11-23", "16:01"],
      ["2026-11-23", "23:00"],
      ["2026-11-24", "08:59"],
      ["2026-11-24", "09:01"],
      ["2026-11-24", "09:20"],
    ] as const
  ) {
    world.forget();
    world.goTo(at(time, day));
    await world.cycle();
    if (standingAlarms(world).length > 0) saidAt.push(time);
  }
  assertEquals(saidAt, ["16:01", "09:01"]);
  assert(world.engine.wakeAtMs.every((ms) => ms >= world.nowMs - SECOND_MS));
});

Deno.test("open orders that can't be read over the close count as not covered", async () => {
  const world = await bought();
  world.goTo(at("15:35"));
  world.setFaults([{ path: "/v2/orders", contains: "status=open", fault: DOWN }]);
  for (const time of ["15:35", "15:41", "15:45", "15:50", "15:57", "15:59:30", "16:01"]) {
    world.goTo(at(time));
    await world.cycle();
  }
  assertEquals(world.stops(), []);
  const said = standingAlarms(world);
  assert(said.length > 0);
  assert(
    said.every((each) =>
      each.includes("10 of 10 shares whose stop can't be seen since 2026-11-23 15:35:0")
    ),
    said[0],
  );
});

Deno.test("a stop that a list lacks, and whose own question has no answer, covers nothing that anybody has seen", async () => {
  const world = await trimmed();
  const [stop] = world.orders((order) =>
    order.stopPriceUsd !== null && order.timeInForce === "gtc"
  );
  assert(stop !== undefined);
  world.exchange.desk.cancel(stop);
  // The day's own list says nothing of a stop that is older than it.
  world.setFaults([
    { path: "/v2/orders", contains: "status=all", fault: DOWN },
    { path: `/v2/orders/${stop.id}`, fault: DOWN },
  ]);
  await world.cycles(1, MINUTE_MS);
  const [standing] = world.engine.state.standings;
  assertEquals([standing?.bareQty, standing?.due, standing?.isCoverRead], [5, "stop", false]);
  world.setFaults([]);
  await world.cycles(1, MINUTE_MS);
  assertEquals(world.engine.state.standings.map(({ due }) => due), [null]);
});

Deno.test("one answer that can't be read is no alarm", async () => {
  for (const path of ["/v2/positions", "/v2/orders", "/v2/stocks/trades/latest", "/v2/clock"]) {
    const world = await trimmed();
    world.setFaults([{ path, fault: DOWN }]);
    await world.cycles(1, MINUTE_MS);
    world.setFaults([]);
    await world.cycles(3, MINUTE_MS);
    assertEquals(standingAlarms(world), [], path);
  }
});

Deno.test("an exit whose cancels are all refused is told after two minutes, with the broker's words", async () => {
  const world = await bought();
  world.setFaults([{ method: "DELETE", fault: NOT_CANCELABLE }]);
  world.exchange.setPrice("NVDA", 108);
  await world.cycles(2, MINUTE_MS);
  assertEquals(standingAlarms(world), []);
  await world.cycles(2, MINUTE_MS);
  const [first, ...others] = standingAlarms(world);
  assertEquals(others, []);
  for (
    const part of [
      "Execution error: Exits wait: NVDA",
      "r1_trim due since 2026-11-23 10:0",
      "order is not cancelable",
      "Do: look at the symbol and its orders in the broker's dashboard (a halt? an order that hangs?); or close it yourself:",
      "avwap-execution flatten --close-positions --symbol NVDA --yes",
    ]
  ) assert(first?.includes(part), `${part}: ${first}`);
  await world.cycles(58, 5 * MINUTE_MS);
  assertEquals(world.sells(), []);
  assertEquals(standingAlarms(world).length, 5, "hourly from 10 to 14 o'clock");
});

Deno.test("prices that can't be read for two minutes are told: no exit is decided", async () => {
  const world = await trimmed();
  world.setFaults([{ path: "/v2/stocks/trades/latest", fault: DOWN }]);
  world.exchange.setPrice("NVDA", 112);
  await world.cycles(3, MINUTE_MS);
  const [first] = standingAlarms(world);
  assert(first?.includes("no exit decided since 2026-11-23 10:0"), first);
  assert(first?.includes("no price of it can be read"), first);
  // And its end is the end of it.
  world.setFaults([]);
  await world.cycles(1, MINUTE_MS);
  assertEquals(world.engine.state.standings.map(({ due, why }) => [due, why]), [[null, ""]]);
});

Deno.test("a buy by hand that keeps every exit away is told with what to do about it", async () => {
  const world = await bought();
  buyByHand(world);
  world.forget();
  world.exchange.setPrice("NVDA", 110);
  await world.cycles(30, 10 * MINUTE_MS);
  assertEquals(world.sells(), []);
  const [first] = standingAlarms(world);
  assert(first?.includes("a buy of somebody's rests in the symbol"), first);
  assert(first?.includes("Do: cancel the buy at the broker"), first);
});

Deno.test("a trim that only the operator's own switch holds back is in the standing, and no alarm", async () => {
  const world = await trimmed();
  world.disk.put(KILL_PATH, "");
  world.exchange.setPrice("NVDA", 112);
  await world.cycles(5, MINUTE_MS);
  assertEquals(standingAlarms(world), []);
  const [standing] = world.engine.state.standings;
  assertEquals([standing?.due, standing?.why], ["r2_trim", "kill switch active (file)"]);
});

Deno.test("an entry that fills between two reads of one cycle is no alarm", async () => {
  const world = new World();
  world.exchange.behaviour.fillLatencyMs = 4_000_000;
  await world.restart();
  await world.cycle();
  await world.cycles(1, 5 * SECOND_MS);
  world.forget();
  const { broker } = world.engine.ports;
  const { listPositions } = broker;
  let isFilled = false;
  Object.assign(broker, {
    listPositions: async (purpose: "read" | "protect") => {
      const positions = await listPositions(purpose);
      const [buy] = world.buys();
      if (!isFilled && buy !== undefined) {
        world.exchange.desk.active.get("NVDA")?.forceFill(buy, 100, world.nowMs);
      }
      isFilled = true;
      return positions;
    },
  });
  await world.cycles(1, 15 * SECOND_MS);
  assertEquals([world.held(), alarms(world)], [10, []]);
});

Deno.test("an ordinary day of entry, trims, conversion and close raises no alarm", async () => {
  const world = new World();
  await world.buy();
  for (const priceUsd of [103, 106, 108, 112, 115]) {
    world.exchange.setPrice("NVDA", priceUsd);
    await world.cycles(3, MINUTE_MS);
  }
  for (const time of ["15:40", "15:50:01", "15:57:01", "15:59", "16:01"]) {
    world.goTo(at(time));
    await world.cycle();
  }
  assertEquals(alarms(world), []);
});

Deno.test("hours ignored, LIVE at night, a position without a stop: it gets one, and not an error every few seconds", async () => {
  const world = await bought();
  await world.restart({ DRY_RUN: "1" });
  await world.cycle();
  world.goTo(at("20:00"));
  await world.restart({ DRY_RUN: "0", EXEC_V2_IGNORE_MARKET_HOURS: "1" });
  world.forget();
  const endMs = world.nowMs + 30 * MINUTE_MS;
  while (world.nowMs < endMs) {
    await world.cycle();
    const wakes = world.engine.wakeAtMs.filter((ms) => ms >= world.nowMs);
    world.goTo(
      Math.max(Math.min(...wakes, world.nowMs + 5 * MINUTE_MS), world.nowMs + SECOND_MS / 2),
    );
  }
  assertEquals([alarms(world), world.stops()], [[], ["10@95 gtc"]]);
});

Deno.test("a restart continues the since of what is bare and what is due", async () => {
  const world = await bought();
  takeLegs(world);
  buyByHand(world);
  world.exchange.setPrice("NVDA", 94);
  await world.cycles(1, MINUTE_MS);
  const [before] = world.state.standings;
  assertEquals([before?.bareQty, before?.due], [10, "stop_exit"]);
  await world.restart();
  await world.cycles(2, MINUTE_MS);
  const [after] = world.state.standings;
  assertEquals(
    [after?.bareSinceMs, after?.dueSinceMs],
    [before?.bareSinceMs, before?.dueSinceMs],
  );
  assertEquals(standingAlarms(world).length, 1);
});

/** A process that a timer starts for one cycle. */
async function runOnce(world: World): Promise<void> {
  const { config } = buildConfig(world.environment, { ...NO_RUN_FLAGS, isRunOnce: true });
  await runLoop({ ...world.engine.ports, config: config.engine }, new AbortController().signal);
}

Deno.test("a timer's runs that can't learn whose account it is tell what is bare, though none can write down since when", async () => {
  const world = await bought();
  takeLegs(world);
  world.setFaults([{ method: "GET", path: "/v2/account", fault: DOWN }]);
  for (let run = 0; run < 3; run++) {
    world.pass(MINUTE_MS);
    world.forget();
    await runOnce(world);
    assertEquals(world.state.standings.at(0)?.bareSinceMs ?? null, null);
    assertEquals(standingAlarms(world).length, 1);
  }
});

Deno.test("a timer's runs over a disk that takes nothing tell what is bare, though none can write down since when", async () => {
  const world = await bought();
  takeLegs(world);
  world.disk.fault = ({ op }) => op === "rename" ? "I/O error" : null;
  world.pass(MINUTE_MS);
  world.forget();
  await runOnce(world);
  assertEquals(standingAlarms(world).length, 1);
});

Deno.test("a timer's runs that can write wait two minutes before they tell what is bare", async () => {
  const world = await bought();
  takeLegs(world);
  buyByHand(world);
  for (let run = 0; run < 2; run++) {
    world.pass(MINUTE_MS);
    await runOnce(world);
  }
  assertEquals(standingAlarms(world), []);
  world.pass(MINUTE_MS);
  await runOnce(world);
  assertEquals(standingAlarms(world).length, 1);
});

Deno.test("what is bare or due is looked at again in 30 s, and as it becomes an alarm", async () => {
  const world = await bought();
  buyByHand(world);
  world.exchange.setPrice("NVDA", 106);
  world.pass(MINUTE_MS);
  await world.cycle();
  const [standing] = world.engine.state.standings;
  const sinceMs = standing?.dueSinceMs ?? NaN;
  assert(world.engine.wakeAtMs.some((ms) => Math.abs(ms - sinceMs - 30 * SECOND_MS) < SECOND_MS));
  assert(world.engine.wakeAtMs.includes(sinceMs + 2 * MINUTE_MS));
});

Deno.test("the kill switch's message says what is bare, since when and why", async () => {
  const world = await bought();
  takeLegs(world);
  world.exchange.behaviour.isTradingBlocked = true;
  await world.cycles(1, MINUTE_MS);
  world.disk.put(KILL_PATH, "");
  await world.cycles(1, MINUTE_MS);
  const [message] = world.alerted("Kill switch active");
  assert(
    message?.text.includes(
      "10 of 10 shares without a good-till-canceled stop since 2026-11-23 10:0",
    ),
    message?.text,
  );
  assert(message?.text.includes("account blocked (trading_blocked)"), message?.text);
});

Deno.test("a bare position whose price falls through its stop is told as that, though it was told as bare", async () => {
  const world = await bought();
  takeLegs(world);
  world.disk.put(KILL_PATH, "");
  world.goTo(at("10:31"));
  await world.cycle();
  world.goTo(at("10:34"));
  await world.cycle();
  assertEquals(standingAlarms(world).length, 1);
  world.forget();
  world.exchange.setPrice("NVDA", 94);
  await world.cycles(2, MINUTE_MS);
  assertEquals(standingAlarms(world), []);
  await world.cycles(2, MINUTE_MS);
  const [first, ...others] = standingAlarms(world);
  assert(first?.includes("stop_exit due since 2026-11-23 10:35:"), first);
  assertEquals(others, []);
});

Deno.test("since when an exit is due is its own, not that of the trim that was due before it", async () => {
  const world = await trimmed();
  world.disk.put(KILL_PATH, "");
  for (const stop of world.orders(({ type, isActive }) => type === "stop" && isActive)) {
    world.exchange.desk.cancel(stop);
  }
  world.exchange.setPrice("NVDA", 112);
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.engine.state.standings.map(({ due }) => due), ["r2_trim"]);
  world.exchange.setPrice("NVDA", 98);
  world.pass(MINUTE_MS);
  const fellMs = world.nowMs;
  await world.cycle();
  const [standing] = world.engine.state.standings;
  assertEquals(standing?.due, "stop_exit");
  assert((standing?.dueSinceMs ?? 0) >= fellMs);
});

Deno.test("what is bare is told in each night, also where nobody looked on the day between", async () => {
  const world = await bought();
  world.disk.put(KILL_PATH, "");
  for (
    const [day, time] of [
      ["2026-11-23", "16:00:05"],
      ["2026-11-24", "16:30"],
      ["2026-11-27", "13:00:05"],
      ["2026-11-28", "12:00"],
    ] as const
  ) {
    world.goTo(at(time, day));
    await world.restart();
    world.forget();
    await world.cycle();
    // Friday's night lasts until Monday.
    assertEquals(standingAlarms(world).length, time === "12:00" ? 0 : 1, `${day} ${time}`);
    // The alert is on record as delivered.
    await world.cycle();
  }
});

Deno.test("a clock that can't be read from the night on does not make a session a night: what is bare is told hourly", async () => {
  const world = await bought();
  world.disk.put(KILL_PATH, "");
  world.goTo(at("16:00:05"));
  await world.cycle();
  world.setFaults([{ path: "/v2/clock", fault: DOWN }]);
  const saidAt: string[] = [];
  for (const time of ["05:00", "09:05", "09:33", "09:45", "10:05", "11:05", "15:45", "16:01"]) {
    world.goTo(at(time, "2026-11-24"));
    world.forget();
    await world.cycle();
    if (standingAlarms(world).length > 0) saidAt.push(time);
  }
  assertEquals(saidAt, ["05:00", "09:05", "09:33", "10:05", "11:05", "15:45", "16:01"]);
});

Deno.test("a kill switch set by a restart in the night says what was seen to cover each position last", async () => {
  const world = await bought();
  for (const time of ["15:51", "16:00:05", "20:00"]) {
    world.goTo(at(time));
    await world.cycle();
  }
  assertEquals(world.stops(), ["10@95 gtc"]);
  await world.restart({ KILL_SWITCH: "1" });
  world.forget();
  await world.cycle();
  const [message] = world.alerted("Kill switch active");
  assert(
    message?.text.includes(
      "NVDA (10 shares when last seen): protection can't be seen now; " +
        "when last seen 10 of 10 shares had a stop, 10 of them good till canceled",
    ),
    message?.text,
  );
});

for (const path of ["/v2/clock", "/v2/positions"]) {
  Deno.test(`a bare position is told twice in the hour, and not each time that ${path} answers again`, async () => {
    const world = await bought();
    takeLegs(world);
    world.disk.put(KILL_PATH, "");
    for (let turn = 0; turn < 40; turn++) {
      world.setFaults(turn % 2 === 0 ? [{ path, fault: DOWN }] : []);
      await world.cycles(1, 30 * SECOND_MS);
    }
    // Once for each cause that keeps it so.
    assertEquals(standingAlarms(world).length, 2);
    world.setFaults([]);
    world.goTo(at("11:00:30"));
    await world.cycle();
    assertEquals(standingAlarms(world).length, 3);
  });
}

Deno.test("one read that fails is no alarm of a position under its day legs", async () => {
  for (const path of ["/v2/positions", "/v2/orders", "/v2/account"]) {
    const world = await bought();
    world.setFaults([{ path, fault: DOWN }]);
    await world.cycles(1, MINUTE_MS);
    world.setFaults([]);
    await world.cycles(2, MINUTE_MS);
    assertEquals(standingAlarms(world), [], path);
  }
});

Deno.test("a kill switch in the middle of an exit is one message, then the alarm of what stays bare, not an error for each step", async () => {
  const world = await bought();
  world.onEvent = (event) => {
    if (event.type === "order_answer" && event.op === "cancel") world.disk.put(KILL_PATH, "");
  };
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.stops(), []);
  const titles = world.alerts.flatMap(({ title }) => title === "" ? [] : [title]);
  assertEquals(titles, ["Kill switch active", "Position without stop"]);
  assert(world.said("r1_trim: its sell: stopped: kill switch active (file)").length > 0);
});

Deno.test("an alarm of a cycle that could not ask the gate shows no gate line of one before it", async () => {
  const world = await bought();
  world.disk.put(KILL_PATH, "");
  await world.restart();
  world.setFaults([{ path: "/v2/clock", fault: DOWN }]);
  await world.cycles(4, MINUTE_MS);
  const [first] = standingAlarms(world);
  assert(first?.includes("kill switch active (file)"), first);
  assertEquals(first?.includes("Gate mode="), false, first);
});

Deno.test("a managed position that is short is told hourly, at the close and before the open, until it is bought back", async () => {
  const world = await trimmed();
  world.goTo(at("11:10"));
  world.exchange.setPosition("NVDA", -5, 100);
  await world.cycles(4, MINUTE_MS);
  const [first = ""] = standingAlarms(world);
  assert(first.includes("it is SHORT: the broker shows -5 shares"), first);
  assert(first.includes("Do: buy it back by hand"), first);
  assertEquals(world.changes.filter((each) => each.method === "POST"), []);
  const saidAt: string[] = [];
  for (const time of ["11:40", "12:10", "12:40", "13:10", "15:59:30", "16:00:30", "20:00"]) {
    world.forget();
    world.goTo(at(time));
    await world.cycle();
    if (standingAlarms(world).length > 0) saidAt.push(time);
  }
  assertEquals(saidAt, ["12:10", "13:10", "15:59:30", "16:00:30"]);
  world.forget();
  world.goTo(at("09:02", "2026-11-24"));
  await world.cycle();
  assertEquals(standingAlarms(world).length, 1);
  world.forget();
  world.exchange.setPosition("NVDA", 5, 100);
  world.goTo(at("09:35", "2026-11-24"));
  await world.cycles(3, MINUTE_MS);
  assertEquals(standingAlarms(world), []);
});

Deno.test("a clock that can't be read for one cycle does not begin the two minutes of a locked ledger anew", async () => {
  const world = await bought();
  const { ledger } = world.engine.state;
  assert(ledger !== null);
  world.engine.updateState({ ledger: { ...ledger, mismatches: 2 } });
  world.forget();
  await world.cycle();
  assertEquals(standingAlarms(world), []);
  world.pass(80 * SECOND_MS);
  world.setFaults([{ path: "/v2/clock", fault: DOWN }]);
  await world.cycle();
  world.setFaults([]);
  world.pass(45 * SECOND_MS);
  await world.cycle();
  const [said = ""] = standingAlarms(world);
  assert(said.includes("10 of 10 shares without a good-till-canceled stop"), said);
});
