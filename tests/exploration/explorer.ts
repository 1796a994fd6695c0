import type { BrokerState } from "./broker_state.ts";
import type { Client, ClientStep } from "./client.ts";
import type { Bound, Edge } from "./edge.ts";
import { Edges, RecordsForever } from "./edges.ts";
import { checkProgress, chooseCalm, SCHEDULES } from "./progress.ts";
import { isPaid, packBudget, raiseStopLevel, spend } from "./remainder.ts";
import { NO_PARENT, type PackedState, StateTable } from "./state_table.ts";

/** No state is farther from the beginning: what goes on without an end is a counterexample, too. */
const DEPTH_MAX = 1000;

/** What a look at all states found. */
export interface Figures {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  readonly brokers: number;
  readonly clients: number;
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

/** Visits every state that client and broker can come to within a bound, the nearest first. */
export class Explorer<E> {
  readonly table = new StateTable(SCHEDULES.length);
  readonly taken = new Map<string, number>();
  /** The places of the client's beginnings, of which two may be one state. */
  readonly begins: number[] = [];
  readonly #edges: Edges<E>;
  #transitions = 0;
  #head = 0;
  #depth = 0;
  #levelEnd = 0;

  constructor(readonly client: Client<E>, readonly bound: Bound) {
    this.#edges = new Edges(client, bound);
    for (const begin of client.begins) {
      const level = client.findStopLevel(begin.client);
      const rest = raiseStopLevel(packBudget(bound.budget), level);
      const broker = this.#edges.addBroker(begin.broker);
      const state = { broker, client: client.store.add(begin.client), rest };
      this.begins.push(this.table.add(state, NO_PARENT).at);
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
      brokers: this.#edges.brokers,
      clients: this.client.store.size,
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

  /** Whether each calm schedule comes to a good end from every state. Once all were looked at. @throws {Counterexample} */
  checkProgress(): void {
    for (const schedule of SCHEDULES) checkProgress(this, schedule);
  }

  #look(at: number): void {
    const state = this.table.get(at);
    const edges = this.listEdges(state);
    const places = edges.map((edge) => {
      const next = this.#goAlong(state, edge, at);
      if (next === null) return null;
      this.#transitions++;
      this.taken.set(edge.kind, (this.taken.get(edge.kind) ?? 0) + 1);
      if (edge.broken !== null && (state.rest & edge.excuses) === 0) {
        throw new Counterexample(edge.broken, [...this.tell(at), edge.tell()]);
      }
      return this.table.add(next, at).at;
    });
    const choices = chooseCalm({
      step: this.stepOf(state),
      broker: this.brokerOf(state),
      edges,
      countLeft: this.bound.countLeft,
      isOpen: (number) => places[number] !== null,
    });
    for (const [schedule, choice] of choices.entries()) {
      const place = choice === null ? "good" : places[choice] ?? null;
      this.table.putCalm(at, schedule, place);
    }
  }

  #goAlong(state: PackedState, edge: Edge, at: number): PackedState | null {
    try {
      return this.follow(state, edge);
    } catch (error) {
      if (!(error instanceof RecordsForever)) throw error;
      throw new Counterexample("it comes to no end", [...this.tell(at), edge.tell()]);
    }
  }

  /** The state behind an edge; `null` where its bound is used up. */
  follow(state: PackedState, edge: Edge): PackedState | null {
    const left = spend(state.rest, edge.costs);
    if (left === null) return null;
    const flagged = (left | edge.set) & ~edge.clear;
    const rest = edge.stopLevel > 0 ? raiseStopLevel(flagged, edge.stopLevel) : flagged;
    const broker = isPaid(rest, "lag") ? edge.broker : this.#edges.settle(edge.broker);
    return this.#edges.skipRecords({ broker, client: edge.client ?? state.client, rest });
  }

  /** How the state came to be, a line for each transition. */
  tell(at: number): string[] {
    const places = [at];
    for (let place = this.table.parentOf(at); place !== NO_PARENT;) {
      places.push(place);
      place = this.table.parentOf(place);
    }
    places.reverse();
    return places.slice(0, -1).map((place, step) => this.nameEdge(place, places[step + 1] ?? 0));
  }

  /** What leads from a state's place to the next one's. */
  nameEdge(from: number, to: number): string {
    const state = this.table.get(from);
    const edge = this.listEdges(state).find((each) => {
      const reached = this.follow(state, each);
      return reached !== null && this.table.find(reached) === to;
    });
    return edge?.tell() ?? "?";
  }

  brokerOf(state: PackedState): BrokerState {
    return this.#edges.brokerOf(state.broker);
  }

  /** The client's step in a state. */
  stepOf(state: PackedState): ClientStep<E> {
    return this.#edges.stepOf(state);
  }

  /** Everything that can happen next, the bound aside. */
  listEdges(state: PackedState): readonly Edge[] {
    return this.#edges.list(state);
  }
}
