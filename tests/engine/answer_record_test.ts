import { buildRefusal } from "../simulator/wire.ts";
import { assertEquals, assertRejects } from "../assert.ts";
import { CrashError } from "../state/memory_disk.ts";
import { SECOND_MS, World } from "./support.ts";

// An answer is durable with the next step, or at rest: until then its order is pending on file, and a crash has it looked up.

/** A position at R1, whose trim is due. */
async function atR1(): Promise<World> {
  const world = new World();
  await world.buy();
  await world.cycles(2, 15 * SECOND_MS);
  world.exchange.setPrice("NVDA", 106);
  return world;
}

/** Runs a cycle. @returns How a record stood on file at each request once its order had left, and at the end. */
async function listOnFile(world: World, reason = "r1_trim"): Promise<string[]> {
  const seen: string[] = [];
  let hasLeft = false;
  const read = () => world.entries(reason).at(-1)?.status ?? "none";
  world.setFaultPlan(({ method, path, body }) => {
    if (hasLeft) seen.push(`${method} ${path.split("/")[2]} ${read()}`);
    hasLeft ||= method === "POST" && (body ?? "").includes(`-${reason}-`);
    return null;
  });
  await world.cycle();
  return [...seen, `end ${read()}`];
}

Deno.test("a sell's answer is durable once its cycle can do nothing more", async () => {
  assertEquals(await listOnFile(await atR1()), [
    "POST orders pending",
    "GET orders pending",
    "GET positions pending",
    "GET orders pending",
    "GET stocks accepted",
    "end accepted",
  ]);
});

Deno.test("what the broker refused is durable before anything else is asked for", async () => {
  const world = await atR1();
  world.exchange.behaviour.refuseOrder = ({ type }) =>
    type === "stop" ? buildRefusal(403, 40310000, "account is not authorized") : null;
  const seen = await listOnFile(world, "stop");
  // The second time it is tried by the table of protection, and refused again.
  assertEquals(seen, [
    "GET positions rejected",
    "GET orders rejected",
    "POST orders pending",
    "GET stocks rejected",
    "end rejected",
  ]);
});

for (const kept of [0, 1]) {
  Deno.test(`a crash with an answer that is not durable yet sells nothing twice (unsynced kept: ${kept})`, async () => {
    const whole = await atR1();
    const moments = (await listOnFile(whole)).length - 1;
    for (let moment = 0; moment < moments; moment++) {
      const world = await atR1();
      let left = -1;
      world.setFaultPlan(({ method, body }) => {
        if (left >= 0 && left++ === moment) world.disk.crashAtStep = world.disk.steps.length;
        if (method === "POST" && (body ?? "").includes("r1_trim")) left = 0;
        return null;
      });
      await assertRejects(() => world.cycle(), CrashError);
      world.setFaultPlan(() => null);
      world.disk = world.disk.afterCrash(() => kept);
      await world.restart();
      await world.cycles(4, 5 * SECOND_MS);
      const about = `at request ${moment} after the sell`;
      assertEquals([world.sells(), world.held()], [["5 filled"], 5], about);
      assertEquals(world.stops(), ["5@99 gtc"], about);
      assertEquals(world.position()?.isTrimmedR1, true, about);
    }
  });
}
