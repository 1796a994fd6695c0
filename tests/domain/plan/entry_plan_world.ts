import { buildEntryId } from "../../../src/domain/order/client_order_id.ts";
import { EMPTY_STATE, type EngineState } from "../../../src/domain/account/engine_state.ts";
import type { EntryIntent } from "../../../src/domain/account/entry_intent.ts";
import type { GateDecision } from "../../../src/domain/gate/gate.ts";
import type { LedgerEntry } from "../../../src/domain/order/ledger.ts";
import type {
  EntryRequest,
  LookupOutcome,
  SendResult,
} from "../../../src/domain/order/order_request.ts";
import type {
  BrokerAccount,
  BrokerOrder,
  BrokerPosition,
} from "../../../src/domain/order/orders.ts";
import { planEntries } from "../../../src/domain/plan/entries.ts";
import { apply } from "../../../src/domain/plan/records.ts";
import { learn, learnAnswer, NOTHING_SEEN } from "../../../src/domain/plan/seen.ts";
import { settleEntry, settleUnwritten } from "../../../src/domain/plan/settle_entry.ts";
import type { EntryPlanned, EntryQuestion } from "../../../src/domain/plan/step.ts";
import type {
  EntryDesk,
  EntryPrice,
  EntryTurn,
  EntryWorld,
  Look,
  Now,
  Seen,
  Simulation,
  Turn,
} from "../../../src/domain/plan/world.ts";
import { brokerOrder, liveDecision, liveLedger, TODAY } from "../fixtures.ts";

/** The moment of every decision here, Unix ms by the broker's clock; monotonic time begins with it. */
export const NOW_MS = Date.parse(`${TODAY}T15:00:00Z`);
const ACCOUNT_ID = "acc-1";
const PRICE_USD = 100;

const CLOCK = {
  timestampMs: NOW_MS,
  isOpen: true,
  nextOpenMs: NOW_MS + 18 * 3_600_000,
  nextCloseMs: NOW_MS + 6 * 3_600_000,
};

const ACCOUNT: BrokerAccount = {
  accountId: ACCOUNT_ID,
  status: "ACTIVE",
  equityUsd: 100_000,
  blockFlags: [],
};

/** An intent of 2 shares that is due now. */
export function dueIntent(facts: Partial<EntryIntent> & { readonly symbol: string }): EntryIntent {
  const { symbol } = facts;
  return {
    clientOrderId: buildEntryId({ accountId: ACCOUNT_ID, dateNy: TODAY, symbol, attempt: 1 }),
    dateNy: TODAY,
    qty: 2,
    pivotUsd: 99,
    stopUsd: 95,
    r1Usd: 105,
    r2Usd: 110,
    refPriceUsd: 100,
    b2StartMs: NOW_MS - 600_000,
    distancePct: 1,
    confirmedAtMs: NOW_MS - 60_000,
    scheduledAtMs: NOW_MS - 1_000,
    expiresAtMs: NOW_MS + 900_000,
    ...facts,
  };
}

/** What the world outside answers here; each test says what it says otherwise. */
export interface Outside {
  readonly gate: GateDecision;
  readonly positions: Look<readonly BrokerPosition[]>;
  readonly openOrders: readonly BrokerOrder[];
  readonly account: Look<BrokerAccount>;
  readonly price: EntryPrice["look"];
  /** Whether each record of an order can be made durable. */
  readonly isWritable: boolean;
  readonly simulation: Simulation;
  readonly send: (request: EntryRequest) => SendResult;
  readonly lookUp: (clientOrderId: string) => LookupOutcome;
  /** Told of each change of the records when it is to be durable: what it throws is the process's end. */
  readonly store: (records: EngineState) => void;
  /** How long each answer takes, ms. */
  readonly answerMs: number;
  /** Whether the operator, or the end of the process, ends each wait for a moment. */
  readonly isDisturbing: boolean;
}

/** A calm market in LIVE, in which the broker takes whatever it is sent. */
export const CALM: Outside = {
  gate: liveDecision(),
  positions: { kind: "ok", value: [] },
  openOrders: [],
  account: { kind: "ok", value: ACCOUNT },
  price: { kind: "ok", value: { priceUsd: PRICE_USD, atMs: NOW_MS } },
  isWritable: true,
  simulation: { kind: "not_yet" },
  send: accept,
  lookUp: () => ({ kind: "not_found" }),
  store: () => {},
  answerMs: 10,
  isDisturbing: false,
};

/** The bracket as the broker shows it once it has taken it. */
export function bracketOf({ request }: EntryRequest): BrokerOrder {
  const { clientOrderId, symbol, qty } = request;
  const times = { submittedAtMs: NOW_MS, updatedAtMs: NOW_MS };
  return brokerOrder({ orderId: `order of ${symbol}`, clientOrderId, symbol, qty, ...times });
}

