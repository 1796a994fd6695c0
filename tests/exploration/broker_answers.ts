import {
  type BrokerState,
  type Change,
  countLeft,
  countReserved,
  findOrder,
  isOver,
  keepPast,
  listGroup,
  type Order,
  putOrders,
  type Refusal,
  type Status,
} from "./broker_state.ts";
import { endReplacement, isAsleep, type Trouble } from "./broker_moves.ts";

/** A question to the broker. */
export type Question =
  | { readonly kind: "order"; readonly id: number }
  | { readonly kind: "look_up"; readonly clientOrderId: string }
  | { readonly kind: "open_orders" }
  /** Those that are over, too. */
  | { readonly kind: "all_orders" }
  | { readonly kind: "positions" }
  | { readonly kind: "trade" }
  | { readonly kind: "clock" };

/** An order as an answer shows it, with its exits. */
export interface ShownOrder {
  readonly order: Order;
  readonly legs: readonly Order[];
}

/** What the client sees. */
export type Outcome =
  | { readonly kind: "accepted"; readonly shown: ShownOrder }
  /** A cancel is on its way. */
  | { readonly kind: "requested" }
  | { readonly kind: "refused"; readonly why: Refusal }
  /** No usable answer. */
  | { readonly kind: "unknown" }
  | { readonly kind: "found"; readonly shown: ShownOrder }
  | { readonly kind: "not_found" }
  | { readonly kind: "open_orders" | "all_orders"; readonly shown: readonly ShownOrder[] }
  | { readonly kind: "positions"; readonly heldQty: number }
  | { readonly kind: "trade"; readonly priceLevel: number }
  | { readonly kind: "clock"; readonly isOpen: boolean };

/** One possible answer, and the broker afterwards. */
export interface Branch {
  readonly outcome: Outcome;
  readonly next: BrokerState;
  readonly trouble: Trouble | null;
}

const UNKNOWN: Outcome = { kind: "unknown" };

/** What each kind of request may be refused for without a reason that the account shows (broker.md, Refusals). */
const WHIMS: Readonly<Record<Change["kind"], readonly Refusal[]>> = {
  sell: ["account", "unauthorized", "rate_limited", "other"],
  stop: ["account", "unauthorized", "rate_limited", "other"],
  bracket: ["account", "unauthorized", "rate_limited", "other"],
  replace: ["not_replaceable", "unauthorized", "rate_limited"],
  cancel: ["not_cancelable", "unauthorized", "rate_limited"],
};

function refuse(state: BrokerState, why: Refusal, trouble: Trouble | null = null): Branch {
  return { outcome: { kind: "refused", why }, next: state, trouble };
}

/** An order with its exits, as answers by id show it: what replaced one of them stands in its place. */
function showOrder({ orders }: Pick<BrokerState, "orders">, order: Order): ShownOrder {
  const legs = orders.filter((each) => each.parentId === order.id && each.replacedBy === 0);
  return { order, legs };
}

function buildOrder(state: BrokerState, terms: Partial<Order>): Order {
  const { firstStatus } = state.habits;
  const status: Status = firstStatus === "new" && !state.isOpen ? "accepted" : firstStatus;
  return {
    id: state.orders.length + 1,
    clientOrderId: "",
    side: "sell",
    type: "market",
    isGtc: false,
    qty: 0,
    filledQty: 0,
    level: 0,
    parentId: 0,
    replaces: 0,
    replacedBy: 0,
    isActive: true,
    version: 1,
    isTriggered: false,
    isHidden: false,
    status,
    restsAs: status,
    ...terms,
  };
}

/** Takes a new order: it may be hidden from look-ups and lists for a while, which costs the client nothing but doubt. */
function accept(state: BrokerState, order: Order, legs: readonly Order[] = []): Branch {
  const next = keepPast(state, putOrders(state, order, ...legs));
  return { outcome: { kind: "accepted", shown: showOrder(next, order) }, next, trouble: null };
}

function isTaken({ orders }: BrokerState, clientOrderId: string): boolean {
  return orders.some((order) => order.clientOrderId === clientOrderId);
}

