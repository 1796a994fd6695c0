import { type Branch, listAnswers, listArrivals } from "./broker_answers.ts";
import { type HandLevels, listHands } from "./broker_hands.ts";
import { closeMarket, listMoves, listSplits, type Move, openMarket } from "./broker_moves.ts";
import { type BrokerState, countReserved } from "./broker_state.ts";
import type { Client, ClientStep } from "./client.ts";
import { Interner } from "./interner.ts";
import { checkDelivery, checkRest, checkSending, isUnseen } from "./properties.ts";
import {
  type Bounded,
  type Budget,
  type Flag,
  hasFlag,
  isPaid,
  listPaid,
  packBudget,
  PAID_SIZE,
  setFlag,
  spend,
} from "./remainder.ts";
import { NO_PARENT, type PackedState, StateTable } from "./state_table.ts";
import { describeChange, describeOutcome } from "./story.ts";

/** No state is farther from the beginning: what goes on without an end is a counterexample, too. */
const DEPTH_MAX = 1000;

/** Lists and positions lag by seconds (broker.md): no longer than this. Milliseconds. */
const LAG_MS_MAX = 10_000;
/** What was taken is shown within this, and what is under way arrives or never does. Milliseconds. */
const UNSEEN_MS_MAX = 60_000;

/** What an exploration does: which troubles, how often each, and where prices go. */
export interface Bound {
  readonly name: string;
  readonly budget: Budget;
  /** Levels that the price may go to. */
  readonly levels: readonly number[];
  readonly hands: HandLevels;
}

/** What a look at all states found. */
export interface Figures {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  readonly brokers: number;
  readonly clients: number;
  readonly bytes: number;
  /** A number for the states in the sequence of their meeting. */
  readonly digest: string;
  /** How often each kind of transition was taken. */
  readonly taken: ReadonlyMap<string, number>;
}

/** A property does not hold: the shortest story that shows it. */
export class Counterexample extends Error {
  override readonly name = "Counterexample";
  constructor(readonly property: string, readonly story: readonly string[]) {
    super([property, ...story].join("\n"));
  }
}

/** What happens next, as numbers, with its words. */
export interface Edge {
  readonly broker: number;
  readonly client: number;
  readonly costs: readonly Bounded[];
  readonly set: readonly Flag[];
  readonly clear: readonly Flag[];
  readonly name: string;
  /** A property that it breaks. */
  readonly broken: string | null;
  /** Flags under which that is nobody's fault. */
  readonly excuses: readonly Flag[];
}

/** A client's step and where it leads, by the broker's number. */
interface KnownStep<E> {
  readonly step: ClientStep<E>;
  /** By the broker's number and what can still be paid for. */
  readonly edges: Map<number, readonly Edge[]>;
}

/** Visits every state that client and broker can come to within a bound, the nearest first. */
export class Explorer<E> {
  readonly table = new StateTable();
  readonly taken = new Map<string, number>();
  readonly #brokers = new Interner<BrokerState>((state) => JSON.stringify(state));
  readonly #clients: Interner<E>;
  readonly #moves = new Map<number, readonly Edge[]>();
  readonly #steps = new Map<number, KnownStep<E>>();
  readonly #settled = new Map<number, number>();
  #transitions = 0;
  #head = 0;
  #depth = 0;
  #levelEnd = 0;

