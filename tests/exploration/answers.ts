import { listAnswers, type Outcome, type Question, type ShownOrder } from "./broker_answers.ts";
import type { Trouble } from "./broker_moves.ts";
import type { Change } from "./broker_state.ts";
import type { BrokerStore } from "./broker_store.ts";
import { Interner, ObjectInterner } from "./interner.ts";
import { checkDelivery } from "./properties.ts";
import { Recent } from "./recent.ts";
import { isPaid, listPaid, PAID_BITS } from "./remainder.ts";

const KEPT = 1 << 15;
/** More different requests than a search has. */
const REQUESTS_MAX = 1 << 12;

/** What is answered to questions that are asked together. */
export interface Answer {
  /** The same number, and the same object, for the same answers to the same questions. */
  readonly number: number;
  readonly outcomes: readonly Outcome[];
  readonly trouble: Trouble | null;
}

/** What is answered to a change, and the broker afterwards. */
export interface Delivery {
  /** The same number for every equal answer. */
  readonly number: number;
  readonly outcome: Outcome;
  readonly trouble: Trouble | null;
  readonly broker: number;
  /** Whether it adds an order, answered or not. */
  readonly isTaken: boolean;
  /** A property that it breaks. */
  readonly broken: string | null;
}

/** What brokers answer: what one of them says does not depend on who asks. */
export class Answers {
  readonly #brokers: BrokerStore;
  readonly #requests = new ObjectInterner<Change | readonly Question[]>((each) =>
    JSON.stringify(each)
  );
  readonly #outcomes = new Interner<Outcome>((outcome) => this.#buildKey(outcome));
  readonly #together = new Map<string, { number: number; outcomes: readonly Outcome[] }>();
  readonly #asked = new Recent<readonly Answer[]>(KEPT);
  readonly #delivered = new Recent<readonly Delivery[]>(KEPT);

  constructor(brokers: BrokerStore) {
    this.#brokers = brokers;
  }

  /** Every answer to questions that are asked together, whatever the bound: at most one of them is a troubled one. */
  ask(broker: number, questions: readonly Question[]): readonly Answer[] {
    return this.#asked.get(
      this.#keyOf(broker, questions),
      () => this.#buildAnswers(broker, questions),
    );
  }

  #keyOf(broker: number, request: Change | readonly Question[]): number {
    const number = this.#requests.add(request);
    if (number >= REQUESTS_MAX) throw new RangeError("too many different requests");
    return broker * REQUESTS_MAX + number;
  }

  #buildAnswers(broker: number, questions: readonly Question[]): Answer[] {
    const state = this.#brokers.get(broker);
    const answers = questions.map((question) =>
      listAnswers(state, question)
        .map(({ outcome, trouble }) => ({ number: this.#outcomes.add(outcome), trouble }))
    );
    const plain = answers.flatMap((each) => each[0]?.number ?? []);
    const request = this.#requests.add(questions);
    const build = (numbers: readonly number[], trouble: Trouble | null): Answer => {
      const key = `${request}: ${numbers}`;
      const known = this.#together.get(key) ??
        { number: this.#together.size, outcomes: numbers.map((each) => this.#outcomes.get(each)) };
      this.#together.set(key, known);
      return { ...known, trouble };
    };
    const troubled = answers.flatMap((each, at) =>
      each.slice(1).map(({ number, trouble }) => build(plain.with(at, number), trouble))
    );
    return [build(plain, null), ...troubled];
  }

  /** Every answer to a change that the rest of a bound still has. */
  deliver(broker: number, change: Change, rest: number): readonly Delivery[] {
    return this.#delivered.get(
      this.#keyOf(broker, change) * 2 ** PAID_BITS + listPaid(rest),
      () => this.#buildDeliveries(broker, change, rest),
    );
  }

  #buildDeliveries(broker: number, change: Change, rest: number): Delivery[] {
    const before = this.#brokers.get(broker);
    return listAnswers(before, change, (trouble) => isPaid(rest, trouble)).map(
      ({ outcome, next, trouble }) => ({
        number: this.#outcomes.add(outcome),
        outcome,
        trouble,
        broker: this.#brokers.add(next),
        isTaken: next.orders.length > before.orders.length,
        broken: checkDelivery(before, next, outcome, trouble),
      }),
    );
  }

  #buildKey(outcome: Outcome): string {
    switch (outcome.kind) {
      case "accepted":
      case "found":
        return `${outcome.kind} ${this.#keyOfShown(outcome.shown)}`;
      case "open_orders":
      case "all_orders":
        return `${outcome.kind} ${outcome.shown.map((each) => this.#keyOfShown(each))}`;
      default:
        return JSON.stringify(outcome);
    }
  }

  #keyOfShown({ order, legs }: ShownOrder): string {
    return `${this.#brokers.addOrder(order)}(${legs.map((leg) => this.#brokers.addOrder(leg))})`;
  }
}
