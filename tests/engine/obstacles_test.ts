import { assert, assertEquals } from "../assert.ts";
import { type SimOrder, touch } from "../simulator/order.ts";
import type { Spell } from "../simulator/spell.ts";
import { at, KILL_PATH, MINUTE_MS, NVDA, SECOND_MS, World } from "./support.ts";

/** Ten shares without a stop: a hand has cancelled the bracket. */
async function bare(): Promise<World> {
  const world = new World({ rows: [NVDA] });
  await world.buy();
  for (const leg of world.orders((order) => order.parent !== null && order.status === "new")) {
    world.exchange.desk.cancel(leg);
  }
  world.pass(SECOND_MS);
  world.forget();
  return world;
}

/** The same with a good-till-canceled stop of ours at 95, which then rests in another status. */
async function resting(spell: Spell): Promise<World> {
  const world = await bare();
  await world.cycle();
  const [stop] = world.orders((order) => order.type === "stop" && order.status === "new");
  assert(stop !== undefined);
  world.exchange.desk.beginSpell(stop, spell);
  world.forget();
  return world;
}

function placeByHand(world: World, terms: Readonly<Record<string, string>>): void {
  const order = { symbol: "NVDA", side: "sell", qty: "10", time_in_force: "gtc", ...terms };
  const { status } = world.exchange.placeByHand(order);
  assertEquals(status, 200);
  world.pass(SECOND_MS);
}

/** Stops that trade now, as `qty@price`. */
function working(world: World): string[] {
  return world.orders((order) =>
    order.type === "stop" && order.status === "new" && order.side === "sell" && order.isActive
  ).map((order) => `${order.qty}@${order.stopPriceUsd}`);
}

for (const status of ["suspended", "accepted_for_bidding", "done_for_day"]) {
  Deno.test(`a stop that is ${status} gives way to one that works`, async () => {
    const world = await resting({ status, ms: Infinity, then: "resumes" });
    await world.cycles(1, MINUTE_MS);
    assertEquals(working(world), ["10@95"]);
    assertEquals(world.changes.map((each) => each.method), ["DELETE", "POST"]);
  });
}

Deno.test("a stop that is done for the day in the last minutes of a session gives way all the same", async () => {
  const world = await resting({ status: "done_for_day", ms: Infinity, then: "resumes" });
  world.goTo(at("15:55"));
  await world.cycle();
  assertEquals(working(world), ["10@95"]);
});

Deno.test("where each new stop is suspended too, one is tried a minute, and the operator is told why", async () => {
  const world = await bare();
  world.exchange.behaviour.spellOf = (order) =>
    order.type === "stop" ? { status: "suspended", ms: Infinity, then: "resumes" } : null;
  // The look at what was done sees it suspended already.
  world.exchange.behaviour.acknowledgeMs = 1;
  await world.cycle();
  assertEquals(world.changes.map((each) => each.method), ["POST", "DELETE", "POST"]);
  const nextMs = Math.min(...world.engine.wakeAtMs) - world.nowMs;
  assert(nextMs >= 20 * SECOND_MS, `${nextMs}`);
  world.forget();
  await world.cycles(4, 30 * SECOND_MS);
  assertEquals(world.changes.map((each) => each.method), ["DELETE", "POST", "DELETE", "POST"]);
  const [alert] = world.alerted("Position without stop");
  assert(alert !== undefined);
  assert(alert.text.includes("is suspended: it protects nothing at the engine's stop 95"));
  assert(alert.text.includes("Do: look at the order in the broker's dashboard"));
  world.exchange.behaviour.spellOf = null;
  await world.cycles(2, 30 * SECOND_MS);
  assertEquals(working(world), ["10@95"]);
});

Deno.test("a suspended stop that the broker does not show for a moment gives way as soon as it does", async () => {
  const world = await resting({ status: "suspended", ms: Infinity, then: "resumes" });
  world.disk.put(KILL_PATH, "");
  await world.cycle();
  await world.disk.remove(KILL_PATH);
  world.exchange.behaviour.visibilityDelayMs = MINUTE_MS;
  await world.cycle();
  assertEquals(world.changes, []);
  world.exchange.behaviour.visibilityDelayMs = 0;
  await world.cycles(1, 5 * SECOND_MS);
  assertEquals(working(world), ["10@95"]);
});

