import { assert, assertEquals } from "../assert.ts";
import { CrashError } from "../state/memory_disk.ts";
import { MINUTE_MS, NVDA, PRICE_USD, SECOND_MS, World } from "./support.ts";

/** More steps than a cycle takes; a run that has so many is one that does not end. */
const STEPS_MAX = 400;

/** Runs one cycle that dies at its nth event. @returns Whether it came so far. */
async function dieAtEvent(world: World, nth: number): Promise<boolean> {
  let count = 0;
  world.onEvent = () => {
    if (count++ === nth) throw new CrashError("event");
  };
  return await die(world);
}

/** Runs one cycle that dies at its nth step of the disk. @returns Whether it came so far. */
async function dieAtStep(world: World, nth: number): Promise<boolean> {
  world.disk.crashAtStep = world.disk.steps.length + nth;
  return await die(world);
}

async function die(world: World): Promise<boolean> {
  let isDead = false;
  try {
    await world.cycle();
  } catch (error) {
    if (!(error instanceof CrashError)) throw error;
    isDead = true;
  }
  world.onEvent = () => {};
  return isDead;
}

const crashes: {
  readonly where: string;
  readonly run: (world: World, nth: number) => Promise<boolean>;
  /** 0: what was not synced is lost, 1: it is kept. */
  readonly kept: number;
}[] = [
  { where: "event", run: dieAtEvent, kept: 0 },
  { where: "step of the disk, the unsynced lost", run: dieAtStep, kept: 0 },
  { where: "step of the disk, the unsynced kept", run: dieAtStep, kept: 1 },
];

/** A new process after a crash, and cycles until everything is where it belongs. */
async function recover(world: World, kept: number, cycles: number): Promise<void> {
  world.disk = world.disk.afterCrash(() => kept);
  await world.restart();
  await world.cycles(cycles, 15 * SECOND_MS);
}

for (const { where, run, kept } of crashes) {
  Deno.test(`an entry is sent once at most, and managed, wherever its cycle dies: each ${where}`, async () => {
    let deaths = 0;
    for (let nth = 0; nth < STEPS_MAX; nth++) {
      const world = new World();
      await world.restart();
      await world.cycle();
      world.pass(5 * SECOND_MS);
      if (!await run(world, nth)) break;
      deaths++;
      // What was not sent may be decided anew; what was must not be sent again.
      const sentBefore = world.buys().length;
      await recover(world, kept, 10);
      const accepted = world.entries().filter((each) => each.status === "accepted");
      assertEquals(world.buys().length, 1, `death ${nth}, sent before: ${sentBefore}`);
      assertEquals([accepted.length, world.held()], [1, 10], `death ${nth}`);
      assertEquals(world.position()?.positionId, accepted[0]?.clientOrderId, `death ${nth}`);
      assert(world.ledger.mismatches === 0, `death ${nth}: a mismatch`);
    }
    assert(deaths > 10 && deaths < STEPS_MAX, `${deaths} deaths`);
  });

  Deno.test(`a trim sells once and ends protected, wherever its cycle dies: each ${where}`, async () => {
    let deaths = 0;
    for (let nth = 0; nth < STEPS_MAX; nth++) {
      const world = new World();
      await world.buy();
      world.exchange.setPrice("NVDA", 106);
      world.pass(MINUTE_MS);
      if (!await run(world, nth)) break;
      deaths++;
      await recover(world, kept, 6);
      assertEquals(world.sells(), ["5 filled"], `death ${nth}`);
      assertEquals([world.held(), world.stops()], [5, ["5@99 gtc"]], `death ${nth}`);
      assertEquals(world.ledger.mismatches, 0, `death ${nth}`);
    }
    assert(deaths > 10 && deaths < STEPS_MAX, `${deaths} deaths`);
  });

  Deno.test(`a close sells once, wherever its cycle dies: each ${where}`, async () => {
    let deaths = 0;
    for (let nth = 0; nth < STEPS_MAX; nth++) {
      const world = new World();
      await world.buy();
      for (const order of world.orders((each) => each.parent !== null)) {
        if (order.status === "new") world.exchange.desk.cancel(order);
      }
      world.pass(SECOND_MS);
      world.exchange.setPrice("NVDA", 94);
      world.list([{ ...NVDA, pivotUsd: PRICE_USD + 1, r1Usd: 106, r2Usd: 112 }]);
      if (!await run(world, nth)) break;
      deaths++;
      await recover(world, kept, 6);
      assertEquals([world.sells(), world.held()], [["10 filled"], 0], `death ${nth}`);
      assertEquals([world.position(), world.stops()], [undefined, []], `death ${nth}`);
    }
    assert(deaths > 10 && deaths < STEPS_MAX, `${deaths} deaths`);
  });
}
