import fc from "fast-check";
import type { BrokerOrder } from "../../../src/domain/order/orders.ts";
import { listHoldings } from "../../../src/domain/account/position_account.ts";
import { assertEquals } from "../../assert.ts";
import { brokerOrder } from "../fixtures.ts";

/** An order that filled at this moment, in the middle of others. */
function fill(side: "buy" | "sell", qty: number, atMs: number, more: Partial<BrokerOrder> = {}) {
  return brokerOrder({
    orderId: `${side}-${atMs}`,
    side,
    status: "filled",
    qty,
    filledQty: qty,
    filledAtMs: atMs,
    ...more,
  });
}

/** Whether our shares were sold off before the last fill. */
function isOver(orders: readonly BrokerOrder[], startQty: number): boolean | undefined {
  const isOurs = ({ clientOrderId }: BrokerOrder) => clientOrderId !== "by-hand";
  return listHoldings(orders, { oursQty: startQty, handQty: 0 }, isOurs)[0]?.isOver;
}

const cases: {
  readonly when: string;
  readonly orders: readonly BrokerOrder[];
  readonly startQty?: number;
  readonly is: boolean;
}[] = [
  { when: "nothing was ordered", orders: [], is: false },
  { when: "nothing was ordered of what was held", orders: [], startQty: 10, is: false },
  { when: "it was bought", orders: [fill("buy", 10, 1)], is: false },
  { when: "it was trimmed", orders: [fill("buy", 10, 1), fill("sell", 5, 2)], is: false },
  {
    when: "it was sold off last of all",
    orders: [fill("buy", 10, 1), fill("sell", 10, 2)],
    is: false,
  },
  {
    when: "it was sold off and somebody bought again",
    orders: [fill("buy", 10, 1), fill("sell", 10, 2), fill("buy", 5, 3)],
    is: true,
  },
  {
    when: "the same, listed newest first",
    orders: [fill("buy", 5, 3), fill("sell", 10, 2), fill("buy", 10, 1)],
    is: true,
  },
  {
    when: "what was adopted was sold off and bought again",
    orders: [fill("sell", 10, 1), fill("buy", 10, 2)],
    startQty: 10,
    is: true,
  },
  {
    when: "ours were sold off beside what a hand had bought, and the hand went on",
    orders: [
      fill("buy", 10, 1),
      fill("buy", 5, 2, { clientOrderId: "by-hand" }),
      fill("sell", 10, 3),
      fill("sell", 5, 4, { clientOrderId: "by-hand" }),
    ],
    is: true,
  },
  {
    when: "a hand sold what it had bought",
    orders: [
      fill("buy", 10, 1),
      fill("buy", 10, 2, { clientOrderId: "by-hand" }),
      fill("sell", 10, 3, { clientOrderId: "by-hand" }),
      fill("sell", 5, 4),
    ],
    is: false,
  },
  {
    when: "both exits filled, and it is short",
    orders: [fill("buy", 10, 1), fill("sell", 10, 2), fill("sell", 10, 3)],
    is: true,
  },
  {
    when: "shares were sold and bought at one moment",
    orders: [fill("buy", 10, 1), fill("sell", 10, 2, { orderId: "s" }), fill("buy", 5, 2)],
    is: false,
  },
  {
    when: "the same moment, the sell listed last",
    orders: [fill("buy", 10, 1), fill("buy", 5, 2), fill("sell", 10, 2, { orderId: "s" })],
    is: false,
  },
  {
    when: "an order between ended unfilled",
    orders: [fill("buy", 10, 1), fill("sell", 10, 2, { filledQty: 0 }), fill("sell", 5, 3)],
    is: false,
  },
  {
    when: "a replaced order's fills are carried by the one that replaces it",
    orders: [
      fill("buy", 10, 1),
      fill("sell", 6, 2, { orderId: "old", status: "replaced" }),
      fill("sell", 6, 3, { replaces: "old" }),
      fill("sell", 2, 4),
    ],
    is: false,
  },
  {
    when: "an order filled in part has no time of its fill",
    orders: [
      fill("buy", 10, 1),
      fill("sell", 10, 2, { filledAtMs: null, updatedAtMs: 2, status: "canceled" }),
      fill("buy", 1, 3),
    ],
    is: true,
  },
];
for (const { when, orders, startQty = 0, is } of cases) {
  Deno.test(`listHoldings() says over is ${is} when ${when}`, () => {
    assertEquals(isOver(orders, startQty), is);
  });
}

Deno.test("listHoldings() never says over of shares that were always held, in whatever order they come", () => {
  const trims = fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 5 });
  fc.assert(fc.property(trims, fc.boolean(), (qtys, isReversed) => {
    const sold = qtys.reduce((sum, qty) => sum + qty, 0);
    const orders = [
      fill("buy", sold + 1, 1),
      ...qtys.map((qty, index) => fill("sell", qty, index + 2)),
    ];
    assertEquals(isOver(isReversed ? orders.reverse() : orders, 0), false);
  }));
});
