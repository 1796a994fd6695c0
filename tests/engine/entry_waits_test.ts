import { assert, assertEquals } from "../assert.ts";
import { runLoop } from "../../src/engine/loop.ts";
import { StateError } from "../../src/engine/ports.ts";
import type { FaultRule } from "../simulator/faults.ts";
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

const HTTP_500 = { kind: "status", status: 500 } as const;

/** An intent of NVDA waits, due 30 s after it was made; LIVE from the next cycle on. */
async function waiting(environment: Readonly<Record<string, string>> = {}): Promise<World> {
  const world = new World();
  await world.restart({
    ENTRY_DELAY_MIN_SECONDS: "30",
    ENTRY_DELAY_MAX_SECONDS: "30",
    ...environment,
  });
  await world.cycle();
  assertEquals(world.state.intents.length, 1);
  world.forget();
  world.pass(30 * SECOND_MS);
  return world;
}

const unread: readonly {
  readonly what: string;
  readonly faults?: readonly FaultRule[];
  readonly breaks?: (world: World) => void;
  readonly mends?: (world: World) => void;
  readonly cause: string;
}[] = [
  {
    what: "positions",
    faults: [{ method: "GET", path: "/v2/positions", fault: HTTP_500 }],
    cause: "positions unavailable (http)",
  },
  {
    what: "open orders",
    faults: [{ method: "GET", path: "/v2/orders", contains: "status=open", fault: HTTP_500 }],
    cause: "open orders unavailable (http)",
  },
  {
    what: "the day's orders",
    faults: [{ method: "GET", path: "/v2/orders", contains: "status=all", fault: HTTP_500 }],
    cause: "ledger unavailable (broker unreachable)",
  },
  {
    what: "the account",
    faults: [{ method: "GET", path: "/v2/account", fault: HTTP_500 }],
    cause: "ledger unavailable (broker unreachable)",
  },
  {
    what: "latest trades",
    faults: [{ path: "/v2/stocks/trades/latest", fault: HTTP_500 }],
    cause: "latest trades unavailable (http)",
  },
  {
    what: "the ledger",
    breaks: (world) => {
      world.disk.fault = ({ path }) => path === LEDGER_PATH ? "input/output error" : null;
    },
    mends: (world) => {
      world.disk.fault = () => null;
    },
    cause: "ledger unavailable (ledger unreadable)",
  },
];
for (const { what, faults = [], breaks, mends, cause } of unread) {
  Deno.test(`a due intent waits while ${what} can't be read, said once, and leaves afterwards`, async () => {
    const world = await waiting();
    world.setFaults(faults);
    breaks?.(world);
    await world.cycles(3, 20 * SECOND_MS);
    const lines = ["SKIP NVDA", "Gate FAIL NVDA", "DRY_RUN:", "SUBMITTED"].flatMap((part) =>
      world.said(part)
    );
    assertEquals([lines, world.buys()], [[], []]);
    assertEquals(world.engine.state.intents.map((intent) => intent.symbol), ["NVDA"]);
    assertEquals(world.said(`Due entries wait (NVDA): ${cause}`).length, 1);
    world.setFaults([]);
    mends?.(world);
    await world.cycles(2, 20 * SECOND_MS);
    assertEquals([world.buys().length, world.state.intents], [1, []]);
  });
}

Deno.test("an intent that waits for an answer expires 15 minutes after its time, and says so", async () => {
  const world = await waiting();
  world.setFaults([{ method: "GET", path: "/v2/positions", fault: HTTP_500 }]);
  await world.cycle();
  world.list([{ ...NVDA, pivotUsd: 101, r1Usd: 106, r2Usd: 112 }]);
  await world.cycles(1, 15 * MINUTE_MS);
  assertEquals(world.said("SKIP NVDA: intent expired").length, 1);
  assertEquals([world.state.intents, world.buys()], [[], []]);
});

Deno.test("in DRY_RUN too a due intent waits while positions can't be read", async () => {
  const world = await waiting({ DRY_RUN: "1" });
  world.setFaults([{ method: "GET", path: "/v2/positions", fault: HTTP_500 }]);
  await world.cycle();
  assertEquals([world.said("DRY_RUN: would"), world.said("SKIP")], [[], []]);
  world.setFaults([]);
  await world.cycles(1, 20 * SECOND_MS);
  assertEquals(world.said("DRY_RUN: would submit NVDA").length, 1);
});

