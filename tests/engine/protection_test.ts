import { assert, assertEquals } from "../assert.ts";
import { AAPL, at, LIVE_PASS, MINUTE_MS, NVDA, SECOND_MS, STATE_DIR, World } from "./support.ts";

const HALF_DAY = "2026-11-27";
const TUESDAY = "2026-11-24";

async function bought(options: ConstructorParameters<typeof World>[0] = {}): Promise<World> {
  const world = new World(options);
  await world.buy();
  return world;
}

/** Cancels the bracket's legs, as a hand or the night would. */
function takeLegs(world: World): void {
  for (const order of world.orders((each) => each.parent !== null)) {
    if (order.status === "new") world.exchange.desk.cancel(order);
  }
  world.pass(SECOND_MS);
}

const closes: {
  readonly what: string;
  readonly dateNy: string;
  readonly minutes: readonly string[];
}[] = [
  { what: "a full day", dateNy: "2026-11-23", minutes: ["15:49:30", "15:50:00", "15:57:00"] },
  { what: "a half day", dateNy: HALF_DAY, minutes: ["12:49:30", "12:50:00", "12:57:00"] },
];
for (const { what, dateNy, minutes } of closes) {
  Deno.test(`${what}: ten minutes before the real close day legs become a good-till-canceled stop`, async () => {
    const world = await bought({ startMs: at("10:00:30", dateNy) });
    const [before, ten] = minutes;
    world.goTo(at(before ?? "", dateNy));
    await world.cycle();
    assertEquals(world.stops(), ["10@95 day"]);
    assert(world.engine.wakeAtMs.some((ms) => Math.abs(ms - at(ten ?? "", dateNy)) < SECOND_MS));
    world.goTo(at(ten ?? "", dateNy));
    await world.cycle();
    assertEquals(world.stops(), ["10@95 gtc"]);
    world.goTo(at("17:00", dateNy));
    assertEquals([world.stops(), world.held()], [["10@95 gtc"], 10]);
  });

  Deno.test(`${what}: what ten minutes could not do is done at three`, async () => {
    const world = await bought({ startMs: at("10:00:30", dateNy) });
    const [, ten, three] = minutes;
    world.exchange.behaviour.cancelOutcome = () => "stuck";
    world.goTo(at(ten ?? "", dateNy));
    await world.cycle();
    assertEquals(world.said("overnight stop waits").length, 1);
    world.exchange.behaviour.cancelOutcome = () => "canceled";
    assert(world.engine.wakeAtMs.some((ms) => Math.abs(ms - at(three ?? "", dateNy)) < SECOND_MS));
    world.goTo(at(three ?? "", dateNy));
    world.exchange.desk.releaseCancels();
    await world.cycle();
    assertEquals(world.stops(), ["10@95 gtc"]);
  });
}

Deno.test("what is bought right before the conversion gets its stop before the close", async () => {
  const world = new World({ startMs: at("15:49:40") });
  await world.buy();
  assertEquals(world.buys().length, 1);
  world.goTo(at("15:50"));
  await world.cycle();
  assertEquals(world.stops(), ["10@95 gtc"]);
  world.goTo(at("16:30"));
  assertEquals(world.stops(), ["10@95 gtc"]);
});

const losses: {
  readonly what: string;
  readonly lose: (world: World) => void;
  readonly stop: string;
}[] = [
  { what: "that were cancelled by hand", lose: takeLegs, stop: "10@95 gtc" },
  {
    what: "that died overnight",
    lose: (world) => {
      world.disk.put(`${STATE_DIR}/KILL_SWITCH`, "");
      world.goTo(at("10:00:30", TUESDAY));
      world.list([AAPL]);
      world.disk.remove(`${STATE_DIR}/KILL_SWITCH`);
    },
    stop: "10@95 gtc",
  },
];
for (const { what, lose, stop } of losses) {
  Deno.test(`legs ${what} give way to a stop in the next LIVE cycle`, async () => {
    const world = await bought();
    lose(world);
    assertEquals(world.stops(), []);
    await world.cycle();
    assertEquals(world.stops(), [stop]);
    assertEquals(world.entries("stop").map((each) => each.status), ["accepted"]);
  });
}

Deno.test("held legs are protection: nothing is placed beside them", async () => {
  const world = await bought();
  await world.cycles(5, 5 * MINUTE_MS);
  assertEquals([world.changes, world.stops()], [[], ["10@95 day"]]);
});

Deno.test("held legs are protection where the broker lists them by themselves", async () => {
  const world = await bought();
  world.exchange.behaviour.openNestedShows = "legs";
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.changes, world.stops()], [[], ["10@95 day"]]);
});

