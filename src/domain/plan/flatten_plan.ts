import { buildCancel } from "../account/giving_way.ts";
import { isFlatten, isOurs } from "../order/client_order_id.ts";
import {
  type BrokerOrder,
  type BrokerPosition,
  flattenOrders,
  isFinal,
  remainingQty,
} from "../order/orders.ts";
import { countCovered, listSellGroups } from "../order/protection.ts";
import type { BegunCancel } from "../account/unfinished.ts";
import type { UnreadableRow } from "../order/unreadable_row.ts";

/** What the operator's `flatten` is to touch (interface, Commands). */
export interface FlattenScope {
  /** One symbol, or `null`: the whole account. */
  readonly symbol: string | null;
  readonly isClosing: boolean;
  /** Symbols whose positions are closed then; `null`: everyone's. */
  readonly closes: ReadonlySet<string> | null;
}

/** A working order that will be cancelled. Prices and values in USD. */
export interface PlannedCancel {
  readonly order: BrokerOrder;
  readonly qty: number;
  /** `null` for a market order in a symbol without a position. */
  readonly priceUsd: number | null;
  readonly isForeign: boolean;
}

/**
 * A position that will be closed. `sell`: an order of our own name; `delete`: the broker's own close, for what our orders
 * can't express (a short position, a fraction of a share), whose order the broker names.
 */
export interface PlannedClose {
  readonly position: BrokerPosition;
  readonly valueUsd: number | null;
  readonly isForeign: boolean;
  readonly how: "sell" | "delete";
}

/** What `flatten` will do, shown before it is done. */
export interface FlattenPlan {
  readonly cancels: readonly PlannedCancel[];
  readonly closes: readonly PlannedClose[];
  /** Positions in scope that stay, and lose the sells that cover them. */
  readonly uncovered: readonly BrokerPosition[];
  /** Positions in scope that stay though others are closed, and lose no cover. */
  readonly kept: readonly BrokerPosition[];
}

/** What a plan is made from. */
export interface FlattenInputs {
  /** Open orders, nested. */
  readonly orders: readonly BrokerOrder[];
  readonly positions: readonly BrokerPosition[];
  /** Symbols that the engine manages, and order ids that it knows as its own beside those with its prefix. */
  readonly managedSymbols: ReadonlySet<string>;
  readonly knownOrderIds: ReadonlySet<string>;
  readonly scope: FlattenScope;
}

/** Plans what is in scope; changes nothing. */
export function buildFlattenPlan(inputs: FlattenInputs): FlattenPlan {
  const { scope, managedSymbols } = inputs;
  const positions = inputs.positions.filter(({ symbol, qty }) =>
    qty !== 0 && isInScope(scope, symbol)
  );
  const stays = positions.filter(({ symbol }) => !isToClose(scope, symbol));
  const isCovered = ({ symbol }: BrokerPosition) =>
    countCovered(listSellGroups(inputs.orders, symbol), 0) > 0;
  return {
    cancels: listWorking(inputs.orders, scope).map((order) => buildPlanned(order, inputs)),
    closes: positions.filter(({ symbol }) => isToClose(scope, symbol)).map((position) => ({
      position,
      valueUsd: position.currentPriceUsd === null
        ? null
        : Math.abs(position.qty) * position.currentPriceUsd,
      isForeign: !managedSymbols.has(position.symbol),
      how: decideHow(position),
    })),
    uncovered: stays.filter(isCovered),
    kept: scope.isClosing ? stays.filter((position) => !isCovered(position)) : [],
  };
}

/** Whether `flatten` may touch the symbol. */
export function isInScope(scope: Pick<FlattenScope, "symbol">, symbol: string): boolean {
  return scope.symbol === null || scope.symbol === symbol;
}

/** Whether `flatten` is to close a position in the symbol. */
export function isToClose(scope: FlattenScope, symbol: string): boolean {
  return scope.isClosing && isInScope(scope, symbol) &&
    (scope.closes === null || scope.closes.has(symbol));
}

/** Whether a row that can't be read is one that `flatten` may touch: one without a symbol only where all are meant. */
export function isSurelyInScope(
  scope: Pick<FlattenScope, "symbol">,
  { symbol }: Pick<UnreadableRow, "symbol">,
): boolean {
  return scope.symbol === null || scope.symbol === symbol;
}

