import { BAR_WINDOW_MS } from "../domain/entry/breakout.ts";
import type { Candidate } from "../domain/entry/candidate.ts";
import { countUsage, type EntrySight, isFree } from "../domain/entry/open_symbols.ts";
import { SKIP } from "../domain/entry/skip_reason.ts";
import type { EntryIntent } from "../domain/account/entry_intent.ts";
import { buildEntryIntents, type SignalRecord } from "../domain/entry/entry_plan.ts";
import { buildCapUsage } from "../domain/order/ledger.ts";
import { type Bar, BAR_MS } from "../domain/time/market.ts";
import { buildEntrySight } from "../domain/plan/entry_judging.ts";
import { formatNy, formatUtc } from "../domain/time/ny_time.ts";
import { isCloseNear } from "./closing.ts";
import type { Engine } from "./engine.ts";
import { skipOnce } from "./entry_words.ts";
import { type ListsRead, readByLists } from "./symbol_lists.ts";
import { formatSymbolNames } from "./symbol_notices.ts";

/**
 * Looks for breakouts among the candidates and makes an intent for each confirmed one that has none (pipeline 2 to 4).
 * All symbols are asked for in as few requests as the API allows; missing data confirms nothing, and says so.
 * @param waiting Symbols that had an intent when the cycle began: one that was decided since is tried again in the next cycle.
 */
export async function makeIntents(
  engine: Engine,
  candidates: readonly Candidate[],
  waiting: ReadonlySet<string>,
): Promise<void> {
  const { observation } = engine;
  if (candidates.length === 0 || observation === null) return;
  const { isOpen, nextCloseMs } = observation.clock;
  // A cycle that ran over the close makes no intents: their session is over.
  if (isOpen && engine.nowMs() >= nextCloseMs) return;
  const { marketData, log, chance, config } = engine.ports;
  if (observation.account.kind === "failed") {
    log.warn(`Account unavailable (${observation.account.failure}): no sizes, no new entries`);
    return;
  }
  const { equityUsd } = observation.account.value;
  if (equityUsd === null) {
    if (engine.isNews("equity:none", engine.dateNy())) {
      log.warn("Account shows no equity: no sizes, no new entries. Do: look at it at the broker");
    }
    return;
  }
  const endMs = engine.nowMs();
  // The bar still forming is not asked for: it would have closed by the time that a late answer is looked at.
  const window = { startMs: endMs - BAR_WINDOW_MS, endMs: endMs - BAR_MS };
  const bars = await readByLists(engine, {
    what: "bars",
    symbols: candidates.map((candidate) => candidate.symbol),
    ask: (query) => marketData.listBars({ ...query, window }),
  });
  sayUnanswered(engine, bars);
  if (bars.answered.size === 0) return;
  const { ledger } = engine.state;
  const sight = buildEntrySight(engine.seen, engine.state);
  const nowMs = engine.nowMs();
  const { intents, signals, stale } = buildEntryIntents({
    candidates: candidates.filter(({ symbol }) => bars.answered.has(symbol)),
    bars: bars.rows,
    nowMs,
    dateNy: engine.dateNy(),
    session: observation.session,
    equityUsd,
    accountId: observation.account.value.accountId,
    findBar: (symbol) => findBar(engine, symbol, sight),
    countRejections: (symbol) =>
      ledger === null
        ? 0
        : buildCapUsage(ledger, { dateNy: engine.dateNy(), symbol, clientOrderId: null })
          .symbolRejections,
    waiting: new Set([...waiting, ...engine.state.intents.map((intent) => intent.symbol)]),
    delayMinSeconds: config.entryDelayMinSeconds,
    delayMaxSeconds: config.entryDelayMaxSeconds,
    uniform: () => chance.uniform(),
  });
  if (intents.length > 0) engine.updateState({ intents: [...engine.state.intents, ...intents] });
  sayStale(engine, stale.map((each) => each.symbol));
  await recordInParts(signals, (signal) => saySignal(engine, signal));
  sayIntents(engine, intents);
  const listedPrices = new Map(candidates.map(({ symbol, priceUsd }) => [symbol, priceUsd]));
  await recordInParts(intents, (intent) =>
    recordIntent(engine, intent, {
      listPriceUsd: listedPrices.get(intent.symbol) ?? null,
      equityUsd,
      bars: bars.rows.get(intent.symbol) ?? [],
    }));
}

/** Lines of the audit trail in the making at a time: a thousand breakouts must not be a thousand texts at once. */
const RECORDED_AT_ONCE = 100;