/** The broker takes the request. */
export function accept(request: EntryRequest): SendResult {
  return { kind: "accepted", order: bracketOf(request), body: "" };
}

/** A run for entries that a test steps through, or has carried out: it answers what the plan asks for, and decides nothing. */
export class EntryPlanWorld {
  records: EngineState;
  seen: Seen;
  now: Now;
  turn: Turn;
  entryTurn: EntryTurn;
  gate: GateDecision;
  desk: Omit<EntryDesk, "turn">;
  /** All that left, which what was stopped has not, and all that was said, in their order. */
  readonly sent: EntryRequest[] = [];
  readonly said: EntryPlanned["say"][number][] = [];

  /** @param outside What it is answered; the cycle's own look at the account is answered alike. */
  constructor(
    { intents = [], entries = [], records, atMs = 0, absent = [], outside = {}, desk = {} }: {
      readonly intents?: readonly EntryIntent[];
      readonly entries?: readonly LedgerEntry[];
      /** All of them, instead of intents and entries. */
      readonly records?: EngineState;
      /** So long after the first moment. */
      readonly atMs?: number;
      readonly absent?: readonly string[];
      readonly outside?: Partial<Outside>;
      readonly desk?: Partial<EntryDesk>;
    },
  ) {
    this.outside = { ...CALM, ...outside };
    this.gate = this.outside.gate;
    this.records = records ?? { ...EMPTY_STATE, intents, ledger: liveLedger(entries) };
    this.now = {
      brokerMs: NOW_MS + atMs,
      dateNy: TODAY,
      monotonicMs: atMs,
      untilCloseMs: CLOCK.nextCloseMs - NOW_MS - atMs,
      budgetMs: Infinity,
      isRunOnce: false,
      slowestRequestMs: 100,
      processId: "1",
    };
    this.turn = {
      cycleStartedAtMs: NOW_MS + atMs,
      startedMs: atMs,
      stepsLeft: 100,
      looks: 0,
      actsBySymbol: new Map(),
      fresh: new Set(),
      sendings: new Map(),
      isLookNew: false,
    };
    this.entryTurn = {
      prices: new Map(),
      actionsAsked: new Set(),
      simulations: new Map(),
      gateFor: null,
      momentFor: null,
      isDisturbed: false,
      sent: new Map(),
    };
    this.desk = {
      isTaking: true,
      isStopping: false,
      leadMs: 500,
      pauseEndMs: NOW_MS + 600_000,
      diskFault: null,
      accountId: ACCOUNT_ID,
      areEntriesPaused: false,
      allowlist: { kind: "all" },
      loss: { kind: "unlimited" },
      clockSkewSeconds: 0,
      absent: new Set(absent),
      ...desk,
    };
    this.seen = { ...NOTHING_SEEN, clock: CLOCK };
    this.#askLists();
    this.#learnAccount();
  }

  outside: Outside;

  get world(): EntryWorld {
    const { now, turn, seen, records, desk } = this;
    const operator = {
      gate: this.gate,
      objection: null,
      isLossReached: false,
      keys: "match",
    } as const;
    return { now, turn, operator, seen, records, desk: { ...desk, turn: this.entryTurn } };
  }

  /** The one next step, not carried out. */
  get step(): EntryPlanned["step"] {
    return planEntries(this.world).step;
  }

  /** So much later. */
  pass(ms: number): void {
    const { brokerMs, monotonicMs } = this.now;
    this.now = { ...this.now, brokerMs: brokerMs + ms, monotonicMs: monotonicMs + ms };
  }

