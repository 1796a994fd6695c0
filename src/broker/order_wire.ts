import { z } from "zod";
import type { BrokerOrder, OrderSide } from "../domain/orders.ts";
import { listWire } from "./list_wire.ts";
import {
  decimalWire,
  MalformedError,
  optionalDecimalWire,
  parseBody,
  parseDecimal,
  parseOptionalDecimal,
  parseTimeMs,
  timeWire,
} from "./wire.ts";

const legFields = {
  id: z.string().min(1),
  client_order_id: z.string(),
  symbol: z.string(),
  side: z.enum(["buy", "sell", ""]),
  type: z.string(),
  order_class: z.string().nullish(),
  time_in_force: z.string(),
  status: z.string().min(1),
  qty: optionalDecimalWire,
  filled_qty: decimalWire,
  filled_avg_price: optionalDecimalWire,
  limit_price: optionalDecimalWire,
  stop_price: optionalDecimalWire,
  created_at: timeWire.nullish(),
  submitted_at: timeWire.nullish(),
  updated_at: timeWire.nullish(),
  filled_at: timeWire.nullish(),
  replaced_by: z.string().nullish(),
  replaces: z.string().nullish(),
};
const legWire = z.object(legFields);
const orderWire = z.object({ ...legFields, legs: listWire(legWire).nullish() });
const ordersWire = listWire(orderWire);

type LegWire = z.infer<typeof legWire>;
type OrderWire = z.infer<typeof orderWire>;

/**
 * One order of an answer's body.
 * @throws {MalformedError} Where it is not JSON or lacks what an order must have.
 */
export function parseOrder(body: string): BrokerOrder {
  const wire = parseBody(orderWire, body);
  return buildOrder(wire, requireSide(wire), buildLegs(wire.legs));
}

/**
 * A list of orders with their legs. A multi-leg option order has neither symbol nor side of its own (someone else's, but
 * it must not hide the rest): its legs stand in its place.
 * @throws {MalformedError} Where any order can't be parsed: a list with a gap could hide one of ours.
 */
export function parseOrders(body: string): BrokerOrder[] {
  const orders: BrokerOrder[] = [];
  for (const wire of parseBody(ordersWire, body)) {
    const legs = buildLegs(wire.legs);
    if (wire.side === "" && wire.order_class === "mleg" && legs.length > 0) orders.push(...legs);
    else orders.push(buildOrder(wire, requireSide(wire), legs));
  }
  return orders;
}

function buildLegs(legs: readonly LegWire[] | null | undefined): readonly BrokerOrder[] {
  if (legs === null || legs === undefined) return NO_LEGS;
  return legs.map((leg) => buildOrder(leg, requireSide(leg), NO_LEGS));
}

const NO_LEGS: readonly BrokerOrder[] = [];

function requireSide(wire: LegWire): OrderSide {
  if (wire.side === "") throw new MalformedError("side is empty");
  return wire.side;
}

function buildOrder(
  wire: LegWire | OrderWire,
  side: OrderSide,
  legs: readonly BrokerOrder[],
): BrokerOrder {
  // An order that waits for its turn can be without submitted_at; its creation then stands for it.
  const submittedAt = wire.submitted_at ?? wire.created_at ?? null;
  if (submittedAt === null) throw new MalformedError("submitted_at and created_at are missing");
  const submittedAtMs = parseTimeMs(submittedAt, "submitted_at");
  return {
    orderId: wire.id,
    clientOrderId: wire.client_order_id,
    symbol: wire.symbol,
    side,
    type: wire.type,
    orderClass: wire.order_class ?? "",
    timeInForce: wire.time_in_force,
    status: wire.status,
    qty: parseOptionalDecimal(wire.qty),
    filledQty: parseDecimal(wire.filled_qty),
    filledAvgPriceUsd: parseOptionalDecimal(wire.filled_avg_price),
    limitPriceUsd: parseOptionalDecimal(wire.limit_price),
    stopPriceUsd: parseOptionalDecimal(wire.stop_price),
    submittedAtMs,
    updatedAtMs: parseOptionalTimeMs(wire.updated_at, "updated_at") ?? submittedAtMs,
    filledAtMs: parseOptionalTimeMs(wire.filled_at, "filled_at"),
    replacedBy: wire.replaced_by ?? null,
    replaces: wire.replaces ?? null,
    legs,
  };
}

function parseOptionalTimeMs(text: string | null | undefined, field: string): number | null {
  return text === null || text === undefined ? null : parseTimeMs(text, field);
}
