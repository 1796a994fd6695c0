import { formatCounted } from "../counted.ts";
import type { LossVerdict } from "../account/day_loss.ts";
import type { LiveDecision } from "./gate.ts";
import type { CapUsage } from "../order/ledger.ts";
import { formatCents, sumUsd, type UsdMicros, usdToMicros } from "../order/money.ts";
import { isTicker } from "../order/symbol.ts";

/** The operator's limits (interface, Environment). A cap is what may be reached, not passed. */
export interface Caps {
  readonly ordersPerDay: number;
  readonly positions: number;
  readonly grossNotionalUsd: number;
  readonly notionalPerSymbolUsd: number;
}

/** The caps of an operator who set none (runbook 10). */
export const DEFAULT_CAPS: Caps = {
  ordersPerDay: 5,
  positions: 5,
  grossNotionalUsd: 5000,
  notionalPerSymbolUsd: 1000,
};

/** Why an order is denied, first one first, in the words of the interface. */
export type DenyReason =
  | "symbol missing"
  | "allowlist blocked"
  | "entries paused"
  | "account blocked"
  | "positions unknown"
  | "max positions reached"
  | "notional invalid"
  | "price outside bracket"
  | "max orders/day reached"
  | "max gross notional reached"
  | "max symbol notional reached"
  | "max daily loss reached"
  | "max daily loss unknown"
  | "already entered today"
  | "system clock"
  | "rejected twice today"
  | "rejections in a row";

/** One entry's verdict under a LIVE gate. */
export type OrderVerdict =
  | { readonly kind: "allowed"; readonly notionalMicros: UsdMicros }
  | { readonly kind: "denied"; readonly reason: DenyReason; readonly detail: string };

/** What one entry is measured against, read for this decision. */
export interface CapInputs {
  readonly symbol: string;
  /** Whether the operator has paused entries, or nobody can say that he has not. */
  readonly areEntriesPaused: boolean;
  /** Why the account takes no order (`findAccountBlock`), `null` where nothing says so. */
  readonly accountBlock: string | null;
  /** `null` where no price is known or it makes no notional. */
  readonly notionalMicros: UsdMicros | null;
  /**
   * Distinct symbols with anyone's open position, a working buy or an unsettled entry of ours, this intent's own record
   * aside; `null` where the broker could not be asked.
   */
  readonly openSymbols: number | null;
  /** The price of now between the bracket's own, as they would be sent; USD per share. */
  readonly bracket: {
    readonly priceUsd: number;
    readonly stopUsd: number;
    readonly targetUsd: number;
  };
  readonly usage: CapUsage;
  /** What the day has lost, as this cycle's look has it. */
  readonly loss: LossVerdict;
  /** Host clock minus broker clock in seconds; `null` where it is not known. */
  readonly clockSkewSeconds: number | null;
}

/** More clock skew than this refuses live entries (broker.md, Time and data). */
export const CLOCK_SKEW_MAX_SECONDS = 30;
/** Entries in one symbol that the broker may reject in a NY day before it gets no more. */
export const SYMBOL_REJECTIONS_MAX = 2;
/** Rejections in a row after which there are no entries for the rest of the day. */
export const REJECTIONS_IN_A_ROW_MAX = 5;

/**
 * Checks one entry against allowlist and caps; the first that it would break denies it (interface, Gate; pipeline 4).
 * Compares so that a value that is not a number denies.
 * @param decision The LIVE gate that was asked for this entry.
 */