  /** Carries one step out. @returns The step. */
  carryOut(): EntryPlanned["step"] {
    const { step, say } = planEntries(this.world);
    this.said.push(...say);
    this.turn = { ...this.turn, stepsLeft: this.turn.stepsLeft - 1 };
    if (step.do === "read") { for (const question of step.questions) this.#answer(question); }
    if (step.do === "record") this.#record(step);
    if (step.do === "send") this.#send(step);
    const isLookNew = step.do === "read" && step.questions.some(({ ask }) => ask === "positions");
    this.turn = { ...this.turn, isLookNew };
    return step;
  }

  /** Carries out until it rests. @returns All steps, the rest being the last. @throws Where there is no end to it. */
  run(): EntryPlanned["step"][] {
    const steps: EntryPlanned["step"][] = [];
    for (let left = 150; left > 0; left--) {
      const step = this.carryOut();
      steps.push(step);
      if (step.do === "rest") return steps;
    }
    throw new Error(`no rest: ${JSON.stringify(steps.slice(-3))}`);
  }

  /** The kinds of what was said of a symbol. */
  saidOf(symbol: string): string[] {
    return this.said.filter((note) => note.symbol === symbol).map(({ value }) => value.kind);
  }

  #answer(question: EntryQuestion): void {
    const { outside, entryTurn } = this;
    const { monotonicMs: atMs } = this.now;
    switch (question.ask) {
      case "prices": {
        const prices = question.symbols.map((each) =>
          [each, { look: outside.price, atMs }] as const
        );
        this.entryTurn = { ...entryTurn, prices: new Map([...entryTurn.prices, ...prices]) };
        break;
      }
      case "account":
        this.#learnAccount();
        break;
      case "positions":
        this.#askLists();
        this.turn = { ...this.turn, looks: this.turn.looks + 1 };
        break;
      case "corporate_actions":
        this.entryTurn = {
          ...entryTurn,
          actionsAsked: new Set([...entryTurn.actionsAsked, ...question.symbols]),
        };
        break;
      case "gate":
        this.gate = outside.gate;
        this.entryTurn = { ...entryTurn, gateFor: question.clientOrderId };
        break;
      case "dry_run_ledger": {
        const found = question.symbols.map((each) => [each, outside.simulation] as const);
        this.entryTurn = {
          ...entryTurn,
          simulations: new Map([...entryTurn.simulations, ...found]),
        };
        break;
      }
      case "look_up": {
        const { clientOrderId } = question;
        const outcome = outside.lookUp(clientOrderId);
        this.seen = learn(this.seen, [{ to: "look_up", clientOrderId, outcome }], this.now);
        break;
      }
      case "open_orders":
      case "day_loss":
        break;
    }
    this.pass(outside.answerMs);
  }

  #askLists(): void {
    const { positions, openOrders } = this.outside;
    const rows = positions.kind === "ok"
      ? { kind: "ok", value: { rows: positions.value, unreadable: [] } } as const
      : positions;
    const working = [...openOrders, ...this.sent.flatMap((request) => this.#shownOf(request))];
    const orders = { kind: "ok", value: { rows: working, unreadable: [] } } as const;
    this.seen = learn(this.seen, [
      { to: "positions", look: rows },
      { to: "open_orders", look: orders },
      { to: "day_orders", look: orders },
    ], this.now);
  }

  /** What the broker took stays listed. */
  #shownOf({ request: { clientOrderId } }: EntryRequest): BrokerOrder[] {
    return [...this.seen.book.values()].map(({ order }) => order)
      .filter((order) => order.clientOrderId === clientOrderId);
  }

  #learnAccount(): void {
    this.seen = learn(this.seen, [{ to: "account", look: this.outside.account }], this.now);
  }

  #record({ change }: Extract<EntryPlanned["step"], { readonly do: "record" }>): void {
    this.records = apply(this.records, change);
    this.outside.store(this.records);
    const orders = change.flatMap((part) => part.kind === "simulated" ? part.orders : []);
    const now = orders.map(({ symbol }) => [symbol, { kind: "now" }] as const);
    const simulations = new Map([...this.entryTurn.simulations, ...now]);
    this.entryTurn = { ...this.entryTurn, simulations };
  }

  #send({ change, request }: Extract<EntryPlanned["step"], { readonly do: "send" }>): void {
    const { outside } = this;
    if (!this.#reachMoment(request)) return;
    const { now } = this;
    if (!outside.isWritable) {
      this.#noteSent(request, "stopped");
      const intents = change.flatMap((part) => part.kind === "off_list" ? part.intents : []);
      this.#take(settleUnwritten(request.request, intents, "the disk is full"));
      return;
    }
    this.records = apply(this.records, change);
    outside.store(this.records);
    const answer = outside.send(request);
    this.#noteSent(request, answer.kind);
    if (answer.kind !== "stopped") this.sent.push(request);
    this.seen = learnAnswer(this.seen, request, answer, now);
    this.pass(outside.answerMs);
    this.#take(settleEntry(this.records, request, answer, this.now.brokerMs));
  }

  /** @returns Whether nothing has ended the wait for an entry's moment. */
  #reachMoment({ request, notBeforeMs }: EntryRequest): boolean {
    if (notBeforeMs === null) return true;
    const { isDisturbing } = this.outside;
    this.pass(Math.max(0, notBeforeMs - this.now.brokerMs));
    this.entryTurn = {
      ...this.entryTurn,
      momentFor: request.clientOrderId,
      isDisturbed: this.entryTurn.isDisturbed || isDisturbing,
    };
    return !isDisturbing;
  }

  #noteSent({ request, earlier }: EntryRequest, answer: SendResult["kind"]): void {
    const entry = { isRepeat: earlier !== null, answer, atMs: this.now.brokerMs };
    const sent = new Map(this.entryTurn.sent).set(request.clientOrderId, entry);
    this.entryTurn = { ...this.entryTurn, sent };
  }

  #take({ change, say }: ReturnType<typeof settleEntry>): void {
    this.records = apply(this.records, change);
    this.outside.store(this.records);
    this.said.push(...say);
  }
}
