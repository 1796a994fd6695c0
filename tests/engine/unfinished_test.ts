import { listBare } from "../../src/engine/unfinished.ts";
import { assert, assertEquals } from "../assert.ts";
import { CrashError } from "../state/memory_disk.ts";
import { MINUTE_MS, SECOND_MS, World } from "./support.ts";

const REFUSED = {
  kind: "status",
  status: 403,
  body: '{"code":40310000,"message":"not authorized"}',
} as const;

async function bought(): Promise<World> {
  const world = new World();
  await world.buy();
  return world;
}

Deno.test("a process that starts knows what an exit of the one before left bare, though nothing of it is unsettled", async () => {
  const world = await bought();
  world.exchange.setPrice("NVDA", 106);
  world.setFaults([{ method: "POST", contains: '"type":"stop"', fault: REFUSED }]);
  await world.cycles(1, MINUTE_MS);
  assertEquals([world.held(), world.stops()], [5, []]);
  // The sell is taken and the stop refused: both settled. The gate is closed by a read that fails.
  world.setFaults([{ path: "/v2/positions", fault: { kind: "status", status: 503 } }]);
  await world.restart();
  assertEquals(listBare(world.engine), [world.position()?.positionId]);
  await world.cycles(2, 5 * SECOND_MS);
  assertEquals(world.stops(), ["5@99 gtc"]);
});

Deno.test("a process that dies right after an exit's cancel has left it on record that the shares are bare", async () => {
  const world = await bought();
  world.exchange.setPrice("NVDA", 106);
  world.onEvent = (event) => {
    if (event.type !== "order_request" || event.op !== "cancel") return;
    world.disk.crashAtStep = world.disk.steps.length;
  };
  let isCrashed = false;
  await world.cycles(1, MINUTE_MS).catch((error) => {
    if (!(error instanceof CrashError)) throw error;
    isCrashed = true;
  });
  assert(isCrashed);
  world.onEvent = () => {};
  world.disk = world.disk.afterCrash(() => 0);
  const [{ positionId, isBare } = { positionId: "", isBare: false }] = world.state.unfinished;
  assertEquals([positionId, isBare], [world.position()?.positionId, true]);
  // Nothing was cancelled after all: one look takes it back.
  await world.restart();
  world.exchange.setPrice("NVDA", 100);
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.state.unfinished, world.held()], [[], 10]);
});

Deno.test("an exit whose cancel was not let through leaves nothing bare on record", async () => {
  const world = await bought();
  world.exchange.setPrice("NVDA", 106);
  let isAsked = false;
  world.setFaultPlan(({ method, path }) => {
    isAsked ||= method === "DELETE";
    if (method === "DELETE") return { kind: "status", status: 401 };
    // Nor does a look tell that its stop rests.
    return isAsked && path === "/v2/positions" ? { kind: "status", status: 503 } : null;
  });
  await world.cycles(1, MINUTE_MS);
  assert(isAsked && world.said("r1_trim waits").length > 0);
  assertEquals([world.held(), world.state.unfinished], [10, []]);
});

Deno.test("a trim that the broker refused is not tried again by a process that starts a minute later", async () => {
  const world = await bought();
  world.exchange.setPrice("NVDA", 106);
  world.setFaults([{ method: "POST", contains: "r1_trim", fault: REFUSED }]);
  await world.cycles(2, MINUTE_MS);
  const stops = world.stops();
  assertEquals(stops.length, 1);
  world.forget();
  await world.restart();
  await world.cycles(2, MINUTE_MS);
  assertEquals([world.changes, world.stops()], [[], stops]);
  assert(world.said("the broker refused its sell").length > 0);
  world.setFaults([]);
  await world.cycles(2, 5 * MINUTE_MS);
  assertEquals(world.held(), 5);
});

Deno.test("what is unfinished of a position ends with it", async () => {
  const world = await bought();
  world.exchange.setPrice("NVDA", 106);
  world.setFaults([{ method: "POST", contains: "r1_trim", fault: REFUSED }]);
  await world.cycles(2, MINUTE_MS);
  assertEquals(world.state.unfinished.length, 1);
  world.setFaults([]);
  world.exchange.setPrice("NVDA", 90);
  await world.cycles(3, MINUTE_MS);
  assertEquals([world.held(), world.position(), world.state.unfinished], [0, undefined, []]);
});

Deno.test("what a trim took down is sold, and not stopped, however late its cancel ends", async () => {
  // Most of all in the milliseconds between the last look for it and those of protection.
  for (let delayMs = 3_980; delayMs < 4_040; delayMs += 2) {
    const world = await bought();
    world.exchange.behaviour.cancelDelayMs = delayMs;
    world.exchange.setPrice("NVDA", 106);
    await world.cycles(2, 15 * SECOND_MS);
    assertEquals(world.changes.map(({ method }) => method), ["DELETE", "POST", "POST"]);
    assertEquals([world.held(), world.sells(), world.stops()], [5, ["5 filled"], ["5@99 gtc"]]);
  }
});

Deno.test("an exit whose cancel hangs is begun once a cycle", async () => {
  const world = await bought();
  world.exchange.behaviour.cancelOutcome = () => "stuck";
  world.exchange.setPrice("NVDA", 106);
  world.pass(MINUTE_MS);
  const fromMs = world.nowMs;
  await world.cycle();
  assert(world.nowMs - fromMs < 6 * SECOND_MS, `waited for ${world.nowMs - fromMs} ms`);
  assertEquals(world.said("r1_trim waits: cancel not confirmed").length, 1);
});

Deno.test("a stop whose answer was lost is not sent again for more than is bare beside a trim that nobody can see", async () => {
  for (const kind of ["hang", "lost_before"] as const) {
    const world = new World();
    await world.buy();
    world.pass(MINUTE_MS);
    // For half a minute the broker shows nothing of what it took, while positions have the trim's fill.
    world.exchange.behaviour.visibilityDelayMs = 30 * SECOND_MS;
    world.exchange.setPrice("NVDA", 106);
    let isLost = false;
    world.setFaultPlan(({ method, body }) => {
      if (isLost || method !== "POST" || body?.includes('"stop"') !== true) return null;
      isLost = true;
      return { kind };
    });
    await world.cycle();
    assertEquals([isLost, world.held(), world.sells()], [true, 5, ["5 filled"]], kind);
    await world.cycles(12, 5 * SECOND_MS);
    assertEquals([world.held(), world.stops()], [5, ["5@99 gtc"]], kind);
  }
});
