import { buildDailyLossLimit, buildStateMessage } from "../domain/alert/alert_messages.ts";
import { readDayResult } from "../domain/day/period.ts";
import type { DayResult } from "../domain/account/day_result.ts";
import { type DayLoss, decideDayLoss, type LossVerdict } from "../domain/account/day_loss.ts";
import { readTodayTrails } from "./day_trails.ts";
import type { Engine } from "./engine.ts";
import { recordEquity } from "./equity.ts";
import { recordFills } from "./fills.ts";

/** State key of the alert. */
const ALERT_KEY = "daily_loss";

/**
 * Holds the day result, as the last look leaves it in the trail, against `MAX_LIVE_LOSS_PER_DAY`. Once reached it is on
 * record for the day, and said once as a warning (interface, Environment).
 */
export async function readDayLoss(engine: Engine): Promise<LossVerdict> {
  const dateNy = engine.dateNy();
  const limitUsd = engine.ports.config.maxLossPerDayUsd;
  const onRecord = engine.state.dayLoss;
  const isAsked = limitUsd !== null && onRecord?.dateNy !== dateNy;
  const result = isAsked ? await readResult(engine, dateNy) : null;
  const verdict = decideDayLoss({ dateNy, nowMs: engine.nowMs(), limitUsd, onRecord, result });
  if (verdict.kind === "reached") await takeReached(engine, verdict.loss);
  return verdict;
}

/** The day's loss where it reached its limit today; `null` where not. */
export function readTodayLoss(engine: Engine): DayLoss | null {
  const { dayLoss } = engine.state;
  return dayLoss?.dateNy === engine.dateNy() ? dayLoss : null;
}

async function readResult(engine: Engine, dateNy: string): Promise<DayResult | null> {
  // A trail without what was sold or seen since would say that nothing was lost.
  if (!await recordFills(engine) || !await recordEquity(engine)) return null;
  const trails = await readTodayTrails(engine, dateNy);
  return trails === null ? null : readDayResult(trails.day.events, dateNy, trails.earlier);
}

async function takeReached(engine: Engine, loss: DayLoss): Promise<void> {
  const message = buildDailyLossLimit(loss);
  const state = { key: ALERT_KEY, value: loss.dateNy };
  engine.alert(buildStateMessage(state, engine.state.alerted, message));
  if (engine.state.dayLoss === loss) return;
  engine.updateState({ dayLoss: loss });
  engine.ports.log.warn(`${message.title}: ${message.text.replaceAll("\n", ". ")}`);
  await engine.event({
    type: "daily_loss",
    result_usd: loss.resultUsd,
    limit_usd: loss.limitUsd,
  });
  // Before anything that it forbids could leave: a restart must know it.
  await engine.trySaveState();
}
