import { isFlatten, isOurs, readAdoptedAtMs } from "./client_order_id.ts";
import {
  applyBrokerOrder,
  isEntryRecord,
  keepNewest,
  type LedgerEntry,
  type LiveLedger,
} from "./ledger.ts";
import { type BrokerOrder, flattenOrders, isFinal } from "./orders.ts";
import { listFillHistories } from "./position_account.ts";

/**
 * Whether anything says that this engine has traded before: an entry of ours in a ledger, or an order of ours at the
 * broker. Without it a missing state is simply a first start (pipeline 6).
 */
export function hasTraces(
  ledgers: readonly LiveLedger[],
  orders: readonly BrokerOrder[],
): boolean {
  const isOfEngine = (id: string | null) => id !== null && !isFlatten(id);
  return ledgers.some(({ entries }) => entries.some((each) => isOfEngine(each.clientOrderId))) ||
    orders.some(({ clientOrderId: id }) => isOurs(id) && isOfEngine(id));
}

/**
 * Records with what the broker shows of their orders: one whose answer was lost may be filled by now, and its record alone
 * holds the plan (pipeline 6).
 */
export function applyOrders(
  ledgers: readonly LiveLedger[],
  orders: readonly BrokerOrder[],
): LiveLedger[] {
  const shown = new Map(orders.map((order) => [order.clientOrderId, order]));
  return ledgers.map((ledger) => ({
    ...ledger,
    entries: ledger.entries.map((entry) => {
      const order = isOurs(entry.clientOrderId ?? "")
        ? shown.get(entry.clientOrderId ?? "")
        : undefined;
      return order === undefined ? entry : applyBrokerOrder(entry, order);
    }),
  }));
}

function isEntryOfOurs(entry: LedgerEntry): boolean {
  return isEntryRecord(entry) && isOurs(entry.clientOrderId ?? "");
}

/** A stop of a position that was adopted: its record holds the plan, whether or not the broker took it. */
function isOfAdopted({ side, positionId, pivotUsd }: LedgerEntry): boolean {
  return side === "sell" && pivotUsd !== null && readAdoptedAtMs(positionId ?? "") !== null;
}

/** What the records say of one position whose state was lost. */
export interface LostPosition {
  /** What it was bought by, or the newest stop of one that was adopted. */
  readonly entry: LedgerEntry;
  /** The highest stop on record or at work for it that is the engine's own. */
  readonly stopUsd: number;
  readonly isTrimmedR1: boolean;
  readonly isTrimmedR2: boolean;
  /** Its stops on record, newest first. */
  readonly stops: readonly LedgerEntry[];
}

/**
 * Finds the entry that a held symbol was bought by, newest first, with what its sells say (pipeline 6).
 * @param ledgers Today's and the archived ones, newest first.
 * @param orders Open orders and those of the day at the broker.
 * @param byHandUsd Prices that hands gave to its stops: what the engine put there again says nothing of its own (pipeline 5).
 */
export function findLostPosition(
  symbol: string,
  ledgers: readonly LiveLedger[],
  orders: readonly BrokerOrder[],
  byHandUsd: ReadonlySet<number> = new Set(),
): LostPosition | null {
  const entries = ledgers.flatMap((ledger) => [...ledger.entries].reverse());
  const entry = entries.find((each) =>
    each.symbol === symbol && each.stopUsd !== null &&
    (isOfAdopted(each) || (each.status === "accepted" && isEntryOfOurs(each)))
  );
  if (entry === undefined || entry.stopUsd === null) return null;
  const positionId = entry.side === "buy" ? entry.clientOrderId : entry.positionId;
  const sells = entries.filter((each) =>
    each.positionId === positionId && each.status === "accepted"
  );
  const working = flattenOrders(orders).filter((order) =>
    order.symbol === symbol && order.side === "sell" && !isFinal(order) &&
    isOurs(order.clientOrderId)
  );
  const newest = keepNewest(entries).filter((each) =>
    each.positionId === positionId && each.status === "accepted"
  );
  const isDone = (reason: string) =>
    newest.some(({ reason: each, broker }) =>
      each === reason && (broker === null || broker.filledQty > 0 || !isFinal(broker))
    );
  const isTrimmedR1 = isDone("r1_trim");
  const shown = [
    entry.stopUsd,
    ...sells.flatMap((each) =>
      each.reason === "stop" && each.stopUsd !== null ? [each.stopUsd] : []
    ),
    ...working.flatMap((order) => order.stopPriceUsd === null ? [] : [order.stopPriceUsd]),
  ];
  const own = [
    // What a bracket began with was no hand's, whatever price a hand gave later.
    ...(entry.side === "buy" ? [entry.stopUsd] : []),
    // The trim raised the stop (pipeline 5), whether or not the new one came to leave.
    ...(isTrimmedR1 && entry.pivotUsd !== null ? [entry.pivotUsd] : []),
    ...shown.filter((usd) => !byHandUsd.has(usd)),
  ];
  return {
    entry,
    // Where only hands' prices are known, the engine's own was at or below the lowest of them.
    stopUsd: own.length > 0 ? Math.max(...own) : Math.min(...shown),
    isTrimmedR1,
    isTrimmedR2: isDone("r2_trim"),
    stops: keepNewest(entries).filter((each) =>
      each.positionId === positionId && each.reason === "stop" && each.qty !== null
    ),
  };
}

/**
 * Shares that an adopted position must have by its stops on record and what was filled since; its state has forgotten how
 * many it took over.
 * @param stops Newest first.
 * @param history All orders of its symbol since it was adopted, each once.
 * @returns `heldQty` where a record explains it, or there is none; else what the newest one stands for: nobody can explain
 *   what is held then (a split), and it is to be left alone (pipeline 5, "Which positions").
 */
export function countAdopted(
  stops: readonly LedgerEntry[],
  heldQty: number,
  history: readonly BrokerOrder[],
): number {
  const [newest] = stops;
  if (newest === undefined) return heldQty;
  const atWork = stops.filter((stop) => {
    const order = findOrder(stop, history);
    return order !== undefined && !isFinal(order);
  });
  const atWorkQty = atWork.reduce((sum, stop) => sum + readLeftQty(stop, history), 0);
  const isExplained = heldQty === atWorkQty ||
    stops.some((stop) => listQtysBehind(stop, history).includes(heldQty));
  return isExplained ? heldQty : readLeftQty(newest, history);
}

/** The stop of an exit is recorded before the exit's sell is filled, for what that will leave; any other for what is held. */
function listQtysBehind(stop: LedgerEntry, history: readonly BrokerOrder[]): number[] {
  const recordedAtMs = Date.parse(stop.timestamp);
  const since = history.filter((order) =>
    order.filledQty > 0 && (order.filledAtMs ?? order.updatedAtMs) >= recordedAtMs
  );
  const changed = listFillHistories(since)
    .map(({ boughtQty, soldQty }) => (stop.qty ?? 0) + boughtQty - soldQty);
  return [readLeftQty(stop, history), ...changed];
}

function readLeftQty(stop: LedgerEntry, history: readonly BrokerOrder[]): number {
  const view = findOrder(stop, history) ?? stop.broker;
  return (stop.qty ?? 0) - (view?.filledQty ?? 0);
}

function findOrder(
  { clientOrderId }: LedgerEntry,
  history: readonly BrokerOrder[],
): BrokerOrder | undefined {
  return history.find((order) => order.clientOrderId === clientOrderId);
}
