import {
  type BrokerState,
  countLeft,
  findOrder,
  isOver,
  keepPast,
  listGroup,
  type Order,
  putOrders,
  type Status,
} from "./broker_state.ts";

/**
 * What is unusual about a move or an answer, and so has a bound: lists and positions behind, answers lost, refusals, hands at
 * the broker, time (sessions, splits, orders that rest from trading), fills in parts, and fills that cross a cancel.
 */
export type Trouble = "lag" | "loss" | "refusal" | "hand" | "time" | "partial" | "cross";

/** Something that the broker or the market does by itself. */
export interface Move {
  /** As a story says it. */
  readonly name: string;
  readonly trouble: Trouble | null;
  readonly next: BrokerState;
}

/** Statuses in which an order does not trade (broker.md). */
const ASLEEP: ReadonlySet<Status> = new Set<Status>(["done_for_day", "suspended", "stopped"]);

/** Whether the order rests from trading, for a time that nobody knows. */
export function isAsleep({ status }: Order): boolean {
  return ASLEEP.has(status) || status === "calculated";
}

/** Whether an order trades at the price of now. */
function isTrading({ isOpen, priceLevel }: BrokerState, order: Order): boolean {
  if (!isOpen || !order.isActive || isOver(order) || isAsleep(order)) return false;
  if (order.status === "accepted" || order.status === "pending_new") return false;
  if (order.type === "limit") return priceLevel >= order.level;
  return order.type === "market" || priceLevel <= order.level || order.isTriggered;
}

/** Fills some of an order, and does what that means for the rest of its bracket. */
export function fillOrder(state: BrokerState, order: Order, qty: number): BrokerState {
  const filledQty = order.filledQty + qty;
  const isWhole = filledQty >= order.qty;
  const isBusy = order.status === "pending_cancel" || order.status === "pending_replace";
  const status = isWhole ? "filled" : isBusy ? order.status : "partially_filled";
  const heldQty = state.heldQty + (order.side === "buy" ? qty : -qty);
  const isTriggered = order.type === "stop";
  const filled: Order = { ...order, filledQty, status, restsAs: "partially_filled", isTriggered };
  const next = putOrders({ ...state, heldQty }, filled);
  return followFill(next, filled);
}

function followFill(state: BrokerState, order: Order): BrokerState {
  const isWhole = order.filledQty >= order.qty;
  const others = listGroup(state, order).filter((each) => each.id !== order.id);
  if (order.side === "buy") {
    if (!isWhole) return state;
    return putOrders(state, ...others.map((leg) => activateLeg(leg)));
  }
  return putOrders(
    state,
    ...others.filter((each) => each.side === "sell" && each.isActive).map((each): Order =>
      isWhole
        ? { ...each, status: "canceled" }
        : { ...each, qty: each.filledQty + order.qty - order.filledQty }
    ),
  );
}

/** A bracket's exits come into force when its entry is completely filled: the stop is `held`, and protects. */
function activateLeg(leg: Order): Order {
  const status = leg.type === "stop" ? "held" : "new";
  return { ...leg, isActive: true, status, restsAs: status };
}

/** Why and how an order ends that would make the account short, where it may not be. */
function listRejections(state: BrokerState, order: Order): Move[] {
  const isShort = order.side === "sell" && state.heldQty < countLeft(order);
  if (!isShort || state.habits.isShortingAllowed) return [];
  const group = order.parentId === 0 ? [order] : listGroup(state, order);
  const next = putOrders(state, ...group.map((each): Order => ({ ...each, status: "rejected" })));
  return [{ name: `${order.id} is rejected: nothing left to sell`, trouble: null, next }];
}

function listFills(state: BrokerState, order: Order): Move[] {
  if (!isTrading(state, order) || order.status === "pending_cancel") return [];
  const rejections = listRejections(state, order);
  if (rejections.length > 0) return rejections;
  const leftQty = countLeft(order);
  const next = fillOrder(state, order, leftQty);
  const whole: Move = { name: `${order.id} fills`, trouble: null, next };
  if (leftQty === 1) return [whole];
  const part = fillOrder(state, order, 1);
  return [whole, { name: `${order.id} fills 1`, trouble: "partial", next: part }];
}

/** Both exits of a bracket fill in a fast market (broker.md). */
function listDoubleFills(state: BrokerState, order: Order): Move[] {
  const isCrossing = order.status === "pending_cancel" && state.isOpen && order.isActive;
  if (order.parentId === 0 || !(isCrossing || isTrading(state, order))) return [];
  return listGroup(state, order)
    .filter((each) => each.side === "sell" && each.isActive && each.id !== order.id)
    .map((other) => {
      const once = fillOrder(state, order, countLeft(order));
      const next = fillOrder(once, other, countLeft(other));
      return { name: `${order.id} and ${other.id} both fill`, trouble: "cross", next };
    });
}

