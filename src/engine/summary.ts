import type { AlertMessage } from "../domain/alert/alert_facts.ts";
import { buildStateMessage } from "../domain/alert/alert_messages.ts";
import {
  buildDailySummary,
  type DailySummaryInputs,
  type EntryCounts,
} from "../domain/alert/alert_summary.ts";
import { decideSummary } from "../domain/alert/summary_due.ts";
import type { DayTrail } from "../domain/day/day_trail.ts";
import { ENTRY_EVENTS } from "../domain/day/entry_counts.ts";
import type { EventType } from "../domain/day/events.ts";
import { readDayResult } from "../domain/day/period.ts";
import {
  buildLiveFacts,
  buildSessionFact,
  isLiveDay,
  listDryRunOrders,
  sumResults,
} from "../domain/day/summary_facts.ts";
import type { MarketClock, Session } from "../domain/time/market.ts";
import { readTrails, RESULT_EVENTS } from "./day_trails.ts";
import type { Engine } from "./engine.ts";
import { readTodayLoss } from "./day_loss.ts";
import { recordFills } from "./fills.ts";
import { readCapUse } from "./heartbeat.ts";
import { listPositionFacts } from "./notices.ts";
import { observe, readSession } from "./observe.ts";
import { readEquityLine } from "./open_results.ts";
import { StateError } from "./ports.ts";

/** State key of the summary: its value is the New York date of the last one that was delivered. */
const SUMMARY_KEY = "daily_summary";
const EVENT_TYPES: readonly EventType[] = [
  ...new Set<EventType>([...ENTRY_EVENTS, ...RESULT_EVENTS, "gate", "dry_run_order"]),
];

/**
 * Sends `Daily execution summary` once a New York day, also across restarts: when the market has closed, or from
 * `SLACK_DAILY_SUMMARY_TIME` on (interface, Slack). It is built once and offered until the operator has got it.
 * @param market As this cycle read it.
 */
export async function sendSummaryIfDue(engine: Engine, market: MarketClock | null): Promise<void> {
  if (market === null || !engine.isStateLoaded || engine.isForeignState) return;
  const dateNy = engine.dateNy();
  if (engine.state.alerted[SUMMARY_KEY] === dateNy) return;
  if (engine.summary?.dateNy !== dateNy) {
    if (!isSummaryDue(engine, market)) return;
    const session = await readSession(engine, dateNy);
    if (session === null) return;
    const message = await buildSummary(engine, market, session);
    engine.summary = { dateNy, message };
  }
  const { message } = engine.summary;
  engine.alert(
    buildStateMessage({ key: SUMMARY_KEY, value: dateNy }, engine.state.alerted, message),
  );
}

/** Whether the summary of a closed day is to be built in this cycle, which looks at the broker. */
export function isSummaryLookDue(engine: Engine, market: MarketClock): boolean {
  const dateNy = engine.dateNy();
  const isBuilt = engine.summary?.dateNy === dateNy || engine.state.alerted[SUMMARY_KEY] === dateNy;
  return !isBuilt && isSummaryDue(engine, market);
}

function isSummaryDue(engine: Engine, market: MarketClock): boolean {
  const { isDue, atMs } = decideSummary({
    nowMs: engine.nowMs(),
    market,
    timeNy: engine.ports.config.dailySummaryTimeNy,
    lastCycleAtMs: engine.state.lastCycleAtMs,
  });
  if (atMs !== null) engine.wakeAt(atMs);
  return isDue;
}

async function buildSummary(
  engine: Engine,
  market: MarketClock,
  session: Session,
): Promise<AlertMessage> {
  // The last cycle may be minutes older than the close; a closed market is looked at once.
  const seen = engine.observation;
  const isLookedAt = seen !== null && seen.clock === market && !market.isOpen;
  const observation = isLookedAt ? seen : await observe(engine, market);
  await recordFills(engine);
  const { dateNy } = observation;
  const ledger = engine.state.ledger?.dateNy === dateNy ? engine.state.ledger : null;
  const trails = await readTrails(engine, dateNy, EVENT_TYPES);
  const events = trails?.day.events ?? [];
  const day = {
    dateNy,
    session: buildSessionFact(session, !market.isOpen && engine.nowMs() >= session.closeMs),
    equityLine: readEquityLine(engine),
    areEntriesPaused: await engine.ports.operatorFiles.areEntriesPaused(),
    loss: readTodayLoss(engine),
    dayResult: trails === null ? null : readDayResult(events, dateNy, trails.earlier),
    overnight: listPositionFacts(engine),
  };
  const inputs: DailySummaryInputs = isLiveDay(ledger, events)
    ? { mode: "LIVE", ...day, ...buildLiveFacts(trails, ledger, readCapUse(engine, ledger)) }
    : { mode: "DRY_RUN", ...day, ...await readDryRunFacts(engine, { dateNy, events }) };
  const message = buildDailySummary(inputs);
  await saySummary(engine, inputs, message);
  return message;
}

async function readDryRunFacts(engine: Engine, { dateNy, events }: DayTrail) {
  const { caps } = engine.ports.config;
  try {
    const orders = await engine.ports.dryRunLedger.list(dateNy);
    return { orders: listDryRunOrders(orders, events), caps };
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    engine.sayError(
      `Cannot read the DRY_RUN ledger for the summary: ${error.message}`,
      "let the file be read again (DRY_RUN_LEDGER_PATH), or move it away",
    );
    return { orders: [], caps };
  }
}

const NO_ENTRIES: EntryCounts = {
  tried: 0,
  accepted: 0,
  denied: 0,
  rejected: 0,
  expired: 0,
  unresolved: 0,
  unfilled: 0,
  notEntered: [],
};

/** Log and audit trail have it too: an operator without Slack reads it there. */
async function saySummary(
  engine: Engine,
  inputs: DailySummaryInputs,
  message: AlertMessage,
): Promise<void> {
  for (const line of [message.title, ...message.text.split("\n")]) engine.ports.log.info(line);
  const { notEntered: _, ...entries } = inputs.mode === "LIVE" ? inputs.entries : NO_ENTRIES;
  await engine.event({
    type: "summary",
    mode: inputs.mode,
    ...entries,
    realised_usd: inputs.mode === "LIVE" ? sumResults(inputs.closedTrades) : null,
    day_result_usd: inputs.dayResult?.resultUsd ?? null,
    text: message.text,
  });
}
