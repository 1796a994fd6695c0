import { buildLedgerEntry } from "../../src/domain/order/ledger.ts";
import { assert, assertEquals } from "../assert.ts";
import {
  at,
  LEDGER_PATH,
  LIVE_PASS,
  MINUTE_MS,
  NVDA,
  PAPER_HOST,
  SECOND_MS,
  STATE_DIR,
  STATE_PATH,
  World,
} from "./support.ts";

const TODAY = "2026-11-23";
const TUESDAY = "2026-11-24";

/** A file as the old pipeline wrote it: just four fields. */
function oldFile(notionals: readonly number[], dateNy = TODAY): string {
  const entries = notionals.map((notional, index) => ({
    order_id: `old-${index}`,
    symbol: ["MSFT", "TSLA", "META", "AMZN"][index] ?? "GOOG",
    notional,
    timestamp: `${dateNy}T14:4${index}:00+00:00`,
  }));
  return JSON.stringify({ date_ny: dateNy, entries });
}

/** The last gate line. */
function gate(world: World): string {
  return world.said("Gate mode=").at(-1)?.replace(/^info /, "") ?? "";
}

function blocked(reason: string): string {
  return `Gate mode=DRY_RUN status=FAIL reason=${reason}`;
}

/** A foreign list order with our prefix, as another engine on this account would make it. */
function orderOfOurs(id: string, symbol = "QQQ"): Readonly<Record<string, unknown>> {
  return {
    symbol,
    qty: "1",
    side: "buy",
    type: "limit",
    limit_price: "50",
    time_in_force: "day",
    client_order_id: id,
  };
}

Deno.test("a file of the old pipeline loads and counts; what the broker lacks is kept and warned of", async () => {
  const world = new World();
  world.disk.put(LEDGER_PATH, oldFile([2500, 2000.5]));
  await world.restart({ MAX_LIVE_GROSS_NOTIONAL: "5000" });
  await world.cycles(2, SECOND_MS);
  assertEquals(gate(world), LIVE_PASS);
  assertEquals(world.said("Gate FAIL NVDA: max gross notional reached").length > 0, true);
  assertEquals(world.buys(), []);
  const { entries, host } = world.ledger;
  assertEquals(entries.map((each) => [each.symbol, each.orderId, each.notionalUsd]), [
    ["MSFT", "old-0", 2500],
    ["TSLA", "old-1", 2000.5],
  ]);
  assertEquals(host, PAPER_HOST);
  assertEquals(
    world.said("warn Live ledger has MSFT old-0, which the broker does not show").length,
    1,
  );
  assertEquals(
    world.said("warn Live ledger has TSLA old-1, which the broker does not show").length,
    1,
  );
  assertEquals(world.lookUps(), []);
});

Deno.test("entries of the old pipeline count as orders of the day", async () => {
  const world = new World();
  world.disk.put(LEDGER_PATH, oldFile([1, 1]));
  await world.restart({ MAX_LIVE_ORDERS_PER_DAY: "2" });
  await world.cycles(2, SECOND_MS);
  assert(world.said("Gate FAIL NVDA: max orders/day reached").length > 0);
  assertEquals(world.buys(), []);
});

const strangers: { readonly what: string; readonly make: (world: World) => void }[] = [
  {
    what: "a ledger of another host",
    make: (world) => world.ledger = { ...world.ledger, host: "api.alpaca.markets" },
  },
  {
    what: "a ledger of another account",
    make: (world) => world.ledger = { ...world.ledger, accountId: "somebody-else" },
  },
  {
    what: "a state of another host",
    make: (world) => world.state = { ...world.state, host: "api.alpaca.markets" },
  },
  {
    what: "a state of another account",
    make: (world) => world.state = { ...world.state, accountId: "somebody-else" },
  },
];
for (const { what, make } of strangers) {
  Deno.test(`${what} blocks LIVE by name, with no look-up and no order, and stays as it is`, async () => {
    const world = new World();
    await world.buy();
    // Something to look up, something to sell and something to protect, if it were ours.
    world.ledger = {
      ...world.ledger,
      entries: [
        ...world.ledger.entries,
        buildLedgerEntry({
          symbol: "QQQ",
          notionalUsd: 1,
          timestamp: `${TODAY}T15:00:00.000Z`,
          side: "buy",
          clientOrderId: `avwap-${TODAY}-QQQ-x`,
          status: "unknown",
        }),
      ],
    };
    make(world);
    const before = [world.disk.textOf(LEDGER_PATH), world.disk.textOf(STATE_PATH)];
    await world.restart();
    world.exchange.setPrice("NVDA", 106);
    await world.cycles(3, MINUTE_MS);
    assertEquals(gate(world), blocked("invalid configuration (ALPACA_PAPER)"));
    assertEquals([world.lookUps(), world.changes], [[], []]);
    assertEquals([world.disk.textOf(LEDGER_PATH), world.disk.textOf(STATE_PATH)], before);
    assert(
      world.said("error Ledger or state in this state directory belong to another").length > 0,
    );
  });
}

