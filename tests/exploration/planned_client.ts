import {
  learnOrders,
  listUnknownSuccessors,
  listUnlisted,
  noteUnshown,
  type OrderBook,
} from "../../src/domain/account/order_book.ts";
import { findOwnGroups, readShares } from "../../src/domain/account/position_shares.ts";
import { findShown, isEntryWorking, isUnseen } from "../../src/domain/account/sight.ts";
import { learnRecords } from "../../src/domain/account/stand_ins.ts";
import { decideStanding, type Standing } from "../../src/domain/account/standing.ts";
import { DEFAULT_CAPS } from "../../src/domain/gate/caps.ts";
import { EMPTY_STATE, type EngineState } from "../../src/domain/account/engine_state.ts";
import { aboutOf, settleLookUp } from "../../src/domain/entry/absence.ts";
import {
  buildLedgerEntry,
  isUnsettled,
  type LedgerEntry,
  type LiveLedger,
} from "../../src/domain/order/ledger.ts";
import {
  isUnjudged,
  type SellSideRequest,
  type SendResult,
} from "../../src/domain/order/order_request.ts";
import { type BrokerOrder, flattenOrders } from "../../src/domain/order/orders.ts";
import { buildRefusedKey } from "../../src/domain/plan/about.ts";
import { account } from "../../src/domain/plan/account.ts";
import { plan } from "../../src/domain/plan/plan.ts";
import { apply } from "../../src/domain/plan/records.ts";
import { type Answer, learn, learnAnswer, NOTHING_SEEN } from "../../src/domain/plan/seen.ts";
import { settle } from "../../src/domain/plan/settle.ts";
import type { Question as PlanQuestion, RecordPart, Step } from "../../src/domain/plan/step.ts";
import { reviseTrims } from "../../src/domain/plan/trims.ts";
import { buildSight } from "../../src/domain/plan/view.ts";
import type { Now, OperatorView, Seen, Turn, World } from "../../src/domain/plan/world.ts";
import { countCovered, countGtcCovered } from "../../src/domain/order/protection.ts";
import { NOTHING_UNDER_WAY } from "../../src/domain/account/unfinished.ts";
import { dateOrder } from "./answer_dates.ts";
import type { Outcome, Question } from "./broker_answers.ts";
import type { BrokerState, Order } from "./broker_state.ts";
import type { Begin, Client, ClientStanding, ClientStep, Outside } from "./client.ts";
import { PlannedStore } from "./client_store.ts";
import { age, forgetLooks, forgetMoments } from "./client_time.ts";
import { MadeOfBoth } from "./made.ts";
import { renew } from "./renewal.ts";
import {
  buildPosition,
  NOW_MS,
  POSITION_ID,
  readChange,
  readOutcome,
  SYMBOL,
  toBrokerOrder,
  toBrokerPosition,
  toLevel,
  toTrade,
} from "./wire_map.ts";

/** Where a cycle is: it looks, looks up what is not settled, accounts for its position, and plans. */
type Phase = "looks" | "resolves" | "accounts" | "plans";

/**
 * What keeps a cycle from what it would do, and not the next one: the account is blocked for trading; the position has just been
 * adopted; a `--run-once` has a second left; 30 or 2 seconds are left to the close, which then leaves all as it was.
 */
export type Obstacle = "blocked" | "adopted" | "run" | "last" | "end";

/** What the engine has: its records, which outlive it, and what this process has seen and counts. */
export interface PlannedState {
  readonly records: EngineState;
  readonly seen: Seen;
  readonly turn: Turn;
  readonly phase: Phase;
  /** Orders that a list lacks: asked for by id before anything else. */
  readonly missing: readonly string[];
  /** To the real close, ms. */
  readonly untilCloseMs: number;
  /** Whether the broker has judged a stop that was sent since the last close. */
  readonly isStopJudged: boolean;
  /** Of this cycle alone. */
  readonly obstacle: Obstacle | null;
}

/** More steps than a cycle has: a cycle that comes to no end is a counterexample here, and not cut off. */
const STEPS_A_CYCLE = 200;
/** What a cycle waits for the next one where nothing is soon. Milliseconds. */
const POLL_MS = 60_000;