  constructor(readonly client: Client<E>, readonly bound: Bound) {
    this.#clients = new Interner((value) => client.buildKey(value));
    const rest = packBudget(bound.budget);
    for (const begin of client.begins) {
      const broker = this.#brokers.add(begin.broker);
      this.table.add({ broker, client: this.#clients.add(begin.client), rest }, NO_PARENT);
    }
    this.#levelEnd = this.table.count;
  }

  /** States that were met and not looked at yet. */
  get frontier(): number {
    return this.table.count - this.#head;
  }

  /** How far the search is. */
  get figures(): Figures {
    return {
      states: this.table.count,
      transitions: this.#transitions,
      depth: this.#depth,
      brokers: this.#brokers.size,
      clients: this.#clients.size,
      bytes: this.table.bytes,
      digest: this.frontier === 0 ? this.table.digest() : "",
      taken: this.taken,
    };
  }

  /** Looks at so many states more. @returns Whether there are any left. @throws {Counterexample} */
  advance(states: number): boolean {
    for (let left = states; left > 0 && this.frontier > 0; left--) {
      if (this.#head === this.#levelEnd) {
        if (++this.#depth > DEPTH_MAX) {
          throw new Counterexample("it comes to no end", this.tell(this.#head));
        }
        this.#levelEnd = this.table.count;
      }
      this.#look(this.#head++);
    }
    return this.frontier > 0;
  }

  #look(at: number): void {
    const state = this.table.get(at);
    for (const edge of this.listEdges(state)) {
      const next = this.follow(state, edge);
      if (next === null) continue;
      this.#transitions++;
      const kind = edge.name.replaceAll(/\d+/g, "#");
      this.taken.set(kind, (this.taken.get(kind) ?? 0) + 1);
      const isExcused = edge.excuses.some((flag) => hasFlag(state.rest, flag));
      if (edge.broken !== null && !isExcused) {
        throw new Counterexample(edge.broken, [...this.tell(at), edge.name]);
      }
      this.table.add(next, at);
    }
  }

  /** The state behind an edge; `null` where its bound is used up. */
  follow(state: PackedState, edge: Edge): PackedState | null {
    let rest = state.rest;
    for (const cost of edge.costs) {
      const left = spend(rest, cost);
      if (left === null) return null;
      rest = left;
    }
    for (const flag of edge.set) rest = setFlag(rest, flag, true);
    for (const flag of edge.clear) rest = setFlag(rest, flag, false);
    const broker = isPaid(rest, "lag") ? edge.broker : this.#settle(edge.broker);
    return { broker, client: edge.client, rest };
  }

  /** The broker up to date: where no answer can lag any more, what lags makes no difference. */
  #settle(broker: number): number {
    const known = this.#settled.get(broker);
    if (known !== undefined) return known;
    const settled = { ...this.#brokers.get(broker), pastOrders: null, pastHeldQty: null };
    const number = this.#brokers.add(settled);
    this.#settled.set(broker, number);
    return number;
  }

  /** How the state came to be, a line for each transition. */
  tell(at: number): string[] {
    const places = [at];
    for (let place = this.table.parentOf(at); place !== NO_PARENT;) {
      places.push(place);
      place = this.table.parentOf(place);
    }
    places.reverse();
    const story: string[] = [];
    for (const [step, place] of places.slice(0, -1).entries()) {
      const next = places[step + 1];
      const state = this.table.get(place);
      const edge = this.listEdges(state).find((each) => {
        const reached = this.follow(state, each);
        return reached !== null && this.table.find(reached) === next;
      });
      story.push(edge?.name ?? "?");
    }
    return story;
  }

  brokerOf(state: PackedState): BrokerState {
    return this.#brokers.get(state.broker);
  }

  /** The client's step in a state. */
  stepOf(state: PackedState): ClientStep<E> {
    return this.#knowStep(state).step;
  }

  /** Everything that can happen next, the bound aside. */
  listEdges(state: PackedState): readonly Edge[] {
    const known = this.#knowStep(state);
    const own = this.#listClientEdges(state, known);
    // What the broker does meanwhile makes no difference to a record: it may as well do it before or after.
    if (known.step.do === "record") return own;
    return [...own, ...this.listBrokerEdges(state), ...this.#listOperatorEdges(state)];
  }

  /** What the client's own step leads to. */
  listClientEdges(state: PackedState): readonly Edge[] {
    return this.#listClientEdges(state, this.#knowStep(state));
  }

  #knowStep(state: PackedState): KnownStep<E> {
    const isKilled = hasFlag(state.rest, "killed");
    const { isOpen } = this.#brokers.get(state.broker);
    const key = state.client * 4 + (isKilled ? 2 : 0) + (isOpen ? 1 : 0);
    const known = this.#steps.get(key);
    if (known !== undefined) return known;
    const step = this.client.decide(this.#clients.get(state.client), { isKilled, isOpen });
    const fresh: KnownStep<E> = { step, edges: new Map() };
    this.#steps.set(key, fresh);
    return fresh;
  }

  #listClientEdges(state: PackedState, known: KnownStep<E>): readonly Edge[] {
    const isLagged = hasFlag(state.rest, "lagged") ? 1 : 0;
    const key = (state.broker * 2 + isLagged) * PAID_SIZE + listPaid(state.rest);
    const cached = known.edges.get(key);
    if (cached !== undefined) return cached;
    const edges = this.#buildClientEdges(state, known.step);
    known.edges.set(key, edges);
    return edges;
  }

  #edge(broker: number, client: E, name: string, more: Partial<Edge> = {}): Edge {
    return {
      broker,
      client: this.#clients.add(client),
      costs: [],
      set: [],
      clear: [],
      name,
      broken: null,
      excuses: [],
      ...more,
    };
  }

  #buildClientEdges(state: PackedState, step: ClientStep<E>): Edge[] {
    const { broker } = state;
    const before = this.#clients.get(state.client);
    const crash = isPaid(state.rest, "crash")
      ? [this.#edge(broker, this.client.restart(before), "the process dies", { costs: ["crash"] })]
      : [];
    switch (step.do) {
      case "record":
        return [this.#edge(broker, step.next, "records"), ...crash];
      case "rest":
        return [this.#buildRest(state, step), ...crash];
      case "ask":
        return [...this.#buildAnswers(state, step), ...crash];
      case "send":
        return [...this.#buildSendings(state, step), ...crash];
    }
  }

  #buildRest(
    { broker, rest }: PackedState,
    step: ClientStep<E> & { readonly do: "rest" },
  ): Edge {
    const state = this.#brokers.get(broker);
    const broken = checkRest(state, step.standing);
    const why = step.standing.why === null ? "" : `: ${step.standing.why}`;
    const isLong = step.waitMs >= LAG_MS_MAX || hasFlag(rest, "lagged");
    const isLagging = state.pastOrders !== null || state.pastHeldQty !== null;
    const settled = isLong ? { ...state, pastOrders: null, pastHeldQty: null } : state;
    const next = step.waitMs >= UNSEEN_MS_MAX ? revealAll(settled) : settled;
    return this.#edge(this.#brokers.add(next), step.wake(), `rests${why}`, {
      broken,
      excuses: ["excused", "stale"],
      set: isLagging && !isLong ? ["lagged"] : [],
      clear: isLagging && !isLong ? [] : ["lagged"],
    });
  }

  /** At most one of the answers to what is asked together is a troubled one. */
  #buildAnswers(
    { broker, rest }: PackedState,
    step: ClientStep<E> & { readonly do: "ask" },
  ): Edge[] {
    const state = this.#brokers.get(broker);
    const answers = step.questions.map((question) =>
      listAnswers(state, question).filter(({ trouble }) => isPaid(rest, trouble))
    );
    const plain = answers.flatMap((each) => each[0] ?? []);
    const isLook = step.questions.some(({ kind }) => kind === "open_orders");
    const build = (branches: readonly Branch[]): Edge => {
      const outcomes = branches.map(({ outcome }) => outcome);
      const costs = branches.flatMap(({ trouble }) => trouble ?? []);
      return this.#edge(broker, step.learn(outcomes), `sees ${outcomes.map(describeOutcome)}`, {
        costs,
        clear: isLook && costs.length === 0 ? ["stale", "surprised"] : [],
      });
    };
    const troubled = answers.flatMap((each, at) =>
      each.slice(1).map((branch) =>
        build(plain.map((other, place) => place === at ? branch : other))
      )
    );
    return [build(plain), ...troubled];
  }

