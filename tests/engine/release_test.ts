import { takeRequests } from "../../src/engine/releasing.ts";
import { buildConfig, NO_RUN_FLAGS } from "../../src/runtime/config.ts";
import { listBare, noteBare } from "../../src/engine/unfinished.ts";
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
  STATE_PATH,
  World,
} from "./support.ts";

const REQUEST = `${STATE_DIR}/release-NVDA.json`;
const TUESDAY = "2026-11-24";

function ask(
  world: World,
  { positionId = world.position()?.positionId ?? "", ageMs = 0 } = {},
): void {
  const time = new Date(world.nowMs - ageMs).toISOString();
  world.disk.put(REQUEST, JSON.stringify({ symbol: "NVDA", position_id: positionId, time }));
}

/** Ten shares with their overnight stop, released. */
async function released(): Promise<World> {
  const world = new World();
  await world.buy();
  world.goTo(at("15:51"));
  await world.cycle();
  assertEquals(world.stops(), ["10@95 gtc"]);
  world.forget();
  ask(world);
  await takeRequests(world.engine);
  return world;
}

Deno.test("what was released is managed no longer, is said once, and stands in state and ledger at once", async () => {
  const world = await released();
  assertEquals([world.position(), world.disk.textOf(REQUEST)], [undefined, null]);
  assertEquals(world.state.released.map((each) => each.symbol), ["NVDA"]);
  assertEquals(world.entries("released").map((each) => each.symbol), ["NVDA"]);
  const [alert, ...others] = world.alerts;
  assertEquals([alert?.level, alert?.title, others], ["WARNING", "Position released", []]);
  assert(alert?.text.includes("stop 10 at 95.00 gtc"), alert?.text);
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.changes, world.held(), world.stops()], [[], 10, ["10@95 gtc"]]);
  assertEquals(world.said("error "), []);
});

Deno.test("a request that can't be read is said once a day, stays, and holds up no other", async () => {
  const world = new World();
  await world.buy();
  const odd = `${STATE_DIR}/adopt-AAPL.json`;
  world.disk.putDir(odd);
  ask(world);
  for (let turn = 0; turn < 2; turn++) await takeRequests(world.engine);
  assertEquals([world.position(), world.disk.textOf(REQUEST)], [undefined, null]);
  const said = world.said("warn ").filter((line) => line.includes("adopt-AAPL.json"));
  assertEquals(said.length, 1, said.join("\n"));
  assert(said[0]?.includes("remove it, and ask again"), said[0]);
});

Deno.test("a released symbol is not adopted or taken in again, over days, restarts and a lost state", async () => {
  const world = await released();
  for (const day of [TUESDAY, "2026-11-25"]) {
    world.goTo(at("10:00:30", day));
    world.list([NVDA]);
    world.exchange.setPrice("NVDA", 106);
    await world.restart();
    await world.cycles(3, MINUTE_MS);
    assertEquals([world.position(), world.stops()], [undefined, ["10@95 gtc"]]);
    assertEquals(world.entries("released").length, 1);
  }
  world.disk.remove(STATE_PATH);
  await world.restart();
  await world.cycles(4, MINUTE_MS);
  assertEquals([world.position(), world.stops()], [undefined, ["10@95 gtc"]]);
  assertEquals(world.state.released.length, 1);
  assertEquals([world.changes, world.alerted("mismatch"), world.alerted("Adopted")], [[], [], []]);
});

Deno.test("a release is on record again where the ledger was lost", async () => {
  const world = await released();
  world.disk.remove(LEDGER_PATH);
  await world.cycles(3, 10 * SECOND_MS);
  assertEquals([world.entries("released").length, world.position()], [1, undefined]);
});

Deno.test("a release ends when neither shares nor orders of it are shown, and not at one empty answer", async () => {
  const world = await released();
  world.exchange.emptyAnswers = 1;
  await world.cycle();
  await world.cycles(1, 5 * SECOND_MS);
  assertEquals(world.state.released.length, 1);
  world.exchange.setPosition("NVDA", 0, 100);
  await world.cycles(3, MINUTE_MS);
  // Its stop still works.
  assertEquals([world.state.released.length, world.stops()], [1, ["10@95 gtc"]]);
  for (const order of world.orders((each) => each.type === "stop")) {
    world.exchange.desk.cancel(order);
  }
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.state.released, world.position()], [[], undefined]);
  assertEquals(world.entries("release ended").length, 1);
});

/** The operator sells what was released, and takes its stop away. */
function sellOut(world: World): void {
  for (const order of world.orders((each) => each.type === "stop")) {
    world.exchange.desk.cancel(order);
  }
  world.pass(SECOND_MS);
  world.exchange.placeByHand({
    symbol: "NVDA",
    qty: "10",
    side: "sell",
    type: "market",
    time_in_force: "day",
  });
  world.pass(5 * SECOND_MS);
}

