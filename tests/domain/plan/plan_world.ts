import { EMPTY_STATE, type EngineState } from "../../../src/domain/account/engine_state.ts";
import type { BrokerOrder, BrokerPosition } from "../../../src/domain/order/orders.ts";
import type { SellSideRequest, SendResult } from "../../../src/domain/order/order_request.ts";
import { plan } from "../../../src/domain/plan/plan.ts";
import { apply } from "../../../src/domain/plan/records.ts";
import { type Answer, learn, learnAnswer, NOTHING_SEEN } from "../../../src/domain/plan/seen.ts";
import { settle } from "../../../src/domain/plan/settle.ts";
import type { Step } from "../../../src/domain/plan/step.ts";
import type { Now, OperatorView, Seen, Turn, World } from "../../../src/domain/plan/world.ts";
import { brokerOrder, liveDecision, liveLedger, TODAY } from "../fixtures.ts";
import { heldPosition, managedPosition } from "../position_fixtures.ts";

/** The moment of every decision here, Unix ms by the broker's clock; monotonic time begins with it. */
export const NOW_MS = Date.parse(`${TODAY}T15:00:00Z`);

/** A day's market around it. */
const CLOCK = {
  timestampMs: NOW_MS,
  isOpen: true,
  nextOpenMs: NOW_MS + 18 * 3_600_000,
  nextCloseMs: NOW_MS + 6 * 3_600_000,
};

/** A world that a test steps through by hand: it answers what the plan asks for, and carries nothing out by itself. */
export class PlanWorld {
  records: EngineState;
  seen: Seen;
  turn: Turn;
  now: Now;
  operator: OperatorView;

  /** @param facts `entry`: how the order that bought the position differs from one that is filled. */
  constructor({ orders = [], entries = [], held = heldPosition(), entry = {} }: {
    readonly orders?: readonly BrokerOrder[];
    readonly entries?: Parameters<typeof liveLedger>[0];
    readonly held?: BrokerPosition;
    readonly entry?: Partial<BrokerOrder>;
  } = {}) {
    const position = managedPosition({ openedAtMs: NOW_MS - 3_600_000, qty: held.qty });
    this.records = { ...EMPTY_STATE, positions: [position], ledger: liveLedger(entries) };
    this.now = {
      brokerMs: NOW_MS,
      dateNy: TODAY,
      monotonicMs: 0,
      untilCloseMs: CLOCK.nextCloseMs - NOW_MS,
      budgetMs: Infinity,
      isRunOnce: false,
      slowestRequestMs: 100,
      processId: "1",
    };
    this.operator = {
      gate: liveDecision(),
      objection: null,
      isLossReached: false,
      keys: "match",
    };
    this.turn = {
      cycleStartedAtMs: NOW_MS,
      startedMs: 0,
      stepsLeft: 100,
      looks: 0,
      actsBySymbol: new Map(),
      fresh: new Set(),
      sendings: new Map(),
      isLookNew: false,
    };
    const boughtAtMs = NOW_MS - 3_600_000;
    const bought = brokerOrder({
      orderId: "bought",
      clientOrderId: position.positionId,
      status: "filled",
      filledQty: 10,
      filledAvgPriceUsd: 100,
      submittedAtMs: boughtAtMs,
      updatedAtMs: boughtAtMs,
      filledAtMs: boughtAtMs,
      ...entry,
    });
    const answers: Answer[] = [
      { to: "positions", look: { kind: "ok", value: { rows: [held], unreadable: [] } } },
      {
        to: "open_orders",
        look: { kind: "ok", value: { rows: [bought, ...orders], unreadable: [] } },
      },
    ];
    const seen = learn(NOTHING_SEEN, answers, this.now);
    this.seen = { ...seen, clock: CLOCK, pasts: new Set([position.positionId]) };
  }

  /** Everything that the plan may know. */
  get world(): World {
    return {
      now: this.now,
      turn: this.turn,
      operator: this.operator,
      seen: this.seen,
      records: this.records,
    };
  }

  /** The one next step. */
  get step(): Step {
    return plan(this.world).step;
  }

  /** The latest trade of SPY, USD. */
  price(priceUsd: number): void {
    this.learn({ to: "trade", symbol: "SPY", trade: { priceUsd, atMs: NOW_MS } });
  }

  /** So much later. */
  pass(ms: number): void {
    const { brokerMs, monotonicMs } = this.now;
    this.now = { ...this.now, brokerMs: brokerMs + ms, monotonicMs: monotonicMs + ms };
  }

  /** What the broker answers. */
  learn(answer: Answer): void {
    this.seen = learn(this.seen, [answer], this.now);
  }

  /** Takes a step that records. @throws Where it is another one. */
  record(): void {
    const { step } = this;
    if (step.do !== "record") throw new Error(`not a record: ${JSON.stringify(step)}`);
    this.records = apply(this.records, step.change);
  }

  /** Takes a step that sends, and its answer. @returns What was sent. @throws Where it is another one. */
  send(answerTo: (request: SellSideRequest) => SendResult): SellSideRequest {
    const { step } = this;
    if (step.do !== "send") throw new Error(`not a request: ${JSON.stringify(step)}`);
    this.records = apply(this.records, step.change);
    const answer = answerTo(step.request);
    this.seen = learnAnswer(this.seen, step.request, answer, this.now);
    const { request } = step;
    const id = request.op === "cancel" ? request.orderId : request.request.clientOrderId;
    const count = this.turn.sendings.get(id) ?? 0;
    this.turn = { ...this.turn, sendings: new Map(this.turn.sendings).set(id, count + 1) };
    this.records = apply(this.records, settle(this.records, step.request, answer, this.now).change);
    return step.request;
  }
}

/** An answer that the broker takes a request with, as an order at work. */
export function accept(request: SellSideRequest): SendResult {
  if (request.op === "cancel") return { kind: "requested" };
  if (request.op === "replace") throw new Error("a replacement has an answer of its own");
  const { clientOrderId, symbol, qty } = request.request;
  const stopUsd = request.op === "stop" ? request.request.stopUsd : null;
  const order = sellOrder({
    orderId: `order of ${clientOrderId}`,
    clientOrderId,
    symbol,
    type: stopUsd === null ? "market" : "stop",
    timeInForce: stopUsd === null ? "day" : "gtc",
    qty,
    stopPriceUsd: stopUsd,
  });
  return { kind: "accepted", order, body: "" };
}

/** A plain sell of ours at work. */
export function sellOrder(facts: Partial<BrokerOrder>): BrokerOrder {
  const times = { submittedAtMs: NOW_MS, updatedAtMs: NOW_MS };
  return brokerOrder({ side: "sell", orderClass: "", ...times, ...facts });
}
