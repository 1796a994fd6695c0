import { SKIP } from "../domain/entry/skip_reason.ts";
import type { SignalRecord } from "../domain/entry/entry_plan.ts";
import type { EntryIntent } from "../domain/account/entry_intent.ts";
import type { SignalsNote } from "../domain/plan/note.ts";
import type { BarsRead } from "../domain/plan/world.ts";
import type { Bar } from "../domain/time/market.ts";
import { formatNy, formatUtc } from "../domain/time/ny_time.ts";
import type { Engine } from "./engine.ts";
import { skipOnce } from "./entry_words.ts";
import { formatSymbolNames } from "./symbol_notices.ts";

/** Tells what a look for breakouts has come to: the words are here, and nothing is decided. */
export async function tellSignals(engine: Engine, value: SignalsNote): Promise<void> {
  const { log } = engine.ports;
  switch (value.kind) {
    case "no_account":
      return log.warn(`Account unavailable (${value.failure}): no sizes, no new entries`);
    case "no_equity":
      return log.warn(
        "Account shows no equity: no sizes, no new entries. Do: look at it at the broker",
      );
    case "bars_unanswered":
      return tellUnanswered(engine, value.bars);
    case "signals":
      return await tellFound(engine, value);
  }
}

async function tellFound(
  engine: Engine,
  { found, equityUsd, bars, listUsd }: Extract<SignalsNote, { readonly kind: "signals" }>,
): Promise<void> {
  const { intents, signals, stale } = found;
  sayStale(engine, stale.map((each) => each.symbol));
  await recordInParts(signals, (signal) => saySignal(engine, signal));
  sayIntents(engine, intents);
  await recordInParts(intents, (intent) =>
    recordIntent(engine, intent, {
      listPriceUsd: listUsd.get(intent.symbol) ?? null,
      equityUsd,
      bars: bars.get(intent.symbol) ?? [],
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

/** What was not answered is named, and decided when it is. */
function tellUnanswered(engine: Engine, bars: BarsRead): void {
  const { unanswered, trouble, answered } = bars;
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
