import { deliver } from "./broker_answers.ts";
import { listMoves } from "./broker_moves.ts";
import { type BrokerState, buildBroker, type Habits, PLAIN_HABITS } from "./broker_state.ts";
import { POSITION_ID } from "./wire_map.ts";

/** The broker a while after the engine has bought: the entry is filled, its exits rest. */
export function buildBought(habits: Partial<Habits> = {}, qty = 4): BrokerState {
  const begin = buildBroker({
    priceLevel: 4,
    habits: { ...PLAIN_HABITS, ...habits, isLagging: false },
  });
  const [accepted] = deliver(begin, {
    kind: "bracket",
    clientOrderId: POSITION_ID,
    qty,
    takeLevel: 7,
    stopLevel: 2,
  });
  if (accepted === undefined) throw new RangeError("the broker says nothing");
  let state = accepted.next;
  while (state.heldQty < qty) {
    const move = listMoves(state).find(({ trouble }) => trouble === null);
    if (move === undefined) throw new RangeError("the entry does not fill");
    state = move.next;
  }
  return { ...state, habits: { ...state.habits, isLagging: habits.isLagging ?? false } };
}

/** The same, its exits gone at the last close: the position is bare. */
export function buildBare(habits: Partial<Habits> = {}, qty = 4): BrokerState {
  const state = buildBought(habits, qty);
  const orders = state.orders.map((order) =>
    order.side === "buy" ? order : { ...order, status: "expired" as const }
  );
  return { ...state, orders };
}
