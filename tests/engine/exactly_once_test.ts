import { assert, assertEquals } from "../assert.ts";
import type { Fault, FaultRule } from "../simulator/faults.ts";
import {
  AAPL,
  LEDGER_PATH,
  MINUTE_MS,
  NVDA,
  PRICE_USD,
  SECOND_MS,
  STATE_DIR,
  STATE_PATH,
  World,
} from "./support.ts";

const POST: FaultRule = { method: "POST", path: "/v2/orders", fault: { kind: "lost_before" } };

/** LIVE, the ledger made, the breakout confirmed: the next cycle buys. */
async function ready(options: ConstructorParameters<typeof World>[0] = {}): Promise<World> {
  const world = new World(options);
  await world.restart();
  await world.cycle();
  world.pass(5 * SECOND_MS);
  world.forget();
  return world;
}

/** No symbol breaks out any more: what leaves from now on is a repeat. */
function endBreakouts(world: World): void {
  world.list([{ ...NVDA, pivotUsd: PRICE_USD + 1, r1Usd: 106, r2Usd: 112 }]);
}

/** Ids of buys that the broker was asked for, whether or not the request came. */
function askedIds(world: World): unknown[] {
  return world.events.flatMap((event) =>
    event.type === "order_request" && event.op === "bracket" ? [event.client_order_id] : []
  );
}

Deno.test("an entry is durable as pending, with id, side and quantity, before its request leaves", async () => {
  const world = await ready();
  let seen: unknown = null;
  world.onEvent = (event) => {
    if (event.type === "order_request") seen = world.entries()[0];
  };
  await world.cycle();
  const { status, orderId, side, qty, clientOrderId } = seen as ReturnType<
    World["entries"]
  >[number];
  assertEquals([status, orderId, side, qty], ["pending", null, "buy", 10]);
  assertEquals(world.buys().map((order) => order.clientOrderId), [clientOrderId ?? ""]);
  assertEquals(world.entries()[0]?.status, "accepted");
});

const unwritable: { readonly when: string; readonly op: string }[] = [
  { when: "the disk is full", op: "write" },
  { when: "the sync fails", op: "sync" },
  { when: "the rename fails", op: "rename" },
  { when: "the directory's sync fails", op: "syncDir" },
];
for (const { when, op } of unwritable) {
  Deno.test(`no order is sent where its record can't be written: ${when}`, async () => {
    const world = await ready();
    world.disk.fault = (step) =>
      step.op === op && step.path.startsWith(STATE_DIR) ? "simulated" : null;
    await world.cycles(2, SECOND_MS);
    assertEquals([world.changes, world.buys()], [[], []]);
    assert(world.said("error ").length > 0);
  });
}

const accepted: { readonly when: string; readonly fault: Fault }[] = [
  { when: "the connection breaks", fault: { kind: "lost_after" } },
  { when: "no answer comes in time", fault: { kind: "hang", isAccepted: true } },
  { when: "the answer is cut", fault: { kind: "malformed" } },
  { when: "a proxy answers 502", fault: { kind: "html", isAccepted: true } },
];
for (const { when, fault } of accepted) {
  Deno.test(`an answer lost after acceptance is looked up and settles in the cycle: ${when}`, async () => {
    const world = await ready();
    world.setFaults([{ ...POST, times: 1, fault }]);
    await world.cycle();
    assertEquals(world.lookUps(), [200]);
    assertEquals([world.buys().length, world.entries()[0]?.status], [1, "accepted"]);
    await world.cycles(3, MINUTE_MS);
    assertEquals([world.buys().length, world.position()?.qty], [1, 10]);
  });
}

Deno.test("a duplicate in answer to the first sending is looked up and adopted, no failure, and a mismatch", async () => {
  const world = await ready();
  world.setFaults([{ ...POST, times: 1, fault: { kind: "duplicate", answer: "second" } }]);
  await world.cycle();
  assertEquals(world.changes.map((each) => each.status), [200, 422]);
  assertEquals([world.buys().length, world.entries()[0]?.status], [1, "accepted"]);
  assertEquals(world.said("error ").length, 1);
  assertEquals(world.said("Broker mismatch: the live ledger lacked NVDA").length, 1);
  assertEquals(world.ledger.mismatches, 1);
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.position()?.qty, world.ledger.mismatches], [10, 1]);
});

