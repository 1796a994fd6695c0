import { formatCounted } from "../domain/counted.ts";
import type { BarePosition, FlattenPlan, FlattenScope } from "../domain/plan/flatten_plan.ts";
import type { LedgerEntry } from "../domain/order/ledger.ts";
import type { MarketClock } from "../domain/time/market.ts";
import { formatCents, formatPriceUsd } from "../domain/order/money.ts";
import { formatNy } from "../domain/time/ny_time.ts";
import { formatUnreadable, type UnreadableRow } from "../domain/order/unreadable_row.ts";
import { formatOneLine } from "../domain/one_line.ts";
import { formatTable } from "./table.ts";
import { PROGRAM } from "./version.ts";

const ORDER_COLUMNS = [
  { head: "ORDER", align: "left" },
  { head: "SIDE", align: "left" },
  { head: "TYPE", align: "left" },
  { head: "QTY", align: "right" },
  { head: "PRICE", align: "right" },
  { head: "USD", align: "right" },
  { head: "STATUS", align: "left" },
  { head: "", align: "left" },
] as const;

const POSITION_COLUMNS = [
  { head: "POSITION", align: "left" },
  { head: "QTY", align: "right" },
  { head: "USD", align: "right" },
  { head: "HOW", align: "left" },
  { head: "", align: "left" },
] as const;

/** What will be done, foreign orders and positions marked (interface, Commands). */
export function formatPlan(
  plan: FlattenPlan,
  about: {
    readonly scope: FlattenScope;
    readonly host: string;
    /** `null` where the broker could not say; the same for `market`. */
    readonly accountId: string | null;
    readonly market: MarketClock | null;
  },
): string[] {
  const { scope, host, accountId, market } = about;
  const what = scope.symbol === null ? "the whole account" : formatOneLine(scope.symbol);
  const { cancels, closes, uncovered, kept } = plan;
  const isEmpty = cancels.length === 0 && closes.length === 0;
  return [
    `Flatten ${what} at ${host}`,
    `Account ${accountId === null ? "unknown" : formatOneLine(accountId)}`,
    ...formatMarket(market),
    "",
    ...(isEmpty ? ["Nothing to cancel and nothing to close."] : []),
    ...(cancels.length === 0
      ? []
      : [`Cancel ${formatCounted(cancels.length, "order")}:`, ...formatCancels(plan)]),
    ...(closes.length === 0
      ? []
      : [`Close ${formatCounted(closes.length, "position")}:`, ...formatCloses(plan)]),
    ...uncovered.map(({ symbol, qty }) =>
      `${formatOneLine(symbol)} ${qty} stays, and LOSES ITS STOP (${
        scope.isClosing ? "--all" : "--close-positions"
      } closes it)`
    ),
    ...kept.map(({ symbol, qty }) =>
      `${formatOneLine(symbol)} ${qty} stays: this engine does not manage it (--all closes it)`
    ),
  ];
}

/** What its orders come to by the market's hours (interface, `flatten`). @param market `null` where the broker could not say. */
function formatMarket(market: MarketClock | null): string[] {
  if (market === null) return ["Market unknown: the broker's clock can't be read"];
  if (market.isOpen) return [`Market open until ${formatNy(market.nextCloseMs)}`];
  return [
    `Market CLOSED until ${formatNy(market.nextOpenMs)}: stops end now,`,
    "and a sell waits for the open, at whatever price",
  ];
}

function formatCancels({ cancels }: FlattenPlan): string[] {
  return formatTable(
    ORDER_COLUMNS,
    cancels.map(({ order, qty, priceUsd, isForeign }) => [
      formatOneLine(order.symbol),
      order.side,
      formatOneLine(order.type),
      String(qty),
      priceUsd === null ? "?" : formatPriceUsd(priceUsd),
      priceUsd === null ? "?" : formatCents(qty * priceUsd),
      formatOneLine(order.status),
      isForeign ? "FOREIGN" : "",
    ]),
  );
}

function formatCloses({ closes }: FlattenPlan): string[] {
  return formatTable(
    POSITION_COLUMNS,
    closes.map(({ position, valueUsd, isForeign, how }) => [
      formatOneLine(position.symbol),
      String(position.qty),
      valueUsd === null ? "?" : formatCents(valueUsd),
      how === "sell" ? "market sell" : "the broker's own close",
      isForeign ? "FOREIGN" : "",
    ]),
  );
}

