import { isConvertTime as decideConvertTime, readConversionMs } from "../domain/plan/time_left.ts";
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
function untilCloseMs(engine: Engine): number {
  const closeMs = engine.observation === null ? null : findCloseMs(engine.observation);
  return closeMs === null ? Infinity : closeMs - engine.nowMs();
}

/** Whether day orders give way to a good-till-canceled stop now. */
export function isConvertTime(engine: Engine): boolean {
  const left = timeLeftOf(engine);
  return decideConvertTime(left, readConversionMs(left, engine.state.positions.length));
}