const NEW_TURN: Turn = {
  cycleStartedAtMs: NOW_MS,
  startedMs: NOW_MS,
  stepsLeft: STEPS_A_CYCLE,
  actsBySymbol: new Map(),
  fresh: new Set(),
  sendings: new Map(),
  // No answer takes time here: what has just been read is young.
  isLookNew: false,
  looks: 0,
};

const LOOKS: readonly Question[] = [
  { kind: "positions" },
  { kind: "open_orders" },
  { kind: "all_orders" },
  { kind: "trade" },
];

/** The production planner as a client: `plan` and `settle` decide, and this is their shell. */
export class PlannedClient implements Client<PlannedState> {
  readonly store: PlannedStore;
  readonly #begins: { readonly client: PlannedState; readonly broker: BrokerState }[];

  /** @param brokers With a position of the engine's own each: its entry is the first order. */
  constructor(
    brokers: readonly BrokerState[],
    { untilCloseMs = 5 * 3_600_000, isWhole = false, obstacle = null }: {
      readonly untilCloseMs?: number;
      readonly isWhole?: boolean;
      readonly obstacle?: Obstacle | null;
    } = {},
  ) {
    const isDating = brokers.some(({ habits }) => habits.isDating);
    this.store = new PlannedStore({ isWhole, isDating });
    this.#begins = brokers.map((broker) => ({
      client: {
        records: forgetMoments(buildRecords(broker)),
        seen: NOTHING_SEEN,
        turn: obstacle === "adopted" ? { ...NEW_TURN, fresh: new Set([POSITION_ID]) } : NEW_TURN,
        phase: "looks",
        missing: [],
        untilCloseMs,
        isStopJudged: false,
        obstacle,
      },
      broker,
    }));
  }

  get begins() {
    return this.#begins;
  }

  renew(client: PlannedState, broker: BrokerState): Begin<PlannedState> {
    return this.store.isWhole ? { client, broker } : renew(client, broker);
  }

  restart(client: PlannedState, afterMs: number): PlannedState {
    const records = age(client.records, afterMs, { isRounded: true });
    const unfinished = records.unfinished
      .map((each) => ({ ...each, underWay: NOTHING_UNDER_WAY }));
    return {
      ...client,
      records: forgetMoments({ ...records, unfinished }),
      seen: NOTHING_SEEN,
      turn: NEW_TURN,
      phase: "looks",
      missing: [],
      obstacle: null,
    };
  }

  interrupt(client: PlannedState): PlannedState {
    return beginCycle(client, POLL_MS);
  }

  hasRecord({ records }: PlannedState, clientOrderId: string): boolean {
    return records.ledger?.entries.some((entry) => entry.clientOrderId === clientOrderId) ?? false;
  }

  findStopLevel({ records }: PlannedState): number {
    const [position] = records.positions;
    return position === undefined ? 0 : toLevel(position.stopUsd);
  }

  readUnseenMs({ records }: PlannedState): number {
    const since = (records.ledger?.entries ?? []).flatMap((entry) => entry.notFoundSinceMs ?? []);
    return Math.max(0, ...since.map((atMs) => NOW_MS - atMs));
  }

  countStopsAhead({ records }: PlannedState): number {
    return (records.ledger?.entries ?? [])
      .filter((entry) => entry.reason === "stop" && isUnsettled(entry))
      .reduce((sum, { qty }) => sum + (qty ?? 0), 0);
  }

  decide(client: PlannedState, outside: Outside): ClientStep<PlannedState> {
    if (client.missing.length > 0) return askMissing(client);
    if (client.phase === "looks") return look(client, outside);
    if (client.phase === "resolves") return resolve(client);
    if (client.phase === "accounts") {
      return { do: "record", next: { ...accountFor(client, outside), phase: "plans" } };
    }
    const { step } = plan(buildWorld(client, outside));
    return this.#carryOut(client, step, outside);
  }

  #carryOut(client: PlannedState, step: Step, outside: Outside): ClientStep<PlannedState> {
    switch (step.do) {
      case "read": {
        const waitMs = Math.max(0, (step.notBeforeMs ?? NOW_MS) - NOW_MS);
        const waited = age(client, waitMs);
        const questions = step.questions.map(toQuestion);
        const isList = step.questions.some(({ ask }) => ask === "open_orders");
        const turn = isList ? { ...waited.turn, looks: waited.turn.looks + 1 } : waited.turn;
        return {
          do: "ask",
          questions,
          learn: (outcomes) => learnAll({ ...waited, turn }, step.questions, outcomes),
        };
      }
      case "record":
        return {
          do: "record",
          next: { ...client, records: apply(client.records, step.change) },
        };
      case "send":
        return send(client, step);
      case "rest": {
        const waitMs = Math.max(0, (step.wakeAtMs ?? NOW_MS + POLL_MS) - NOW_MS);
        const standing = takeStanding(client, outside);
        const standings = standing === null ? [] : [standing];
        return {
          do: "rest",
          standing: sayStanding(standing, client.records.standings[0]),
          waitMs,
          wake: () => beginCycle({ ...client, records: { ...client.records, standings } }, waitMs),
        };
      }
    }
  }
}

