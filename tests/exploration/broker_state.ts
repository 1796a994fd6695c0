/** Statuses as on the wire (the published `OrderStatus`, without one for auctions). */
export const STATUSES = [
  "pending_new",
  "accepted",
  "new",
  "held",
  "partially_filled",
  "pending_cancel",
  "pending_replace",
  "done_for_day",
  "suspended",
  "stopped",
  "calculated",
  "filled",
  "canceled",
  "expired",
  "rejected",
  "replaced",
] as const;
/** One of them. */
export type Status = typeof STATUSES[number];

/**
 * One order. Ids are small numbers from 1 in the sequence of acceptance, 0 is none. Prices are levels: whole numbers in the
 * order of the prices that they stand for, 0 is none.
 */
export interface Order {
  readonly id: number;
  readonly clientOrderId: string;
  readonly side: "buy" | "sell";
  readonly type: "market" | "stop" | "limit";
  readonly isGtc: boolean;
  readonly qty: number;
  readonly filledQty: number;
  /** Of a stop its stop price, of a limit its limit. */
  readonly level: number;
  readonly status: Status;
  /** What a pending cancel, a pending replacement or a rest from trading goes back to; else the status itself. */
  readonly restsAs: Status;
  /** The bracket's entry that it is an exit of. */
  readonly parentId: number;
  readonly replaces: number;
  readonly replacedBy: number;
  /** Whether it may trade: not the exits of an entry that is not wholly filled, nor a replacement not yet in force. */
  readonly isActive: boolean;
  /** Whether a stop has begun to sell: it is a market order then, whatever the price does. */
  readonly isTriggered: boolean;
  /** How often it has changed, where that is counted: of two answers the one with more is the newer. */
  readonly version: number;
  /** Taken, and not shown by any answer yet (broker.md, the 404 row). */
  readonly isHidden: boolean;
}

/** What no document says of the broker, and what stays the same as long as it lives (broker.md, the marks **(u)**). */
export interface Habits {
  /** Lists and positions may show how things were when they were last up to date. */
  readonly isLagging: boolean;
  /** An account with margin may go short: the broker does not stop it. */
  readonly isShortingAllowed: boolean;
  readonly stopAboveMarket: "triggers" | "refuses";
  /** Whether a replacement begins with what its predecessor had filled. */
  readonly isFillCarriedOver: boolean;
  /** How a filled bracket stands in a nested list of open orders. */
  readonly openShows: "parent" | "legs";
  /** The first status of what is taken; `new` is `accepted` while the market is closed. */
  readonly firstStatus: "pending_new" | "new";
  /** Whether the answer to a replacement comes when it is done, or when it is under way. */
  readonly isReplacedAtOnce: boolean;
  /** Whether its answers tell which of them is the newer; where none lags each is newer than all before, and nobody asks. */
  readonly isDating: boolean;
}

/** A request that changes something. */
export type Change =
  | { readonly kind: "sell"; readonly clientOrderId: string; readonly qty: number }
  | {
    readonly kind: "stop";
    readonly clientOrderId: string;
    readonly qty: number;
    readonly level: number;
  }
  | {
    readonly kind: "bracket";
    readonly clientOrderId: string;
    readonly qty: number;
    readonly takeLevel: number;
    readonly stopLevel: number;
  }
  | {
    readonly kind: "replace";
    readonly id: number;
    readonly clientOrderId: string;
    readonly qty?: number;
    readonly level?: number;
  }
  | { readonly kind: "cancel"; readonly id: number };

/** Why the broker says no (broker.md, Refusals). */
export type Refusal =
  | "duplicate"
  | "insufficient_qty"
  | "wash_trade"
  | "stop_price"
  | "account"
  | "unauthorized"
  | "rate_limited"
  | "not_cancelable"
  | "not_replaceable"
  | "not_found"
  | "other";