for (const isByTimer of [false, true]) {
  const who = isByTimer ? "a timer's runs" : "the loop";
  Deno.test(`nothing is bought in a symbol before its release has ended, and what is bought then is managed on the next day too: ${who}`, async () => {
    const world = await released();
    const run = async (count: number, pauseMs: number) => {
      for (let turn = 0; turn < count; turn++) {
        if (isByTimer) {
          const { config } = buildConfig(world.environment, { ...NO_RUN_FLAGS, isRunOnce: true });
          await world.restart();
          Object.assign(world.engine.ports, { config: config.engine });
        }
        await world.cycle();
        world.pass(pauseMs);
      }
    };
    world.goTo(at("10:00:30", TUESDAY));
    world.list([NVDA]);
    world.exchange.setPrice("NVDA", 100);
    await run(2, SECOND_MS);
    sellOut(world);
    await run(1, 10 * SECOND_MS);
    assertEquals([world.buys().length, world.held()], [1, 0]);
    await run(4, MINUTE_MS);
    assertEquals([world.buys().length, world.held(), world.position()?.qty], [2, 10, 10]);
    assertEquals(world.state.released, []);
    world.goTo(at("15:51", TUESDAY));
    await run(1, SECOND_MS);
    world.goTo(at("10:00:30", "2026-11-25"));
    await run(2, 5 * SECOND_MS);
    assertEquals([world.position()?.qty, world.stops()], [10, ["10@95 gtc"]]);
  });
}

const refused = [
  {
    when: "it names another position",
    how: { positionId: "avwap-2026-11-20-NVDA-x-1" },
    why: "not managed any more",
  },
  { when: "it is a day old", how: { ageMs: 25 * 3_600_000 }, why: "older than a day" },
];
for (const { when, how, why } of refused) {
  Deno.test(`a release is removed and said where ${when}`, async () => {
    const world = new World();
    await world.buy();
    ask(world, how);
    await takeRequests(world.engine);
    assertEquals(world.said(why).length, 1);
    assertEquals([world.position()?.qty, world.disk.textOf(REQUEST)], [10, null]);
  });
}

Deno.test("a file that is no request is removed and said", async () => {
  const world = new World();
  await world.buy();
  world.disk.put(REQUEST, "now!");
  await takeRequests(world.engine);
  assertEquals([world.said("not a request").length, world.disk.textOf(REQUEST)], [1, null]);
});

Deno.test("between a cancel and its stop nothing is released", async () => {
  const world = new World();
  await world.buy();
  const id = world.position()?.positionId ?? "";
  noteBare(world.engine, id, true);
  ask(world);
  await takeRequests(world.engine);
  assertEquals([world.position()?.qty, world.disk.textOf(REQUEST) === null], [10, false]);
  noteBare(world.engine, id, false);
  await takeRequests(world.engine);
  assertEquals(world.position(), undefined);
});

Deno.test("what can't be saved is not released", async () => {
  const world = new World();
  await world.buy();
  ask(world);
  const { state } = world.engine.ports;
  const { write } = state;
  const { StateError } = await import("../../src/engine/ports.ts");
  Object.assign(state, { write: () => Promise.reject(new StateError("no space left on device")) });
  await takeRequests(world.engine);
  assertEquals(world.position()?.qty, 10);
  Object.assign(state, { write });
  await takeRequests(world.engine);
  assertEquals(world.position(), undefined);
});

Deno.test("a split is released and nothing of it is touched; the symbol counts as one that is open", async () => {
  const world = new World({ rows: [NVDA, { ...AAPL, pivotUsd: 101, r1Usd: 106 }] });
  await world.restart({ MAX_LIVE_POSITIONS: "1" });
  await world.buy();
  world.exchange.split("NVDA", 0.5);
  world.exchange.setPrice("NVDA", 200);
  await world.cycles(3, MINUTE_MS);
  ask(world);
  await takeRequests(world.engine);
  assertEquals(world.position(), undefined);
  world.forget();
  world.list([{ ...AAPL, pivotUsd: 99 }]);
  world.disk.put(KILL_PATH, "");
  await world.cycle();
  world.disk.remove(KILL_PATH);
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.buys("AAPL"), world.changes], [[], []]);
  assert(world.said("Gate FAIL AAPL: max positions reached").length > 0);
});

const NOT_TRADABLE = {
  method: "POST",
  contains: '"type":"stop"',
  fault: {
    kind: "status",
    status: 422,
    body: '{"code":42210000,"message":"asset is not tradable"}',
  },
} as const;

Deno.test("a position whose stop the broker refuses for good is the operator's when he asks for it", async () => {
  const world = new World();
  await world.buy();
  world.setFaults([NOT_TRADABLE]);
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.held(), world.stops(), listBare(world.engine).length], [5, [], 1]);
  ask(world);
  await takeRequests(world.engine);
  assertEquals([world.position(), world.alerted("Position released").length], [undefined, 1]);
});

Deno.test("a release that waits for the stop of an exit says so once", async () => {
  const world = new World();
  await world.buy();
  noteBare(world.engine, world.position()?.positionId ?? "", true);
  ask(world);
  await takeRequests(world.engine);
  await takeRequests(world.engine);
  assertEquals(world.said("release-NVDA.json waits for the stop").length, 1);
});

Deno.test("a release is taken up in a night in which nothing needs a look", async () => {
  const world = new World();
  await world.buy();
  for (const time of ["15:51", "16:00:05", "20:00"]) {
    world.goTo(at(time));
    await world.cycle();
  }
  await world.restart();
  ask(world);
  world.forget();
  await world.cycle();
  assertEquals([world.position(), world.disk.textOf(REQUEST), world.changes], [
    undefined,
    null,
    [],
  ]);
});
