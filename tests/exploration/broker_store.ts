import type { BrokerState, Habits, Order } from "./broker_state.ts";
import { Interner, ObjectInterner } from "./interner.ts";
import { ListStore } from "./list_store.ts";
import { Recent } from "./recent.ts";
import { WordTable } from "./word_table.ts";

const KEPT = 1 << 15;
const NO_ORDERS: readonly Order[] = [];
/** Where there are no orders of the past. */
const NONE = 0;

function buildOrderKey(order: Order): string {
  const { id, clientOrderId, side, type, isGtc, qty, filledQty, level, status, restsAs } = order;
  const { parentId, replaces, replacedBy, isActive, isTriggered, version, isHidden } = order;
  return `${id} ${clientOrderId} ${side} ${type} ${isGtc} ${qty} ${filledQty} ${level} ${status} ` +
    `${restsAs} ${parentId} ${replaces} ${replacedBy} ${isActive} ${isTriggered} ${version} ${isHidden}`;
}

/** All brokers of one search under small numbers: each is kept as the numbers of its lists of orders, and of what it is besides. */
export class BrokerStore {
  readonly #lists = new ListStore<readonly Order[], Order>(
    buildOrderKey,
    (orders) => orders,
    (orders) => orders,
  );
  readonly #habits = new ObjectInterner<Habits>((habits) => JSON.stringify(habits));
  /** Brokers without their orders. */
  readonly #frames = new Interner<BrokerState>((frame) => {
    const { isOpen, priceLevel, heldQty, pastOrders, pastHeldQty, late, refuses } = frame;
    const requests = late === null && refuses === null ? "" : JSON.stringify([late, refuses]);
    return `${this.#habits.add(frame.habits)} ${isOpen} ${priceLevel} ${heldQty} ` +
      `${pastOrders === null} ${pastHeldQty} ${requests}`;
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
    return this.#table.add([
      frame,
      this.#lists.add(orders),
      pastOrders === null ? NONE : this.#lists.add(pastOrders) + 1,
    ]);
  }

  /** The number of an order, the same for every equal one. */
  addOrder(order: Order): number {
    return this.#lists.addPart(order);
  }

  /** @throws {RangeError} Where the number is nobody's. */
  get(number: number): BrokerState {
    return this.#recent.get(number, () => this.#build(number));
  }

  /** Whether its market is open. */
  isOpen(number: number): boolean {
    const [frame = 0] = this.#table.get(number);
    return this.#frames.get(frame).isOpen;
  }

  #build(number: number): BrokerState {
    const [frame = 0, orders = 0, past = NONE] = this.#table.get(number);
    return {
      ...this.#frames.get(frame),
      orders: this.#lists.get(orders),
      pastOrders: past === NONE ? null : this.#lists.get(past - 1),
    };
  }
}
