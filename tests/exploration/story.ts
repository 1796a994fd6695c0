import type { Outcome, ShownOrder } from "./broker_answers.ts";
import type { Change, Order } from "./broker_state.ts";

/** An order in a line: `3 sell stop 4@2 gtc new`. */
export function describeOrder(order: Order): string {
  const { id, side, type, qty, level, isGtc, status, filledQty, replaces, replacedBy } = order;
  return [
    `${id} ${side} ${type} ${qty}${level > 0 ? `@${level}` : ""} ${
      isGtc ? "gtc" : "day"
    } ${status}`,
    filledQty > 0 && status !== "filled" ? ` with ${filledQty}` : "",
    replaces > 0 ? ` for ${replaces}` : "",
    replacedBy > 0 ? ` by ${replacedBy}` : "",
  ].join("");
}

function describeShown({ order, legs }: ShownOrder): string {
  const inner = legs.toSorted((a, b) => a.id - b.id).map(describeOrder).join(", ");
  return legs.length === 0 ? describeOrder(order) : `${describeOrder(order)} (${inner})`;
}

/** An answer in a line, the same for the automaton and the simulator. */
export function describeOutcome(outcome: Outcome): string {
  switch (outcome.kind) {
    case "accepted":
    case "found":
      return `${outcome.kind} ${describeShown(outcome.shown)}`;
    case "refused":
      return `refused: ${outcome.why}`;
    case "open_orders":
    case "all_orders": {
      const shown = outcome.shown.toSorted((a, b) => a.order.id - b.order.id);
      const word = outcome.kind === "open_orders" ? "open" : "all";
      return `${word}: ${shown.map(describeShown).join("; ")}`;
    }
    case "positions":
      return `held ${outcome.heldQty}`;
    case "trade":
      return `price ${outcome.priceLevel}`;
    case "clock":
      return outcome.isOpen ? "open" : "closed";
    case "requested":
    case "unknown":
    case "not_found":
      return outcome.kind;
  }
}

/** A request in a line. */
export function describeChange(change: Change): string {
  switch (change.kind) {
    case "sell":
      return `sell ${change.qty} (${change.clientOrderId})`;
    case "stop":
      return `stop ${change.qty}@${change.level} (${change.clientOrderId})`;
    case "bracket":
      return `buy ${change.qty} (${change.clientOrderId})`;
    case "replace": {
      const { id, qty, level, clientOrderId } = change;
      const terms = [
        ...qty === undefined ? [] : [qty],
        ...level === undefined ? [] : [`@${level}`],
      ];
      return `replace ${id} by ${terms.join("")} (${clientOrderId})`;
    }
    case "cancel":
      return `cancel ${change.id}`;
  }
}