Deno.test("a ledger that no record has any more is rebuilt from the broker's orders and blocks LIVE for the cycle", async () => {
  const world = new World();
  await world.buy();
  const past = world.ledger;
  await world.loseLedger();
  await world.restart();
  world.pass(MINUTE_MS);
  await world.cycle();
  assertEquals(gate(world), blocked("ledger unavailable (ledger missing)"));
  const [entry] = world.ledger.entries;
  assertEquals(world.ledger.entries.length, 1);
  assertEquals([entry?.clientOrderId, entry?.status], [past.entries[0]?.clientOrderId, "accepted"]);
  assertEquals([entry?.pivotUsd, entry?.r1Usd, entry?.r2Usd, entry?.stopUsd], [99, 105, 111, 95]);
  assertEquals([entry?.notionalUsd, world.ledger.mismatches], [1000, 0]);
  world.pass(MINUTE_MS);
  await world.cycle();
  assertEquals([gate(world), world.buys().length], [LIVE_PASS, 1]);
});

Deno.test("a ledger that no record has any more is not started empty while the broker can't be asked", async () => {
  const world = new World();
  await world.buy();
  await world.loseLedger();
  await world.restart();
  world.setFaults([{
    path: "/v2/orders",
    contains: "status=all",
    fault: { kind: "status", status: 503 },
  }]);
  await world.cycles(2, MINUTE_MS);
  assertEquals([gate(world), world.disk.textOf(LEDGER_PATH)], [
    blocked("ledger unavailable (broker unreachable)"),
    null,
  ]);
  const waits = world.said("live_orders_today.json is not rebuilt, and nothing is written over");
  assertEquals(waits.length, 1);
});

const damages: {
  readonly what: string;
  readonly damage: (world: World) => void;
  readonly reason: string;
  /** Nobody can tell what is in it: it is no file that could be kept. */
  readonly isNoFile?: boolean;
}[] = [
  {
    what: "is not JSON",
    damage: (world) => world.disk.put(LEDGER_PATH, '{"date_ny": "2026-11-23", "entr'),
    reason: "ledger unreadable",
  },
  {
    what: "is not UTF-8",
    damage: (world) => world.disk.put(LEDGER_PATH, new Uint8Array([0x7b, 0xff, 0x7d])),
    reason: "ledger unreadable",
  },
  {
    what: "is larger than 5 MB",
    damage: (world) => world.disk.put(LEDGER_PATH, " ".repeat(5 * 1024 * 1024 + 1)),
    reason: "ledger unreadable",
    isNoFile: true,
  },
  {
    what: "is a directory",
    damage: (world) => world.disk.putDir(`${LEDGER_PATH}/x`),
    reason: "ledger unreadable",
    isNoFile: true,
  },
  {
    what: "is a link",
    damage: (world) => world.disk.putLink(LEDGER_PATH, "/elsewhere"),
    reason: "ledger unreadable",
    isNoFile: true,
  },
  {
    what: "is empty",
    damage: (world) => world.disk.put(LEDGER_PATH, ""),
    reason: "ledger unreadable",
  },
  {
    what: "is JSON of another shape",
    damage: (world) => world.disk.put(LEDGER_PATH, "[]"),
    reason: "ledger invalid",
  },
  {
    what: "has a negative notional",
    damage: (world) => world.disk.put(LEDGER_PATH, oldFile([-1])),
    reason: "ledger invalid",
  },
  {
    what: "has a notional that is not finite",
    damage: (world) => world.disk.put(LEDGER_PATH, oldFile([7]).replace(":7,", ":1e999,")),
    reason: "ledger invalid",
  },
  {
    what: "has a text for a notional",
    damage: (world) => world.disk.put(LEDGER_PATH, oldFile([7]).replace(":7,", ':"7",')),
    reason: "ledger invalid",
  },
];
for (const { what, damage, reason } of damages.filter(({ isNoFile }) => isNoFile === true)) {
  Deno.test(`a ledger that ${what} blocks LIVE as ${reason} and is left as found`, async () => {
    const world = new World();
    await world.buy();
    await world.disk.remove(LEDGER_PATH);
    damage(world);
    const before = world.disk.textOf(LEDGER_PATH);
    world.exchange.setPrice("NVDA", 106);
    await world.cycles(3, MINUTE_MS);
    assertEquals(gate(world), blocked(`ledger unavailable (${reason})`));
    assertEquals([world.changes, world.disk.textOf(LEDGER_PATH)], [[], before]);
    assertEquals(world.said("error live_orders_today.json is not rebuilt").length, 1);
  });
}

