import type { AlertMessage } from "../domain/alert_facts.ts";
import { buildStateMessage } from "../domain/alert_messages.ts";
import {
  buildDailySummary,
  type ClosedTradeFact,
  type DailySummaryInputs,
  type EntryCounts,
} from "../domain/alert_summary.ts";
import { countEntries, ENTRY_EVENTS } from "../domain/entry_counts.ts";
import {
  type EventType,
  readNumber,
  readText,
  readTimeMs,
  type RecordedEvent,
} from "../domain/events.ts";
import { countsTowardCaps, type LiveLedger } from "../domain/ledger.ts";
import { HOLDING_EVENTS } from "../domain/day/day_holdings.ts";
import { readDayResult } from "../domain/day/period.ts";
import type { MarketClock, Session } from "../domain/market.ts";
import { dateNyOf, nyToMs, readNyTime } from "../domain/ny_time.ts";
import { type BrokerOrder, flattenOrders } from "../domain/orders.ts";
import { findFilledAtMs, listClosedTrades, type TradeSubject } from "../domain/day_trades.ts";
import type { Engine } from "./engine.ts";
import { describeFill, recordFills } from "./fills.ts";
import { buildCapUse } from "./heartbeat.ts";
import { listPositionFacts } from "./notices.ts";
import { readListing } from "./listing.ts";
import { observe, readSession } from "./observe.ts";
import { readEquityLine } from "./open_results.ts";
import { StateError } from "./ports.ts";

/** State key of the summary: its value is the New York date of the last one that was delivered. */
const SUMMARY_KEY = "daily_summary";
/** A session that ends before this is a half day (broker.md, Time and data). */
const HALF_DAY_BEFORE_NY = "16:00";
const EVENT_TYPES: readonly EventType[] = [
  ...new Set<EventType>([...ENTRY_EVENTS, ...HOLDING_EVENTS, "gate", "dry_run_order"]),
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
  if (observation.dayOrders.kind === "ok") await recordFills(engine, observation.dayOrders.value);
  const { dateNy } = observation;
  const ledger = engine.state.ledger?.dateNy === dateNy ? engine.state.ledger : null;
  const recorded = await listEvents(engine, dateNy);
  const events = recorded ?? [];
  const day = {
    dateNy,
    session: {
      kind: isHalfDay(session) ? "half" as const : "full" as const,
      closesAtNy: readNyTime(session.closeMs).timeNy.slice(0, 5),
      isOver: !market.isOpen && engine.nowMs() >= session.closeMs,
    },
    equityLine: readEquityLine(engine),
    areEntriesPaused: await engine.ports.operatorFiles.areEntriesPaused(),
    dayResult: recorded === null ? null : readDayResult(recorded, dateNy),
    overnight: listPositionFacts(engine),
  };
  const isLive = ledger?.entries.some(countsTowardCaps) === true ||
    events.some((event) => event.type === "gate" && readText(event, "mode") === "LIVE");
  const inputs: DailySummaryInputs = isLive
    ? { mode: "LIVE", ...day, ...await buildLiveFacts(engine, { dateNy, ledger, recorded }) }
    : { mode: "DRY_RUN", ...day, ...await buildDryRunFacts(engine, { dateNy, recorded }) };
  const message = buildDailySummary(inputs);
  await saySummary(engine, inputs, message);
  return message;
}

function isHalfDay({ dateNy, closeMs }: Session): boolean {
  return closeMs < nyToMs(dateNy, HALF_DAY_BEFORE_NY);
}

async function listEvents(engine: Engine, dateNy: string): Promise<RecordedEvent[] | null> {
  try {
    return await engine.ports.events.listDay({ dateNy, types: EVENT_TYPES });
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    engine.sayError(`Cannot read the day's events for the summary: ${error.message}`);
    return null;
  }
}

interface Day {
  readonly dateNy: string;
  /** `null` where the day's events can't be read. */
  readonly recorded: readonly RecordedEvent[] | null;
}

type LiveFacts = Omit<
  Extract<DailySummaryInputs, { mode: "LIVE" }>,
  "mode" | "dateNy" | "session" | "equityLine" | "areEntriesPaused" | "dayResult" | "overnight"
>;

