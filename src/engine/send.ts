import { findBreach } from "../domain/account/position_shares.ts";
import type { ClosedStopPermit } from "../domain/plan/closed_stop.ts";
import { formatGateReason } from "../domain/gate/gate.ts";
import type {
  OrderAnswerEvent,
  OrderRecordedEvent,
  OrderRequestFields,
} from "../domain/day/events.ts";
import type { Engine } from "./engine.ts";
import { printGateIfChanged } from "./gate_log.ts";
import { readGate, readOperatorObjection } from "./gate_reader.ts";
import { isMarketOpen } from "./observe.ts";
import type {
  CancelOutcome,
  OrderRequest,
  SendResult,
  SubmitOutcome,
} from "../domain/order/order_request.ts";
import { learnAnswer } from "../domain/plan/seen.ts";
import type { Permit } from "../domain/plan/step.ts";
import { sightOf } from "./sight.ts";
import { noteAnswered, noteLeaving } from "./stop_watch.ts";

/**
 * The one way by which the engine changes anything at the broker. It asks for a fresh decision
 * itself, immediately before the request, and sends nothing while the broker's clock says closed but a stop that has its
 * permit for that.
 * @param permit The decision that the caller acts under; without one there is nothing to call this with.
 * @param recorded What the audit trail has to say of its record, in one append with the request.
 */
export async function sendLive(
  engine: Engine,
  permit: Permit,
  order: OrderRequest,
  recorded: readonly OrderRecordedEvent[] = [],
): Promise<SendResult> {
  await engine.event(...recorded, { type: "order_request", ...describeRequest(order) });
  const objection = await findObjection(engine, permit, order);
  const result: SendResult = objection === null
    ? await leave(engine, order)
    : { kind: "stopped", reason: objection };
  const now = { brokerMs: engine.nowMs(), monotonicMs: engine.ports.clock.monotonicMs() };
  engine.seen = learnAnswer(engine.seen, order, result, now);
  noteAnswered(engine, order, result);
  await engine.event({
    type: "order_answer",
    ...describeRequest(order),
    outcome: result.kind,
    ...NO_DETAILS,
    ...describeResult(result),
  });
  return result;
}

async function findObjection(
  engine: Engine,
  permit: Permit,
  order: OrderRequest,
): Promise<string | null> {
  // Whatever asks for it: nothing is sold or stopped twice (pipeline 5).
  const breach = order.op === "bracket"
    ? null
    : findBreach(sightOf(engine), engine.state.positions, order);
  if (breach !== null) {
    engine.onBreach(`Not sent, more than is held for sure: ${breach}`);
    return "more than is held for sure";
  }
  if (permit.kind === "closed_stop") return await findClosedObjection(engine, permit, order);
  const clock = engine.observation?.clock;
  // The stop that follows an exit may be late, and must not be left out: it is good till canceled, and rests overnight.
  const isLateStop = clock?.isOpen === true && permit.kind === "exit_rest" && order.op === "stop";
  if (!isMarketOpen(engine) && !isLateStop) return "market closed";
  if (permit.kind === "exit_rest") {
    // The account itself is no such thing as a failing read: what was begun at one must not end at another.
    if (engine.isForeignState || engine.isOwnerUnknown) return "another account";
    const reason = await readOperatorObjection(engine);
    return reason === null ? null : formatGateReason(reason);
  }
  const { decision } = await readGate(engine);
  // The gate may have had to ask the broker, which takes its time.
  if (!isMarketOpen(engine)) return "market closed";
  if (order.op === "bracket" && engine.nowMs() >= order.notAfterMs) return "its time is over";
  // Last: nothing slow lies between this look and the request.
  const isHeld = order.op === "bracket" && await engine.ports.operatorFiles.areEntriesPaused();
  if (decision.mode === "LIVE") return isHeld ? "entries paused" : null;
  await printGateIfChanged(engine, decision);
  return formatGateReason(decision.reason);
}

/** The permit is for this symbol's stop, until the open: nothing else goes under it, whoever asks (pipeline 5). */
async function findClosedObjection(
  engine: Engine,
  { symbol, nextOpenMs }: ClosedStopPermit,
  order: OrderRequest,
): Promise<string | null> {
  if (order.op !== "stop" || order.request.symbol !== symbol) return "market closed";
  const { decision } = await readGate(engine);
  // The gate may have had to ask the broker, which takes its time.
  if (engine.nowMs() >= nextOpenMs) return "the market opens";
  return decision.mode === "LIVE" ? null : formatGateReason(decision.reason);
}

function leave(engine: Engine, order: OrderRequest): Promise<SubmitOutcome | CancelOutcome> {
  const { broker } = engine.ports;
  noteLeaving(engine, order);
  switch (order.op) {
    case "bracket":
      return broker.submitBracket(order.request);
    case "sell":
      return broker.submitMarketSell(order.request);
    case "stop":
      return broker.submitStop(order.request);
    case "replace":
      return broker.replaceOrder(order.request);
    case "cancel":
      return broker.cancelOrder(order.orderId);
  }
}

function describeRequest(order: OrderRequest): OrderRequestFields {
  const nothing = {
    client_order_id: null,
    order_id: null,
    qty: null,
    stop_usd: null,
    take_profit_usd: null,
  };
  if (order.op === "cancel") {
    return { ...nothing, symbol: order.symbol, op: order.op, order_id: order.orderId };
  }
  if (order.op === "replace") {
    const { orderId, clientOrderId, qty, stopUsd } = order.request;
    return {
      ...nothing,
      symbol: order.symbol,
      op: order.op,
      order_id: orderId,
      client_order_id: clientOrderId,
      qty: qty ?? null,
      stop_usd: stopUsd ?? null,
    };
  }
  const { symbol, clientOrderId, qty } = order.request;
  return {
    ...nothing,
    symbol,
    op: order.op,
    client_order_id: clientOrderId,
    qty,
    stop_usd: order.op === "sell" ? null : order.request.stopUsd,
    take_profit_usd: order.op === "bracket" ? order.request.takeProfitUsd : null,
  };
}

type AnswerDetails = Omit<OrderAnswerEvent, "type" | "outcome" | keyof OrderRequestFields>;

const NO_DETAILS: AnswerDetails = {
  answer_order_id: null,
  order_status: null,
  why: null,
  http_status: null,
  code: null,
  message: null,
};

/** What the engine made of the answer; the raw one is on record as the exchange that it came in. */
function describeResult(result: SendResult): Partial<AnswerDetails> {
  switch (result.kind) {
    case "accepted":
      return { answer_order_id: result.order.orderId, order_status: result.order.status };
    case "rejected": {
      const { why, httpStatus, code, message } = result;
      return { why, http_status: httpStatus, code, message };
    }
    case "unknown":
      return { why: result.why, http_status: result.httpStatus };
    case "stopped":
      return { why: result.reason };
    case "duplicate":
    case "requested":
      return {};
  }
}
