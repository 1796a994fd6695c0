import { type Branch, deliver } from "./broker_answers.ts";
import { type Move } from "./broker_moves.ts";
import {
  type BrokerState,
  type Change,
  countReserved,
  isOver,
  keepPast,
  type Order,
  putOrders,
} from "./broker_state.ts";

/** Levels that a hand puts its own orders at: below and above everything of the engine's. */
export interface HandLevels {
  readonly stop: number;
  readonly limit: number;
}

function isDone({ trouble, outcome }: Branch): boolean {
  return trouble === null && outcome.kind !== "refused";
}

/** What a hand asks for goes the way of every request, and nobody of ours sees the answer. */
function ask(state: BrokerState, name: string, change: Change): Move[] {
  return deliver(state, change).filter(isDone).slice(0, 1)
    .map(({ next }) => ({ name, trouble: "hand", next }));
}

/** Shares bought by hand, in an order that a list shows as filled. */
function buy(state: BrokerState, qty: number): Move {
  const id = state.orders.length + 1;
  const order: Order = {
    id,
    clientOrderId: `hand-${id}`,
    side: "buy",
    type: "market",
    isGtc: false,
    qty,
    filledQty: qty,
    level: 0,
    status: "filled",
    restsAs: "filled",
    parentId: 0,
    replaces: 0,
    replacedBy: 0,
    isActive: true,
    version: 1,
    isTriggered: false,
    isHidden: false,
  };
  const next = keepPast(state, putOrders({ ...state, heldQty: state.heldQty + qty }, order));
  return { name: `a hand buys ${qty}`, trouble: "hand", next };
}

function listPlacings(state: BrokerState, levels: HandLevels): Move[] {
  const clientOrderId = `hand-${state.orders.length + 1}`;
  const qty = state.heldQty - countReserved(state);
  if (qty <= 0) return [];
  const stop: Change = { kind: "stop", clientOrderId, qty, level: levels.stop };
  const sells = [...new Set([1, qty])].flatMap((each) =>
    ask(state, `a hand sells ${each}`, { kind: "sell", clientOrderId, qty: each })
  );
  const limits = ask(state, `a hand puts a limit for ${qty}`, {
    kind: "sell",
    clientOrderId,
    qty,
  }).map((move) => {
    const placed = move.next.orders.at(-1);
    if (placed === undefined) return move;
    const limit: Order = { ...placed, type: "limit", level: levels.limit, isGtc: true };
    return { ...move, next: putOrders(move.next, limit) };
  });
  return [...sells, ...limits, ...ask(state, `a hand puts a stop for ${qty}`, stop)];
}

function listChanges(state: BrokerState, order: Order): Move[] {
  const { id, level } = order;
  const cancels = ask(state, `a hand cancels ${id}`, { kind: "cancel", id });
  if (order.type !== "stop") return cancels;
  const clientOrderId = `hand-${state.orders.length + 1}`;
  const moves = [level - 1, level + 1].filter((each) => each > 0).flatMap((each) =>
    ask(state, `a hand moves ${id} to @${each}`, {
      kind: "replace",
      id,
      clientOrderId,
      level: each,
    })
  );
  return [...cancels, ...moves];
}

/** Everything that the operator may do at the broker by hand, in the broker's own program. */
export function listHands(state: BrokerState, levels: HandLevels): Move[] {
  const working = state.orders.filter((order) =>
    order.side === "sell" && order.isActive && !isOver(order)
  );
  return [
    ...(state.isOpen ? [buy(state, 1)] : []),
    ...listPlacings(state, levels),
    ...working.flatMap((order) => listChanges(state, order)),
  ];
}
