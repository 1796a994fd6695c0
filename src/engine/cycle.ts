import type { Candidate } from "../domain/entry/candidate.ts";
import type { GateDecision } from "../domain/gate/gate.ts";
import type { LedgerEntry } from "../domain/order/ledger.ts";
import type { MarketClock, Trade } from "../domain/time/market.ts";
import { isNearSomeClose } from "../domain/time/market_clock.ts";
import { formatUtc } from "../domain/time/ny_time.ts";
import { sayAccountStatus } from "./account_look.ts";
import { adoptPositions, findAdoptable, listAdoptRequests, takeAdoptions } from "./adopting.ts";
import { readMarket } from "./broker_clock.ts";
import { isConvertTime } from "./closing.ts";
import { lookWhileClosed, placeClosedStops, readCover } from "./closed_look.ts";
import { noticeCorporateActions } from "./corporate_actions.ts";
import { noticeDisk } from "./disk_notice.ts";
import type { Engine, Observation } from "./engine.ts";
import { readDayLoss } from "./day_loss.ts";
import { listPressing } from "./entry_moment.ts";
import { recordEquity } from "./equity.ts";
import { observePrices, sayDryRunExits } from "./observe_prices.ts";
import { sayFilled } from "./fill_messages.ts";
import { reportForeign } from "./foreign.ts";
import { printGate } from "./gate_log.ts";
import {
  noticeGate,
  noticeKillSwitch,
  noticePause,
  sayKillSwitch,
  takeDelivered,
} from "./notices.ts";
import { isOfThisSession, observe, readSession } from "./observe.ts";
import { updateTrims } from "./positions.ts";
import { readPrices } from "./prices.ts";
import { carryOut } from "./plan_shell.ts";
import { askTogether, buildQuestions, type Questions } from "./questions.ts";
import { keepCopy } from "./record_copies.ts";
import { takeRequests } from "./releasing.ts";
import { sendSummaryIfDue } from "./summary.ts";
import { noticeTrouble } from "./trouble.ts";
import { reportUnreadable } from "./unreadable.ts";
import { takeStandings } from "./standings.ts";
import { wakeAfter, wakeForRetries } from "./moments.ts";
import { noteForeignState, takeInPositions, takeInRecords } from "./taking_in.ts";
import { readWatchlist } from "./reading_watchlist.ts";
import type { WatchlistStep } from "../domain/entry/watchlist_step.ts";

/** A warning; refusing entries begins later (broker.md, Time and data). */
const SKEW_WARN_SECONDS = 2;

/** What a cycle leaves for the wait after it. `market` is `null` where the broker's clock could not be read. */
export interface CycleResult {
  readonly market: MarketClock | null;
  readonly gate: GateDecision | null;
}

/**
 * One cycle: observe, reconcile, gate, exits and protection, then every intent due by then or within the lead, each at its moment,
 * and signals (pipeline 4).
 * Market closed: one line, and nothing else of the cycle but the look and the stop of pipeline 5.
 */
