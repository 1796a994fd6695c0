import { buildEntryId } from "../../src/domain/order/client_order_id.ts";
import { assert, assertEquals } from "../assert.ts";
import { at, MINUTE_MS, NVDA, SECOND_MS, STATE_PATH, World } from "./support.ts";

const TODAY = "2026-11-23";
const POST = { method: "POST", path: "/v2/orders" } as const;
const REFUSED = { status: 403, headers: {}, body: '{"code":40310000,"message":"not authorized"}' };

async function ready(): Promise<World> {
  const world = new World();
  await world.restart();
  await world.cycle();
  world.pass(5 * SECOND_MS);
  world.forget();
  return world;
}

/** The id that any engine on the account makes. */
function idOf(world: World, attempt: number): string {
  const { accountId } = world.exchange;
  return buildEntryId({ accountId, dateNy: TODAY, symbol: "NVDA", attempt });
}

/** What another engine on the account sends. */
function buyElsewhere(world: World, clientOrderId: string): void {
  const { status } = world.exchange.placeByHand({
    symbol: "NVDA",
    qty: "4",
    side: "buy",
    type: "market",
    time_in_force: "day",
    order_class: "bracket",
    take_profit: { limit_price: "111" },
    stop_loss: { stop_price: "95" },
    client_order_id: clientOrderId,
  });
  assertEquals(status, 200);
}

/** The other engine's order gets in between this one's last look and its request. */
function overtake(world: World): void {
  world.onEvent = (event) => {
    if (event.type !== "order_request") return;
    world.onEvent = () => {};
    buyElsewhere(world, String(event["client_order_id"]));
  };
}

/** Ids of the entries that the broker was asked for; a request that a fault kept from it is not among them. */
const posted = (world: World) =>
  world.changes.filter((each) => each.body["side"] === "buy")
    .map((each) => each.body["client_order_id"]);

Deno.test("an entry's id is a function of account, date, symbol and attempt, whenever it was confirmed", async () => {
  const early = await ready();
  await early.cycle();
  assertEquals(posted(early), [idOf(early, 1)]);
  const late = new World({ startMs: at("11:20:30") });
  await late.restart();
  await late.cycles(2, SECOND_MS);
  assertEquals(posted(late), [idOf(late, 1)]);
});

Deno.test("the attempt rises where the broker said no", async () => {
  const world = await ready();
  world.exchange.behaviour.refuseOrder = () => REFUSED;
  await world.cycle();
  world.exchange.behaviour.refuseOrder = null;
  await world.cycles(1, MINUTE_MS);
  assertEquals(posted(world), [idOf(world, 1), idOf(world, 2)]);
  assertEquals(world.buys().map((order) => order.clientOrderId), [idOf(world, 2)]);
});

Deno.test("the attempt does not rise after an entry that was not sent, and its record is one", async () => {
  const world = await ready();
  world.setFaults([{ ...POST, times: 1, fault: { kind: "status", status: 429 } }]);
  await world.cycle();
  assertEquals(world.entries().map((each) => [each.status, each.reason]), [[
    "rejected",
    "not sent",
  ]]);
  await world.cycles(1, MINUTE_MS);
  assertEquals(posted(world), [idOf(world, 1)]);
  assertEquals(world.entries().map((each) => [each.clientOrderId, each.status]), [
    [idOf(world, 1), "accepted"],
  ]);
  assertEquals([world.buys().length, world.ledger.mismatches], [1, 0]);
});

Deno.test("two engines on one account buy once: the other's order is taken over, and a mismatch", async () => {
  const world = await ready();
  overtake(world);
  await world.cycle();
  assertEquals(world.buys().map((order) => order.qty), [4]);
  assertEquals(world.ledger.mismatches, 1);
  const [entry] = world.entries();
  assertEquals([world.entries().length, entry?.status, entry?.qty], [1, "accepted", 4]);
  assertEquals(entry?.notionalUsd, 400);
  assertEquals(
    world.said(`Broker mismatch: the live ledger lacked NVDA ${idOf(world, 1)}`).length,
    1,
  );
  assertEquals(world.said("SUBMITTED"), []);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.position()?.qty, world.ledger.mismatches, world.buys().length], [4, 1, 1]);
  assert(world.said("Gate mode=LIVE").length > 0);
});

Deno.test("another engine's order that no look-up shows yet counts with its own quantity once it is shown", async () => {
  const world = await ready();
  overtake(world);
  world.setFaults([{
    method: "GET",
    path: "/v2/orders:by_client_order_id",
    times: 1,
    fault: { kind: "status", status: 404 },
  }]);
  await world.cycle();
  assertEquals(world.entries().map(({ status }) => status), ["unknown"]);
  await world.cycles(2, MINUTE_MS);
  const [entry] = world.entries();
  assertEquals([entry?.status, entry?.qty, entry?.notionalUsd], ["accepted", 4, 400]);
  assertEquals(world.ledger.mismatches, 1);
});