  #buildSendings(state: PackedState, step: ClientStep<E> & { readonly do: "send" }): Edge[] {
    const { broker } = state;
    const { change, recorded } = step;
    const asked = describeChange(change);
    const isRecorded = change.kind === "cancel" ||
      this.client.hasRecord(recorded, change.clientOrderId);
    const dead = this.client.restart(recorded);
    const isDying = isPaid(state.rest, "crash");
    const unsent = isDying
      ? [this.#edge(broker, dead, `records ${asked}, and dies`, { costs: ["crash"] })]
      : [];
    if (hasFlag(state.rest, "killed")) {
      return [
        this.#edge(broker, step.settle({ kind: "stopped" }), `is stopped: ${asked}`),
        ...unsent,
      ];
    }
    const before = this.#brokers.get(broker);
    const stopLevel = this.client.findStopLevel(recorded);
    const refusal = checkSending(change, { isRecorded, stopLevel });
    const edges: Edge[] = unsent;
    const excuses: readonly Flag[] = ["excused", "surprised"];
    for (const { outcome, next, trouble } of listAnswers(before, change)) {
      if (!isPaid(state.rest, trouble)) continue;
      const to = this.#brokers.add(next);
      const costs: readonly Bounded[] = trouble === null ? [] : [trouble];
      const broken = refusal ?? checkDelivery(before, next, outcome, trouble);
      const name = `sends ${asked}: ${describeOutcome(outcome)}`;
      edges.push(
        this.#edge(to, step.settle(outcome), name, { costs, set: ["stale"], broken, excuses }),
      );
      if (trouble !== null || !isDying) continue;
      const died = `sends ${asked}, and dies`;
      edges.push(this.#edge(to, dead, died, { costs: ["crash"], set: ["stale"], broken, excuses }));
    }
    return edges;
  }

  /** What the broker, the market and hands may do. */
  listBrokerEdges(state: PackedState): readonly Edge[] {
    const known = this.#moves.get(state.broker) ?? this.#buildMoves(state.broker);
    return known.map((edge) => ({ ...edge, client: state.client }));
  }

  #buildMoves(broker: number): readonly Edge[] {
    const before = this.#brokers.get(broker);
    const build = (move: Omit<Move, "trouble"> & { readonly trouble: Bounded | null }): Edge => ({
      broker: this.#brokers.add(move.next),
      client: 0,
      costs: move.trouble === null ? [] : [move.trouble],
      set: ["stale", ...listFlags(before, move)],
      clear: [],
      name: move.name,
      broken: null,
      excuses: [],
    });
    const turn: Move = before.isOpen
      ? { name: "the market closes", trouble: "time", next: closeMarket(before) }
      : { name: "the market opens", trouble: null, next: openMarket(before) };
    const { budget, levels, hands } = this.bound;
    const edges = [
      ...listMoves(before).map(build),
      ...listArrivals(before).map((next) =>
        build({ name: "a late request arrives", trouble: null, next })
      ),
      ...((budget.time ?? 0) > 0 ? [turn, ...before.isOpen ? [] : listSplits(before)] : []).map(
        build,
      ),
      ...((budget.hand ?? 0) > 0 ? listHands(before, hands) : []).map(build),
      ...levels.filter((level) => level !== before.priceLevel).map((level) =>
        build({
          name: `the price goes to ${level}`,
          trouble: "price",
          next: { ...before, priceLevel: level },
        })
      ),
    ];
    this.#moves.set(broker, edges);
    return edges;
  }