Deno.test("a lost cancel of a suspended stop is asked again in seconds", async () => {
  const world = await resting({ status: "suspended", ms: Infinity, then: "resumes" });
  world.setFaultPlan(({ method }) => method === "DELETE" ? { kind: "lost_before" } : null);
  await world.cycle();
  assertEquals(working(world), []);
  world.setFaultPlan(() => null);
  await world.cycles(1, 5 * SECOND_MS);
  assertEquals(working(world), ["10@95"]);
});

Deno.test("a suspended stop of ours that gives way is named once a day", async () => {
  const world = await resting({ status: "suspended", ms: Infinity, then: "resumes" });
  await world.cycles(2, MINUTE_MS);
  const [line, ...others] = world.said("is suspended: it protects nothing");
  assert(line?.includes("NVDA: its sell stop qty=10 at 95, order "));
  assertEquals(others, []);
});

/** Two of the five shares of an R1 trim sold, and the stop for the rest of the ten shares in another status. */
async function halfTrimmed(status: string): Promise<World> {
  const world = await bare();
  await world.cycle();
  world.exchange.behaviour.partialFills = (order) =>
    order.clientOrderId.includes("r1_trim") ? [{ afterMs: 0, qty: 2 }] : null;
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.sells(), working(world)], [["5 partially_filled"], ["5@99"]]);
  const [stop] = world.orders((order) => order.type === "stop" && order.status === "new");
  assert(stop !== undefined);
  world.exchange.desk.beginSpell(stop, { status, ms: Infinity, then: "resumes" });
  world.forget();
  return world;
}

for (const status of ["suspended", "done_for_day"]) {
  Deno.test(`a stop that is ${status} does not wait for a trim that fills in parts`, async () => {
    const world = await halfTrimmed(status);
    await world.cycles(1, MINUTE_MS);
    assertEquals([world.sells(), working(world)], [["5 partially_filled"], ["5@99"]]);
    assertEquals(world.changes.map((each) => each.method), ["DELETE", "POST"]);
  });
}

Deno.test("a trim whose suspended sell gave way to a stop is due again in the same cycle", async () => {
  const world = await bare();
  await world.cycle();
  world.exchange.behaviour.spellOf = (order) =>
    order.type === "market" ? { status: "suspended", ms: Infinity, then: "resumes" } : null;
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.sells(), world.position()?.isTrimmedR1], [["5 canceled"], false]);
  assertEquals(world.engine.state.standings.map(({ due }) => due), ["r1_trim"]);
  assert(world.engine.wakeAtMs.some((ms) => ms <= world.nowMs + 30 * SECOND_MS));
  world.exchange.behaviour.spellOf = null;
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.sells(), world.held()], [["5 canceled", "5 filled"], 5]);
});

Deno.test("a trim that the broker ended without a share sold is due again without a price too", async () => {
  const world = await bare();
  await world.cycle();
  world.exchange.behaviour.spellOf = (order) =>
    order.type === "market" ? { status: "reviewing", ms: 30_000, then: "ends" } : null;
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.sells(), world.position()?.isTrimmedR1], [["5 reviewing"], true]);
  world.exchange.behaviour.refusedSymbols = ["NVDA"];
  const seen: (boolean | undefined)[] = [];
  world.onEvent = ({ type }) => {
    if (type === "protection") seen.push(world.position()?.isTrimmedR1);
  };
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.sells(), world.position()?.isTrimmedR1], [["5 canceled"], false]);
  assertEquals(seen, [false]);
});

Deno.test("what a position without a stop waits for is told: a status that nobody knows", async () => {
  const world = await resting({ status: "pending_review", ms: Infinity, then: "resumes" });
  await world.cycles(4, MINUTE_MS);
  const [alert, ...others] = world.alerted("Position without stop");
  assertEquals(others, []);
  assert(alert !== undefined && alert.text.includes("NVDA"), alert?.text);
  assert(alert.text.includes("is pending_review"), alert.text);
  assert(alert.text.includes("Do: look at the order in the broker's dashboard"), alert.text);
});

