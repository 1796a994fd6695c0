import { isFlatten, isOurs } from "./client_order_id.ts";
import {
  applyBrokerOrder,
  buildLedgerEntry,
  hasNeverLeft,
  isExitReason,
  isOpenEntry,
  isUnsettled,
  type LedgerEntry,
  type LiveLedger,
  MISMATCHES_MAX,
} from "./ledger.ts";
import { formatUtc } from "./ny_time.ts";
import { type BrokerOrder, flattenOrders } from "./orders.ts";

/** The ledger held against the broker's orders of the day (pipeline 6). */
export interface Reconciliation {
  /** With what the broker says taken over, and what was lacking added. */
  readonly ledger: LiveLedger;
  readonly isChanged: boolean;
  /**
   * Orders of ours that the ledger lacked, or knew as never sent; `flatten`'s are recorded too, and are no mismatch.
   */
  readonly mismatched: readonly LedgerEntry[];
  /** Entries that the broker did not list, to be looked up one by one. */
  readonly missing: readonly LedgerEntry[];
}

/**
 * Compares the ledger with our orders at the broker: those with our id prefix, their legs, and what replaces them.
 * @param ledger Of the NY day of the orders.
 * @param orders The broker's orders of that NY day, nested, all statuses.
 * @param past Entries of the days before: what replaces one of their orders today is ours too.
 */
export function reconcile(
  ledger: LiveLedger,
  orders: readonly BrokerOrder[],
  past: readonly LedgerEntry[] = [],
): Reconciliation {
  const flat = flattenOrders(orders);
  const byClientId = new Map(flat.map((order) => [order.clientOrderId, order]));
  const byOrderId = new Map(flat.map((order) => [order.orderId, order]));
  const missing: LedgerEntry[] = [];
  const foreign: LedgerEntry[] = [];
  let isChanged = false;
  const known = new Set<string>();
  const named = new Set(ledger.entries.map((entry) => entry.clientOrderId));
  const entries = ledger.entries.map((entry) => {
    const order = findOrder(entry, byClientId, byOrderId);
    if (order === undefined) {
      missing.push(entry);
      return entry;
    }
    known.add(order.orderId);
    // One of the old format may name an order that another entry stands for already: both count, one has its id.
    const isNamed = entry.clientOrderId === null && named.has(order.clientOrderId);
    const applied = applyBrokerOrder(entry, order);
    const updated = isNamed ? { ...applied, clientOrderId: null } : applied;
    named.add(updated.clientOrderId);
    if (isSame(entry, updated)) return entry;
    isChanged = true;
    if (entry.side === "buy" && hasNeverLeft(entry)) foreign.push(updated);
    return updated;
  });
  const added = listUnrecorded(orders, { entries, past }, known);
  const flattens = new Set<string | null>(
    flat.map((order) => order.clientOrderId).filter(isFlatten),
  );
  const mismatched = [
    ...foreign,
    ...added.filter((entry) => !flattens.has(entry.clientOrderId)),
  ];
  return {
    ledger: {
      ...ledger,
      entries: [...entries, ...added],
      mismatches: ledger.mismatches + (mismatched.length > 0 ? 1 : 0),
    },
    isChanged: isChanged || added.length > 0,
    mismatched,
    missing,
  };
}

function findOrder(
  entry: LedgerEntry,
  byClientId: ReadonlyMap<string, BrokerOrder>,
  byOrderId: ReadonlyMap<string, BrokerOrder>,
): BrokerOrder | undefined {
  const known = entry.orderId === null ? undefined : byOrderId.get(entry.orderId);
  if (entry.clientOrderId === null || known?.clientOrderId === entry.clientOrderId) return known;
  return byClientId.get(entry.clientOrderId) ?? known;
}

/** Orders of ours that no entry stands for. Legs belong to their parent's entry, but what replaced one has its own. */
function listUnrecorded(
  orders: readonly BrokerOrder[],
  { entries, past }: {
    readonly entries: readonly LedgerEntry[];
    readonly past: readonly LedgerEntry[];
  },
  known: ReadonlySet<string>,
): LedgerEntry[] {
  const legs = new Set(orders.flatMap((order) => order.legs.map((leg) => leg.orderId)));
  const recorded = [...entries, ...past];
  const ours = listOurOrderIds(orders, recorded);
  const named = new Set(entries.map((entry) => entry.clientOrderId));
  return flattenOrders(orders)
    .filter((order) => ours.has(order.orderId) && !known.has(order.orderId))
    .filter((order) => !legs.has(order.orderId) || isReplacement(order))
    .map((order) => inherit(order, orders, recorded))
    .map((entry) => {
      // How long the broker keeps ids unique is not known: a second order of one name counts, without its name.
      const isNamed = named.has(entry.clientOrderId);
      named.add(entry.clientOrderId);
      return isNamed ? { ...entry, clientOrderId: null } : entry;
    });
}

/** One that was sent by this engine in a leg's place, with an entry of its own. */
function isReplacement(order: BrokerOrder): boolean {
  return order.replaces !== null && isOurs(order.clientOrderId);
}

