import { deliver } from "./broker_answers.ts";
import { listMoves } from "./broker_moves.ts";
import {
  type BrokerState,
  buildBroker,
  type Habits,
  isOver,
  PLAIN_HABITS,
  UNDATED,
} from "./broker_state.ts";
import { POSITION_ID } from "./wire_map.ts";

/** The broker a while after the engine has bought: the entry is filled, its exits rest. */
export function buildBought(habits: Partial<Habits> = {}, qty = 4): BrokerState {
  let state = buildEntry(habits, qty);
  while (state.heldQty < qty) {
    const move = listMoves(state).find(({ trouble }) => trouble === null);
    if (move === undefined) throw new RangeError("the entry does not fill");
    state = move.next;
  }
  return withLag(state, habits);
}

/** The broker once it shows the entry at work. */
function buildEntry(habits: Partial<Habits>, qty: number): BrokerState {
  const begin = buildBroker({
    priceLevel: 4,
    habits: { ...PLAIN_HABITS, ...habits, isLagging: false, isDating: true },
  });
  const [accepted] = deliver(begin, {
    kind: "bracket",
    clientOrderId: POSITION_ID,
    qty,
    takeLevel: 7,
    stopLevel: 2,
  });
  if (accepted === undefined) throw new RangeError("the broker says nothing");
  const { next } = accepted;
  const shown = listMoves(next).find(({ name }) => name === "1 is new");
  return shown?.next ?? next;
}

/** Whether lists lag, and answers have dates, is so from now on. */
function withLag(
  state: BrokerState,
  { isLagging = false, isDating = true }: Partial<Habits>,
): BrokerState {
  const orders = isDating
    ? state.orders
    : state.orders.map((each) => ({ ...each, version: UNDATED }));
  return { ...state, orders, habits: { ...state.habits, isLagging, isDating } };
}

/** The broker while the engine buys: the entry works, and has bought so many shares. */
export function buildBuying(habits: Partial<Habits>, qty: number, filledQty: number): BrokerState {
  let state = buildEntry(habits, qty);
  for (let count = 0; count < filledQty; count++) {
    const move = listMoves(state).find(({ name }) => name === "1 fills 1");
    if (move === undefined) throw new RangeError("the entry does not fill in parts");
    state = move.next;
  }
  return withLag(state, habits);
}

/** The same, its exits gone at the last close: the position is bare. */
export function buildBare(habits: Partial<Habits> = {}, qty = 4): BrokerState {
  const state = buildBought(habits, qty);
  const orders = state.orders.map((order) =>
    order.side === "buy" ? order : { ...order, status: "expired" as const }
  );
  return { ...state, orders };
}

/** The same, once a stop of the engine's own rests for all of them, good till canceled. */
export function buildStopped(habits: Partial<Habits> = {}, qty = 4): BrokerState {
  const bare = buildBare({ ...habits, isDating: true }, qty);
  const [accepted] = deliver({ ...bare, habits: { ...bare.habits, isLagging: false } }, {
    kind: "stop",
    clientOrderId: `${POSITION_ID}-stop-1`,
    qty,
    level: 2,
  });
  if (accepted === undefined) throw new RangeError("the broker says nothing");
  const { next } = accepted;
  const shown = listMoves(next).find(({ name }) => name.endsWith(" is new"));
  return withLag(shown?.next ?? next, habits);
}

/** The same, once a hand has raised that stop to a level, and it has ended: the position is bare. */
export function buildRaised(
  habits: Partial<Habits>,
  qty: number,
  level: number,
): BrokerState {
  const stopped = buildStopped(habits, qty);
  const id = stopped.orders.length;
  const change = { kind: "replace", id, clientOrderId: `hand-${id + 1}`, level } as const;
  // The market was well above it then.
  const [raised] = deliver({ ...stopped, priceLevel: level + 1 }, change);
  if (raised === undefined) throw new RangeError("the broker says nothing");
  const orders = raised.next.orders
    .map((order) => isOver(order) ? order : { ...order, status: "expired" as const });
  return { ...raised.next, orders };
}
