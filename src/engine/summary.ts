import type { AlertMessage } from "../domain/alert/alert_facts.ts";
import { buildStateMessage } from "../domain/alert/alert_messages.ts";
import {
  buildDailySummary,
  type ClosedTradeFact,
  type DailySummaryInputs,
  type EntryCounts,
} from "../domain/alert/alert_summary.ts";
import { countEntries, ENTRY_EVENTS } from "../domain/day/entry_counts.ts";
import { type EventType, readNumber, readText } from "../domain/day/events.ts";
import { sumResultsUsd } from "../domain/order/usd_flow.ts";
import { countsTowardCaps, type LiveLedger } from "../domain/order/ledger.ts";
import { type DayTrail, listFillSteps } from "../domain/day/day_trail.ts";
import { listClosed, readDayResult } from "../domain/day/period.ts";
import { findLastFillNy, listTrades } from "../domain/day/trades.ts";
import type { MarketClock, Session } from "../domain/time/market.ts";
import { dateNyOf, nyToMs, readNyTime } from "../domain/time/ny_time.ts";
import { type DayTrails, readTrails, RESULT_EVENTS } from "./day_trails.ts";
import type { Engine } from "./engine.ts";
import { readTodayLoss } from "./day_loss.ts";
import { recordFills } from "./fills.ts";
import { buildCapUse } from "./heartbeat.ts";
import { listPositionFacts } from "./notices.ts";
import { observe, readSession } from "./observe.ts";
import { readEquityLine } from "./open_results.ts";
import { StateError } from "./ports.ts";

/** State key of the summary: its value is the New York date of the last one that was delivered. */
const SUMMARY_KEY = "daily_summary";
/** A session that ends before this is a half day (broker.md, Time and data). */
const HALF_DAY_BEFORE_NY = "16:00";
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
    if (!isDue(engine, market)) return;
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
  return !isBuilt && isDue(engine, market);
}

/** At the set time of a day with a session; else when the session is over that a cycle of ours was part of. */
function isDue(engine: Engine, market: MarketClock): boolean {
  const { dailySummaryTimeNy } = engine.ports.config;
  const dateNy = engine.dateNy();
  const isSession = market.isOpen || dateNyOf(market.nextOpenMs) === dateNy ||
    isCycledToday(engine);
  if (dailySummaryTimeNy === null) {
    return !market.isOpen && dateNyOf(market.nextOpenMs) !== dateNy && isCycledToday(engine);
  }
  const dueMs = nyToMs(dateNy, dailySummaryTimeNy);
  if (engine.nowMs() >= dueMs) return isSession;
  engine.wakeAt(dueMs);
  return false;
}

function isCycledToday(engine: Engine): boolean {
  const { lastCycleAtMs } = engine.state;
  return lastCycleAtMs !== null && dateNyOf(lastCycleAtMs) === engine.dateNy();
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
    session: {
      kind: isHalfDay(session) ? "half" as const : "full" as const,
      closesAtNy: readNyTime(session.closeMs).timeNy.slice(0, 5),
      isOver: !market.isOpen && engine.nowMs() >= session.closeMs,
    },
    equityLine: readEquityLine(engine),
    areEntriesPaused: await engine.ports.operatorFiles.areEntriesPaused(),
    loss: readTodayLoss(engine),
    dayResult: trails === null ? null : readDayResult(events, dateNy, trails.earlier),
    overnight: listPositionFacts(engine),
  };
  const isLive = ledger?.entries.some(countsTowardCaps) === true ||
    events.some((event) => event.type === "gate" && readText(event, "mode") === "LIVE");
  const inputs: DailySummaryInputs = isLive
    ? { mode: "LIVE", ...day, ...buildLiveFacts(engine, trails, ledger) }
    : { mode: "DRY_RUN", ...day, ...await buildDryRunFacts(engine, { dateNy, events }) };
  const message = buildDailySummary(inputs);
  await saySummary(engine, inputs, message);
  return message;
}

function isHalfDay({ dateNy, closeMs }: Session): boolean {
  return closeMs < nyToMs(dateNy, HALF_DAY_BEFORE_NY);
}

type LiveFacts = Omit<
  Extract<DailySummaryInputs, { mode: "LIVE" }>,
  | "mode"
  | "dateNy"
  | "session"
  | "equityLine"
  | "areEntriesPaused"
  | "loss"
  | "dayResult"
  | "overnight"
>;

function buildLiveFacts(
  engine: Engine,
  trails: DayTrails | null,
  ledger: LiveLedger | null,
): LiveFacts {
  const days = trails === null ? [] : [...trails.earlier, trails.day];
  const dateNy = trails?.day.dateNy;
  const steps = listFillSteps(days).filter((step) => step.dateNy === dateNy);
  const counted = ledger?.entries.filter(countsTowardCaps) ?? [];
  return {
    entries: countEntries(trails?.day.events ?? null, ledger),
    symbols: [...new Set(counted.map((entry) => entry.symbol))].sort(),
    notionalUsd: counted.reduce((sumUsd, entry) => sumUsd + entry.notionalUsd, 0),
    fills: steps.filter(({ reason }) => reason === "entry"),
    capUse: ledger === null ? null : buildCapUse(engine, ledger),
    exits: steps.filter(({ side }) => side === "sell"),
    closedTrades: trails === null ? null : listClosed(listTrades(days))
      .filter((trade) => findLastFillNy(trade) === dateNy)
      .map(({ symbol, result }) => ({
        symbol,
        qty: result.soldQty,
        resultUsd: result.resultUsd,
        resultR: result.resultR,
      })),
  };
}

async function buildDryRunFacts(engine: Engine, { dateNy, events }: DayTrail) {
  const notional = new Map(
    events.filter((event) => event.type === "dry_run_order")
      .map((event) => [event.symbol, readNumber(event, "notional_usd")]),
  );
  const { caps } = engine.ports.config;
  try {
    const orders = await engine.ports.dryRunLedger.list(dateNy);
    return {
      orders: orders.map(({ symbol, qty }) => ({
        symbol,
        qty,
        notionalUsd: notional.get(symbol) ?? null,
      })),
      caps,
    };
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

/** USD; `null` where no trade was closed or the result of one is not known. */
function sumResults(trades: readonly ClosedTradeFact[] | null): number | null {
  if (trades === null || trades.length === 0) return null;
  const known = trades.flatMap(({ resultUsd }) => resultUsd ?? []);
  return known.length < trades.length ? null : sumResultsUsd(known);
}