/** Orders with our id prefix, their legs, and what replaces them: by hand, for instance (pipeline 6). */
function listOurOrderIds(
  orders: readonly BrokerOrder[],
  entries: readonly LedgerEntry[],
): ReadonlySet<string> {
  const ours = new Set<string>();
  for (const entry of entries) {
    if (!isOurs(entry.clientOrderId ?? "") && entry.replaces === null) continue;
    if (entry.orderId !== null) ours.add(entry.orderId);
    for (const leg of entry.legs) ours.add(leg.orderId);
  }
  for (const order of orders) {
    if (isOurs(order.clientOrderId)) {
      for (const each of [order, ...order.legs]) ours.add(each.orderId);
    }
  }
  for (let size = -1; size < ours.size;) {
    size = ours.size;
    for (const { orderId, replaces } of orders) {
      if (replaces !== null && ours.has(replaces)) ours.add(orderId);
    }
  }
  return ours;
}

/** The entry of an unrecorded order, with the purpose of the recorded one that it came to replace. */
function inherit(
  order: BrokerOrder,
  orders: readonly BrokerOrder[],
  entries: readonly LedgerEntry[],
): LedgerEntry {
  const entry = buildEntryOfOrder(order);
  if (isOurs(order.clientOrderId)) return entry;
  let { replaces } = order;
  for (let step = 0; step < orders.length && replaces !== null; step++) {
    const past = entries.find((each) => each.orderId === replaces);
    if (past !== undefined) {
      const { reason, positionId, attempt } = past;
      return { ...entry, reason, positionId, attempt };
    }
    replaces = orders.find((each) => each.orderId === replaces)?.replaces ?? null;
  }
  return entry;
}

/**
 * A ledger entry from what the broker shows: notional from the fill where there is one, else from the dearest price that
 * the order names, so that the caps err on the safe side.
 */
export function buildEntryOfOrder(order: BrokerOrder): LedgerEntry {
  const qty = order.qty ?? order.filledQty;
  const prices = [order.limitPriceUsd, ...order.legs.map((leg) => leg.limitPriceUsd)];
  const namedUsd = Math.max(0, ...prices.map((price) => price ?? 0));
  const stopLeg = order.legs.find((leg) => leg.stopPriceUsd !== null);
  const targetLeg = order.legs.find((leg) => leg.limitPriceUsd !== null);
  const entry = buildLedgerEntry({
    symbol: order.symbol,
    notionalUsd: qty * (order.filledAvgPriceUsd ?? namedUsd),
    timestamp: formatUtc(order.submittedAtMs),
    side: order.side,
    // Whole shares are what we send: anything else under our prefix is another program's, and a mismatch all the same.
    qty: qty > 0 && (Number.isSafeInteger(qty) || isFlatten(order.clientOrderId)) ? qty : null,
    clientOrderId: order.clientOrderId,
    reason: order.side === "sell" ? readReason(order.clientOrderId) : null,
    positionId: order.side === "sell" ? readPositionId(order.clientOrderId) : null,
    attempt: order.side === "sell" ? readAttempt(order.clientOrderId) : null,
    stopUsd: readPrice(order.stopPriceUsd ?? stopLeg?.stopPriceUsd),
    r2Usd: readPrice(targetLeg?.limitPriceUsd),
    replaces: order.replaces,
  });
  return applyBrokerOrder(entry, order);
}

/** A price as the ledger takes it: what is not above 0 is none. */
function readPrice(usd: number | null | undefined): number | null {
  return usd !== null && usd !== undefined && usd > 0 ? usd : null;
}

const SELL_ID = /^(.*)-(r1_trim|r2_trim|stop_exit|stop)-(\d{1,6})$/;

/** A sell's reason, read back from its id; `null` for an id of another form. */
export function readReason(clientOrderId: string): string | null {
  return SELL_ID.exec(clientOrderId)?.[2] ?? null;
}

/** The position that a sell of ours belongs to, read back from its id; `null` for an id of another form. */
export function readPositionId(clientOrderId: string): string | null {
  return SELL_ID.exec(clientOrderId)?.[1] ?? null;
}

function readAttempt(clientOrderId: string): number | null {
  const text = SELL_ID.exec(clientOrderId)?.[3];
  return text === undefined ? null : Number(text);
}

function isSame(left: LedgerEntry, right: LedgerEntry): boolean {
  return left.status === right.status && left.orderId === right.orderId &&
    left.reason === right.reason && left.notFoundSinceMs === right.notFoundSinceMs &&
    left.broker?.status === right.broker?.status &&
    left.broker?.filledQty === right.broker?.filledQty &&
    left.broker?.filledAvgPriceUsd === right.broker?.filledAvgPriceUsd &&
    left.broker?.updatedAtMs === right.broker?.updatedAtMs &&
    left.legs.map((leg) => leg.orderId).join() === right.legs.map((leg) => leg.orderId).join();
}

/**
 * The ledger of a new NY day: what is not settled is carried over and counts until it is (pipeline 6). An exit that was
 * last seen at work is carried too: the close ended it, and whether it sold anything decides whether it is due again.
 * @param past The ledger of an earlier day.
 */
export function startNewDay(past: LiveLedger, dateNy: string): LiveLedger {
  const isCarried = (entry: LedgerEntry) =>
    isUnsettled(entry) || (isExitReason(entry.reason) && isOpenEntry(entry));
  return {
    ...past,
    dateNy,
    // A second one means another engine; that it is midnight does not make it go away.
    mismatches: past.mismatches >= MISMATCHES_MAX ? past.mismatches : 0,
    entries: past.entries.filter((entry) => entry.clientOrderId !== null && isCarried(entry)),
  };
}

/** A ledger without entries. */
export function buildEmptyLedger(dateNy: string): LiveLedger {
  return {
    dateNy,
    entries: [],
    host: null,
    accountId: null,
    mismatches: 0,
    unknownFields: {},
  };
}
