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
import { flattenOrders, isFinal } from "../domain/orders.ts";
import type { Engine } from "./engine.ts";
import { listUnreadableSymbols } from "./unreadable.ts";

/** A verdict and what it was measured against, for the audit trail. */
interface CheckedEntry {
  readonly verdict: OrderVerdict;
  /** `null` where the ledger could not be counted from. */
  readonly inputs: CapInputs | null;
  readonly trade: Trade | undefined;
}

/** Holds one entry against allowlist and caps; a price or a ledger that is not there denies it (pipeline 4, runbook 5). */
export function checkEntry(
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
    usage: addSeenEntry(engine, intent, buildCapUsage(ledger, intent)),
    clockSkewSeconds: engine.observation?.skewSeconds ?? null,
  };
  return { verdict: checkCaps(gate, inputs), inputs, trade };
}

/** One entry a symbol and day: also one that the broker showed in this cycle and that a hand has taken out of the ledger. */
function addSeenEntry(engine: Engine, intent: EntryIntent, usage: CapUsage): CapUsage {
  const day = engine.observation?.dayOrders;
  const isSeen = day?.kind === "ok" &&
    day.value.some((order) =>
      order.symbol === intent.symbol && isEntryRecord(order) && order.status !== "rejected" &&
      order.clientOrderId !== intent.clientOrderId && isOurs(order.clientOrderId)
    );
  return isSeen ? { ...usage, hasEntry: true } : usage;
}

/**
 * Distinct symbols with anyone's open position, a working buy (but `flatten`'s), or an entry of ours that is not settled
 * (pipeline 4); what can't be read and may be one of these counts as one (pipeline 6).
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
  const symbols = new Set([
    ...observation.positions.value.map((position) => position.symbol),
    ...listUnreadableSymbols(engine),
  ]);
  for (const order of flattenOrders(observation.openOrders.value)) {
    if (isEntryRecord(order) && !isFinal(order)) symbols.add(order.symbol);
  }
  for (const position of engine.state.positions) symbols.add(position.symbol);
  for (const entry of ledger.entries) {
    const isOther = entry.clientOrderId !== intent.clientOrderId;
    if (
      isOther && isEntryRecord(entry) && entry.clientOrderId !== null && isOpenEntry(entry)
    ) symbols.add(entry.symbol);
  }
  return symbols.size;
}

/** Logs and records the verdict of one entry, with what it was measured against. */
export async function sayVerdict(
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
