import type { EngineState } from "../account/engine_state.ts";
import { countOpenSymbols } from "../entry/open_symbols.ts";
import type { Caps } from "../gate/caps.ts";
import { buildCapUsage, isUnsettled, type LiveLedger } from "../order/ledger.ts";
import { microsToUsd } from "../order/money.ts";
import type { ReadFailure } from "../order/order_request.ts";
import type { BrokerLook } from "../plan/broker_look.ts";
import { buildEntrySight } from "../plan/entry_judging.ts";
import type { Seen } from "../plan/world.ts";
import type { MarketClock } from "../time/market.ts";
import type { CapUseFact, MarketFact } from "./alert_facts.ts";
import type { UnresolvedOrderFact } from "./alert_heartbeat.ts";

/** The market as messages say it. @param problem Why the broker's clock can't be used, where it can't. */
export function buildMarketFact(market: MarketClock | null, problem: string | null): MarketFact {
  if (market === null) {
    const why = problem === null ? "" : `: ${problem}`;
    return { kind: "unknown", reason: `the broker's clock can't be read${why}` };
  }
  return market.isOpen
    ? { kind: "open", nextCloseMs: market.nextCloseMs }
    : { kind: "closed", nextOpenMs: market.nextOpenMs };
}

/** How the broker failed at the last look, `clock` where its clock can't be read; `null` where it answered. */
export function findBrokerFailure(
  market: MarketClock | null,
  look: BrokerLook | null,
): ReadFailure | "clock" | null {
  if (market === null) return "clock";
  if (look === null) return null;
  const reads = [look.account, look.positions, look.openOrders, look.dayOrders];
  return reads.flatMap((read) => read.kind === "failed" ? read.failure : [])[0] ?? null;
}

/** What today's entries have used of the caps, counted as the gate counts it. */
export function buildCapUse(
  { seen, records, dateNy, caps }: {
    readonly seen: Seen;
    readonly records: EngineState;
    readonly dateNy: string;
    readonly caps: Caps | null;
  },
  ledger: LiveLedger,
): CapUseFact {
  const everything = { dateNy, symbol: "", clientOrderId: null };
  const usage = buildCapUsage(ledger, everything);
  return {
    orders: usage.orders,
    grossNotionalUsd: microsToUsd(usage.grossMicros),
    openSymbols: countOpenSymbols(buildEntrySight(seen, records), ledger, everything),
    caps,
  };
}

/** Orders of ours without a usable answer; `null` where the ledger can't be read. */
export function listUnresolved({ ledger }: EngineState): UnresolvedOrderFact[] | null {
  return ledger?.entries.filter(isUnsettled).map(({ symbol, side }) => ({ symbol, side })) ?? null;
}

/** Positions that this engine does not manage; `null` where the broker could not be asked. */
export function listForeign(
  look: BrokerLook | null,
  { positions }: EngineState,
): { readonly symbol: string; readonly qty: number }[] | null {
  if (look?.positions.kind !== "ok") return null;
  const managed = new Set(positions.map(({ symbol }) => symbol));
  return look.positions.value.filter(({ symbol }) => !managed.has(symbol))
    .map(({ symbol, qty }) => ({ symbol, qty }));
}