function hasOpposite({ orders }: BrokerState, side: Order["side"]): boolean {
  return orders.some((order) => order.side !== side && order.isActive && countLeft(order) > 0);
}

function isAboveMarket({ habits, priceLevel }: BrokerState, level: number): boolean {
  return habits.stopAboveMarket === "refuses" && level >= priceLevel;
}

/** Why so many shares can't be sold: reserved by other orders, or none held, and no margin to go short. */
function checkShares(
  { heldQty, habits }: BrokerState,
  qty: number,
  reservedQty: number,
): Refusal | null {
  if (heldQty <= 0) return habits.isShortingAllowed ? null : "account";
  return qty <= heldQty - reservedQty ? null : "insufficient_qty";
}

function answerSell(state: BrokerState, change: Change & { kind: "sell" | "stop" }): Branch[] {
  const { clientOrderId, qty } = change;
  if (isTaken(state, clientOrderId)) return [refuse(state, "duplicate")];
  if (hasOpposite(state, "sell")) return [refuse(state, "wash_trade")];
  if (change.kind === "stop" && isAboveMarket(state, change.level)) {
    return [refuse(state, "stop_price")];
  }
  const why = checkShares(state, qty, countReserved(state));
  if (why !== null) return [refuse(state, why)];
  const order = change.kind === "stop"
    ? buildOrder(state, { clientOrderId, qty, type: "stop", level: change.level, isGtc: true })
    : buildOrder(state, { clientOrderId, qty });
  return [accept(state, order)];
}

function answerBracket(state: BrokerState, change: Change & { kind: "bracket" }): Branch[] {
  const { clientOrderId, qty, takeLevel, stopLevel } = change;
  if (isTaken(state, clientOrderId)) return [refuse(state, "duplicate")];
  if (stopLevel >= state.priceLevel || takeLevel <= state.priceLevel) {
    return [refuse(state, "stop_price")];
  }
  if (hasOpposite(state, "buy")) return [refuse(state, "wash_trade")];
  const entry = buildOrder(state, { clientOrderId, qty, side: "buy" });
  const leg: Partial<Order> = {
    qty,
    parentId: entry.id,
    isActive: false,
    status: "held",
    restsAs: "held",
  };
  const buildLeg = (terms: Partial<Order>, place: number) => {
    const id = entry.id + place;
    return buildOrder(state, { ...leg, ...terms, id, clientOrderId: `broker-${id}` });
  };
  const take = buildLeg({ type: "limit", level: takeLevel }, 1);
  const stop = buildLeg({ type: "stop", level: stopLevel }, 2);
  return [accept(state, entry, [take, stop])];
}

function answerCancel(state: BrokerState, id: number): Branch[] {
  const order = state.orders[id - 1];
  if (order === undefined) return [refuse(state, "not_found")];
  const { status } = order;
  const isBound = ["pending_cancel", "pending_replace", "stopped", "calculated"].includes(status);
  const isWaiting = order.replaces !== 0 && status === "pending_new";
  if (isBound || isWaiting || isOver(order)) {
    const no = refuse(state, "not_cancelable");
    // A 204 for what has long been filled changes nothing.
    return status === "filled" ? [no, { ...no, outcome: { kind: "requested" } }] : [no];
  }
  const group = listGroup(state, order)
    .map((each): Order => ({ ...each, status: "pending_cancel" }));
  const next = keepPast(state, putOrders(state, ...group));
  return [{ outcome: { kind: "requested" }, next, trouble: null }];
}

/** Why a replacement can't be had, or `null`. */
function checkReplacement(
  state: BrokerState,
  change: Change & { kind: "replace" },
): Refusal | null {
  const old = state.orders[change.id - 1];
  if (old === undefined) return "not_found";
  const { qty = old.qty, level = old.level } = change;
  const isResting = ["new", "held", "partially_filled"].includes(old.status);
  if (!isResting || isAsleep(old) || !old.isActive) return "not_replaceable";
  if (isTaken(state, change.clientOrderId)) return "duplicate";
  if (qty === old.qty && level === old.level) return "not_replaceable";
  if (old.parentId !== 0 && qty !== old.qty) return "not_replaceable";
  if (qty <= old.filledQty) return "not_replaceable";
  if (old.type === "stop" && isAboveMarket(state, level)) return "stop_price";
  const otherQty = countReserved(state) - countLeft(old);
  return old.side === "buy" ? null : checkShares(state, qty - old.filledQty, otherQty);
}

