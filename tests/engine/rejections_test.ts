import { assert, assertEquals } from "../assert.ts";
import type { FaultRule } from "../simulator/faults.ts";
import { AAPL, at, LEDGER_PATH, LIVE_PASS, NVDA, SECOND_MS, STATE_PATH, World } from "./support.ts";

const REJECTS: FaultRule = {
  method: "POST",
  path: "/v2/orders",
  fault: {
    kind: "status",
    status: 403,
    body: '{"code":40310000,"message":"insufficient buying power"}',
  },
};

/** Orders that left; the broker's front answers them, so that the exchange sees none. */
function countRequests(world: World): number {
  return world.events.filter((event) => event.type === "order_request").length;
}

/** A day on which the broker rejected the list's symbol twice. */
async function rejectedTwice(): Promise<World> {
  const world = new World();
  await world.restart();
  await world.cycle();
  world.setFaults([REJECTS]);
  await world.cycles(4, 30 * SECOND_MS);
  assertEquals(countRequests(world), 2);
  assert(world.said("Gate FAIL NVDA: rejected twice today").length > 0);
  world.forget();
  return world;
}

function rejectedIds(world: World): (string | null)[] {
  return world.ledger.entries.filter((entry) => entry.status === "rejected")
    .map((entry) => entry.clientOrderId);
}

const losses: { readonly what: string; readonly lose: (world: World) => void }[] = [
  { what: "the ledger", lose: (world) => world.disk.remove(LEDGER_PATH) },
  { what: "the state", lose: (world) => world.disk.remove(STATE_PATH) },
  {
    what: "the ledger's entries",
    lose: (world) => world.putLedgerFile({ ...world.ledger, entries: [] }),
  },
];
for (const { what, lose } of losses) {
  for (const isRestarted of [false, true]) {
    const when = isRestarted ? "while no process ran" : "under the running loop";
    Deno.test(`two rejections of the day outlive ${what}, lost ${when}`, async () => {
      const world = await rejectedTwice();
      const before = world.ledger.entries;
      lose(world);
      if (isRestarted) await world.restart();
      await world.cycles(6, 30 * SECOND_MS);
      assertEquals(countRequests(world), 0);
      assertEquals(rejectedIds(world), before.map((entry) => entry.clientOrderId));
      assertEquals(world.ledger.entries.map((entry) => entry.reason), [
        "insufficient buying power",
        "insufficient buying power",
      ]);
      assert(world.said(LIVE_PASS).length > 0);
      // The denial of one pair of bars is said once: the next pair's says it again.
      await world.cycles(20, 30 * SECOND_MS);
      assertEquals(countRequests(world), 0);
      assert(world.said("Gate FAIL NVDA: rejected twice today").length > 0);
    });
  }
}

Deno.test("one rejection outlives the ledger: the next entry is the symbol's second attempt of two", async () => {
  const world = new World();
  await world.restart();
  await world.cycle();
  world.setFaults([REJECTS]);
  await world.cycles(1, 30 * SECOND_MS);
  assertEquals([countRequests(world), rejectedIds(world).length], [1, 1]);
  world.disk.remove(LEDGER_PATH);
  await world.cycles(6, 30 * SECOND_MS);
  assertEquals(countRequests(world), 2);
  assertEquals(new Set(rejectedIds(world)).size, 2);
});

Deno.test("a rejection is in the document once its cycle is over", async () => {
  const world = new World({ rows: [NVDA, AAPL] });
  await world.restart();
  await world.cycle();
  world.setFaults([REJECTS]);
  await world.cycle();
  const kept = world.state.ledger?.entries.map(({ symbol, reason }) => `${symbol} ${reason}`);
  assertEquals(kept?.sort(), ["AAPL insufficient buying power", "NVDA insufficient buying power"]);
});

Deno.test("a rejection counts for its day alone", async () => {
  const world = await rejectedTwice();
  world.setFaults([]);
  world.goTo(at("10:00:30", "2026-11-24"));
  world.list([NVDA]);
  world.disk.remove(LEDGER_PATH);
  await world.cycles(3, 30 * SECOND_MS);
  assertEquals([rejectedIds(world), world.buys().length], [[], 1]);
});