Deno.test("an unresolved entry blocks its symbol and counts, and is said as an error", async () => {
  const world = await ready({ rows: [NVDA, AAPL] });
  await world.restart({ MAX_LIVE_POSITIONS: "1" });
  world.setFaults([{ ...POST, times: 1, fault: { kind: "lost_before" } }]);
  await world.cycle();
  assertEquals(world.entries().map((each) => [each.symbol, each.status]), [["AAPL", "unknown"]]);
  assertEquals(world.alerted("AAPL order unresolved").map((each) => each.level), ["ERROR"]);
  assertEquals(world.said("Gate FAIL NVDA: max positions reached").length, 1);
  world.pass(10 * SECOND_MS);
  await world.cycle();
  assertEquals(world.said("SKIP AAPL: open order/position exists").length, 1);
  assertEquals([world.buys("AAPL"), world.buys("NVDA")], [[], []]);
});

Deno.test("404 is believed only after 60 s from the end of the deadline; the repeat has the same id", async () => {
  const world = await ready();
  const sentAtMs = world.nowMs;
  world.setFaults([{ ...POST, times: 1, fault: { kind: "lost_before" } }]);
  await world.cycle();
  const [id] = askedIds(world);
  while (world.nowMs < sentAtMs + 70 * SECOND_MS) {
    await world.cycles(1, 9 * SECOND_MS);
    assertEquals([world.buys(), world.entries()[0]?.status], [[], "unknown"]);
  }
  for (let turn = 0; turn < 4; turn++) await world.cycles(1, 9 * SECOND_MS);
  assertEquals(askedIds(world), [id, id]);
  assertEquals(world.buys().map((order) => order.clientOrderId), [String(id)]);
  assertEquals(world.entries().map((each) => each.status), ["accepted"]);
});

Deno.test("an answer that is no 404 proves nothing, however long it lasts", async () => {
  const world = await ready();
  world.setFaults([
    { ...POST, times: 1, fault: { kind: "lost_before" } },
    { path: "/v2/orders:by_client_order_id", fault: { kind: "status", status: 503 } },
  ]);
  await world.cycle();
  endBreakouts(world);
  await world.cycles(20, MINUTE_MS);
  assertEquals([world.buys(), world.entries()[0]?.status], [[], "unknown"]);
  assertEquals(askedIds(world).length, 1);
});

Deno.test("an entry whose intent has expired is not repeated, and settles as not sent", async () => {
  const world = await ready();
  world.setFaults([
    { ...POST, times: 1, fault: { kind: "lost_before" } },
    { path: "/v2/orders:by_client_order_id", times: 40, fault: { kind: "status", status: 503 } },
  ]);
  await world.cycle();
  endBreakouts(world);
  for (let turn = 0; turn < 45 && world.entries()[0]?.status === "unknown"; turn++) {
    await world.cycles(1, MINUTE_MS);
  }
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.entries().map((each) => [each.status, each.reason]), [[
    "rejected",
    "not sent",
  ]]);
  assertEquals([world.buys(), askedIds(world).length], [[], 1]);
  assertEquals(world.said("SKIP NVDA: intent expired").length, 1);
});

const objections: {
  readonly when: string;
  readonly object: (world: World) => void | Promise<void>;
}[] = [
  {
    when: "the kill switch is on by then",
    object: (world) => world.disk.put(`${STATE_DIR}/KILL_SWITCH`, ""),
  },
  {
    when: "somebody holds the symbol by then",
    object: (world) => world.exchange.setPosition("NVDA", 1.5, 100),
  },
  {
    when: "the allowlist lacks it by then",
    object: (world) => world.restart({ ALLOWLIST_SYMBOLS: "AAPL" }),
  },
];
for (const { when, object } of objections) {
  Deno.test(`an entry proven absent is a new decision: not sent when ${when}`, async () => {
    const world = await ready();
    world.setFaults([{ ...POST, times: 1, fault: { kind: "lost_before" } }]);
    await world.cycle();
    endBreakouts(world);
    await object(world);
    await world.cycles(14, 10 * SECOND_MS);
    assertEquals(world.entries().map((each) => [each.status, each.reason]), [[
      "rejected",
      "not sent",
    ]]);
    assertEquals([world.buys(), askedIds(world).length], [[], 1]);
  });
}

