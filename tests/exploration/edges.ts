import { type Branch, listAnswers } from "./broker_answers.ts";
import type { BrokerState } from "./broker_state.ts";
import { BrokerStore } from "./broker_store.ts";
import type { Client, ClientStep, Outside } from "./client.ts";
import type { Bound, Edge } from "./edge.ts";
import {
  checkDelivery,
  checkRest,
  checkSending,
  countBought,
  isUnseen,
  readStopLevel,
} from "./properties.ts";
import { Recent } from "./recent.ts";
import {
  type Bounded,
  type Flag,
  hasFlag,
  isPaid,
  OF_CYCLE,
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

type EdgeFacts = Partial<Omit<Edge, "broker" | "client" | "kind" | "tell">>;

/** A client records for ever: it comes to no end. */
export class RecordsForever extends Error {
  override readonly name = "RecordsForever";
}

/** Many states in a row have one client. */
const STEPS_KEPT = 1 << 13;

/** Everything that can happen next in a state: what the client does, and what broker, market, hands and operator may do. */
export class Edges<E> {
  readonly #brokers = new BrokerStore();
  readonly #world: WorldEdges;
  readonly #settled = new Map<number, number>();
  readonly #steps = new Recent<ClientStep<E>>(STEPS_KEPT);
  /** The clients that came of a step, by what it was answered: whatever the broker is besides makes no difference to them. */
  readonly #afters = new WeakMap<ClientStep<E>, Map<string, number>>();
  readonly #woken = new WeakMap<ClientStep<E>, E>();
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
  stepOf({ broker, client, rest }: PackedState): ClientStep<E> {
    return this.#stepAt(client, this.#outsideOf(broker, rest));
  }

  #stepAt(client: number, outside: Outside): ClientStep<E> {
    return this.#steps.get(
      keyOf(client, outside),
      () => this.client.decide(this.client.store.get(client), outside),
    );
  }

  #outsideOf(broker: number, rest: number): Outside {
    return { isKilled: hasFlag(rest, "killed"), isOpen: this.#brokers.get(broker).isOpen };
  }

  /** The number of the client that an answer to its step makes. */
  #after(step: ClientStep<E>, answer: unknown, build: () => E): number {
    const known = this.#afters.get(step) ?? new Map<string, number>();
    this.#afters.set(step, known);
    const key = JSON.stringify(answer);
    const before = known.get(key);
    if (before !== undefined) return before;
    const number = this.client.store.add(build());
    known.set(key, number);
    return number;
  }

  #wake(step: ClientStep<E> & { readonly do: "rest" }): E {
    const known = this.#woken.get(step);
    if (known !== undefined) return known;
    const woken = step.wake();
    this.#woken.set(step, woken);
    return woken;
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
      const step = this.#stepAt(at, outside);
      if (step.do !== "record") return at;
      at = this.client.store.add(step.next);
    }
    throw new RecordsForever();
  }

  /** Everything that can happen next, the bound aside; the client's own step first. */
  list(state: PackedState): readonly Edge[] {
    const step = this.stepOf(state);
    const own = this.listClient(state, step);
    if (step.do === "record") return own;
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
      costs: more.costs ?? [],
      set: more.set ?? [],
      clear: more.clear ?? [],
      stopLevel: more.stopLevel ?? 0,
      kind,
      tell,
      broken: more.broken ?? null,
      excuses: more.excuses ?? [],
    };
  }

  /** What the client's own step leads to. */
  listClient(state: PackedState, step: ClientStep<E> = this.stepOf(state)): Edge[] {
    const { broker } = state;
    const crashes = this.#listCrashes(state);
    switch (step.do) {
      case "record":
        return [
          this.#edge(
            broker,
            this.#after(step, null, () => step.next),
            "records",
            () => "records",
          ),
          ...crashes,
        ];
      case "rest":
        return [this.#buildRest(state, step), ...crashes];
      case "ask":
        return [...this.#buildAnswers(state, step), ...crashes];
      case "send":
        return [...this.#buildSendings(state, step), ...crashes];
    }
  }

  /** The process dies, or an error ends its cycle in the middle. */
  #listCrashes({ broker, client, rest }: PackedState): Edge[] {
    if (!isPaid(rest, "crash")) return [];
    const before = this.client.store.get(client);
    const build = (kind: string, after: E, afterMs: number): Edge => {
      const renewed = this.client.renew(after, this.#brokers.get(this.#pass(broker, afterMs)));
      const to = this.#brokers.add(renewed.broker);
      const about = { costs: ["crash"], clear: OF_CYCLE } as const;
      return this.#edge(to, this.client.store.add(renewed.client), kind, () => kind, about);
    };
    return [
      ...DEATHS.map(({ kind, afterMs }) =>
        build(`the process ${kind}`, this.client.restart(before, afterMs), afterMs)
      ),
      build("the cycle is cut off", this.client.interrupt(before), 0),
    ];
  }

  /** The broker so much later, if that is long; what it does meanwhile it may do before or after as well. */
  #pass(broker: number, afterMs: number): number {
    return afterMs < UNSEEN_MS_MAX
      ? broker
      : this.#brokers.add(revealAll(this.#brokers.get(this.settle(broker))));
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
    // What was taken with an answer is shown within the cycle: no age of a record here is as short as a look-up's lag.
    const known = state.habits.isLagging ? showAll(settled) : settled;
    const woken = this.#wake(step);
    const unseenMs = Math.max(step.waitMs, this.client.readUnseenMs(woken));
    const next = unseenMs >= UNSEEN_MS_MAX ? revealAll(known) : known;
    const renewed = this.client.renew(woken, next);
    return this.#edge(
      this.#brokers.add(renewed.broker),
      this.client.store.add(renewed.client),
      "rests",
      () => `rests${why}`,
      {
        broken,
        excuses: ["excused", "stale"],
        set: isLagging && !isLong ? ["lagged"] : [],
        clear: isLagging && !isLong ? OF_CYCLE : ["lagged", ...OF_CYCLE],
      },
    );
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
    const kind = `sees ${step.questions.map((question) => question.kind)}`;
    const build = (branches: readonly Branch[]): Edge => {
      const outcomes = branches.map(({ outcome }) => outcome);
      const costs = branches.flatMap(({ trouble }) => trouble ?? []);
      const tell = () => `sees ${outcomes.map(describeOutcome)}`;
      const after = this.#after(step, outcomes, () => step.learn(outcomes));
      return this.#edge(broker, after, kind, tell, {
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
    const isRecorded = change.kind === "cancel" ||
      this.client.hasRecord(recorded, change.clientOrderId);
    const deaths = isPaid(state.rest, "crash") ? DEATHS : [];
    const dead = (afterMs: number) =>
      this.#after(step, afterMs, () => this.client.restart(recorded, afterMs));
    const settle = (outcome: Parameters<typeof step.settle>[0]) =>
      this.#after(step, outcome, () => step.settle(outcome));
    const unsent = deaths.map(({ kind, afterMs }) =>
      this.#edge(
        this.#pass(broker, afterMs),
        dead(afterMs),
        `records ${change.kind}, and ${kind}`,
        () => `records ${describeChange(change)}, and ${kind}`,
        { costs: ["crash"], clear: OF_CYCLE },
      )
    );
    if (hasFlag(state.rest, "killed")) {
      const tell = () => `is stopped: ${describeChange(change)}`;
      const kind = `is stopped: ${change.kind}`;
      const set = ["objected"] as const;
      return [this.#edge(broker, settle({ kind: "stopped" }), kind, tell, { set }), ...unsent];
    }
    // The operator's files are read afresh where it leaves: he may have come after it was decided.
    if (isPaid(state.rest, "switch")) {
      const tell = () => `is stopped at the last moment: ${describeChange(change)}`;
      const kind = `is stopped at the last moment: ${change.kind}`;
      const about = { costs: ["switch"], set: ["killed", "objected"] } as const;
      unsent.push(this.#edge(broker, settle({ kind: "stopped" }), kind, tell, about));
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
    const excuses: readonly Flag[] = ["excused", "surprised"];
    for (const { outcome, next, trouble } of listAnswers(before, change)) {
      if (!isPaid(state.rest, trouble)) continue;
      const to = this.#brokers.add(next);
      const costs: readonly Bounded[] = trouble === null ? [] : [trouble];
      const broken = refusal ?? checkDelivery(before, next, outcome, trouble);
      // Taken is what adds an order, answered or not.
      const isTaken = next.orders.length > before.orders.length;
      const taken = { stopLevel: isTaken ? readStopLevel(change) ?? 0 : 0 };
      const isMandate = change.kind === "cancel" || change.kind === "replace";
      const set: readonly Flag[] = isMandate ? ["stale", "mandated"] : ["stale"];
      // What is begun anew, under the gate, is nothing that he has stopped.
      const clear: readonly Flag[] = isMandate && !step.isBegun ? ["objected"] : [];
      const about = { ...taken, costs, set, clear, broken, excuses };
      const tell = () => `sends ${describeChange(change)}: ${describeOutcome(outcome)}`;
      const kind = `sends ${change.kind}: ${outcome.kind}`;
      edges.push(this.#edge(to, settle(outcome), kind, tell, about));
      // What was taken may be hidden from the next process for a moment.
      if (trouble !== null && trouble !== "lag") continue;
      const ofDeath = { ...about, costs: [...costs, "crash"] as const, clear: OF_CYCLE };
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
