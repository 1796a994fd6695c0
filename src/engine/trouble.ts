import { buildStateMessage, buildWithdrawal } from "../domain/alert/alert_messages.ts";
import type { MarketClock } from "../domain/time/market.ts";
import { findDay, findSessionAt } from "../domain/time/market_clock.ts";
import { dateNyOf } from "../domain/time/ny_time.ts";
import { ASK_BROKER } from "../domain/alert/remedies.ts";
import { buildMeaning } from "../domain/alert/repetition.ts";
import { sayUnusableInSession } from "./broker_clock.ts";
import type { Engine, Observation } from "./engine.ts";
import { readSession } from "./observe.ts";

/** State key under which a trouble that was said waits for its end, so that a restart in between loses nothing. */
const TROUBLE_KEY = "trouble";
const RECOVERED = "recovered";
/** So long before the open the broker's clock is needed. */
const BEFORE_OPEN_MS = 30 * 60_000;

/** Says that a cycle failed or the broker can't be reached, as an error; its end will be said once. */
export function sayTrouble(engine: Engine, problem: string, remedy = ASK_BROKER): void {
  engine.sayError(problem, remedy);
  rememberTrouble(engine, problem);
}

/** Keeps a trouble that was said: its end will be. */
function rememberTrouble(engine: Engine, problem: string): void {
  engine.troubles.add(buildMeaning(problem));
  engine.updateState({ alerted: { ...engine.state.alerted, [TROUBLE_KEY]: problem } });
  // An older recovery that still waits for Slack is no longer true.
  engine.alert(buildWithdrawal({ key: TROUBLE_KEY, value: problem }));
}

/** What keeps a cycle from seeing the broker; `null` where it saw everything. */
export function findBrokerTrouble(
  { account, positions, openOrders, dayOrders }: Observation,
): string | null {
  const reads = { account, positions, "open orders": openOrders, "orders of the day": dayOrders };
  for (const [what, read] of Object.entries(reads)) {
    if (read.kind === "failed") {
      return `Broker unreachable (${read.failure}): ${what}: ${read.message}`;
    }
  }
  return null;
}

/**
 * Says a broker that could not be reached in this cycle, and `Execution recovered` once after the last trouble.
 * @param market `null` where the broker's clock could not be read.
 */
export async function noticeTrouble(engine: Engine, market: MarketClock | null): Promise<void> {
  if (market === null) return await noticeClock(engine);
  const { observation } = engine;
  const trouble = observation === null ? null : findBrokerTrouble(observation);
  if (trouble === null) sayRecovered(engine);
  // A broker that sleeps while the market does is no trouble, and no end of one either.
  else if (market.isOpen) sayTrouble(engine, trouble);
}

async function noticeClock(engine: Engine): Promise<void> {
  // A process that never read the clock has no calendar yet: without one an open market is not known as that.
  await readSession(engine, engine.dateNy());
  if (findSessionAt(engine.calendar, engine.nowMs()) !== null) {
    const problem = sayUnusableInSession(engine);
    if (problem !== null) rememberTrouble(engine, problem);
    return;
  }
  if (!isClockNeeded(engine)) return;
  const why = engine.clockProblem === null ? "" : `: ${engine.clockProblem}`;
  sayTrouble(engine, `Broker unreachable: its clock can't be read${why}`);
}

/** A broker that sleeps while the market does is no trouble; one whose calendar is not known may be open. */
function isClockNeeded(engine: Engine): boolean {
  const nowMs = engine.nowMs();
  const next = engine.calendar?.sessions.find((session) => session.closeMs > nowMs);
  const isKnown = findDay(engine.calendar, dateNyOf(nowMs)) !== "unknown";
  return !isKnown || (next !== undefined && nowMs >= next.openMs - BEFORE_OPEN_MS);
}

function sayRecovered(engine: Engine): void {
  const { [TROUBLE_KEY]: trouble, ...alerted } = engine.state.alerted;
  if (trouble === undefined) return;
  if (trouble === RECOVERED) return engine.updateState({ alerted });
  for (const each of [trouble, ...engine.troubles]) engine.endError(each);
  engine.troubles.clear();
  engine.alert(buildStateMessage({ key: TROUBLE_KEY, value: RECOVERED }, engine.state.alerted, {
    level: "INFO",
    title: "Execution recovered",
    text: `Recovered from: ${trouble}`,
  }));
}
