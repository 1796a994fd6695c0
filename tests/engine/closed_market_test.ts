import { decideClosedStop } from "../../src/domain/plan/closed_stop.ts";
import { runCycle } from "../../src/engine/cycle.ts";
import type { OrderRequest } from "../../src/domain/order/order_request.ts";
import { sendLive } from "../../src/engine/send.ts";
import { buildConfig, NO_RUN_FLAGS } from "../../src/runtime/config.ts";
import { assert, assertEquals } from "../assert.ts";
import { liveDecision } from "../domain/fixtures.ts";
import type { SimCorporateAction } from "../simulator/corporate_actions.ts";
import type { FaultRule } from "../simulator/faults.ts";
import { buildRefusal } from "../simulator/wire.ts";
import { AAPL, at, KILL_PATH, MINUTE_MS, NVDA, SECOND_MS, World } from "./support.ts";

const MONDAY = "2026-11-23";
const TUESDAY = "2026-11-24";
const FRIDAY = "2026-11-27";
const NEXT_MONDAY = "2026-11-30";
const DOWN = { kind: "status", status: 503 } as const;
const ACTIONS = "/v1/corporate-actions";

/** Ten shares whose day legs died with Monday's session: bare, at 16:00:30. */
async function bareAfterClose(): Promise<World> {
  const world = new World({ rows: [NVDA] });
  await world.buy();
  world.goTo(at("16:00:30"));
  assertEquals([world.held(), world.stops()], [10, []]);
  world.forget();
  return world;
}

/** What reads positions or orders, and changes, as it left. */
function looks(world: World): number {
  return world.exchange.requests.filter(({ path, method }) =>
    method === "GET" && path === "/v2/account"
  ).length;
}

function posts(world: World): string[] {
  return world.changes.map(({ method, body }) =>
    `${method} ${body["side"]} ${body["type"]} ${body["qty"]} ${body["time_in_force"]}`
  );
}

function bareAlarms(world: World): number {
  return world.alerted("Position without stop").length;
}

function split(dayNy: string): SimCorporateAction {
  const row = { id: "1", symbol: "NVDA", cusip: "2", new_rate: 4, old_rate: 1 };
  return { group: "forward_splits", row: { ...row, process_date: dayNy, ex_date: dayNy } };
}

Deno.test("shares that are bare at the close get their stop at once, and it holds at the open", async () => {
  const world = await bareAfterClose();
  await world.cycle();
  assertEquals(posts(world), ["POST sell stop 10 gtc"]);
  assertEquals([world.stops(), world.orders().at(-1)?.status], [["10@95 gtc"], "accepted"]);
  assertEquals(world.said("Gate mode"), []);
  assertEquals(world.said("Market closed; skipping cycle.").length, 1);
  assertEquals(bareAlarms(world), 0);
  world.goTo(at("09:31", TUESDAY));
  await world.cycle();
  assertEquals(posts(world), ["POST sell stop 10 gtc"]);
  assertEquals(world.stops(), ["10@95 gtc"]);
});

Deno.test("what was found covered is not looked at again before 30 minutes before the open", async () => {
  const world = await bareAfterClose();
  await world.cycle();
  assertEquals(looks(world), 1);
  while (world.nowMs < at("08:55", TUESDAY)) await world.cycles(1, 4 * MINUTE_MS);
  assertEquals(looks(world), 1);
  world.goTo(at("09:00", TUESDAY));
  await world.cycle();
  assertEquals(looks(world), 2);
  await world.cycles(6, 4 * MINUTE_MS);
  assertEquals([looks(world), posts(world).length], [2, 1]);
});

Deno.test("while shares stay bare the look comes every five minutes and no oftener", async () => {
  const world = await bareAfterClose();
  world.exchange.corporateActions.push(split(TUESDAY));
  await world.cycle();
  world.forget();
  await world.cycles(60, MINUTE_MS - SECOND_MS);
  assertEquals(looks(world), 12);
  assertEquals(world.engine.wakeAtMs.filter((ms) => ms < world.nowMs + 4 * MINUTE_MS), []);
});

