import { assert, assertEquals } from "../assert.ts";
import { type SimOrder, touch } from "../simulator/order.ts";
import { at, MINUTE_MS, NVDA, SECOND_MS, World } from "./support.ts";

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

const POLL_MS = 5 * MINUTE_MS;

type Taking = (world: World, stop: SimOrder) => void;

const TAKINGS: Readonly<Record<string, Taking>> = {
  "a hand cancels": (world, stop) => world.exchange.desk.cancel(stop),
  "the broker rejects": (world, stop) => {
    world.exchange.desk.cancel(stop);
    world.pass(SECOND_MS);
    stop.status = "rejected";
    touch(stop, world.nowMs);
  },
  "the broker suspends": (world, stop) =>
    world.exchange.desk.beginSpell(stop, { status: "suspended", ms: Infinity, then: "resumes" }),
};

/** Takes each stop away a second after it came, with a cycle at the engine's own moments or each poll. */
async function takeAway(
  world: World,
  take: Taking,
  { untilMs, everyMs = POLL_MS }: { readonly untilMs: number; readonly everyMs?: number },
): Promise<void> {
  while (world.nowMs < untilMs) {
    world.pass(SECOND_MS);
    for (const stop of world.orders((order) => order.type === "stop" && order.status === "new")) {
      take(world, stop);
    }
    const wakeMs = Math.min(...world.engine.wakeAtMs, world.nowMs + everyMs);
    if (wakeMs > untilMs) return world.goTo(untilMs);
    world.goTo(Math.max(world.nowMs + SECOND_MS, wakeMs));
    await world.cycle();
  }
}

function alarms(world: World): string[] {
  return world.alerted("Position without stop").map(({ text }) => text);
}

for (const [who, take] of Object.entries(TAKINGS)) {
  Deno.test(`where ${who} each new stop a moment after it rests the operator is told within three minutes, and hourly`, async () => {
    const world = await bare();
    world.goTo(at("10:50"));
    await world.cycle();
    await takeAway(world, take, {
      untilMs: world.nowMs + 3 * MINUTE_MS,
      everyMs: MINUTE_MS / 2,
    });
    const [alarm, ...others] = alarms(world);
    assert(alarm?.includes("10 of 10 shares without a stop"), alarm);
    assertEquals(others, []);
    await takeAway(world, take, { untilMs: at("11:05") });
    assertEquals(alarms(world).length, 2);
  });

  Deno.test(`where ${who} each new stop, and a poll finds the first one gone, the operator is told within three minutes of that`, async () => {
    const world = await bare();
    await world.cycle();
    await takeAway(world, take, { untilMs: world.nowMs + POLL_MS + 3 * MINUTE_MS });
    assertEquals(alarms(world).length, 1);
  });
}

Deno.test("the alarm of stops that are taken away says that, since when, and what can be done", async () => {
  const world = await bare();
  await world.cycle();
  const { "a hand cancels": take } = TAKINGS;
  assert(take !== undefined);
  await takeAway(world, take, { untilMs: world.nowMs + 2 * POLL_MS });
  const [alarm] = alarms(world);
  for (
    const part of [
      "10 of 10 shares without a stop that lasts since 2026-11-23 10:",
      "each stop that is placed is gone when it is looked at",
      "Do: look at the symbol's orders in the broker's dashboard: who cancels its stops there?",
    ]
  ) assert(alarm?.includes(part), `${part}: ${alarm}`);
});

Deno.test("stops whose answers are lost are taken away like others", async () => {
  const world = await bare();
  const { "a hand cancels": take } = TAKINGS;
  assert(take !== undefined);
  world.setFaults([{ method: "POST", fault: { kind: "lost_after" } }]);
  await world.cycle();
  await takeAway(world, take, { untilMs: world.nowMs + 3 * MINUTE_MS, everyMs: MINUTE_MS / 2 });
  assertEquals(alarms(world).length, 1);
});

Deno.test("a run each minute that finds the stop of the run before gone tells it too", async () => {
  const world = await bare();
  await world.cycle();
  for (let minute = 0; minute < 4; minute += 1) {
    world.pass(SECOND_MS);
    for (const stop of world.orders((order) => order.type === "stop" && order.status === "new")) {
      world.exchange.desk.cancel(stop);
    }
    world.pass(MINUTE_MS);
    await world.restart();
    await world.cycle();
  }
  assertEquals(alarms(world).length, 1);
});

Deno.test("a stop that lasts ends the alarm, and one that a hand cancels once is none", async () => {
  const world = await bare();
  const [who] = Object.values(TAKINGS);
  assert(who !== undefined);
  await world.cycle();
  await takeAway(world, who, { untilMs: world.nowMs + 2 * POLL_MS });
  assertEquals(alarms(world).length, 1);
  await world.cycles(6, 30 * SECOND_MS);
  assertEquals(
    world.state.standings.map(({ due, bareQty, stops }) => [due, bareQty, stops.losses]),
    [
      [null, 0, null],
    ],
  );
  world.forget();
  world.orders((order) => order.type === "stop" && order.status === "new").forEach((stop) =>
    world.exchange.desk.cancel(stop)
  );
  await world.cycles(6, 30 * SECOND_MS);
  assertEquals(alarms(world), []);
});

Deno.test("a stop that the engine takes down for its own acts is none that was lost", async () => {
  const world = await bare();
  await world.cycle();
  world.exchange.behaviour.replaceFault = () => "chain";
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(1, 30 * SECOND_MS);
  world.exchange.setPrice("NVDA", 111);
  await world.cycles(2, 30 * SECOND_MS);
  assert(world.changes.filter(({ method }) => method === "DELETE").length > 1);
  assertEquals(world.state.standings.map(({ stops }) => stops.losses), [null]);
});
