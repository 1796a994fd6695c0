import { type CapInputs, checkCaps, formatVerdict, type OrderVerdict } from "../domain/caps.ts";
import { parseOurId } from "../domain/client_order_id.ts";
import type { EntryIntent } from "../domain/entry_intent.ts";
import { isExpired, listDueIntents } from "../domain/entry_plan.ts";
import type { GateDecision, LiveDecision } from "../domain/gate.ts";
import {
  buildCapUsage,
  isOpenEntry,
  isUnsettled,
  type LedgerEntry,
  type LiveLedger,
  NOT_SENT,
} from "../domain/ledger.ts";
import type { Trade } from "../domain/market.ts";
import { buildNotional, microsToUsd } from "../domain/money.ts";
import { formatUtc } from "../domain/ny_time.ts";
import { flattenOrders, isFinal } from "../domain/orders.ts";
import type { Engine } from "./engine.ts";
import { submitEntry } from "./entry_order.ts";
import { printGateIfChanged } from "./gate_log.ts";
import { readGate } from "./gate_reader.ts";
import { changeEntry } from "./ledger_store.ts";
import { closeMsOf, refresh } from "./observe.ts";
import { StateError } from "./ports.ts";
import { saySubmitted } from "./trade_messages.ts";

/** An entry begun must be able to end: its reads, its request, and the look-up of a lost answer. */
const ENTRY_MS = 12_000;
/** An entry later than this before the close could not be given its overnight stop in time (pipeline 5). */
const LAST_ENTRY_MS = 60_000;

/**
 * Decides every intent that is due, in order of scheduled time, and entries proven absent at the broker, each as a new
 * decision (pipeline 4 and 6).
 * @param gate This cycle's decision.
 * @param absent From the ledger step.
 */
export async function decideDueEntries(
  engine: Engine,
  gate: GateDecision,
  absent: readonly LedgerEntry[],
): Promise<void> {
  const { due: listed, expired, waiting } = listDueIntents(engine.state.intents, engine.nowMs());
  engine.updateState({ intents: waiting });
  for (const intent of expired) await skip(engine, intent, "intent expired");
  const due = await dropRecorded(engine, listed);
  const repeatable = gate.mode === "LIVE" ? absent : [];
  const repeats = repeatable.flatMap(buildRepeat);
  for (const entry of absent) {
    const isRepeated = repeats.some((intent) => intent.clientOrderId === entry.clientOrderId);
    if (!isRepeated) await settleNotSent(engine, entry.clientOrderId);
  }
  if (due.length === 0 && repeats.length === 0) return;
  const trades = gate.mode === "LIVE"
    ? await readTrades(engine, [...repeats, ...due])
    : new Map<string, Trade>();
  let current = gate;
  for (const intent of [...repeats, ...due]) {
    if (engine.stop.aborted || engine.isOutOfTime(ENTRY_MS)) {
      keepForLater(engine, due, intent);
      continue;
    }
    current = await decideEntry(engine, current, intent, trades);
    if (repeats.includes(intent)) await settleUnrepeated(engine, intent.clientOrderId);
  }
}

/**
 * Leaves out the intents that the ledger has on record: a process that ended before it saved its list may have sent them,
 * and from the record on only 60 s of "not found" lead to a repeat (pipeline 6).
 */
async function dropRecorded(
  engine: Engine,
  due: readonly EntryIntent[],
): Promise<readonly EntryIntent[]> {
  if (due.length === 0) return due;
  const read = await engine.ports.ledger.read();
  if (read.kind !== "ok") return due;
  const recorded = new Set<string | null>(read.ledger.entries.map((each) => each.clientOrderId));
  for (const intent of due) {
    if (recorded.has(intent.clientOrderId)) await skip(engine, intent, "already on record");
  }
  return due.filter((intent) => !recorded.has(intent.clientOrderId));
}

/** A due intent that this process has no time for stays on the list. */
function keepForLater(engine: Engine, due: readonly EntryIntent[], intent: EntryIntent): void {
  if (due.includes(intent)) engine.updateState({ intents: [...engine.state.intents, intent] });
}