Deno.test("a night stop that the broker refused is asked for once more, 30 minutes before the open", async () => {
  const world = await bareAfterClose();
  const refusal = '{"code":42210000,"message":"asset is not tradable"}';
  world.setFaults([{ method: "POST", fault: { kind: "status", status: 422, body: refusal } }]);
  await world.cycles(24, 5 * MINUTE_MS);
  assertEquals(world.sent.filter(({ method }) => method === "POST").length, 1);
  assertEquals(bareAlarms(world) > 0, true);
  assert(world.alerted("asset is not tradable").length > 0);
  world.goTo(at("09:00", TUESDAY));
  await world.cycle();
  assertEquals(world.sent.filter(({ method }) => method === "POST").length, 2);
  await world.cycles(4, 5 * MINUTE_MS);
  assertEquals(world.sent.filter(({ method }) => method === "POST").length, 2);
  // In the open market the ordinary rules hold again.
  world.setFaults([]);
  world.goTo(at("09:30:05", TUESDAY));
  await world.cycle();
  assertEquals(world.stops(), ["10@95 gtc"]);
});

Deno.test("a night stop that is gone by 30 minutes before the open is put again then", async () => {
  const world = await bareAfterClose();
  await world.cycle();
  const [stop] = world.orders((order) => order.type === "stop" && order.parent === null);
  assert(stop !== undefined);
  world.exchange.desk.cancel(stop);
  await world.cycles(12, 5 * MINUTE_MS);
  assertEquals(world.stops(), []);
  world.goTo(at("09:00:10", TUESDAY));
  await world.cycle();
  assertEquals(world.stops(), ["10@95 gtc"]);
});

Deno.test("a refusal that says nothing of the order is no answer: it is asked for again in five minutes", async () => {
  const world = await bareAfterClose();
  world.setFaults([{ method: "POST", times: 1, fault: { kind: "status", status: 429 } }]);
  await world.cycle();
  assertEquals(world.stops(), []);
  await world.cycles(1, 5 * MINUTE_MS);
  assertEquals(world.stops(), ["10@95 gtc"]);
});

for (
  const { what, actions, faults, said } of [
    { what: "due at the next open", actions: [split(TUESDAY)], faults: [], said: "split" },
    { what: "of the day that has closed", actions: [split(MONDAY)], faults: [], said: "split" },
    {
      what: "not answered",
      actions: [],
      faults: [{ path: ACTIONS, fault: DOWN }],
      said: "before it is known that no corporate action is due",
    },
    {
      what: "that can't be read",
      actions: [{
        group: "forward_splits",
        row: { id: "1", symbol: "NVDA", process_date: "", new_rate: 4, old_rate: 1 },
      }],
      faults: [{
        path: ACTIONS,
        fault: {
          kind: "status",
          status: 200,
          body:
            '{"corporate_actions":{"forward_splits":[{"symbol":"NVDA","new_rate":4,"old_rate":1}]},"next_page_token":null}',
        },
      }],
      said: "can't be read",
    },
  ] as readonly {
    what: string;
    actions: readonly SimCorporateAction[];
    faults: readonly FaultRule[];
    said: string;
  }[]
) {
  Deno.test(`no stop at night beside a corporate action ${what}: an alert`, async () => {
    const world = await bareAfterClose();
    world.exchange.corporateActions.push(...actions);
    world.setFaults(faults);
    await world.cycles(3, 5 * MINUTE_MS);
    world.goTo(at("09:00", TUESDAY));
    await world.cycle();
    assertEquals([posts(world), world.stops()], [[], []]);
    assert(world.alerted("Position without stop").some(({ text }) => text.includes(said)));
  });
}

Deno.test("a corporate action of the session after the next keeps no stop away", async () => {
  const world = await bareAfterClose();
  world.exchange.corporateActions.push(split("2026-11-25"));
  await world.cycle();
  assertEquals(world.stops(), ["10@95 gtc"]);
});

