import { PUBLISHED_FIELDS, PUBLISHED_VALUES } from "./published.ts";
import { buildAssetId, buildUuid, formatUtc } from "./wire.ts";

type Row = Readonly<Record<string, unknown>>;
/** Uniform in [0, 1). */
type Chance = () => number;

/** Positions of others, of every shape that the documents allow, and of some that they don't. */
export const POSITION_KINDS = [
  "crypto",
  "option",
  "fraction",
  "short",
  "bare",
  "new_values",
  "null_price",
  "text_qty",
  "no_qty",
  "no_side",
] as const;
/** One of those shapes. */
export type PositionKind = typeof POSITION_KINDS[number];
/** Those that nobody can parse as a position of shares: more than a shape that is rare. */
export const UNREADABLE_POSITIONS: ReadonlySet<PositionKind> = new Set([
  "text_qty",
  "no_qty",
  "no_side",
]);

/** Orders of others. */
export const ORDER_KINDS = [
  "multi_leg",
  "bare_multi_leg",
  "notional",
  "fraction",
  "crypto",
  "trailing",
  "new_values",
  "text_qty",
  "no_status",
  "no_time",
] as const;
/** One of those shapes. */
export type OrderKind = typeof ORDER_KINDS[number];
/** Those that lack what an order must have, whatever the documents call required. */
export const UNREADABLE_ORDERS: ReadonlySet<OrderKind> = new Set([
  "text_qty",
  "no_status",
  "no_time",
]);

function without(row: Row, ...names: readonly string[]): Row {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !names.includes(name)));
}

/** Only what the document requires. */
function strip(row: Row, kind: "order" | "position", ...kept: readonly string[]): Row {
  const names = [...PUBLISHED_FIELDS[kind].required, ...kept];
  return Object.fromEntries(Object.entries(row).filter(([name]) => names.includes(name)));
}

function makeWhole(chance: Chance, low: number, high: number): number {
  return low + Math.floor(chance() * (high - low + 1));
}

function buildPosition(symbol: string, changes: Row): Row {
  return {
    asset_id: buildAssetId(symbol),
    symbol,
    exchange: "NYSE",
    asset_class: "us_equity",
    asset_marginable: true,
    qty: "5",
    qty_available: "5",
    avg_entry_price: "20.5",
    side: "long",
    market_value: "105",
    cost_basis: "102.5",
    unrealized_pl: "2.5",
    unrealized_plpc: "0.0243902439024390243902",
    unrealized_intraday_pl: "2.5",
    unrealized_intraday_plpc: "0.0243902439024390243902",
    current_price: "21",
    lastday_price: "20.9",
    change_today: "0.0047846889952153110048",
    ...changes,
  };
}

/** A position of somebody else's. @param symbol What is held, where the shape has no name of its own. */
export function buildForeignPosition(kind: PositionKind, symbol: string, chance: Chance): Row {
  const whole = makeWhole(chance, 1, 9);
  const row = buildPosition(symbol, { qty: String(whole), qty_available: String(whole) });
  switch (kind) {
    case "crypto":
      return buildPosition("BTCUSD", {
        asset_class: "crypto",
        exchange: "CRYPTO",
        qty: `0.${"1234567890123456789".slice(whole)}`,
        qty_available: "0.100000000000000000001",
        asset_marginable: false,
      });
    case "option":
      return buildPosition("XYZ261218C00250000", { asset_class: "us_option", exchange: "" });
    case "fraction":
      return { ...row, qty: `${whole}.123456789`, qty_available: `${whole}.123456789` };
    case "short":
      return { ...row, side: "short", qty: `-${whole}`, qty_available: `-${whole}` };
    case "bare":
      return strip(row, "position");
    case "new_values":
      return { ...row, asset_class: "tokenized", exchange: "MOON", side: "long", mood: [1] };
    case "null_price":
      return { ...row, current_price: null, lastday_price: null, change_today: null };
    case "text_qty":
      return { ...row, qty: "many" };
    case "no_qty":
      return without(row, "qty", "qty_available");
    case "no_side":
      return { ...row, side: "both" };
  }
}