/** Rows that can't be read and may be something that `flatten` was to end. */
export function listUnreadableLeft(
  unreadable: readonly UnreadableRow[],
  scope: FlattenScope,
): UnreadableRow[] {
  return unreadable.filter((row) =>
    row.mayBeOpen &&
    (row.what === "order"
      ? row.symbol === null || isSurelyInScope(scope, row)
      : row.symbol === null
      ? scope.isClosing
      : isToClose(scope, row.symbol))
  );
}

/** A whole number of shares held long is sold under our own name; anything else is the broker's to close. */
export function decideHow(position: Pick<BrokerPosition, "qty">): "sell" | "delete" {
  return Number.isSafeInteger(position.qty) && position.qty > 0 ? "sell" : "delete";
}

/** Every order in scope that can still trade, legs included, each once. */
export function listWorking(
  orders: readonly BrokerOrder[],
  scope: Pick<FlattenScope, "symbol">,
): BrokerOrder[] {
  return flattenOrders(orders).filter((order) => !isFinal(order) && isInScope(scope, order.symbol));
}

/**
 * The cancels that take every share in scope out of its reservation, and end every other order: one for each group that goes
 * with any of its orders (broker.md, Orders).
 * @param orders At work by all that is known, nested.
 * @param keep Orders that must stay: the sells that `flatten` itself has sent.
 */
export function listGivingWay(
  orders: readonly BrokerOrder[],
  scope: Pick<FlattenScope, "symbol">,
  keep: ReadonlySet<string>,
): BegunCancel[] {
  const meant = orders.filter(({ symbol }) => isInScope(scope, symbol));
  const sells = [...new Set(meant.map(({ symbol }) => symbol))].flatMap((symbol) =>
    listSellGroups(meant, symbol).map((group) => buildCancel(symbol, group))
  );
  const grouped = new Set(sells.flatMap(({ members }) => members.map(({ orderId }) => orderId)));
  const others = meant.flatMap((root) => {
    const working = flattenOrders([root]).filter((order) =>
      !isFinal(order) && !grouped.has(order.orderId)
    );
    const isLeaving = working[0]?.status === "pending_cancel";
    const group = { orders: working, qty: 0, stopUsd: 0, isLeaving };
    return working.length === 0 ? [] : [buildCancel(root.symbol, group)];
  });
  return [...others, ...sells].filter(({ orderId }) => !keep.has(orderId));
}

function buildPlanned(order: BrokerOrder, inputs: FlattenInputs): PlannedCancel {
  const held = inputs.positions.find(({ symbol }) => symbol === order.symbol);
  const parent = inputs.orders.find((each) =>
    each.legs.some((leg) => leg.orderId === order.orderId)
  );
  const names = [order.clientOrderId, parent?.clientOrderId ?? ""];
  return {
    order,
    qty: remainingQty(order),
    priceUsd: order.limitPriceUsd ?? order.stopPriceUsd ?? held?.currentPriceUsd ?? null,
    isForeign: !names.some(isOurs) && !inputs.knownOrderIds.has(order.orderId),
  };
}

/** A position after `flatten`, with the shares that no working sell covers. */
export interface BarePosition {
  readonly symbol: string;
  readonly qty: number;
  readonly coveredQty: number;
  /** Shares that `flatten`'s own sell is about to sell, for instance at the next open. */
  readonly closingQty: number;
}

/** Every position of the account that ends without a stop for all of its shares; a short one has none ever. */
export function listBarePositions(
  positions: readonly BrokerPosition[],
  orders: readonly BrokerOrder[],
): BarePosition[] {
  return positions.filter(({ qty }) => qty !== 0).map(({ symbol, qty }) => {
    const closing = orders.filter((order) =>
      order.symbol === symbol && isFlatten(order.clientOrderId) && !isFinal(order)
    );
    const closingQty = closing.reduce((sum, order) => sum + remainingQty(order), 0);
    const groups = listSellGroups(orders.filter((order) => !closing.includes(order)), symbol);
    return { symbol, qty, coveredQty: countCovered(groups, 0), closingQty };
  }).filter(({ qty, coveredQty }) => qty < 0 || coveredQty < qty);
}