Deno.test("once corporate actions are answered the stop goes in, and after a restart they are not asked again", async () => {
  const world = await bareAfterClose();
  world.setFaults([{ path: ACTIONS, fault: DOWN }]);
  await world.cycle();
  assertEquals(world.stops(), []);
  world.setFaults([]);
  await world.cycles(3, 5 * MINUTE_MS);
  assertEquals(world.stops(), ["10@95 gtc"]);
  await world.restart();
  world.forget();
  await world.cycles(3, 5 * MINUTE_MS);
  assertEquals(world.exchange.requests.filter(({ path }) => path === ACTIONS), []);
});

Deno.test("a split of the weekend's first day counts when it is looked at on the second", async () => {
  const world = new World({ rows: [NVDA] });
  world.goTo(at("10:00:30", FRIDAY));
  world.list([NVDA]);
  await world.buy();
  world.exchange.corporateActions.push(split("2026-11-28"));
  world.goTo(at("11:00", "2026-11-29"));
  world.forget();
  await world.restart();
  await world.cycle();
  assertEquals([world.held(), posts(world)], [10, []]);
});

Deno.test("the kill switch at night keeps the stop away, with an alert; once it is off the stop goes in", async () => {
  const world = await bareAfterClose();
  world.disk.put(KILL_PATH, "");
  await world.cycles(2, 5 * MINUTE_MS);
  assertEquals(posts(world), []);
  assert(world.alerted("Position without stop").some(({ text }) => text.includes("kill switch")));
  await world.disk.remove(KILL_PATH);
  await world.cycles(1, 5 * MINUTE_MS);
  assertEquals(world.stops(), ["10@95 gtc"]);
});

Deno.test("what keeps the stop away is said as it is now, not as it was", async () => {
  const world = await bareAfterClose();
  world.disk.put(KILL_PATH, "");
  world.exchange.corporateActions.push(split(TUESDAY));
  await world.cycle();
  await world.disk.remove(KILL_PATH);
  await world.cycles(1, 5 * MINUTE_MS);
  const why = world.engine.state.standings[0]?.why ?? "";
  assert(why.includes("no stop before a corporate action") && !why.includes("kill"), why);
});

Deno.test("a buy without an answer keeps the look going, and is protected once it is found", async () => {
  const world = new World({ rows: [NVDA] });
  await world.restart();
  await world.cycle();
  world.setFaults([
    { method: "POST", times: 1, fault: { kind: "lost_after" } },
    { path: "/v2/orders:by_client_order_id", fault: DOWN },
  ]);
  await world.cycles(1, 5 * SECOND_MS);
  world.setFaults([{ path: "/v2/orders", fault: DOWN }]);
  assertEquals([world.position(), world.entries()[0]?.status], [undefined, "unknown"]);
  world.goTo(at("16:01"));
  world.forget();
  await world.cycles(3, 5 * MINUTE_MS);
  assertEquals(looks(world), 3);
  world.setFaults([]);
  await world.cycles(2, 5 * MINUTE_MS);
  assertEquals([world.held(), world.stops()], [10, ["10@95 gtc"]]);
});

Deno.test("a kill switch between the record and the request stops the night's stop", async () => {
  const world = await bareAfterClose();
  world.onEvent = (event) => {
    if (event.type === "order_request") world.disk.put(KILL_PATH, "");
  };
  await world.cycle();
  assertEquals(world.sent.filter(({ method }) => method !== "GET"), []);
  assertEquals(world.entries("stop").at(-1)?.detail, "not sent");
});

Deno.test("an answer that was lost at night is looked up, and the stop rests once", async () => {
  for (const kind of ["lost_after", "lost_before"] as const) {
    const world = await bareAfterClose();
    world.setFaults([{ method: "POST", times: 1, fault: { kind } }]);
    await world.cycles(3, 5 * MINUTE_MS);
    assertEquals(world.stops(), ["10@95 gtc"], kind);
    const ids = new Set(world.changes.map(({ body }) => body["client_order_id"]));
    assertEquals(ids.size, 1, kind);
  }
});

