import type { Sight } from "../domain/account/sight.ts";
import { readSight } from "../domain/plan/broker_look.ts";
import type { Engine } from "./engine.ts";

/** What the engine knows of the account now. */
export function sightOf(engine: Engine): Sight {
  const { observation, seen: { book, pasts }, state, processId, cycleBeganMs } = engine;
  const nowMs = engine.nowMs();
  return readSight(observation, { book, pasts, records: state, processId, cycleBeganMs, nowMs });
}
