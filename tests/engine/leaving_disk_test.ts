import { assert, assertEquals, assertRejects } from "../assert.ts";
import { CrashError } from "../state/memory_disk.ts";
import {
  AAPL,
  LEDGER_PATH,
  MINUTE_MS,
  NVDA,
  SECOND_MS,
  STATE_DIR,
  STATE_PATH,
  World,
} from "./support.ts";

const DELAY_SECONDS = 60;
const DURABLE: ReadonlySet<string> = new Set(["rename", "sync", "syncDir", "truncate"]);
const TOKEN_PATH = `${STATE_DIR}/live_confirm_token.txt`;

/** A LIVE engine that holds AAPL and waits for the moment in which its intent in NVDA is due. */
async function waiting(): Promise<World> {
  const world = new World({ rows: [AAPL] });
  await world.buy();
  world.list([AAPL, NVDA]);
  const delay = `${DELAY_SECONDS}`;
  await world.restart({ ENTRY_DELAY_MIN_SECONDS: delay, ENTRY_DELAY_MAX_SECONDS: delay });
  await world.cycles(2, SECOND_MS);
  assertEquals(world.state.intents.map(({ symbol }) => symbol), ["NVDA"]);
  world.pass(DELAY_SECONDS * SECOND_MS);
  return world;
}

/** What the disk did from the cycle's beginning to the moment in which the buy left, as `op file`. */
async function listStepsToLeaving(world: World): Promise<string[]> {
  const before = world.disk.steps.length;
  let left = -1;
  world.setFaultPlan(({ method }) => {
    if (method === "POST" && left < 0) left = world.disk.steps.length;
    return null;
  });
  await world.cycle();
  assert(left >= 0, "nothing left");
  return world.disk.steps.slice(before, left).map(({ op, path }) => `${op} ${path}`);
}

Deno.test("a due entry leaves after the document and the ledger, each replaced once, and nothing else durable", async () => {
  const world = await waiting();
  // What the cycle learns before it comes to the entry is no replacement of its own.
  world.exchange.setPrice("AAPL", 102);
  const steps = await listStepsToLeaving(world);
  const durable = steps.filter((step) => DURABLE.has(step.split(" ")[0] ?? ""));
  assertEquals(durable, [
    `sync ${STATE_PATH}.tmp`,
    `rename ${STATE_PATH}`,
    `syncDir ${STATE_DIR}`,
    `sync ${LEDGER_PATH}.tmp`,
    `rename ${LEDGER_PATH}`,
    `syncDir ${STATE_DIR}`,
  ]);
  assertEquals(world.state.positions.find(({ symbol }) => symbol === "AAPL")?.highWaterUsd, 102);
});

Deno.test("up to a due entry's leaving each file is read once a decision", async () => {
  const steps = await listStepsToLeaving(await waiting());
  const count = (path: string) => steps.filter((step) => step === `read ${path}`).length;
  // The cycle's gate, the entry's verdict, and the request; what is written over is looked at before.
  assertEquals([count(TOKEN_PATH), count(LEDGER_PATH), count(STATE_PATH)], [3, 4, 1]);
});

for (const kept of [0, 1]) {
  Deno.test(`no crash loses an intent that is due: the document has it, or its order (unsynced kept: ${kept})`, async () => {
    const build = async () => {
      const world = new World({ rows: [NVDA, AAPL] });
      const delay = { ENTRY_DELAY_MIN_SECONDS: "60", ENTRY_DELAY_MAX_SECONDS: "60" };
      await world.restart(delay);
      await world.cycles(2, SECOND_MS);
      assertEquals(world.state.intents.length, 2);
      world.pass(MINUTE_MS);
      return world;
    };
    const whole = await build();
    const before = whole.disk.steps.length;
    await whole.cycle();
    const steps = whole.disk.steps.length - before;
    const seen = new Set<string>();
    for (let moment = 0; moment < steps; moment++) {
      const world = await build();
      world.disk.crashAtStep = world.disk.steps.length + moment;
      await assertRejects(() => world.cycle(), CrashError);
      world.disk = world.disk.afterCrash(() => kept);
      const { intents, ledger } = world.state;
      const known = [
        ...intents.map(({ symbol }) => `${symbol} intent`),
        ...(ledger?.entries ?? []).map(({ symbol }) => `${symbol} order`),
      ].sort();
      assertEquals(known.map((each) => each.split(" ")[0]), ["AAPL", "NVDA"], `step ${moment}`);
      seen.add(known.join());
    }
    assertEquals([...seen].sort(), [
      "AAPL intent,NVDA intent",
      "AAPL order,NVDA intent",
      "AAPL order,NVDA order",
    ]);
  });
}