Deno.test("a night stop that nobody can tell about is asked for until it is known, and sent no second time", async () => {
  const world = await bareAfterClose();
  world.setFaults([
    { method: "POST", times: 1, fault: { kind: "lost_after" } },
    { path: "/v2/orders:by_client_order_id", times: 12, fault: DOWN },
  ]);
  await world.cycle();
  assertEquals(world.entries("stop").at(-1)?.status, "unknown");
  await world.cycles(6, 5 * MINUTE_MS);
  assertEquals(posts(world), ["POST sell stop 10 gtc"]);
  assertEquals(world.stops(), ["10@95 gtc"]);
});

Deno.test("a crash between the record and the request at night is picked up at the next look", async () => {
  const world = await bareAfterClose();
  const crash = new Error("the process dies");
  world.onEvent = (event) => {
    if (event.type === "order_request") throw crash;
  };
  let caught: unknown = null;
  try {
    await world.cycle();
  } catch (error) {
    caught = error;
  }
  assertEquals([caught, world.entries("stop").at(-1)?.status], [crash, "pending"]);
  world.onEvent = () => {};
  await world.restart();
  await world.cycles(1, 5 * MINUTE_MS);
  assertEquals([posts(world), world.stops()], [["POST sell stop 10 gtc"], ["10@95 gtc"]]);
});

Deno.test("a process that starts at night over bare shares protects them, and the next one sends nothing", async () => {
  const world = await bareAfterClose();
  world.goTo(at("22:10"));
  await world.restart();
  await world.cycle();
  assertEquals(world.stops(), ["10@95 gtc"]);
  for (let turn = 0; turn < 5; turn++) {
    await world.restart();
    await world.cycles(1, MINUTE_MS);
  }
  assertEquals([posts(world).length, looks(world)], [1, 1]);
});

Deno.test("after midnight in New York the look turns the ledger's day, and the stop goes in", async () => {
  const world = await bareAfterClose();
  world.goTo(at("00:20", TUESDAY));
  await world.cycle();
  assertEquals(world.ledger.dateNy, TUESDAY);
  assertEquals(world.archived(MONDAY).entries.length > 0, true);
  assertEquals([world.entries("stop").length, world.stops()], [1, ["10@95 gtc"]]);
  world.goTo(at("09:35", TUESDAY));
  world.list([AAPL]);
  await world.cycle();
  assertEquals([world.held(), world.stops(), posts(world).length], [10, ["10@95 gtc"], 1]);
});

Deno.test("an entry that a crash left without its position is taken in and protected at night", async () => {
  const world = new World({ rows: [NVDA] });
  await world.restart();
  await world.cycle();
  const before = world.state;
  await world.cycles(1, 5 * SECOND_MS);
  world.goTo(at("16:10"));
  const { ledger, ledgerVersions } = world.state;
  world.state = { ...before, ledger, ledgerVersions, positions: [], standings: [], intents: [] };
  await world.restart();
  await world.cycle();
  assertEquals([world.held(), world.stops()], [10, ["10@95 gtc"]]);
});

Deno.test("at night a ledger that the records lack is taken in, and what its entry bought is protected", async () => {
  const world = new World({ rows: [NVDA] });
  await world.restart();
  await world.cycles(2, 5 * SECOND_MS);
  world.goTo(at("16:10"));
  world.state = { ...world.state, ledger: null, ledgerVersions: [], positions: [], standings: [] };
  await world.restart();
  await world.cycle();
  assertEquals([world.held(), world.stops()], [10, ["10@95 gtc"]]);
});

Deno.test("over the weekend after a half day: a stop at the close, and a look before Monday's open", async () => {
  const world = new World({ rows: [NVDA] });
  world.goTo(at("10:00:30", FRIDAY));
  world.list([NVDA]);
  await world.buy();
  world.goTo(at("13:00:05", FRIDAY));
  await world.cycle();
  assertEquals([posts(world), world.stops()], [["POST sell stop 10 gtc"], ["10@95 gtc"]]);
  await world.cycles(3, 5 * MINUTE_MS);
  assertEquals(looks(world), 2);
  world.forget();
  for (const day of ["2026-11-28", "2026-11-29"]) {
    world.goTo(at("12:00", day));
    await world.cycles(3, 5 * MINUTE_MS);
  }
  assertEquals(looks(world), 0);
  world.goTo(at("09:00", NEXT_MONDAY));
  await world.cycle();
  assertEquals([looks(world), posts(world)], [1, []]);
});