function answerReplace(state: BrokerState, change: Change & { kind: "replace" }): Branch[] {
  const why = checkReplacement(state, change);
  if (why !== null) return [refuse(state, why)];
  const old = findOrder(state, change.id);
  const { clientOrderId, qty = old.qty, level = old.level } = change;
  const fresh: Order = {
    ...old,
    id: state.orders.length + 1,
    clientOrderId,
    qty,
    level,
    filledQty: 0,
    parentId: 0,
    replaces: old.id,
    status: "pending_new",
    restsAs: "pending_new",
    isActive: false,
  };
  const waiting: Order = { ...old, status: "pending_replace", restsAs: old.status };
  const pending = putOrders(state, waiting, fresh);
  const done = keepPast(state, endReplacement(pending, fresh, true));
  const taken = state.habits.isReplacedAtOnce ? done : keepPast(state, pending);
  const shown = showOrder(taken, findOrder(taken, fresh.id));
  return [
    { outcome: { kind: "accepted", shown }, next: taken, trouble: null },
    // Taken, and rejected afterwards, while the old order lives on.
    { ...accept(state, fresh), next: keepPast(state, pending), trouble: "refusal" },
    // Done although it was refused.
    { ...refuse(done, "not_replaceable"), trouble: "refusal" },
  ];
}

/** What the broker itself may answer to a change that reaches it, and what it then is. */
export function deliver(state: BrokerState, change: Change): Branch[] {
  if (state.refuses?.kind === change.kind) return [refuse(state, state.refuses.why)];
  switch (change.kind) {
    case "sell":
    case "stop":
      return answerSell(state, change);
    case "bracket":
      return answerBracket(state, change);
    case "cancel":
      return answerCancel(state, change.id);
    case "replace":
      return answerReplace(state, change);
  }
}

/** Refusals that nothing in the account explains: once, or from now on. */
function listWhims(state: BrokerState, { kind }: Change): Branch[] {
  if (state.refuses?.kind === kind) return [];
  return WHIMS[kind].flatMap((why) => [
    refuse(state, why, "refusal"),
    refuse({ ...state, refuses: { kind, why } }, why, "refusal"),
  ]);
}

/** The answer is lost: before the request arrives, after it did, or it arrives when nobody waits any more. */
function listLosses(state: BrokerState, change: Change): Branch[] {
  const lost = (next: BrokerState): Branch => ({ outcome: UNKNOWN, next, trouble: "loss" });
  const arrived = deliver(state, change).filter(({ trouble }) => trouble === null)
    .flatMap(({ next }) => {
      const fresh = next.orders.slice(state.orders.length)
        .map((order): Order => ({ ...order, isHidden: true }));
      return fresh.length === 0 ? [lost(next)] : [lost(next), lost(putOrders(next, ...fresh))];
    });
  const late = state.late === null ? [lost({ ...state, late: change })] : [];
  return [lost(state), ...arrived, ...late];
}

/** What was taken is shown by no other answer for a while, where they lag. */
function listHidings(state: BrokerState, change: Change): Branch[] {
  if (!state.habits.isLagging) return [];
  return deliver(state, change)
    .filter(({ outcome, trouble }) => outcome.kind === "accepted" && trouble === null)
    .map(({ outcome, next }): Branch => {
      const fresh = next.orders.slice(state.orders.length);
      const hidden = fresh.map((order): Order => ({ ...order, isHidden: true }));
      return { outcome, next: putOrders(next, ...hidden), trouble: "lag" };
    });
}

/** The late request arrives, and its answer goes nowhere. */
export function listArrivals(state: BrokerState): BrokerState[] {
  const { late } = state;
  if (late === null) return [];
  const free = { ...state, late: null };
  return deliver(free, late).filter(({ trouble }) => trouble === null).map(({ next }) => next);
}

