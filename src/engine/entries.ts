import type { EntryIntent } from "../domain/entry_intent.ts";
import { isExpired, listDueIntents } from "../domain/entry_plan.ts";
import type { GateDecision } from "../domain/gate.ts";
import { isUnsettled, type LedgerEntry, type LiveLedger } from "../domain/ledger.ts";
import type { Trade } from "../domain/market.ts";
import { flattenOrders, isFinal } from "../domain/orders.ts";
import { simulateEntry } from "./dry_run_entry.ts";
import { LAST_ENTRY_MS, untilCloseMs } from "./closing.ts";
import { hasCorporateAction } from "./corporate_actions.ts";
import type { Engine } from "./engine.ts";
import { checkEntry, sayVerdict } from "./entry_check.ts";
import { submitEntry } from "./entry_order.ts";
import { buildRepeat, settleNotSent, settleUnrepeated } from "./entry_repeat.ts";
import { printGateIfChanged } from "./gate_log.ts";
import { readLatestTrades } from "./latest_trades.ts";
import { readGate } from "./gate_reader.ts";
import { isMarketOpen, refresh } from "./observe.ts";
import { skip } from "./skips.ts";
import { isUnreadableIn } from "./unreadable.ts";

/** An entry begun must be able to end: its reads, its request, and the look-up of a lost answer. */
const ENTRY_MS = 12_000;

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
  const { due, expired, waiting } = listDueIntents(engine.state.intents, engine.nowMs());
  if (due.length > 0 || expired.length > 0) engine.updateState({ intents: waiting });
  for (const intent of expired) await skip(engine, intent, "intent expired");
  const repeatable = gate.mode === "LIVE" ? absent : [];
  const repeats = repeatable.flatMap(buildRepeat);
  for (const entry of absent) {
    const isRepeated = repeats.some((intent) => intent.clientOrderId === entry.clientOrderId);
    if (!isRepeated) await settleNotSent(engine, entry.clientOrderId);
  }
  if (due.length === 0 && repeats.length === 0) return;
  const trades = await readTrades(engine, gate.mode === "LIVE" ? [...repeats, ...due] : []);
  let current = gate;
  for (const intent of [...repeats, ...due]) {
    if (engine.stop.aborted || engine.isOutOfTime(ENTRY_MS)) {
      keepForLater(engine, due, intent);
      continue;
    }
    const isRepeat = repeats.includes(intent);
    current = await decideEntry(engine, { gate: current, intent, isRepeat, trades });
    const isSettled = isRepeat && (!mayShow(engine, intent) || isOver(engine, intent));
    if (isSettled) await settleUnrepeated(engine, intent.clientOrderId);
  }
}

/** Whether what the broker shows by now may be the intent's own order or fill: it goes on counting until that is known. */
function mayShow(engine: Engine, { clientOrderId, symbol, qty }: EntryIntent): boolean {
  const { positions, openOrders } = engine.observation ?? {};
  const held = positions?.kind === "ok"
    ? positions.value.find((position) => position.symbol === symbol)
    : undefined;
  const mayBeFill = held !== undefined && Number.isSafeInteger(held.qty) && held.qty > 0 &&
    held.qty <= qty;
  return mayBeFill || isUnreadableIn(engine, symbol) ||
    (openOrders?.kind === "ok" &&
      openOrders.value.some((order) => order.clientOrderId === clientOrderId));
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
  if (expired.length > 0) {
    const left = engine.state.intents.filter((each) => !expired.includes(each));
    engine.updateState({ intents: left });
  }
  for (const intent of expired) await skip(engine, intent, "intent expired");
  for (const entry of absent) await settleNotSent(engine, entry.clientOrderId);
}

/** Older latest trades are read again before an entry is held against the caps with them. */
const TRADES_AGE_MS_MAX = 5_000;

/** Prices of one moment; a symbol that is not there has none. */
interface LatestTrades {
  readonly bySymbol: ReadonlyMap<string, Trade>;
  readonly atMonotonicMs: number;
}

async function readTrades(
  engine: Engine,
  intents: readonly EntryIntent[],
): Promise<LatestTrades> {
  const atMonotonicMs = engine.ports.clock.monotonicMs();
  if (intents.length === 0) return { bySymbol: new Map(), atMonotonicMs };
  const symbols = [...new Set(intents.map((intent) => intent.symbol))];
  return { bySymbol: await readLatestTrades(engine, symbols, ""), atMonotonicMs };
}