const BYTES_MAX = 10 * 1024 * 1024;
for (const { what, damage, reason } of damages.filter(({ isNoFile }) => isNoFile !== true)) {
  Deno.test(`a ledger that ${what} blocks LIVE for one cycle as ${reason}, is kept, and written anew`, async () => {
    const world = new World();
    await world.buy();
    const past = world.ledger;
    damage(world);
    const damaged = await world.disk.readBytes(LEDGER_PATH, BYTES_MAX);
    world.exchange.setPrice("NVDA", 106);
    await world.cycles(1, MINUTE_MS);
    assertEquals(gate(world), blocked(`ledger unavailable (${reason})`));
    assertEquals([world.changes, world.ledger], [[], past]);
    const [copy, ...others] = world.disk.namesIn(`${STATE_DIR}/archive`)
      .filter((name) => name.startsWith("live_orders"));
    assert(copy?.startsWith("live_orders_today.damaged-"));
    const kept = await world.disk.readBytes(`${STATE_DIR}/archive/${copy}`, BYTES_MAX);
    assertEquals([kept, others], [damaged, []]);
    const [said, ...again] = world.alerted("Live ledger was of no use");
    assert(said?.text.includes("ledger rebuild --yes"));
    await world.cycles(1, MINUTE_MS);
    assertEquals([gate(world), again, world.sells()], [LIVE_PASS, [], ["5 filled"]]);
  });
}

Deno.test("a new day archives the old ledger before a new one starts, and carries what is not settled", async () => {
  const world = new World();
  await world.buy();
  world.ledger = {
    ...world.ledger,
    mismatches: 1,
    entries: [
      ...world.ledger.entries,
      buildLedgerEntry({
        symbol: "QQQ",
        notionalUsd: 700,
        timestamp: `${TODAY}T20:59:00.000Z`,
        side: "buy",
        qty: 7,
        clientOrderId: `avwap-${TODAY}-QQQ-x`,
        status: "unknown",
      }),
    ],
  };
  const past = world.ledger;
  world.goTo(at("10:00:30", TUESDAY));
  world.list([]);
  world.setFaults([{
    path: "/v2/orders:by_client_order_id",
    times: 2,
    fault: { kind: "status", status: 503 },
  }]);
  await world.cycle();
  assertEquals(world.archived(TODAY), past);
  assertEquals(world.ledger.dateNy, TUESDAY);
  assertEquals(world.ledger.mismatches, 0);
  const carried = world.entries();
  assertEquals(carried.map((each) => [each.symbol, each.status]), [["QQQ", "unknown"]]);
  // It counts, and blocks its symbol, until it is settled; then it is of yesterday.
  await world.restart({ MAX_LIVE_POSITIONS: "2" });
  world.list([{ ...NVDA, symbol: "AMD" }]);
  await world.cycle();
  assertEquals(world.said("Gate FAIL AMD: max positions reached").length, 1);
  await world.cycles(10, 10 * SECOND_MS);
  assertEquals(world.entries().find((each) => each.symbol === "QQQ")?.reason, "not sent");
  assertEquals(world.buys("AMD").length, 1);
  assertEquals(world.archived(TODAY), past);
});

