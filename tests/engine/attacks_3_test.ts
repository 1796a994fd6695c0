import { assert, assertEquals } from "../assert.ts";
import type { BrokerPort, MarketDataPort } from "../../src/engine/ports.ts";
import type { FaultRule } from "../simulator/faults.ts";
import {
  AAPL,
  at,
  KILL_PATH,
  LEDGER_PATH,
  LIST_PATH,
  MINUTE_MS,
  NVDA,
  SECOND_MS,
  World,
} from "./support.ts";

const TUESDAY = "2026-11-24";
const POST: FaultRule = { method: "POST", path: "/v2/orders", fault: { kind: "lost_before" } };
const LOOK_UP = "/v2/orders:by_client_order_id";
type Loose<T> = { -readonly [K in keyof T]: T[K] };

/** LIVE, the ledger made, the breakout confirmed: the next cycle buys. */
async function ready(options: ConstructorParameters<typeof World>[0] = {}): Promise<World> {
  const world = new World(options);
  await world.restart();
  await world.cycle();
  world.pass(5 * SECOND_MS);
  world.forget();
  return world;
}

function posts(world: World): number[] {
  return world.exchange.requests.filter((each) => each.method === "POST").map((each) => each.atMs);
}

/** The bar of 09:40 closes below the pivot, that of 09:50 above it: only one of 10:00 at or above it would confirm. */
async function beforeSecondBar(): Promise<World> {
  const world = await ready({ rows: [], startMs: at("09:45:00") });
  world.exchange.setPrice("NVDA", 98);
  world.goTo(at("09:55:00"));
  world.exchange.setPrice("NVDA", 100);
  return world;
}

Deno.test("a bar that was forming when it was asked for confirms nothing, however late its answer", async () => {
  const world = await beforeSecondBar();
  world.goTo(at("10:09:57"));
  world.list([NVDA]);
  const data = world.engine.ports.marketData as Loose<MarketDataPort>;
  const list = data.listBars.bind(data);
  data.listBars = async (query) => {
    const bars = await list(query);
    if (world.nowMs < at("10:10:00")) {
      // The answer is of 10:09:57; it takes 5 s to come, and the bar ends below the pivot meanwhile.
      world.exchange.setPrice("NVDA", 98);
      world.pass(5 * SECOND_MS);
    }
    return bars;
  };
  await world.cycle();
  const window = { startMs: at("10:00:00"), endMs: at("10:00:00") };
  const answer = await list({ symbols: ["NVDA"], window });
  const [bar] = answer.kind === "answered" ? answer.rows.get("NVDA") ?? [] : [];
  assertEquals(bar?.closeUsd, 98, "what the bar closed at");
  assertEquals(world.said("INTENT NVDA"), []);
  assertEquals(world.buys(), []);
});

Deno.test("a broker clock that was 25 s ahead once does not make a forming bar a closed one", async () => {
  const world = await beforeSecondBar();
  world.exchange.behaviour.clockSkewMs = 25 * SECOND_MS;
  await world.cycle();
  // From here on the broker's clock is right, and is read in each cycle.
  world.exchange.behaviour.clockSkewMs = 0;
  await world.cycles(3, MINUTE_MS);
  world.goTo(at("10:09:40"));
  world.list([NVDA]);
  await world.cycle();
  const offMs = world.engine.nowMs() - world.nowMs;
  assertEquals(world.buys().length, 0, `bought 20 s before the bar closed, ${offMs} ms off`);
});

Deno.test("an entry does not leave after its intent has expired", async () => {
  const world = new World();
  await world.restart({ ENTRY_DELAY_MIN_SECONDS: "60", ENTRY_DELAY_MAX_SECONDS: "60" });
  await world.cycle();
  const [intent] = world.engine.state.intents;
  assert(intent !== undefined);
  // Until a second before its end nobody woke the engine.
  world.goTo(intent.expiresAtMs - SECOND_MS);
  world.onEvent = (event) => {
    if (event.type === "order_recorded") world.pass(4 * SECOND_MS);
    if (event.type === "order_request") {
      world.pass(2 * SECOND_MS);
      world.setFaults([{ path: "/v2/positions", fault: { kind: "late", ms: 9 * SECOND_MS } }]);
    }
  };
  await world.cycle();
  const lateMs = posts(world).map((ms) => ms - intent.expiresAtMs).filter((ms) => ms >= 0);
  assertEquals(lateMs, [], "ms after the expiry at which the order left");
});

Deno.test("what replaces yesterday's stop of ours by hand is ours, and in the ledger", async () => {
  const world = new World();
  await world.buy();
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(1, MINUTE_MS);
  world.exchange.setPrice("NVDA", 104);
  world.goTo(at("16:05:00"));
  await world.cycle();
  world.goTo(at("09:31:00", TUESDAY));
  world.list([]);
  await world.cycles(2, MINUTE_MS);
  const [stop] = world.orders((order) => order.type === "stop" && order.status === "new");
  assert(stop !== undefined, "an overnight stop");
  const replaced = world.exchange.desk.replace(stop, {
    clientOrderId: null,
    qty: null,
    limitPriceUsd: null,
    stopPriceUsd: 101,
    timeInForce: null,
  });
  assertEquals(replaced.kind, "ok");
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.ledger.dateNy, TUESDAY);
  const added = world.ledger.entries.filter((entry) => entry.replaces === stop.id);
  assertEquals([added.length, world.stops()], [1, ["5@101 gtc"]]);
});