Deno.test("what the operator himself turned off is simulated as ever", async () => {
  const world = await waiting();
  world.disk.put(KILL_PATH, "");
  await world.cycle();
  assertEquals(world.said("DRY_RUN: would submit NVDA").length, 1);
  assertEquals(world.state.intents, []);
});

/** The loop over the world's files for some minutes, as a process of its own. @returns How many cycles it made. */
async function countCycles(world: World, minutes: number): Promise<number> {
  const stop = new AbortController();
  const { ports } = world.engine;
  const endMs = world.nowMs + minutes * MINUTE_MS;
  const sleep = (ms: number) => {
    if (world.nowMs >= endMs) stop.abort();
    return ports.clock.sleep(ms);
  };
  world.forget();
  await runLoop({ ...ports, clock: { ...ports.clock, sleep } }, stop.signal);
  return world.events.filter((event) => event.type === "cycle").length;
}

const loops: readonly {
  readonly what: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly breaks: (world: World) => void;
  readonly cyclesMax: number;
}[] = [
  {
    what: "waits for an answer is looked at again in 15 s",
    breaks: (world) => world.setFaults([{ method: "GET", path: "/v2/positions", fault: HTTP_500 }]),
    cyclesMax: 45,
  },
  {
    what: "stands in another account's state is let be",
    breaks: (world) => {
      world.state = { ...world.state, accountId: "another" };
    },
    cyclesMax: 5,
  },
  {
    what:
      "is due while the broker's clock can't be read, hours ignored, waits for the clock's minute",
    environment: { EXEC_V2_IGNORE_MARKET_HOURS: "1" },
    breaks: (world) => world.setFaults([{ path: "/v2/clock", fault: HTTP_500 }]),
    cyclesMax: 11,
  },
  {
    what: "is left by a cycle that failed is looked at again in 15 s",
    breaks: (world) => {
      const { operatorFiles } = world.engine.ports;
      operatorFiles.readToken = () => Promise.reject(new StateError("out of handles"));
    },
    cyclesMax: 45,
  },
];
for (const { what, environment = {}, breaks, cyclesMax } of loops) {
  Deno.test(`an intent that ${what}, and does not make the loop spin`, async () => {
    const world = await waiting(environment);
    breaks(world);
    const cycles = await countCycles(world, 10);
    assert(cycles > 0 && cycles <= cyclesMax, `${cycles} cycles in 10 minutes`);
    assertEquals(world.buys(), []);
  });
}

const closes: readonly {
  readonly day: string;
  readonly dateNy: string;
  readonly closeNy: string;
}[] = [
  { day: "full", dateNy: "2026-11-23", closeNy: "15:50" },
  { day: "half", dateNy: "2026-11-27", closeNy: "12:50" },
];
for (const { day, dateNy, closeNy } of closes) {
  Deno.test(`no entry leaves in the last ten minutes of a ${day} day, said once a symbol`, async () => {
    const startMs = at(closeNy, dateNy) - 90 * SECOND_MS;
    const world = new World({ startMs });
    await world.restart({ ENTRY_DELAY_MIN_SECONDS: "90", ENTRY_DELAY_MAX_SECONDS: "90" });
    await world.cycle();
    assertEquals(world.state.intents.length, 1);
    world.goTo(at(closeNy, dateNy) + SECOND_MS);
    await world.cycles(4, MINUTE_MS);
    assertEquals(world.said("SKIP NVDA: close too near").length, 1);
    assertEquals([world.changes, world.state.intents], [[], []]);
    assertEquals(world.said("INTENT NVDA").length, 1);
  });

  Deno.test(`an entry that is due right before the last ten minutes of a ${day} day leaves`, async () => {
    const world = new World({ startMs: at(closeNy, dateNy) - 40 * SECOND_MS });
    await world.restart();
    await world.cycle();
    await world.cycles(1, 10 * SECOND_MS);
    assertEquals(world.buys().length, 1);
  });
}

Deno.test("an entry whose record ended in the last ten minutes does not leave", async () => {
  const world = new World({ startMs: at("15:49:50") });
  await world.restart();
  await world.cycle();
  world.goTo(at("15:49:57"));
  world.onEvent = (event) => {
    if (event.type === "order_recorded") world.pass(4 * SECOND_MS);
  };
  await world.cycle();
  assertEquals(world.buys(), []);
  assertEquals(world.entries().map((entry) => entry.reason), ["not sent"]);
});

