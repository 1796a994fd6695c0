import { EMPTY_BOOK, learnOrders } from "../../../src/domain/account/order_book.ts";
import type { Searched } from "../../../src/domain/account/explain.ts";
import type { Sight } from "../../../src/domain/account/sight.ts";
import { EMPTY_STATE, type EngineState } from "../../../src/domain/account/engine_state.ts";
import type { BrokerOrder } from "../../../src/domain/order/orders.ts";
import { account, type Accounted } from "../../../src/domain/plan/account.ts";
import { brokerOrder, liveLedger, TODAY } from "../fixtures.ts";
import { heldPosition, managedPosition } from "../position_fixtures.ts";

/** The moment of every look, Unix ms by the broker's clock; all fills here are an hour old. */
export const NOW_MS = Date.parse(`${TODAY}T15:00:00Z`);
export const PAST_MS = NOW_MS - 3_600_000;

/** The managed position of all looks here, and the entry that bought its ten shares. */
export const POSITION = managedPosition({ openedAtMs: PAST_MS });
export const ENTRY = brokerOrder({
  status: "filled",
  filledQty: 10,
  filledAvgPriceUsd: 100,
  submittedAtMs: PAST_MS,
  updatedAtMs: PAST_MS,
  filledAtMs: PAST_MS,
});

/** A sell of the position's that filled whole. */
export function soldOrder(qty: number, facts: Partial<BrokerOrder> = {}): BrokerOrder {
  return {
    ...ENTRY,
    orderId: "s-1",
    clientOrderId: `${POSITION.positionId}-x1`,
    side: "sell",
    orderClass: "",
    qty,
    filledQty: qty,
    submittedAtMs: PAST_MS + 60_000,
    updatedAtMs: PAST_MS + 60_000,
    filledAtMs: PAST_MS + 60_000,
    ...facts,
  };
}

/** Records that manage it, with changes. */
export function lookRecords(facts: Partial<EngineState> = {}): EngineState {
  return { ...EMPTY_STATE, positions: [POSITION], ledger: liveLedger([]), ...facts };
}

/** What is seen of the account: ten SPY, bought by the entry, and nothing else. */
export function buildSight(
  orders: readonly BrokerOrder[] = [ENTRY],
  facts: Partial<Sight> = {},
): Sight {
  return {
    book: learnOrders(EMPTY_BOOK, orders, NOW_MS),
    positions: [heldPosition()],
    areOrdersRead: true,
    unreadable: new Set(),
    unreadableOrders: new Set(),
    pasts: new Set([POSITION.positionId]),
    doubts: [],
    nowMs: NOW_MS,
    ...facts,
  };
}

/** What a look makes of the records. */
export function accountFor(
  sight: Sight,
  { records = lookRecords(), searched = null }: {
    readonly records?: EngineState;
    readonly searched?: Searched | null;
  } = {},
): Accounted {
  const asked = new Map(searched === null ? [] : [[POSITION.positionId, searched]]);
  return account(records, { sight, dateNy: TODAY, searched: asked });
}

/** The same, where nothing more is asked for. @throws Where it is. */
export function accountDone(
  ...args: Parameters<typeof accountFor>
): Extract<Accounted, { readonly kind: "done" }> {
  const accounted = accountFor(...args);
  if (accounted.kind === "asks") throw new Error(`asks: ${JSON.stringify(accounted.searches)}`);
  return accounted;
}
