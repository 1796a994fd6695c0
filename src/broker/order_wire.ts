import { z } from "zod";
import { type BrokerOrder, isFinal, type OrderSide } from "../domain/order/orders.ts";
import type { Listing } from "../engine/ports.ts";
import { listWire } from "./list_wire.ts";
import { parseRows } from "./rows.ts";
import {
  assetIdWire,
  buildAssetId,
  MalformedError,
  optionalDecimalWire,
  parseBody,
  parseOptionalDecimal,
  parseTimeMs,
  parseValue,
  timeWire,
} from "./wire.ts";

const textWire = z.string().nullish();

// The published documents require only type, time in force and notional of an order: what is absent beyond that is a fault
// only where there is no way to do without it.
const legFields = {
  id: z.string().min(1),
  asset_id: assetIdWire,
  client_order_id: textWire,
  symbol: textWire,
  side: textWire,
  type: textWire,
  order_type: textWire,
  order_class: textWire,
  time_in_force: textWire,
  status: z.string().min(1),
  qty: optionalDecimalWire,
  notional: optionalDecimalWire,
  filled_qty: optionalDecimalWire,
  filled_avg_price: optionalDecimalWire,
  limit_price: optionalDecimalWire,
  stop_price: optionalDecimalWire,
  created_at: timeWire.nullish(),
  submitted_at: timeWire.nullish(),
  updated_at: timeWire.nullish(),
  filled_at: timeWire.nullish(),
  expires_at: timeWire.nullish(),
  replaced_by: textWire,
  replaces: textWire,
};
const legWire = z.object(legFields);
const orderWire = z.object({ ...legFields, legs: listWire(legWire).nullish() });

type LegWire = z.infer<typeof legWire>;
type OrderWire = z.infer<typeof orderWire>;

/**
 * One order of an answer's body.
 * @throws {MalformedError} Where it is not JSON or lacks what an order must have.
 */
export function parseOrder(body: string): BrokerOrder {
  return buildWhole(parseBody(orderWire, body));
}

/** A page of a list of orders. */
export interface OrderPage extends Listing<BrokerOrder> {
  /** Rows and legs on the wire, the unreadable ones too: what tells whether the page was full. */
  readonly wireRows: number;
}

/**
 * A list of orders with their legs, row by row; an order with a leg that can't be read is unreadable. A multi-leg option
 * order has neither symbol nor side of its own: its legs stand in its place.
 * @throws {MalformedError} Where it is no list, or a row names neither a symbol nor a client order id.
 */
export function parseOrders(body: string): OrderPage {
  let wireRows = 0;
  const listing = parseRows(body, "order", (row) => {
    wireRows += 1 + countLegs(row);
    const wire = parseValue(orderWire, row, "the row");
    return isSpread(wire) ? buildSpread(wire) : [buildWhole(wire)];
  });
  return { ...listing, wireRows };
}

const legCountWire = z.object({ legs: z.array(z.unknown()) });

function countLegs(row: unknown): number {
  const parsed = legCountWire.safeParse(row);
  return parsed.success ? parsed.data.legs.length : 0;
}

function isSpread({ order_class, symbol, side }: OrderWire): boolean {
  return order_class === "mleg" && ((symbol ?? "") === "" || (side ?? "") === "");
}

function buildSpread(wire: OrderWire): readonly BrokerOrder[] {
  const legs = buildLegs(wire);
  if (legs.length === 0 && !isFinal(wire)) {
    throw new MalformedError("symbol, side and legs are missing");
  }
  return legs;
}

function buildWhole(wire: OrderWire): BrokerOrder {
  return buildOrder(wire, { legs: buildLegs(wire), parsePrice: parseAmount });
}

/** Legs inherit the entry's time in force (broker.md, Orders). */
function buildLegs({ legs, time_in_force, order_class }: OrderWire): readonly BrokerOrder[] {
  if (legs === null || legs === undefined) return NO_LEGS;
  return legs.map((leg) =>
    buildOrder({ ...leg, time_in_force: leg.time_in_force ?? time_in_force }, {
      legs: NO_LEGS,
      parsePrice: order_class === "mleg" ? parseOptionalDecimal : parseAmount,
    })
  );
}

const NO_LEGS: readonly BrokerOrder[] = [];