Deno.test("the day does not turn without what was bought in it, though a crash forgot its position", async () => {
  const world = new World();
  await world.buy();
  await world.cycle();
  const before = world.position();
  world.state = { ...world.state, positions: [] };
  world.goTo(at("10:00:30", TUESDAY));
  world.list([]);
  await world.restart();
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.position()?.positionId, world.position()?.qty], [before?.positionId, 10]);
  assertEquals([world.ledger.dateNy, world.stops()], [TUESDAY, ["10@95 gtc"]]);
});

Deno.test("a day that has turned stays so, though the last step of writing it fails", async () => {
  const world = new World();
  await world.buy();
  world.goTo(at("10:00:30", TUESDAY));
  world.list([]);
  let isDone = false;
  world.disk.fault = ({ op, path }) => {
    const isTurned = world.disk.textOf(LEDGER_PATH)?.includes(`"date_ny": "${TUESDAY}"`) === true;
    if (isDone || op !== "syncDir" || path !== STATE_DIR || !isTurned) return null;
    isDone = true;
    return "input/output error";
  };
  await world.cycles(1, SECOND_MS);
  assert(isDone);
  await world.restart();
  world.forget();
  await world.cycles(1, SECOND_MS);
  assertEquals([world.ledger.dateNy, world.engine.state.ledger?.dateNy], [TUESDAY, TUESDAY]);
  assertEquals([gate(world), world.said("error"), world.held()], [LIVE_PASS, [], 10]);
});

Deno.test("the old ledger stays today's until its archive is durable", async () => {
  const world = new World();
  await world.buy();
  const past = world.ledger;
  world.goTo(at("10:00:30", TUESDAY));
  world.list([NVDA]);
  world.disk.fault = (step) => step.path.includes("archive") ? "disk full" : null;
  await world.cycles(1, SECOND_MS);
  assertEquals(world.ledger, past);
  assert(gate(world).startsWith("Gate mode=DRY_RUN status=FAIL reason=ledger unavailable"));
  assertEquals(world.changes, []);
  world.disk.fault = () => null;
  await world.cycles(1, SECOND_MS);
  assertEquals([world.archived(TODAY), world.ledger.dateNy, gate(world)], [
    past,
    TUESDAY,
    LIVE_PASS,
  ]);
});

Deno.test("a ledger of a day that has not come is not today's count", async () => {
  const world = new World();
  await world.buy();
  world.ledger = { ...world.ledger, dateNy: TUESDAY };
  await world.cycles(2, MINUTE_MS);
  assertEquals(gate(world), blocked("ledger unavailable (ledger invalid)"));
  assertEquals([world.ledger.dateNy, world.changes], [TUESDAY, []]);
  const [said, ...again] = world.alerted(`it is of ${TUESDAY}, and today is ${TODAY} in New York`);
  assert(said?.text.includes("ledger rebuild --yes"));
  assertEquals(again, []);
});

Deno.test("a ledger that can't be written is said once, with a remedy, until it can be", async () => {
  const world = new World();
  await world.buy();
  world.goTo(at("10:00:30", TUESDAY));
  world.list([]);
  world.disk.fault = ({ op, path }) =>
    op === "write" && path.startsWith(LEDGER_PATH) ? "no space left on the device" : null;
  await world.cycles(4, MINUTE_MS);
  assertEquals(gate(world), blocked("ledger unavailable (ledger unreadable)"));
  const [said, ...again] = world.alerted("no space left on the device");
  assert(said?.text.includes("make room, or let it be written"));
  assertEquals(again, []);
  world.disk.fault = () => null;
  await world.cycles(1, MINUTE_MS);
  assertEquals([gate(world), world.ledger.dateNy], [LIVE_PASS, TUESDAY]);
});

Deno.test("a rebuilt ledger has the stop that its entry was placed with, not the one raised since", async () => {
  const world = new World();
  await world.buy();
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.position()?.stopUsd, 99);
  await world.disk.remove(LEDGER_PATH);
  await world.cycles(2, MINUTE_MS);
  const [entry] = world.entries();
  assertEquals([entry?.stopUsd, entry?.pivotUsd, entry?.r1Usd, entry?.r2Usd], [95, 99, 105, 111]);
});

