import type { PositionFact } from "../domain/alert/alert_facts.ts";
import {
  buildNotRunning,
  decideNotRunning,
  isUnrememberedDue,
  NOT_RUNNING_KEY,
  type NotRunningFacts,
} from "../domain/alert/not_running.ts";
import { readMarket } from "./broker_clock.ts";
import type { Engine } from "./engine.ts";
import { listPositionFacts, takeDelivered } from "./notices.ts";
import { observe } from "./observe.ts";
import { buildQuestions } from "./questions.ts";
import { listTold } from "./told_before.ts";
import type { WatchlistStep } from "../domain/entry/watchlist_step.ts";

/** How long the message may hold up the end of a start that is refused. */
const DRAIN_MS = 3_000;

/**
 * Tells that the loop does not start because of its watchlist, with what rests at the broker for each managed position
 * (interface, Slack). It asks the broker, changes nothing there, and what was delivered is remembered: in the records, and
 * where there are none yet in the audit trail.
 * @param options `isInTrail`: whether the trail takes lines.
 */
export async function sayNotRunning(
  engine: Engine,
  step: Extract<WatchlistStep, { kind: "missing" | "stale" | "unreadable" }>,
  { isInTrail }: { readonly isInTrail: boolean },
): Promise<void> {
  const { alerts } = engine.ports;
  if (alerts.isUnheard === true) return;
  const questions = buildQuestions(engine);
  const market = await readMarket(engine, questions);
  if (market !== null) await observe(engine, market, questions);
  const facts = {
    nowMs: engine.nowMs(),
    market,
    cause: `watchlist ${step.kind}`,
    reason: step.message,
    remedy: "let the scan write today's list; the service tries again by itself each minute",
    positions: await listPositions(engine),
  };
  const value = decideNotRunning(facts, engine.state.alerted[NOT_RUNNING_KEY]);
  if (value === null || await isTold(engine, facts)) return;
  if (!isInTrail && !engine.isRemembering && !isUnrememberedDue(facts.nowMs, 0)) return;
  engine.alert({ ...buildNotRunning(facts), state: { key: NOT_RUNNING_KEY, value } });
  await alerts.drain(DRAIN_MS);
  takeDelivered(engine);
  await engine.trySaveState();
}

/** What is known now; standings are of the last cycle, and their words of then. */
async function listPositions(engine: Engine): Promise<PositionFact[] | null> {
  if (engine.isStateLoaded) {
    return listPositionFacts(engine).map((fact) => ({ ...fact, trouble: null }));
  }
  const read = await engine.ports.state.read();
  return read.kind === "missing" ? [] : null;
}

/** Whether the trail has it, whatever the records have. */
async function isTold({ ports }: Engine, facts: NotRunningFacts): Promise<boolean> {
  const told = await listTold(ports.events, NOT_RUNNING_KEY, facts.nowMs);
  return told.some(({ value }) => decideNotRunning(facts, value) === null);
}
