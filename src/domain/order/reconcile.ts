import { isFlatten, isOurs, readAttempt, readPositionId, readReason } from "./client_order_id.ts";
import { isExitReason } from "../exit/exit_rules.ts";
import {
  applyBrokerOrder,
  buildLedgerEntry,
  hasNeverLeft,
  isOpenEntry,
  isUnsettled,
  type LedgerEntry,
  type LiveLedger,
  MISMATCHES_MAX,
  readFilledPrice,
  readName,
} from "./ledger.ts";
import { formatUtc } from "../time/ny_time.ts";
import { type BrokerOrder, flattenOrders } from "./orders.ts";
import { inherit, listLinks, listOurOrderIds } from "./replacements.ts";

/** The ledger held against the broker's orders of the day (pipeline 6). */
export interface Reconciliation {
  /** With what the broker says taken over, and what was lacking added. */
  readonly ledger: LiveLedger;
  readonly isChanged: boolean;
  /**
   * Orders under our prefix that the ledger lacked, or knew as never sent: another engine's. What is recorded without being
   * one is `flatten`'s, and what the broker or a hand put in the place of an order of ours.
   */
  readonly mismatched: readonly LedgerEntry[];
  /** What was recorded as ours because it came in the place of an order or leg of ours. */
  readonly replacements: readonly LedgerEntry[];
  /** Entries that the broker did not list, to be looked up one by one. */
  readonly missing: readonly LedgerEntry[];
}

/**
 * Compares the ledger with our orders at the broker: those with our id prefix, their legs, and what replaces them.
 * @param ledger Of the NY day of the orders.
 * @param orders The broker's orders of that NY day, nested, all statuses.
 * @param past Entries of the days before: their orders, and what replaces one of them today, are ours too.
 * @param ancestors Orders between those and today's, by which a chain of replacements is followed; none is recorded.
 */
export function reconcile(
  ledger: LiveLedger,
  orders: readonly BrokerOrder[],
  past: readonly LedgerEntry[] = [],
  ancestors: readonly BrokerOrder[] = [],
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
    if (isSameEntry(entry, updated)) return entry;
    isChanged = true;
    if (entry.side === "buy" && hasNeverLeft(entry)) foreign.push(updated);
    return updated;
  });
  const added = listUnrecorded(orders, {
    recorded: [
      ...entries,
      ...past,
      // Older than the records that are read, and ours by its name.
      ...ancestors.filter((order) => isOurs(order.clientOrderId)).map(buildEntryOfOrder),
    ],
    ancestors,
    known,
    named,
  });
  const sent = new Set(
    past.filter((entry) => !hasNeverLeft(entry)).map((entry) => entry.clientOrderId),
  );
  const mismatched = [
    ...foreign,
    ...pickEntries(
      added.filter(({ order }) => !sent.has(order.clientOrderId)),
      "another_engine",
    ),
  ];
  return {
    ledger: {
      ...ledger,
      entries: [...entries, ...added.map(({ entry }) => entry)],
      mismatches: ledger.mismatches + (mismatched.length > 0 ? 1 : 0),
    },
    isChanged: isChanged || added.length > 0,
    mismatched,
    replacements: pickEntries(added, "replacement"),
    missing,
  };
}

/** An order that the ledger lacked: whose it is, and its entry from now on. */
interface Added {
  readonly kind: "flatten" | "replacement" | "another_engine";
  readonly order: BrokerOrder;
  readonly entry: LedgerEntry;
}

function pickEntries(added: readonly Added[], kind: Added["kind"]): LedgerEntry[] {
  return added.filter((each) => each.kind === kind).map(({ entry }) => entry);
}

/**
 * Our prefix on an id that no record has is another engine's: every order of this engine's, a replacement too, is written
 * ahead (pipeline 6). One that kept the name of the order on record in whose place it came is ours.
 */
function decideKind(
  { clientOrderId }: BrokerOrder,
  { isNamed, isHeir }: { readonly isNamed: boolean; readonly isHeir: boolean },
): Added["kind"] {
  if (isFlatten(clientOrderId)) return "flatten";
  return !isOurs(clientOrderId) || (isNamed && isHeir) ? "replacement" : "another_engine";
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
  { recorded, ancestors, known, named }: {
    readonly recorded: readonly LedgerEntry[];
    readonly ancestors: readonly BrokerOrder[];
    readonly known: ReadonlySet<string>;
    /** Client order ids of the ledger; those of what is added are put in. */
    readonly named: Set<string | null>;
  },
): Added[] {
  const flat = flattenOrders(orders);
  const legs = new Set(orders.flatMap((order) => order.legs.map((leg) => leg.orderId)));
  const links = listLinks([...flat, ...ancestors]);
  const ours = listOurOrderIds(flat, recorded, links);
  return flat
    .filter((order) => ours.has(order.orderId) && !known.has(order.orderId))
    .filter((order) => !legs.has(order.orderId) || isReplacement(order))
    .map((order) => {
      const plain = buildEntryOfOrder(order);
      const inherited = inherit(order, links, recorded);
      // One of ours says itself what it is for.
      const entry = isOurs(order.clientOrderId) ? plain : { ...plain, ...inherited };
      // How long the broker keeps ids unique is not known: a second order of one name counts, without its name.
      const isNamed = named.has(entry.clientOrderId);
      named.add(entry.clientOrderId);
      return {
        order,
        kind: decideKind(order, { isNamed, isHeir: inherited.positionId !== undefined }),
        entry: isNamed ? { ...entry, clientOrderId: null } : entry,
      };
    });
}

/** One that was sent by this engine in a leg's place, with an entry of its own. */
function isReplacement(order: BrokerOrder): boolean {
  return order.replaces !== null && isOurs(order.clientOrderId);
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
    notionalUsd: qty * (readFilledPrice(order) ?? namedUsd),
    timestamp: formatUtc(order.submittedAtMs),
    side: order.side,
    // Whole shares are what we send: anything else under our prefix is another program's, and a mismatch all the same.
    qty: qty > 0 && (Number.isSafeInteger(qty) || isFlatten(order.clientOrderId)) ? qty : null,
    clientOrderId: readName(order),
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

/** Whether two records of an order say the same of it. */
export function isSameEntry(left: LedgerEntry, right: LedgerEntry): boolean {
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
