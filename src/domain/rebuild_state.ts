import { isFlatten, isOurs, readAdoptedAtMs } from "./client_order_id.ts";
import { keepNewest, type LedgerEntry, type LiveLedger } from "./ledger.ts";
import { type BrokerOrder, flattenOrders, isFinal } from "./orders.ts";

/**
 * Whether anything says that this engine has traded before: an entry of ours in a ledger, or an order of ours at the
 * broker. Without it a missing state is simply a first start (pipeline 6).
 */
export function hasTraces(
  ledgers: readonly LiveLedger[],
  orders: readonly BrokerOrder[],
): boolean {
  return ledgers.some((ledger) => ledger.entries.some((entry) => entry.clientOrderId !== null)) ||
    orders.some((order) => isOurs(order.clientOrderId) && !isFlatten(order.clientOrderId));
}

function isEntryOfOurs({ side, clientOrderId }: LedgerEntry): boolean {
  return side === "buy" && clientOrderId !== null && isOurs(clientOrderId);
}

/** A stop of a position that was adopted: its record holds the plan, whether or not the broker took it. */
function isOfAdopted({ side, positionId, pivotUsd }: LedgerEntry): boolean {
  return side === "sell" && pivotUsd !== null && readAdoptedAtMs(positionId ?? "") !== null;
}

/** What the records say of one position whose state was lost. */
export interface LostPosition {
  /** What it was bought by, or the newest stop of one that was adopted. */
  readonly entry: LedgerEntry;
  /** The highest stop on record or at work for it. */
  readonly stopUsd: number;
  readonly isTrimmedR1: boolean;
  readonly isTrimmedR2: boolean;
}

/**
 * Finds the entry that a held symbol was bought by, newest first, with what its sells say (pipeline 6).
 * @param ledgers Today's and the archived ones, newest first.
 * @param orders Open orders and those of the day at the broker.
 */
export function findLostPosition(
  symbol: string,
  ledgers: readonly LiveLedger[],
  orders: readonly BrokerOrder[],
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
  const stops = [
    entry.stopUsd,
    // The trim raised the stop (pipeline 5), whether or not the new one came to leave.
    ...(isTrimmedR1 && entry.pivotUsd !== null ? [entry.pivotUsd] : []),
    ...sells.flatMap((each) =>
      each.reason === "stop" && each.stopUsd !== null ? [each.stopUsd] : []
    ),
    ...working.flatMap((order) => order.stopPriceUsd === null ? [] : [order.stopPriceUsd]),
  ];
  return {
    entry,
    stopUsd: Math.max(...stops),
    isTrimmedR1,
    isTrimmedR2: isDone("r2_trim"),
  };
}
