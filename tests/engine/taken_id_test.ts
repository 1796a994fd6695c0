import { ID_TAKEN } from "../../src/domain/order/ledger.ts";
import { assert, assertEquals } from "../assert.ts";
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
