import { formatGateReason, type LiveDecision } from "../domain/gate.ts";
import { printGateIfChanged } from "./gate_log.ts";
import { readGate, readOperatorObjection } from "./gate_reader.ts";
import type { Engine } from "./engine.ts";
import type {
  BracketRequest,
  CancelOutcome,
  MarketSellRequest,
  ReplaceRequest,
  StopRequest,
  SubmitOutcome,
} from "./ports.ts";

/**
 * Why a request may leave. `gate`: a LIVE decision, asked for afresh before it does. `exit_rest`: an exit whose cancel
 * has left already, which only the operator can stop (pipeline 5, "How, at the broker").
 */
export type Permit =
  | { readonly kind: "gate"; readonly decision: LiveDecision }
  | { readonly kind: "exit_rest" };

/** A live request that changes an order. */
export type OrderRequest =
  | { readonly op: "bracket"; readonly request: BracketRequest }
  | { readonly op: "sell"; readonly request: MarketSellRequest }
  | { readonly op: "stop"; readonly request: StopRequest }
  | { readonly op: "replace"; readonly symbol: string; readonly request: ReplaceRequest }
  | { readonly op: "cancel"; readonly symbol: string; readonly orderId: string };

/** The broker's answer, or why nothing was sent. */
export type SendResult =
  | SubmitOutcome
  | CancelOutcome
  | { readonly kind: "stopped"; readonly reason: string };

/**
 * The one way by which the engine changes anything at the broker (architecture, rule 3). It asks for a fresh decision
 * itself, immediately before the request, and sends nothing while the broker's clock says closed.
 * @param permit The decision that the caller acts under; without one there is nothing to call this with.
 */
export async function sendLive(
  engine: Engine,
  permit: Permit,
  order: OrderRequest,
): Promise<SendResult> {
  await engine.event({ type: "order_request", ...describeRequest(order) });
  const objection = await findObjection(engine, permit);
  const result: SendResult = objection === null
    ? await leave(engine, order)
    : { kind: "stopped", reason: objection };
  await engine.event({
    type: "order_answer",
    ...describeRequest(order),
    outcome: result.kind,
    ...describeResult(result),
  });
  return result;
}

async function findObjection(engine: Engine, permit: Permit): Promise<string | null> {
  const clock = engine.observation?.clock;
  if (clock === undefined || !clock.isOpen || !(engine.nowMs() < clock.nextCloseMs)) {
    return "market closed";
  }
  if (permit.kind === "exit_rest") {
    const reason = await readOperatorObjection(engine);
    return reason === null ? null : formatGateReason(reason);
  }
  const { decision } = await readGate(engine);
  if (decision.mode === "LIVE") return null;
  await printGateIfChanged(engine, decision);
  return formatGateReason(decision.reason);
}

function leave(engine: Engine, order: OrderRequest): Promise<SubmitOutcome | CancelOutcome> {
  const { broker } = engine.ports;
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

function describeRequest(order: OrderRequest): { symbol: string; [field: string]: unknown } {
  if (order.op === "cancel") {
    return { symbol: order.symbol, op: order.op, order_id: order.orderId };
  }
  if (order.op === "replace") {
    const { orderId, clientOrderId, qty, stopUsd } = order.request;
    return {
      symbol: order.symbol,
      op: order.op,
      order_id: orderId,
      client_order_id: clientOrderId,
      qty,
      stop_usd: stopUsd,
    };
  }
  const { symbol, clientOrderId, qty } = order.request;
  const prices = order.op === "bracket"
    ? { take_profit_usd: order.request.takeProfitUsd, stop_usd: order.request.stopUsd }
    : order.op === "stop"
    ? { stop_usd: order.request.stopUsd }
    : {};
  return { symbol, op: order.op, client_order_id: clientOrderId, qty, ...prices };
}

function describeResult(result: SendResult): Record<string, unknown> {
  switch (result.kind) {
    case "accepted":
      return {
        order_id: result.order.orderId,
        order_status: result.order.status,
        body: result.body,
      };
    case "duplicate":
      return { body: result.body };
    case "rejected":
      return {
        why: result.why,
        http_status: result.httpStatus,
        code: result.code,
        message: result.message,
        body: result.body,
      };
    case "unknown":
      return { why: result.why, http_status: result.httpStatus, body: result.body };
    case "stopped":
      return { reason: result.reason };
    case "requested":
      return {};
  }
}