export async function runCycle(engine: Engine): Promise<CycleResult> {
  engine.momentsAhead = engine.wakeAtMs;
  engine.wakeAtMs = [];
  engine.pausedMs = 0;
  engine.ledgerProblem = null;
  engine.ledgerWait = null;
  engine.listsAsked = 0;
  engine.prices = null;
  engine.seen = { ...engine.seen, trades: new Map() };
  takeDelivered(engine);
  await noticeDisk(engine);
  // How near the close is, nobody knows before the clock has answered: then a run asks for all at once. So does an entry's moment.
  const isPressing = listPressing(engine).length > 0 ||
    (engine.ports.config.isRunOnce && isNearSomeClose(engine.nowMs()));
  const questions = isPressing ? await askAll(engine) : buildQuestions(engine);
  const market = await readMarket(engine, questions);
  engine.cycleBeganMs = engine.nowMs();
  await noticePause(engine);
  const isOpen = market !== null && market.isOpen;
  if (market === null || (!isOpen && !engine.ports.config.isMarketHoursIgnored)) {
    await noticeKillSwitch(engine);
    engine.ports.log.info("Market closed; skipping cycle.");
    // Where no look is due, nothing else takes them up in a run of one cycle.
    await takeRequests(engine);
    const gate = market === null ? null : await lookWhileClosed(engine, market, questions);
    if (market === null) await carryOut(engine, { gate: null });
    const areStandingsTaken = await takeStandings(engine, { market, gate });
    const cover = market === null ? null : await readCover(engine);
    wakeAfter(engine, gate, { outcome: { kind: "closed", cover }, areStandingsTaken });
    await sayMarket(engine, market);
    await noticeTrouble(engine, market);
    await sendSummaryIfDue(engine, market);
    await sayFilled(engine);
    await endCycle(engine);
    return { market, gate: null };
  }
  await sayMarket(engine, market);
  const observation = await observe(engine, market, questions);
  const gate = await runOpenCycle(engine, observation);
  engine.updateState({ lastCycleAtMs: engine.nowMs() });
  await noticeTrouble(engine, market);
  await sendSummaryIfDue(engine, market);
  await endCycle(engine);
  return { market, gate };
}

/** Last: nothing waits for a copy. */
async function endCycle(engine: Engine): Promise<void> {
  await engine.trySaveState();
  await keepCopy(engine);
}

/** The calendar too, which an open market is held against. */
async function askAll(engine: Engine): Promise<Questions> {
  const calendar = readSession(engine, engine.dateNy());
  const questions = askTogether(engine);
  // Both awaited: where one of them ends the process, nobody is left with the other's end.
  await Promise.all([calendar, questions.clock()]);
  return questions;
}

async function runOpenCycle(engine: Engine, observation: Observation): Promise<GateDecision> {
  saySkew(engine, observation);
  sayAccountStatus(engine);
  const { ledger, gate } = await takeInRecords(engine, observation);
  const { decision } = gate;
  await sayKillSwitch(engine, gate.inputs);
  await printGate(engine, decision);
  noticeGate(engine, decision);
  if (noteForeignState(engine, gate)) return decision;
  engine.forgetOldNews();
  await takeInPositions(engine);
  await recordEquity(engine);
  engine.dayLoss = await readDayLoss(engine);
  const watchlist = await readWatchlist(engine);
  await managePositions(engine, decision, watchlist);
  reportForeign(engine, watchlist.kind === "fresh" ? watchlist.candidates : []);
  reportUnreadable(engine);
  engine.isTakingEntries = watchlist.kind === "fresh" && engine.ports.disk.fault === null;
  if (watchlist.kind === "fresh" && engine.isTakingEntries) {
    await takeEntries(engine, decision, {
      candidates: watchlist.candidates,
      absent: ledger.absent,
    });
  } else {
    // Nothing is scheduled or sent: what expired is dropped, what was proven absent settles.
    await carryOut(engine, { gate: decision, entries: { isTaking: false, absent: ledger.absent } });
  }
  await engine.trySaveState();
  await noticeCorporateActions(engine, observation.clock);
  const end = { market: observation.clock, gate: decision };
  const areStandingsTaken = await takeStandings(engine, end);
  await sayFilled(engine);
  wakeAfter(engine, decision, { outcome: { kind: "managed" }, areStandingsTaken });
  return decision;
}

/**
 * New intents, and what becomes of those that are due. What is due already waits neither for the signals nor for any
 * replacement of the records but its own, which says all that the cycle has learnt (pipeline 4, 6).
 */
async function takeEntries(
  engine: Engine,
  gate: GateDecision,
  { candidates, absent }: {
    readonly candidates: readonly Candidate[];
    readonly absent: readonly LedgerEntry[];
  },
): Promise<void> {
  const waiting = new Set(engine.state.intents.map((intent) => intent.symbol));
  const isPressing = listPressing(engine).length > 0;
  const mandate = { gate, entries: { isTaking: true, absent } };
  if (isPressing) await carryOut(engine, mandate);
  await carryOut(engine, { gate, signals: { candidates, waiting } });
  if (isPressing) return;
  await engine.trySaveState();
  await carryOut(engine, mandate);
}