Deno.test("only the uncovered shares get a stop", async () => {
  const world = await bought();
  takeLegs(world);
  world.exchange.placeByHand({
    symbol: "NVDA",
    qty: "4",
    side: "sell",
    type: "stop",
    stop_price: "96",
    time_in_force: "gtc",
  });
  world.pass(SECOND_MS);
  await world.cycle();
  assertEquals(world.stops().sort(), ["4@96 gtc", "6@95 gtc"]);
});

Deno.test("more protection than shares is reduced: our own stop shrinks in its place", async () => {
  const world = await bought();
  takeLegs(world);
  await world.cycle();
  world.forget();
  world.exchange.setPosition("NVDA", 14, 100);
  world.exchange.placeByHand({
    symbol: "NVDA",
    qty: "4",
    side: "sell",
    type: "stop",
    stop_price: "96",
    time_in_force: "gtc",
  });
  world.exchange.setPosition("NVDA", 10, 100);
  assertEquals(world.stops(), ["10@95 gtc", "4@96 gtc"]);
  await world.cycles(1, MINUTE_MS);
  assertEquals(world.stops().sort(), ["4@96 gtc", "6@95 gtc"]);
  assertEquals(world.changes.map((each) => each.method), ["PATCH"]);
});

Deno.test("a stop that the broker refuses because the market is below it: sold instead", async () => {
  const world = await bought();
  takeLegs(world);
  world.exchange.behaviour.stopAboveMarket = "refuses";
  // The market falls under the stop between the cycle's look at it and the stop's request.
  world.onEvent = (event) => {
    if (event.type === "protection") world.exchange.setPrice("NVDA", 94);
  };
  await world.cycle();
  assertEquals([world.sells(), world.held(), world.stops()], [["10 filled"], 0, []]);
  assertEquals(world.entries("stop").map((each) => each.status), ["rejected"]);
  await world.cycles(1, MINUTE_MS);
  assertEquals(world.position(), undefined);
});

Deno.test("an entry partly filled for a minute has its rest cancelled and gets a stop for what it has", async () => {
  const world = new World();
  world.exchange.behaviour.partialFills = (order) =>
    order.side === "buy" ? [{ afterMs: 0, qty: 3 }] : null;
  await world.buy();
  assertEquals([world.held(), world.buys()[0]?.status], [3, "partially_filled"]);
  const firstFillMs = world.buys()[0]?.fills[0]?.atMs ?? 0;
  world.goTo(firstFillMs + 55 * SECOND_MS);
  await world.cycle();
  assertEquals([world.changes, world.stops()], [[], []]);
  assert(world.engine.wakeAtMs.some((ms) => Math.abs(ms - firstFillMs - 60_000) < SECOND_MS));
  world.goTo(firstFillMs + 61 * SECOND_MS);
  await world.cycle();
  assertEquals(world.buys()[0]?.status, "canceled");
  assertEquals([world.held(), world.stops()], [3, ["3@95 gtc"]]);
});

Deno.test("an entry that fills during the cancel of its rest keeps its legs", async () => {
  const world = new World();
  world.exchange.behaviour.partialFills = (order) =>
    order.side === "buy" ? [{ afterMs: 0, qty: 3 }] : null;
  await world.buy();
  world.exchange.behaviour.cancelOutcome = () => "filled";
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.held(), 10);
  const covered = world.stops().map((text) => Number(text.split("@")[0]))
    .reduce((sum, qty) => sum + qty, 0);
  assertEquals(covered, 10);
});

Deno.test("no exit and no stop goes beside an entry that still works", async () => {
  const world = new World();
  world.exchange.behaviour.partialFills = (order) =>
    order.side === "buy" ? [{ afterMs: 0, qty: 4 }, { afterMs: 40_000, qty: Infinity }] : null;
  await world.buy();
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(1, 10 * SECOND_MS);
  assertEquals(world.changes, []);
  await world.cycles(2, 30 * SECOND_MS);
  assertEquals([world.held(), world.sells(), world.stops()], [5, ["5 filled"], ["5@99 gtc"]]);
});

