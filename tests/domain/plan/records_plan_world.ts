import { EMPTY_STATE, type EngineState } from "../../../src/domain/account/engine_state.ts";
import type { LookupOutcome } from "../../../src/domain/order/order_request.ts";
import type { BrokerOrder } from "../../../src/domain/order/orders.ts";
import type { Note } from "../../../src/domain/plan/note.ts";
import {
  type Held,
  judgeRecords,
  planReconciliation,
} from "../../../src/domain/plan/reconciliation.ts";
import { apply } from "../../../src/domain/plan/records.ts";
import { learn, NOTHING_SEEN } from "../../../src/domain/plan/seen.ts";
import type { RecordsPlanned, RecordsQuestion } from "../../../src/domain/plan/step.ts";
import type {
  Books,
  Look,
  Now,
  PastRecords,
  RecordsTurn,
  RecordsWorld,
  Seen,
} from "../../../src/domain/plan/world.ts";
import { liveLedger, TODAY } from "../fixtures.ts";

/** The moment of every run here, Unix ms by the broker's clock; monotonic time begins with it. */
export const NOW_MS = Date.parse(`${TODAY}T17:05:00Z`);
const HOST = "paper-api.alpaca.markets";
const ACCOUNT = { accountId: "acc-1", status: "ACTIVE", equityUsd: 100_000, blockFlags: [] };
/** Whose the records are. */
export const OWNER = { host: HOST, accountId: ACCOUNT.accountId };
const CLOCK = {
  timestampMs: NOW_MS,
  isOpen: true,
  nextOpenMs: NOW_MS + 18 * 3_600_000,
  nextCloseMs: NOW_MS + 4 * 3_600_000,
};

/** What a run is answered from outside. */
export interface Outside {
  /** The broker's orders of the day, as it lists them. */
  readonly dayOrders: Look<readonly BrokerOrder[]>;
  readonly past: PastRecords;
  lookUp(clientOrderId: string): LookupOutcome;
  /** Of an order of an earlier day. */
  readOrder(orderId: string): LookupOutcome;
  readonly isObjected: boolean;
  /** Takes what is made durable. @returns Why it can't be; `null` where it is. */
  store(records: EngineState): RecordsTurn["unwritten"];
}

const CALM: Outside = {
  dayOrders: { kind: "ok", value: [] },
  past: { kind: "ok", entries: [] },
  lookUp: () => ({ kind: "not_found" }),
  readOrder: () => ({ kind: "not_found" }),
  isObjected: false,
  store: () => null,
};

/** A run that holds records against the broker: it answers what the plan asks for, and decides nothing. */
export class RecordsPlanWorld {
  records: EngineState;
  now: Now;
  readonly seen: Seen;
  readonly outside: Outside;
  readonly asked: RecordsQuestion[] = [];
  readonly said: Note[] = [];
  #turn: RecordsTurn;
  #ancestors = new Map<string, BrokerOrder | null>();

