import { EMPTY_BOOK, learnOrders } from "../../../src/domain/account/order_book.ts";
import { buildFillEvent } from "../../../src/domain/day/fill_event.ts";
import type { BrokerOrder } from "../../../src/domain/order/orders.ts";
import { assertEquals } from "../../assert.ts";

const SELL: BrokerOrder = {
  orderId: "s",
  clientOrderId: "hand",
  symbol: "NVDA",
  side: "sell",
  type: "market",
  orderClass: "simple",
  timeInForce: "day",
  status: "filled",
  qty: 7,
  filledQty: 7,
  filledAvgPriceUsd: 100,
  limitPriceUsd: null,
  stopPriceUsd: null,
  submittedAtMs: 0,
  updatedAtMs: 1000,
  filledAtMs: 1000,
  replacedBy: null,
  replaces: null,
  legs: [],
};
const LEG = { ...SELL, orderId: "leg", clientOrderId: "x", type: "stop", orderClass: "bracket" };
const ENTRY: BrokerOrder = {
  ...SELL,
  orderId: "e",
  clientOrderId: "avwap-entry",
  side: "buy",
  orderClass: "bracket",
  legs: [{ ...LEG, status: "replaced", filledQty: 0, replacedBy: "moved" }],
};

const cases: {
  what: string;
  orders: BrokerOrder[];
  orderId: string;
  isManaged: boolean;
  fill: [reason: string, replaces: string | null] | null;
}[] = [
  { what: "an entry", orders: [ENTRY], orderId: "e", isManaged: false, fill: ["entry", null] },
  {
    what: "an entry that a hand replaced",
    orders: [{ ...ENTRY, filledQty: 0, status: "replaced", replacedBy: "s" }, {
      ...SELL,
      side: "buy",
    }],
    orderId: "s",
    isManaged: false,
    fill: ["entry", "e"],
  },
  {
    what: "a stop that a hand moved",
    orders: [ENTRY, { ...SELL, orderId: "moved", type: "stop", replaces: "leg" }],
    orderId: "moved",
    isManaged: false,
    fill: ["stop", "leg"],
  },
  {
    what: "a hand's sell in a managed symbol",
    orders: [SELL],
    orderId: "s",
    isManaged: true,
    fill: ["other", null],
  },
  {
    what: "a hand's sell in another symbol",
    orders: [SELL],
    orderId: "s",
    isManaged: false,
    fill: null,
  },
  {
    what: "a hand's buy in a managed symbol",
    orders: [{ ...SELL, side: "buy" }],
    orderId: "s",
    isManaged: true,
    fill: null,
  },
  {
    what: "the stop of the old pipeline's bracket",
    orders: [{ ...LEG, filledQty: 7 }],
    orderId: "leg",
    isManaged: true,
    fill: ["stop", null],
  },
  {
    what: "an order that filled nothing",
    orders: [{ ...ENTRY, filledQty: 0 }],
    orderId: "e",
    isManaged: true,
    fill: null,
  },
];
for (const { what, orders, orderId, isManaged, fill } of cases) {
  Deno.test(`buildFillEvent() tells of ${what} ${fill === null ? "nothing" : `as ${fill.join()}`}`, () => {
    const book = learnOrders(EMPTY_BOOK, orders, 2000);
    const order = book.get(orderId)?.order ?? SELL;
    const event = buildFillEvent(book, order, isManaged);
    assertEquals(event === null ? null : [event.reason, event.replaces], fill);
  });
}
