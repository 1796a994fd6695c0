import type { PositionFact } from "../domain/alert/alert_facts.ts";
import { buildNotRunning, decideNotRunning } from "../domain/alert/not_running.ts";
import { readMarket } from "./broker_clock.ts";
import type { Engine } from "./engine.ts";
import { listPositionFacts, takeDelivered } from "./notices.ts";
import { observe } from "./observe.ts";
import { buildQuestions } from "./questions.ts";
import type { WatchlistStep } from "./watchlist_step.ts";

const KEY = "not_running";
/** How long the message may hold up the end of a start that is refused. */
const DRAIN_MS = 3_000;
const HOUR_MS = 3_600_000;
/** The service tries again each minute: where nothing can be remembered, one start an hour tells. */
const UNREMEMBERED_MS = 60_000;

/**
 * Tells that the loop does not start because of its watchlist, with what rests at the broker for each managed position
 * (interface, Slack). It asks the broker, changes nothing there, and remembers what was delivered.
 */
export async function sayNotRunning(
  engine: Engine,
  step: Extract<WatchlistStep, { kind: "missing" | "stale" | "unreadable" }>,
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
    said: engine.state.alerted[KEY],
  };
  const value = decideNotRunning(facts);
  if (value === null || !isTold(engine)) return;
  engine.alert({ ...buildNotRunning(facts), state: { key: KEY, value } });
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

function isTold(engine: Engine): boolean {
  const isKept = engine.isStateLoaded && engine.state.accountId !== null;
  return isKept || engine.nowMs() % HOUR_MS < UNREMEMBERED_MS;
}