Deno.test("one mismatch blocks LIVE for its cycle, a second one until the ledger is rebuilt", async () => {
  const world = new World();
  await world.buy();
  world.exchange.placeByHand(orderOfOurs(`avwap-${TODAY}-QQQ-1`));
  await world.cycles(1, MINUTE_MS);
  assertEquals(gate(world), blocked("ledger unavailable (broker mismatch)"));
  assertEquals(world.alerted("Broker mismatch").map((each) => each.level), ["ERROR"]);
  assertEquals(world.entries().map((each) => each.symbol), ["NVDA", "QQQ"]);
  await world.cycles(1, MINUTE_MS);
  assertEquals([gate(world), world.ledger.mismatches], [LIVE_PASS, 1]);
  world.exchange.placeByHand(orderOfOurs(`avwap-${TODAY}-QQQ-2`));
  await world.cycles(3, MINUTE_MS);
  assertEquals(gate(world), blocked("ledger unavailable (broker mismatch)"));
  assertEquals(world.alerted("until `ledger rebuild --yes`").length, 1);
  await world.restart();
  await world.cycles(1, MINUTE_MS);
  assertEquals(gate(world), blocked("ledger unavailable (broker mismatch)"));
  await unlock(world);
  await world.cycles(1, MINUTE_MS);
  assertEquals(gate(world), LIVE_PASS);
});

/** As `ledger rebuild --yes` leaves the records, with the service stopped. */
async function unlock(world: World): Promise<void> {
  world.ledger = { ...world.ledger, mismatches: 0 };
  await world.restart();
}

for (const isNextDay of [false, true]) {
  const when = isNextDay ? "over night" : "on the same day";
  Deno.test(`a ledger from before two mismatches, put back ${when}, takes no block with it`, async () => {
    const world = new World();
    await world.buy();
    const { mismatches } = world.ledger;
    await blockByTwoMismatches(world);
    world.putLedgerFile({ ...world.ledger, mismatches });
    if (isNextDay) world.goTo(at("10:00:30", TUESDAY));
    world.list([]);
    await world.cycles(2, MINUTE_MS);
    assertEquals(gate(world), blocked("ledger unavailable (broker mismatch)"));
    assertEquals([world.ledger.mismatches, world.state.ledger?.mismatches], [2, 2]);
    await unlock(world);
    await world.cycles(1, MINUTE_MS);
    assertEquals(gate(world), LIVE_PASS);
  });
}

Deno.test("a mismatch of yesterday does not count today, though the day began with an outage", async () => {
  const world = new World();
  await world.buy();
  world.exchange.placeByHand(orderOfOurs(`avwap-${TODAY}-QQQ-1`));
  await world.cycles(2, MINUTE_MS);
  world.goTo(at("10:00:30", TUESDAY));
  world.list([]);
  world.setFaults([{ path: "/v2/orders", fault: { kind: "status", status: 503 } }]);
  await world.cycles(2, MINUTE_MS);
  world.setFaults([]);
  await world.cycles(1, MINUTE_MS);
  assertEquals([gate(world), world.ledger.mismatches], [LIVE_PASS, 0]);
});

/** Two orders of ours that the ledger lacked, on one day. */
async function blockByTwoMismatches(world: World): Promise<void> {
  for (const id of ["QQQ-1", "QQQ-2"]) {
    world.exchange.placeByHand(orderOfOurs(`avwap-${TODAY}-${id}`));
    await world.cycles(2, MINUTE_MS);
  }
  assertEquals(gate(world), blocked("ledger unavailable (broker mismatch)"));
}

Deno.test("a ledger that is taken away takes no block with it", async () => {
  const world = new World();
  await world.buy();
  await blockByTwoMismatches(world);
  for (const isRestarted of [false, true]) {
    world.forget();
    world.disk.remove(LEDGER_PATH);
    if (isRestarted) await world.restart();
    await world.cycles(1, MINUTE_MS);
    // The first that applies, while it is made; the block is in what was made.
    assertEquals(gate(world), blocked("ledger unavailable (ledger missing)"));
    assertEquals(world.ledger.mismatches, 2);
    await world.cycles(2, MINUTE_MS);
    assertEquals(gate(world), blocked("ledger unavailable (broker mismatch)"));
  }
  await unlock(world);
  await world.cycles(1, MINUTE_MS);
  assertEquals(gate(world), LIVE_PASS);
  world.disk.remove(LEDGER_PATH);
  await world.cycles(2, MINUTE_MS);
  assertEquals([gate(world), world.ledger.mismatches], [LIVE_PASS, 0]);
});

