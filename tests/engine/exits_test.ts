import { assert, assertEquals } from "../assert.ts";
import {
  AAPL,
  at,
  KILL_PATH,
  LEDGER_PATH,
  MINUTE_MS,
  NVDA,
  SECOND_MS,
  STATE_DIR,
  World,
} from "./support.ts";

const TUESDAY = "2026-11-24";

async function bought(rows = [NVDA]): Promise<World> {
  const world = new World({ rows });
  await world.buy();
  return world;
}

/** Trimmed at R1: five shares behind a plain stop at the pivot. */
async function trimmed(): Promise<World> {
  const world = await bought();
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  world.forget();
  return world;
}

Deno.test("a trim at R1: records first, cancel, sell half, stop for the rest at the pivot", async () => {
  const world = await bought();
  world.exchange.setPrice("NVDA", 105);
  const steps: string[] = [];
  world.onEvent = (event) => {
    if (event.type === "order_recorded") steps.push(`record ${event.reason}`);
    if (event.type === "order_request") steps.push(String(event.op));
  };
  world.pass(MINUTE_MS);
  await world.cycle();
  assertEquals(steps, ["record r1_trim", "record stop", "cancel", "sell", "stop"]);
  assertEquals([world.sells(), world.stops()], [["5 filled"], ["5@99 gtc"]]);
  const cancelled = world.orders((order) => order.type === "limit").map((order) => order.status);
  assertEquals(cancelled, ["canceled"]);
  assertEquals([world.position()?.isTrimmedR1, world.position()?.stopUsd], [true, 99]);
  assertEquals(world.changes.map((each) => each.status), [204, 200, 200]);
});

Deno.test("a trim at R2 from our own plain stop: the stop is replaced, never cancelled", async () => {
  const world = await trimmed();
  world.exchange.setPrice("NVDA", 111);
  await world.cycles(1, MINUTE_MS);
  assertEquals(world.changes.map((each) => each.method).filter((each) => each === "DELETE"), []);
  assertEquals(world.sells(), ["5 filled", "2 filled"]);
  await world.cycles(1, SECOND_MS);
  assertEquals([world.held(), world.stops()], [3, ["3@105 gtc"]]);
  assertEquals(world.position()?.isTrimmedR2, true);
});

Deno.test("a jump over both levels makes both trims, each once", async () => {
  const world = await bought();
  // The take-profit would sell all at R2: without it, as after a morning.
  for (const order of world.orders((each) => each.type === "limit")) {
    world.exchange.desk.cancel(order);
  }
  world.pass(SECOND_MS);
  world.exchange.setPrice("NVDA", 112);
  await world.cycles(4, 10 * SECOND_MS);
  assertEquals(world.sells(), ["5 filled", "2 filled"]);
  assertEquals([world.held(), world.stops()], [3, ["3@106 gtc"]]);
});

Deno.test("the stop follows the high-water price by replacing, and never falls", async () => {
  const world = await trimmed();
  world.exchange.setPrice("NVDA", 111);
  await world.cycles(2, MINUTE_MS);
  world.forget();
  for (const [priceUsd, stop] of [[115, 109], [113, 109], [120, 114], [114.5, 114]] as const) {
    world.exchange.setPrice("NVDA", priceUsd);
    await world.cycles(1, MINUTE_MS);
    assertEquals(world.stops(), [`3@${stop} gtc`]);
  }
  assertEquals(world.changes.map((each) => each.method), ["PATCH", "PATCH"]);
});

Deno.test("the stop of a second day finds new ids, however many the first day used", async () => {
  const world = await trimmed();
  world.exchange.setPrice("NVDA", 111);
  await world.cycles(2, MINUTE_MS);
  for (let step = 1; step <= 12; step++) {
    world.exchange.setPrice("NVDA", 111 + step);
    await world.cycles(1, MINUTE_MS);
  }
  assertEquals(world.stops(), ["3@117 gtc"]);
  world.goTo(at("10:00:30", TUESDAY));
  world.list([AAPL]);
  world.forget();
  world.exchange.setPrice("NVDA", 130);
  await world.cycles(2, 10 * SECOND_MS);
  assertEquals(world.stops(), ["3@124 gtc"]);
  assertEquals(world.changes.filter((each) => each.method === "PATCH").map((each) => each.status), [
    200,
  ]);
  assertEquals(world.said("error "), []);
});