function buildRecords(broker: BrokerState): EngineState {
  const entry = broker.orders[0];
  if (entry === undefined) throw new RangeError("a position begins with its entry");
  const shown = toBrokerOrder({
    order: entry,
    legs: broker.orders.filter((each) => each.parentId === 1),
  });
  const position = buildPosition(broker.heldQty);
  const record = buildLedgerEntry({
    symbol: SYMBOL,
    notionalUsd: 105 * entry.qty,
    timestamp: new Date(NOW_MS - 600_000).toISOString(),
    side: "buy",
    clientOrderId: POSITION_ID,
    orderId: shown.orderId,
    qty: entry.qty,
    status: "accepted",
    pivotUsd: position.pivotUsd,
    r1Usd: position.r1Usd,
    r2Usd: position.r2Usd,
    stopUsd: position.stopUsd,
    attempt: 1,
    legs: shown.legs.map(({ orderId, clientOrderId, type }) => ({ orderId, clientOrderId, type })),
    broker: {
      status: shown.status,
      filledQty: shown.filledQty,
      filledAvgPriceUsd: shown.filledAvgPriceUsd,
      updatedAtMs: shown.updatedAtMs,
    },
  });
  return {
    ...EMPTY_STATE,
    host: "paper-api.alpaca.markets",
    accountId: "account",
    positions: [position],
    // What it takes no stop for, it has taken none for before.
    alerted: broker.refuses?.kind === "stop" ? { [buildRefusedKey(SYMBOL)]: "refused" } : {},
    ledger: {
      dateNy: "2026-11-23",
      entries: [record, ...broker.orders.filter(isStopOfOurs).map(buildStopRecord)],
      host: "paper-api.alpaca.markets",
      accountId: "account",
      mismatches: 0,
      unknownFields: {},
    },
  };
}

function isStopOfOurs({ clientOrderId }: Order): boolean {
  return clientOrderId.startsWith(`${POSITION_ID}-stop-`);
}

function buildStopRecord(order: Order): LedgerEntry {
  const { orderId, status, filledQty, filledAvgPriceUsd, updatedAtMs, stopPriceUsd } =
    toBrokerOrder({
      order,
      legs: [],
    });
  return buildLedgerEntry({
    symbol: SYMBOL,
    notionalUsd: 0,
    timestamp: new Date(NOW_MS - 600_000).toISOString(),
    side: "sell",
    clientOrderId: order.clientOrderId,
    orderId,
    qty: order.qty,
    status: "accepted",
    reason: "stop",
    stopUsd: stopPriceUsd,
    positionId: POSITION_ID,
    attempt: 1,
    broker: { status, filledQty, filledAvgPriceUsd, updatedAtMs },
  });
}

/** So long before the close a cycle is that has nothing more to begin, ms. */
const LAST_MS: Readonly<Partial<Record<Obstacle, number>>> = { last: 30_000, end: 2_000 };

function buildNow({ untilCloseMs, obstacle }: PlannedState): Now {
  const lastMs = obstacle === null ? undefined : LAST_MS[obstacle];
  const isRunOnce = obstacle === "run";
  return {
    brokerMs: NOW_MS,
    dateNy: "2026-11-23",
    monotonicMs: NOW_MS,
    untilCloseMs: lastMs ?? untilCloseMs,
    budgetMs: isRunOnce ? 1_000 : Infinity,
    isRunOnce,
    slowestRequestMs: 100,
    processId: "process",
  };
}

