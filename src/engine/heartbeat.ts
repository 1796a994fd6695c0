import type { CapUseFact, MarketFact, WatchlistFact } from "../domain/alert/alert_facts.ts";
import { unreachable } from "../domain/assert.ts";
import { buildHeartbeat } from "../domain/alert/alert_heartbeat.ts";
import { buildExecutionStarted } from "../domain/alert/alert_messages.ts";
import { countOpenSymbols } from "../domain/entry/open_symbols.ts";
import { buildEntrySight } from "../domain/plan/entry_judging.ts";
import { readDayResult } from "../domain/day/period.ts";
import type { ReadFailure } from "../domain/order/order_request.ts";
import { buildCapUsage, isUnsettled, type LiveLedger } from "../domain/order/ledger.ts";
import type { MarketClock } from "../domain/time/market.ts";
import { microsToUsd } from "../domain/order/money.ts";
import { decideStart } from "../domain/alert/starts.ts";
import { readTrails, RESULT_EVENTS } from "./day_trails.ts";
import type { Engine } from "./engine.ts";
import { readTodayLoss } from "./day_loss.ts";
import { listPositionFacts } from "./notices.ts";
import { readEquityLine } from "./open_results.ts";
import { lookAtWatchlist, type WatchlistSeen } from "./reading_watchlist.ts";

const MINUTE_MS = 60_000;

/** The watchlist's freshness as messages say it (pipeline 1). */
export function buildWatchlistFact({ read, step }: WatchlistSeen): WatchlistFact {
  if (read.kind === "missing") return { kind: "missing" };
  if (read.kind === "unreadable") return { kind: "unreadable", reason: read.message };
  const { modifiedAtMs } = read;
  switch (step.kind) {
    case "fresh":
      return {
        kind: "fresh",
        modifiedAtMs,
        candidates: step.candidates.length,
        dropped: step.dropped.length,
        doubts: step.warnings.map(({ text }) => text),
      };
    case "stale":
      return { kind: "stale", modifiedAtMs, listOfNy: step.listOfNy };
    case "refused":
      return { kind: "refused", reason: step.reason };
    case "missing":
    case "unreadable":
      return { kind: step.kind, reason: step.message };
    default:
      return unreachable(step);
  }
}

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
  if (config.heartbeatMinutes === 0 || config.isRunOnce) return;
  const nowMs = clock.monotonicMs();
  // Processes that end again and again are told as that, without a heartbeat each.
  const firstMs = engine.isInLoop ? nowMs + config.heartbeatMinutes * MINUTE_MS : nowMs;
  engine.heartbeatAtMs ??= firstMs;
  if (nowMs < engine.heartbeatAtMs) return;
  engine.heartbeatAtMs = nowMs + config.heartbeatMinutes * MINUTE_MS;
  const present = engine.state.ledger;
  const trails = await readTrails(engine, engine.dateNy(), RESULT_EVENTS);
  engine.alert(buildHeartbeat({
    nowMs: engine.nowMs(),
    gateLine: engine.state.lastGate,
    areEntriesPaused: await engine.ports.operatorFiles.areEntriesPaused(),
    loss: readTodayLoss(engine),
    market: buildMarketFact(market, engine.clockProblem),
    watchlist: buildWatchlistFact(await lookAtWatchlist(engine)),
    lastCycleAtMs: engine.state.lastCycleAtMs,
    brokerFailure: findBrokerFailure(engine, market),
    capUse: present === null ? null : buildCapUse(engine, present),
    equityLine: readEquityLine(engine),
    dayResult: trails === null
      ? null
      : readDayResult(trails.day.events, trails.day.dateNy, trails.earlier),
    positions: engine.isStateLoaded ? listPositionFacts(engine) : null,
    unresolved: present?.entries.filter(isUnsettled)
      .map(({ symbol, side }) => ({ symbol, side })) ?? null,
    foreign: listForeign(engine),
    diskFault: engine.ports.disk.fault,
  }));
}

/** The market as messages say it. @param problem Why the broker's clock can't be used, where it can't. */
export function buildMarketFact(market: MarketClock | null, problem: string | null): MarketFact {
  if (market === null) {
    const why = problem === null ? "" : `: ${problem}`;
    return { kind: "unknown", reason: `the broker's clock can't be read${why}` };
  }
  return market.isOpen
    ? { kind: "open", nextCloseMs: market.nextCloseMs }
    : { kind: "closed", nextOpenMs: market.nextOpenMs };
}

function findBrokerFailure(
  engine: Engine,
  market: MarketClock | null,
): ReadFailure | "clock" | null {
  if (market === null) return "clock";
  const { account, positions, openOrders, dayOrders } = engine.observation ?? {};
  for (const read of [account, positions, openOrders, dayOrders]) {
    if (read?.kind === "failed") return read.failure;
  }
  return null;
}

/** What today's entries have used of the caps, counted as the gate counts it. */
export function buildCapUse(engine: Engine, ledger: LiveLedger): CapUseFact {
  const everything = { dateNy: engine.dateNy(), symbol: "", clientOrderId: null };
  const usage = buildCapUsage(ledger, everything);
  return {
    orders: usage.orders,
    grossNotionalUsd: microsToUsd(usage.grossMicros),
    openSymbols: countOpenSymbols(buildEntrySight(engine.seen, engine.state), ledger, everything),
    caps: engine.ports.config.caps,
  };
}

function listForeign(engine: Engine): { symbol: string; qty: number }[] | null {
  const positions = engine.observation?.positions;
  if (positions?.kind !== "ok") return null;
  const managed = new Set(engine.state.positions.map((position) => position.symbol));
  return positions.value.filter((position) => !managed.has(position.symbol))
    .map(({ symbol, qty }) => ({ symbol, qty }));
}