Deno.test("at the stop everything is sold, once", async () => {
  const world = await trimmed();
  world.exchange.halt("NVDA"); // The stop at the broker rests, the last trade is seen.
  world.exchange.resume("NVDA");
  const [stop] = world.orders((order) => order.type === "stop" && order.status === "new");
  assert(stop !== undefined);
  world.exchange.desk.cancel(stop);
  world.pass(SECOND_MS);
  world.exchange.setPrice("NVDA", 99);
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.sells(), ["5 filled", "5 filled"]);
  assertEquals([world.held(), world.position(), world.stops()], [0, undefined, []]);
});

Deno.test("a stop filled at the broker ends the position without another order", async () => {
  const world = await trimmed();
  world.exchange.setPrice("NVDA", 98);
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.held(), world.position(), world.changes], [0, undefined, []]);
});

Deno.test("one share has no half: both trims are done without an order, and the stop rises", async () => {
  const world = new World({ rows: [{ ...NVDA, priceUsd: 2000 }] });
  await world.buy();
  assertEquals(world.held(), 1);
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.sells(), world.stops()], [[], ["1@99 day"]]);
  for (const order of world.orders((each) => each.type === "limit")) {
    world.exchange.desk.cancel(order);
  }
  world.pass(SECOND_MS);
  world.exchange.setPrice("NVDA", 113);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.sells(), world.stops()], [[], ["1@107 gtc"]]);
  assertEquals([world.position()?.isTrimmedR1, world.position()?.isTrimmedR2], [true, true]);
});

Deno.test("a stop that the broker won't have replaced gives way to a new one", async () => {
  const world = new World({ rows: [{ ...NVDA, priceUsd: 2000 }] });
  await world.buy();
  world.exchange.behaviour.refusesReplace = () => true;
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.held(), world.stops()], [1, ["1@99 gtc"]]);
});

Deno.test("an account that may not trade keeps the stop that can't be raised", async () => {
  const world = new World({ rows: [{ ...NVDA, priceUsd: 2000 }] });
  await world.buy();
  world.setFaults([{ method: "PATCH", fault: { kind: "status", status: 403 } }]);
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.held(), world.stops()], [1, ["1@95 day"]]);
  assert(world.said("error NVDA: stop not placed").length > 0);
});

Deno.test("a trim that the broker took and ended unfilled is due again, with the next attempt", async () => {
  const world = await bought();
  world.exchange.behaviour.rejectsLater = (order) => order.type === "market";
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.sells(), world.held()], [["5 rejected"], 10]);
  world.exchange.behaviour.rejectsLater = null;
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.sells(), world.held()], [["5 rejected", "5 filled"], 5]);
  assertEquals(world.stops(), ["5@99 gtc"]);
  assertEquals(world.entries("r1_trim").map((each) => each.attempt), [1, 2]);
});

Deno.test("a trim that a halt kept unfilled over the close is due again on the next day", async () => {
  const world = await bought();
  world.exchange.setPrice("NVDA", 106);
  world.goTo(at("15:40"));
  world.exchange.halt("NVDA");
  await world.cycle();
  assertEquals(world.sells(), ["5 new"]);
  await world.cycle();
  world.goTo(at("10:00:30", TUESDAY));
  world.list([AAPL]);
  world.exchange.resume("NVDA");
  world.pass(SECOND_MS);
  assertEquals([world.sells(), world.held()], [["5 expired"], 10]);
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.sells(), world.held()], [["5 expired", "5 filled"], 5]);
  assertEquals(world.stops(), ["5@99 gtc"]);
});

Deno.test("a trim that ended unfilled while nothing could be sent is due again on the next day", async () => {
  const world = await bought();
  world.exchange.behaviour.rejectsLater = (order) => order.type === "market";
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(1, MINUTE_MS);
  world.disk.put(KILL_PATH, "");
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.sells(), world.held()], [["5 rejected"], 10]);
  world.exchange.behaviour.rejectsLater = null;
  world.goTo(at("10:00:30", TUESDAY));
  world.list([AAPL]);
  world.disk.remove(KILL_PATH);
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.sells(), world.held()], [["5 rejected", "5 filled"], 5]);
});