Deno.test("the position cap counts a working buy that is a leg", async () => {
  const world = await ready({ rows: [] });
  await world.restart({ MAX_LIVE_POSITIONS: "1" });
  world.exchange.halt("QQQ");
  world.exchange.placeByHand({
    symbol: "QQQ",
    qty: "1",
    side: "buy",
    type: "limit",
    limit_price: "90",
    time_in_force: "day",
  });
  world.pass(SECOND_MS);
  const broker = world.engine.ports.broker as Loose<BrokerPort>;
  const list = broker.listOrders.bind(broker);
  // The same working buy, as the second half of an OTO whose sell has filled: under its parent.
  broker.listOrders = async (query, requestClass) => {
    const listing = await list(query, requestClass);
    const rows = listing.rows.map((order) =>
      order.symbol !== "QQQ" ? order : {
        ...order,
        orderId: "parent",
        clientOrderId: "by-hand",
        side: "sell" as const,
        orderClass: "oto",
        status: "filled",
        filledQty: 1,
        filledAvgPriceUsd: 100,
        legs: [order],
      }
    );
    return { ...listing, rows };
  };
  world.list([NVDA]);
  await world.cycles(2, 5 * SECOND_MS);
  assertEquals(world.buys("NVDA").length, 0);
});

Deno.test("a gateway's 404 without the broker's code is no real not found", async () => {
  const world = await ready();
  world.setFaults([
    { ...POST, times: 1 },
    { path: LOOK_UP, fault: { kind: "status", status: 404, body: '{"message":"Not Found"}' } },
  ]);
  await world.cycle();
  await world.cycles(14, 10 * SECOND_MS);
  assertEquals(posts(world).length, 0, "repeats that reached the broker");
  assertEquals(world.entries()[0]?.status, "unknown");
});

Deno.test("an outage between two 404s is no 60 s of 404s", async () => {
  const world = await ready();
  const startMs = world.nowMs;
  world.setFaults([{ ...POST, times: 1 }]);
  await world.cycle();
  world.goTo(startMs + 16 * SECOND_MS);
  await world.cycle(); // The first 404 that counts.
  const firsts = world.lookUps().filter((status) => status === 404).length;
  // Then the broker answers nothing usable for 70 s.
  world.setFaults([{ path: "/v2", fault: { kind: "status", status: 503 } }]);
  await world.cycles(6, 10 * SECOND_MS);
  world.setFaults([]);
  await world.cycles(1, 10 * SECOND_MS); // One more 404, the first after the outage.
  const seconds = world.lookUps().filter((status) => status === 404).length;
  assertEquals([posts(world).length, seconds - firsts], [0, 1]);
});

Deno.test("a repeat keeps the fields of its record that this release does not know", async () => {
  const world = await ready();
  world.setFaults([{ ...POST, times: 1 }]);
  await world.cycle();
  const text = world.disk.textOf(LEDGER_PATH) ?? "";
  world.disk.put(
    LEDGER_PATH,
    text.replace('"order_id": null', '"note": "by hand", "order_id": null'),
  );
  await world.cycles(5, 10 * SECOND_MS);
  assert((world.disk.textOf(LEDGER_PATH) ?? "").includes("by hand"), "until its repeat");
  await world.cycles(9, 10 * SECOND_MS);
  assertEquals(world.buys().length, 1);
  assert((world.disk.textOf(LEDGER_PATH) ?? "").includes("by hand"), "the note is gone");
});

Deno.test("the minute of a partly filled entry counts from its first fill", async () => {
  const world = await ready();
  world.exchange.behaviour.partialFills = (order) =>
    order.side === "buy" ? [{ afterMs: 0, qty: 3 }, { afterMs: 14_000, qty: 2 }] : null;
  await world.cycle();
  // As the loop would: at each moment that the engine asked for.
  for (let turn = 0; turn < 30; turn++) {
    const wakes = world.engine.wakeAtMs.filter((ms) => ms > world.nowMs);
    if (wakes.length > 0) world.goTo(Math.min(...wakes));
    await world.cycle();
    if (world.buys()[0]?.status === "canceled") break;
  }
  const firstFillMs = world.buys()[0]?.fills[0]?.atMs ?? 0;
  const cancel = world.exchange.requests.find((each) => each.method === "DELETE");
  const afterMs = (cancel?.atMs ?? Infinity) - firstFillMs;
  assert(afterMs < 65 * SECOND_MS, `cancelled ${afterMs} ms after the first fill`);
});

