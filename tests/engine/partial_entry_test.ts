import { assertEquals } from "../assert.ts";
import { LEDGER_PATH, MINUTE_MS, World } from "./support.ts";

const DOWN = { kind: "status", status: 503 } as const;

/** Three of ten shares are bought, and the next cycle does not wait for the rest any longer. */
async function partial(): Promise<World> {
  const world = new World();
  world.exchange.behaviour.partialFills = (order) =>
    order.side === "buy" ? [{ afterMs: 0, qty: 3 }] : null;
  await world.buy();
  await world.cycles(1, MINUTE_MS / 2);
  world.pass(MINUTE_MS);
  world.forget();
  return world;
}

/** Once the cancel of the entry's rest has been answered. */
function afterCancel(world: World, then: () => void): void {
  world.onEvent = (event) => {
    if (event.type === "order_answer" && event.op === "cancel") then();
  };
}

Deno.test("what a partly filled entry bought gets its stop in the cycle of the cancel, though positions fail then", async () => {
  const world = await partial();
  afterCancel(world, () => world.setFaults([{ path: "/v2/positions", fault: DOWN }]));
  await world.cycle();
  assertEquals([world.buys()[0]?.status, world.stops()], ["canceled", ["3@95 gtc"]]);
});

Deno.test("what a partly filled entry bought gets its stop though no record can be written once the cancel has left", async () => {
  const world = await partial();
  afterCancel(world, () => {
    world.disk.fault = ({ op }) => op === "rename" ? "input/output error" : null;
  });
  await world.cycle();
  assertEquals([world.buys()[0]?.status, world.stops()], ["canceled", ["3@95 gtc"]]);
  world.disk.fault = () => null;
  world.onEvent = () => {};
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.stops(), world.ledger.mismatches], [["3@95 gtc"], 0]);
});

Deno.test("no cancel of an entry's rest leaves before the stop for what it bought is on record", async () => {
  const world = await partial();
  world.disk.fault = ({ op, path }) =>
    op === "rename" && path === LEDGER_PATH ? "input/output error" : null;
  await world.cycle();
  assertEquals([world.changes, world.buys()[0]?.status], [[], "partially_filled"]);
});

Deno.test("a process that dies once the cancel of an entry's rest has left is followed by one that places the stop", async () => {
  const world = await partial();
  afterCancel(world, () => {
    throw new Error("crash");
  });
  await world.cycle().catch(() => {});
  world.onEvent = () => {};
  assertEquals(world.stops(), []);
  await world.restart();
  await world.cycle();
  assertEquals([world.buys()[0]?.status, world.stops()], ["canceled", ["3@95 gtc"]]);
  assertEquals(world.entries("stop").length, 1);
});
