import type { AskStep, Bench, CaseStep } from "./bench.ts";
import { listAnswers, listArrivals } from "./broker_answers.ts";
import { closeMarket, listMoves, openMarket, type Trouble } from "./broker_moves.ts";
import {
  type BrokerState,
  buildBroker,
  type Habits,
  keepPast,
  PLAIN_HABITS,
} from "./broker_state.ts";
import { describeOutcome } from "./story.ts";

const STATES_MAX = 200_000;

/** What can be told of a state by its answers: how often an order has changed is not. */
function buildKey(state: BrokerState): string {
  return JSON.stringify(state, (name, value) => name === "version" ? undefined : value);
}

/** Every state that the broker can come to by itself, the ones to begin with among them. */
function listReachable(
  states: Iterable<BrokerState>,
  troubles: ReadonlySet<Trouble | null>,
): BrokerState[] {
  const seen = new Map<string, BrokerState>();
  const open: BrokerState[] = [];
  const meet = (state: BrokerState) => {
    const key = buildKey(state);
    if (seen.has(key)) return;
    seen.set(key, state);
    open.push(state);
  };
  for (const state of states) meet(state);
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    if (seen.size > STATES_MAX) throw new RangeError("too many states to be one case");
    for (const { next, trouble } of listMoves(state)) if (troubles.has(trouble)) meet(next);
    for (const next of listArrivals(state)) meet(next);
  }
  return [...seen.values()];
}

/** The automaton, in every state that the steps so far allow. */
export class AutomatonBench implements Bench {
  #states: BrokerState[];
  readonly #troubles: ReadonlySet<Trouble | null>;

  /** @param troubles What it may do besides the normal course. */
  constructor(habits: Partial<Habits>, troubles: readonly Trouble[]) {
    this.#states = [buildBroker({ habits: { ...PLAIN_HABITS, ...habits } })];
    this.#troubles = new Set([null, ...troubles]);
  }

  /** How many states the steps so far allow. */
  get size(): number {
    return this.#states.length;
  }

  go(step: CaseStep): string[] {
    if ("ask" in step) return this.#ask(step);
    if ("pass" in step) {
      this.#states = listReachable(this.#states, this.#troubles);
    } else if ("price" in step) {
      this.#change((state) => ({ ...state, priceLevel: step.price }));
    } else if ("held" in step) {
      this.#change((state) => keepPast(state, { ...state, heldQty: step.held }));
    } else {
      this.#states = listReachable(this.#states, this.#troubles);
      this.#change(step.market === "closes" ? closeMarket : openMarket);
      this.#states = listReachable(this.#states, this.#troubles);
    }
    return [];
  }

  #change(change: (state: BrokerState) => BrokerState): void {
    this.#states = this.#states.map(change);
  }

  #ask({ ask, is, loss }: AskStep): string[] {
    const answers = new Set<string>();
    const next = new Map<string, BrokerState>();
    for (const state of this.#states) {
      for (const branch of listAnswers(state, ask)) {
        const isAllowed = this.#troubles.has(branch.trouble) ||
          (branch.trouble === "loss" && loss !== undefined);
        if (!isAllowed) continue;
        const text = describeOutcome(branch.outcome);
        answers.add(text);
        if (text === is) next.set(buildKey(branch.next), branch.next);
      }
    }
    this.#states = [...next.values()];
    return [...answers];
  }
}
