import { assert, assertEquals } from "../assert.ts";
import { restartSlow } from "./slow_broker.ts";
import { AAPL, NVDA, SECOND_MS, World } from "./support.ts";

const DELAY_SECONDS = 60;
const LATENCY_MS = 100;

/** An engine whose intent in NVDA is due now, and whose requests take 100 ms each; its calendar is known. */
async function due(): Promise<World> {
  const world = new World();
  const delay = `${DELAY_SECONDS}`;
  world.environment = {
    ...world.environment,
    ENTRY_DELAY_MIN_SECONDS: delay,
    ENTRY_DELAY_MAX_SECONDS: delay,
  };
  await restartSlow(world, { latencyMs: LATENCY_MS, isRunOnce: false });
  await world.cycles(2, SECOND_MS);
  assertEquals(world.state.intents.map(({ symbol }) => symbol), ["NVDA"]);
  // By the engine's clock, which is as late as the broker's answers.
  world.goTo((world.state.intents[0]?.scheduledAtMs ?? 0) + LATENCY_MS);
  world.forget();
  return world;
}

Deno.test("a due entry leaves after three waits for the broker: the cycle's view, the price, and positions with orders", async () => {
  const world = await due();
  const dueMs = world.nowMs;
  await world.cycle();
  assertEquals(world.buys().length, 1);
  const leftMs = world.buys()[0]?.submitted.ms ?? Infinity;
  assertEquals(leftMs - dueMs, 3 * LATENCY_MS);
});

Deno.test("a due entry waits for no other symbol's bars, which are looked at behind it in the same cycle", async () => {
  const world = await due();
  world.list([NVDA, AAPL]);
  await world.cycle();
  const paths = world.exchange.requests.map(({ method, path }) => `${method} ${path}`);
  const at = (start: string) => paths.findIndex((each) => each.startsWith(start));
  assert(at("POST /v2/orders") >= 0);
  assert(at("GET /v2/stocks/bars") > at("POST /v2/orders"), paths.join("\n"));
  assertEquals(world.state.intents.map(({ symbol }) => symbol), ["AAPL"]);
});

Deno.test("an intent that was denied is made anew in the next cycle, not in the one that denied it", async () => {
  const world = await due();
  await world.restart({ MAX_LIVE_NOTIONAL_PER_SYMBOL: "1" });
  await world.cycle();
  assertEquals(world.said("Gate FAIL NVDA: ").length, 1);
  assertEquals(world.state.intents, []);
  await world.cycle();
  assertEquals(world.state.intents.map(({ symbol }) => symbol), ["NVDA"]);
});

Deno.test("corporate actions of a waiting intent's symbol are asked for before it is due", async () => {
  const world = new World({ rows: [NVDA, AAPL] });
  await world.restart({
    ENTRY_DELAY_MIN_SECONDS: `${DELAY_SECONDS}`,
    ENTRY_DELAY_MAX_SECONDS: `${DELAY_SECONDS}`,
  });
  await world.cycles(2, SECOND_MS);
  const asked = () =>
    world.exchange.requests.filter(({ path }) => path.startsWith("/v1/corporate-actions"));
  assertEquals(asked().map(({ query }) => query.get("symbols")), ["AAPL,NVDA"]);
  world.forget();
  await world.cycles(1, DELAY_SECONDS * SECOND_MS);
  assertEquals([world.buys("NVDA").length, world.buys("AAPL").length], [1, 1]);
  assertEquals(asked(), []);
});

Deno.test("in DRY_RUN nothing is asked about corporate actions of what would be entered", async () => {
  const world = new World();
  await world.restart({ DRY_RUN: "1", ENTRY_DELAY_MIN_SECONDS: "5", ENTRY_DELAY_MAX_SECONDS: "5" });
  await world.cycles(3, 10 * SECOND_MS);
  assertEquals(world.said("order_id=dry-run").length, 1);
  assertEquals(
    world.exchange.requests.filter(({ path }) => path.startsWith("/v1/corporate-actions")),
    [],
  );
});

Deno.test("ten due entries leave in 21 requests at most, one look at positions and orders for all of them", async () => {
  const symbols = ["AA", "BB", "CC", "DD", "EE", "FF", "GG", "HH", "II", "JJ"];
  const world = new World({ rows: symbols.map((symbol) => ({ ...NVDA, symbol })) });
  await world.restart({
    ENTRY_DELAY_MIN_SECONDS: `${DELAY_SECONDS}`,
    ENTRY_DELAY_MAX_SECONDS: `${DELAY_SECONDS}`,
    MAX_LIVE_ORDERS_PER_DAY: "10",
    MAX_LIVE_POSITIONS: "10",
    MAX_LIVE_GROSS_NOTIONAL: "100000",
    MAX_LIVE_NOTIONAL_PER_SYMBOL: "10000",
  });
  await world.cycles(2, SECOND_MS);
  assertEquals(world.state.intents.length, symbols.length);
  world.forget();
  await world.cycles(1, DELAY_SECONDS * SECOND_MS);
  assertEquals(symbols.filter((symbol) => world.buys(symbol).length === 1), symbols);
  const sent = world.exchange.requests.map(({ method, path }) => `${method} ${path}`);
  assert(sent.length <= 21, sent.join("\n"));
});

Deno.test("a due entry alone leaves in ten requests at most", async () => {
  const world = await due();
  await world.cycle();
  assertEquals(world.buys().length, 1);
  const sent = world.exchange.requests.map(({ method, path }) => `${method} ${path}`);
  assert(sent.length <= 10, sent.join("\n"));
});