export function checkCaps(decision: LiveDecision, inputs: CapInputs): OrderVerdict {
  const { caps, allowlist } = decision;
  const { symbol, accountBlock, notionalMicros, openSymbols, usage } = inputs;
  if (!isTicker(symbol)) return deny("symbol missing", `symbol ${JSON.stringify(symbol)}`);
  if (allowlist.kind === "list" && !allowlist.symbols.includes(symbol)) {
    return deny("allowlist blocked", `allowed: ${allowlist.symbols.join(",")}`);
  }
  if (inputs.areEntriesPaused) return deny("entries paused", "ENTRIES_PAUSED is there");
  if (accountBlock !== null) return deny("account blocked", accountBlock);
  if (openSymbols === null) return deny("positions unknown", "the broker could not be asked");
  if (!isCount(openSymbols)) return deny("positions unknown", `${openSymbols} is not a count`);
  if (!(openSymbols + 1 <= caps.positions)) {
    return deny("max positions reached", `${openSymbols} of ${caps.positions} open`);
  }
  if (notionalMicros === null || !(notionalMicros > 0)) {
    return deny("notional invalid", "no price for a notional");
  }
  const outside = findOutside(inputs.bracket);
  if (outside !== null) return deny("price outside bracket", outside);
  if (!(isCount(usage.orders) && usage.orders + 1 <= caps.ordersPerDay)) {
    return deny("max orders/day reached", `${usage.orders} of ${caps.ordersPerDay} used`);
  }
  if (!isWithin(usage.grossMicros, notionalMicros, caps.grossNotionalUsd)) {
    return deny(
      "max gross notional reached",
      describeUse(usage.grossMicros, caps.grossNotionalUsd, notionalMicros),
    );
  }
  if (!isWithin(usage.symbolMicros, notionalMicros, caps.notionalPerSymbolUsd)) {
    return deny(
      "max symbol notional reached",
      describeUse(usage.symbolMicros, caps.notionalPerSymbolUsd, notionalMicros),
    );
  }
  return checkDay(inputs) ?? { kind: "allowed", notionalMicros };
}

/** The refusals that are no notional's: the day's loss, one entry a symbol and day, the clock, what the broker keeps rejecting. */
function checkDay({ usage, loss, clockSkewSeconds }: CapInputs): OrderVerdict | null {
  if (loss.kind === "reached") {
    const { resultUsd, limitUsd } = loss.loss;
    const detail = `day result ${formatCents(resultUsd)} USD, limit ${formatCents(limitUsd)} USD`;
    return deny("max daily loss reached", detail);
  }
  if (loss.kind === "unknown") return deny("max daily loss unknown", loss.why);
  if (usage.hasEntry) return deny("already entered today", "one live entry per symbol and NY day");
  if (clockSkewSeconds === null) return deny("system clock", "the broker's clock is not known");
  if (!(Math.abs(clockSkewSeconds) <= CLOCK_SKEW_MAX_SECONDS)) {
    return deny("system clock", `host and broker clocks differ by ${clockSkewSeconds} s`);
  }
  if (!(usage.symbolRejections < SYMBOL_REJECTIONS_MAX)) {
    return deny("rejected twice today", formatCounted(usage.symbolRejections, "rejection"));
  }
  if (!(usage.rejectionsInARow < REJECTIONS_IN_A_ROW_MAX)) {
    return deny("rejections in a row", formatCounted(usage.rejectionsInARow, "rejection"));
  }
  return null;
}

/** The broker must refuse a bracket whose target is reached, or whose stop is. */
function findOutside({ priceUsd, stopUsd, targetUsd }: CapInputs["bracket"]): string | null {
  if (priceUsd > stopUsd && priceUsd < targetUsd) return null;
  return `price ${priceUsd}, stop ${stopUsd}, target ${targetUsd}`;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** A sum that saturated is no sum any more: it is within no cap, however large the cap. */
function isWithin(used: UsdMicros, asked: UsdMicros, capUsd: number): boolean {
  const total = sumUsd([used, asked]);
  return used >= 0 && total < Number.MAX_SAFE_INTEGER && total <= usdToMicros(capUsd);
}

function deny(reason: DenyReason, detail: string): OrderVerdict {
  return { kind: "denied", reason, detail };
}

function describeUse(used: UsdMicros, capUsd: number, asked: UsdMicros): string {
  const cents = (micros: number) => (micros / 1e6).toFixed(2);
  return `${cents(used)} of ${capUsd.toFixed(2)} used, ${cents(asked)} asked`;
}

/** The verdict as the log prints it (interface, Gate). */
export function formatVerdict(symbol: string, verdict: OrderVerdict): string {
  return verdict.kind === "allowed"
    ? `Gate PASS ${symbol}: caps ok`
    : `Gate FAIL ${symbol}: ${verdict.reason}`;
}
