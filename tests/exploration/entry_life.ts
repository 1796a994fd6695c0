import { EMPTY_STATE, type EngineState } from "../../src/domain/account/engine_state.ts";
import type { EntryIntent } from "../../src/domain/account/entry_intent.ts";
import type { GateDecision } from "../../src/domain/gate/gate.ts";
import { MISMATCHES_MAX } from "../../src/domain/order/ledger.ts";
import type {
  EntryRequest,
  LookupOutcome,
  SendResult,
} from "../../src/domain/order/order_request.ts";
import type { BrokerOrder } from "../../src/domain/order/orders.ts";
import { liveDecision, liveLedger } from "../domain/fixtures.ts";
import { bracketOf, dueIntent, EntryPlanWorld, NOW_MS } from "../domain/plan/entry_plan_world.ts";
import { OWNER, RecordsPlanWorld } from "../domain/plan/records_plan_world.ts";
import type { Path } from "./paths.ts";

// The life of two entries, of one account, under one cap, as the real `planEntries`, `settleEntry` and `planReconciliation`
// lead it: cycle after cycle against a broker that may lose, refuse and delay, beside another engine, through crashes at every
// boundary of a record, with the kill switch. Only what carries them out is the test's.

const CYCLE_MS = 10_000;
/** Long enough for the proof of an absence to be begun anew by each fault of a path, and to its end after the last. */
const CYCLES = 45;
/** A late request arrives at the end of its deadline. */
const LATE_MS = 10_000;
/** A process that has ended is followed by another one soon. */
const RESTART_MS = 3_000;

export const INTENTS: readonly EntryIntent[] = [
  dueIntent({ symbol: "AA" }),
  dueIntent({ symbol: "BB" }),
];

/** One sending that left. */
export interface Sending {
  readonly clientOrderId: string;
  readonly atMs: number;
  /** Whether the durable records had it by then. */
  readonly isOnRecord: boolean;
}

/** How a life went. */
export interface Life {
  readonly sendings: readonly Sending[];
  /** Orders that the broker took, by id; `isOther`: another engine's. */
  readonly orders: ReadonlyMap<string, { readonly order: BrokerOrder; readonly isOther: boolean }>;
  readonly records: EngineState;
  /** The kinds of what was said. */
  readonly said: ReadonlySet<string>;
  readonly isCalm: boolean;
}

/** The process has ended: what was not durable is gone. */
class Crash extends Error {}

/** Two entries, from due to the end. @param ordersPerDay The cap. */
export function live(path: Path, ordersPerDay: number): Life {
  const life = new Run(path, liveDecision({ ordersPerDay, positions: 5 }));
  while (life.cycle < CYCLES) life.liveCycle();
  return life.result;
}