Deno.test("a stop in a status that nobody knows is not cancelled, and is an error once a day", async () => {
  const world = await resting({ status: "pending_review", ms: Infinity, then: "resumes" });
  await world.cycles(5, MINUTE_MS);
  assertEquals([world.changes, working(world)], [[], []]);
  const [error, ...others] = world.said("NVDA: its sell stop qty=10 at 95, order ");
  assert(error?.includes("is pending_review: this release does not know that status"));
  assertEquals(others, []);
});

Deno.test("while a stop's trade is guaranteed nothing new leaves in the symbol", async () => {
  const world = await resting({ status: "stopped", ms: 5 * MINUTE_MS, then: "fills" });
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.changes, world.sells()], [[], []]);
  await world.cycles(4, MINUTE_MS);
  assertEquals([world.held(), world.stops()], [0, []]);
});

function setStatus(world: World, order: SimOrder, status: string): void {
  order.status = status;
  touch(order, world.nowMs);
}

for (const status of ["stopped", "calculated"]) {
  Deno.test(`the shares of a stop that is ${status} count as perhaps sold`, async () => {
    const world = await bare();
    placeByHand(world, { qty: "4", type: "stop", stop_price: "96" });
    await world.cycle();
    const [stop] = world.orders((order) => order.type === "stop" && order.qty === 4);
    assert(stop !== undefined);
    // Nothing of it is sold, or shown as sold.
    setStatus(world, stop, status);
    world.forget();
    await world.cycles(2, MINUTE_MS);
    const [standing] = world.engine.state.standings;
    assertEquals([standing?.sureQty, standing?.doubtfulQty], [6, 4]);
    assertEquals(world.changes, []);
    assertEquals(world.said(`is ${status}: its shares may be sold already`).length, 1);
  });

  Deno.test(`a stop for all shares that is ${status} leaves nothing for sure, and is asked for`, async () => {
    const world = await bare();
    await world.cycle();
    const [stop] = world.orders((order) => order.type === "stop" && order.status === "new");
    assert(stop !== undefined);
    setStatus(world, stop, status);
    world.forget();
    await world.cycles(2, MINUTE_MS);
    const [standing] = world.engine.state.standings;
    assertEquals([standing?.sureQty, standing?.doubtfulQty], [0, 10]);
    assertEquals(world.changes, []);
    assertEquals(world.said(`is ${status}: its shares may be sold already`).length, 1);
    setStatus(world, stop, "new");
    await world.cycles(2, MINUTE_MS);
    assertEquals([world.changes, working(world)], [[], ["10@95"]]);
    const [now] = world.engine.state.standings;
    assertEquals([now?.sureQty, now?.doubtfulQty, now?.bareQty], [10, 0, 0]);
  });
}
Deno.test("a stop that works again by the answer for its id is raised in the same cycle, and no error", async () => {
  const world = await resting({ status: "pending_review", ms: MINUTE_MS, then: "resumes" });
  world.exchange.behaviour.listsLagMs = 1_000;
  await world.cycles(1, 59 * SECOND_MS);
  world.exchange.setPrice("NVDA", 104);
  const position = world.position();
  assert(position !== undefined);
  world.engine.putPosition({ ...position, stopUsd: 97 });
  world.forget();
  await world.cycle();
  assertEquals([working(world), world.said("ERROR")], [["10@97"], []]);
});

Deno.test("what a settled trade leaves bare gets its stop in the cycle that learns of it", async () => {
  const world = await bare();
  await world.cycle();
  world.exchange.behaviour.spellOf = (order) =>
    order.type === "market" ? { status: "stopped", ms: 59_000, then: "fills" } : null;
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.sells(), working(world)], [["5 stopped"], ["5@99"]]);
  world.exchange.behaviour.listsLagMs = 3_000;
  for (const stop of world.orders((each) => each.type === "stop" && each.status === "new")) {
    world.exchange.desk.cancel(stop);
  }
  world.pass(58 * SECOND_MS);
  await world.cycle();
  assertEquals([world.sells(), working(world)], [["5 filled"], ["5@99"]]);
});