function buildOrder(symbol: string, atMs: number, seq: number, changes: Row): Row {
  const time = formatUtc(atMs, 0);
  return {
    id: buildUuid(7, seq),
    client_order_id: buildUuid(8, seq),
    created_at: time,
    updated_at: time,
    submitted_at: time,
    filled_at: null,
    expired_at: null,
    canceled_at: null,
    failed_at: null,
    replaced_at: null,
    replaced_by: null,
    replaces: null,
    asset_id: buildAssetId(symbol),
    symbol,
    asset_class: "us_equity",
    notional: null,
    qty: "3",
    filled_qty: "0",
    filled_avg_price: null,
    order_class: "",
    order_type: "limit",
    type: "limit",
    side: "buy",
    time_in_force: "gtc",
    limit_price: "0.5",
    stop_price: null,
    status: "new",
    extended_hours: false,
    legs: null,
    trail_percent: null,
    trail_price: null,
    hwm: null,
    ...changes,
  };
}

function buildOptionLeg(strike: number, side: string, atMs: number, seq: number): Row {
  const symbol = `XYZ261218C00${strike}000`;
  return buildOrder(symbol, atMs, seq, { asset_class: "us_option", side, ratio_qty: "1" });
}

/** An order of somebody else's that works. @param seq Tells it from the others. */
export function buildForeignOrder(
  kind: OrderKind,
  { symbol, atMs, seq }: { readonly symbol: string; readonly atMs: number; readonly seq: number },
  chance: Chance,
): Row {
  const row = buildOrder(symbol, atMs, seq, { qty: String(makeWhole(chance, 1, 9)) });
  switch (kind) {
    case "multi_leg":
    case "bare_multi_leg": {
      const legs = [
        buildOptionLeg(250, "buy", atMs, seq + 1000),
        buildOptionLeg(260, "sell", atMs, seq + 2000),
      ];
      const whole = { ...row, order_class: "mleg", legs, symbol: "", side: "", asset_class: "" };
      const isBare = kind === "bare_multi_leg";
      return isBare ? without(whole, "symbol", "side", "asset_id", "asset_class", "qty") : whole;
    }
    case "notional":
      return { ...row, notional: "25.50", qty: null, type: "market", limit_price: null };
    case "fraction":
      return { ...row, qty: "0.137000000000000000001", filled_qty: "0.037", type: "market" };
    case "crypto":
      return { ...row, symbol: "BTC/USD", asset_class: "crypto", qty: "0.000012345678901234567" };
    case "trailing":
      return { ...row, type: "trailing_stop", trail_percent: "1.5", hwm: "21.3", side: "sell" };
    case "new_values":
      return {
        ...row,
        ...pickNewValues(chance),
        position_intent: "maybe",
        conditions: [{ if: "then" }],
      };
    case "text_qty":
      return { ...row, qty: "some", filled_qty: "a few" };
    case "no_status":
      return without(row, "status");
    case "no_time":
      return without(row, "submitted_at", "created_at", "updated_at");
  }
}

/** Values that appear without notice; none of them is in a published enumeration. */
export const NEW_VALUES = {
  status: "pending_review",
  type: "pegged",
  side: "sell_short",
  order_class: "otoco",
  time_in_force: "gtd",
} as const;

/** Some of them at least, or a row would only be an ordinary one. */
function pickNewValues(chance: Chance): Row {
  const picked = Object.entries(NEW_VALUES).filter(() => chance() < 0.5);
  return picked.length === 0 ? { status: NEW_VALUES.status } : Object.fromEntries(picked);
}

/** Whether a value of that name is published. */
export function isPublished(name: keyof typeof PUBLISHED_VALUES, value: string): boolean {
  return PUBLISHED_VALUES[name].values.some((each) => each === value);
}