function buildWorld(client: PlannedState, { isKilled, isOpen }: Outside): World {
  const reason = { code: "kill_switch_active", source: "file" } as const;
  const operator: OperatorView = {
    gate: isKilled
      ? { mode: "DRY_RUN", reason }
      : { mode: "LIVE", caps: DEFAULT_CAPS, allowlist: { kind: "all" } },
    objection: isKilled ? reason : null,
    keys: "match",
    isLossReached: false,
  };
  const { isStopJudged: isAnswered } = client;
  const seen: Seen = {
    ...client.seen,
    closed: isOpen ? new Map() : new Map([[SYMBOL, { action: { kind: "none" }, isAnswered }]]),
    clock: {
      timestampMs: NOW_MS,
      isOpen,
      nextOpenMs: NOW_MS + 86_400_000,
      nextCloseMs: NOW_MS + client.untilCloseMs,
    },
  };
  return {
    now: buildNow(client),
    turn: client.turn,
    operator,
    seen,
    records: client.records,
  };
}

function toQuestion(question: PlanQuestion): Question {
  switch (question.ask) {
    case "order":
      return { kind: "order", id: Number(question.orderId.slice(1)) };
    case "look_up":
      return { kind: "look_up", clientOrderId: question.clientOrderId };
    case "positions":
    case "open_orders":
    case "trade":
      return { kind: question.ask };
  }
}

function toAnswer(book: OrderBook, question: PlanQuestion, outcome: Outcome): Answer {
  const failed = { kind: "failed", failure: "timeout" } as const;
  switch (question.ask) {
    case "order":
      return { to: "order", orderId: question.orderId, outcome: toLookUp(book, outcome) };
    case "look_up":
      return {
        to: "look_up",
        clientOrderId: question.clientOrderId,
        outcome: toLookUp(book, outcome),
      };
    case "positions": {
      if (outcome.kind !== "positions") return { to: "positions", look: failed };
      const rows = toBrokerPosition(outcome.heldQty);
      return { to: "positions", look: { kind: "ok", value: { rows, unreadable: [] } } };
    }
    case "open_orders": {
      if (outcome.kind !== "open_orders") return { to: "open_orders", look: failed };
      const rows = outcome.shown.map((shown) => dateOrder(book, toBrokerOrder(shown)));
      return { to: "open_orders", look: { kind: "ok", value: { rows, unreadable: [] } } };
    }
    case "trade": {
      const trade = outcome.kind === "trade" ? toTrade(outcome.priceLevel) : null;
      return { to: "trade", symbol: SYMBOL, trade };
    }
  }
}

function toLookUp(
  book: OrderBook,
  outcome: Outcome,
): Extract<Answer, { readonly to: "order" }>["outcome"] {
  if (outcome.kind === "found") {
    return { kind: "found", order: dateOrder(book, toBrokerOrder(outcome.shown)) };
  }
  if (outcome.kind === "not_found") return { kind: "not_found" };
  return { kind: "unknown", why: "timeout" };
}

const MOMENT = { brokerMs: NOW_MS, monotonicMs: NOW_MS };

function toAnswers(
  book: OrderBook,
  questions: readonly PlanQuestion[],
  outcomes: readonly Outcome[],
): Answer[] {
  return questions.flatMap((question, at) => {
    const outcome = outcomes[at];
    return outcome === undefined ? [] : [toAnswer(book, question, outcome)];
  });
}

// Of many clients some have seen the same, and are answered the same: what they learn of it is the same, whatever is on record.
// A list of outcomes stands for the questions, too (`ClientStep`).
const learned = new MadeOfBoth<Seen, readonly Outcome[], Seen>();
const learnedOfMissing = new MadeOfBoth<Seen, readonly Outcome[], Seen>();
const learnedAtBegin = new MadeOfBoth<Seen, readonly Outcome[], Seen>();
const completed = new MadeOfBoth<Seen, readonly LedgerEntry[], Completed>();
const settled = new MadeOfBoth<OrderBook, readonly LedgerEntry[], readonly LedgerEntry[]>();

/** Takes answers in; a list is completed by what it lacks, which is asked for by id. */
function learnAll(
  client: PlannedState,
  questions: readonly PlanQuestion[],
  outcomes: readonly Outcome[],
): PlannedState {
  const seen = learned.get(
    client.seen,
    outcomes,
    () => learn(client.seen, toAnswers(client.seen.book, questions, outcomes), MOMENT),
  );
  // What changed meanwhile must be explained first.
  return questions.some(({ ask }) => ask === "open_orders")
    ? complete({ ...client, seen, phase: "accounts" })
    : { ...client, seen };
}

