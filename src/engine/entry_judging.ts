import {
  formatGateReason,
  type GateDecision,
  isInputUnavailable,
  type LiveDecision,
} from "../domain/gate.ts";
import type { EntryIntent } from "../domain/entry_intent.ts";
import { isUnsettled, type LiveLedger } from "../domain/ledger.ts";
import type { Trade } from "../domain/market.ts";
import { flattenOrders, isFinal } from "../domain/orders.ts";
import { simulateEntry } from "./dry_run_entry.ts";
import type { Engine, Read } from "./engine.ts";
import { checkEntry, type EntryKey } from "./entry_check.ts";
import { readLatestTrades } from "./latest_trades.ts";
import { isMarketOpen } from "./observe.ts";
import { SKIP, skip, skipOnce } from "./skips.ts";
import type { ListsRead } from "./symbol_lists.ts";
import { isUnreadableIn } from "./unreadable.ts";

/** Prices of one moment; a symbol that was answered and has no row has none. */
export type EntryPrices = ListsRead<Trade> & { readonly atMonotonicMs: number };

/** Latest trades of the intents' symbols. */
export async function readEntryPrices(
  engine: Engine,
  intents: readonly Pick<EntryIntent, "symbol">[],
): Promise<EntryPrices> {
  const atMonotonicMs = engine.ports.clock.monotonicMs();
  if (intents.length === 0) {
    const none = new Set<string>();
    return {
      rows: new Map(),
      answered: none,
      malformed: none,
      unanswered: [],
      trouble: null,
      atMonotonicMs,
    };
  }
  const symbols = [...new Set(intents.map((intent) => intent.symbol))];
  return { ...await readLatestTrades(engine, symbols, ""), atMonotonicMs };
}

/** What one entry is judged by, all of one moment. */
export interface EntryView {
  readonly gate: GateDecision;
  readonly intent: EntryIntent;
  readonly own: EntryKey;
  readonly trades: EntryPrices;
  /** `null` where it can't be counted from. */
  readonly ledger: LiveLedger | null;
  readonly areEntriesPaused: boolean;
}

/** The steps of pipeline 4 up to the verdict: `done` where it was skipped or simulated. */
export type Judged =
  | { readonly kind: "waits"; readonly cause: string }
  | { readonly kind: "done" }
  | {
    readonly kind: "checked";
    readonly decision: LiveDecision;
    readonly checked: ReturnType<typeof checkEntry>;
  };

/** Takes one entry as far as its verdict; what is skipped or simulated on the way is said (pipeline 4). */
export async function judge(engine: Engine, view: EntryView): Promise<Judged> {
  const { gate, intent, own, trades, ledger, areEntriesPaused } = view;
  const cause = findUnread(engine, view);
  if (cause !== null) return { kind: "waits", cause };
  if (!isFree(engine, own, ledger)) {
    await skip(engine, intent, SKIP.taken);
    return { kind: "done" };
  }
  if (gate.mode === "DRY_RUN") {
    await simulateEntry(engine, intent);
    return { kind: "done" };
  }
  // With `--ignore-market-hours`: a record of each order that can't leave would fill the ledger over night.
  if (!isMarketOpen(engine)) {
    await skipOnce(engine, intent, SKIP.marketClosed);
    return { kind: "done" };
  }
  if (ledger === null) return { kind: "waits", cause: "live ledger unreadable" };
  const trade = trades.rows.get(intent.symbol);
  const checked = checkEntry(engine, gate, { intent, own, trade, ledger, areEntriesPaused });
  return { kind: "checked", decision: gate, checked };
}

/** What step 1 or the verdict needs and has no answer: then nothing is decided (pipeline 4). `null` where all is there. */
function findUnread(engine: Engine, { gate, intent, trades }: EntryView): string | null {
  if (gate.mode === "DRY_RUN" && isInputUnavailable(gate.reason)) {
    return formatGateReason(gate.reason);
  }
  const { observation } = engine;
  if (observation === null) return "broker not asked yet";
  const { positions, openOrders, account } = observation;
  const step: Readonly<Record<string, Read<unknown>>> = { positions, "open orders": openOrders };
  const needed = gate.mode === "LIVE" ? { ...step, account } : step;
  for (const [what, read] of Object.entries(needed)) {
    if (read.kind === "failed") return `${what} unavailable (${read.failure})`;
  }
  const isPriceUnread = gate.mode === "LIVE" && trades.unanswered.includes(intent.symbol);
  return isPriceUnread ? `latest trades unavailable (${trades.trouble?.failure ?? "http"})` : null;
}

/** Whether nobody has an order or position in the symbol; a broker that can't be asked counts as "exists". */
export function isFree(
  engine: Engine,
  intent: Pick<EntryKey, "symbol" | "clientOrderId">,
  ledger: LiveLedger | null,
): boolean {
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
