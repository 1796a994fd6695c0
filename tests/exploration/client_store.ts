import type { KnownOrder, OrderBook } from "../../src/domain/account/order_book.ts";
import { EMPTY_STATE, type EngineState } from "../../src/domain/account/engine_state.ts";
import type { LedgerEntry } from "../../src/domain/order/ledger.ts";
import type { Seen } from "../../src/domain/plan/world.ts";
import type { ClientStore } from "./client.ts";
import { fold } from "./client_fold.ts";
import { Interner, ObjectInterner } from "./interner.ts";
import { ListStore } from "./list_store.ts";
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

function describeTurn(turn: PlannedState["turn"]): string {
  return Object.entries(turn)
    .map(([name, each]) => `${name} ${typeof each === "object" ? [...each] : each}`).join();
}

const KEPT = 1 << 15;

const NO_ENTRIES: readonly LedgerEntry[] = [];

/** Records, each as the numbers of its parts. */
class RecordsStore {
  readonly #entries = new ListStore<readonly LedgerEntry[], LedgerEntry>(
    describe,
    (entries) => entries,
    (entries) => entries,
  );
  readonly #positions = new ObjectInterner<EngineState["positions"]>(describe);
  readonly #unfinished = new ObjectInterner<EngineState["unfinished"]>(describe);
  readonly #alerted = new ObjectInterner<EngineState["alerted"]>(describe);
  readonly #standings = new ObjectInterner<EngineState["standings"]>(describe);
  readonly #table = new WordTable();
  /** How it stood where these records were met first: of a since nothing but its being kept depends. */
  readonly #standingOf: number[] = [];
  readonly #recent = new Recent<EngineState>(KEPT);
  #frame: EngineState = EMPTY_STATE;

  readonly add = (records: EngineState): number => {
    const { ledger, positions, unfinished, alerted, standings } = records;
    if (this.#table.size === 0) this.#frame = records;
    const number = this.#table.add([
      this.#positions.add(positions),
      this.#unfinished.add(unfinished),
      this.#alerted.add(alerted),
      this.#entries.add(ledger?.entries ?? NO_ENTRIES),
    ]);
    this.#standingOf[number] ??= this.#standings.add(standings);
    return number;
  };

  readonly get = (number: number): EngineState =>
    this.#recent.get(number, () => this.#build(number));

  #build(number: number): EngineState {
    const [positions = 0, unfinished = 0, alerted = 0, entries = 0] = this.#table.get(number);
    const { ledger } = this.#frame;
    return {
      ...this.#frame,
      positions: this.#positions.get(positions),
      unfinished: this.#unfinished.get(unfinished),
      alerted: this.#alerted.get(alerted),
      standings: this.#standings.get(this.#standingOf[number] ?? 0),
      ledger: ledger === null ? null : { ...ledger, entries: this.#entries.get(entries) },
    };
  }
}

/** Where a part of what was seen is not there. */
const NONE = 0;

/** What was seen, each as the numbers of its parts. */
class SeenStore {
  readonly #books = new ListStore<OrderBook, KnownOrder>(
    describe,
    (book) => [...book.values()],
    (orders) => new Map(orders.map((known) => [known.order.orderId, known])),
  );
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
  readonly #recent = new Recent<Seen>(KEPT);

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

  readonly get = (number: number): Seen => this.#recent.get(number, () => this.#build(number));

  #build(number: number): Seen {
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
  }
}

/**
 * All clients of one search, folded, each as three numbers: of its records, of what it has seen, and of the rest. What two of
 * them have in common is kept once.
 */
export class PlannedStore implements ClientStore<PlannedState> {
  readonly #records = new RecordsStore();
  readonly #seen = new SeenStore();
  readonly #turns = new ObjectInterner<PlannedState["turn"]>(describeTurn);
  readonly #rests = new Interner<Rest>((rest) => {
    const { turn, phase, missing, untilCloseMs, isStopJudged, obstacle, ...nothing } = rest;
    const _all: Record<string, never> = nothing;
    return `${
      this.#turns.add(turn)
    } ${phase} ${missing} ${untilCloseMs} ${isStopJudged} ${obstacle}`;
  });
  readonly #table = new WordTable();
  readonly #known = new WeakMap<PlannedState, number>();
  readonly #recent = new Recent<PlannedState>(KEPT);

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
    const known = this.#known.get(client);
    if (known !== undefined) return known;
    const { records, seen, ...rest } = this.isWhole ? client : fold(client, this.#isDating);
    const parts = [this.#records.add(records), this.#seen.add(seen), this.#rests.add(rest)];
    const number = this.#table.add(parts);
    this.#known.set(client, number);
    return number;
  };

  readonly get = (number: number): PlannedState =>
    this.#recent.get(number, () => {
      const [records = 0, seen = 0, rest = 0] = this.#table.get(number);
      return {
        ...this.#rests.get(rest),
        records: this.#records.get(records),
        seen: this.#seen.get(seen),
      };
    });
}
