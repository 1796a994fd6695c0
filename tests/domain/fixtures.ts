import type { CapInputs, Caps } from "../../src/domain/gate/caps.ts";
import { DEFAULT_CAPS } from "../../src/domain/gate/caps.ts";
import type { GateInputs, LiveDecision } from "../../src/domain/gate/gate.ts";
import { buildLedgerEntry } from "../../src/domain/order/ledger.ts";
import type { CapUsage, LedgerEntry, LiveLedger } from "../../src/domain/order/ledger.ts";
import { usdToMicros, ZERO_USD } from "../../src/domain/order/money.ts";
import type { BrokerOrder } from "../../src/domain/order/orders.ts";

/** The New York day of the tests; a Tuesday without a time change near it. */
export const TODAY = "2026-01-20";

/** Inputs to which nothing objects: each test breaks what it is about. */
export const LIVE_INPUTS: GateInputs = {
  isDryRun: false,
  isKillSwitchEnv: false,
  isKillSwitchFile: false,
  isLiveTrading: true,
  envToken: "correct-horse",
  fileToken: { kind: "present", text: "correct-horse" },
  caps: DEFAULT_CAPS,
  allowlist: { kind: "all" },
  invalidConfiguration: null,
  ledgerProblem: null,
  positionsProblem: null,
};

/** A LIVE gate with these caps, all tickers allowed. */
export function liveDecision(caps: Partial<Caps> = {}): LiveDecision {
  return { mode: "LIVE", caps: { ...DEFAULT_CAPS, ...caps }, allowlist: { kind: "all" } };
}

/** A day on which nothing happened yet. */
export const NO_USAGE: CapUsage = {
  orders: 0,
  grossMicros: ZERO_USD,
  symbolMicros: ZERO_USD,
  hasEntry: false,
  symbolRejections: 0,
  rejectionsInARow: 0,
};

/** An entry of 100 USD in SPY that every cap allows. */
export const ALLOWED_ENTRY: CapInputs = {
  symbol: "SPY",
  areEntriesPaused: false,
  accountBlock: null,
  notionalMicros: usdToMicros(100),
  openSymbols: 0,
  bracket: { priceUsd: 100, stopUsd: 95, targetUsd: 110 },
  usage: NO_USAGE,
  loss: { kind: "unlimited" },
  clockSkewSeconds: 0,
};

/** A buy of 100 USD in SPY, recorded at noon of `TODAY` and accepted. */
export function ledgerEntry(facts: Partial<LedgerEntry> = {}): LedgerEntry {
  return buildLedgerEntry({
    symbol: "SPY",
    notionalUsd: 100,
    timestamp: `${TODAY}T17:00:00.000Z`,
    side: "buy",
    status: "accepted",
    clientOrderId: `avwap-${TODAY}-SPY-mk0000`,
    ...facts,
  });
}

/** A ledger of `TODAY` with these entries. */
export function liveLedger(entries: readonly LedgerEntry[], dateNy = TODAY): LiveLedger {
  return { dateNy, entries, host: null, accountId: null, mismatches: 0, unknownFields: {} };
}

/** A working market buy of 10 SPY as the broker shows it. */
export function brokerOrder(facts: Partial<BrokerOrder> = {}): BrokerOrder {
  return {
    orderId: "b-1",
    clientOrderId: `avwap-${TODAY}-SPY-mk0000`,
    symbol: "SPY",
    side: "buy",
    type: "market",
    orderClass: "bracket",
    timeInForce: "day",
    status: "new",
    qty: 10,
    filledQty: 0,
    filledAvgPriceUsd: null,
    limitPriceUsd: null,
    stopPriceUsd: null,
    submittedAtMs: 1_000,
    updatedAtMs: 2_000,
    filledAtMs: null,
    replacedBy: null,
    replaces: null,
    legs: [],
    ...facts,
  };
}