Deno.test("a stop that the market has come below is refused at night, and nothing is sold", async () => {
  const world = await bareAfterClose();
  world.exchange.behaviour.refuseOrder = () =>
    buildRefusal(422, 42210000, "stop price must be less than current price");
  await world.cycles(6, 5 * MINUTE_MS);
  world.goTo(at("09:00", TUESDAY));
  await world.cycles(2, 5 * MINUTE_MS);
  assertEquals(posts(world), ["POST sell stop 10 gtc", "POST sell stop 10 gtc"]);
  assertEquals([world.held(), bareAlarms(world) > 0], [10, true]);
});

Deno.test("what a hand's sell reserves at night is neither cancelled nor stopped: an alert", async () => {
  const world = await bareAfterClose();
  world.exchange.placeByHand({
    symbol: "NVDA",
    qty: "10",
    side: "sell",
    type: "limit",
    limit_price: "150",
    time_in_force: "gtc",
  });
  await world.cycles(3, 5 * MINUTE_MS);
  assertEquals(posts(world), []);
  assertEquals(bareAlarms(world) > 0, true);
});

Deno.test("a position that split in the night gets no stop for what no order explains", async () => {
  const world = await bareAfterClose();
  world.exchange.split("NVDA", 4);
  await world.cycles(4, 5 * MINUTE_MS);
  assertEquals([posts(world), world.held()], [[], 40]);
  assert(world.alerted("which no order explains").length > 0);
});

Deno.test("positions or orders that can't be read at the close are an alarm, and looked at again", async () => {
  for (const path of ["/v2/positions", "/v2/orders"]) {
    const world = new World({ rows: [NVDA] });
    await world.buy();
    world.goTo(at("15:51"));
    await world.cycle();
    assertEquals(world.stops(), ["10@95 gtc"]);
    world.goTo(at("16:00:30"));
    world.setFaults([{ method: "GET", path, fault: DOWN }]);
    await world.cycle();
    if (path === "/v2/orders") assertEquals(bareAlarms(world), 1, path);
    world.setFaults([]);
    world.forget();
    await world.cycles(3, 5 * MINUTE_MS);
    assertEquals([looks(world), posts(world), world.stops()], [1, [], ["10@95 gtc"]], path);
  }
});

/** Ten shares under a good-till-canceled stop, a second before the close. */
async function convertedBeforeClose(): Promise<World> {
  const world = new World({ rows: [NVDA] });
  await world.buy();
  world.goTo(at("15:51"));
  await world.cycle();
  assertEquals(world.stops(), ["10@95 gtc"]);
  world.goTo(at("15:59:59"));
  world.forget();
  return world;
}

function takeStops(world: World): void {
  for (const stop of world.orders(({ type, parent }) => type === "stop" && parent === null)) {
    world.exchange.desk.cancel(stop);
  }
}

Deno.test("a stop that a hand took in the last second, and that lists showed a second after the close, is put back five minutes later", async () => {
  for (const lagMs of [0, 200, 1500, 3000]) {
    const world = await convertedBeforeClose();
    world.exchange.behaviour.listsLagMs = lagMs;
    takeStops(world);
    world.goTo(at("16:00:01"));
    await world.cycle();
    assertEquals(world.stops(), lagMs < 2_000 ? ["10@95 gtc"] : [], `${lagMs} ms`);
    await world.cycles(1, 5 * MINUTE_MS);
    assertEquals([looks(world), world.stops()], [2, ["10@95 gtc"]], `${lagMs} ms`);
    await world.cycles(4, 5 * MINUTE_MS);
    assertEquals([looks(world), bareAlarms(world)], [2, 0], `${lagMs} ms`);
  }
});