async function buildLiveFacts(
  engine: Engine,
  { dateNy, recorded, ledger }: Day & { readonly ledger: LiveLedger | null },
): Promise<LiveFacts> {
  const events = recorded ?? [];
  const subjects = listSubjects(engine, events);
  const orders = await listOrders(engine, subjects);
  const filled = orders.filter((order) =>
    order.filledQty > 0 && dateNyOf(findFilledAtMs(order)) === dateNy
  ).toSorted((a, b) => findFilledAtMs(a) - findFilledAtMs(b));
  const fact = (order: BrokerOrder) => ({
    symbol: order.symbol,
    qty: order.filledQty,
    priceUsd: order.filledAvgPriceUsd,
  });
  const counted = ledger?.entries.filter(countsTowardCaps) ?? [];
  const symbols = new Set(subjects.map((subject) => subject.symbol));
  return {
    entries: countEntries(recorded, ledger),
    symbols: [...new Set(counted.map((entry) => entry.symbol))].sort(),
    notionalUsd: counted.reduce((sumUsd, entry) => sumUsd + entry.notionalUsd, 0),
    fills: filled.filter((order) => describeFill(order) === "entry").map(fact),
    capUse: ledger === null ? null : buildCapUse(engine, ledger),
    exits: filled.filter((order) => order.side === "sell" && symbols.has(order.symbol))
      .map((order) => ({ ...fact(order), reason: describeFill(order) })),
    closedTrades: listClosedTrades(subjects, orders, dateNy),
  };
}

/** Positions that are managed, and those that the day's events say were. */
function listSubjects(engine: Engine, events: readonly RecordedEvent[]): TradeSubject[] {
  const subjects = new Map<string, TradeSubject>();
  for (const event of events) {
    const positionId = readText(event, "position_id");
    const openedAtMs = readTimeMs(event, "opened_at");
    if (event.type !== "position" || event.symbol === undefined) continue;
    if (positionId === null || openedAtMs === null) continue;
    const isAdoption = readText(event, "change") === "adopted";
    subjects.set(positionId, {
      symbol: event.symbol,
      adoptedQty: readNumber(event, "adopted_qty") ?? 0,
      adoptedCostUsd: isAdoption
        ? readNumber(event, "cost_basis_usd")
        : subjects.get(positionId)?.adoptedCostUsd ?? null,
      initialStopUsd: isAdoption
        ? readNumber(event, "stop_usd")
        : subjects.get(positionId)?.initialStopUsd ?? findEntryStop(events, positionId),
      openedAtMs,
    });
  }
  for (const { positionId, symbol, adoptedQty, openedAtMs } of engine.state.positions) {
    const adoptedCostUsd = subjects.get(positionId)?.adoptedCostUsd ?? null;
    const initialStopUsd = subjects.get(positionId)?.initialStopUsd ??
      findEntryStop(events, positionId);
    subjects.set(positionId, { symbol, adoptedQty, adoptedCostUsd, initialStopUsd, openedAtMs });
  }
  return [...subjects.values()];
}

/** The structural stop of one of today's entries. */
function findEntryStop(events: readonly RecordedEvent[], entryId: string): number | null {
  const record = events.find((event) =>
    event.type === "order_recorded" && readText(event, "client_order_id") === entryId
  );
  return record === undefined ? null : readNumber(record, "stop_usd");
}

/** Orders submitted so long before the first subject was opened are of no interest. */
const BEFORE_MS = 60_000;

/** All orders of the subjects' symbols, flat; the day's where the broker does not answer. */
async function listOrders(
  engine: Engine,
  subjects: readonly TradeSubject[],
): Promise<BrokerOrder[]> {
  const dayOrders = engine.observation?.dayOrders;
  const known = dayOrders?.kind === "ok" ? dayOrders.value : [];
  if (subjects.length === 0) return flattenOrders(known);
  const afterMs = Math.min(...subjects.map((subject) => subject.openedAtMs)) - BEFORE_MS;
  const symbols = [...new Set(subjects.map((subject) => subject.symbol))].sort();
  const { read } = await readListing(
    engine,
    () => engine.ports.broker.listOrders({ status: "all", afterMs, symbols }, "read"),
  );
  if (read.kind === "failed") {
    engine.ports.log.warn(`Orders for the summary unavailable (${read.failure}): ${read.message}`);
    return flattenOrders(known);
  }
  return flattenOrders([...read.value, ...known]);
}

async function buildDryRunFacts(engine: Engine, { dateNy, recorded }: Day) {
  const notional = new Map(
    (recorded ?? []).filter((event) => event.type === "dry_run_order")
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
    engine.sayError(`Cannot read the DRY_RUN ledger for the summary: ${error.message}`);
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

/** Rounded to cents; `null` where no trade was closed or the result of one is not known. */
function sumResults(trades: readonly ClosedTradeFact[]): number | null {
  if (trades.length === 0) return null;
  let sumUsd = 0;
  for (const { resultUsd } of trades) {
    if (resultUsd === null) return null;
    sumUsd += resultUsd;
  }
  return Math.round(sumUsd * 100) / 100;
}