Deno.test("a blocked account keeps its stops: no exit and no overnight stop takes one away", async () => {
  const world = await bought();
  world.exchange.behaviour.isTradingBlocked = true;
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  world.goTo(at("15:51:00"));
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.changes.filter((each) => each.method === "DELETE"), []);
  assertEquals(world.stops(), ["10@99 day"]); // Only its price follows.
  assert(world.said("warn NVDA: r1_trim waits: the account is blocked").length > 0);
  assert(world.said("warn NVDA: overnight stop waits: the account is blocked").length > 0);
});

Deno.test("a cancel that hangs costs few requests", async () => {
  const world = await bought();
  world.exchange.behaviour.cancelOutcome = () => "stuck";
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(1, MINUTE_MS);
  const polls = world.exchange.requests.filter((each) =>
    /^.v2.orders.[0-9a-f]{8}-/.test(each.path)
  );
  assert(polls.length <= 2 * 7, `${polls.length} polls`);
});

Deno.test("an exit waits for a stop that the broker does not show yet, and takes none of the others away", async () => {
  const world = await bought();
  for (const order of world.orders((each) => each.type === "limit")) {
    world.exchange.desk.cancel(order);
  }
  world.pass(SECOND_MS);
  const byHand = { symbol: "NVDA", qty: "4", side: "sell", type: "stop", stop_price: "99.5" };
  world.exchange.placeByHand({ ...byHand, time_in_force: "gtc" });
  world.pass(MINUTE_MS);
  world.exchange.behaviour.visibilityDelayMs = 30 * SECOND_MS;
  await world.cycle();
  world.forget();
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, 5 * SECOND_MS);
  assertEquals([world.changes, world.stops().sort()], [[], ["4@99.5 gtc", "6@95 gtc"]]);
  assert(world.said("warn NVDA: r1_trim waits: the broker does not show").length > 0);
  world.exchange.behaviour.visibilityDelayMs = 0;
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.sells(), world.stops()], [["5 filled"], ["5@99 gtc"]]);
});

Deno.test("a sell of the last minutes is left to fill", async () => {
  const world = await bought();
  world.exchange.setPrice("NVDA", 106);
  world.goTo(at("15:57:30"));
  await world.cycles(2, SECOND_MS);
  assertEquals([world.sells(), world.stops()], [["5 filled"], ["5@99 gtc"]]);
  assertEquals(world.position()?.isTrimmedR1, true);
});

Deno.test("a sell of the last minutes that a halt holds gives way to the overnight stop, once", async () => {
  const world = await bought();
  world.exchange.setPrice("NVDA", 106);
  world.goTo(at("15:57:30"));
  world.exchange.halt("NVDA");
  await world.cycle();
  assertEquals([world.sells(), world.stops()], [["5 new"], ["5@99 gtc"]]);
  await world.cycles(20, 5 * SECOND_MS);
  assertEquals([world.sells(), world.stops()], [["5 canceled"], ["5@99 gtc", "5@99 gtc"]]);
  assert(world.said("warn NVDA: r1_trim waits for the next session").length > 0);
  world.goTo(at("10:00:30", TUESDAY));
  world.list([AAPL]);
  world.exchange.resume("NVDA");
  world.pass(SECOND_MS);
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.sells(), world.held()], [["5 canceled", "5 filled"], 5]);
});

Deno.test("an exit that works at the broker is not sent again", async () => {
  const world = await bought();
  world.exchange.setPrice("NVDA", 106);
  world.pass(MINUTE_MS);
  world.exchange.halt("NVDA");
  await world.cycles(4, MINUTE_MS);
  assertEquals([world.sells(), world.stops()], [["5 new"], ["5@99 gtc"]]);
});

Deno.test("a leg that fills during the cancel is taken as it is, and nothing is sold twice", async () => {
  const world = await bought();
  world.exchange.behaviour.cancelOutcome = () => "filled";
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.held(), world.sells(), world.stops()], [0, [], []]);
  assertEquals(world.position(), undefined);
});

Deno.test("a cancel that sticks is said, and its exit waits", async () => {
  const world = await bought();
  world.exchange.behaviour.cancelOutcome = () => "stuck";
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.sells(), world.held()], [[], 10]);
  assert(world.said("warn NVDA r1_trim waits: cancel not confirmed").length > 0);
  world.exchange.behaviour.cancelOutcome = () => "canceled";
  world.exchange.desk.releaseCancels();
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.sells(), world.held(), world.stops()], [["5 filled"], 5, ["5@99 gtc"]]);
});