Deno.test("a mismatch of the day counts on in a ledger that was taken away, one of yesterday does not", async () => {
  for (
    const { isNextDay, mismatches } of [
      { isNextDay: false, mismatches: 2 },
      { isNextDay: true, mismatches: 1 },
    ]
  ) {
    const world = new World();
    await world.buy();
    world.exchange.placeByHand(orderOfOurs(`avwap-${TODAY}-QQQ-1`));
    await world.cycles(2, MINUTE_MS);
    assertEquals([gate(world), world.ledger.mismatches], [LIVE_PASS, 1]);
    world.disk.remove(LEDGER_PATH);
    if (isNextDay) world.goTo(at("10:00:30", TUESDAY));
    await world.cycles(2, MINUTE_MS);
    const id = `avwap-${isNextDay ? TUESDAY : TODAY}-QQQ-2`;
    world.exchange.placeByHand(orderOfOurs(id));
    await world.cycles(1, MINUTE_MS);
    assertEquals(world.ledger.mismatches, mismatches, `${isNextDay}`);
  }
});

Deno.test("a flatten's order is recorded and is no mismatch", async () => {
  const world = new World();
  await world.buy();
  world.exchange.placeByHand(orderOfOurs("avwap-flatten-2026-11-23-QQQ"));
  await world.cycles(1, MINUTE_MS);
  assertEquals([gate(world), world.ledger.mismatches], [LIVE_PASS, 0]);
  assertEquals(world.entries().at(-1)?.clientOrderId, "avwap-flatten-2026-11-23-QQQ");
  assertEquals(world.position("QQQ"), undefined);
});

Deno.test("what the operator put in place of our stop is ours: recorded, said, and no mismatch", async () => {
  const world = new World();
  await world.buy();
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(1, MINUTE_MS);
  const [stop] = world.orders((order) => order.type === "stop" && order.status === "new");
  assert(stop !== undefined);
  const replaced = world.exchange.desk.replace(stop, {
    clientOrderId: null,
    qty: null,
    limitPriceUsd: null,
    stopPriceUsd: 101,
    timeInForce: null,
  });
  assertEquals(replaced.kind, "ok");
  await world.cycles(1, MINUTE_MS);
  assertEquals([gate(world), world.ledger.mismatches], [LIVE_PASS, 0]);
  assertEquals(world.said(`came in the place of our order ${stop.id}`).length, 1);
  const added = world.ledger.entries.at(-1);
  assertEquals([added?.reason, added?.stopUsd, added?.replaces], ["stop", 101, stop.id]);
  await world.cycles(1, MINUTE_MS);
  assertEquals([gate(world), world.stops()], [LIVE_PASS, ["5@101 gtc"]]);
});

Deno.test("unknown fields of the ledger are kept through a day's writes", async () => {
  const world = new World();
  world.disk.put(LEDGER_PATH, oldFile([10]).replace('"date_ny"', '"note": "by hand", "date_ny"'));
  await world.restart();
  await world.cycles(3, 5 * SECOND_MS);
  assertEquals(world.buys().length, 1);
  assert((world.disk.textOf(LEDGER_PATH) ?? "").includes('"note": "by hand"'));
});

Deno.test("a broker that can't list its orders leaves LIVE blocked as unreachable", async () => {
  const world = new World();
  await world.buy();
  world.exchange.setPrice("NVDA", 106);
  world.setFaults([{
    path: "/v2/orders",
    contains: "status=all",
    fault: { kind: "status", status: 503 },
  }]);
  await world.cycles(1, MINUTE_MS);
  assertEquals(gate(world), blocked("ledger unavailable (broker unreachable)"));
  const archived = world.disk.namesIn(`${STATE_DIR}/archive`);
  assertEquals([world.changes, archived], [[], ["execution_state_2026-11-23.json"]]);
});
