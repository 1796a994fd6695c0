import {
  buildCapUse,
  buildMarketFact,
  findBrokerFailure,
  listForeign,
  listUnresolved,
} from "../domain/alert/account_facts.ts";
import type { CapUseFact } from "../domain/alert/alert_facts.ts";
import { buildHeartbeat } from "../domain/alert/alert_heartbeat.ts";
import { buildExecutionStarted } from "../domain/alert/alert_messages.ts";
import { decideHeartbeat } from "../domain/alert/heartbeat_due.ts";
import { decideStart } from "../domain/alert/starts.ts";
import { buildWatchlistFact } from "../domain/alert/watchlist_fact.ts";
import { readDayResult } from "../domain/day/period.ts";
import type { LiveLedger } from "../domain/order/ledger.ts";
import type { MarketClock } from "../domain/time/market.ts";
import { readTrails, RESULT_EVENTS } from "./day_trails.ts";
import type { Engine } from "./engine.ts";
import { readTodayLoss } from "./day_loss.ts";
import { listPositionFacts } from "./notices.ts";
import { readEquityLine } from "./open_results.ts";
import { lookAtWatchlist } from "./reading_watchlist.ts";

/** State key of the starts lately (`decideStart`). */
const STARTS_KEY = "starts";
const STARTED_ONCE_KEY = "started once";

/** `Execution started`, once a process; of `--run-once` once a NY day. */
export async function sendStarted(engine: Engine): Promise<void> {
  const { version, config, broker } = engine.ports;
  const start = decideStart(engine.state.alerted[STARTS_KEY], engine.nowMs());
  if (!config.isRunOnce) {
    engine.updateState({ alerted: { ...engine.state.alerted, [STARTS_KEY]: start.value } });
  }
  engine.isInLoop = start.loop !== null;
  const isTold = config.isRunOnce ? engine.isNews(STARTED_ONCE_KEY, engine.dateNy()) : start.isTold;
  if (isTold) {
    engine.alert(buildExecutionStarted({
      version,
      endpoint: config.endpoint,
      host: broker.host,
      pollSeconds: config.pollSeconds,
      loop: config.isRunOnce ? null : start.loop,
      watchlist: buildWatchlistFact(await lookAtWatchlist(engine)),
      managedSymbols: engine.isStateLoaded
        ? engine.state.positions.map((position) => position.symbol)
        : null,
    }));
  }
  await engine.event({
    type: "engine_started",
    version,
    endpoint: config.endpoint,
    host: broker.host,
    poll_seconds: config.pollSeconds,
  });
}

/**
 * `Execution heartbeat`: the first after the first cycle, then every `SLACK_HEARTBEAT_MINUTES`; 0 and `--run-once` send
 * none (interface, Slack).
 * @param market As the cycle that just ended read it.
 */
export async function sendHeartbeatIfDue(
  engine: Engine,
  market: MarketClock | null,
): Promise<void> {
  const { config, clock } = engine.ports;
  const { isDue, nextAtMs } = decideHeartbeat({
    nowMs: clock.monotonicMs(),
    dueAtMs: engine.heartbeatAtMs,
    minutes: config.heartbeatMinutes,
    isRunOnce: config.isRunOnce,
    isInLoop: engine.isInLoop,
  });
  engine.heartbeatAtMs = nextAtMs;
  if (!isDue) return;
  const trails = await readTrails(engine, engine.dateNy(), RESULT_EVENTS);
  engine.alert(buildHeartbeat({
    nowMs: engine.nowMs(),
    gateLine: engine.state.lastGate,
    areEntriesPaused: await engine.ports.operatorFiles.areEntriesPaused(),
    loss: readTodayLoss(engine),
    market: buildMarketFact(market, engine.clockProblem),
    watchlist: buildWatchlistFact(await lookAtWatchlist(engine)),
    lastCycleAtMs: engine.state.lastCycleAtMs,
    brokerFailure: findBrokerFailure(market, engine.observation),
    capUse: readCapUse(engine, engine.state.ledger),
    equityLine: readEquityLine(engine),
    dayResult: trails === null
      ? null
      : readDayResult(trails.day.events, trails.day.dateNy, trails.earlier),
    positions: engine.isStateLoaded ? listPositionFacts(engine) : null,
    unresolved: listUnresolved(engine.state),
    foreign: listForeign(engine.observation, engine.state),
    diskFault: engine.ports.disk.fault,
  }));
}

/** What today's entries have used of the caps; `null` where there is no ledger to count from. */
export function readCapUse(engine: Engine, ledger: LiveLedger | null): CapUseFact | null {
  const { seen, state: records, ports: { config: { caps } } } = engine;
  if (ledger === null) return null;
  return buildCapUse({ seen, records, dateNy: engine.dateNy(), caps }, ledger);
}