function listOpen(state: BrokerState, orders: readonly Order[]): ShownOrder[] {
  const shown = orders.filter((order) => {
    const isWaiting = order.replaces !== 0 && order.status === "pending_new";
    return !isOver(order) && !order.isHidden && !isWaiting;
  });
  const roots = new Set<Order>();
  const alone: ShownOrder[] = [];
  for (const order of shown) {
    const root = orders[order.parentId - 1] ?? order;
    if (state.habits.openShows === "parent" || !isOver(root)) roots.add(root);
    else alone.push({ order, legs: [] });
  }
  return [...[...roots].map((root) => showOrder({ orders }, root)), ...alone];
}

function listAll(orders: readonly Order[]): ShownOrder[] {
  // What was to take a leg's place and never did stands nowhere.
  const isOfLeg = ({ replaces }: Order) => (orders[replaces - 1]?.parentId ?? 0) !== 0;
  return orders.filter((order) => order.parentId === 0 && !order.isHidden && !isOfLeg(order))
    .map((order) => showOrder({ orders }, order));
}

/** Every answer to a question: how things are, or how they were, or none. */
function listReadings(state: BrokerState, question: Question): Outcome[] {
  switch (question.kind) {
    case "order": {
      const order = state.orders[question.id - 1];
      if (order === undefined || order.isHidden) return [{ kind: "not_found" }];
      return [{ kind: "found", shown: showOrder(state, order) }];
    }
    case "look_up": {
      const isAsked = (each: Order) => each.clientOrderId === question.clientOrderId;
      const order = state.orders.find(isAsked);
      if (order === undefined || order.isHidden) return [{ kind: "not_found" }];
      // Asked so, it comes without its exits.
      return [{ kind: "found", shown: { order, legs: [] } }];
    }
    case "open_orders":
      return [state.orders, ...state.pastOrders === null ? [] : [state.pastOrders]]
        .map((orders) => ({ kind: "open_orders", shown: listOpen(state, orders) }));
    case "all_orders":
      return [state.orders, ...state.pastOrders === null ? [] : [state.pastOrders]]
        .map((orders) => ({ kind: "all_orders", shown: listAll(orders) }));
    case "positions":
      return [state.heldQty, ...state.pastHeldQty === null ? [] : [state.pastHeldQty]]
        .map((heldQty) => ({ kind: "positions", heldQty }));
    case "trade":
      return [{ kind: "trade", priceLevel: state.priceLevel }];
    case "clock":
      return [{ kind: "clock", isOpen: state.isOpen }];
  }
}

const QUESTIONS: ReadonlySet<string> = new Set<Question["kind"]>([
  "order",
  "look_up",
  "open_orders",
  "all_orders",
  "positions",
  "trade",
  "clock",
]);

/** Whether a request only asks. */
export function isQuestion(request: Change | Question): request is Question {
  return QUESTIONS.has(request.kind);
}

/**
 * Every possible answer to one request, each with the broker as it is then.
 * @param isWanted Troubles with which an answer to a change is wanted.
 */
export function listAnswers(
  state: BrokerState,
  request: Change | Question,
  isWanted: (trouble: Trouble) => boolean = () => true,
): Branch[] {
  if (isQuestion(request)) {
    const [now, ...before] = listReadings(state, request).map((outcome): Branch => ({
      outcome,
      next: state,
      trouble: null,
    }));
    const missing: Branch[] = request.kind === "positions" && state.heldQty !== 0
      ? [{ outcome: { kind: "positions", heldQty: 0 }, next: state, trouble: "lag" }]
      : [];
    const lost: Branch = { outcome: UNKNOWN, next: state, trouble: "loss" };
    const late = before.map((branch): Branch => ({ ...branch, trouble: "lag" }));
    return [...now === undefined ? [] : [now], ...late, ...missing, lost];
  }
  return [
    ...deliver(state, request).filter(({ trouble }) => trouble === null || isWanted(trouble)),
    ...isWanted("lag") ? listHidings(state, request) : [],
    ...isWanted("refusal") ? listWhims(state, request) : [],
    ...isWanted("loss") ? listLosses(state, request) : [],
  ];
}