/** Without a fresh list nothing is scheduled or sent: what expired is dropped, what was proven absent settles. */
export async function pauseEntries(
  engine: Engine,
  absent: readonly LedgerEntry[],
): Promise<void> {
  const { expired } = listDueIntents(engine.state.intents, engine.nowMs());
  engine.updateState({ intents: engine.state.intents.filter((each) => !expired.includes(each)) });
  for (const intent of expired) await skip(engine, intent, "intent expired");
  for (const entry of absent) await settleNotSent(engine, entry.clientOrderId);
}

/** A repeat that was not sent again settles: its record stands for nothing at the broker. */
async function settleUnrepeated(engine: Engine, clientOrderId: string): Promise<void> {
  const read = await engine.ports.ledger.read();
  if (read.kind !== "ok") return;
  const entry = read.ledger.entries.find((each) => each.clientOrderId === clientOrderId);
  // A repeat that left has a record of its own, without the old evidence of absence.
  if (entry === undefined || !isUnsettled(entry) || entry.notFoundSinceMs === null) return;
  await settleNotSent(engine, clientOrderId);
}

async function settleNotSent(engine: Engine, clientOrderId: string | null): Promise<void> {
  if (clientOrderId === null) return;
  await changeEntry(engine, clientOrderId, (entry) => ({
    ...entry,
    status: "rejected",
    reason: NOT_SENT,
  }));
}

/** The intent that an unresolved entry was recorded for; empty where its record does not hold one. */
function buildRepeat(entry: LedgerEntry): EntryIntent[] {
  const clientOrderId = parseOurId(entry.clientOrderId ?? "");
  const { qty, pivotUsd, stopUsd, r1Usd, r2Usd, refPriceUsd, expiresAtMs } = entry;
  if (
    clientOrderId === null || qty === null || pivotUsd === null || stopUsd === null ||
    r1Usd === null || r2Usd === null || refPriceUsd === null || expiresAtMs === null
  ) return [];
  const recordedAtMs = Date.parse(entry.timestamp);
  return [{
    clientOrderId,
    dateNy: clientOrderId.slice(6, 16),
    symbol: entry.symbol,
    qty,
    pivotUsd,
    stopUsd,
    r1Usd,
    r2Usd,
    refPriceUsd,
    distancePct: 0,
    confirmedAtMs: recordedAtMs,
    scheduledAtMs: recordedAtMs,
    expiresAtMs,
  }];
}

async function readTrades(
  engine: Engine,
  intents: readonly EntryIntent[],
): Promise<ReadonlyMap<string, Trade>> {
  const symbols = [...new Set(intents.map((intent) => intent.symbol))];
  const read = await engine.read(() => engine.ports.marketData.listLatestTrades(symbols));
  if (read.kind === "ok") return read.value;
  engine.ports.log.warn(`Latest trades unavailable (${read.failure}): ${read.message}`);
  return new Map();
}

/** Decides one entry. @returns The gate as it is afterwards, for the next one. */
async function decideEntry(
  engine: Engine,
  gate: GateDecision,
  intent: EntryIntent,
  trades: ReadonlyMap<string, Trade>,
): Promise<GateDecision> {
  if (await isPastWorth(engine, intent)) return gate;
  const read = await engine.ports.ledger.read();
  const known = read.kind === "ok" ? read.ledger : null;
  if (!isFree(engine, intent, known)) {
    await skip(engine, intent, "open order/position exists");
    return gate;
  }
  if (gate.mode === "DRY_RUN") {
    await simulateEntry(engine, intent);
    return gate;
  }
  const trade = trades.get(intent.symbol);
  const first = checkEntry(engine, gate, { intent, trade, ledger: known });
  if (first.verdict.kind === "denied") {
    await sayVerdict(engine, intent, first);
    return gate;
  }
  // Only an intent that passes on the cycle's view is worth asking the broker again.
  await refresh(engine);
  const { decision, ledger } = await readGate(engine);
  await printGateIfChanged(engine, decision);
  if (decision.mode === "DRY_RUN") {
    await simulateEntry(engine, intent);
    return decision;
  }
  if (!isFree(engine, intent, ledger)) {
    await skip(engine, intent, "open order/position exists");
    return decision;
  }
  const checked = checkEntry(engine, decision, { intent, trade, ledger });
  await sayVerdict(engine, intent, checked);
  const { verdict } = checked;
  if (verdict.kind === "allowed" && !await isPastWorth(engine, intent)) {
    await submitEntry(engine, decision, intent, verdict.notionalMicros);
  }
  return decision;
}