  #listOperatorEdges({ broker, client, rest }: PackedState): Edge[] {
    if ((this.bound.budget.switch ?? 0) === 0) return [];
    const isKilled = hasFlag(rest, "killed");
    const name = isKilled ? "the kill switch is taken away" : "the kill switch is put there";
    const flags: readonly Flag[] = ["killed"];
    return [{
      broker,
      client,
      costs: ["switch"],
      set: isKilled ? [] : flags,
      clear: isKilled ? flags : [],
      name,
      broken: null,
      excuses: [],
    }];
  }
}

/** The broker long after all that was under way has come to an end. */
function revealAll(state: BrokerState): BrokerState {
  if (!isUnseen(state)) return state;
  const orders = state.orders.map((order) =>
    order.isHidden ? { ...order, isHidden: false } : order
  );
  return { ...state, late: null, orders };
}

/** What a move excuses: shares other than the client's own orders explain, and what nobody could have seen. */
function listFlags(
  before: BrokerState,
  { trouble, next, name }: {
    readonly trouble: Bounded | null;
    readonly next: BrokerState;
    readonly name: string;
  },
): Flag[] {
  const isShort = next.heldQty < 0 && countReserved(before) <= before.heldQty;
  const flags: Flag[] = trouble === "hand" || name.includes("split") || isShort ? ["excused"] : [];
  return isUnseen(before) && !isUnseen(next) ? [...flags, "surprised"] : flags;
}
