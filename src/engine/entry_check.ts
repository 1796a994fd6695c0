import { type CapInputs, checkCaps, formatVerdict, type OrderVerdict } from "../domain/caps.ts";
import { isOurs } from "../domain/client_order_id.ts";
import type { EntryIntent } from "../domain/entry_intent.ts";
import type { LiveDecision } from "../domain/gate.ts";
import {
  buildCapUsage,
  type CapUsage,
  isEntryRecord,
  isOpenEntry,
  type LiveLedger,
} from "../domain/ledger.ts";
import type { Trade } from "../domain/market.ts";
import { buildNotional, microsToUsd } from "../domain/money.ts";
import { formatUtc } from "../domain/ny_time.ts";
import { flattenOrders, isFinal } from "../domain/orders.ts";
import { roundToIncrement } from "../domain/price_increment.ts";
import { readAccountBlock } from "./account_look.ts";
import type { Engine } from "./engine.ts";
import { listUnreadableSymbols } from "./unreadable.ts";

/** A verdict and what it was measured against, for the audit trail. */
interface CheckedEntry {
  readonly verdict: OrderVerdict;
  readonly inputs: CapInputs;
  readonly trade: Trade | undefined;
}

/** What is counted for an entry: its own record is left out where it is repeated, so that it does not deny itself. */
export interface EntryKey {
  readonly dateNy: string;
  readonly symbol: string;
  /** `null` where it has no record, or none that could count. */
  readonly clientOrderId: string | null;
}

/** Holds one entry against account, allowlist and caps; a price that is not there denies it (pipeline 4, runbook 5). */
export function checkEntry(
  engine: Engine,
  gate: LiveDecision,
  { intent, own, trade, ledger, areEntriesPaused }: {
    readonly intent: EntryIntent;
    readonly own: EntryKey;
    readonly trade: Trade | undefined;
    /** As just read. */
    readonly ledger: LiveLedger;
    readonly areEntriesPaused: boolean;
  },
): CheckedEntry {
  const priceUsd = trade === undefined ? NaN : Math.max(intent.refPriceUsd, trade.priceUsd);
  const inputs: CapInputs = {
    symbol: intent.symbol,
    areEntriesPaused,
    accountBlock: readAccountBlock(engine),
    notionalMicros: buildNotional(intent.qty, priceUsd),
    openSymbols: countOpenSymbols(engine, ledger, own),
    bracket: {
      priceUsd: readPriceOfNow(intent, trade),
      stopUsd: roundToIncrement(intent.stopUsd),
      targetUsd: roundToIncrement(intent.r2Usd),
    },
    usage: countUsage(engine, ledger, own),
    loss: engine.dayLoss,
    clockSkewSeconds: engine.observation?.skewSeconds ?? null,
  };
  return { verdict: checkCaps(gate, inputs), inputs, trade };
}

/** A trade from before the bar that confirmed is no price of now: that bar's close is younger (pipeline 4). */
function readPriceOfNow(intent: EntryIntent, trade: Trade | undefined): number {
  return trade !== undefined && trade.atMs >= intent.b2StartMs
    ? trade.priceUsd
    : intent.refPriceUsd;
}

/**
 * What the day's entries have used. One entry a symbol and day: also one that the broker showed in this cycle and that a
 * hand has taken out of the ledger.
 */
export function countUsage(engine: Engine, ledger: LiveLedger, own: EntryKey): CapUsage {
  const usage = buildCapUsage(ledger, own);
  const day = engine.observation?.dayOrders;
  const isSeen = day?.kind === "ok" &&
    day.value.some((order) =>
      order.symbol === own.symbol && isEntryRecord(order) && order.status !== "rejected" &&
      order.clientOrderId !== own.clientOrderId && isOurs(order.clientOrderId)
    );
  return isSeen ? { ...usage, hasEntry: true } : usage;
}

/**
 * Distinct symbols with anyone's open position, a working buy (but `flatten`'s), or an entry of ours that is not settled
 * (pipeline 4); what can't be read and may be one of these counts as one (pipeline 6).
 * @param own Whose own record is left out.
 * @returns `null` where the broker could not be asked.
 */
export function countOpenSymbols(
  engine: Engine,
  ledger: LiveLedger,
  own: { readonly clientOrderId: string | null },
): number | null {
  const { observation } = engine;
  if (observation?.positions.kind !== "ok" || observation.openOrders.kind !== "ok") return null;
  const symbols = new Set([
    ...observation.positions.value.map((position) => position.symbol),
    ...listUnreadableSymbols(engine),
  ]);
  for (const order of flattenOrders(observation.openOrders.value)) {
    if (isEntryRecord(order) && !isFinal(order)) symbols.add(order.symbol);
  }
  for (const position of engine.state.positions) symbols.add(position.symbol);
  for (const entry of ledger.entries) {
    const isOther = entry.clientOrderId !== own.clientOrderId;
    if (
      isOther && isEntryRecord(entry) && entry.clientOrderId !== null && isOpenEntry(entry)
    ) symbols.add(entry.symbol);
  }
  return symbols.size;
}

/**
 * Logs and records the verdict of one entry, with what it was measured against. The same denial of the same pair of bars
 * is logged once; the audit trail has each.
 */
export async function sayVerdict(
  engine: Engine,
  intent: EntryIntent,
  { verdict, inputs, trade }: CheckedEntry,
): Promise<void> {
  if (verdict.kind === "allowed" || isNewDenial(engine, intent, verdict.reason)) {
    engine.ports.log.info(formatVerdict(intent.symbol, verdict));
  }
  const { notionalMicros, usage } = inputs;
  await engine.event({
    type: "verdict",
    symbol: intent.symbol,
    client_order_id: intent.clientOrderId,
    mode: "LIVE",
    qty: intent.qty,
    ref_price_usd: intent.refPriceUsd,
    b2_start: formatUtc(intent.b2StartMs),
    last_price_usd: trade?.priceUsd ?? null,
    notional_usd: notionalMicros === null ? null : microsToUsd(notionalMicros),
    is_allowed: verdict.kind === "allowed",
    reason: verdict.kind === "allowed" ? "caps ok" : verdict.reason,
    detail: verdict.kind === "allowed" ? null : verdict.detail,
    open_symbols: inputs.openSymbols,
    used_orders: usage.orders,
    used_gross_usd: microsToUsd(usage.grossMicros),
    used_symbol_usd: microsToUsd(usage.symbolMicros),
    clock_skew_seconds: inputs.clockSkewSeconds,
  });
}

function isNewDenial(engine: Engine, { symbol, b2StartMs }: EntryIntent, reason: string): boolean {
  return engine.isNews(`denied:${symbol}:${reason}`, `${engine.dateNy()} ${b2StartMs}`);
}
