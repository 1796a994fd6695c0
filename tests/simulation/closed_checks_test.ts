import { assertEquals } from "../assert.ts";
import { Auditor } from "./auditor.ts";
import { World } from "./world.ts";

const OFTEN = "a closed market is looked at every five minutes at most";

/** Cycles before the open, two minutes apart, that ask for the account; `open` goes by a clock that says so. */
function listBroken(cycles: readonly ("open" | "closed")[]): string[] {
  const world = new World(1);
  const auditor = new Auditor(world);
  for (const cycle of cycles) {
    auditor.closedChecks.begin();
    auditor.cycle.mode = null;
    auditor.closedChecks.asked("/v2/account");
    if (cycle === "open") auditor.cycle.mode = "LIVE";
    auditor.closedChecks.end();
    world.advance(2 * 60_000);
  }
  return world.violations.map(({ invariant }) => invariant);
}

Deno.test("ClosedChecks holds two looks at a closed market against their five minutes", () => {
  assertEquals(listBroken(["closed", "closed"]), [OFTEN]);
  assertEquals(listBroken(["closed", "open", "closed"]), [OFTEN]);
});

Deno.test("ClosedChecks takes a cycle by a clock that says open, with no calendar to deny it, for no look", () => {
  assertEquals(listBroken(["open", "open"]), []);
  assertEquals(listBroken(["open", "closed"]), []);
  assertEquals(listBroken(["closed", "open"]), []);
});

Deno.test("ClosedChecks takes a look just before the next stage for that stage's, by a clock that is ahead", () => {
  const lookTwice = (secondMs: number) => {
    const world = new World(1);
    const { closedChecks, cycle } = new Auditor(world);
    const stageMs = world.exchange.sessions.nextOpenMs(world.trueMs) - 30 * 60_000;
    for (const atMs of [stageMs - 4 * 60_000, stageMs + secondMs]) {
      world.advance(atMs - world.trueMs);
      closedChecks.begin();
      cycle.mode = null;
      closedChecks.asked("/v2/account");
      closedChecks.end();
    }
    return world.violations.map(({ invariant }) => invariant);
  };
  assertEquals(lookTwice(-400), []);
  assertEquals(lookTwice(0), []);
  assertEquals(lookTwice(-2_000), [OFTEN]);
});
