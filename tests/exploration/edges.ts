import { type Answer, Answers } from "./answers.ts";
import type { BrokerState } from "./broker_state.ts";
import { BrokerStore } from "./broker_store.ts";
import type { Client, ClientStep, Outside } from "./client.ts";
import type { Bound, Edge } from "./edge.ts";
import { checkRest, checkSending, countBought, isUnseen, readStopLevel } from "./properties.ts";
import { Recent } from "./recent.ts";
import {
  hasFlag,
  isPaid,
  OF_CYCLE,
  packCosts,
  packFlags,
  readStopLevel as readHighestLevel,
} from "./remainder.ts";
import type { PackedState } from "./state_table.ts";
import { describeChange, describeOutcome } from "./story.ts";
import { WorldEdges } from "./world_edges.ts";

/** Lists and positions lag by seconds (broker.md): no longer than this. Milliseconds. */
const LAG_MS_MAX = 10_000;
/** What was taken is shown within this, and what is under way arrives or never does. Milliseconds. */
const UNSEEN_MS_MAX = 60_000;
/** A new process begins at once, or when all that was under way has come to an end. */
const DEATHS = [{ kind: "dies", afterMs: 0 }, { kind: "dies for a while", afterMs: UNSEEN_MS_MAX }];
/** What a client records without a request between: more is no end. */
const RECORDS_MAX = 100;

const CRASH = packCosts("crash");
const LAGGED = packFlags("lagged");
/** What a look at all lists makes untrue. */
const SEEN = packFlags("stale", "surprised");

type EdgeFacts = Partial<Omit<Edge, "broker" | "client" | "kind" | "tell">>;

/** A client records for ever: it comes to no end. */
export class RecordsForever extends Error {
  override readonly name = "RecordsForever";
}

/** A step, and what has come of it: whatever the broker is besides makes no difference to the client. */
interface KnownStep<E> {
  readonly step: ClientStep<E>;
  /** The clients after it, by what it was answered. */
  readonly afters: Map<string | number, number>;
}

/** What a client is after its process has died, or its cycle was cut off. */
interface Crashed {
  readonly kind: string;
  readonly afterMs: number;
  readonly after: number;
}

/** Many states in a row have one client. */
const STEPS_KEPT = 1 << 16;

/** Everything that can happen next in a state: what the client does, and what broker, market, hands and operator may do. */
export class Edges<E> {
  readonly #brokers = new BrokerStore();
  readonly #answers = new Answers(this.#brokers);
  readonly #world: WorldEdges;
  readonly #settled = new Map<number, number>();
  readonly #steps = new Recent<KnownStep<E>>(STEPS_KEPT);
  readonly #crashed = new Recent<readonly Crashed[]>(STEPS_KEPT);
  /** Where a client is once it has recorded all that it does at once, by the key of its step. */
  readonly #recorded = new Recent<number>(STEPS_KEPT);

  constructor(readonly client: Client<E>, bound: Bound) {
    this.#world = new WorldEdges(this.#brokers, bound);
  }

  get brokers(): number {
    return this.#brokers.size;
  }

  brokerOf(number: number): BrokerState {
    return this.#brokers.get(number);
  }

  addBroker(state: BrokerState): number {
    return this.#brokers.add(state);
  }

  /** The broker up to date: where no answer can lag any more, what lags makes no difference. */
  settle(broker: number): number {
    const known = this.#settled.get(broker);
    if (known !== undefined) return known;
    const settled = { ...this.#brokers.get(broker), pastOrders: null, pastHeldQty: null };
    const number = this.#brokers.add(settled);
    this.#settled.set(broker, number);
    return number;
  }

  /** The client's step in a state. */
  stepOf(state: PackedState): ClientStep<E> {
    return this.#knownOf(state).step;
  }

  #knownOf({ broker, client, rest }: PackedState): KnownStep<E> {
    return this.#stepAt(client, this.#outsideOf(broker, rest));
  }