/** @param options `parsePrice`: only a spread's may be below 0. */
function buildOrder(
  wire: LegWire | OrderWire,
  { legs, parsePrice }: {
    readonly legs: readonly BrokerOrder[];
    readonly parsePrice: (price: LegWire["qty"], field: string) => number | null;
  },
): BrokerOrder {
  const submittedAtMs = readSubmittedAtMs(wire);
  const qty = parseAmount(wire.qty, "qty");
  const expiresAtMs = parseOptionalTimeMs(wire.expires_at, "expires_at");
  const hasAmount = qty !== null || parseOptionalDecimal(wire.notional) !== null;
  if (!hasAmount && !isFinal(wire)) throw new MalformedError("qty and notional are missing");
  return {
    orderId: wire.id,
    clientOrderId: wire.client_order_id ?? "",
    ...buildAssetId(wire.asset_id),
    symbol: requireSymbol(wire.symbol),
    side: requireSide(wire),
    type: requireText(wire.type ?? wire.order_type, "type"),
    orderClass: wire.order_class ?? "",
    timeInForce: requireText(wire.time_in_force, "time_in_force"),
    status: wire.status,
    qty,
    filledQty: readFilledQty(wire),
    filledAvgPriceUsd: parsePrice(wire.filled_avg_price, "filled_avg_price"),
    limitPriceUsd: parsePrice(wire.limit_price, "limit_price"),
    stopPriceUsd: parsePrice(wire.stop_price, "stop_price"),
    submittedAtMs,
    updatedAtMs: parseOptionalTimeMs(wire.updated_at, "updated_at") ?? submittedAtMs,
    filledAtMs: parseOptionalTimeMs(wire.filled_at, "filled_at"),
    ...(expiresAtMs === null ? {} : { expiresAtMs }),
    replacedBy: wire.replaced_by ?? null,
    replaces: wire.replaces ?? null,
    legs,
  };
}

/** An order that waits for its turn can be without submitted_at; its creation then stands for it. */
function readSubmittedAtMs(wire: LegWire): number {
  const submittedAt = wire.submitted_at ?? wire.created_at ?? null;
  if (submittedAt === null) throw new MalformedError("submitted_at and created_at are missing");
  return parseTimeMs(submittedAt, "submitted_at");
}

/** Statuses in which nothing is filled. */
const UNFILLED_STATUSES: ReadonlySet<string> = new Set([
  "new",
  "accepted",
  "pending_new",
  "accepted_for_bidding",
  "held",
  "rejected",
]);

/** What the broker leaves out is known where the status says it; a guess would be shares that nobody can account for. */
function readFilledQty(wire: LegWire): number {
  const shownQty = parseAmount(wire.filled_qty, "filled_qty");
  if (shownQty !== null) return shownQty;
  if (UNFILLED_STATUSES.has(wire.status)) return 0;
  const qty = wire.status === "filled" ? parseAmount(wire.qty, "qty") : null;
  if (qty === null) throw new MalformedError("filled_qty is missing or not what it should be");
  return qty;
}

/** Shares, or USD per share, which no order of one symbol has below 0. */
function parseAmount(value: LegWire["qty"], field: string): number | null {
  const amount = parseOptionalDecimal(value);
  if (amount !== null && amount < 0) throw new MalformedError(`${field} is below 0`);
  return amount;
}

function requireSide({ side }: LegWire): OrderSide {
  if (side === "buy" || side === "sell") return side;
  throw new MalformedError("side is missing or not what it should be");
}

const SYMBOL_CHARS_MAX = 64;

/** As our records hold symbols: another spelling of one would be a symbol of its own in every count. */
function requireSymbol(symbol: string | null | undefined): string {
  const text = requireText(symbol === "" ? null : symbol, "symbol");
  if (text === text.trim().toUpperCase() && text.length <= SYMBOL_CHARS_MAX) return text;
  throw new MalformedError("symbol is not in upper case without blanks, or too long");
}

function requireText(text: string | null | undefined, field: string): string {
  if (text !== null && text !== undefined) return text;
  throw new MalformedError(`${field} is missing or not what it should be`);
}

function parseOptionalTimeMs(text: string | null | undefined, field: string): number | null {
  return text === null || text === undefined ? null : parseTimeMs(text, field);
}
