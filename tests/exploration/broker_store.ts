import type { BrokerState, Habits, Order } from "./broker_state.ts";
import { Interner, ObjectInterner } from "./interner.ts";
import { Recent } from "./recent.ts";
import { WordTable } from "./word_table.ts";

const KEPT = 1 << 12;
const NO_ORDERS: readonly Order[] = [];

function buildOrderKey(order: Order): string {
  const { id, clientOrderId, side, type, isGtc, qty, filledQty, level, status, restsAs } = order;
  const { parentId, replaces, replacedBy, isActive, isTriggered, version, isHidden } = order;
  return `${id} ${clientOrderId} ${side} ${type} ${isGtc} ${qty} ${filledQty} ${level} ${status} ` +
    `${restsAs} ${parentId} ${replaces} ${replacedBy} ${isActive} ${isTriggered} ${version} ${isHidden}`;
}

/** All brokers of one search under small numbers: each is kept as the numbers of its orders, and of what it is besides. */
export class BrokerStore {
  readonly #orders = new ObjectInterner<Order>(buildOrderKey);
  readonly #habits = new ObjectInterner<Habits>((habits) => JSON.stringify(habits));
  /** Brokers without their orders. */
  readonly #frames = new Interner<BrokerState>((frame) => {
    const { isOpen, priceLevel, heldQty, pastOrders, pastHeldQty, late, refuses } = frame;
    return `${this.#habits.add(frame.habits)} ${isOpen} ${priceLevel} ${heldQty} ` +
      `${pastOrders === null} ${pastHeldQty} ${JSON.stringify([late, refuses])}`;
  });
  readonly #table = new WordTable();
  readonly #recent = new Recent<BrokerState>(KEPT);

  get size(): number {
    return this.#table.size;
  }

  /** The number of a broker, the same for every equal one. */
  add(state: BrokerState): number {
    const { orders, pastOrders } = state;
    const frame = this.#frames.add({
      ...state,
      orders: NO_ORDERS,
      pastOrders: pastOrders === null ? null : NO_ORDERS,
    });
    const past = (pastOrders ?? NO_ORDERS).map(this.#orders.add);
    return this.#table.add([frame, orders.length, ...orders.map(this.#orders.add), ...past]);
  }

  /** @throws {RangeError} Where the number is nobody's. */
  get(number: number): BrokerState {
    return this.#recent.get(number, () => this.#build(number));
  }

  #build(number: number): BrokerState {
    const [frameNumber = 0, count = 0, ...rest] = this.#table.get(number);
    const frame = this.#frames.get(frameNumber);
    const orders = rest.map(this.#orders.get);
    return {
      ...frame,
      orders: orders.slice(0, count),
      pastOrders: frame.pastOrders === null ? null : orders.slice(count),
    };
  }
}
