import { planEngine } from "../../../src/domain/plan/plan_engine.ts";
import type { EngineWorld } from "../../../src/domain/plan/world.ts";
import { assertEquals } from "../../assert.ts";
import { ledgerEntry } from "../fixtures.ts";
import { dueIntent, EntryPlanWorld } from "./entry_plan_world.ts";
import { PlanWorld } from "./plan_world.ts";
import { signalsDesk } from "./signals_plan_world.ts";
import { RecordsPlanWorld } from "./records_plan_world.ts";

/** A world in which the records are to be held against the broker, a position is bare, and an entry is due. */
function wholeWorld(): EngineWorld {
  const { world } = new PlanWorld();
  const { seen, books } = new RecordsPlanWorld({}).world;
  const { desk } = new EntryPlanWorld({}).world;
  const intents = [dueIntent({ symbol: "QQQ" })];
  return {
    ...world,
    seen: { ...world.seen, account: seen.account, dayOrders: seen.dayOrders },
    records: { ...world.records, dateSeenNy: world.now.dateNy, intents },
    books,
    hasPositions: true,
    signals: signalsDesk({}),
    desk,
  };
}

/** What the first step is about. */
function firstOf(world: EngineWorld): string {
  const { step } = planEngine(world);
  if (step.do === "send") return step.request.op;
  return step.do === "read" ? step.questions.map(({ ask }) => ask).join(" ") : step.do;
}

Deno.test("the records are held against the broker first, then what is bare is protected, then what is due is entered, then breakouts are looked for", () => {
  const world = wholeWorld();
  assertEquals(firstOf(world), "past_records");
  assertEquals(firstOf({ ...world, books: null }), "stop");
  assertEquals(firstOf({ ...world, books: null, hasPositions: false }), "prices");
  const idle = { ...world, books: null, hasPositions: false, desk: null };
  assertEquals(firstOf(idle), "bars");
});

Deno.test("a run rests once each of its parts does, and wakes for the one that wants it", () => {
  const held = new RecordsPlanWorld({ entries: [ledgerEntry({ status: "unknown" })] });
  held.run();
  const { step } = planEngine({ ...held.world, hasPositions: true, signals: null, desk: null });
  assertEquals(step, { do: "rest", wakeAtMs: held.now.brokerMs + 10_000, standing: [] });
});
