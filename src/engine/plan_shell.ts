import { LOOK_UP_AGAIN_MS } from "../domain/entry/absence.ts";
import type { RebuildWait } from "../domain/gate/rebuild_wait.ts";
import { decideTurn } from "../domain/plan/day_turn.ts";
import { planEngine } from "../domain/plan/plan_engine.ts";
import { type Held, judgeRecords, listTurned } from "../domain/plan/reconciliation.ts";
import type { Engine, Observation } from "./engine.ts";
import { recordSimulated } from "./entry_desk.ts";
import { ask } from "./plan_ask.ts";
import { leave, listJudged } from "./plan_leave.ts";
import { storeRecord, storeTaken, take } from "./plan_records.ts";
import {
  begin,
  buildRecordsWorld,
  buildRunWorld,
  type EngineStep,
  type Mandate,
  readOperator,
  type Run,
  type StepOf,
} from "./plan_run.ts";
import { viewOperator } from "./plan_world.ts";
import { storeHeld } from "./records_desk.ts";
import { tell } from "./teller.ts";

/**
 * Carries the plan out, one step after the other, until nothing more can be done now: decides nothing.
 * @returns Positions about whose stop the broker has given its judgement.
 */
export async function carryOut(engine: Engine, mandate: Mandate): Promise<ReadonlySet<string>> {
  const run = begin(engine, mandate, await readOperator(engine, mandate.gate));
  await carryOutRun(run);
  if (run.answers.size > 0) await storeTaken(engine);
  return listJudged(run);
}

/** The same of holding the records against the broker. @returns What it came to. */
export async function holdRecords(engine: Engine, records: Observation): Promise<Held> {
  const mandate = { gate: null, records };
  const run = begin(engine, mandate, viewOperator(engine, { gate: null, objection: null }));
  await carryOutRun(run);
  return judgeRecords(buildRecordsWorld(run, records));
}

/**
 * Turns the records to a day that another hand has begun before them; durable with their next write.
 * @returns What that waits for; `null` where they are of today.
 */
export async function turnRecords(
  engine: Engine,
  records: Observation,
): Promise<RebuildWait | null> {
  const mandate = { gate: null, records };
  const run = begin(engine, mandate, viewOperator(engine, { gate: null, objection: null }));
  const world = buildRecordsWorld(run, records);
  take(engine, [{ kind: "date_seen", dateNy: records.dateNy }]);
  const turning = decideTurn(world);
  if (turning.kind === "same") return null;
  if (turning.kind === "waits") {
    engine.wakeAt(engine.nowMs() + LOOK_UP_AGAIN_MS);
    return turning.wait;
  }
  if (world.records.ledger !== null) await engine.ports.ledger.archive(world.records.ledger);
  take(engine, listTurned(world, turning.ledger));
  return null;
}

async function carryOutRun(run: Run): Promise<void> {
  const { engine } = run;
  for (;;) {
    const { step, say } = planEngine(buildRunWorld(run));
    const stepsLeft = run.turn.stepsLeft - 1;
    run.turn = { ...run.turn, stepsLeft };
    // The plan begins nothing without steps; one that goes on all the same is at fault.
    if (stepsLeft < -20) {
      engine.onBreach("The plan makes no progress: left to the next cycle");
      break;
    }
    await tell(engine, say, { told: run.told, isRest: step.do === "rest" });
    if (step.do === "rest") {
      if (step.wakeAtMs !== null) engine.wakeAt(step.wakeAtMs);
      break;
    }
    await carryOutStep(run, step);
    const isLookNew = step.do === "read" && step.questions.some(({ ask }) => ask === "positions");
    run.turn = { ...run.turn, isLookNew };
  }
}

async function carryOutStep(run: Run, step: Exclude<EngineStep, { do: "rest" }>): Promise<void> {
  switch (step.do) {
    case "read":
      return await ask(run, step);
    case "record":
      return await store(run, step);
    case "send":
      return await leave(run, step);
  }
}

/** What a step records is told once it is taken in, and what is about orders once it is durable. */
async function store(run: Run, { change, done = [] }: StepOf<"record">): Promise<void> {
  const { engine, mandate } = run;
  if (mandate.records !== undefined) {
    run.recordsTurn = await storeHeld(engine, change, run.recordsTurn);
    if (run.recordsTurn.unwritten !== null) return;
  } else {
    run.entryTurn = await recordSimulated(engine, change, run.entryTurn);
    await storeRecord(engine, change);
  }
  if (mandate.signals !== undefined) run.signalsTurn = { ...run.signalsTurn, isDecided: true };
  await tell(engine, done);
}