Deno.test("an order that arrives after it was settled as not sent replaces the settled status", async () => {
  const world = await ready();
  world.setFaults([{ ...POST, times: 1, fault: { kind: "delay", ms: 200 * SECOND_MS } }]);
  await world.cycle();
  endBreakouts(world);
  world.disk.put(`${STATE_DIR}/KILL_SWITCH`, "");
  await world.cycles(13, 10 * SECOND_MS);
  assertEquals(world.entries()[0]?.reason, "not sent");
  await world.cycles(5, 10 * SECOND_MS);
  assertEquals(world.buys().length, 1);
  assertEquals(world.entries().map((each) => [each.status, each.reason]), [["accepted", null]]);
  assertEquals(world.position()?.qty, 10);
});

Deno.test("a kill switch between record and request settles the entry as not sent", async () => {
  const world = await ready();
  world.onEvent = (event) => {
    if (event.type === "order_request") world.disk.put(`${STATE_DIR}/KILL_SWITCH`, "");
  };
  await world.cycle();
  assertEquals([world.changes, world.buys()], [[], []]);
  assertEquals(world.entries().map((each) => [each.status, each.reason]), [[
    "rejected",
    "not sent",
  ]]);
  assertEquals(
    world.said("Gate mode=DRY_RUN status=FAIL reason=kill switch active (file)").length,
    1,
  );
});

Deno.test("a cycle whose gate names the kill switch has said before that it is on, whenever it was made", async () => {
  for (let look = 1;; look++) {
    const world = await ready();
    let looks = 0;
    let boughtBefore = 0;
    world.disk.fault = ({ path }) => {
      if (path === `${STATE_DIR}/KILL_SWITCH` && ++looks === look) {
        world.disk.put(path, "");
        boughtBefore = world.buys().length;
      }
      return null;
    };
    await world.cycle();
    if (looks < look) break;
    // A later gate of the cycle, of an entry, is printed at once; the look of every second says the rest.
    const [first] = world.said("Gate mode=");
    const isNamed = first?.includes("kill switch active (file)") === true;
    const isSaid = world.said("Kill switch active (file)").length === 1;
    assertEquals(isNamed && !isSaid, false, `look ${look}`);
    assertEquals(world.buys().length, boughtBefore, `look ${look}`);
  }
});

Deno.test("a record that took too long to write is not sent", async () => {
  const world = await ready();
  world.onEvent = (event) => {
    if (event.type === "order_recorded") world.pass(6 * SECOND_MS);
  };
  await world.cycle();
  assertEquals(world.buys(), []);
  assertEquals(world.entries()[0]?.reason, "not sent");
});

const REFUSED = {
  status: 403,
  headers: {},
  body: '{"code":40310000,"message":"not authorized"}',
};

Deno.test("a rejected entry does not bar its symbol; the second of a day does, and is an error", async () => {
  const world = await ready();
  world.exchange.behaviour.refuseOrder = () => REFUSED;
  await world.cycle();
  assertEquals(world.entries().map((each) => each.status), ["rejected"]);
  assertEquals(world.alerted("NVDA entry rejected by the broker").length, 1);
  await world.cycles(1, MINUTE_MS);
  assertEquals(world.alerted("NVDA was rejected twice today").map((each) => each.level), ["ERROR"]);
  world.exchange.behaviour.refuseOrder = null;
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.said("Gate FAIL NVDA: rejected twice today").length, 1);
  assertEquals(world.buys(), []);
});

Deno.test("an entry that the broker takes and later rejects counts as its rejection", async () => {
  const world = await ready();
  world.exchange.behaviour.rejectsLater = () => true;
  await world.cycles(2, MINUTE_MS);
  world.exchange.behaviour.rejectsLater = null;
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.buys().map((order) => order.status), ["rejected", "rejected"]);
  assertEquals(world.entries().map((each) => each.status), ["rejected", "rejected"]);
  assert(world.said("Gate FAIL NVDA: rejected twice today").length > 0);
});

Deno.test("five rejections in a row end the day's entries in every symbol", async () => {
  const rows = ["A", "B", "C", "D", "E", "F"].map((symbol) => ({ ...NVDA, symbol }));
  const world = await ready({ rows });
  world.exchange.behaviour.refuseOrder = () => REFUSED;
  await world.cycle();
  assertEquals(world.entries().length, 5);
  assertEquals(world.said("Gate FAIL F: rejections in a row").length, 1);
  assertEquals(world.alerted("5 rejections in a row").map((each) => each.level), ["ERROR"]);
  world.exchange.behaviour.refuseOrder = null;
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.buys("F"), []);
  assertEquals(world.entries().length, 5);
});