/** What was seen with what is on record besides, and what the list lacks of both. */
interface Completed {
  readonly seen: Seen;
  readonly missing: readonly string[];
}

/** Just after open orders were asked for. */
function complete(client: PlannedState): PlannedState {
  const { seen, records: { ledger } } = client;
  const look = seen.openOrders?.look;
  if (look?.kind !== "ok") return client;
  const entries = ledger?.entries ?? NO_ENTRIES;
  const { rows } = look.value;
  return { ...client, ...completed.get(seen, entries, () => completeSeen(seen, entries, rows)) };
}

const NO_ENTRIES: readonly LedgerEntry[] = [];

function completeSeen(
  seen: Seen,
  entries: readonly LedgerEntry[],
  rows: readonly BrokerOrder[],
): Completed {
  const book = learnRecords(seen.book, entries, NOW_MS);
  const listed = new Set(flattenOrders(rows).map(({ orderId }) => orderId));
  const missing = [
    ...listUnlisted(book, listed).map(({ order }) => order.orderId),
    ...listUnknownSuccessors(book).flatMap(({ order }) => order.replacedBy ?? []),
  ];
  return { seen: { ...seen, book }, missing: [...new Set(missing)].sort() };
}

function askMissing(client: PlannedState): ClientStep<PlannedState> {
  const { missing } = client;
  const questions = missing.map((orderId) => ({ ask: "order", symbol: SYMBOL, orderId }) as const);
  return {
    do: "ask",
    questions: questions.map(toQuestion),
    learn: (outcomes) => {
      const { seen: before } = client;
      const seen = learnedOfMissing.get(
        before,
        outcomes,
        () => learnMissing(before, toAnswers(before.book, questions, outcomes)),
      );
      return { ...client, seen, missing: [] };
    },
  };
}

function learnMissing(before: Seen, answers: readonly Answer[]): Seen {
  const seen = learn(before, answers, MOMENT);
  const book = answers.reduce(
    (each, answer) =>
      answer.to === "order" && answer.outcome.kind !== "found"
        ? noteUnshown(each, answer.orderId, answer.outcome.kind === "unknown")
        : each,
    seen.book,
  );
  return { ...seen, book };
}

/** The looks of a cycle's beginning, made by what is not the planner's yet. */
function look(client: PlannedState, { isOpen }: Outside): ClientStep<PlannedState> {
  return {
    do: "ask",
    questions: LOOKS,
    learn: (outcomes) => {
      const { seen: before, records, obstacle } = client;
      const looked = obstacle === "blocked"
        ? learnBegin(before, outcomes, ["trading_blocked"])
        : learnedAtBegin.get(before, outcomes, () => learnBegin(before, outcomes, []));
      const isPastRead = looked.dayOrders !== before.dayOrders;
      const seen = isPastRead ? withPasts(looked, records.positions) : looked;
      const isStopJudged = client.isStopJudged && !isOpen;
      return { ...complete({ ...client, seen }), isStopJudged, phase: "resolves" };
    },
  };
}

const pastOf = new MadeOfBoth<Seen, EngineState["positions"], Seen>();

/** All orders that there are tell the past of each position. */
function withPasts(seen: Seen, positions: EngineState["positions"]): Seen {
  return pastOf.get(
    seen,
    positions,
    () => ({ ...seen, pasts: new Set(positions.map(({ positionId }) => positionId)) }),
  );
}

function learnBegin(
  before: Seen,
  [positions, open, all, trade]: readonly Outcome[],
  blockFlags: readonly string[],
): Seen {
  if (positions === undefined || open === undefined || trade === undefined) {
    throw new RangeError("a question has no answer");
  }
  const account = { accountId: "account", status: "ACTIVE", equityUsd: 1e5, blockFlags };
  const about = { before: null, atMs: NOW_MS, afterChange: before.changes.count };
  const rows = all?.kind === "all_orders"
    ? all.shown.map((shown) => dateOrder(before.book, toBrokerOrder(shown)))
    : null;
  const book = rows === null ? before.book : learnOrders(before.book, rows, NOW_MS);
  const seen: Seen = {
    ...before,
    book,
    account: { ...about, look: { kind: "ok", value: account } },
    dayOrders: rows === null
      ? before.dayOrders
      : { ...about, look: { kind: "ok", value: { rows: [], unreadable: [] } } },
  };
  const questions: readonly PlanQuestion[] = [
    { ask: "positions" },
    { ask: "open_orders" },
    { ask: "trade", symbol: SYMBOL },
  ];
  return learn(seen, toAnswers(book, questions, [positions, open, trade]), MOMENT);
}

