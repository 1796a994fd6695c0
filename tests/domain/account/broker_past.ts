import fc from "fast-check";
import type { BrokerOrder } from "../../../src/domain/order/orders.ts";
import { brokerOrder } from "../fixtures.ts";

/** One second of a broker's life. */
export type Act =
  | { readonly do: "sell"; readonly part: number; readonly isStop: boolean }
  | { readonly do: "fill"; readonly which: number; readonly part: number }
  | { readonly do: "cancel"; readonly which: number }
  | { readonly do: "wait" };

/** What is true at a moment. */
export interface Version {
  readonly heldQty: number;
  /** Shares that no sell at work holds. */
  readonly freeQty: number;
  readonly orders: readonly BrokerOrder[];
}

export const START_QTY = 20;
export const STEP_MS = 1_000;

const part = fc.double({ min: 0.05, max: 1, noNaN: true });
const which = fc.nat({ max: 9 });

/** Acts of some seconds, sells and fills more often than anything else. */
export const acts: fc.Arbitrary<Act[]> = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant("sell" as const), part, isStop: fc.boolean() }),
    fc.record({ do: fc.constant("fill" as const), which, part }),
    fc.record({ do: fc.constant("cancel" as const), which }),
    fc.record({ do: fc.constant("wait" as const) }),
  ),
  { minLength: 1, maxLength: 25 },
);

/** Every version of a position of `START_QTY` shares that nobody ever sells twice, the first one before any act. */
export function playBroker(past: readonly Act[]): Version[] {
  const orders: BrokerOrder[] = [];
  let heldQty = START_QTY;
  const versions: Version[] = [{ heldQty, freeQty: heldQty, orders: [] }];
  past.forEach((act, index) => {
    const atMs = (index + 1) * STEP_MS;
    heldQty -= play(orders, act, { atMs, freeQty: countFree(orders, heldQty) });
    versions.push({ heldQty, freeQty: countFree(orders, heldQty), orders: [...orders] });
  });
  return versions;
}

function countFree(orders: readonly BrokerOrder[], heldQty: number): number {
  return heldQty - orders.reduce((sum, order) => sum + leftQty(order), 0);
}

function leftQty({ status, qty, filledQty }: BrokerOrder): number {
  return status === "new" || status === "partially_filled" ? (qty ?? 0) - filledQty : 0;
}

/** @returns Shares that were sold by it. */
function play(
  orders: BrokerOrder[],
  act: Act,
  { atMs, freeQty }: { readonly atMs: number; readonly freeQty: number },
): number {
  if (act.do === "wait") return 0;
  if (act.do === "sell") {
    const qty = Math.floor(freeQty * act.part);
    if (qty === 0) return 0;
    orders.push(brokerOrder({
      orderId: `s-${orders.length}`,
      clientOrderId: `x-${orders.length}`,
      side: "sell",
      type: act.isStop ? "stop" : "market",
      orderClass: "",
      status: "new",
      qty,
      filledQty: 0,
      submittedAtMs: atMs,
      updatedAtMs: atMs,
      legs: [],
    }));
    return 0;
  }
  const working = orders.filter((order) => leftQty(order) > 0);
  const order = working[act.which % Math.max(1, working.length)];
  if (order === undefined) return 0;
  const at = orders.indexOf(order);
  if (act.do === "cancel") {
    orders[at] = { ...order, status: "canceled", updatedAtMs: atMs };
    return 0;
  }
  const soldQty = Math.max(1, Math.floor(leftQty(order) * act.part));
  const filledQty = order.filledQty + soldQty;
  const isDone = filledQty === order.qty;
  orders[at] = {
    ...order,
    status: isDone ? "filled" : "partially_filled",
    filledQty,
    updatedAtMs: atMs,
    filledAtMs: isDone ? atMs : null,
  };
  return soldQty;
}
