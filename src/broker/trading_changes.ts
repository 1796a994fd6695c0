import { assertInvariant } from "../domain/assert.ts";
import type { BrokerOrder } from "../domain/order/orders.ts";
import type { ReplaceRequest, SubmitOutcome } from "../domain/order/order_request.ts";
import type { BrokerPort } from "../engine/ports.ts";
import { buildNoAnswer, decideChange, isDuplicate } from "./classify.ts";
import { parseOrder } from "./order_wire.ts";
import { buildKeptBody, type Redact } from "./redact.ts";
import type { ChangeCall, RequestSender } from "./request_sender.ts";
import { MalformedError } from "./wire.ts";
import { formatPrice, formatQty } from "./wire_format.ts";

/** The order-changing half of the broker. */
export type TradingChanges = Pick<
  BrokerPort,
  "submitBracket" | "submitMarketSell" | "submitStop" | "replaceOrder" | "cancelOrder"
>;

/** Longest client order id that the broker takes. */
const CLIENT_ORDER_ID_MAX = 128;

/** What every new order of ours says. */
interface OrderBody {
  readonly client_order_id: string;
  readonly symbol: string;
  readonly side: "buy" | "sell";
  readonly qty: string;
  readonly [field: string]: unknown;
}

/** Order-changing requests: each is sent once, and never throws for what the broker or the network does. */
export function createTradingChanges(sender: RequestSender, redact: Redact): TradingChanges {
  async function submit(
    call: ChangeCall,
    target: "new" | "order",
    isOurs: (order: BrokerOrder) => boolean,
  ): Promise<SubmitOutcome> {
    const answer = await sender.submit(call);
    if (isDuplicate(answer)) {
      return {
        kind: "duplicate",
        body: answer.kind === "answer" ? buildKeptBody(answer.body, redact) : "",
      };
    }
    const decided = decideChange(answer, target, redact);
    if (decided.kind !== "answered") return decided;
    const order = parseOurs(decided.answer.body, isOurs);
    // Taken with an answer that can't be understood: it may exist, so it is looked up.
    if (order === null) return buildNoAnswer("malformed", decided.answer, redact);
    return { kind: "accepted", order, body: buildKeptBody(decided.answer.body, redact) };
  }

  function submitNew(body: OrderBody, requestClass: "entry" | "protect"): Promise<SubmitOutcome> {
    assertId(body.client_order_id);
    assertInvariant(body.symbol !== "", "an order has no symbol");
    return submit(
      { method: "POST", path: "/v2/orders", body: JSON.stringify(body), requestClass },
      "new",
      (order) =>
        order.clientOrderId === body.client_order_id && order.symbol === body.symbol &&
        order.side === body.side,
    );
  }

  // All are async, so that a bug in an argument is a rejected promise and never a throw in the caller's face.
  return {
    submitBracket: async (request) =>
      await submitNew({
        ...buildCommon(request, "buy"),
        type: "market",
        time_in_force: "day",
        order_class: "bracket",
        take_profit: { limit_price: formatPrice(request.takeProfitUsd) },
        stop_loss: { stop_price: formatPrice(request.stopUsd) },
      }, "entry"),
    submitMarketSell: async (request) =>
      await submitNew(
        { ...buildCommon(request, "sell"), type: "market", time_in_force: "day" },
        "protect",
      ),
    submitStop: async (request) =>
      await submitNew({
        ...buildCommon(request, "sell"),
        type: "stop",
        time_in_force: "gtc",
        stop_price: formatPrice(request.stopUsd),
      }, "protect"),
    replaceOrder: async (request) =>
      await submit(
        {
          method: "PATCH",
          path: buildOrderPath(request.orderId),
          body: JSON.stringify(buildReplaceBody(request)),
          requestClass: "protect",
        },
        "order",
        // Either name proves it: the answer is the order with our id, or the one that took the old one's place.
        (order) =>
          order.clientOrderId === request.clientOrderId || order.replaces === request.orderId,
      ),
    async cancelOrder(orderId) {
      const answer = await sender.submit({
        method: "DELETE",
        path: buildOrderPath(orderId),
        body: null,
        requestClass: "protect",
      });
      const decided = decideChange(answer, "order", redact);
      return decided.kind === "answered" ? { kind: "requested" } : decided;
    },
  };
}

function buildCommon(
  request: { readonly clientOrderId: string; readonly symbol: string; readonly qty: number },
  side: "buy" | "sell",
): OrderBody {
  return {
    client_order_id: request.clientOrderId,
    symbol: request.symbol,
    side,
    qty: formatQty(request.qty),
  };
}

function buildReplaceBody(request: ReplaceRequest): Readonly<Record<string, string>> {
  assertId(request.clientOrderId);
  assertInvariant(
    request.qty !== undefined || request.stopUsd !== undefined,
    "a replacement changes nothing",
  );
  return {
    client_order_id: request.clientOrderId,
    ...(request.qty === undefined ? {} : { qty: formatQty(request.qty) }),
    ...(request.stopUsd === undefined ? {} : { stop_price: formatPrice(request.stopUsd) }),
  };
}

function buildOrderPath(orderId: string): string {
  // Without an id the path would name all orders, and a DELETE cancel every one of them.
  assertInvariant(orderId !== "", "an order id is empty");
  return `/v2/orders/${encodeURIComponent(orderId)}`;
}

function assertId(clientOrderId: string): void {
  assertInvariant(clientOrderId !== "", "a client order id is empty");
  assertInvariant(clientOrderId.length <= CLIENT_ORDER_ID_MAX, "a client order id is too long");
}

function parseOurs(body: string, isOurs: (order: BrokerOrder) => boolean): BrokerOrder | null {
  try {
    const order = parseOrder(body);
    return isOurs(order) ? order : null;
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}
