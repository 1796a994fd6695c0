import type { GateDecision } from "../domain/gate/gate.ts";
import { type CycleOutcome, listMoments, listRetries } from "../domain/plan/moments.ts";
import type { World } from "../domain/plan/world.ts";
import type { Engine } from "./engine.ts";
import { beginTurn, buildWorld, viewOperator } from "./plan_world.ts";
import { sightOf } from "./sight.ts";

/** Asks for the wake-ups that a cycle's end leads to. @param gate `null` where it was not asked. */
export function wakeAfter(
  engine: Engine,
  gate: GateDecision | null,
  { outcome, areStandingsTaken }: {
    readonly outcome: CycleOutcome;
    readonly areStandingsTaken: boolean;
  },
): void {
  const moments = listMoments(buildNow(engine, gate), outcome, { areStandingsTaken });
  for (const { atMs } of moments) engine.wakeAt(atMs);
}

/** The same for what an exit has left bare, before entries have their turn: none of them is waited for beyond that. */
export function wakeForRetries(engine: Engine): void {
  const moments = listRetries(buildNow(engine, null), sightOf(engine));
  for (const { atMs } of moments) engine.wakeAt(atMs);
}

function buildNow(engine: Engine, gate: GateDecision | null): World {
  const operator = viewOperator(engine, { gate, objection: null });
  return buildWorld(engine, beginTurn(engine, new Set()), operator, new Map());
}