const operatorActs: {
  readonly what: string;
  readonly act: (world: World) => void;
  /** The message that has what is bare. */
  readonly told: string;
}[] = [
  {
    what: "the kill switch",
    act: (world) => world.disk.put(`${STATE_DIR}/KILL_SWITCH`, ""),
    told: "Kill switch active",
  },
  {
    what: "a changed token file",
    act: (world) => world.disk.put(`${STATE_DIR}/live_confirm_token.txt`, "other"),
    told: "Position without stop",
  },
];
for (const { what, act, told } of operatorActs) {
  Deno.test(`${what} after the cancel stops the rest of an exit`, async () => {
    const world = await bought();
    world.exchange.setPrice("NVDA", 106);
    world.onEvent = (event) => {
      if (event.type === "order_answer" && event.op === "cancel") act(world);
    };
    await world.cycles(1, MINUTE_MS);
    assertEquals([world.sells(), world.stops()], [[], []]);
    const [message] = world.alerted(told);
    assert(message?.text.includes("NVDA 10 shares: NO STOP at the broker"), message?.text);
  });
}

Deno.test("what a changed token file left without any stop is looked at again in 30 s, and stopped once it is put back", async () => {
  const world = await bought();
  const tokenPath = `${STATE_DIR}/live_confirm_token.txt`;
  const token = world.disk.textOf(tokenPath) ?? "";
  world.exchange.setPrice("NVDA", 106);
  world.onEvent = (event) => {
    if (event.type === "order_answer" && event.op === "cancel") world.disk.put(tokenPath, "other");
  };
  await world.cycles(1, MINUTE_MS);
  for (let turn = 0; turn < 2; turn++) {
    const waitMs = Math.min(...world.engine.wakeAtMs) - world.nowMs;
    assert(waitMs <= 30 * SECOND_MS, `looked at again in ${waitMs} ms`);
    world.pass(waitMs);
    await world.cycle();
  }
  world.disk.put(tokenPath, token);
  world.pass(30 * SECOND_MS);
  await world.cycle();
  assertEquals([world.sells(), world.stops()], [["5 filled"], ["5@99 gtc"]]);
});

Deno.test("under the operator's switch a position under its day legs is looked at by the poll alone", async () => {
  const world = await bought();
  world.disk.put(`${STATE_DIR}/KILL_SWITCH`, "");
  await world.cycles(2, 5 * MINUTE_MS);
  const waitMs = Math.min(...world.engine.wakeAtMs) - world.nowMs;
  assert(waitMs > 5 * MINUTE_MS, `looked at again in ${waitMs} ms`);
});

Deno.test("a failing positions read after the cancel can't stop the stop", async () => {
  const world = await bought();
  world.exchange.setPrice("NVDA", 106);
  world.onEvent = (event) => {
    if (event.type !== "order_answer" || event.op !== "cancel") return;
    world.setFaults([{ path: "/v2/positions", fault: { kind: "status", status: 503 } }]);
  };
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.sells(), world.stops()], [["5 filled"], ["5@99 gtc"]]);
});

Deno.test("a failing clock or ledger read after the cancel can't stop the rest either", async () => {
  const world = await bought();
  world.exchange.setPrice("NVDA", 106);
  world.onEvent = (event) => {
    if (event.type !== "order_answer" || event.op !== "cancel") return;
    world.setFaults([{ path: "/v2/clock", fault: { kind: "status", status: 503 } }]);
  };
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.sells(), world.stops()], [["5 filled"], ["5@99 gtc"]]);
});

Deno.test("a ledger that fails after a refused sell costs neither the stop nor its record", async () => {
  const world = await bought();
  world.exchange.setPrice("NVDA", 106);
  world.setFaults([
    { method: "POST", contains: "r1_trim", times: 1, fault: { kind: "status", status: 429 } },
  ]);
  // The sell was refused, so that the stop is to hold all ten shares: that record can't be written.
  let failures = 0;
  world.disk.fault = ({ op, path }) => {
    if (op !== "rename" || path !== LEDGER_PATH || failures > 0) return null;
    const text = world.disk.textOf(`${LEDGER_PATH}.tmp`) ?? "";
    if (!/"qty": 10,[^{}]*"reason": "stop"/.test(text)) return null;
    failures++;
    return "input/output error";
  };
  const stopRecords: unknown[] = [];
  world.onEvent = (event) => {
    if (event.type !== "order_request" || event.op !== "stop") return;
    const record = world.entries("stop").find((each) =>
      each.clientOrderId === event.client_order_id
    );
    stopRecords.push(record?.status);
  };
  await world.cycles(1, MINUTE_MS);
  world.onEvent = () => {};
  world.disk.fault = () => null;
  assertEquals(failures, 1);
  assert(stopRecords.length > 0);
  assert(stopRecords.every((status) => status === "pending"), stopRecords.join());
  assertEquals(world.stops(), [`${world.held()}@99 gtc`]);
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.sells(), world.stops()], [["5 filled"], ["5@99 gtc"]]);
  assertEquals(world.ledger.mismatches, 0);
});

