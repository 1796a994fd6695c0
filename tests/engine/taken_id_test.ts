import { ID_TAKEN } from "../../src/domain/order/ledger.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { MINUTE_MS, SECOND_MS, World } from "./support.ts";

const STOP_EXIT = { method: "POST", contains: "stop_exit", times: 1 } as const;

/** Ten bare shares at their stop, on an account that may short, at a broker that hides new orders for a minute. */
async function dueUnseen(): Promise<World> {
  const world = new World();
  await world.buy();
  const { behaviour } = world.exchange;
  behaviour.isShortingAllowed = true;
  for (const order of world.orders((each) => each.parent !== null)) {
    world.exchange.desk.cancel(order);
  }
  // What has been there for longer than that is shown.
  world.pass(2 * MINUTE_MS);
  world.forget();
  world.exchange.setPrice("NVDA", 94);
  behaviour.visibilityDelayMs = 60 * SECOND_MS;
  behaviour.fillLatencyMs = 40 * SECOND_MS;
  return world;
}

for (const isRestarted of [false, true]) {
  const who = isRestarted ? "a later process" : "the same process";
  Deno.test(`a close whose answer is lost, and whose id the broker has but does not show, sells once: ${who}`, async () => {
    const world = await dueUnseen();
    world.setFaults([{ ...STOP_EXIT, fault: { kind: "lost_after" } }]);
    await world.cycle();
    assertEquals(world.changes.map(({ status }) => status), [200, 422]);
    const [record] = world.entries("stop_exit");
    assertEquals([record?.status, record?.detail], ["unknown", ID_TAKEN]);
    if (isRestarted) await world.restart();
    // Nothing may leave beside it: its shares are sold as soon as it fills.
    await world.cycles(12, 5 * SECOND_MS);
    assertEquals([world.held(), world.stops(), world.sells()], [0, [], ["10 filled"]]);
    assertEquals(world.changes.length, 2);
    assert(world.said("which the broker does not show: kept and counted").length > 0);
    await world.cycles(3, 20 * SECOND_MS);
    const [settled] = world.entries("stop_exit");
    assertEquals([settled?.status, settled?.detail, world.position()], [
      "accepted",
      null,
      undefined,
    ]);
  });
}

/** Refused for the account, whatever its id. */
const FORBIDDEN = {
  kind: "status",
  status: 403,
  body: '{"code":40310000,"message":"account not authorized to trade"}',
} as const;

Deno.test("a close whose answer is lost, and whose repeat is refused for another reason than its id, sells once", async () => {
  const world = await dueUnseen();
  world.setFaults([
    { ...STOP_EXIT, fault: { kind: "lost_after" } },
    { ...STOP_EXIT, times: 2, fault: FORBIDDEN },
  ]);
  await world.cycle();
  // What its front refuses the broker never sees.
  assertEquals(world.changes.map(({ status }) => status), [200]);
  assertEquals(world.entries("stop_exit").map(({ status, detail }) => [status, detail]), [
    ["unknown", null],
  ]);
  const [standing] = world.engine.state.standings;
  assertEquals([standing?.due, standing?.doubtfulQty, standing?.sureQty], ["stop_exit", 10, 0]);
  assertStringIncludes(standing?.why ?? "", "may be at the broker, which did not answer");
  await world.cycles(12, 5 * SECOND_MS);
  assertEquals([world.held(), world.stops(), world.sells()], [0, [], ["10 filled"]]);
});

Deno.test("a close that never reached the broker, and whose repeat is refused, is sold once that is over, and its shares get no stop beside it", async () => {
  const world = await dueUnseen();
  world.exchange.behaviour.fillLatencyMs = 0;
  world.setFaults([
    { ...STOP_EXIT, fault: { kind: "lost_before" } },
    { ...STOP_EXIT, times: 2, fault: FORBIDDEN },
  ]);
  await world.cycle();
  await world.cycles(2, 30 * SECOND_MS);
  assertEquals([world.held(), world.sells()], [0, ["10 filled"]]);
  assertEquals(world.changes.map(({ body }) => body?.type), ["market"]);
});

Deno.test("shares of a close that never arrived, and is not due any more, have their stop after 85 s of not found, and are told until then", async () => {
  const world = await dueUnseen();
  world.setFaults([
    { ...STOP_EXIT, fault: { kind: "lost_before" } },
    { ...STOP_EXIT, fault: FORBIDDEN },
  ]);
  await world.cycle();
  world.exchange.setPrice("NVDA", 99);
  world.exchange.behaviour.visibilityDelayMs = 0;
  for (let passedMs = 0; passedMs < 80_000; passedMs += 10_000) {
    await world.cycles(1, 10 * SECOND_MS);
    const [standing] = world.engine.state.standings;
    assertEquals([standing?.bareQty, standing?.doubtfulQty], [10, 10]);
    assertEquals(world.stops(), []);
  }
  await world.cycles(2, 10 * SECOND_MS);
  assertEquals([world.stops().length, world.sells()], [1, []]);
});