/** One entry to decide. */
interface DueEntry {
  /** As it was after the entry before. */
  readonly gate: GateDecision;
  readonly intent: EntryIntent;
  /** Whether its record is there because it was proven absent at the broker. */
  readonly isRepeat: boolean;
  readonly trades: LatestTrades;
}

/** Decides one entry. @returns The gate as it is afterwards, for the next one. */
async function decideEntry(engine: Engine, entry: DueEntry): Promise<GateDecision> {
  const { gate, intent, trades } = entry;
  if (await isPastWorth(engine, intent)) return gate;
  const read = await engine.ports.ledger.read();
  const known = read.kind === "ok" ? read.ledger : null;
  // Where this look fails, the caps deny the entry below.
  if (isOnRecord(entry, known)) {
    await skip(engine, intent, "already on record");
    return gate;
  }
  if (!isFree(engine, intent, known)) {
    await skip(engine, intent, "open order/position exists");
    return gate;
  }
  if (gate.mode === "DRY_RUN") {
    await simulateEntry(engine, intent);
    return gate;
  }
  // With `--ignore-market-hours`: a record of each order that can't leave would fill the ledger over night.
  if (!isMarketOpen(engine)) {
    await skip(engine, intent, "market closed");
    return gate;
  }
  const trade = trades.bySymbol.get(intent.symbol);
  const first = checkEntry(engine, gate, { intent, trade, ledger: known });
  if (first.verdict.kind === "denied") {
    await sayVerdict(engine, intent, first);
    return gate;
  }
  if (await hasCorporateAction(engine, intent, trades.bySymbol.keys())) {
    await skip(engine, intent, "corporate action");
    return gate;
  }
  // Only an intent that passes on the cycle's view is worth asking the broker again.
  await refresh(engine);
  // The entries before it may have taken long: the cap is held against the price of now.
  const isOld = engine.ports.clock.monotonicMs() - trades.atMonotonicMs > TRADES_AGE_MS_MAX;
  const latest = isOld ? (await readTrades(engine, [intent])).bySymbol.get(intent.symbol) : trade;
  const { decision, ledger } = await readGate(engine);
  await printGateIfChanged(engine, decision);
  if (!isFree(engine, intent, ledger)) {
    await skip(engine, intent, "open order/position exists");
    return decision;
  }
  if (decision.mode === "DRY_RUN") {
    await simulateEntry(engine, intent);
    return decision;
  }
  const checked = checkEntry(engine, decision, { intent, trade: latest, ledger });
  await sayVerdict(engine, intent, checked);
  const { verdict } = checked;
  if (verdict.kind === "allowed" && !await isPastWorth(engine, intent)) {
    await submitEntry(engine, decision, intent, verdict.notionalMicros);
  }
  return decision;
}

/**
 * Whether a process that ended before it saved its list may have sent the intent: from its record on only 60 s of "not
 * found" lead to a repeat (pipeline 6).
 */
function isOnRecord({ intent, isRepeat }: DueEntry, ledger: LiveLedger | null): boolean {
  return !isRepeat && ledger !== null &&
    ledger.entries.some((entry) => entry.clientOrderId === intent.clientOrderId);
}

async function isPastWorth(engine: Engine, intent: EntryIntent): Promise<boolean> {
  if (!isOver(engine, intent)) return false;
  await skip(engine, intent, "intent expired");
  return true;
}

function isOver(engine: Engine, intent: EntryIntent): boolean {
  const isLate = engine.observation?.clock.isOpen === true &&
    untilCloseMs(engine) < LAST_ENTRY_MS;
  const isOtherDay = intent.dateNy !== engine.dateNy();
  return isExpired(intent.expiresAtMs, engine.nowMs()) || isLate || isOtherDay;
}

/** Whether nobody has an order or position in the symbol; a broker that can't be asked counts as "exists". */
function isFree(engine: Engine, intent: EntryIntent, ledger: LiveLedger | null): boolean {
  const { observation } = engine;
  if (observation?.positions.kind !== "ok" || observation.openOrders.kind !== "ok") return false;
  const { symbol } = intent;
  if (isUnreadableIn(engine, symbol)) return false;
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