Deno.test("a rejected sell leaves the position protected as a whole", async () => {
  const world = await bought();
  world.exchange.setPrice("NVDA", 106);
  world.exchange.behaviour.refuseOrder = ({ type }) =>
    type === "market"
      ? { status: 403, headers: {}, body: '{"code":40310000,"message":"not authorized"}' }
      : null;
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.sells(), world.stops()], [[], ["10@99 gtc"]]);
  assertEquals(world.alerted("NVDA r1_trim: its sell: rejected").map((each) => each.level), [
    "ERROR",
  ]);
});

Deno.test("no exit is decided before the session's first trade in the symbol", async () => {
  const world = await trimmed();
  world.exchange.setPrice("NVDA", 98.5); // The last trade of the day, below the stop.
  const [stop] = world.orders((order) => order.type === "stop" && order.status === "new");
  assert(stop !== undefined);
  world.goTo(at("15:59:59.5".slice(0, 8)));
  world.exchange.halt("NVDA");
  world.goTo(at("09:31", TUESDAY));
  world.list([AAPL]);
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.sells().length, 1);
});

Deno.test("an exit asks no allowlist, no cap and no fresh list", async () => {
  const world = await bought();
  await world.restart({
    ALLOWLIST_SYMBOLS: "MSFT",
    MAX_LIVE_ORDERS_PER_DAY: "1",
    MAX_LIVE_GROSS_NOTIONAL: "1",
  });
  await world.disk.remove("/scan/daily_candidates.csv");
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.sells(), world.stops()], [["5 filled"], ["5@99 gtc"]]);
});

const dryRuns: { readonly priceUsd: number; readonly lines: readonly string[] }[] = [
  { priceUsd: 106, lines: ["DRY_RUN: would trim NVDA qty=5 reason=r1_trim"] },
  {
    priceUsd: 111,
    lines: [
      "DRY_RUN: would trim NVDA qty=5 reason=r1_trim",
      "DRY_RUN: would trim NVDA qty=2 reason=r2_trim",
    ],
  },
  { priceUsd: 95, lines: ["DRY_RUN: would close NVDA (reason=stop_exit)"] },
  { priceUsd: 100, lines: [] },
];
for (const { priceUsd, lines } of dryRuns) {
  Deno.test(`DRY_RUN prints the exits at ${priceUsd}, sends none, and observes the high`, async () => {
    const world = await bought();
    for (const order of world.orders((each) => each.parent !== null)) {
      if (order.status === "new") world.exchange.desk.cancel(order);
    }
    world.pass(SECOND_MS);
    await world.restart({ DRY_RUN: "1" });
    world.exchange.setPrice("NVDA", priceUsd);
    await world.cycles(1, MINUTE_MS);
    assertEquals(world.said("DRY_RUN: would").map((line) => line.replace(/^info /, "")), [
      ...lines,
    ]);
    assertEquals([world.changes, world.held()], [[], 10]);
    const position = world.position();
    assertEquals(position?.highWaterUsd, Math.max(100, priceUsd));
    assertEquals([position?.stopUsd, position?.isTrimmedR1], [95, false]);
  });
}

Deno.test("the price of what is managed is asked for where other reads must wait", async () => {
  const world = new World();
  await world.buy();
  const asked: string[] = [];
  const { marketData } = world.engine.ports;
  const { listLatestTrades } = marketData;
  marketData.listLatestTrades = (query, requestClass = "read") => {
    asked.push(`${query.symbols.join()} ${requestClass}`);
    return listLatestTrades(query, requestClass);
  };
  await world.cycle();
  assertEquals(asked, ["NVDA protect"]);
});