/** One symbol's account at the broker: a value. */
export interface BrokerState {
  readonly habits: Habits;
  readonly isOpen: boolean;
  readonly priceLevel: number;
  /** Less than 0 where it is short. */
  readonly heldQty: number;
  /** In the sequence of their ids: the order with id n is the n-th. */
  readonly orders: readonly Order[];
  /** What lists and positions may still show; `null` where they are up to date. */
  readonly pastOrders: readonly Order[] | null;
  readonly pastHeldQty: number | null;
  /** A request that the network delivers after the client has given it up. */
  readonly late: Change | null;
  /** What it refuses from now on, whatever the reason is worth. */
  readonly refuses: { readonly kind: Change["kind"]; readonly why: Refusal } | null;
}

/** A broker as one hopes for it. */
export const PLAIN_HABITS: Habits = {
  isLagging: false,
  isShortingAllowed: true,
  stopAboveMarket: "triggers",
  isFillCarriedOver: true,
  openShows: "parent",
  firstStatus: "pending_new",
  isReplacedAtOnce: true,
  isDating: true,
};

/** An account that holds nothing and knows no order, in a session. */
export function buildBroker(changes: Partial<BrokerState> = {}): BrokerState {
  return {
    habits: PLAIN_HABITS,
    isOpen: true,
    priceLevel: 3,
    heldQty: 0,
    orders: [],
    pastOrders: null,
    pastHeldQty: null,
    late: null,
    refuses: null,
    ...changes,
  };
}

const FINAL: ReadonlySet<Status> = new Set<Status>([
  "filled",
  "canceled",
  "expired",
  "rejected",
  "replaced",
]);

/** Whether the order can no longer change. */
export function isOver({ status }: Order): boolean {
  return FINAL.has(status);
}

/** Shares that the order may still trade. */
export function countLeft(order: Order): number {
  return isOver(order) ? 0 : order.qty - order.filledQty;
}

/** The order with this id. @throws {RangeError} Where there is none. */
export function findOrder(state: BrokerState, id: number): Order {
  const order = state.orders[id - 1];
  if (order === undefined) throw new RangeError(`no order ${id}`);
  return order;
}

/** The version of every order where changes are not counted. */
export const UNDATED = 0;

/** The state with these orders in the place of those with their ids; the next id adds one. */
export function putOrders(state: BrokerState, ...changed: readonly Order[]): BrokerState {
  const orders = [...state.orders];
  for (const order of changed) {
    const version = (state.orders[order.id - 1]?.version ?? 0) + 1;
    orders[order.id - 1] = { ...order, version: state.habits.isDating ? version : UNDATED };
  }
  return { ...state, orders };
}

/** The state with what lists and positions showed when they were last up to date, where they lag. */
export function keepPast(before: BrokerState, after: BrokerState): BrokerState {
  const { habits, orders, heldQty } = after;
  if (!habits.isLagging) return after;
  const pastOrders = before.pastOrders ?? (orders === before.orders ? null : before.orders);
  const pastHeldQty = before.pastHeldQty ?? (heldQty === before.heldQty ? null : before.heldQty);
  return { ...after, pastOrders, pastHeldQty };
}

/** The orders of the same bracket that are not over, itself included; a plain order is alone. */
export function listGroup({ orders }: BrokerState, { id, parentId }: Order): Order[] {
  const rootId = parentId || id;
  return orders.filter((each) => !isOver(each) && (each.parentId || each.id) === rootId);
}

/** Shares that working sells reserve: a bracket's exits stand for the same shares, and reserve them once. */
export function countReserved({ orders }: BrokerState): number {
  const byRoot = new Map<number, number>();
  for (const order of orders) {
    if (order.side !== "sell" || !order.isActive) continue;
    const rootId = order.parentId || order.id;
    byRoot.set(rootId, Math.max(byRoot.get(rootId) ?? 0, countLeft(order)));
  }
  return [...byRoot.values()].reduce((sum, qty) => sum + qty, 0);
}