Deno.test("at night a stop that no list has, and that can't be read by its id, covers nothing: told, and looked for in five minutes", async () => {
  for (const isOneRunEach of [false, true]) {
    const world = await convertedBeforeClose();
    world.goTo(at("16:00:30"));
    await world.cycle();
    world.forget();
    takeStops(world);
    world.goTo(at("09:00:10", TUESDAY));
    world.setFaults([{ method: "GET", path: "/v2/orders/", fault: DOWN }]);
    if (isOneRunEach) await world.restart();
    await world.cycle();
    world.setFaults([]);
    assertEquals([bareAlarms(world), world.stops()], isOneRunEach ? [0, ["10@95 gtc"]] : [1, []]);
    if (isOneRunEach) await world.restart();
    await world.cycles(1, 5 * MINUTE_MS);
    assertEquals(world.stops(), ["10@95 gtc"]);
  }
});

Deno.test("with hours ignored nothing but the stop leaves at night, and it leaves once", async () => {
  const world = await bareAfterClose();
  await world.restart({ EXEC_V2_IGNORE_MARKET_HOURS: "1" });
  world.exchange.setPrice("NVDA", 94);
  world.goTo(at("20:00"));
  await world.cycles(12, 5 * MINUTE_MS);
  assertEquals(posts(world), ["POST sell stop 10 gtc"]);
  assertEquals(world.held(), 10);
  assertEquals(world.entries("stop_exit"), []);
});

Deno.test("with hours ignored a position without a stop does not make the engine ask every few seconds", async () => {
  const world = await bareAfterClose();
  world.exchange.corporateActions.push(split(TUESDAY));
  await world.restart({ EXEC_V2_IGNORE_MARKET_HOURS: "1" });
  world.goTo(at("20:00"));
  world.forget();
  for (let turn = 0; turn < 6; turn++) {
    await world.cycle();
    const soonest = Math.min(...world.engine.wakeAtMs);
    assert(soonest > world.nowMs + MINUTE_MS, `woken in ${soonest - world.nowMs} ms`);
    world.pass(5 * MINUTE_MS);
  }
  assertEquals([posts(world), bareAlarms(world) > 0], [[], true]);
});

Deno.test("the loop wakes at the close for a managed position", async () => {
  const world = new World({ rows: [NVDA] });
  await world.buy();
  world.goTo(at("15:58"));
  await world.cycle();
  const wakes = world.engine.wakeAtMs.map((ms) => ms - at("16:00"));
  assert(wakes.some((ms) => ms >= 0 && ms <= 2_000), wakes.join());
});

Deno.test("nothing but its own symbol's stop leaves under the permit of a closed market", async () => {
  const world = await bareAfterClose();
  world.exchange.corporateActions.push(split(TUESDAY));
  await world.cycle();
  const nextOpenMs = at("09:30", TUESDAY);
  const decision = decideClosedStop({
    symbol: "NVDA",
    gate: liveDecision(),
    nextOpenMs,
    action: { kind: "none" },
    isAnswered: false,
  });
  assert(decision.kind === "place");
  const { permit } = decision;
  const ask = { clientOrderId: "avwap-x-stop-1", qty: 1, symbol: "NVDA" };
  const others: OrderRequest[] = [
    { op: "sell", request: ask },
    { op: "cancel", symbol: "NVDA", orderId: "1" },
    { op: "replace", symbol: "NVDA", request: { orderId: "1", clientOrderId: "avwap-x-stop-2" } },
    {
      op: "bracket",
      request: { ...ask, stopUsd: 95, takeProfitUsd: 111 },
      notBeforeMs: null,
      notAfterMs: Infinity,
      earlier: null,
    },
  ];
  for (const order of others) {
    const result = await sendLive(world.engine, permit, order);
    assertEquals(result, { kind: "stopped", reason: "market closed" }, order.op);
  }
  const stop: OrderRequest = { op: "stop", request: { ...ask, stopUsd: 95 } };
  world.goTo(nextOpenMs);
  assertEquals(await sendLive(world.engine, permit, stop), {
    kind: "stopped",
    reason: "the market opens",
  });
  assertEquals(world.changes, []);
});

