import { assert, assertEquals, assertRejects } from "../assert.ts";
import { CrashError } from "../state/memory_disk.ts";
import { MINUTE_MS, NVDA, PRICE_USD, SECOND_MS, World } from "./support.ts";

/** How a cycle dies: at each of its events, or at each step by which it changes ledger or state on the disk. */
interface Death {
  readonly where: string;
  /** Lists the moments at which a cycle of such a world can die. */
  readonly list: (world: World) => Promise<number[]>;
  /** Prepares the world's next cycle to die there. */
  readonly plan: (world: World, moment: number) => void;
  /** 0: what was not synced is lost, 1: it is kept. */
  readonly kept: number;
}

const CHANGING: ReadonlySet<string> = new Set(["open", "write", "sync", "rename", "syncDir"]);

async function listEvents(world: World): Promise<number[]> {
  const before = world.events.length;
  await world.cycle();
  return Array.from({ length: world.events.length - before }, (_, index) => index);
}

function dieAtEvent(world: World, moment: number): void {
  let count = 0;
  world.onEvent = () => {
    if (count++ === moment) throw new CrashError("event");
  };
}

/** Steps on the audit trail lie beside its events, which have deaths of their own. */
async function listDiskSteps(world: World): Promise<number[]> {
  const before = world.disk.steps.length;
  await world.cycle();
  return world.disk.steps.slice(before).flatMap(({ op, path }, index) =>
    CHANGING.has(op) && !path.includes("events-") ? [index] : []
  );
}

function dieAtDiskStep(world: World, moment: number): void {
  world.disk.crashAtStep = world.disk.steps.length + moment;
}

const deaths: readonly Death[] = [
  { where: "event", list: listEvents, plan: dieAtEvent, kept: 0 },
  {
    where: "write, the unsynced lost",
    list: listDiskSteps,
    plan: dieAtDiskStep,
    kept: 0,
  },
  {
    where: "write, the unsynced kept",
    list: listDiskSteps,
    plan: dieAtDiskStep,
    kept: 1,
  },
];

/** Runs the cycle of a fresh world to each of its deaths, and then `check` on what came of it. */
async function forEachDeath(
  death: Death,
  build: () => Promise<World>,
  check: (world: World, when: string) => Promise<void>,
): Promise<void> {
  const moments = await death.list(await build());
  assert(moments.length > 5, `only ${moments.length} moments to die at`);
  for (const moment of moments) {
    const world = await build();
    death.plan(world, moment);
    await assertRejects(() => world.cycle(), CrashError);
    world.onEvent = () => {};
    await check(world, `death ${moment}`);
  }
}

/** A new process after a crash, and cycles until everything is where it belongs. */
async function recover(world: World, kept: number, cycles: number): Promise<void> {
  world.disk = world.disk.afterCrash(() => kept);
  await world.restart();
  await world.cycles(cycles, 15 * SECOND_MS);
}

async function buildBreakout(): Promise<World> {
  const world = new World();
  await world.restart();
  await world.cycle();
  world.pass(5 * SECOND_MS);
  return world;
}

async function buildTrim(): Promise<World> {
  const world = new World();
  await world.buy();
  world.exchange.setPrice("NVDA", 106);
  world.pass(MINUTE_MS);
  return world;
}

/** Below its stop, whose legs somebody has taken away. */
async function buildClose(): Promise<World> {
  const world = new World();
  await world.buy();
  for (const order of world.orders((each) => each.parent !== null)) {
    if (order.status === "new") world.exchange.desk.cancel(order);
  }
  world.pass(SECOND_MS);
  world.exchange.setPrice("NVDA", 94);
  world.list([{ ...NVDA, pivotUsd: PRICE_USD + 1, r1Usd: 106, r2Usd: 112 }]);
  return world;
}

for (const death of deaths) {
  Deno.test(`an entry is sent once, and managed, when its cycle dies at any ${death.where}`, async () => {
    await forEachDeath(death, buildBreakout, async (world, when) => {
      await recover(world, death.kept, 10);
      const accepted = world.entries().filter((each) => each.status === "accepted");
      assertEquals([world.buys().length, accepted.length, world.held()], [1, 1, 10], when);
      assertEquals(world.position()?.positionId, accepted[0]?.clientOrderId, when);
      assertEquals(world.ledger.mismatches, 0, when);
    });
  });

  Deno.test(`a trim sells once and ends protected when its cycle dies at any ${death.where}`, async () => {
    await forEachDeath(death, buildTrim, async (world, when) => {
      await recover(world, death.kept, 6);
      assertEquals(world.sells(), ["5 filled"], when);
      assertEquals([world.held(), world.stops()], [5, ["5@99 gtc"]], when);
      assertEquals(world.ledger.mismatches, 0, when);
    });
  });

  Deno.test(`a close sells once when its cycle dies at any ${death.where}`, async () => {
    await forEachDeath(death, buildClose, async (world, when) => {
      await recover(world, death.kept, 6);
      assertEquals([world.sells(), world.held()], [["10 filled"], 0], when);
      assertEquals([world.position(), world.stops()], [undefined, []], when);
    });
  });
}
