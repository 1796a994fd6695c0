import { type CapInputs, checkCaps, type OrderVerdict } from "../gate/caps.ts";
import type { LossVerdict } from "../account/day_loss.ts";
import type { EntryIntent } from "../account/entry_intent.ts";
import type { LiveDecision } from "../gate/gate.ts";
import type { LiveLedger } from "../order/ledger.ts";
import type { Trade } from "../time/market.ts";
import { buildNotional } from "../order/money.ts";
import { roundToIncrement } from "../order/price_increment.ts";
import { countOpenSymbols, countUsage, type EntryKey, type EntrySight } from "./open_symbols.ts";

/** A verdict and what it was measured against, for the audit trail. */
export interface CheckedEntry {
  readonly verdict: OrderVerdict;
  readonly inputs: CapInputs;
  readonly trade: Trade | null;
}

/** What one entry is held against, all of one moment. */
export interface EntryFacts {
  readonly intent: EntryIntent;
  readonly own: EntryKey;
  /** The symbol's latest trade; `null` where it has none. */
  readonly trade: Trade | null;
  readonly sight: EntrySight;
  readonly ledger: LiveLedger;
  readonly areEntriesPaused: boolean;
  /** Why the account takes no order; `null` where nothing says so. */
  readonly accountBlock: string | null;
  readonly loss: LossVerdict;
  /** Host clock minus broker clock in seconds; `null` where it is not known. */
  readonly clockSkewSeconds: number | null;
}

/** Holds one entry against account, allowlist and caps; a price that is not there denies it (pipeline 4, runbook 5). */
export function checkEntry(gate: LiveDecision, facts: EntryFacts): CheckedEntry {
  const { intent, own, trade, sight, ledger } = facts;
  const priceUsd = trade === null ? NaN : Math.max(intent.refPriceUsd, trade.priceUsd);
  const inputs: CapInputs = {
    symbol: intent.symbol,
    areEntriesPaused: facts.areEntriesPaused,
    accountBlock: facts.accountBlock,
    notionalMicros: buildNotional(intent.qty, priceUsd),
    openSymbols: countOpenSymbols(sight, ledger, own),
    bracket: {
      priceUsd: readPriceOfNow(intent, trade),
      stopUsd: roundToIncrement(intent.stopUsd),
      targetUsd: roundToIncrement(intent.r2Usd),
    },
    usage: countUsage(sight, ledger, own),
    loss: facts.loss,
    clockSkewSeconds: facts.clockSkewSeconds,
  };
  return { verdict: checkCaps(gate, inputs), inputs, trade };
}

/** A trade from before the bar that confirmed is no price of now: that bar's close is younger (pipeline 4). */
function readPriceOfNow(intent: EntryIntent, trade: Trade | null): number {
  return trade !== null && trade.atMs >= intent.b2StartMs ? trade.priceUsd : intent.refPriceUsd;
}