Deno.test("a ledger rebuilt while the broker hides an order that the state knows does not forget it", async () => {
  const world = await ready();
  await world.restart({ MAX_LIVE_ORDERS_PER_DAY: "1" });
  world.exchange.behaviour.visibilityDelayMs = 40 * SECOND_MS;
  await world.cycle();
  assertEquals(world.buys().length, 1);
  await world.disk.remove(LEDGER_PATH);
  world.list([NVDA, AAPL]);
  await world.cycles(3, 5 * SECOND_MS);
  assertEquals(world.buys("AAPL").length, 0, "a second order under a cap of one a day");
});

Deno.test("an order that the broker shows when its repeat is decided goes on counting toward the caps", async () => {
  const world = await ready();
  await world.restart({ MAX_LIVE_ORDERS_PER_DAY: "1" });
  world.exchange.halt("NVDA");
  world.exchange.behaviour.visibilityDelayMs = 1000 * SECOND_MS;
  world.setFaults([{ ...POST, times: 1, fault: { kind: "lost_after" } }]);
  await world.cycle();
  world.list([{ ...NVDA, pivotUsd: 101, r1Usd: 106, r2Usd: 112 }, AAPL]);
  world.onEvent = (event) => {
    // The gate is said behind the look-ups and before the entries: now the broker shows the order.
    if (event.type === "gate" && world.nowMs > at("10:02:06")) {
      world.exchange.behaviour.visibilityDelayMs = 0;
    }
  };
  await world.cycles(14, 10 * SECOND_MS);
  assertEquals([world.buys("NVDA").length, world.buys("AAPL").length], [1, 0]);
});

Deno.test("a due intent waits while positions can't be read, also where they fail at the entry itself", async () => {
  const world = await ready();
  world.onEvent = (event) => {
    if (event.type !== "gate") return;
    world.setFaults([{ path: "/v2/positions", fault: { kind: "status", status: 503 } }]);
  };
  await world.cycle();
  assertEquals([world.said("SKIP NVDA"), world.said("order_id=dry-run")], [[], []]);
  assertEquals(world.state.intents.map((intent) => intent.symbol), ["NVDA"]);
  world.onEvent = () => {};
  world.setFaults([]);
  await world.cycle();
  assertEquals([world.buys().length, world.state.intents], [1, []]);
});

Deno.test("with --run-once too only 60 s of 404s prove absence, though the broker's clock was 25 s behind once", async () => {
  const world = await ready();
  const startMs = world.nowMs;
  world.setFaults([{ ...POST, times: 1 }]);
  const once = async (afterMs: number, skewMs: number) => {
    world.goTo(startMs + afterMs);
    await world.restart();
    (world.engine.ports.config as Loose<typeof world.engine.ports.config>).isRunOnce = true;
    world.exchange.behaviour.clockSkewMs = skewMs;
    await world.cycle();
  };
  await once(0, 0);
  await once(45 * SECOND_MS, -25 * SECOND_MS); // The first 404 that counts.
  await once(91 * SECOND_MS, 0);
  const afterMs = posts(world).map((ms) => ms - startMs - 45 * SECOND_MS);
  assertEquals(afterMs, [], "ms of 404s behind which the repeat left");
});

const spells: readonly {
  readonly when: string;
  readonly begin: (world: World) => void;
  readonly end: (world: World) => void | Promise<void>;
}[] = [
  { when: "the gate stays LIVE", begin: () => {}, end: () => {} },
  {
    when: "the kill switch is on for a while",
    begin: (world) => world.disk.put(KILL_PATH, ""),
    end: (world) => world.disk.remove(KILL_PATH),
  },
  {
    when: "the watchlist is away for a while",
    begin: (world) => world.disk.put(LIST_PATH, "", { modifiedAtMs: 0 }),
    end: (world) => world.list([{ ...NVDA, pivotUsd: 101, r1Usd: 106, r2Usd: 112 }, AAPL]),
  },
  {
    when: "positions can't be read for a while",
    begin: (world) =>
      world.setFaults([{ path: "/v2/positions", fault: { kind: "status", status: 500 } }]),
    end: (world) => world.setFaults([]),
  },
];
for (const { when, begin, end } of spells) {
  Deno.test(`an unresolved entry whose shares the broker holds goes on counting toward the caps: ${when}`, async () => {
    const world = await ready();
    await world.restart({ MAX_LIVE_ORDERS_PER_DAY: "1" });
    // The fill shows as a position at once; lists and look-ups of orders lag behind.
    world.exchange.behaviour.visibilityDelayMs = 150 * SECOND_MS;
    world.setFaults([{ ...POST, times: 1, fault: { kind: "lost_after" } }]);
    await world.cycle();
    assertEquals(world.held("NVDA"), 10);
    world.list([{ ...NVDA, pivotUsd: 101, r1Usd: 106, r2Usd: 112 }, AAPL]);
    await world.cycles(6, 10 * SECOND_MS);
    begin(world);
    await world.cycles(4, 10 * SECOND_MS);
    await end(world);
    await world.cycles(4, 10 * SECOND_MS);
    assertEquals(world.buys("AAPL").length, 0, "a second order under a cap of one a day");
  });
}
