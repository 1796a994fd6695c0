import { buildStateMessage, buildWithdrawal } from "../domain/alert_messages.ts";
import type { MarketClock } from "../domain/market.ts";
import { dateNyOf } from "../domain/ny_time.ts";
import type { Engine, Observation } from "./engine.ts";

/** State key under which a trouble that was said waits for its end, so that a restart in between loses nothing. */
const TROUBLE_KEY = "trouble";
const RECOVERED = "recovered";
/** So long before the open the broker's clock is needed. */
const BEFORE_OPEN_MS = 30 * 60_000;

/** Says that a cycle failed or the broker can't be reached, as an error; its end will be said once. */
export function sayTrouble(engine: Engine, problem: string): void {
  engine.sayError(problem);
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
export function noticeTrouble(engine: Engine, market: MarketClock | null): void {
  if (market === null) {
    if (isClockNeeded(engine)) sayTrouble(engine, "Broker unreachable: its clock can't be read");
    return;
  }
  const observation = market.isOpen ? engine.observation : null;
  const trouble = observation === null ? null : findBrokerTrouble(observation);
  if (trouble === null) sayRecovered(engine);
  else sayTrouble(engine, trouble);
}

/** A broker that sleeps while the market does is no trouble; one whose calendar is not known may be open. */
function isClockNeeded(engine: Engine): boolean {
  const nowMs = engine.nowMs();
  const next = engine.sessions.find((session) => session.closeMs > nowMs);
  const isKnown = engine.sessions.some((session) => session.dateNy >= dateNyOf(nowMs));
  return !isKnown || (next !== undefined && nowMs >= next.openMs - BEFORE_OPEN_MS);
}

function sayRecovered(engine: Engine): void {
  const { [TROUBLE_KEY]: trouble, ...alerted } = engine.state.alerted;
  if (trouble === undefined) return;
  if (trouble === RECOVERED) return engine.updateState({ alerted });
  engine.alert(buildStateMessage({ key: TROUBLE_KEY, value: RECOVERED }, engine.state.alerted, {
    level: "INFO",
    title: "Execution recovered",
    text: `Recovered from: ${trouble}`,
  }));
}
