import type { KnownOrder, OrderBook } from "../../src/domain/account/order_book.ts";
import { EMPTY_STATE, type EngineState } from "../../src/domain/account/engine_state.ts";
import type { LedgerEntry } from "../../src/domain/order/ledger.ts";
import type { Seen } from "../../src/domain/plan/world.ts";
import type { ClientStore } from "./client.ts";
import { fold } from "./client_fold.ts";
import { Interner, ObjectInterner } from "./interner.ts";
import type { PlannedState } from "./planned_client.ts";
import { Recent } from "./recent.ts";
import { WordTable } from "./word_table.ts";

/** Text of plain values, the same for equal ones alone. */
function describe(value: object): string {
  return JSON.stringify(value);
}

function describeMap(map: ReadonlyMap<string, unknown>): string {
  return JSON.stringify([...map]);
}

type Rest = Omit<PlannedState, "records" | "seen">;

function describeRest({ turn, ...others }: Rest): string {
  const counts = Object.entries(turn)
    .map(([name, each]) => `${name} ${typeof each === "object" ? [...each] : each}`);
  return `${counts} ${describe(others)}`;
}

/** Records, each as the numbers of its parts. */
class RecordsStore {
  readonly #entries = new ObjectInterner<LedgerEntry>(describe);
  readonly #positions = new ObjectInterner<EngineState["positions"]>(describe);
  readonly #unfinished = new ObjectInterner<EngineState["unfinished"]>(describe);
  readonly #alerted = new ObjectInterner<EngineState["alerted"]>(describe);
  readonly #standings = new ObjectInterner<EngineState["standings"]>(describe);
  readonly #table = new WordTable();
  /** How it stood where these records were met first: of a since nothing but its being kept depends. */
  readonly #standingOf: number[] = [];
  #frame: EngineState = EMPTY_STATE;

  readonly add = (records: EngineState): number => {
    const { ledger, positions, unfinished, alerted, standings } = records;
    if (this.#table.size === 0) this.#frame = records;
    const number = this.#table.add([
      this.#positions.add(positions),
      this.#unfinished.add(unfinished),
      this.#alerted.add(alerted),
      ...(ledger?.entries ?? []).map(this.#entries.add),
    ]);
    this.#standingOf[number] ??= this.#standings.add(standings);
    return number;
  };

  readonly get = (number: number): EngineState => {
    const [positions = 0, unfinished = 0, alerted = 0, ...entries] = this.#table.get(number);
    const { ledger } = this.#frame;
    return {
      ...this.#frame,
      positions: this.#positions.get(positions),
      unfinished: this.#unfinished.get(unfinished),
      alerted: this.#alerted.get(alerted),
      standings: this.#standings.get(this.#standingOf[number] ?? 0),
      ledger: ledger === null ? null : { ...ledger, entries: entries.map(this.#entries.get) },
    };
  };
}

const BOOKS_KEPT = 1 << 12;

/** Order books, each as the numbers of its orders. */
class BookStore {
  readonly #orders = new ObjectInterner<KnownOrder>(describe);
  readonly #table = new WordTable();
  readonly #known = new WeakMap<OrderBook, number>();
  readonly #recent = new Recent<OrderBook>(BOOKS_KEPT);

  readonly add = (book: OrderBook): number => {
    const known = this.#known.get(book);
    if (known !== undefined) return known;
    const number = this.#table.add([...book.values()].map(this.#orders.add));
    this.#known.set(book, number);
    return number;
  };

  readonly get = (number: number): OrderBook =>
    this.#recent.get(number, () => {
      const orders = [...this.#table.get(number)].map(this.#orders.get);
      const book = new Map(orders.map((known) => [known.order.orderId, known]));
      this.#known.set(book, number);
      return book;
    });
}

/** Where a part of what was seen is not there. */
const NONE = 0;

/** What was seen, each as the numbers of its parts. */
class SeenStore {
  readonly #books = new BookStore();
  readonly #changes = new ObjectInterner<Seen["changes"]>(({ count, last }) =>
    `${count}${describeMap(last)}`
  );
  readonly #positions = new ObjectInterner<NonNullable<Seen["positions"]>>(describe);
  readonly #lists = new ObjectInterner<NonNullable<Seen["openOrders"]>>(describe);
  readonly #accounts = new ObjectInterner<NonNullable<Seen["account"]>>(describe);
  readonly #clocks = new ObjectInterner<NonNullable<Seen["clock"]>>(describe);
  readonly #pasts = new ObjectInterner<Seen["pasts"]>((pasts) => JSON.stringify([...pasts]));
  readonly #trades = new ObjectInterner<Seen["trades"]>(describeMap);
  readonly #looks = new ObjectInterner<Seen["orderLooks"]>(describeMap);
  readonly #closed = new ObjectInterner<Seen["closed"]>(describeMap);
  readonly #table = new WordTable();