Deno.test("after another engine's order nothing leaves in that cycle, and a second one locks LIVE", async () => {
  const rows = [{ ...NVDA, symbol: "AAPL" }, NVDA, { ...NVDA, symbol: "TSLA" }];
  const world = new World({ rows });
  await world.restart();
  await world.cycle();
  world.pass(5 * SECOND_MS);
  world.forget();
  const other = (symbol: string) => {
    world.onEvent = (event) => {
      if (event.type !== "order_request" || event.symbol !== symbol) return;
      world.onEvent = () => {};
      const body = { symbol, qty: "1", side: "buy", type: "market", time_in_force: "day" };
      world.exchange.placeByHand({ ...body, client_order_id: String(event["client_order_id"]) });
    };
  };
  other("AAPL");
  await world.cycle();
  assertEquals(posted(world).length, 1);
  assertEquals(world.state.intents.map((intent) => intent.symbol), ["NVDA", "TSLA"]);
  other("NVDA");
  await world.cycles(1, 20 * SECOND_MS);
  assertEquals([posted(world).length, world.ledger.mismatches], [2, 2]);
  await world.cycles(3, MINUTE_MS);
  assertEquals(posted(world).length, 2);
  assert(world.said("until `ledger rebuild --yes`: another engine trades this account").length > 0);
});

Deno.test("a duplicate in answer to a repeat is our own order, and no mismatch", async () => {
  const world = await ready();
  world.setFaults([{ ...POST, times: 1, fault: { kind: "lost_after" } }]);
  world.exchange.behaviour.visibilityDelayMs = 10 * MINUTE_MS;
  world.exchange.behaviour.fillLatencyMs = 10 * MINUTE_MS;
  await world.cycle();
  await world.cycles(12, 10 * SECOND_MS);
  assertEquals(world.changes.map((each) => each.status), [200, 422]);
  assertEquals([world.buys().length, world.ledger.mismatches], [1, 0]);
});

Deno.test("what was not sent after it could not be found may be our own still: its duplicate is no mismatch", async () => {
  const world = await ready();
  world.setFaults([{ ...POST, times: 1, fault: { kind: "lost_after" } }]);
  world.exchange.behaviour.visibilityDelayMs = 10 * MINUTE_MS;
  world.exchange.behaviour.fillLatencyMs = 10 * MINUTE_MS;
  await world.cycle();
  await world.restart({ ALLOWLIST_SYMBOLS: "AAPL" }); // Its repeat is denied, so it settles as not sent.
  await world.cycles(12, 10 * SECOND_MS);
  assertEquals(world.entries().map((each) => each.reason), ["not sent"]);
  await world.restart({ ALLOWLIST_SYMBOLS: "" });
  world.forget();
  world.setFaults([]);
  await world.cycles(1, 10 * SECOND_MS);
  assertEquals(world.changes.map((each) => each.status), [422]);
  assertEquals([world.buys().length, world.ledger.mismatches], [1, 0]);
});

Deno.test("an intent that waits with an id of the release before leaves with the one that every engine makes", async () => {
  const world = new World();
  await world.restart({ ENTRY_DELAY_MIN_SECONDS: "30", ENTRY_DELAY_MAX_SECONDS: "30" });
  await world.cycle();
  const old = JSON.parse(world.disk.textOf(STATE_PATH) ?? "");
  old.schema.minor = 1;
  old.intents[0].client_order_id = `avwap-${TODAY}-NVDA-mkmph2w0`;
  delete old.intents[0].b2_start;
  world.disk.put(STATE_PATH, JSON.stringify(old));
  await world.restart();
  await world.cycles(1, 30 * SECOND_MS);
  assertEquals(posted(world), [idOf(world, 1)]);
});

Deno.test("an entry of the release before is the symbol's entry of the day, its position is managed, and no intent is made", async () => {
  const world = await ready();
  await world.cycle();
  await world.cycles(1, 5 * SECOND_MS);
  const id = idOf(world, 1);
  const oldId = `avwap-${TODAY}-NVDA-mkmph2w0`;
  // The same day as 0.1.0 would have left it.
  const order = world.buys()[0];
  assert(order !== undefined);
  (order as { clientOrderId: string }).clientOrderId = oldId;
  const text = (world.disk.textOf(STATE_PATH) ?? "").replaceAll(id, oldId);
  world.disk.put(STATE_PATH, text);
  world.ledger = {
    ...world.ledger,
    entries: world.ledger.entries.map((entry) => ({ ...entry, clientOrderId: oldId })),
  };
  await world.restart();
  world.forget();
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.position()?.positionId, world.position()?.qty], [oldId, 10]);
  assertEquals([world.changes, world.ledger.mismatches, world.state.intents], [[], 0, []]);
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(1, SECOND_MS);
  assertEquals(world.sells(), ["5 filled"]);
});

Deno.test("an intent whose first attempt the broker rejected before a crash is not tried again by itself", async () => {
  const world = new World();
  await world.restart({ ENTRY_DELAY_MIN_SECONDS: "10", ENTRY_DELAY_MAX_SECONDS: "10" });
  await world.cycle();
  const waiting = world.disk.textOf(STATE_PATH) ?? "";
  world.exchange.behaviour.refuseOrder = () => REFUSED;
  await world.cycles(1, 10 * SECOND_MS);
  assertEquals(world.entries().map((each) => each.status), ["rejected"]);
  world.disk.put(STATE_PATH, waiting);
  world.list([{ ...NVDA, pivotUsd: 101, r1Usd: 106, r2Usd: 112 }]);
  await world.restart();
  world.forget();
  await world.cycles(1, SECOND_MS);
  assertEquals(world.said("SKIP NVDA: already on record").length, 1);
  assertEquals(world.changes, []);
});