/** At a fill the broker puts another order, with an id of its own, in a leg's place. */
function listSubstitutions(state: BrokerState, order: Order): Move[] {
  if (order.parentId === 0 || !order.isActive) return [];
  const isBusy = !["new", "held", "partially_filled"].includes(order.status);
  // Once: what came in its place is as good as any.
  if (isBusy || order.replaces !== 0) return [];
  const id = state.orders.length + 1;
  const fresh: Order = { ...order, id, clientOrderId: `broker-${id}`, replaces: order.id };
  const old: Order = { ...order, status: "replaced", replacedBy: id };
  return [{
    name: `${id} stands in the place of ${order.id}`,
    trouble: "hand",
    next: putOrders(state, old, fresh),
  }];
}

function listAcknowledgements(state: BrokerState, order: Order): Move[] {
  if (order.status !== "pending_new" || order.replaces !== 0) return [];
  const group = listGroup(state, order);
  const status: Status = state.isOpen ? "new" : "accepted";
  return [
    {
      name: `${order.id} is ${status}`,
      trouble: null,
      next: putOrders(state, { ...order, status, restsAs: status }),
    },
    {
      name: `${order.id} is rejected after all`,
      trouble: "refusal",
      next: putOrders(state, ...group.map((each): Order => ({ ...each, status: "rejected" }))),
    },
  ];
}

/** The end of a cancel: done, or overtaken by a fill; a cancel that hangs is one whose end does not come. */
function listCancelEnds(state: BrokerState, order: Order): Move[] {
  const group = listGroup(state, order).filter(({ status }) => status === "pending_cancel");
  if (order.status !== "pending_cancel") return [];
  const moves: Move[] = [];
  if (group[0]?.id === order.id) {
    moves.push({
      name: `the cancel of ${order.id} is done`,
      trouble: null,
      next: putOrders(state, ...group.map((each): Order => ({ ...each, status: "canceled" }))),
    });
  }
  return [...moves, ...listCrossings(state, order)];
}

/** Fills of an order whose cancel is on its way, whatever its price: it was reached for a moment. */
function listCrossings(state: BrokerState, order: Order): Move[] {
  if (!state.isOpen || !order.isActive) return [];
  const rejections = listRejections(state, order);
  if (rejections.length > 0) return rejections;
  const leftQty = countLeft(order);
  const filled = fillOrder(state, order, leftQty);
  const name = `${order.id} fills before its cancel`;
  const moves: Move[] = [{ name, trouble: "cross", next: filled }];
  if (order.side === "buy") {
    const legs = listGroup(filled, order).map((leg): Order => ({ ...leg, status: "canceled" }));
    // Whether the exits of an entry that was to be cancelled live on is not documented.
    const next = putOrders(filled, ...legs);
    if (legs.length > 0) {
      moves.push({ name: `${name}, its exits are cancelled`, trouble: "cross", next });
    }
  }
  if (leftQty > 1) {
    const next = fillOrder(state, order, 1);
    moves.push({ name: `${order.id} fills 1 before its cancel`, trouble: "cross", next });
  }
  return moves;
}

/** Ends a replacement: the new order stands in the old one's place, or is rejected while the old one lives on. */
export function endReplacement(state: BrokerState, fresh: Order, isDone: boolean): BrokerState {
  const old = findOrder(state, fresh.replaces);
  if (!isDone || isOver(old) || fresh.qty <= old.filledQty) {
    const back: Order = isOver(old) ? old : { ...old, status: old.restsAs };
    return putOrders(state, back, { ...fresh, status: "rejected" });
  }
  const { isFillCarriedOver } = state.habits;
  const status: Status = old.restsAs === "held" && old.filledQty === 0
    ? "held"
    : old.filledQty > 0 && isFillCarriedOver
    ? "partially_filled"
    : "new";
  const taken: Order = {
    ...fresh,
    status,
    restsAs: status,
    parentId: old.parentId,
    isTriggered: old.isTriggered,
    isActive: true,
    qty: isFillCarriedOver ? fresh.qty : fresh.qty - old.filledQty,
    filledQty: isFillCarriedOver ? old.filledQty : 0,
  };
  const legs = state.orders.filter((each) => each.parentId === old.id)
    .map((leg): Order => ({ ...leg, parentId: fresh.id }));
  return putOrders(state, { ...old, status: "replaced", replacedBy: fresh.id }, taken, ...legs);
}

function listReplacementEnds(state: BrokerState, order: Order): Move[] {
  if (order.status !== "pending_new" || order.replaces === 0) return [];
  const old = findOrder(state, order.replaces);
  const done: Move = {
    name: `${order.id} takes the place of ${old.id}, where that still rests`,
    trouble: null,
    next: endReplacement(state, order, true),
  };
  if (isOver(old)) return [done];
  const name = `${order.id} is rejected, and ${old.id} lives on`;
  return [done, { name, trouble: "refusal", next: endReplacement(state, order, false) }];
}