  readonly add = (seen: Seen): number => {
    const { book, changes, positions, openOrders, dayOrders, account, clock, ...maps } = seen;
    const { pasts, trades, orderLooks, lookUps, closed, ...nothing } = maps;
    // A part that is not kept would be lost: then this has another type.
    const _all: Record<string, never> = nothing;
    return this.#table.add([
      this.#books.add(book),
      this.#changes.add(changes),
      positions === null ? NONE : this.#positions.add(positions) + 1,
      openOrders === null ? NONE : this.#lists.add(openOrders) + 1,
      dayOrders === null ? NONE : this.#lists.add(dayOrders) + 1,
      account === null ? NONE : this.#accounts.add(account) + 1,
      clock === null ? NONE : this.#clocks.add(clock) + 1,
      this.#pasts.add(pasts),
      this.#trades.add(trades),
      this.#looks.add(orderLooks),
      this.#looks.add(lookUps),
      this.#closed.add(closed),
    ]);
  };

  readonly get = (number: number): Seen => {
    const words = this.#table.get(number);
    const [book = 0, changes = 0, positions = 0, open = 0, day = 0, account = 0, clock = 0] = words;
    const [pasts = 0, trades = 0, orderLooks = 0, lookUps = 0, closed = 0] = words.subarray(7);
    return {
      book: this.#books.get(book),
      changes: this.#changes.get(changes),
      positions: positions === NONE ? null : this.#positions.get(positions - 1),
      openOrders: open === NONE ? null : this.#lists.get(open - 1),
      dayOrders: day === NONE ? null : this.#lists.get(day - 1),
      account: account === NONE ? null : this.#accounts.get(account - 1),
      clock: clock === NONE ? null : this.#clocks.get(clock - 1),
      pasts: this.#pasts.get(pasts),
      trades: this.#trades.get(trades),
      orderLooks: this.#looks.get(orderLooks),
      lookUps: this.#looks.get(lookUps),
      closed: this.#closed.get(closed),
    };
  };
}

/**
 * All clients of one search, folded, each as three numbers: of its records, of what it has seen, and of the rest. What two of
 * them have in common is kept once.
 */
export class PlannedStore implements ClientStore<PlannedState> {
  readonly #records = new RecordsStore();
  readonly #seen = new SeenStore();
  readonly #rests = new Interner<Rest>(describeRest);
  readonly #table = new WordTable();

  readonly isWhole: boolean;
  readonly #isDating: boolean;

  /**
   * @param options `isWhole`: clients are kept as they are: that folding changes nothing is seen by it. `isDating`: whether the
   * broker's answers tell which of them is the newer.
   */
  constructor({ isWhole, isDating }: { readonly isWhole: boolean; readonly isDating: boolean }) {
    this.isWhole = isWhole;
    this.#isDating = isDating;
  }

  get size(): number {
    return this.#table.size;
  }

  readonly add = (client: PlannedState): number => {
    const { records, seen, ...rest } = this.isWhole ? client : fold(client, this.#isDating);
    const parts = [this.#records.add(records), this.#seen.add(seen), this.#rests.add(rest)];
    return this.#table.add(parts);
  };

  readonly get = (number: number): PlannedState => {
    const [records = 0, seen = 0, rest = 0] = this.#table.get(number);
    return {
      ...this.#rests.get(rest),
      records: this.#records.get(records),
      seen: this.#seen.get(seen),
    };
  };
}
