import { noticePause } from "../../src/engine/notices.ts";
import { assert, assertEquals, assertStringIncludes } from "../assert.ts";
import { MINUTE_MS, SECOND_MS, STATE_DIR, World } from "./support.ts";

const PAUSED_PATH = `${STATE_DIR}/ENTRIES_PAUSED`;

/** LIVE, the ledger made, the breakout confirmed: the next cycle buys. */
async function ready(): Promise<World> {
  const world = new World();
  await world.restart();
  await world.cycle();
  world.pass(5 * SECOND_MS);
  world.forget();
  return world;
}

Deno.test("no entry leaves while ENTRIES_PAUSED is there, and one leaves once it is gone, without a restart", async () => {
  const world = await ready();
  world.disk.put(PAUSED_PATH, "");
  await world.cycles(3, 5 * SECOND_MS);
  assertEquals(world.changes, []);
  assertEquals(world.said("Gate FAIL NVDA: entries paused").length, 1);
  await world.disk.remove(PAUSED_PATH);
  await world.cycles(1, 10 * MINUTE_MS);
  await world.cycles(2, 5 * SECOND_MS);
  assertEquals(world.buys().length, 1, world.log.lines.join("\n"));
});

Deno.test("a pause that can't be looked at counts as one", async () => {
  const world = await ready();
  world.disk.fault = (step) => step.path === PAUSED_PATH ? "permission denied" : null;
  await world.cycle();
  assertEquals(world.changes, []);
  assertEquals(world.said("entries paused").length, 1);
});

Deno.test("an entry that is on record already does not leave once entries are paused", async () => {
  const world = await ready();
  world.onEvent = (event) => {
    if (event.type === "order_recorded") world.disk.put(PAUSED_PATH, "");
  };
  await world.cycle();
  assertEquals(world.changes, []);
  assertEquals(world.said("NVDA not sent: entries paused").length, 1);
});

Deno.test("an entry that was proven absent is not sent again while entries are paused", async () => {
  const world = await ready();
  world.setFaults([{ method: "POST", path: "/v2/orders", fault: { kind: "lost_before" } }]);
  await world.cycle();
  world.setFaults([]);
  world.disk.put(PAUSED_PATH, "");
  world.forget();
  await world.cycles(8, 15 * SECOND_MS);
  assertEquals(world.changes, []);
  const denied = world.events.filter((event) =>
    event.type === "verdict" && event.reason === "entries paused"
  );
  assert(denied.length > 0);
});

Deno.test("exits, stops and protection go on while entries are paused", async () => {
  const world = new World();
  await world.buy();
  world.disk.put(PAUSED_PATH, "");
  world.exchange.setPrice("NVDA", 106);
  await world.cycles(4, 5 * SECOND_MS);
  assertEquals(world.sells().length, 1, world.log.lines.join("\n"));
  assertEquals(world.stops().length, 1);
});

Deno.test("DRY_RUN says that the pause would block, and simulates all the same", async () => {
  const world = new World();
  await world.restart({ DRY_RUN: "1" });
  world.disk.put(PAUSED_PATH, "");
  await world.cycle();
  assertEquals(world.said("Gate DRY_RUN entries paused would block NVDA").length, 1);
  assertEquals(world.said("DRY_RUN: would submit NVDA").length, 1);
});

Deno.test("a pause is said once per change, in log, audit trail and Slack, and not again after a restart", async () => {
  const world = await ready();
  world.disk.put(PAUSED_PATH, "");
  await world.cycles(2, 5 * SECOND_MS);
  await noticePause(world.engine);
  assertEquals(world.said("Entries paused").length, 1);
  const [alert] = world.alerted("Entries paused");
  assertEquals(alert?.level, "WARNING");
  assertStringIncludes(alert?.text ?? "", "avwap-execution unpause");
  await world.cycle();
  world.forget();
  await world.restart();
  await world.cycle();
  assertEquals(world.alerted("Entries paused"), []);
  await world.disk.remove(PAUSED_PATH);
  await world.cycle();
  const changes = world.events.filter((event) => event.type === "entries_paused");
  assertEquals(changes.map((event) => event.is_active), [true, false]);
});
