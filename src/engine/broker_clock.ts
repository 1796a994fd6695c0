import { formatPosition, LIST_LINES_MAX, sortPositions } from "../domain/alert/alert_facts.ts";
import { buildStateMessage, buildWithdrawal } from "../domain/alert/alert_messages.ts";
import type { MarketClock } from "../domain/time/market.ts";
import {
  type ClockDecision,
  decideClock,
  decideClockAlone,
  findDay,
  findSessionAt,
} from "../domain/time/market_clock.ts";
import { dateNyOf, formatNy, formatUtc } from "../domain/time/ny_time.ts";
import type { Engine } from "./engine.ts";
import { readSession, renewCalendar } from "./observe.ts";
import { listPositionFacts } from "./notices.ts";
import type { Questions } from "./questions.ts";

/** State key: since when the broker's clock can't be used, ISO 8601 UTC, so that `--run-once` counts on. */
const SINCE_KEY = "clock_unusable_since";
/** State key of the alert; the value changes by the hour. */
const ALERT_KEY = "clock_unusable";
/** What the alert port reports as delivered after a withdrawal. */
const READ = "read";
/** So long it is a line in the log alone (pipeline 6). */
const ALERT_AFTER_MS = 2 * 60_000;
const HOUR_MS = 3_600_000;

/**
 * Reads the broker's clock.
 * @returns `null` where it can't be read or contradicts itself: both count as closed for new decisions, and as a failed read
 *   for the rest of an exit (interface, Gate; pipeline 6).
 */
export async function readMarket(
  engine: Engine,
  questions: Questions,
): Promise<MarketClock | null> {
  const { log } = engine.ports;
  const { askedMs, read } = await questions.clock();
  if (read.kind === "failed") {
    log.warn(`Broker clock unavailable (${read.failure}): ${read.message}`);
    return noteUnusable(engine, read.message);
  }
  const answeredMs = read.atMonotonicMs;
  const decision = await decide(engine, read.value);
  if (decision.kind === "contradiction") {
    const { problem } = decision;
    if (engine.isNews(`clock:${problem}`, engine.dateNy())) {
      log.warn(
        `Broker clock contradicts itself: ${problem}; counts as closed, asked again in 60 s`,
      );
    }
    return noteUnusable(engine, `it contradicts itself: ${problem}`);
  }
  // The time of an answer that contradicts itself is not taken over: it may be as wrong as the rest of it.
  engine.setBrokerTime(decision.clock.timestampMs, { askedMs, answeredMs });
  forgetUnusable(engine);
  return decision.clock;
}

/**
 * Held against the calendar where that is known, and against the time of day where it stays unknown; only an open market is
 * worth asking for it. Where the two contradict each other the calendar that was kept may be the wrong one: it is read anew, so that one bad answer does not last as long as it
 * is kept.
 */
async function decide(engine: Engine, clock: MarketClock): Promise<ClockDecision> {
  const alone = decideClockAlone(clock);
  if (alone.kind === "contradiction") return alone;
  const dateNy = dateNyOf(clock.timestampMs);
  const kept = findDay(engine.calendar, dateNy);
  if (clock.isOpen && kept === "unknown") await readSession(engine, dateNy);
  else if (decideClock(clock, kept).kind === "contradiction") await renewCalendar(engine, dateNy);
  return decideClock(clock, findDay(engine.calendar, dateNy));
}

function noteUnusable(engine: Engine, problem: string): null {
  engine.clockProblem = problem;
  if (engine.state.alerted[SINCE_KEY] === undefined) {
    const since = formatUtc(engine.nowMs());
    engine.updateState({ alerted: { ...engine.state.alerted, [SINCE_KEY]: since } });
  }
  return null;
}

function forgetUnusable(engine: Engine): void {
  engine.clockProblem = null;
  const { [SINCE_KEY]: since, [ALERT_KEY]: alerted, ...others } = engine.state.alerted;
  if (since === undefined && alerted === undefined) return;
  if (alerted !== READ) engine.alert(buildWithdrawal({ key: ALERT_KEY, value: READ }));
  engine.updateState({ alerted: others });
}

/**
 * Says a clock that can't be used in a session that the stored calendar knows as that, and not as a closed market alone; after
 * two minutes as an error, with its cause and what covers each managed position (pipeline 6).
 * @returns The trouble, once it is one; `null` before, and outside such a session.
 */
export function sayUnusableInSession(engine: Engine): string | null {
  const nowMs = engine.nowMs();
  const session = findSessionAt(engine.calendar, nowMs);
  const since = engine.state.alerted[SINCE_KEY];
  if (session === null || since === undefined) return null;
  const sinceMs = Date.parse(since);
  const problem = `Broker clock unreadable since ${
    formatNy(sinceMs)
  }, the calendar says the market is open until ${formatNy(session.closeMs)}`;
  if (engine.isNews("clock_unusable_said", since)) {
    engine.ports.log.warn(`${problem}: it counts as closed, nothing is bought or sold`);
  }
  if (nowMs - sinceMs < ALERT_AFTER_MS) return null;
  sayAlert(engine, problem, `${since}:${Math.floor(nowMs / HOUR_MS)}`);
  return problem;
}

function sayAlert(engine: Engine, problem: string, value: string): void {
  const cause = engine.clockProblem ?? "no usable answer";
  if (engine.isNews("clock_unusable_error", value)) {
    engine.ports.log.error(`${problem}: ${cause}`, { isDistinct: true });
  }
  const positions = sortPositions(listPositionFacts(engine)).slice(0, LIST_LINES_MAX);
  const message = {
    level: "ERROR" as const,
    title: "Execution error" as const,
    text: [
      problem,
      `Cause: ${cause}`,
      "Nothing is bought or sold until it can be read; what rests at the broker goes on protecting. As last seen:",
      ...(positions.length === 0 ? ["no managed positions"] : positions.map(formatPosition)),
      "Do: avwap-execution check",
    ].join("\n"),
  };
  engine.alert(buildStateMessage({ key: ALERT_KEY, value }, engine.state.alerted, message));
}
