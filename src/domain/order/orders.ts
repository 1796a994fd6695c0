/** Which way shares move. */
export type OrderSide = "buy" | "sell";

/**
 * An order as the broker shows it. Quantities in shares, prices in USD per share, times in Unix ms.
 * Strings stay as the wire has them: statuses and types appear without notice (broker.md).
 */
export interface BrokerOrder {
  readonly orderId: string;
  readonly clientOrderId: string;
  /** What a renamed symbol keeps, where the broker says it. */
  readonly assetId?: string;
  readonly symbol: string;
  readonly side: OrderSide;
  readonly type: string;
  readonly orderClass: string;
  readonly timeInForce: string;
  readonly status: string;
  /** `null` for a notional order. */
  readonly qty: number | null;
  readonly filledQty: number;
  readonly filledAvgPriceUsd: number | null;
  readonly limitPriceUsd: number | null;
  readonly stopPriceUsd: number | null;
  readonly submittedAtMs: number;
  readonly updatedAtMs: number;
  readonly filledAtMs: number | null;
  /** When the broker ends it by itself, where it says so. */
  readonly expiresAtMs?: number;
  readonly replacedBy: string | null;
  readonly replaces: string | null;
  readonly legs: readonly BrokerOrder[];
}

/** A position as the broker shows it; `qty` is negative where it is short. */
export interface BrokerPosition {
  /** What a renamed symbol keeps, where the broker says it. */
  readonly assetId?: string;
  readonly symbol: string;
  readonly qty: number;
  readonly avgEntryPriceUsd: number;
  readonly costBasisUsd: number;
  readonly currentPriceUsd: number | null;
  /** The close of the session before; absent where the broker leaves it out. */
  readonly lastCloseUsd?: number;
}

/** The account as far as the engine needs it. */
export interface BrokerAccount {
  readonly accountId: string;
  readonly status: string;
  /** `null` where the broker leaves it out: nothing can be sized then. */
  readonly equityUsd: number | null;
  /** Names of the flags that are on and bar the account from trading, as on the wire. */
  readonly blockFlags: readonly string[];
}

/** Wall behind the wall: reported by `check`, never changed (broker.md). */
export interface AccountConfiguration {
  readonly noShorting: boolean | null;
  readonly maxMarginMultiplier: string | null;
  readonly isSuspended: boolean | null;
}

const FINAL_STATUSES: ReadonlySet<string> = new Set([
  "filled",
  "canceled",
  "expired",
  "rejected",
  "replaced",
]);

const KNOWN_STATUSES: ReadonlySet<string> = new Set([
  ...FINAL_STATUSES,
  "new",
  "partially_filled",
  "done_for_day",
  "pending_cancel",
  "pending_replace",
  "accepted",
  "pending_new",
  "accepted_for_bidding",
  "stopped",
  "suspended",
  "calculated",
  "held",
]);

/** Whether the order can no longer change. An unknown status is not final (broker.md, Orders). */
export function isFinal(order: Pick<BrokerOrder, "status">): boolean {
  return FINAL_STATUSES.has(order.status);
}

/**
 * Whether all its shares are filled, whatever its status: `calculated` is done and not settled for the day, and what lost to a
 * fill may say that it was canceled (broker.md, Orders).
 */
export function isWhollyFilled(
  { status, qty, filledQty }: Pick<BrokerOrder, "status" | "qty" | "filledQty">,
): boolean {
  return status === "filled" || (qty !== null && qty > 0 && filledQty >= qty);
}

/** Whether the order may trade yet: an unknown status may, and shares that are all filled trade no more. */
export function mayTrade(order: Pick<BrokerOrder, "status" | "qty" | "filledQty">): boolean {
  return !isFinal(order) && !isWhollyFilled(order);
}

/** When the order filled, or last changed where it is filled in part. Unix ms. */
export function findFilledAtMs(
  order: Pick<BrokerOrder, "filledAtMs" | "updatedAtMs">,
): number {
  return order.filledAtMs ?? order.updatedAtMs;
}

/**
 * When the order changed last, by the later of its dates: that of the change may be left out where that of the fill is known
 * (broker.md, Time and data). Unix ms.
 */
export function findChangedAtMs(
  { filledAtMs, updatedAtMs }: Pick<BrokerOrder, "filledAtMs" | "updatedAtMs">,
): number {
  return Math.max(updatedAtMs, filledAtMs ?? 0);
}

/** Whether this program knows the status; an unknown one is said. */
export function isKnownStatus(status: string): boolean {
  return KNOWN_STATUSES.has(status);
}

/** Shares that the order may still trade. */
export function remainingQty(order: Pick<BrokerOrder, "status" | "qty" | "filledQty">): number {
  if (isFinal(order)) return 0;
  return Math.max(0, (order.qty ?? 0) - order.filledQty);
}

/** Orders with their legs, each once, parents first. */
export function flattenOrders(orders: readonly BrokerOrder[]): BrokerOrder[] {
  const seen = new Map<string, BrokerOrder>();
  for (const order of orders) {
    for (const each of [order, ...order.legs]) {
      if (!seen.has(each.orderId)) seen.set(each.orderId, each);
    }
  }
  return [...seen.values()];
}