/** Reconciliation's part: what the broker shows settles its record, and a sell that it does not show is looked up once. */
function resolve(client: PlannedState): ClientStep<PlannedState> {
  const { records, seen: { book } } = client;
  const { ledger } = records;
  const entries = ledger === null
    ? NO_ENTRIES
    : settled.get(book, ledger.entries, () => settleShown(book, ledger));
  const next: PlannedState = {
    ...client,
    records: { ...records, ledger: ledger === null ? null : { ...ledger, entries } },
    phase: "accounts",
  };
  const open = entries.flatMap((entry) => isUnsettled(entry) ? entry.clientOrderId ?? [] : []);
  if (open.length === 0) return { do: "record", next };
  return {
    do: "ask",
    questions: open.map((clientOrderId) => ({ kind: "look_up", clientOrderId })),
    learn: (outcomes) =>
      open.reduce((each, clientOrderId, at) => {
        const outcome = outcomes[at];
        return outcome === undefined ? each : learnLookUp(each, clientOrderId, outcome);
      }, next),
  };
}

function settleShown(book: OrderBook, ledger: LiveLedger): readonly LedgerEntry[] {
  const known = new Map([...book.values()].map(({ order }) => [order.clientOrderId, order]));
  const shown = ledger.entries.flatMap(({ clientOrderId }): RecordPart[] => {
    const order = clientOrderId === null ? undefined : known.get(clientOrderId);
    return order === undefined || clientOrderId === null
      ? []
      : [{ kind: "shown", clientOrderId, order }];
  });
  return apply({ ...EMPTY_STATE, ledger }, shown).ledger?.entries ?? NO_ENTRIES;
}

function learnLookUp(
  client: PlannedState,
  clientOrderId: string,
  outcome: Outcome,
): PlannedState {
  const answer: Answer = {
    to: "look_up",
    clientOrderId,
    outcome: toLookUp(client.seen.book, outcome),
  };
  const { records } = client;
  const { ledger } = records;
  const entries = (ledger?.entries ?? []).map((entry) => {
    if (entry.clientOrderId !== clientOrderId) return entry;
    const { notFoundSinceMs: firstMs } = entry;
    const { processId } = LOOKED_AT;
    const known = { ...aboutOf(entry), processId, lastMs: NOW_MS };
    const absences = firstMs === null ? [] : [{ ...known, firstMs }];
    return settleLookUp(entry, answer.outcome, absences, LOOKED_AT).entry;
  });
  return {
    ...client,
    seen: learn(client.seen, [answer], MOMENT),
    records: { ...records, ledger: ledger === null ? null : { ...ledger, entries } },
  };
}

/** A process that goes on, whose two clocks agree. */
const LOOKED_AT = { nowMs: NOW_MS, monotonicMs: NOW_MS, processId: "1", isRunOnce: false };

/** What becomes of the position by what was seen; all that could be asked for besides was listed. */
function accountFor(client: PlannedState, outside: Outside): PlannedState {
  const { records } = client;
  const searched = new Map(
    records.positions.map(({ positionId }) => [positionId, "orders"] as const),
  );
  const sight = buildSight(buildWorld(client, outside), records);
  const accounted = account(records, { sight, dateNy: "2026-11-23", searched });
  if (accounted.kind === "asks") throw new RangeError("all was asked for");
  const explained = apply(records, accounted.change);
  const next = outside.isKilled || !outside.isOpen ? explained : apply(
    explained,
    reviseTrims(explained, { sight, past: [], fresh: client.turn.fresh }).change,
  );
  const standings = next.positions.length === 0 ? [] : next.standings;
  return { ...client, records: { ...next, standings } };
}