Deno.test("no intent is made in a symbol that is held, said once", async () => {
  const world = new World();
  await world.buy();
  await world.cycles(4, MINUTE_MS);
  assertEquals([world.said("INTENT NVDA"), world.state.intents], [[], []]);
  // `buy` has seen and said it.
  assertEquals(world.said("SKIP NVDA"), []);
  await world.restart();
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.said("SKIP NVDA"), []);
});

Deno.test("no intent is made in a symbol in which an order works, said once", async () => {
  const world = new World({ rows: [NVDA, AAPL] });
  const body = { symbol: "AAPL", qty: "1", side: "buy", type: "limit", limit_price: "1" };
  world.exchange.placeByHand({ ...body, time_in_force: "day" });
  await world.restart();
  await world.cycles(4, 20 * SECOND_MS);
  assertEquals(world.said("SKIP AAPL: open order/position exists").length, 1);
  assertEquals([world.said("INTENT AAPL"), world.buys("NVDA").length], [[], 1]);
});

Deno.test("DRY_RUN makes an intent in what it simulated today, and says each time that it was", async () => {
  const world = new World();
  await world.restart({ DRY_RUN: "1" });
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.said("DRY_RUN: would submit NVDA").length, 1);
  assertEquals(world.said("DRY_RUN: already submitted today -> NVDA; skipping").length, 2);
});

Deno.test("the same denial of the same pair of bars is logged once, also over a restart; of the next pair again", async () => {
  const world = new World();
  await world.restart({ ALLOWLIST_SYMBOLS: "AAPL" });
  await world.cycle();
  await world.cycles(3, 20 * SECOND_MS);
  await world.restart();
  await world.cycles(2, 20 * SECOND_MS);
  assertEquals(world.said("Gate FAIL NVDA: allowlist blocked").length, 1);
  const verdicts = world.events.filter((event) => event.type === "verdict");
  assert(verdicts.length >= 5, "the trail has each");
  world.goTo(at("10:10:35"));
  await world.cycles(2, SECOND_MS);
  assertEquals(world.said("Gate FAIL NVDA: allowlist blocked").length, 2);
  assertEquals(world.buys(), []);
});

Deno.test("an intent that the same pair of bars makes again and again is said once, of the next pair again", async () => {
  const world = new World();
  await world.restart({ ALLOWLIST_SYMBOLS: "TSLA" });
  await world.cycles(6, MINUTE_MS);
  assertEquals(world.said("INTENT NVDA").length, 1);
  assert(world.events.filter((event) => event.type === "intent").length >= 5, "the trail has each");
  world.goTo(at("10:10:35"));
  await world.cycles(2, SECOND_MS);
  assertEquals(world.said("INTENT NVDA").length, 2);
});

Deno.test("a symbol whose size is 0 shares is said once a day", async () => {
  const world = new World({ rows: [{ ...NVDA, priceUsd: 1_000_000 }] });
  await world.restart();
  await world.cycles(4, MINUTE_MS);
  assertEquals(world.said("SKIP NVDA: size is 0 shares").length, 1);
  assertEquals(world.said("INTENT NVDA"), []);
});

Deno.test("a damaged DRY_RUN ledger is an error once, and what it names helps: the file is moved away", async () => {
  const world = new World();
  const path = `${STATE_DIR}/dry_run_ledger.json`;
  world.disk.put(path, "{");
  await world.restart({ DRY_RUN: "1" });
  await world.cycles(5, MINUTE_MS);
  const errors = world.said("error ");
  assertEquals(errors.length, 1);
  assert(errors[0]?.includes("move the file away"), errors[0]);
  assert(world.said("SKIP NVDA: its record can't be written").length > 1);
  assertEquals(world.said("DRY_RUN: would submit"), []);
  await world.disk.rename(path, `${path}.aside`);
  await world.cycles(1, MINUTE_MS);
  assertEquals(world.said("DRY_RUN: would submit NVDA").length, 1);
});

Deno.test("entries whose records can't be written are an error once a cause, and leave when they can be", async () => {
  const world = new World({ rows: [NVDA, AAPL] });
  await world.restart();
  await world.cycle();
  world.disk.fault = ({ op, path }) =>
    op === "write" && path.startsWith(LEDGER_PATH) ? "no space left on device" : null;
  await world.cycles(4, MINUTE_MS);
  assertEquals(world.said("error ").length, 1);
  assert(world.said("SKIP AAPL: its record can't be written").length > 1);
  world.disk.fault = () => null;
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.buys("NVDA").length, world.buys("AAPL").length], [1, 1]);
});