Deno.test("only the leg whose status nobody knows is named, not its sibling", async () => {
  const world = new World({ rows: [NVDA] });
  await world.buy();
  const [stop] = world.orders((order) => order.parent !== null && order.stopPriceUsd !== null);
  assert(stop !== undefined);
  world.exchange.desk.beginSpell(stop, { status: "reviewing", ms: Infinity, then: "resumes" });
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.said("NVDA: its sell limit"), []);
  assertEquals(world.said("NVDA: its sell stop").length, 1);
});

Deno.test("a stop in a status that nobody knows is looked at every 30 s, also behind an exit", async () => {
  const world = await bare();
  await world.cycle();
  world.exchange.behaviour.spellOf = (order) =>
    order.type === "stop" ? { status: "reviewing", ms: Infinity, then: "resumes" } : null;
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  const nextMs = Math.min(...world.engine.wakeAtMs) - world.nowMs;
  assert(nextMs >= 20 * SECOND_MS && nextMs <= 30 * SECOND_MS, `${nextMs}`);
});

Deno.test("a stop whose trade is done and not settled is not cancelled as one whose position is gone", async () => {
  const world = await resting({ status: "calculated", ms: 5 * MINUTE_MS, then: "fills" });
  await world.cycles(3, 30 * SECOND_MS);
  assertEquals([world.held(), world.changes], [0, []]);
});

const BY_HAND = [
  { what: "a lower stop", terms: { type: "stop", stop_price: "90" } },
  { what: "a sell limit", terms: { type: "limit", limit_price: "120" } },
];
for (const { what, terms } of BY_HAND) {
  Deno.test(`${what} of a hand's gives way to a stop at the engine's, and Slack names it`, async () => {
    const world = await bare();
    placeByHand(world, terms);
    await world.cycle();
    assertEquals(working(world), ["10@95"]);
    const [alert, ...others] = world.alerted("Foreign sell cancelled");
    assertEquals(others, []);
    assert(alert?.text.includes("avwap-execution release NVDA"));
  });

  Deno.test(`${what} that a hand puts back twice is left, with an error`, async () => {
    const world = await bare();
    for (let turn = 0; turn < 3; turn++) {
      for (const order of world.orders((each) => each.type === "stop" && each.status === "new")) {
        world.exchange.desk.cancel(order);
      }
      world.pass(SECOND_MS);
      placeByHand(world, terms);
      await world.cycles(1, MINUTE_MS);
    }
    const [order] = world.orders((each) =>
      each.status === "new" && each.side === "sell" && !each.clientOrderId.startsWith("avwap-")
    );
    assertEquals([order?.qty, world.held()], [10, 10]);
    assertEquals(world.said("was cancelled twice and put back: it is left").length, 1);
    await world.restart();
    world.forget();
    await world.cycles(2, MINUTE_MS);
    assertEquals(world.changes, []);
  });
}

Deno.test("a stop of a hand's at the engine's or above is protection", async () => {
  const world = await bare();
  placeByHand(world, { type: "stop_limit", stop_price: "95", limit_price: "94" });
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.changes, []);
});

Deno.test("a take-profit that is listed without its stop is a bracket by the answer for its id", async () => {
  const world = new World({ rows: [NVDA] });
  await world.buy();
  world.exchange.behaviour.openNestedShows = "legs";
  await world.restart();
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.changes, []);
});

Deno.test("a stop whose answer was lost, and whose repeat was refused, is sent again in the next cycle beside a sell whose status nobody knows", async () => {
  const world = await bare();
  world.exchange.behaviour.spellOf = (order) =>
    order.type === "market" ? { status: "pending_review", ms: Infinity, then: "resumes" } : null;
  world.exchange.setPrice("NVDA", 106);
  const stop = { method: "POST", contains: "-stop-", times: 1 } as const;
  const body = '{"message":"too many requests"}';
  world.setFaults([
    { ...stop, fault: { kind: "lost_before" } },
    { ...stop, fault: { kind: "status", status: 429, body } },
  ]);
  await world.cycle();
  assertEquals([world.sells(), working(world)], [["5 pending_review"], []]);
  world.forget();
  await world.cycles(1, 5 * SECOND_MS);
  assertEquals([world.changes.length, working(world)], [1, ["5@99"]]);
});