async function isPastWorth(engine: Engine, intent: EntryIntent): Promise<boolean> {
  const closeMs = engine.observation === null ? null : closeMsOf(engine.observation);
  const isLate = closeMs !== null && engine.observation?.clock.isOpen === true &&
    engine.nowMs() > closeMs - LAST_ENTRY_MS;
  const isOtherDay = intent.dateNy !== engine.dateNy();
  if (!isExpired(intent.expiresAtMs, engine.nowMs()) && !isLate && !isOtherDay) return false;
  await skip(engine, intent, "intent expired");
  return true;
}

/** Whether nobody has an order or position in the symbol; a broker that can't be asked counts as "exists". */
function isFree(engine: Engine, intent: EntryIntent, ledger: LiveLedger | null): boolean {
  const { observation } = engine;
  if (observation?.positions.kind !== "ok" || observation.openOrders.kind !== "ok") return false;
  const { symbol } = intent;
  if (observation.positions.value.some((position) => position.symbol === symbol)) return false;
  const orders = flattenOrders(observation.openOrders.value);
  if (orders.some((order) => order.symbol === symbol && !isFinal(order))) return false;
  if (engine.state.positions.some((position) => position.symbol === symbol)) return false;
  return ledger === null ||
    !ledger.entries.some((entry) =>
      entry.symbol === symbol && entry.clientOrderId !== intent.clientOrderId &&
      isUnsettled(entry) && entry.clientOrderId !== null
    );
}

/** A verdict and what it was measured against, for the audit trail. */
interface CheckedEntry {
  readonly verdict: OrderVerdict;
  /** `null` where the ledger could not be counted from. */
  readonly inputs: CapInputs | null;
  readonly trade: Trade | undefined;
}

function checkEntry(
  engine: Engine,
  gate: LiveDecision,
  { intent, trade, ledger }: {
    readonly intent: EntryIntent;
    readonly trade: Trade | undefined;
    /** As just read; `null` where it can't be counted from. */
    readonly ledger: LiveLedger | null;
  },
): CheckedEntry {
  if (ledger === null) {
    const detail = "the live ledger can't be read";
    const verdict = { kind: "denied", reason: "positions unknown", detail } as const;
    return { verdict, inputs: null, trade };
  }
  const priceUsd = trade === undefined ? NaN : Math.max(intent.refPriceUsd, trade.priceUsd);
  const inputs: CapInputs = {
    symbol: intent.symbol,
    notionalMicros: buildNotional(intent.qty, priceUsd),
    openSymbols: countOpenSymbols(engine, ledger, intent),
    usage: buildCapUsage(ledger, intent),
    clockSkewSeconds: engine.observation?.skewSeconds ?? null,
  };
  return { verdict: checkCaps(gate, inputs), inputs, trade };
}

/**
 * Distinct symbols with anyone's open position, a working buy, or an entry of ours that is not settled (pipeline 4).
 * @param intent Whose own record is left out.
 * @returns `null` where the broker could not be asked.
 */
export function countOpenSymbols(
  engine: Engine,
  ledger: LiveLedger,
  intent: { readonly clientOrderId: string | null },
): number | null {
  const { observation } = engine;
  if (observation?.positions.kind !== "ok" || observation.openOrders.kind !== "ok") return null;
  const symbols = new Set(observation.positions.value.map((position) => position.symbol));
  for (const order of observation.openOrders.value) {
    if (order.side === "buy" && !isFinal(order)) symbols.add(order.symbol);
  }
  for (const position of engine.state.positions) symbols.add(position.symbol);
  for (const entry of ledger.entries) {
    const isOther = entry.clientOrderId !== intent.clientOrderId;
    if (isOther && entry.side === "buy" && entry.clientOrderId !== null && isOpenEntry(entry)) {
      symbols.add(entry.symbol);
    }
  }
  return symbols.size;
}