Deno.test("an order that the broker takes ends a row of rejections", async () => {
  const rows = ["A", "B", "C", "D", "E", "F"].map((symbol) => ({ ...NVDA, symbol }));
  const world = await ready({ rows });
  world.exchange.behaviour.refuseOrder = ({ symbol }) => symbol === "C" ? null : REFUSED;
  await world.cycle();
  assertEquals(world.entries().map((each) => each.symbol), ["A", "B", "C", "D", "E", "F"]);
});

Deno.test("too many requests is no rejection of the order", async () => {
  const world = await ready();
  world.setFaults([{ ...POST, times: 3, fault: { kind: "status", status: 429 } }]);
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.said("rejected twice"), []);
  await world.cycles(1, MINUTE_MS);
  assertEquals(world.buys().length, 1);
});

Deno.test("one live entry per symbol and day, though the first was closed", async () => {
  const world = new World();
  await world.buy();
  world.exchange.setPrice("NVDA", 112);
  world.pass(2 * SECOND_MS);
  world.exchange.setPrice("NVDA", 100);
  await world.cycles(5, 6 * MINUTE_MS);
  assertEquals([world.held(), world.buys().length], [0, 1]);
  assertEquals(world.said("SKIP NVDA: already entered today").length, 1);
});

const lostSells: { readonly when: string; readonly fault: Fault }[] = [
  { when: "before acceptance", fault: { kind: "lost_before" } },
  { when: "after acceptance", fault: { kind: "lost_after" } },
  { when: "in a hang, before", fault: { kind: "hang" } },
  { when: "in a hang, after", fault: { kind: "hang", isAccepted: true } },
  { when: "to a proxy that delivers twice", fault: { kind: "duplicate", answer: "second" } },
];
for (const { when, fault } of lostSells) {
  Deno.test(`an exit whose answer is lost ${when} sells once, with the same id, and leaves no share bare`, async () => {
    const world = new World();
    await world.buy();
    world.setFaults([{ ...POST, contains: "r1_trim", times: 1, fault }]);
    world.exchange.setPrice("NVDA", 106);
    await world.cycle();
    assertEquals(world.stops(), [`${world.held()}@99 gtc`]);
    await world.cycles(3, SECOND_MS);
    assertEquals([world.sells(), world.stops()], [["5 filled"], ["5@99 gtc"]]);
    const ids = world.changes.filter((each) => String(each.body["client_order_id"]).includes("r1_"))
      .map((each) => each.body["client_order_id"]);
    assertEquals(new Set(ids).size, 1);
    assertEquals(world.entries("r1_trim").map((each) => [each.attempt, each.status]), [[
      1,
      "accepted",
    ]]);
  });
  Deno.test(`a stop whose answer is lost ${when} is placed once, in the same cycle`, async () => {
    const world = new World();
    await world.buy();
    world.setFaults([{ ...POST, contains: "-stop-", times: 1, fault }]);
    world.exchange.setPrice("NVDA", 106);
    await world.cycle();
    assertEquals(world.stops(), ["5@99 gtc"]);
    await world.cycles(2, MINUTE_MS);
    assertEquals([world.held(), world.stops()], [5, ["5@99 gtc"]]);
  });
}

Deno.test("an intent on record is not sent again, whichever look at the ledger in its cycle fails", async () => {
  let failed = 0;
  for (let turn = 1, looks = turn; looks >= turn; turn++) {
    const world = new World();
    await world.restart({ ENTRY_DELAY_MIN_SECONDS: "10", ENTRY_DELAY_MAX_SECONDS: "10" });
    await world.cycle();
    world.pass(10 * SECOND_MS);
    const waiting = world.disk.textOf(STATE_PATH) ?? "";
    world.setFaults([{ ...POST, times: 1 }]);
    await world.cycle();
    assertEquals(world.entries().map((entry) => entry.status), ["unknown"]);
    // The process dies before it has saved that the intent is no longer waiting.
    world.disk.put(STATE_PATH, waiting);
    await world.restart();
    world.forget();
    looks = 0;
    world.disk.fault = ({ op, path }) => {
      const isTurn = op === "lstat" && path === LEDGER_PATH && ++looks === turn;
      if (isTurn) failed++;
      return isTurn ? "input/output error" : null;
    };
    await world.cycle();
    assertEquals(world.changes, [], `look ${turn}`);
  }
  assert(failed >= 4, `${failed} looks failed`);
});