function send(
  client: PlannedState,
  step: Extract<Step, { readonly do: "send" }>,
): ClientStep<PlannedState> {
  const { request, permit } = step;
  const recorded = { ...client, records: apply(client.records, step.change) };
  return {
    do: "send",
    change: readChange(request),
    isBegun: permit.kind === "exit_rest",
    recorded,
    settle: (outcome) => {
      const answer = dateAnswer(recorded.seen.book, readOutcome(request, outcome));
      const isJudged = answer.kind === "accepted" ||
        (answer.kind === "rejected" && !isUnjudged(answer));
      const { change } = settle(recorded.records, request, answer, MOMENT);
      const seen = learnAnswer(recorded.seen, request, answer, MOMENT);
      const records = apply(recorded.records, change);
      // What was stopped counts, too: it is not tried again for ever.
      const turn = countAct(recorded.turn, request);
      const isStopJudged = recorded.isStopJudged || (permit.kind === "closed_stop" && isJudged);
      return { ...recorded, seen, records, turn, isStopJudged };
    },
  };
}

function dateAnswer(book: OrderBook, answer: SendResult): SendResult {
  return answer.kind === "accepted" ? { ...answer, order: dateOrder(book, answer.order) } : answer;
}

function countAct(turn: Turn, request: SellSideRequest): Turn {
  const acts = (turn.actsBySymbol.get(SYMBOL) ?? 0) + 1;
  const actsBySymbol = new Map(turn.actsBySymbol).set(SYMBOL, acts);
  const id = request.op === "cancel" ? request.orderId : request.request.clientOrderId;
  const times = (turn.sendings.get(id) ?? 0) + 1;
  return { ...turn, actsBySymbol, sendings: new Map(turn.sendings).set(id, times) };
}

/** How the position stands, as the engine takes it at the end of each cycle. */
function takeStanding(client: PlannedState, outside: Outside): Standing | null {
  const [position] = client.records.positions;
  if (position === undefined) return null;
  const world = buildWorld(client, outside);
  const sight = buildSight(world, client.records);
  const groups = findOwnGroups(sight, position);
  const trade = client.seen.trades.get(SYMBOL)?.trade ?? null;
  const isWorking = isEntryWorking(sight, position);
  return decideStanding({
    position,
    count: readShares(sight, position),
    cover: groups === null || isUnseen(sight, groups.flatMap(({ orders }) => orders)) ? null : {
      coveredQty: countCovered(groups, position.stopUsd),
      gtcQty: countGtcCovered(groups, position.stopUsd),
    },
    shownQty: findShown(sight, SYMBOL)?.qty ?? null,
    hasLooked: client.seen.positions !== null,
    isBeforeTrusted: true,
    isGtcNeeded: outside.isKilled || !outside.isOpen,
    isOpen: outside.isOpen,
    price: trade === null ? { kind: "unread" } : { kind: "read", priceUsd: trade.priceUsd },
    blind: position.unexplainedQty === null
      ? null
      : { code: "split", text: "no order explains it" },
    reasons: isWorking ? [{ code: "entry", text: "its entry still works" }] : [],
    stops: null,
    before: client.records.standings[0],
    nowMs: NOW_MS,
  });
}

function sayStanding(standing: Standing | null, before: Standing | undefined): ClientStanding {
  if (standing === null || standing.due === null) {
    return { bareQty: 0, due: null, why: null, hasSince: true };
  }
  const { bareQty, due, why, bareSinceMs, dueSinceMs } = standing;
  const isBareKept = bareQty === 0 || (before?.bareSinceMs ?? bareSinceMs) === bareSinceMs;
  const isDueKept = before?.due !== due || before.dueSinceMs === dueSinceMs;
  const isSaid = (bareQty === 0 || bareSinceMs !== null) && (due === "stop" || dueSinceMs !== null);
  return { bareQty, due, why, hasSince: isSaid && isBareKept && isDueKept };
}

/** The next cycle: what was seen is older by then, and what the last one counted is gone. */
function beginCycle(client: PlannedState, waitMs: number): PlannedState {
  const { records, seen } = client;
  return {
    ...client,
    records: forgetMoments(age(records, waitMs, { isRounded: true })),
    seen: forgetLooks({ ...seen, book: age(seen.book, waitMs, { isRounded: true }) }),
    turn: NEW_TURN,
    phase: "looks",
    missing: [],
    obstacle: null,
  };
}