async function sayVerdict(
  engine: Engine,
  intent: EntryIntent,
  { verdict, inputs, trade }: CheckedEntry,
): Promise<void> {
  engine.ports.log.info(formatVerdict(intent.symbol, verdict));
  const notionalMicros = inputs?.notionalMicros ?? null;
  await engine.event({
    type: "verdict",
    symbol: intent.symbol,
    client_order_id: intent.clientOrderId,
    mode: "LIVE",
    qty: intent.qty,
    ref_price_usd: intent.refPriceUsd,
    last_price_usd: trade?.priceUsd ?? null,
    notional_usd: notionalMicros === null ? null : microsToUsd(notionalMicros),
    is_allowed: verdict.kind === "allowed",
    reason: verdict.kind === "allowed" ? "caps ok" : verdict.reason,
    detail: verdict.kind === "allowed" ? null : verdict.detail,
    open_symbols: inputs?.openSymbols ?? null,
    used_orders: inputs?.usage.orders ?? null,
    used_gross_usd: inputs === null ? null : microsToUsd(inputs.usage.grossMicros),
    used_symbol_usd: inputs === null ? null : microsToUsd(inputs.usage.symbolMicros),
    clock_skew_seconds: inputs?.clockSkewSeconds ?? null,
  });
}

async function skip(engine: Engine, intent: EntryIntent, reason: string): Promise<void> {
  engine.ports.log.info(`SKIP ${intent.symbol}: ${reason}`);
  await saySkip(engine, intent, reason);
}

async function saySkip(engine: Engine, intent: EntryIntent, reason: string): Promise<void> {
  await engine.event({
    type: "skip",
    symbol: intent.symbol,
    client_order_id: intent.clientOrderId,
    mode: engine.gateMode,
    reason,
  });
}

/** What DRY_RUN does with a due intent: once per symbol and NY day, durable before it is said (pipeline 4). */
async function simulateEntry(engine: Engine, intent: EntryIntent): Promise<void> {
  const { log, dryRunLedger, config } = engine.ports;
  const { symbol, qty, stopUsd, r2Usd } = intent;
  const { allowlist } = config;
  const isAllowlisted = allowlist.kind !== "list" || allowlist.symbols.includes(symbol);
  if (!isAllowlisted) {
    log.info(`Gate DRY_RUN allowlist would block ${symbol}`);
  }
  const dateNy = engine.dateNy();
  try {
    if (await dryRunLedger.has({ dateNy, symbol })) {
      log.info(`DRY_RUN: already submitted today -> ${symbol}; skipping`);
      await saySkip(engine, intent, "already submitted today");
      return;
    }
    await dryRunLedger.record({ dateNy, symbol, qty, ts: formatUtc(engine.nowMs()) });
  } catch (error) {
    if (!(error instanceof StateError)) throw error;
    engine.sayError(`DRY_RUN ${symbol} not recorded: ${error.message}`);
    return;
  }
  log.info(`DRY_RUN: would submit ${symbol} qty=${qty} SL=${stopUsd} TP=${r2Usd}`);
  log.info(`SUBMITTED ${symbol}: qty=${qty} order_id=dry-run`);
  saySubmitted(engine, intent, { orderId: "dry-run", priceUsd: intent.refPriceUsd });
  await engine.event({
    type: "dry_run_order",
    symbol,
    client_order_id: intent.clientOrderId,
    qty,
    stop_usd: stopUsd,
    take_profit_usd: r2Usd,
    ref_price_usd: intent.refPriceUsd,
    notional_usd: qty * intent.refPriceUsd,
    is_allowlisted: isAllowlisted,
  });
}