class Run {
  cycle = 0;
  #atMs = 0;
  #durable: EngineState = {
    ...EMPTY_STATE,
    intents: INTENTS,
    ledger: { ...liveLedger([]), ...OWNER },
  };
  #memory = this.#durable;
  #processes = 1;
  readonly #sendings: Sending[] = [];
  readonly #said = new Set<string>();
  readonly #orders = new Map<string, { order: BrokerOrder; isOther: boolean }>();
  #late: { readonly request: EntryRequest; readonly atMs: number }[] = [];

  constructor(private readonly path: Path, private readonly live: GateDecision) {}

  get result(): Life {
    return {
      sendings: this.#sendings,
      orders: this.#orders,
      records: this.#memory,
      said: this.#said,
      isCalm: this.path.taken.every((way) => way === 0),
    };
  }

  /** One cycle of the process, or its end and the next one's beginning. */
  liveCycle(): void {
    this.cycle++;
    try {
      this.#runCycle();
      this.#atMs += CYCLE_MS;
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      this.#memory = this.#durable;
      this.#processes++;
      this.#atMs += RESTART_MS;
    }
  }

  #runCycle(): void {
    this.#arrive();
    // Of what may come between cycles only where it can matter.
    const isEarly = this.cycle <= 3;
    if (this.path.choose(false, isEarly ? [true] : [])) this.#takeOther();
    const absent = this.#reconcile();
    const isKilled = this.path.choose(false, isEarly || absent.length > 0 ? [true] : []);
    const gate = isKilled
      ? { mode: "DRY_RUN", reason: { code: "kill_switch_active", source: "file" } } as const
      : this.#isBlocked
      ? { mode: "DRY_RUN", reason: LOCKED } as const
      : this.live;
    const world = new EntryPlanWorld({
      records: this.#memory,
      atMs: this.#atMs,
      absent,
      // Pressed by the switch nothing is simulated here: DRY_RUN has its own tests.
      desk: { isTaking: !isKilled },
      outside: {
        gate,
        openOrders: [...this.#orders.values()].map(({ order }) => order),
        store: (records) => this.#store(records),
        send: (request) => this.#send(request),
        lookUp: (clientOrderId) => this.#lookUp(clientOrderId),
        answerMs: 0,
      },
    });
    try {
      world.run();
    } finally {
      for (const { value } of world.said) this.#said.add(value.kind);
    }
    this.#memory = world.records;
  }

  #isBlocked = false;

  /** What was under way is there. */
  #arrive(): void {
    for (const { request } of this.#late.filter(({ atMs }) => atMs <= this.#atMs)) {
      this.#take(request, false);
    }
    this.#late = this.#late.filter(({ atMs }) => atMs > this.#atMs);
  }

  #take(request: EntryRequest, isOther: boolean): BrokerOrder {
    const id = request.request.clientOrderId;
    const known = this.#orders.get(id);
    if (known !== undefined) return known.order;
    const order = bracketOf(request);
    this.#orders.set(id, { order, isOther });
    return order;
  }

  /** The other engine has the same list, and so the same id. */
  #takeOther(): void {
    const [intent] = INTENTS;
    if (intent === undefined) return;
    const { clientOrderId, symbol, qty } = intent;
    const request = { clientOrderId, symbol, qty, takeProfitUsd: 110, stopUsd: 95 };
    this.#take(
      { op: "bracket", request, notBeforeMs: null, notAfterMs: Infinity, earlier: null },
      true,
    );
  }

  #store(records: EngineState): void {
    const when = this.path.choose("goes on", ["ends before", "ends after"]);
    if (when === "ends before") throw new Crash();
    this.#durable = records;
    if (when === "ends after") throw new Crash();
  }

  #send(request: EntryRequest): SendResult {
    const { clientOrderId } = request.request;
    const entries = this.#durable.ledger?.entries ?? [];
    const isOnRecord = entries.some((entry) => entry.clientOrderId === clientOrderId);
    this.#sendings.push({ clientOrderId, atMs: this.#atMs, isOnRecord });
    const fate = this.path.choose("answered", [
      "lost before",
      "lost after",
      "late",
      "refused",
      "another engine's first",
    ]);
    switch (fate) {
      case "lost before":
        return LOST;
      case "late":
        this.#late.push({ request, atMs: this.#atMs + LATE_MS });
        return LOST;
      case "lost after":
        this.#take(request, false);
        return LOST;
      case "another engine's first":
        this.#take(request, true);
        break;
      case "refused":
        if (!this.#orders.has(clientOrderId)) return REFUSED;
        break;
    }
    if (this.#orders.has(clientOrderId)) return { kind: "duplicate", body: "" };
    return { kind: "accepted", order: this.#take(request, false), body: "" };
  }

  #lookUp(clientOrderId: string): LookupOutcome {
    const known = this.#orders.get(clientOrderId);
    const found: LookupOutcome = known === undefined
      ? { kind: "not_found" }
      : { kind: "found", order: known.order };
    return this.path.choose<LookupOutcome>(found, [{ kind: "unknown", why: "timeout" }]);
  }

  /** Holds the records against the broker's list, and looks up what it lacks. @returns What is proven absent. */
  #reconcile(): string[] {
    const world = new RecordsPlanWorld({
      records: this.#memory,
      atMs: this.#atMs,
      clockMs: NOW_MS,
      now: { processId: `p${this.#processes}` },
      outside: {
        dayOrders: { kind: "ok", value: [...this.#orders.values()].map(({ order }) => order) },
        lookUp: (clientOrderId) => this.#lookUp(clientOrderId),
        store: (records) => {
          this.#memory = records;
          this.#store(records);
          return null;
        },
      },
    });
    world.run();
    this.#memory = world.records;
    const { problem, absent } = world.held;
    const mismatches = this.#memory.ledger?.mismatches ?? 0;
    this.#isBlocked = problem !== null || mismatches >= MISMATCHES_MAX;
    return absent.flatMap(({ clientOrderId }) => clientOrderId ?? []);
  }
}

const LOCKED = { code: "ledger_unavailable", problem: "broker mismatch" } as const;
const LOST = { kind: "unknown", why: "timeout", httpStatus: null, body: "" } as const;
const REFUSED: SendResult = {
  kind: "rejected",
  why: "other",
  httpStatus: 403,
  code: null,
  message: "no",
  body: "",
};