/** What nobody can read, and what is tried with it all the same. */
export function formatUnread(rows: readonly UnreadableRow[]): string[] {
  return rows.map((row) =>
    `${formatOneLine(formatUnreadable(row))}: ` +
    (row.what === "position"
      ? "the broker's own close, of all its shares"
      : row.orderId === null
      ? "only the broker's own screen can cancel it"
      : "cancelled by its id, where it is in scope for sure")
  );
}

/** Orders that may be at the broker, and that it has neither shown nor denied. */
export function formatDoubts(doubts: readonly LedgerEntry[]): string[] {
  return doubts.map(({ symbol, side, qty, clientOrderId }) =>
    `${formatOneLine(symbol)} ${side} ${qty ?? "?"} (${
      formatOneLine(clientOrderId ?? "?")
    }) may be ` +
    "at the broker, which has not said: do it again, or look there"
  );
}

/** The command that does what was shown. */
export function formatDoIt({ symbol, isClosing, closes }: FlattenScope): string[] {
  const options = [
    ...(isClosing ? ["--close-positions"] : []),
    ...(isClosing && closes === null ? ["--all"] : []),
    ...(symbol === null ? [] : ["--symbol", formatOneLine(symbol)]),
    "--yes",
  ];
  return ["", "Nothing was done. To do it:", `  ${PROGRAM} flatten ${options.join(" ")}`];
}

/** Where the one symbol that was named has nothing: it may be mistyped, so what the account does hold is said. */
export function formatNothingThere(
  { symbol }: FlattenScope,
  positions: readonly { readonly symbol: string; readonly qty: number }[],
): string {
  const held = positions.filter(({ qty }) => qty !== 0)
    .map((each) => `${formatOneLine(each.symbol)} ${each.qty}`);
  return `The broker shows neither an order nor a position in ${formatOneLine(symbol ?? "")}; ` +
    `the account holds ${held.length === 0 ? "nothing" : held.join(", ")}.`;
}

/** What is left in scope, and what of the whole account has no stop. */
export function formatEnd(
  left: {
    /** The only one in scope, or `null`: the whole account. */
    readonly symbol: string | null;
    readonly orders: readonly string[];
    readonly positions: readonly string[];
    /** Positions in scope that were not to be closed, where others were. */
    readonly kept: readonly string[];
  },
  bare: readonly BarePosition[],
): string[] {
  const { symbol, orders, positions, kept } = left;
  const where = symbol === null ? "" : ` in ${formatOneLine(symbol)}`;
  return [
    "",
    orders.length === 0 ? `No working order is left${where}.` : `Orders left: ${orders.join(", ")}`,
    positions.length === 0
      ? `No position${kept.length === 0 ? "" : " of this engine"} is left${where}.`
      : `Positions left: ${positions.join(", ")}`,
    ...(kept.length === 0
      ? []
      : [`Not this engine's, and still held (--all closes them): ${kept.join(", ")}`]),
    ...bare.map(({ symbol, qty, coveredQty, closingQty }) => {
      const name = `${formatOneLine(symbol)} ${qty}`;
      if (closingQty > 0) return `${name} has NO STOP; a sell of ${closingQty} is working`;
      if (qty < 0) return `${name} is SHORT, and nothing protects it`;
      return `${name} has NO STOP for ${formatCounted(qty - coveredQty, "share")}`;
    }),
  ];
}

/** What stands, and what to do, where the broker gives no answer. */
export const KILLED_AGAIN =
  "The kill switch stays on; do it again, or close at the broker's own site";

/**
 * The end where the broker can't be read any more: what was sent stands, and may have taken stops away.
 * @param before The positions in scope as they were before the first request.
 */
export function formatUnknownEnd(
  why: string,
  before: readonly { readonly symbol: string; readonly qty: number }[],
): string {
  const held = before.map(({ symbol, qty }) => `${formatOneLine(symbol)} ${qty}`);
  return `NOT DONE: ${why}; it is not known what is left. ` +
    (held.length === 0
      ? "There was no position at the beginning. "
      : `Held at the beginning, perhaps without a stop now: ${held.join(", ")}. `) +
    KILLED_AGAIN;
}
