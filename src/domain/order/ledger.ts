import { isFlatten } from "./client_order_id.ts";
import { type Levels, NO_LEVELS } from "../exit/levels.ts";
import { dateNyOf } from "../time/ny_time.ts";
import { isFinal } from "./orders.ts";
import type { BrokerOrder, OrderSide } from "./orders.ts";
import { sumUsd, type UsdMicros, usdToMicros, ZERO_USD } from "./money.ts";

/**
 * How far our order is known to have come (pipeline 6): `pending` before the request leaves, `unknown` while no usable
 * answer came, then one of the two that settle it.
 */
export type LedgerStatus = "pending" | "accepted" | "rejected" | "unknown";

/** What the broker last said of an accepted order; fills are cumulative, never deltas. */
export interface BrokerView {
  readonly status: string;
  readonly filledQty: number;
  readonly filledAvgPriceUsd: number | null;
  readonly updatedAtMs: number;
}

/** A bracket's exit leg as the broker named it. */
export interface LedgerLeg {
  readonly orderId: string;
  readonly clientOrderId: string;
  readonly type: string;
}

/**
 * One order of ours in `live_orders_today.json`. Optional facts are `null` where the file (for instance one of the old
 * pipeline's four-field entries) does not have them. Prices in USD per share.
 */
export interface LedgerEntry extends Levels<number | null> {
  readonly orderId: string | null;
  readonly symbol: string;
  readonly notionalUsd: number;
  /** When it was recorded, ISO 8601 UTC. */
  readonly timestamp: string;
  readonly clientOrderId: string | null;
  readonly side: OrderSide;
  readonly qty: number | null;
  readonly status: LedgerStatus;
  /**
   * A sell's reason (one of `EXIT_RULES`, or `stop` for a protective stop); of a rejected entry why: `not sent`, or what the
   * broker said.
   */
  readonly reason: string | null;
  /** A sell's rejection in the broker's words; of one that is not settled, that the broker has its id (`ID_TAKEN`). */
  readonly detail: string | null;
  /** An entry's structural stop, a protective stop's price. */
  readonly stopUsd: number | null;
  readonly refPriceUsd: number | null;
  /** An intent's end of worth; an entry is not repeated after it. Unix ms. */
  readonly expiresAtMs: number | null;
  /** Latest moment at which the request's own deadline can have ended; "not found" counts as evidence after it. Unix ms. */
  readonly deadlineAtMs: number | null;
  /** First real "not found" after `deadlineAtMs` in an unbroken series. Unix ms. */
  readonly notFoundSinceMs: number | null;
  /** Of an adopted position's sell: the part of a share that was beside it at its adoption; `null` where nobody wrote it down. */
  readonly besideQty: number | null;
  /** The position a sell belongs to: the client order id of its entry (or its adoption id). */
  readonly positionId: string | null;
  readonly attempt: number | null;
  /** The order id that this one replaces at the broker. */
  readonly replaces: string | null;
  readonly legs: readonly LedgerLeg[];
  readonly broker: BrokerView | null;
  /** Fields of the file that this release does not know, kept as they are. */
  readonly unknownFields: Readonly<Record<string, unknown>>;
  /** The same within `broker`, and within each leg by its order id. */
  readonly unknownWithin: {
    readonly broker: Readonly<Record<string, unknown>>;
    readonly legs: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
}

/** The live ledger of one New York day. */
export interface LiveLedger {
  readonly dateNy: string;
  readonly entries: readonly LedgerEntry[];
  /** Broker host and account it belongs to; `null` in a file of the old pipeline until the first write. */
  readonly host: string | null;
  readonly accountId: string | null;
  /** How often in this NY day the broker showed an order of ours that the ledger lacked. */
  readonly mismatches: number;
  readonly unknownFields: Readonly<Record<string, unknown>>;
}

/** Mismatches in a NY day after which LIVE stays blocked until `ledger rebuild --yes` (pipeline 6). */
export const MISMATCHES_MAX = 2;

const LEDGER_PROBLEMS = [
  "ledger missing",
  "ledger unreadable",
  "state unreadable",
  "archive unreadable",
  "ledger invalid",
  "broker unreachable",
  "broker mismatch",
] as const;

/** Why the records can't be counted from (interface, Gate). */
export type LedgerProblem = typeof LEDGER_PROBLEMS[number];

/** The one that the gate says of several: the first in the order of the interface; `null` where there is none. */
export function firstLedgerProblem(found: readonly (LedgerProblem | null)[]): LedgerProblem | null {
  return LEDGER_PROBLEMS.find((problem) => found.includes(problem)) ?? null;
}

/** An entry with nothing known yet but what `facts` says. */
export function buildLedgerEntry(
  facts:
    & Pick<LedgerEntry, "symbol" | "notionalUsd" | "timestamp" | "side">
    & Partial<LedgerEntry>,
): LedgerEntry {
  return {
    orderId: null,
    clientOrderId: null,
    qty: null,
    status: "pending",
    reason: null,
    detail: null,
    ...NO_LEVELS,
    stopUsd: null,
    refPriceUsd: null,
    expiresAtMs: null,
    deadlineAtMs: null,
    notFoundSinceMs: null,
    besideQty: null,
    positionId: null,
    attempt: null,
    replaces: null,
    legs: [],
    broker: null,
    unknownFields: {},
    unknownWithin: { broker: {}, legs: {} },
    ...facts,
  };
}

/** Whether no usable answer has settled the order yet. */
export function isUnsettled(entry: LedgerEntry): boolean {
  return entry.status === "pending" || entry.status === "unknown";
}

/**
 * Whether the record is of an entry: a buy of the engine's, of the old pipeline's (without a name), or what replaced one.
 * `flatten`'s buys are the operator's: they count toward no cap, and are no entry of the day (pipeline 4).
 */
export function isEntryRecord(
  { side, clientOrderId }: Pick<LedgerEntry, "side" | "clientOrderId">,
): boolean {
  return side === "buy" && !isFlatten(clientOrderId ?? "");
}

/**
 * Whether a sell or stop may be at the broker though no look-up shows it, and only time proves it absent (pipeline 6): a request
 * of it had no usable answer, or was about to leave when a process ended, and the broker's lists lag. What replaces an order
 * holds that one's shares, and no others.
 * @param nowMs By the broker's clock, Unix ms.
 */
export function isAnswerLost(
  { side, status, replaces, deadlineAtMs }: Pick<
    LedgerEntry,
    "side" | "status" | "replaces" | "deadlineAtMs"
  >,
  nowMs: number,
): boolean {
  if (side !== "sell" || replaces !== null) return false;
  return status === "unknown" || (status === "pending" && nowMs < (deadlineAtMs ?? 0));
}

/** An entry that counts toward the caps: every one that is not `rejected` (pipeline 6). */
export function countsTowardCaps(entry: LedgerEntry): boolean {
  return isEntryRecord(entry) && entry.status !== "rejected";
}

/** What the day's entries have used of the caps (pipeline 6: all that are not rejected, unsettled ones included). */
export interface CapUsage {
  readonly orders: number;
  readonly grossMicros: UsdMicros;
  readonly symbolMicros: UsdMicros;
  /** Whether the symbol already has an entry that counts: one live entry per symbol and NY day. */
  readonly hasEntry: boolean;
  /** Entries in the symbol that the broker rejected this NY day. */
  readonly symbolRejections: number;
  /** The day's longest run of entries that the broker rejected, none taken between: what it reached holds all day. */
  readonly rejectionsInARow: number;
}

/** Reason of an entry that never left, which is nobody's rejection. */
export const NOT_SENT = "not sent";

/** `detail` of a sell or stop whose id the broker refused because an order has it: no field of its own, which an older release would refuse. */
export const ID_TAKEN = "the broker has an order of this id";

/**
 * Whether the broker has said that it has the order, without showing it yet: no "not found" means then that it has none,
 * in this process or a later one (pipeline 6).
 */
export function isIdTaken({ detail }: Pick<LedgerEntry, "detail">): boolean {
  return detail === ID_TAKEN;
}

/** Whether the entry never became an order, as far as anybody knows: the broker said nothing of it. */
export function isNotSent(entry: LedgerEntry): boolean {
  return entry.status === "rejected" && entry.reason === NOT_SENT;
}

/**
 * Whether no request of the entry ever left: one that could not be found at the broker, which may have left, keeps since
 * when. An order of the broker's under its id is another engine's then (pipeline 6).
 */
export function hasNeverLeft(entry: LedgerEntry): boolean {
  return isNotSent(entry) && entry.notFoundSinceMs === null;
}

/**
 * Counts the ledger for one intent.
 * @param ledger Read for this decision. One of another NY day counts nothing but what is not settled.
 * @param intent `clientOrderId` is left out of the count, so that an entry's own record does not deny its repeat.
 */
export function buildCapUsage(
  ledger: LiveLedger,
  intent: {
    readonly dateNy: string;
    readonly symbol: string;
    readonly clientOrderId: string | null;
  },
): CapUsage {
  const isToday = ledger.dateNy === intent.dateNy;
  let orders = 0;
  let grossMicros: UsdMicros = ZERO_USD;
  let symbolMicros: UsdMicros = ZERO_USD;
  let hasEntry = false;
  let symbolRejections = 0;
  let run = 0;
  let rejectionsInARow = 0;
  for (const entry of ledger.entries) {
    if (!isEntryRecord(entry)) continue;
    if (intent.clientOrderId !== null && entry.clientOrderId === intent.clientOrderId) continue;
    if (!isUnsettled(entry) && !(isToday && isOfDay(entry, ledger.dateNy))) continue;
    if (!countsTowardCaps(entry)) {
      if (entry.reason === NOT_SENT) continue;
      run++;
      rejectionsInARow = Math.max(rejectionsInARow, run);
      if (entry.symbol === intent.symbol) symbolRejections++;
      continue;
    }
    if (entry.status === "accepted") run = 0;
    const micros = usdToMicros(entry.notionalUsd);
    orders++;
    grossMicros = sumUsd([grossMicros, micros]);
    if (entry.symbol === intent.symbol) {
      hasEntry = true;
      symbolMicros = sumUsd([symbolMicros, micros]);
    }
  }
  return { orders, grossMicros, symbolMicros, hasEntry, symbolRejections, rejectionsInARow };
}

/**
 * Whether a settled entry belongs to the file's day. One that was carried over from an earlier day counts only until it
 * is settled (pipeline 6). Every doubt counts: no client order id (the old format), a time that can't be read, a later one.
 */
function isOfDay(entry: LedgerEntry, dateNy: string): boolean {
  const recordedAtMs = Date.parse(entry.timestamp);
  if (entry.clientOrderId === null || Number.isNaN(recordedAtMs)) return true;
  return dateNyOf(recordedAtMs) >= dateNy;
}

/**
 * Takes over what the broker says of an order of ours; its view replaces any settled status (pipeline 6). A buy of another quantity
 * is another engine's under our id, and counts with its own.
 */
export function applyBrokerOrder(recorded: LedgerEntry, order: BrokerOrder): LedgerEntry {
  const entry = countAs(recorded, order);
  const isRejected = order.status === "rejected";
  const filledAvgPriceUsd = readFilledPrice(order);
  return {
    ...entry,
    orderId: order.orderId,
    clientOrderId: entry.clientOrderId ?? readName(order),
    status: isRejected ? "rejected" : "accepted",
    reason: isRejected && entry.side === "buy" ? "rejected by the broker" : keptReason(entry),
    detail: isIdTaken(entry) ? null : entry.detail,
    // Recorded from the broker's list before it had a price: its fill is the first that is known.
    notionalUsd: entry.notionalUsd > 0
      ? entry.notionalUsd
      : (order.qty ?? order.filledQty) * (filledAvgPriceUsd ?? 0),
    notFoundSinceMs: null,
    legs: order.legs.length === 0 ? entry.legs : order.legs.map((leg) => ({
      orderId: leg.orderId,
      clientOrderId: leg.clientOrderId,
      type: leg.type,
    })),
    broker: {
      status: order.status,
      filledQty: order.filledQty,
      filledAvgPriceUsd,
      updatedAtMs: order.updatedAtMs,
    },
  };
}

/** A buy with the quantity that the order has, at the price that it was counted with. */
function countAs(entry: LedgerEntry, order: BrokerOrder): LedgerEntry {
  const { side, qty: recordedQty, notionalUsd } = entry;
  const qty = order.qty ?? 0;
  const isCounted = side === "buy" && recordedQty !== null && recordedQty > 0 &&
    Number.isSafeInteger(qty) && qty > 0 && qty !== recordedQty;
  return isCounted ? { ...entry, qty, notionalUsd: notionalUsd / recordedQty * qty } : entry;
}

/** An order's name as the ledger has it; `null` where the broker left it out, which it may (broker.md, Time and data). */
export function readName({ clientOrderId }: BrokerOrder): string | null {
  return clientOrderId === "" ? null : clientOrderId;
}

/** What an order was filled at as the ledger takes it: a share is bought for nothing at the least. */
export function readFilledPrice({ filledAvgPriceUsd: usd }: BrokerOrder): number | null {
  return usd !== null && usd >= 0 ? usd : null;
}

/** A sell keeps its reason for life; an entry's reason explained a rejection that is not true any more. */
function keptReason(entry: LedgerEntry): string | null {
  return entry.side === "buy" ? null : entry.reason;
}

/** Each order's newest record: one that was carried into a new day stands in the old day's ledger as it was then. */
export function keepNewest(newestFirst: readonly LedgerEntry[]): LedgerEntry[] {
  const seen = new Set<string>();
  return newestFirst.filter(({ clientOrderId }) => {
    if (clientOrderId === null) return true;
    const isNew = !seen.has(clientOrderId);
    seen.add(clientOrderId);
    return isNew;
  });
}

/** Whether the broker may still change the order, or nobody knows it. */
export function isOpenEntry(entry: LedgerEntry): boolean {
  if (isUnsettled(entry)) return true;
  if (entry.status === "rejected") return false;
  return entry.broker === null || !isFinal(entry.broker);
}

/** An order that is on its way twice may be refused and taken: for so long the broker may not show it yet (pipeline 6). */
const REFUSED_DOUBT_MS = 60_000;

/**
 * Symbols with a buy of ours that nobody knows the fate of, or that was refused a moment ago: what is held there may be its fill.
 * @param nowMs By the broker's clock.
 */
export function listDoubtfulBuys(
  entries: readonly LedgerEntry[],
  nowMs: number,
): ReadonlySet<string> {
  const isJustRefused = (entry: LedgerEntry) =>
    entry.status === "rejected" && !isNotSent(entry) &&
    nowMs - (entry.deadlineAtMs ?? Date.parse(entry.timestamp)) < REFUSED_DOUBT_MS;
  return new Set(
    entries.filter((entry) => entry.side === "buy" && (isUnsettled(entry) || isJustRefused(entry)))
      .map((entry) => entry.symbol),
  );
}
