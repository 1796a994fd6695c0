import type { KnownOrder, OrderBook } from "../../src/domain/account/order_book.ts";
import type { EngineState } from "../../src/domain/engine_state.ts";
import type { LedgerEntry } from "../../src/domain/ledger.ts";
import type { Seen } from "../../src/domain/plan/world.ts";
import type { ClientStore } from "./client.ts";
import { fold } from "./client_fold.ts";
import { Interner } from "./interner.ts";
import type { PlannedState } from "./planned_client.ts";
import { NO_PARENT, StateTable } from "./state_table.ts";

/** Text of plain values, maps and sets among them, the same for equal ones alone. */
function describe(value: unknown): string {
  return JSON.stringify(
    value,
    (_name, each) => each instanceof Map || each instanceof Set ? [...each] : each,
  );
}

/** Numbers values, and knows again by itself which it has met. */
class Numbers<T extends object> {
  readonly #interner: Interner<T>;
  readonly #known = new WeakMap<T, number>();

  constructor(buildKey: (value: T) => string) {
    this.#interner = new Interner(buildKey);
  }

  add(value: T): number {
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const number = this.#interner.add(value);
    this.#known.set(value, number);
    // Who meets it again has the one that is kept.
    this.#known.set(this.#interner.get(number), number);
    return number;
  }

  get(number: number): T {
    return this.#interner.get(number);
  }
}

type Rest = Omit<PlannedState, "records" | "seen">;

/**
 * All clients of one search, folded, each as three numbers: of its records, of what it has seen, and of the rest. What two of
 * them have in common is kept once.
 */
export class PlannedStore implements ClientStore<PlannedState> {
  readonly #entries = new Numbers<LedgerEntry>((entry) => JSON.stringify(entry));
  readonly #orders = new Numbers<KnownOrder>((known) => JSON.stringify(known));
  readonly #records = new Numbers<EngineState>((records) => {
    const { ledger, positions, unfinished, alerted } = records;
    const entries = ledger?.entries.map((entry) => this.#entries.add(entry));
    return `${entries}${JSON.stringify([positions, unfinished, alerted])}`;
  });
  readonly #seen = new Numbers<Seen>((seen) => {
    const { book, ...others } = seen;
    return `${this.#books.add(book)}${describe(others)}`;
  });
  readonly #books = new Numbers<OrderBook>((book) =>
    `${[...book.values()].map((known) => this.#orders.add(known))}`
  );
  readonly #rests = new Numbers<Rest>((rest) => describe(rest));
  readonly #table = new StateTable();

  /** @param isWhole Whether clients are kept as they are: that folding changes nothing is seen by it. */
  constructor(readonly isWhole = false) {}

  get size(): number {
    return this.#table.count;
  }

  readonly add = (client: PlannedState): number => {
    const { records, seen, ...rest } = this.isWhole ? client : fold(client);
    const state = {
      broker: this.#records.add(records),
      client: this.#seen.add(seen),
      rest: this.#rests.add(rest),
    };
    return this.#table.add(state, NO_PARENT).at;
  };

  readonly get = (number: number): PlannedState => {
    if (number >= this.#table.count) throw new RangeError(`nothing has the number ${number}`);
    const { broker, client, rest } = this.#table.get(number);
    const records = this.#records.get(broker);
    return { ...this.#rests.get(rest), records, seen: this.#seen.get(client) };
  };
}
