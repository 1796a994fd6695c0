import { assert, assertEquals } from "../assert.ts";
import { AAPL, at, KILL_PATH, MINUTE_MS, NVDA, SECOND_MS, World } from "./support.ts";

/** NVDA was bought and halted: the broker took the entry, and nothing fills. */
async function halted(
  change: Readonly<Record<string, string>> = {},
  rows = [NVDA],
): Promise<World> {
  const world = new World({ rows });
  world.exchange.behaviour.fillLatencyMs = 8 * 60 * MINUTE_MS;
  await world.restart(change);
  await world.cycle();
  await world.cycles(1, 5 * SECOND_MS);
  assertEquals(world.buys("NVDA").map((order) => order.status), ["new"]);
  world.forget();
  return world;
}

const cancels = (world: World) => world.changes.filter((each) => each.method === "DELETE");

Deno.test("an entry with nothing filled is left for 60 s after it was accepted, and cancelled then", async () => {
  const world = await halted();
  await world.cycles(1, 57 * SECOND_MS);
  assertEquals(cancels(world), []);
  await world.cycles(1, 2 * SECOND_MS);
  assertEquals(world.buys().map((order) => order.status), ["canceled"]);
  assertEquals(world.said("a minute after it was accepted").length, 1);
  assertEquals([world.state.positions, world.said("Position NVDA: never filled").length], [[], 1]);
  const ends = world.events.filter(({ type }) => type === "entry_end");
  assertEquals(ends.map((each) => [each.symbol, each["why"], each["qty"], each["filled_qty"]]), [
    ["NVDA", "unfilled", 10, 0],
  ]);
});

Deno.test("the loop is told to look at an entry soon after it was accepted, and 60 s after", async () => {
  const world = await halted();
  const [order] = world.buys();
  assert(order !== undefined);
  const dueMs = order.submitted.ms + MINUTE_MS;
  const soonMs = order.submitted.ms + 20 * SECOND_MS;
  assertEquals(world.engine.wakeAtMs.some((atMs) => atMs <= soonMs), true);
  await world.cycles(1, 20 * SECOND_MS);
  assertEquals(world.engine.wakeAtMs.includes(dueMs), true);
});

Deno.test("a restart goes on counting the minute of an unfilled entry, also one cycle a process", async () => {
  const world = await halted();
  for (let turn = 0; turn < 3; turn++) {
    await world.restart();
    await world.cycles(1, 19 * SECOND_MS);
  }
  assertEquals(world.buys().map((order) => order.status), ["canceled"]);
});

Deno.test("an unfilled entry that was cancelled stays the symbol's entry of the day and counts in the daily caps", async () => {
  const world = await halted({ MAX_LIVE_ORDERS_PER_DAY: "1" });
  await world.cycles(1, MINUTE_MS);
  world.exchange.behaviour.fillLatencyMs = 150;
  world.list([NVDA, AAPL]);
  await world.cycles(4, MINUTE_MS);
  assertEquals(world.ledger.entries.map((each) => [each.status, each.broker?.status]), [
    ["accepted", "canceled"],
  ]);
  assertEquals([world.buys("NVDA").length, world.buys("AAPL").length], [1, 0]);
  assertEquals(world.said("SKIP NVDA: already entered today").length, 1);
  assertEquals(world.said("Gate FAIL AAPL: max orders/day reached").length, 1);
});

Deno.test("the position cap is freed once an unfilled entry's cancel is final, in the same cycle", async () => {
  const world = await halted({ MAX_LIVE_POSITIONS: "1" });
  world.list([NVDA, AAPL]);
  await world.cycles(1, 20 * SECOND_MS);
  assertEquals(world.said("Gate FAIL AAPL: max positions reached").length, 1);
  world.exchange.behaviour.fillLatencyMs = 150;
  await world.cycles(1, 40 * SECOND_MS);
  assertEquals([world.buys("NVDA")[0]?.status, world.buys("AAPL").length], ["canceled", 1]);
});

Deno.test("an unfilled entry whose cancel hangs keeps its place, is asked again, and is said once", async () => {
  const world = await halted({ MAX_LIVE_POSITIONS: "1" });
  world.exchange.behaviour.cancelDelayMs = 60 * MINUTE_MS;
  world.list([NVDA, AAPL]);
  await world.cycles(4, MINUTE_MS);
  assertEquals(world.buys("NVDA").map((order) => order.status), ["pending_cancel"]);
  assert(cancels(world).length >= 3, `${cancels(world).length} cancels`);
  assertEquals(world.said("a minute after it was accepted").length, 1);
  assertEquals(world.said("still under way at the broker").length, 1);
  assertEquals(world.buys("AAPL"), []);
});

Deno.test("an entry that is done for the day without a fill is no different: its cancel is asked", async () => {
  const world = await halted();
  world.exchange.behaviour.shownStatus = (order) =>
    order.side === "buy" ? "done_for_day" : order.status;
  await world.cycles(1, MINUTE_MS);
  assertEquals(cancels(world).length, 1);
});

Deno.test("a cancel of an unfilled entry that loses to a fill is a fill, and its shares are protected", async () => {
  const world = await halted();
  world.exchange.behaviour.cancelOutcome = () => "filled";
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.buys().map((order) => order.status), world.held()], [["filled"], 10]);
  await world.cycles(1, 5 * SECOND_MS);
  assertEquals([world.position()?.qty, world.stops().length], [10, 1]);
});

Deno.test("nothing of an unfilled entry is cancelled under the kill switch; it is when that is lifted", async () => {
  const world = await halted();
  world.disk.put(KILL_PATH, "");
  await world.cycles(3, MINUTE_MS);
  assertEquals(world.changes, []);
  // What has passed wakes nobody: the loop would spin.
  assertEquals(world.engine.wakeAtMs.filter((ms) => ms <= world.engine.nowMs()), []);
  world.disk.remove(KILL_PATH);
  await world.cycles(1, 10 * SECOND_MS);
  assertEquals(world.buys().map((order) => order.status), ["canceled"]);
});

Deno.test("an entry that a restart finds at work two minutes before the close is not waited for", async () => {
  const world = await halted();
  world.disk.put(KILL_PATH, "");
  world.goTo(at("15:58:30"));
  world.disk.remove(KILL_PATH);
  await world.cycle();
  assertEquals(world.buys().map((order) => order.status), ["canceled"]);
});