  #stepAt(client: number, outside: Outside): KnownStep<E> {
    return this.#steps.get(
      keyOf(client, outside),
      () => keepAfters(this.client.decide(this.client.store.get(client), outside)),
    );
  }

  #outsideOf(broker: number, rest: number): Outside {
    return { isKilled: hasFlag(rest, "killed"), isOpen: this.#brokers.isOpen(broker) };
  }

  /** The number of the client that something makes of its step. @param what The same for the same thing alone. */
  #after({ afters }: KnownStep<E>, what: string | number, build: () => E): number {
    const before = afters.get(what);
    if (before !== undefined) return before;
    const number = this.client.store.add(build());
    afters.set(what, number);
    return number;
  }

  /**
   * What the client only records is done at once: what the broker does meanwhile makes no difference to it, and may as well be
   * done before or after. Where the process may die, it may between two records.
   */
  skipRecords(state: PackedState): PackedState {
    const { broker, rest } = state;
    if (isPaid(rest, "crash")) return state;
    const outside = this.#outsideOf(broker, rest);
    const client = this.#recorded.get(
      keyOf(state.client, outside),
      () => this.#recordAll(state.client, outside),
    );
    return { broker, client, rest };
  }

  #recordAll(client: number, outside: Outside): number {
    let at = client;
    for (let left = RECORDS_MAX; left > 0; left--) {
      const { step } = this.#stepAt(at, outside);
      if (step.do !== "record") return at;
      at = this.client.store.add(step.next);
    }
    throw new RecordsForever();
  }

  /** Everything that can happen next, the bound aside; the client's own step first. */
  list(state: PackedState): readonly Edge[] {
    const known = this.#knownOf(state);
    const own = this.#listClient(state, known);
    if (known.step.do === "record") return own;
    return [...own, ...this.#world.listBroker(state), ...this.#world.listOperator(state)];
  }

  #edge(
    broker: number,
    client: number,
    kind: string,
    tell: () => string,
    more: EdgeFacts = {},
  ): Edge {
    return {
      broker,
      client,
      costs: more.costs ?? 0,
      set: more.set ?? 0,
      clear: more.clear ?? 0,
      stopLevel: more.stopLevel ?? 0,
      kind,
      tell,
      broken: more.broken ?? null,
      excuses: more.excuses ?? 0,
    };
  }

  /** What the client's own step leads to. */
  #listClient(state: PackedState, known: KnownStep<E>): Edge[] {
    const { step } = known;
    const crashes = this.#listCrashes(state);
    switch (step.do) {
      case "record":
        return [this.#buildRecording(state, known, step.next), ...crashes];
      case "rest":
        return [this.#buildRest(state, known, step), ...crashes];
      case "ask":
        return [...this.#buildAnswers(state, known, step), ...crashes];
      case "send":
        return [...this.#buildSendings(state, known, step), ...crashes];
    }
  }

  #buildRecording({ broker }: PackedState, known: KnownStep<E>, next: E): Edge {
    const after = this.#after(known, "records", () => next);
    return this.#edge(broker, after, "records", () => "records");
  }

  /** The process dies, or an error ends its cycle in the middle. */
  #listCrashes({ broker, client, rest }: PackedState): Edge[] {
    if (!isPaid(rest, "crash")) return [];
    return this.#listCrashed(client).map(({ kind, afterMs, after }) => {
      const renewed = this.#renew(after, this.#brokers.get(this.#pass(broker, afterMs)));
      const about = { costs: CRASH, clear: OF_CYCLE };
      return this.#edge(renewed.broker, renewed.client, kind, () => kind, about);
    });
  }

  #listCrashed(client: number): readonly Crashed[] {
    return this.#crashed.get(client, () => {
      const before = this.client.store.get(client);
      const after = this.client.store.add(this.client.interrupt(before));
      return [
        ...DEATHS.map(({ kind, afterMs }) => ({
          kind: `the process ${kind}`,
          afterMs,
          after: this.client.store.add(this.client.restart(before, afterMs)),
        })),
        { kind: "the cycle is cut off", afterMs: 0, after },
      ];
    });
  }

  /** Both without what nothing depends on any more: many that went different ways are one by then. */
  #renew(client: number, broker: BrokerState): Pick<PackedState, "client" | "broker"> {
    const renewed = this.client.renew(this.client.store.get(client), broker);
    return {
      client: this.client.store.add(renewed.client),
      broker: this.#brokers.add(renewed.broker),
    };
  }

  /** The broker so much later, if that is long; what it does meanwhile it may do before or after as well. */
  #pass(broker: number, afterMs: number): number {
    return afterMs < UNSEEN_MS_MAX
      ? broker
      : this.#brokers.add(revealAll(this.#brokers.get(this.settle(broker))));
  }

  #buildRest(
    { broker, rest }: PackedState,
    knownStep: KnownStep<E>,
    step: ClientStep<E> & { readonly do: "rest" },
  ): Edge {
    const state = this.#brokers.get(broker);
    const broken = checkRest(state, step.standing);
    const why = step.standing.why === null ? "" : `: ${step.standing.why}`;
    const isLong = step.waitMs >= LAG_MS_MAX || hasFlag(rest, "lagged");
    const isLagging = state.pastOrders !== null || state.pastHeldQty !== null;
    const settled = isLong ? { ...state, pastOrders: null, pastHeldQty: null } : state;
    // What was taken with an answer is shown within the cycle: no age of a record here is as short as a look-up's lag.
    const known = state.habits.isLagging ? showAll(settled) : settled;
    const woken = this.#after(knownStep, "wakes", () => step.wake());
    const unseenMs = Math.max(
      step.waitMs,
      this.client.readUnseenMs(this.client.store.get(woken)),
    );
    const next = unseenMs >= UNSEEN_MS_MAX ? revealAll(known) : known;
    const renewed = this.#renew(woken, next);
    return this.#edge(
      renewed.broker,
      renewed.client,
      "rests",
      () => `rests${why}`,
      {
        broken,
        excuses: packFlags("excused", "stale"),
        set: isLagging && !isLong ? LAGGED : 0,
        clear: isLagging && !isLong ? OF_CYCLE : LAGGED | OF_CYCLE,
      },
    );
  }

  #buildAnswers(
    { broker, rest }: PackedState,
    known: KnownStep<E>,
    step: ClientStep<E> & { readonly do: "ask" },
  ): Edge[] {
    const isLook = step.questions.some(({ kind }) => kind === "open_orders");
    const kind = `sees ${step.questions.map((question) => question.kind)}`;
    const build = ({ number, outcomes, trouble }: Answer): Edge => {
      const tell = () => `sees ${outcomes.map(describeOutcome)}`;
      const after = this.#after(known, number, () => step.learn(outcomes));
      return this.#edge(broker, after, kind, tell, {
        costs: packCosts(trouble),
        clear: isLook && trouble === null ? SEEN : 0,
      });
    };
    return this.#answers.ask(broker, step.questions)
      .filter(({ trouble }) => isPaid(rest, trouble)).map(build);
  }

  #buildSendings(
    state: PackedState,
    known: KnownStep<E>,
    step: ClientStep<E> & { readonly do: "send" },
  ): Edge[] {
    const { broker } = state;
    const { change, recorded } = step;
    const isRecorded = change.kind === "cancel" ||
      this.client.hasRecord(recorded, change.clientOrderId);
    const deaths = isPaid(state.rest, "crash") ? DEATHS : [];
    const dead = (afterMs: number) =>
      this.#after(known, `dies ${afterMs}`, () => this.client.restart(recorded, afterMs));
    const stopped = () => this.#after(known, "stopped", () => step.settle({ kind: "stopped" }));
    const unsent = deaths.map(({ kind, afterMs }) =>
      this.#edge(
        this.#pass(broker, afterMs),
        dead(afterMs),
        `records ${change.kind}, and ${kind}`,
        () => `records ${describeChange(change)}, and ${kind}`,
        { costs: CRASH, clear: OF_CYCLE },
      )
    );
    if (hasFlag(state.rest, "killed")) {
      const tell = () => `is stopped: ${describeChange(change)}`;
      const kind = `is stopped: ${change.kind}`;
      const set = packFlags("objected");
      return [this.#edge(broker, stopped(), kind, tell, { set }), ...unsent];
    }
    // The operator's files are read afresh where it leaves: he may have come after it was decided.
    if (isPaid(state.rest, "switch")) {
      const tell = () => `is stopped at the last moment: ${describeChange(change)}`;
      const kind = `is stopped at the last moment: ${change.kind}`;
      const about = { costs: packCosts("switch"), set: packFlags("killed", "objected") };
      unsent.push(this.#edge(broker, stopped(), kind, tell, about));
    }
    const before = this.#brokers.get(broker);
    const stopLevel = this.client.findStopLevel(recorded);
    const refusal = checkSending(change, {
      isRecorded,
      isBegun: step.isBegun,
      isObjected: hasFlag(state.rest, "objected"),
      isMandated: hasFlag(state.rest, "mandated"),
      stopLevel,
      highestLevel: readHighestLevel(state.rest),
      priceLevel: before.priceLevel,
      // What it could not know of when it looked has no record.
      boughtQty: hasFlag(state.rest, "stale") ? 0 : countBought(before, change),
      stopsAheadQty: this.client.countStopsAhead(recorded),
    });
    const edges: Edge[] = unsent;
    const excuses = packFlags("excused", "surprised");
    const isMandate = change.kind === "cancel" || change.kind === "replace";
    const set = isMandate ? packFlags("stale", "mandated") : packFlags("stale");
    // What is begun anew, under the gate, is nothing that he has stopped.
    const clear = isMandate && !step.isBegun ? packFlags("objected") : 0;
    for (const delivery of this.#answers.deliver(broker, change, state.rest)) {
      const { number, outcome, trouble, broker: to, isTaken } = delivery;
      const costs = packCosts(trouble);
      const broken = refusal ?? delivery.broken;
      const taken = { stopLevel: isTaken ? readStopLevel(change) ?? 0 : 0 };
      const about = { ...taken, costs, set, clear, broken, excuses };
      const tell = () => `sends ${describeChange(change)}: ${describeOutcome(outcome)}`;
      const kind = `sends ${change.kind}: ${outcome.kind}`;
      const settle = () => this.#after(known, number, () => step.settle(outcome));
      edges.push(this.#edge(to, settle(), kind, tell, about));
      // What was taken may be hidden from the next process for a moment.
      if (trouble !== null && trouble !== "lag") continue;
      const ofDeath = { ...about, costs: costs | CRASH, clear: OF_CYCLE };
      for (const { kind: end, afterMs } of deaths) {
        const died = () => `sends ${describeChange(change)}, and ${end}`;
        edges.push(
          this.#edge(to, dead(afterMs), `sends ${change.kind}, and ${end}`, died, ofDeath),
        );
      }
    }
    return edges;
  }
}

function keepAfters<E>(step: ClientStep<E>): KnownStep<E> {
  return { step, afters: new Map() };
}

/** One number for a client and what it is told besides. */
function keyOf(client: number, { isKilled, isOpen }: Outside): number {
  return client * 4 + (isKilled ? 2 : 0) + (isOpen ? 1 : 0);
}

/** The broker when no answer lacks an order any more. */
function showAll(state: BrokerState): BrokerState {
  if (!state.orders.some(({ isHidden }) => isHidden)) return state;
  const orders = state.orders.map((order) =>
    order.isHidden ? { ...order, isHidden: false } : order
  );
  return { ...state, orders };
}

/** The broker long after all that was under way has come to an end. */
function revealAll(state: BrokerState): BrokerState {
  return isUnseen(state) ? { ...showAll(state), late: null } : state;
}