/** Together, which the trail writes at once; in parts, which bound what is in memory. */
async function recordInParts<T>(
  items: readonly T[],
  record: (item: T) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < items.length; at += RECORDED_AT_ONCE) {
    await Promise.all(items.slice(at, at + RECORDED_AT_ONCE).map(record));
  }
}

async function recordIntent(
  engine: Engine,
  intent: EntryIntent,
  { listPriceUsd, equityUsd, bars }: {
    readonly listPriceUsd: number | null;
    readonly equityUsd: number;
    readonly bars: readonly Bar[];
  },
): Promise<void> {
  await engine.event({
    type: "intent",
    symbol: intent.symbol,
    client_order_id: intent.clientOrderId,
    qty: intent.qty,
    pivot_usd: intent.pivotUsd,
    r1_usd: intent.r1Usd,
    r2_usd: intent.r2Usd,
    stop_usd: intent.stopUsd,
    ref_price_usd: intent.refPriceUsd,
    list_price_usd: listPriceUsd,
    equity_usd: equityUsd,
    distance_pct: intent.distancePct,
    bars: bars.map(({ startMs, closeUsd }) => ({ start: formatUtc(startMs), close_usd: closeUsd })),
    scheduled_at: formatUtc(intent.scheduledAtMs),
    expires_at: formatUtc(intent.expiresAtMs),
  });
}

/**
 * Why a confirmed symbol gets no intent now (pipeline 4). Where that has no answer it gets one, which waits for the answer
 * when it is due.
 */
function findBar(engine: Engine, symbol: string, sight: EntrySight): string | null {
  if (isCloseNear(engine)) return SKIP.closeNear;
  const { positions, openOrders, ledger } = sight;
  const own = { dateNy: engine.dateNy(), symbol, clientOrderId: null };
  const isAnswered = positions !== null && openOrders !== null;
  if (isAnswered && !isFree(sight, own)) return SKIP.taken;
  return ledger !== null && countUsage(sight, ledger, own).hasEntry ? SKIP.entered : null;
}

/** The same pair of bars makes an intent in each cycle that denies one (pipeline 4): one line says it. */
function sayIntents(engine: Engine, intents: readonly EntryIntent[]): void {
  const dateNy = engine.dateNy();
  const keyOf = ({ symbol }: EntryIntent) => `intent:${symbol}`;
  const news = engine.listNews(Object.fromEntries(
    intents.map((intent) => [keyOf(intent), `${dateNy} ${intent.b2StartMs}`]),
  ));
  for (const intent of intents.filter((each) => news.has(keyOf(each)))) {
    const { symbol, qty, pivotUsd, refPriceUsd, scheduledAtMs } = intent;
    engine.ports.log.info(
      `INTENT ${symbol}: qty=${qty} pivot=${pivotUsd} ref=${refPriceUsd} due ${
        formatNy(scheduledAtMs)
      }`,
    );
  }
}

function sayStale(engine: Engine, symbols: readonly string[]): void {
  if (symbols.length === 0) return;
  engine.ports.log.info(
    `Bars too old or missing, nothing confirmed: ${formatSymbolNames(symbols)}`,
  );
}

/** What was not answered is not "no breakout": it is named, and decided when it is. */
function sayUnanswered(engine: Engine, bars: ListsRead<readonly Bar[]>): void {
  const { unanswered, trouble, answered } = bars;
  if (unanswered.length === 0) return;
  const why = trouble === null
    ? "refused together with another symbol, which is searched for"
    : `(${trouble.failure}): ${trouble.message}`;
  if (answered.size === 0 && trouble !== null) {
    return engine.ports.log.warn(`Bars unavailable ${why}; no new entries`);
  }
  const names = formatSymbolNames(unanswered);
  engine.ports.log.warn(`Bars not answered, nothing decided of ${names}: ${why}`);
}

/** Only what could have become an entry is kept: hundreds of symbols a cycle that did nothing would drown the trail. */
async function saySignal(engine: Engine, signal: SignalRecord): Promise<void> {
  if (!("b2" in signal)) {
    const { symbol, reason } = signal;
    if (signal.outcome === "barred") {
      await skipOnce(engine, { symbol, clientOrderId: null }, reason);
    }
    return;
  }
  if (signal.outcome === "not_confirmed") return;
  if (signal.outcome === "no_shares") {
    await skipOnce(engine, { symbol: signal.symbol, clientOrderId: null }, SKIP.noShares);
  }
  await engine.event({
    type: "signal",
    symbol: signal.symbol,
    outcome: signal.outcome,
    pivot_usd: signal.pivotUsd,
    b1_close_usd: signal.b1.closeUsd,
    b2_close_usd: signal.b2.closeUsd,
    b2_start: formatUtc(signal.b2.startMs),
    qty: signal.qty,
  });
}