/** A run of a timer's in each of twenty minutes. */
async function runByTimer(world: World, fromMs: number): Promise<void> {
  const { config } = buildConfig(world.environment, { ...NO_RUN_FLAGS, isRunOnce: true });
  for (let minute = 0; minute < 20; minute++) {
    world.goTo(fromMs + minute * MINUTE_MS);
    await world.restart();
    Object.assign(world.engine.ports, { config: config.engine });
    await runCycle(world.engine);
    assert(world.nowMs - fromMs - minute * MINUTE_MS < 25 * SECOND_MS);
  }
}

Deno.test("--run-once in every minute of the night: one stop, and a look every five minutes at most", async () => {
  const world = await bareAfterClose();
  world.disk.put(KILL_PATH, "");
  await runByTimer(world, at("16:01"));
  assertEquals([looks(world), posts(world)], [4, []]);
  await world.disk.remove(KILL_PATH);
  await runByTimer(world, at("16:21"));
  assertEquals([looks(world), posts(world)], [5, ["POST sell stop 10 gtc"]]);
});

/** Ten shares under their stop for the night, at 16:00:30. */
async function coveredAfterClose(): Promise<World> {
  const world = new World({ rows: [NVDA] });
  await world.buy();
  world.goTo(at("15:51"));
  await world.cycle();
  assertEquals(world.stops(), ["10@95 gtc"]);
  world.goTo(at("16:00:30"));
  world.forget();
  return world;
}

Deno.test("a position that one answer at night lacks is looked for again in five minutes, and is no alarm", async () => {
  const world = await coveredAfterClose();
  world.exchange.emptyAnswers = 1;
  await world.cycle();
  assertEquals(world.engine.state.standings[0]?.due, "unknown");
  await world.cycles(3, 5 * MINUTE_MS);
  assertEquals([world.alerted("Exits wait"), looks(world)], [[], 2]);
  assertEquals(world.engine.state.standings[0]?.due, null);
});

Deno.test("a position that is absent all night is told once it was missed twice, and before the open, by a timer's runs too", async () => {
  const loop = await coveredAfterClose();
  loop.exchange.hidePosition("NVDA", 1_000);
  await loop.cycles(4, 5 * MINUTE_MS);
  const timer = await coveredAfterClose();
  timer.exchange.hidePosition("NVDA", 1_000);
  await runByTimer(timer, at("16:01"));
  for (const world of [loop, timer]) assertEquals(world.alerted("Exits wait").length, 1);
  await runByTimer(timer, at("09:01", TUESDAY));
  assertEquals(timer.alerted("Exits wait").length, 2);
});

Deno.test("a broker that still can't be read at the close has not recovered before a look reads everything", async () => {
  const world = new World({ rows: [NVDA] });
  await world.buy();
  world.setFaults([{ path: "/v2/positions", fault: DOWN }]);
  world.goTo(at("15:55"));
  await world.cycle();
  assert(world.alerted("Broker unreachable (http): positions").length > 0);
  world.forget();
  world.goTo(at("16:00:05"));
  await world.cycles(3, 5 * MINUTE_MS);
  assertEquals([world.alerted("Execution recovered"), world.alerted("Broker unreachable")], [
    [],
    [],
  ]);
  world.setFaults([]);
  await world.cycles(1, 5 * MINUTE_MS);
  assertEquals(world.alerted("Execution recovered").length, 1);
});

Deno.test("a stop that is found gone by the look for the day's summary is put again in that look", async () => {
  const world = new World({ rows: [NVDA] });
  await world.buy();
  world.goTo(at("15:51"));
  await world.cycle();
  world.isSlackUp = false;
  world.goTo(at("16:00:05"));
  await world.cycle();
  assertEquals(world.stops(), ["10@95 gtc"]);
  for (const stop of world.orders(({ type, parent }) => type === "stop" && parent === null)) {
    world.exchange.desk.cancel(stop);
  }
  world.goTo(at("16:13"));
  await world.restart();
  world.forget();
  await world.cycle();
  assertEquals([looks(world), world.stops()], [1, ["10@95 gtc"]]);
  const [summary] = world.alerted("Daily execution summary");
  assert(summary?.text.includes("NVDA 10 shares: stop 95.00 for 10"), summary?.text);
});
