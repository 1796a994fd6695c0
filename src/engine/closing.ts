import * as pure from "../domain/plan/time_left.ts";
import type { TimeLeft } from "../domain/plan/time_left.ts";
import type { Sequence } from "../domain/time/sequence_time.ts";
import type { Engine } from "./engine.ts";
import { closeMsOf } from "./observe.ts";

/** The time left, of the session and of `--run-once`. */
export function timeLeftOf(engine: Engine): TimeLeft {
  return {
    untilCloseMs: untilCloseMs(engine),
    budgetMs: engine.runLeftMs,
    isRunOnce: engine.ports.config.isRunOnce,
    slowestRequestMs: engine.ports.broker.slowestAnswerMs,
  };
}

/** Whether an entry's stop could not be made to last the night any more: from the conversion on (pipeline 4). */
export function isCloseNear(engine: Engine): boolean {
  return pure.isCloseNear(timeLeftOf(engine), engine.observation?.clock ?? null);
}

/** Time to the real close of this session, by the broker's clock; infinite where it is not known. */
export function untilCloseMs(engine: Engine): number {
  const closeMs = engine.observation === null ? null : closeMsOf(engine.observation);
  return closeMs === null ? Infinity : closeMs - engine.nowMs();
}

/** Why a sequence can't be begun, in words; `null` where it may (pipeline 5, "Nothing is begun that the time left can't end"). */
export function findTimeObstacle(engine: Engine, sequence: Sequence): string | null {
  return pure.findTimeObstacle(timeLeftOf(engine), sequence);
}

/** From how long before the close day orders give way: early enough for all managed positions, ms (pipeline 5). */
export function readConversionMs(engine: Engine): number {
  return pure.readConversionMs(timeLeftOf(engine), engine.state.positions.length);
}

/** Whether day orders give way to a good-till-canceled stop now. @param beforeMs From so long before the close on. */
export function isConvertTime(engine: Engine, beforeMs = readConversionMs(engine)): boolean {
  return pure.isConvertTime(timeLeftOf(engine), beforeMs);
}
