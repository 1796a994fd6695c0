import { assert, assertEquals } from "../assert.ts";
import { LEDGER_PATH, LIVE_PASS, NVDA, SECOND_MS, STATE_PATH, World } from "./support.ts";

/** What `flatten` sends where a hand is short: a buy. */
function cover(world: World, symbol: string, qty: string): void {
  world.exchange.placeByHand({
    symbol,
    qty,
    side: "buy",
    type: "market",
    time_in_force: "day",
    client_order_id: `avwap-flatten-2026-11-23-${symbol}-x1`,
  });
}

const caps: { readonly what: string; readonly variables: Readonly<Record<string, string>> }[] = [
  { what: "orders", variables: { MAX_LIVE_ORDERS_PER_DAY: "1" } },
  { what: "gross notional", variables: { MAX_LIVE_GROSS_NOTIONAL: "1000" } },
];
for (const { what, variables } of caps) {
  Deno.test(`a buy of flatten's uses up none of the day's ${what}`, async () => {
    const world = new World();
    world.exchange.setPosition("TSLA", -3, 100);
    await world.restart(variables);
    await world.cycle();
    cover(world, "TSLA", "3");
    await world.cycles(3, 30 * SECOND_MS);
    assertEquals(world.entries().map((entry) => entry.symbol), ["TSLA", "NVDA"]);
    assertEquals([world.buys("NVDA").length, world.ledger.mismatches], [1, 0]);
    const verdict = world.events.find((event) => event.type === "verdict");
    assertEquals([verdict?.["used_orders"], verdict?.["used_gross_usd"]], [0, 0]);
  });
}

Deno.test("a buy of flatten's is no entry of the day in its symbol, and uses none of the symbol's notional", async () => {
  const world = new World();
  world.exchange.setPosition("NVDA", -10, 100);
  await world.restart({ MAX_LIVE_NOTIONAL_PER_SYMBOL: "1000" });
  await world.cycle();
  cover(world, "NVDA", "10");
  await world.cycles(4, 30 * SECOND_MS);
  assert(world.held() > 0);
  assertEquals(world.buys().map((order) => order.status), ["filled", "filled"]);
  assert(world.said(LIVE_PASS).length > 0);
});

Deno.test("flatten's working buy is no open symbol of the position cap", async () => {
  const world = new World({ rows: [NVDA] });
  await world.restart({ MAX_LIVE_POSITIONS: "1" });
  await world.cycle();
  world.exchange.placeByHand({
    symbol: "TSLA",
    qty: "1",
    side: "buy",
    type: "limit",
    limit_price: "1",
    time_in_force: "day",
    client_order_id: "avwap-flatten-2026-11-23-TSLA-x1",
  });
  await world.cycles(2, 30 * SECOND_MS);
  assertEquals(world.buys("NVDA").length, 1);
});

Deno.test("flatten's orders alone are no trace of an earlier start", async () => {
  const world = new World({ rows: [] });
  cover(world, "TSLA", "3");
  await world.restart();
  await world.cycles(2, SECOND_MS);
  // A ledger that knows them, and a state that was never written.
  world.disk.remove(STATE_PATH);
  world.forget();
  await world.restart();
  await world.cycles(1, SECOND_MS);
  assert(world.disk.textOf(LEDGER_PATH)?.includes("avwap-flatten-") === true);
  assertEquals(world.said("invalid configuration (execution_state.json)"), []);
});