Deno.test("while not LIVE a position without a good-till-canceled stop is an alert: after the switch's own message, hourly, before the close", async () => {
  const world = await bought();
  world.goTo(at("10:30"));
  world.disk.put(`${STATE_DIR}/KILL_SWITCH`, "");
  const alertsAt: string[] = [];
  for (let minute = 30; minute <= 380; minute += 5) {
    const time = `${10 + Math.floor(minute / 60)}:${String(minute % 60).padStart(2, "0")}`;
    if (minute >= 350) break;
    world.goTo(at(time));
    await world.cycle();
    if (world.alerted("Position without stop").length > alertsAt.length) alertsAt.push(time);
  }
  // At 10:30 the kill switch's message has it.
  assertEquals(alertsAt, ["10:35", "11:00", "12:00", "13:00", "14:00", "15:00", "15:40"]);
  const levels = new Set(world.alerted("Position without stop").map((each) => each.level));
  assertEquals([...levels], ["ERROR"]);
  assertEquals(world.changes, []);
  await world.restart();
  world.goTo(at("15:51"));
  await world.cycle();
  assertEquals(world.alerted("Position without stop").length, alertsAt.length);
});

Deno.test("the last call twenty minutes before the close is a wake-up of its own", async () => {
  const world = await bought();
  world.disk.put(`${STATE_DIR}/KILL_SWITCH`, "");
  world.goTo(at("15:36"));
  await world.cycle();
  assert(world.engine.wakeAtMs.some((ms) => Math.abs(ms - at("15:40")) < SECOND_MS));
});

Deno.test("while not LIVE a good-till-canceled stop for all shares raises no alert", async () => {
  const world = await bought();
  takeLegs(world);
  await world.cycle();
  world.disk.put(`${STATE_DIR}/KILL_SWITCH`, "");
  await world.cycles(5, 30 * MINUTE_MS);
  assertEquals(world.alerted("Position without stop"), []);
});

Deno.test("a position that LIVE could not protect for two minutes is an alert too", async () => {
  const world = await bought();
  takeLegs(world);
  world.exchange.behaviour.isTradingBlocked = true;
  await world.cycle();
  assertEquals(world.alerted("Position without stop"), []);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.alerted("Position without stop").length, 1);
  world.exchange.behaviour.isTradingBlocked = false;
  await world.cycles(1, MINUTE_MS);
  assertEquals(world.stops(), ["10@95 gtc"]);
});

Deno.test("an alert that Slack did not take is offered again until it did", async () => {
  const world = await bought();
  world.goTo(at("10:30"));
  world.disk.put(`${STATE_DIR}/KILL_SWITCH`, "");
  world.isSlackUp = false;
  await world.cycle();
  world.pass(2 * MINUTE_MS);
  await world.cycles(2, SECOND_MS);
  assertEquals(world.alerted("Position without stop").length, 2);
  world.isSlackUp = true;
  await world.cycles(3, SECOND_MS);
  assertEquals(world.alerted("Position without stop").length, 3);
});

Deno.test("no live order but the stop leaves while the broker's clock says closed, hours ignored or not", async () => {
  const world = await bought();
  takeLegs(world);
  await world.restart({ EXEC_V2_IGNORE_MARKET_HOURS: "1" });
  world.goTo(at("16:30"));
  world.exchange.setPrice("NVDA", 90);
  await world.cycles(3, MINUTE_MS);
  assert(world.said(LIVE_PASS).length > 0);
  assertEquals([world.changes.map(({ body }) => body["type"]), world.sells()], [["stop"], []]);
  assertEquals(world.position()?.qty, 10);
  world.goTo(at("09:31", TUESDAY));
  world.list([AAPL]);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.held(), world.sells()], [0, []]);
});

Deno.test("with hours ignored an entry due while closed is skipped", async () => {
  const world = new World({ startMs: at("16:00:10"), rows: [NVDA] });
  await world.restart({ EXEC_V2_IGNORE_MARKET_HOURS: "1" });
  await world.cycle();
  await world.cycles(2, SECOND_MS);
  assert(world.said("SKIP NVDA: market closed").length > 0);
  assertEquals([world.changes, world.buys(), world.entries()], [[], [], []]);
});

Deno.test("market closed: one line, and nothing else of the cycle but the stop for what is bare", async () => {
  const world = await bought();
  world.goTo(at("16:30"));
  world.exchange.setPrice("NVDA", 90);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.said("info Market closed; skipping cycle.").length, 2);
  assertEquals(world.said("Gate "), []);
  assertEquals(world.changes.map(({ body }) => body["type"]), ["stop"]);
});

Deno.test("a broker clock that can't be read counts as closed", async () => {
  const world = await bought();
  takeLegs(world);
  world.setFaults([{ path: "/v2/clock", fault: { kind: "status", status: 503 } }]);
  await world.cycle();
  assertEquals(world.said("info Market closed; skipping cycle.").length, 1);
  assertEquals(world.changes, []);
});
