import { z } from "zod";
import { assertInvariant } from "../domain/assert.ts";
import type { BrokerOrder } from "../domain/order/orders.ts";
import type { NoAnswer, Refusal } from "../domain/order/order_request.ts";
import { buildNoAnswer, decideChange } from "./classify.ts";
import { listWire } from "./list_wire.ts";
import { parseOrder } from "./order_wire.ts";
import { buildLine, type Redact } from "./redact.ts";
import type { ChangeAnswer, ChangeCall, RequestSender } from "./request_sender.ts";
import { MalformedError, parseBody } from "./wire.ts";

/** What became of one order or position of a bulk request: a 207 overall is not success of each (broker.md, Orders). */
export interface BulkItem {
  /** The order's id, or the position's symbol. */
  readonly name: string;
  readonly httpStatus: number;
  /** The broker took it, which is not yet that it is done. */
  readonly isTaken: boolean;
  /** The broker's words where it did not; else empty. */
  readonly message: string;
}

/** The answer to a bulk request. `unknown`: any part of it may have happened. */
export type BulkOutcome =
  | { readonly kind: "answered"; readonly items: readonly BulkItem[] }
  | Refusal
  | NoAnswer;

/** The answer to closing one position: the order that sells (or buys back) it. Its client order id is the broker's. */
export type CloseOutcome =
  | { readonly kind: "accepted"; readonly order: BrokerOrder }
  | Refusal
  | NoAnswer;

/** What the operator's `flatten` may do besides the engine's own requests (interface, Commands). None of it throws. */
export interface FlattenBroker {
  cancelAllOrders(): Promise<BulkOutcome>;
  /** `cancelOrders` frees the shares that working orders reserve; without it such positions are refused one by one. */
  closeAllPositions(options: { readonly cancelOrders: boolean }): Promise<BulkOutcome>;
  closePosition(symbol: string): Promise<CloseOutcome>;
}

const bulkWire = listWire(z.object({
  id: z.string().min(1).nullish(),
  symbol: z.string().min(1).nullish(),
  status: z.int(),
  body: z.unknown().optional(),
}));
const bulkErrorWire = z.object({ message: z.string() });

/** The bulk and closing requests of the operator's `flatten`. */
export function createFlattenBroker(sender: RequestSender, redact: Redact): FlattenBroker {
  async function submitBulk(path: string): Promise<BulkOutcome> {
    return decideBulk(await sender.submit(buildDelete(path)), redact);
  }
  return {
    cancelAllOrders: () => submitBulk("/v2/orders"),
    closeAllPositions: ({ cancelOrders }) =>
      submitBulk(`/v2/positions?cancel_orders=${cancelOrders}`),
    async closePosition(symbol) {
      // Without a symbol the path would name all positions.
      assertInvariant(symbol !== "", "a position to close has no symbol");
      const call = buildDelete(`/v2/positions/${encodeURIComponent(symbol)}`);
      const decided = decideChange(await sender.submit(call), "order", redact);
      if (decided.kind !== "answered") return decided;
      const order = orNull(() => parseOrder(decided.answer.body));
      return order?.symbol === symbol
        ? { kind: "accepted", order }
        : buildNoAnswer("malformed", decided.answer, redact);
    },
  };
}

function buildDelete(path: string): ChangeCall {
  return { method: "DELETE", path, body: null, requestClass: "protect" };
}

function decideBulk(answer: ChangeAnswer, redact: Redact): BulkOutcome {
  const decided = decideChange(answer, "new", redact);
  if (decided.kind !== "answered") return decided;
  const items = orNull(() => parseBulk(decided.answer.body, redact));
  if (items === null) return buildNoAnswer("malformed", decided.answer, redact);
  return { kind: "answered", items };
}

function parseBulk(body: string, redact: Redact): BulkItem[] {
  return parseBody(bulkWire, body).map((item) => {
    const name = item.symbol ?? item.id ?? null;
    if (name === null) throw new MalformedError("an item has neither id nor symbol");
    const isTaken = item.status >= 200 && item.status < 300;
    const error = bulkErrorWire.safeParse(item.body);
    const message = isTaken || !error.success ? "" : buildLine(error.data.message, redact);
    return { name, httpStatus: item.status, isTaken, message };
  });
}

function orNull<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch (error) {
    if (error instanceof MalformedError) return null;
    throw error;
  }
}