/** Exits, adoption and protection, whatever the watchlist says (pipeline 5). */
async function managePositions(
  engine: Engine,
  decision: GateDecision,
  watchlist: WatchlistStep,
): Promise<void> {
  // A run that may have time for one position alone: its overnight stop is worth more than a look at prices.
  if (engine.ports.config.isRunOnce && decision.mode === "LIVE" && isConvertTime(engine)) {
    await carryOut(engine, { gate: decision });
  }
  const candidates = watchlist.kind === "fresh" ? watchlist.candidates : [];
  const requests = await listAdoptRequests(engine);
  const trades = await readTrades(engine, [
    ...candidates.map((candidate) => candidate.symbol),
    ...requests.map(({ request }) => request.symbol),
  ]);
  const taken = await takeAdoptions(engine, requests, { candidates, trades });
  const adoptable = await findAdoptable(engine, { candidates, trades });
  const fresh = decision.mode === "LIVE"
    ? new Set([...taken, ...await adoptPositions(engine, decision, adoptable)])
    : taken;
  // Before its first stop leaves: a crash must not forget whose it is.
  if (fresh.size > 0) await engine.trySaveState();
  const clock = engine.observation?.clock;
  // With hours ignored: nothing is sold while the broker's clock says closed, and nothing is cancelled.
  if (decision.mode === "LIVE" && clock !== undefined && !clock.isOpen) {
    return await placeClosedStops(engine, decision, clock);
  }
  await observePrices(engine, decision, trades, fresh);
  if (decision.mode === "LIVE") {
    await carryOut(engine, { gate: decision, fresh });
    // A trim whose sell gave way to a stop just now is due in this cycle's standing.
    await updateTrims(engine, fresh);
    return wakeForRetries(engine);
  }
  await carryOut(engine, { gate: decision });
  for (const position of adoptable) {
    const priceUsd = trades.get(position.symbol)?.priceUsd ?? NaN;
    await sayDryRunExits(engine, position, position.qty ?? 0, priceUsd);
  }
}

/** Last prices of what is managed or could be adopted. */
async function readTrades(
  engine: Engine,
  listed: readonly string[],
): Promise<ReadonlyMap<string, Trade>> {
  const positions = engine.observation?.positions;
  const held = positions?.kind === "ok" ? positions.value.map((each) => each.symbol) : [];
  const symbols = new Set([
    ...engine.state.positions.map((each) => each.symbol),
    ...held.filter((symbol) => listed.includes(symbol)),
  ]);
  const asked = engine.markAsked();
  const { rows, answered } = await readPrices(
    engine,
    [...symbols].sort(),
    "; no exit decided for what has no price in this cycle",
  );
  engine.prices = { rows, answered };
  const now = [...rows].filter(([, trade]) => isOfThisSession(engine, trade));
  engine.learn(now.map(([symbol, trade]) => ({ to: "trade", symbol, trade })), asked);
  return rows;
}

function saySkew(engine: Engine, { skewSeconds }: Observation): void {
  if (Math.abs(skewSeconds) <= SKEW_WARN_SECONDS) return;
  engine.ports.log.warn(
    `System clock is ${
      skewSeconds.toFixed(1)
    } s off the broker's: correct the host's time (more than 30 s refuses entries)`,
  );
}

async function sayMarket(engine: Engine, market: MarketClock | null): Promise<void> {
  const text = market === null ? "unknown" : `${market.isOpen}:${market.nextCloseMs}`;
  if (engine.marketSaid === text) return;
  engine.marketSaid = text;
  await engine.event({
    type: "market",
    is_open: market?.isOpen ?? null,
    next_open: market === null ? null : formatUtc(market.nextOpenMs),
    next_close: market === null ? null : formatUtc(market.nextCloseMs),
  });
}
