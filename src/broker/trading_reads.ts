import type { BrokerOrder } from "../domain/order/orders.ts";
import type { LookupOutcome } from "../domain/order/order_request.ts";
import type { BrokerPort, RequestClass } from "../engine/ports.ts";
import { BrokerError } from "../engine/ports.ts";
import {
  parseAccount,
  parseAccountConfiguration,
  parseCalendar,
  parseClock,
  parsePositions,
} from "./account_wire.ts";
import { isNotFound } from "./classify.ts";
import { listAllOrders } from "./order_paging.ts";
import { parseOrder, parseOrders } from "./order_wire.ts";
import { parseAnswer } from "./read_answer.ts";
import type { Redact } from "./redact.ts";
import { rememberAnswers } from "./repeated_answer.ts";
import type { RequestSender } from "./request_sender.ts";
import { MalformedError } from "./wire.ts";

/** The reading half of the broker. */
export type TradingReads = Pick<
  BrokerPort,
  | "readClock"
  | "readCalendar"
  | "readAccount"
  | "readAccountConfiguration"
  | "listPositions"
  | "listOrders"
  | "readOrder"
  | "lookUp"
>;

/** Classes of orders that have legs. */
const GROUP_CLASSES: ReadonlySet<string> = new Set(["bracket", "oco", "oto"]);

/** Reads of account, positions and orders; each throws `BrokerError`, look-ups answer `unknown` instead. */
export function createTradingReads(sender: RequestSender, redact: Redact): TradingReads {
  const parsePage = rememberAnswers(parseOrders);

  async function read<T>(
    call: { readonly what: string; readonly path: string; readonly endMs?: number },
    parse: (body: string) => T,
    requestClass: RequestClass = "read",
  ): Promise<T> {
    const answer = await sender.read({ ...call, requestClass });
    return parseAnswer(answer, parse, { what: call.what, host: sender.host, redact });
  }

  /** One order by a path; `isAsked` refuses the answer to another question. */
  async function readOne(
    path: string,
    requestClass: RequestClass,
    isAsked: (order: BrokerOrder) => boolean,
  ): Promise<LookupOutcome> {
    try {
      const answer = await sender.read({ what: "order", path, requestClass });
      if (isNotFound(answer)) return { kind: "not_found" };
      const context = { what: "order", host: sender.host, redact };
      const order = parseAnswer(answer, (body) => parseAsked(body, isAsked), context);
      return { kind: "found", order };
    } catch (error) {
      if (error instanceof BrokerError) return { kind: "unknown", why: error.failure };
      throw error;
    }
  }

  function readOrder(orderId: string, requestClass: RequestClass = "read") {
    const path = `/v2/orders/${encodeURIComponent(orderId)}?nested=true`;
    return readOne(path, requestClass, (order) => order.orderId === orderId);
  }

  return {
    readOrder,
    readClock: () => read({ what: "market clock", path: "/v2/clock" }, parseClock),
    readCalendar(range) {
      const { fromNy, toNy } = range;
      const query = `start=${encodeURIComponent(fromNy)}&end=${encodeURIComponent(toNy)}`;
      const call = { what: "calendar", path: `/v2/calendar?${query}` };
      return read(call, (body) => parseCalendar(body, range));
    },
    readAccount: () => read({ what: "account", path: "/v2/account" }, parseAccount),
    readAccountConfiguration: () =>
      read(
        { what: "account configuration", path: "/v2/account/configurations" },
        parseAccountConfiguration,
      ),
    listPositions: (requestClass) =>
      read({ what: "positions", path: "/v2/positions" }, parsePositions, requestClass),
    listOrders(query, requestClass) {
      // An empty filter would ask for every symbol on the wire.
      if (query.symbols?.length === 0) return Promise.resolve({ rows: [], unreadable: [] });
      const endMs = sender.buildEndMs();
      return listAllOrders(
        query,
        (path) => read({ what: "orders", path, endMs }, parsePage, requestClass),
      );
    },
    async lookUp(clientOrderId, requestClass = "read") {
      const id = encodeURIComponent(clientOrderId);
      const path = `/v2/orders:by_client_order_id?client_order_id=${id}`;
      const outcome = await readOne(
        path,
        requestClass,
        (order) => order.clientOrderId === clientOrderId,
      );
      if (outcome.kind !== "found" || !isWithoutLegs(outcome.order)) return outcome;
      // This endpoint knows no `nested`: the legs, which are ours too, come from the order's own address.
      const nested = await readOrder(outcome.order.orderId, requestClass);
      return nested.kind === "found" ? nested : outcome;
    },
  };
}

function parseAsked(body: string, isAsked: (order: BrokerOrder) => boolean): BrokerOrder {
  const order = parseOrder(body);
  if (!isAsked(order)) throw new MalformedError("the answer is about another order");
  return order;
}

function isWithoutLegs(order: BrokerOrder): boolean {
  return order.legs.length === 0 && GROUP_CLASSES.has(order.orderClass);
}
