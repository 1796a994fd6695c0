import type { Outcome, Question } from "./broker_answers.ts";
import type { BrokerState, Change } from "./broker_state.ts";

/** What a client is told at each of its steps, besides what it asks the broker for. */
export interface Outside {
  /** Whether the operator's kill switch is on. */
  readonly isKilled: boolean;
  readonly isOpen: boolean;
}

/** How a client says that it stands when it has nothing more to do now. */
export interface ClientStanding {
  /** Shares that may be without protection, and what is due; said with a reason, or there is neither. */
  readonly bareQty: number;
  readonly due: string | null;
  readonly why: string | null;
  /** Whether it says since when: that of the rest before, where it was the same then. */
  readonly hasSince: boolean;
}

/** The one next step of a client, and what it knows after it. */
export type ClientStep<E> =
  | {
    readonly do: "ask";
    /** Asked together. */
    readonly questions: readonly Question[];
    /** @param outcomes One list always answers the same questions, whoever asks them. */
    readonly learn: (outcomes: readonly Outcome[]) => E;
  }
  | { readonly do: "record"; readonly next: E }
  | {
    readonly do: "send";
    readonly change: Change;
    /** Whether it ends what a request has begun, so that only the operator stops it. */
    readonly isBegun: boolean;
    /** What it knows when the request leaves: the record is made. */
    readonly recorded: E;
    readonly settle: (outcome: Outcome | { readonly kind: "stopped" }) => E;
  }
  | {
    readonly do: "rest";
    readonly standing: ClientStanding;
    /** Until its next cycle, ms. */
    readonly waitMs: number;
    /** What it knows when its next cycle begins. */
    readonly wake: () => E;
  };

/** A client and its broker at one moment. */
export interface Begin<E> {
  readonly client: E;
  readonly broker: BrokerState;
}

/** Keeps each value once, under a small number: two values have one number only where they do the same for ever. */
export interface ClientStore<E> {
  readonly size: number;
  readonly add: (client: E) => number;
  /** @throws {RangeError} Where the number is nobody's. */
  readonly get: (number: number) => E;
}

/** A program that trades one symbol, as a value and what it does next. */
export interface Client<E> {
  readonly begins: readonly Begin<E>[];
  readonly store: ClientStore<E>;
  /**
   * Both without the names and the finished orders on which nothing depends any more, where a cycle or a process begins: each
   * step from them is a step from the two as they are, with other names.
   */
  readonly renew: (client: E, broker: BrokerState) => Begin<E>;
  /** Pure and total. @throws What the client throws where it meets what must not be: that is a counterexample, too. */
  readonly decide: (client: E, outside: Outside) => ClientStep<E>;
  /** A new process so much later, with what was on record. */
  readonly restart: (client: E, afterMs: number) => E;
  /** The same process, whose cycle was cut off. */
  readonly interrupt: (client: E) => E;
  /** Whether an order of this client order id is on record. */
  readonly hasRecord: (client: E, clientOrderId: string) => boolean;
  /** Where its stop belongs, as a level; 0 where it has no position. */
  readonly findStopLevel: (client: E) => number;
  /** For how long it has looked in vain for what it has sent without an answer, ms; 0 for nothing of the kind. */
  readonly readUnseenMs: (client: E) => number;
  /** Shares for which a stop is on record that has not left yet, or had no answer. */
  readonly countStopsAhead: (client: E) => number;
}
