import * as pure from "../domain/plan/time_left.ts";
import type { TimeLeft } from "../domain/plan/time_left.ts";
import { findCloseMs } from "../domain/time/market_clock.ts";
import type { Engine } from "./engine.ts";

/** The time left, of the session and of `--run-once`. */
export function timeLeftOf(engine: Engine): TimeLeft {
  return {
    untilCloseMs: untilCloseMs(engine),
    budgetMs: engine.runLeftMs,
    isRunOnce: engine.ports.config.isRunOnce,
    slowestRequestMs: engine.ports.broker.slowestAnswerMs,
  };
}

/** Time to the real close of this session, by the broker's clock; infinite where it is not known. */
export function untilCloseMs(engine: Engine): number {
  const closeMs = engine.observation === null ? null : findCloseMs(engine.observation);
  return closeMs === null ? Infinity : closeMs - engine.nowMs();
}

/** From how long before the close day orders give way: early enough for all managed positions, ms (pipeline 5). */
export function readConversionMs(engine: Engine): number {
  return pure.readConversionMs(timeLeftOf(engine), engine.state.positions.length);
}

/** Whether day orders give way to a good-till-canceled stop now. @param beforeMs From so long before the close on. */
export function isConvertTime(engine: Engine, beforeMs = readConversionMs(engine)): boolean {
  return pure.isConvertTime(timeLeftOf(engine), beforeMs);
}
