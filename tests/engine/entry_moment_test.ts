import { assert, assertEquals } from "../assert.ts";
import { decideLeadMs } from "../../src/domain/entry/entry_lead.ts";
import { runLoop } from "../../src/engine/loop.ts";
import { FACTS_AGE_MAX_MS } from "../../src/engine/gate_reader.ts";
import { restartSlow } from "./slow_broker.ts";
import { AAPL, KILL_PATH, MINUTE_MS, NVDA, SECOND_MS, STATE_DIR, World } from "./support.ts";

const PAUSE_PATH = `${STATE_DIR}/ENTRIES_PAUSED`;
const DELAY_SECONDS = 60;

interface Stage {
  readonly latencyMs?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

/** LIVE engine whose intent in NVDA waits, a while before its moment. */
async function waiting({ latencyMs = 100, environment = {} }: Stage = {}) {
  const world = new World();
  const delay = `${DELAY_SECONDS}`;
  world.environment = {
    ...world.environment,
    ENTRY_DELAY_MIN_SECONDS: delay,
    ENTRY_DELAY_MAX_SECONDS: delay,
    ...environment,
  };
  await restartSlow(world, { latencyMs, isRunOnce: false });
  await world.cycles(2, SECOND_MS);
  assertEquals(world.engine.state.intents.map(({ symbol }) => symbol), ["NVDA"]);
  world.forget();
  return world;
}

/** World time of the intent's moment: the engine's clock is behind it, by a late answer. */
function momentMs(world: World, symbol = "NVDA"): number {
  const intent = world.engine.state.intents.find((each) => each.symbol === symbol);
  return world.nowMs + world.engine.leftMs(intent?.scheduledAtMs ?? NaN);
}

/** Something happens in the pause: the only sleep that the process's end cuts short. */
function duringPause(world: World, act: () => void): void {
  const { ports } = world.engine;
  const { clock } = ports;
  Object.assign(ports, {
    clock: {
      ...clock,
      sleep: async (ms: number, signal?: AbortSignal) => {
        if (signal !== undefined) act();
        await clock.sleep(ms, signal);
      },
    },
  });
}

/** The loop in a process of its own over the world's files. */
async function loop(world: World, { untilMs, stop = new AbortController() }: {
  readonly untilMs: number;
  readonly stop?: AbortController;
}): Promise<void> {
  const { ports } = world.engine;
  const sleep = async (ms: number, signal?: AbortSignal) => {
    if (world.nowMs >= untilMs) stop.abort();
    await ports.clock.sleep(ms, signal);
  };
  await runLoop({ ...ports, clock: { ...ports.clock, sleep } }, stop.signal);
}

Deno.test("what is read and judged before an entry's moment lets its request leave at the moment, and nothing is asked after it", async () => {
  const world = await waiting();
  const dueMs = momentMs(world);
  world.goTo(dueMs - 400);
  await world.cycle();
  assertEquals(world.buys().map(({ submitted }) => submitted.ms - dueMs), [0]);
  const paths = world.exchange.requests.map(({ method, path }) => `${method} ${path}`);
  const posts = paths.indexOf("POST /v2/orders");
  assertEquals(
    new Set(paths.slice(posts - 2, posts)),
    new Set(["GET /v2/positions", "GET /v2/orders"]),
  );
});

for (const latencyMs of [0, 5, 100, 390]) {
  Deno.test(`the loop begins the cycle of an entry early enough for requests of ${latencyMs} ms, and sends it at its moment`, async () => {
    const world = await waiting({ latencyMs });
    const dueMs = momentMs(world);
    await loop(world, { untilMs: dueMs + 10 * SECOND_MS });
    const [buy] = world.buys();
    const lateMs = (buy?.submitted.ms ?? NaN) - dueMs;
    // By the broker's clock of the cycle, whose answer may be a request old.
    assert(lateMs >= 0 && lateMs <= latencyMs, `${lateMs} ms late`);
  });
}

Deno.test("where requests take longer than an entry's cycle may begin ahead, it leaves after its moment, and not before", async () => {
  const world = await waiting({ latencyMs: 1500 });
  const dueMs = momentMs(world);
  await loop(world, { untilMs: dueMs + 20 * SECOND_MS });
  const lateMs = (world.buys()[0]?.submitted.ms ?? NaN) - dueMs;
  assert(lateMs > 0 && lateMs < 10 * SECOND_MS, `${lateMs} ms late`);
});

Deno.test("several entries that come due in one cycle wait each for its own moment", async () => {
  const world = await waiting({ latencyMs: 20 });
  world.list([NVDA, AAPL]);
  await world.cycle();
  const [nvda, aapl] = world.engine.state.intents;
  assert(nvda !== undefined && aapl !== undefined);
  world.engine.updateState({
    intents: [nvda, { ...aapl, scheduledAtMs: nvda.scheduledAtMs + 130 }],
  });
  const dueMs = momentMs(world);
  world.goTo(dueMs - 70);
  await world.cycle();
  const lateMs = (symbol: string) =>
    world.buys(symbol).map(({ submitted }) => submitted.ms - dueMs);
  assertEquals([lateMs("NVDA"), lateMs("AAPL")], [[0], [130]]);
});

const switches: readonly { readonly what: string; readonly act: (world: World) => void }[] = [
  { what: "the kill switch is thrown", act: (world) => world.disk.put(KILL_PATH, "") },
  { what: "entries are paused", act: (world) => world.disk.put(PAUSE_PATH, "") },
];
for (const { what, act } of switches) {
  Deno.test(`nothing is recorded or sent where ${what} in the pause before an entry's moment, which ends it`, async () => {
    const world = await waiting();
    const dueMs = momentMs(world);
    world.goTo(dueMs - 400);
    duringPause(world, () => act(world));
    await world.cycle();
    assertEquals([world.buys(), world.entries()], [[], []]);
    assertEquals(world.engine.state.intents.length, 1);
    await world.cycle();
    assertEquals(world.buys(), []);
  });
}

Deno.test("an entry whose moment the host slept through is judged anew, by what is so then", async () => {
  const world = await waiting();
  world.goTo(momentMs(world) - 400);
  let isAsleep = true;
  duringPause(world, () => {
    if (isAsleep) world.pass(4 * SECOND_MS);
    isAsleep = false;
    world.exchange.setPosition("NVDA", 3, 100);
  });
  await world.cycle();
  assertEquals([world.buys(), world.entries()], [[], []]);
  assertEquals(world.engine.state.intents, []);
});

Deno.test("an entry whose moment the host slept through leaves all the same, once what it is judged by is of now", async () => {
  const world = await waiting();
  const dueMs = momentMs(world);
  world.goTo(dueMs - 400);
  let isAsleep = true;
  duringPause(world, () => {
    if (isAsleep) world.pass(4 * SECOND_MS);
    isAsleep = false;
  });
  await world.cycle();
  const [buy] = world.buys();
  const lateMs = (buy?.submitted.ms ?? NaN) - dueMs;
  assert(lateMs > 3 * SECOND_MS && lateMs < 5 * SECOND_MS, `${lateMs} ms late`);
  const [entry] = world.entries();
  assert(Date.parse(entry?.timestamp ?? "") >= dueMs + 3 * SECOND_MS);
});

Deno.test("what is remembered in the pause before an entry's moment is on record with it", async () => {
  const world = await waiting();
  world.goTo(momentMs(world) - 400);
  duringPause(world, () => world.engine.isNews("heard", "in the pause"));
  await world.cycle();
  assertEquals(world.buys().length, 1);
  assertEquals(world.engine.state.alerted["heard"], "in the pause");
});

Deno.test("a stop ends the pause before an entry's moment at once, and nothing leaves", async () => {
  const world = await waiting();
  const dueMs = momentMs(world);
  const stop = new AbortController();
  const { sleep } = world.engine.ports.clock;
  world.engine.ports.clock.sleep = async (ms, signal) => {
    // The loop's own waits come before.
    if (world.nowMs > dueMs - 400 && ms < 200) stop.abort();
    await sleep(ms, signal);
  };
  await loop(world, { untilMs: dueMs + SECOND_MS, stop });
  assert(world.nowMs < dueMs, `${dueMs - world.nowMs} ms before its moment`);
  assertEquals([world.buys(), world.entries()], [[], []]);
  assertEquals(world.state.intents.map(({ symbol }) => symbol), ["NVDA"]);
});

Deno.test("a run of one cycle decides what is due by its cycle, and waits for no moment", async () => {
  const world = await waiting();
  const dueMs = momentMs(world);
  world.goTo(dueMs - 300);
  // Of the run's own time there is plenty.
  await restartSlow(world, { latencyMs: 5, isRunOnce: true });
  await world.cycle();
  assert(world.nowMs < dueMs + SECOND_MS);
  assertEquals([world.buys(), world.state.intents.length], [[], 1]);
});

Deno.test("in DRY_RUN an entry is simulated at its moment, not before", async () => {
  const world = await waiting({ latencyMs: 5, environment: { DRY_RUN: "1" } });
  world.goTo(momentMs(world) - 190);
  await world.cycle();
  assertEquals(world.said("DRY_RUN: would submit NVDA"), []);
  await world.cycle();
  assertEquals(world.said("DRY_RUN: would submit NVDA").length, 1);
});

/** NVDA is held and protected, AAPL's intent waits. */
async function holding(): Promise<World> {
  const world = new World();
  await world.buy();
  world.list([NVDA, AAPL]);
  await world.restart({
    ENTRY_DELAY_MIN_SECONDS: `${DELAY_SECONDS}`,
    ENTRY_DELAY_MAX_SECONDS: `${DELAY_SECONDS}`,
  });
  await world.cycles(3, SECOND_MS);
  assertEquals(world.engine.state.intents.map(({ symbol }) => symbol), ["AAPL"]);
  world.forget();
  return world;
}

const needs: readonly {
  readonly what: string;
  readonly act: (world: World, dueMs: number) => void;
}[] = [
  {
    what: "a moment at which a position is looked at",
    act: ({ engine, nowMs }, dueMs) => engine.wakeAt(engine.nowMs() + dueMs - nowMs - 50),
  },
  {
    what: "the next poll",
    act: ({ engine: { ports } }) =>
      Object.assign(ports, { config: { ...ports.config, pollSeconds: 0.1 } }),
  },
  {
    what: "an exit that is due since the last cycle, and refused",
    act: (world) => {
      world.exchange.setPrice("NVDA", 106);
      const body = '{"code":40310000,"message":"trade denied"}';
      world.exchange.behaviour.refuseOrder = ({ type, side }) =>
        type === "market" && side === "sell" ? { status: 403, headers: {}, body } : null;
    },
  },
];
for (const { what, act } of needs) {
  Deno.test(`a position's need makes no wait for an entry's moment: ${what}`, async () => {
    const world = await holding();
    const dueMs = momentMs(world, "AAPL");
    world.goTo(dueMs - 480);
    act(world, dueMs);
    let pauses = 0;
    duringPause(world, () => pauses++);
    await world.cycle();
    assertEquals([pauses, world.buys("AAPL").length], [0, 0]);
    assertEquals(world.engine.state.intents.length, 1);
    await world.cycle();
    assertEquals(world.buys("AAPL").length, 1);
  });
}

Deno.test("a calm position lets an entry's cycle wait for its moment", async () => {
  const world = await holding();
  const dueMs = momentMs(world, "AAPL");
  world.goTo(dueMs - 190);
  await world.cycle();
  assertEquals(world.buys("AAPL").map(({ submitted }) => submitted.ms - dueMs), [0]);
});

Deno.test("an account that would be read too long ago at the moment is asked for again before it", async () => {
  const world = await waiting({ latencyMs: 1 });
  const dueMs = momentMs(world);
  const { ports } = world.engine;
  const read = ports.watchlist.read.bind(ports.watchlist);
  ports.watchlist.read = async (...given) => {
    world.goTo(dueMs - 150);
    return await read(...given);
  };
  world.goTo(dueMs - FACTS_AGE_MAX_MS - 50);
  await world.cycle();
  const asked = world.exchange.requests.filter(({ path }) => path === "/v2/account");
  assertEquals(asked.length, 2);
  assertEquals(world.buys().map(({ submitted }) => submitted.ms - dueMs), [0]);
});

Deno.test("an entry does not leave where its record took so long that what it was judged by is too old", async () => {
  const world = await waiting({ latencyMs: 1 });
  const dueMs = momentMs(world);
  const { ports } = world.engine;
  const write = ports.ledger.write.bind(ports.ledger);
  ports.ledger.write = async (...given) => {
    if (given[0].entries.some(({ status }) => status === "pending")) {
      world.pass(FACTS_AGE_MAX_MS - 200);
      world.exchange.setPosition("NVDA", 3, 100);
    }
    await write(...given);
  };
  world.goTo(dueMs - 450);
  await world.cycle();
  assertEquals(world.buys(), []);
});

Deno.test("a cycle begins ahead of an entry by what five requests take, within bounds that keep every fact fresh", () => {
  assertEquals([0, 39, 100, 400, 10_000].map(decideLeadMs), [500, 500, 500, 2000, 2000]);
  assert(decideLeadMs(MINUTE_MS) < FACTS_AGE_MAX_MS / 2);
});