  /** @param atMs So long after the first moment. */
  constructor(
    { entries = [], records, atMs = 0, now = {}, outside = {}, clockMs = NOW_MS, skewSeconds = 0 }:
      {
        readonly entries?: Parameters<typeof liveLedger>[0];
        /** All of them, instead of entries. */
        readonly records?: EngineState;
        readonly atMs?: number;
        readonly now?: Partial<Now>;
        readonly outside?: Partial<Outside>;
        /** What the broker's clock says at the first moment, Unix ms. */
        readonly clockMs?: number;
        readonly skewSeconds?: number;
      },
  ) {
    this.outside = { ...CALM, ...outside };
    this.skewSeconds = skewSeconds;
    this.records = records ??
      { ...EMPTY_STATE, dateSeenNy: TODAY, ledger: { ...liveLedger(entries), ...OWNER } };
    this.now = {
      brokerMs: clockMs + atMs,
      dateNy: TODAY,
      monotonicMs: atMs,
      untilCloseMs: Infinity,
      budgetMs: Infinity,
      isRunOnce: false,
      slowestRequestMs: 100,
      processId: "p1",
      ...now,
    };
    this.#turn = {
      dateBeforeNy: this.records.dateSeenNy,
      past: null,
      ancestorReads: 0,
      isAncestorUnread: false,
      lookUps: new Map(),
      isObjected: null,
      isRecorded: false,
      isMismatched: false,
      unwritten: null,
    };
    const { dayOrders } = this.outside;
    const look = dayOrders.kind === "failed"
      ? dayOrders
      : { kind: "ok", value: { rows: dayOrders.value, unreadable: [] } } as const;
    const seen = learn(NOTHING_SEEN, [
      { to: "account", look: { kind: "ok", value: ACCOUNT } },
      { to: "day_orders", look },
    ], this.now);
    this.seen = { ...seen, clock: { ...CLOCK, timestampMs: clockMs + atMs } };
  }

  readonly skewSeconds: number;

  get world(): RecordsWorld {
    const { now, seen, records, skewSeconds } = this;
    const { accountId } = ACCOUNT;
    const books: Books = {
      host: HOST,
      accountId,
      skewSeconds,
      ancestors: this.#ancestors,
      turn: this.#turn,
    };
    return {
      now,
      seen,
      records,
      books,
      operator: { gate: null, objection: null, isLossReached: false, keys: "match" },
      turn: {
        cycleStartedAtMs: now.brokerMs,
        startedMs: now.monotonicMs,
        stepsLeft: 100,
        looks: 0,
        isLookNew: false,
        actsBySymbol: new Map(),
        fresh: new Set(),
        sendings: new Map(),
      },
    };
  }

  /** What the run came to. */
  get held(): Held {
    return judgeRecords(this.world);
  }

  /** Carries out until it rests. @returns All steps, the rest being the last. @throws Where there is no end to it. */
  run(): RecordsPlanned["step"][] {
    const steps: RecordsPlanned["step"][] = [];
    for (let left = 60; left > 0; left--) {
      const { step, say } = planReconciliation(this.world);
      steps.push(step);
      this.said.push(...say);
      if (step.do === "rest") return steps;
      if (step.do === "read") { for (const question of step.questions) this.#answer(question); }
      if (step.do === "record") this.#record(step);
    }
    throw new Error(`no rest: ${JSON.stringify(steps.slice(-3))}`);
  }

  /** Kinds of what was said. */
  get saidKinds(): string[] {
    return this.said.map(({ value }) => value.kind);
  }

  #answer(question: RecordsQuestion): void {
    this.asked.push(question);
    const turn = this.#turn;
    switch (question.ask) {
      case "past_records":
        this.#turn = { ...turn, past: this.outside.past };
        return;
      case "ancestor": {
        const read = this.outside.readOrder(question.orderId);
        const isAncestorUnread = read.kind === "unknown";
        const order = read.kind === "found" ? read.order : null;
        if (!isAncestorUnread) this.#ancestors.set(question.orderId, order);
        this.#turn = { ...turn, ancestorReads: turn.ancestorReads + 1, isAncestorUnread };
        return;
      }
      case "record_look_up": {
        const outcome = this.outside.lookUp(question.clientOrderId);
        const answer = { outcome, nowMs: this.now.brokerMs, monotonicMs: this.now.monotonicMs };
        const lookUps = new Map(turn.lookUps).set(question.clientOrderId, answer);
        this.#turn = { ...turn, lookUps };
        return;
      }
      case "objection":
        this.#turn = { ...turn, isObjected: this.outside.isObjected };
    }
  }

  #record({ change, done = [] }: Extract<RecordsPlanned["step"], { readonly do: "record" }>): void {
    const before = this.records;
    this.records = apply(before, change);
    if (this.records.ledger === before.ledger) return;
    const unwritten = this.outside.store(this.records);
    if (unwritten !== null) {
      this.records = before;
      this.#turn = { ...this.#turn, unwritten };
      return;
    }
    const isTurn = change.some(({ kind }) => kind === "day_turned");
    const isMismatched = change.some(({ kind }) => kind === "mismatch");
    this.#turn = {
      ...this.#turn,
      isRecorded: this.#turn.isRecorded || !isTurn,
      isMismatched: this.#turn.isMismatched || isMismatched,
    };
    this.said.push(...done);
  }
}