/** Orders that rest from trading, and what becomes of them (broker.md, "do not trade now"). */
function listSleeps(state: BrokerState, order: Order): Move[] {
  const rests: readonly Status[] = ["new", "held", "partially_filled"];
  if (isAsleep(order)) {
    const isWhole = order.filledQty >= order.qty;
    const woken: Order = { ...order, status: isWhole ? "filled" : order.restsAs };
    const moves: Move[] = [];
    if (order.status === "stopped") {
      const next = fillOrder(state, woken, countLeft(order));
      moves.push({ name: `the guaranteed trade of ${order.id} is done`, trouble: null, next });
    } else if (order.status !== "done_for_day") {
      const next = putOrders(state, woken);
      moves.push({ name: `${order.id} is ${woken.status} again`, trouble: null, next });
    }
    return moves;
  }
  if (!order.isActive || !rests.includes(order.status) || !state.isOpen) return [];
  const asleep = [...ASLEEP].map((status): Move => ({
    name: `${order.id} is ${status}`,
    trouble: "time",
    next: putOrders(state, { ...order, status, restsAs: order.status }),
  }));
  const filled = fillOrder(state, order, countLeft(order));
  const calculated: Order = { ...findOrder(filled, order.id), status: "calculated" };
  const name = `${order.id} is calculated: traded, and not settled`;
  return [...asleep, { name, trouble: "time", next: putOrders(filled, calculated) }];
}

/** The close: what is good for the day alone is over. */
export function closeMarket(state: BrokerState): BrokerState {
  const expired = state.orders.filter((order) => !order.isGtc && !isOver(order))
    .map((order): Order => ({
      ...order,
      status: order.filledQty >= order.qty ? "filled" : "expired",
    }));
  return keepPast(state, putOrders({ ...state, isOpen: false }, ...expired));
}

/** The open: what was queued is at work, and what was done for its day. */
export function openMarket(state: BrokerState): BrokerState {
  const woken = state.orders.filter(({ status }) =>
    status === "accepted" || status === "done_for_day"
  ).map((order): Order => {
    const status = order.status === "accepted" ? "new" : order.restsAs;
    return { ...order, status, restsAs: status };
  });
  return keepPast(state, putOrders({ ...state, isOpen: true }, ...woken));
}

/** A split two for one: twice the shares with no order behind it; what resting stops do is not documented **(u)**. */
export function listSplits(state: BrokerState): Move[] {
  const split = keepPast(state, { ...state, heldQty: state.heldQty * 2 });
  const ended = state.orders.filter((order) => !isOver(order))
    .map((order): Order => ({ ...order, status: "canceled" }));
  const moves: Move[] = [{ name: "a split, orders stay", trouble: "time", next: split }];
  if (ended.length === 0) return moves;
  const next = keepPast(state, putOrders(split, ...ended));
  return [...moves, { name: "a split, orders end", trouble: "time", next }];
}

/** Good-till-canceled orders end by themselves 90 days after they were made. */
function listEnds(state: BrokerState, order: Order): Move[] {
  if (!order.isGtc || state.isOpen || isOver(order)) return [];
  const next = putOrders(state, { ...order, status: "expired" });
  return [{ name: `${order.id} ends by itself`, trouble: "time", next }];
}

/** What has lagged catches up, and what was hidden appears. */
function listCatchingUp(state: BrokerState): Move[] {
  const moves: Move[] = [];
  if (state.pastOrders !== null || state.pastHeldQty !== null) {
    const next = { ...state, pastOrders: null, pastHeldQty: null };
    moves.push({ name: "lists and positions are up to date", trouble: null, next });
  }
  const hidden = state.orders.filter(({ isHidden }) => isHidden);
  if (hidden.length > 0) {
    const next = putOrders(state, ...hidden.map((each) => ({ ...each, isHidden: false })));
    moves.push({ name: "what was taken appears", trouble: null, next });
  }
  return moves;
}

/**
 * Everything that the broker may do next by itself, at the price of now. Nothing of it must happen: a cancel that hangs is one
 * whose end does not come.
 * @param isWanted Troubles that are looked for: others may be missing.
 */
export function listMoves(
  state: BrokerState,
  isWanted: (trouble: Trouble) => boolean = () => true,
): Move[] {
  const own = state.orders.filter((order) => !isOver(order)).flatMap((order) => [
    ...listAcknowledgements(state, order),
    ...listFills(state, order),
    ...isWanted("cross") ? listDoubleFills(state, order) : [],
    ...listCancelEnds(state, order),
    ...listReplacementEnds(state, order),
    ...isAsleep(order) || isWanted("time") ? listSleeps(state, order) : [],
    ...isWanted("hand") ? listSubstitutions(state, order) : [],
    ...isWanted("time") ? listEnds(state, order) : [],
  ]);
  const kept = own
    .map((move) => ({ ...move, next: keepPast(state, move.next) }));
  return [...kept, ...listCatchingUp(state)];
}