Deno.test("the fill of an entry whose answer was lost is not called foreign while its order is looked for", async () => {
  const world = await ready();
  world.exchange.behaviour.visibilityDelayMs = 40 * SECOND_MS;
  world.setFaults([{ ...POST, times: 1, fault: { kind: "lost_after" } }]);
  await world.cycle();
  await world.cycles(3, 5 * SECOND_MS);
  assertEquals([world.held(), world.entries()[0]?.status], [10, "unknown"]);
  assertEquals(world.said("Foreign"), []);
  await world.cycles(3, 20 * SECOND_MS);
  assertEquals(world.position()?.qty, 10);
  assertEquals(world.said("Foreign"), []);
});

Deno.test("an entry that was refused and taken all the same is ours when the broker shows it, and neither foreign nor adopted before", async () => {
  const world = await ready();
  const { behaviour } = world.exchange;
  behaviour.visibilityDelayMs = 30 * SECOND_MS;
  behaviour.partialFills = ({ side }) => side === "buy" ? [{ afterMs: 0, qty: 4 }] : null;
  let count = 0;
  behaviour.refuseOrder = ({ side }) => {
    if (side !== "buy" || ++count !== 1) return null;
    const message = "insufficient buying power";
    return { status: 403, headers: {}, body: JSON.stringify({ code: 40310000, message }) };
  };
  world.setFaults([{ ...POST, times: 1, fault: { kind: "duplicate", answer: "first" } }]);
  await world.cycle();
  assertEquals(world.entries()[0]?.status, "rejected");
  await world.cycles(2, 5 * SECOND_MS);
  assertEquals([world.held(), world.position()], [4, undefined]);
  await world.cycles(8, 20 * SECOND_MS);
  assertEquals([world.said("Foreign"), world.said("Adopted")], [[], []]);
  assertEquals(world.position()?.positionId, world.buys()[0]?.clientOrderId);
  // Its rest is cancelled a minute after its first fill, and what it bought is protected.
  assertEquals([world.held(), world.stops(), world.buys()[0]?.status], [
    4,
    ["4@95 gtc"],
    "canceled",
  ]);
});

Deno.test("what is held a minute after our entry was refused is somebody else's", async () => {
  const world = await ready();
  const message = "insufficient buying power";
  const body = JSON.stringify({ code: 40310000, message });
  world.setFaults([{ ...POST, times: 2, fault: { kind: "status", status: 403, body } }]);
  await world.cycle();
  assertEquals(world.entries()[0]?.status, "rejected");
  world.exchange.setPosition("NVDA", 5, 100);
  await world.cycles(1, 5 * SECOND_MS);
  assertEquals(world.said("Adopted"), []);
  await world.cycles(8, 20 * SECOND_MS);
  assertEquals(world.said("NVDA adopted: 5 shares").length, 1);
});

Deno.test("an entry whose answer was lost has its SUBMITTED line and message once the broker shows it, and once", async () => {
  const world = await ready();
  await world.restart({ SLACK_VERBOSE: "1" });
  world.exchange.behaviour.visibilityDelayMs = 40 * SECOND_MS;
  world.setFaults([{ ...POST, times: 1, fault: { kind: "lost_after" } }]);
  await world.cycle();
  assertEquals(world.said("SUBMITTED"), []);
  await world.cycles(6, 20 * SECOND_MS);
  const [order] = world.buys();
  assertEquals(world.said("SUBMITTED NVDA"), [
    `info SUBMITTED NVDA: qty=10 order_id=${order?.id}`,
  ]);
  assertEquals(world.alerted("Order submitted").length, 1);
});

Deno.test("an entry that the broker does not have, and that is not sent again, is said so", async () => {
  const world = await ready();
  world.setFaults([{ ...POST, times: 1, fault: { kind: "lost_before" } }]);
  await world.cycle();
  world.disk.put(`${STATE_DIR}/KILL_SWITCH`, "");
  await world.cycles(12, 10 * SECOND_MS);
  assertEquals(world.said("warn NVDA not sent: the broker has no order avwap-").length, 1);
});
